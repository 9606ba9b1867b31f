//! Programs that `geventrs run` does not start, and how it says so.

use crate::support::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

#[test]
fn a_program_that_is_not_there_is_127() {
    fails(&mut run(&["no-such-program"]), 127, "no-such-program: not found");
    let hint = "r.json: not found; did you mean --report=r.json?";
    fails(&mut run(&["--report", "r.json", "--", "true"]), 127, hint);
    fails(&mut run(&["--trace", "all", "--", "true"]), 127, "did you mean --trace=all?");
    fails(&mut run(&["/no/such/program"]), 127, "/no/such/program: not found");
    fails(&mut run(&[""]), 127, "not found");
}

#[test]
fn a_file_that_cannot_be_executed_is_126() {
    let directory = scratch("not-executable");
    fs::write(directory.join("file"), "echo no").unwrap();
    fails(&mut run(&[directory.join("file").to_str().unwrap()]), 126, "ermission denied");
    fails(&mut run(&[directory.to_str().unwrap()]), 126, "directory");
    let mut command = run(&["file"]);
    command.env("PATH", &directory);
    fails(&mut command, 126, "ermission denied");
}

#[test]
fn a_static_program_is_refused() {
    let directory = scratch("static");
    let program = compile(&directory, "int main(void) { return 0; }", &["-static"]);
    fails(&mut run(&[program.to_str().unwrap()]), 125, "statically linked");
    let pie = compile(&directory, "int main(void) { return 0; }", &["-static-pie"]);
    fails(&mut run(&[pie.to_str().unwrap()]), 125, "statically linked");
}

#[test]
fn a_musl_program_is_refused() {
    let linker = "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1";
    let program = compile(&scratch("musl"), "int main(void) { return 0; }", &[linker]);
    fails(&mut run(&[program.to_str().unwrap()]), 125, "musl");
}

#[test]
fn a_go_program_is_refused() {
    let program = "__attribute__((section(\".note.go.buildid\"), used, aligned(4)))
        static const struct { unsigned sizes[3]; char owner[4], value[4]; } note =
            { {4, 4, 4}, \"Go\\0\", \"id\" };
        int main(void) { return 0; }";
    let program = compile(&scratch("go"), program, &[]);
    fails(&mut run(&[program.to_str().unwrap()]), 125, "a Go program");
}

#[test]
fn programs_for_other_machines_are_refused() {
    let directory = scratch("machines");
    let narrow =
        executable(&directory, "narrow", b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x03\0");
    fails(&mut run(&[&narrow]), 125, "32-bit");
    let mut other = fs::read("/bin/sh").unwrap();
    // EM_RISCV
    other[18] = 243;
    let other = executable(&directory, "other", &other);
    fails(&mut run(&[&other]), 125, "another kind of processor");
}

#[test]
fn a_program_that_gains_privileges_is_refused() {
    let program = executable(&scratch("setuid"), "program", &fs::read("/bin/true").unwrap());
    // Its owner gains nothing by the bit.
    fs::set_permissions(&program, PermissionsExt::from_mode(0o4755)).unwrap();
    assert!(output(&mut run(&[&program])).status.success());
    for (mode, word) in [(0o4755, "setuid"), (0o2755, "setgid")] {
        if std::os::unix::fs::chown(&program, Some(65534), Some(65534)).is_err() {
            eprintln!("not the super-user: cannot make a program of somebody else's");
            return;
        }
        fs::set_permissions(&program, PermissionsExt::from_mode(mode)).unwrap();
        fails(&mut run(&[&program]), 125, word);
    }
}

#[test]
fn file_capabilities_are_refused_where_they_give_something() {
    let directory = shared("capabilities");
    let copy = |from: &Path, name| executable(&directory, name, &fs::read(from).unwrap());
    let program = copy(Path::new("/bin/true"), "program");
    // VFS_CAP_REVISION_2, effective; CAP_NET_RAW permitted. What setcap(8) writes.
    let value: [u32; 5] = [0x0200_0001, 1 << 13, 0, 0, 0];
    let value: Vec<u8> = value.iter().flat_map(|w| w.to_le_bytes()).collect();
    let c = std::ffi::CString::new(program.as_str()).unwrap();
    // SAFETY: terminated strings, and a value with its length.
    let set = unsafe {
        libc::setxattr(
            c.as_ptr(),
            c"security.capability".as_ptr(),
            value.as_ptr().cast(),
            value.len(),
            0,
        )
    };
    if set != 0 {
        eprintln!("skipped: cannot give a file capabilities here");
        return;
    }
    // The super-user gains nothing.
    assert!(output(&mut run(&[&program])).status.success());
    let (tool, library) = (copy(Path::new(TOOL), "geventrs"), copy(&library(), "libgeventrs.so"));
    let mut command = Command::new(tool);
    command.arg("run").arg("--lib").arg(library).arg(&program).uid(65534).gid(65534);
    fails(&mut command, 125, "has file capabilities");
    // SAFETY: terminated strings.
    unsafe { libc::removexattr(c.as_ptr(), c"security.capability".as_ptr()) };
    assert!(output(&mut command).status.success());
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_32_bit_program_is_refused() {
    let directory = scratch("m32");
    let source = directory.join("program.c");
    fs::write(&source, "int main(void) { return 0; }").unwrap();
    let mut cc = Command::new("cc");
    cc.arg("-m32").arg(&source).arg("-o").arg(directory.join("program"));
    if !output(&mut cc).status.success() {
        eprintln!("skipped: no 32-bit compiler; `narrow` of another test stands for it");
        return;
    }
    fails(&mut run(&[directory.join("program").to_str().unwrap()]), 125, "32-bit");
}

#[test]
fn a_missing_loader_is_127_and_is_named() {
    let linker = "-Wl,--dynamic-linker=/no/such/ld.so";
    let program = compile(&scratch("no-loader"), "int main(void) { return 0; }", &[linker]);
    fails(&mut run(&[program.to_str().unwrap()]), 127, "its loader /no/such/ld.so is not found");
}

#[test]
fn what_is_neither_binary_nor_script_is_126() {
    let directory = scratch("neither");
    let data = executable(&directory, "data", b"\x01\x02\0\x03");
    fails(&mut run(&[&data]), 126, "neither an ELF file nor a script");
    let cut = executable(&directory, "cut", b"\x7fELF\x02\x01\x01\0");
    fails(&mut run(&[&cut]), 126, "neither an ELF file nor a script");
}

#[test]
fn interpreters_are_followed_and_not_for_ever() {
    let directory = scratch("interpreters");
    let path = |name: &str| directory.join(name).display().to_string();
    executable(&directory, "c", b"#!/bin/sh\necho by c\n");
    executable(&directory, "b", format!("#!{}\n", path("c")).as_bytes());
    let a = executable(&directory, "a", format!("#!{}\n", path("b")).as_bytes());
    assert_eq!(stdout(&mut run(&[&a])), "by c\n");
    let circle = executable(&directory, "circle", format!("#!{}\n", path("circle")).as_bytes());
    fails(&mut run(&[&circle]), 126, "without end");
    let to_directory = executable(&directory, "d", format!("#!{}\n", path("")).as_bytes());
    fails(&mut run(&[&to_directory]), 126, "directory");
}

// ---- what the loader says ----

#[test]
fn a_library_that_the_loader_refuses_is_reported() {
    let directory = scratch("refused-library");
    let text = executable(&directory, "libgeventrs.so", b"no library");
    for program in ["true", "/bin/true"] {
        fails(&mut tool(&["run", "--lib", &text, program]), 125, "file too short");
    }
    let script = executable(&directory, "script", b"#!/bin/sh\n");
    fails(&mut tool(&["run", "--lib", &text, &script]), 125, "does not load");
    let plain = executable(&directory, "plain", b"echo plain\n");
    fails(&mut tool(&["run", "--lib", &text, &plain]), 125, "does not load");
}

#[test]
fn a_library_that_lacks_another_is_reported() {
    let directory = scratch("lacking-library");
    let other = directory.join("libother.so");
    compile_to(&other, "int other(void) { return 0; }", &["-shared", "-fPIC"]);
    let ours = directory.join("libgeventrs.so");
    let linked = other.to_str().unwrap();
    compile_to(
        &ours,
        "int other(void); int x(void) { return other(); }",
        &["-shared", "-fPIC", linked],
    );
    let ours = ours.to_str().unwrap();
    assert!(output(&mut tool(&["run", "--lib", ours, "true"])).status.success());
    fs::remove_file(&other).unwrap();
    fails(&mut tool(&["run", "--lib", ours, "true"]), 125, "it needs");
}

#[test]
fn a_program_that_cannot_start_says_so_itself() {
    let directory = scratch("broken-program");
    let library = directory.join("libgone.so");
    compile_to(&library, "int gone(void) { return 0; }", &["-shared", "-fPIC"]);
    let source = "int gone(void); int main(void) { return gone(); }";
    let program = compile(&directory, source, &[library.to_str().unwrap()]);
    fs::remove_file(&library).unwrap();
    let native = output(&mut Command::new(&program));
    let ours = output(&mut run(&[program.to_str().unwrap()]));
    assert_eq!((ours.status.code(), &ours.stderr), (native.status.code(), &native.stderr));
}

/// The child that was asked must leave nothing behind.
#[test]
fn asking_the_loader_leaves_no_trace_in_the_program() {
    let source = r#"
        #include <errno.h>
        #include <signal.h>
        #include <stdio.h>
        #include <sys/wait.h>
        int main(void)
        {
            sigset_t pending;
            sigpending(&pending);
            printf("%d ", sigismember(&pending, SIGCHLD));
            printf("%d\n", wait(NULL) == -1 && errno == ECHILD);
            return 0;
        }
    "#;
    let program = compile(&scratch("no-trace"), source, &[]);
    let mut command = run(&[program.to_str().unwrap()]);
    // SAFETY: async-signal-safe calls between fork and exec.
    unsafe {
        command.pre_exec(|| {
            let mut mask = std::mem::zeroed();
            libc::sigemptyset(&mut mask);
            libc::sigaddset(&mut mask, libc::SIGCHLD);
            libc::sigprocmask(libc::SIG_SETMASK, &mask, std::ptr::null_mut());
            Ok(())
        });
    }
    assert_eq!(stdout(&mut command), "0 1\n");
    let open = "ls /proc/self/fd | wc -l";
    assert_eq!(
        stdout(&mut run(&["sh", "-c", open])),
        stdout(Command::new("sh").args(["-c", open]))
    );
}

/// Every flag of `run` that has a value looks at it before anything is started.
#[test]
fn bad_values_of_flags_are_one_line_and_2() {
    const BAD: [(&str, &str); 16] = [
        ("--patch=-dns,sokcet", "unknown group \"sokcet\""),
        ("--disable=2", "--disable"),
        ("--deadlock=maybe", "report, abort, off"),
        ("--handoff=perhaps", "on, off"),
        ("--slice=0", "1..=10000"),
        ("--carriers=1", "2.."),
        ("--file-io=x", "inline, section"),
        ("--follow=gdb", "names with - before each"),
        ("--control=x", "on, off"),
        ("--dump-signal=KILL", "no signal"),
        ("--lock-wait=-1", "86400000"),
        ("--trace=min=soon", "\"min=soon\" is none of"),
        ("--report=", "a file has a name"),
        ("--timeline=", "a file has a name"),
        ("--max-blocking-time=soon", "no time of a millisecond"),
        ("--bogus", "unexpected argument"),
    ];
    for (flag, words) in BAD {
        fails(&mut run(&[flag, "echo", "started"]), 2, words);
    }
}
