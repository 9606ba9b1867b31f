//! The command-line tool, run as a user runs it.
//!
//! The library is the one in `GEVENTRS_LIB`, else the one beside the tool, else
//! the release build's.

mod asked;
mod asked_servers;
mod check;
mod deadlocks;
mod debugger;
mod guide;
mod live;
mod past;
mod peers;
mod reach;
mod recorded;
mod refused;
mod routines;
mod screen;
#[path = "../support/signals.rs"]
mod signals;
mod support;

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::Command;
use support::*;

/// Prints how many OS threads it has while a second thread is alive, those
/// aside whose name is the library's.
const COUNTS_TASKS: &str = r#"
    #include <dirent.h>
    #include <pthread.h>
    #include <stdio.h>
    #include <string.h>
    #include <unistd.h>
    static void *nap(void *arg) { usleep(100000); return arg; }
    int main(void)
    {
        pthread_t t;
        int n = 0;
        pthread_create(&t, NULL, nap, NULL);
        usleep(20000); /* the library's threads have their names then */
        DIR *d = opendir("/proc/self/task");
        for (struct dirent *e; (e = readdir(d));) {
            char path[300], name[32] = "";
            snprintf(path, sizeof path, "/proc/self/task/%s/comm", e->d_name);
            FILE *f = fopen(path, "r");
            if (f) {
                fgets(name, sizeof name, f);
                fclose(f);
            }
            n += e->d_name[0] != '.' && strncmp(name, "geventrs", 8);
        }
        pthread_join(t, NULL);
        printf("%d\n", n);
        return 0;
    }
"#;

// ---- what the program becomes ----

#[test]
fn threads_become_greenlets_unless_disabled() {
    let program = compile(&scratch("threads"), COUNTS_TASKS, &[]);
    let program = program.to_str().unwrap();
    assert_eq!(stdout(&mut run(&["--", program])), "1\n");
    assert_eq!(stdout(&mut run(&["--disable", program])), "2\n");
    assert_eq!(stdout(&mut run(&["--patch", "all,-thread", program])), "2\n");
    assert_eq!(stdout(&mut run(&["--patch", "-dns", program])), "1\n");
}

#[test]
fn the_programs_exit_code_is_the_tools() {
    for code in [0, 1, 3, 125, 126, 127, 255] {
        let status = output(&mut run(&["--", "sh", "-c", &format!("exit {code}")])).status;
        assert_eq!(status.code(), Some(code));
    }
}

#[test]
fn a_signal_that_ends_the_program_ends_the_tool() {
    let status = output(&mut run(&["sh", "-c", "kill -TERM $$"])).status;
    assert_eq!(status.signal(), Some(libc::SIGTERM));
    // The program has the tool's process id, so signals reach it.
    let mut child = start(&mut run(&["sleep", "60"]));
    std::thread::sleep(std::time::Duration::from_millis(200));
    // SAFETY: our own child, not yet waited for.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGINT));
}

#[test]
fn the_program_finds_its_signals_as_the_tool_did() {
    for ignored in [false, true] {
        let mut command = run(&["grep", "^Sig[BI]", "/proc/self/status"]);
        // SAFETY: async-signal-safe calls between fork and exec.
        unsafe {
            command.pre_exec(move || {
                libc::signal(libc::SIGPIPE, if ignored { libc::SIG_IGN } else { libc::SIG_DFL });
                let mut mask = std::mem::zeroed();
                libc::sigemptyset(&mut mask);
                libc::sigaddset(&mut mask, libc::SIGUSR1);
                libc::sigprocmask(libc::SIG_SETMASK, &mask, std::ptr::null_mut());
                Ok(())
            });
        }
        let text = stdout(&mut command);
        let bits = |name: &str| {
            let line = text.lines().find(|l| l.starts_with(name)).unwrap();
            u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap()
        };
        let bit = |signal: i32| 1u64 << (signal - 1);
        assert_eq!(bits("SigIgn") & bit(libc::SIGPIPE) != 0, ignored);
        assert_eq!(bits("SigBlk"), bit(libc::SIGUSR1));
    }
}

#[test]
fn arguments_pass_as_they_are() {
    let words = ["-x", "--lib", "a b", "", "--"];
    let mut arguments = vec!["--", "sh", "-c", "printf '[%s]' \"$0\" \"$@\""];
    arguments.extend(words);
    assert_eq!(stdout(&mut run(&arguments)), "[-x][--lib][a b][][--]");
}

#[test]
fn the_library_goes_before_what_is_preloaded_already() {
    let print = ["sh", "-c", "echo $LD_PRELOAD"];
    let library = library().canonicalize().unwrap();
    let library = library.to_str().unwrap();
    assert_eq!(stdout(&mut run(&print)), format!("{library}\n"));
    let mut command = run(&print);
    command.env("LD_PRELOAD", "libm.so.6 libdl.so.2");
    assert_eq!(stdout(&mut command), format!("{library}:libm.so.6:libdl.so.2\n"));
}

#[test]
fn flags_become_settings() {
    let print = "echo $GEVENTRS_PATCH $GEVENTRS_DISABLE $GEVENTRS_DEADLOCK $GEVENTRS_FILE_IO";
    let flags =
        ["--patch=-dns", "--disable", "--deadlock=abort", "--file-io=section", "sh", "-c", print];
    assert_eq!(stdout(&mut run(&flags)), "-dns 1 abort section\n");
    // Without a flag, what is set stays.
    let mut command = run(&["sh", "-c", print]);
    command.env("GEVENTRS_DEADLOCK", "off");
    assert_eq!(stdout(&mut command), "off\n");
}

// ---- scripts ----

#[test]
fn scripts_run_by_their_interpreters() {
    let directory = scratch("scripts");
    let shell = executable(&directory, "shell", b"#!/bin/sh\necho $0 $1 $LD_PRELOAD\n");
    let text = stdout(&mut run(&[&shell, "x"]));
    assert!(text.starts_with(&format!("{shell} x /")) && text.contains("libgeventrs.so"));
    let env = executable(&directory, "env", b"#!/usr/bin/env sh\necho env\n");
    assert_eq!(stdout(&mut run(&[&env])), "env\n");
    // No first line: /bin/sh, as execvp(3) says.
    let plain = executable(&directory, "plain", b"echo plain\n");
    assert_eq!(stdout(&mut run(&[&plain])), "plain\n");
    let missing = executable(&directory, "missing", b"#!/no/such\n");
    fails(&mut run(&[&missing]), 127, "its interpreter /no/such: not found");
    let program = compile(&directory, "int main(void) { return 0; }", &["-static"]);
    let script = format!("#!{}\n", program.display());
    let script = executable(&directory, "static-script", script.as_bytes());
    fails(&mut run(&[&script]), 125, "statically linked");
}

#[test]
fn the_dynamic_loader_may_be_the_program() {
    let loader = "/lib64/ld-linux-x86-64.so.2";
    if Path::new(loader).exists() {
        assert_eq!(stdout(&mut run(&[loader, "/bin/echo", "hello"])), "hello\n");
    }
}

// ---- finding the library ----

#[test]
fn the_library_is_found_beside_the_tool_or_where_packages_put_it() {
    for place in ["bin", "lib", "lib/geventrs"] {
        let root = scratch(&format!("installed-{}", place.replace('/', "-")));
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::create_dir_all(root.join(place)).unwrap();
        let installed = executable(&root.join("bin"), "geventrs", &fs::read(TOOL).unwrap());
        let mut command = Command::new(installed);
        command.args(["run", "sh", "-c", "echo $LD_PRELOAD"]);
        command.env_remove("LD_PRELOAD").env_remove("GEVENTRS_LIB");
        fails(&mut command, 125, "no ");
        let library_there = root.join(place).join("libgeventrs.so");
        fs::copy(library(), &library_there).unwrap();
        let library_there = library_there.canonicalize().unwrap();
        assert_eq!(stdout(&mut command), format!("{}\n", library_there.display()));
    }
}

#[test]
fn a_library_that_ld_so_could_not_load_is_refused() {
    fails(&mut tool(&["run", "--lib", "/no/such.so", "true"]), 125, "/no/such.so");
    fails(&mut tool(&["run", "--lib", "/", "true"]), 125, "not a file");
    for name in ["a b", "a:b"] {
        let directory = scratch("awkward").join(name);
        fs::create_dir_all(&directory).unwrap();
        let copy = directory.join("libgeventrs.so");
        fs::copy(library(), &copy).unwrap();
        let copy = copy.to_str().unwrap();
        fails(&mut tool(&["run", "--lib", copy, "true"]), 125, "cannot hold a path");
        let mut command = tool(&["run", "true"]);
        command.env("GEVENTRS_LIB", copy);
        fails(&mut command, 125, "cannot hold a path");
    }
}

// ---- settings ----

#[test]
fn an_unknown_setting_gets_one_line() {
    let mut command = run(&["true"]);
    command.env("GEVENTRS_PACTH", "all").env("GEVENTRS_TEST_X", "1");
    let output = output(&mut command);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success());
    assert!(text.lines().count() == 1 && text.contains("GEVENTRS_PACTH"), "{text:?}");
}

#[test]
fn an_unknown_group_gets_one_line() {
    fails(&mut run(&["--patch", "time,tmie", "true"]), 2, "\"tmie\"");
    // The library alone says so, and does the rest.
    let output = output(run(&["true"]).env("GEVENTRS_PATCH", "time,tmie"));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success());
    assert!(text.lines().count() == 1 && text.contains("\"tmie\""), "{text:?}");
}

#[test]
fn settings_lists_every_setting() {
    let text = stdout(&mut tool(&["settings"]));
    let page = stdout(&mut tool(&["settings", "--markdown"]));
    let help = stdout(&mut tool(&["run", "--help"]));
    for setting in geventrs::settings::SETTINGS {
        assert!(text.contains(setting.name) && page.contains(setting.name));
        assert!(help.contains(setting.flag), "{} is no flag of run", setting.flag);
        assert!(help.contains(setting.name), "the help does not name {}", setting.name);
    }
}

// ---- hooks ----

#[test]
fn hooks_lists_what_the_library_exports() {
    let mut command = tool(&["hooks", "--lib"]);
    let text = stdout(command.arg(library()));
    assert!(text.lines().any(|l| l.starts_with("pthread_create\tthread\t")), "{text}");
    let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split('\t').collect()).collect();
    assert!(rows.iter().all(|r| r.len() == 3 && r.iter().all(|c| !c.is_empty())));
    let groups: Vec<&str> = rows.iter().map(|r| r[1]).collect();
    let mut runs = groups.clone();
    runs.dedup();
    let different: std::collections::HashSet<_> = groups.iter().collect();
    assert_eq!(runs.len(), different.len(), "each group in one piece");
}

#[test]
fn hooks_lists_what_is_left_to_libc_when_asked() {
    let mut command = tool(&["hooks", "--all", "--lib"]);
    let text = stdout(command.arg(library()));
    let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split('\t').collect()).collect();
    assert!(rows.iter().all(|r| r.len() == 3 && r.iter().all(|c| !c.is_empty())));
    let left = |name: &str| rows.iter().any(|r| r[0] == name && r[1] == "libc");
    assert!(left("readdir") && left("xdr*") && left("malloc") && left("sem_init"), "{text}");
    assert!(!left("read") && rows.iter().any(|r| r[0].starts_with("read,")));
}

#[test]
fn hooks_of_something_else_are_an_error() {
    fails(&mut tool(&["hooks", "--lib", "/bin/sh"]), 125, "not a libgeventrs.so");
    fails(&mut tool(&["hooks", "--lib", "/etc/passwd"]), 125, "/etc/passwd");
}

#[test]
fn generated_pages_are_up_to_date() {
    let mut hooks = tool(&["hooks", "--markdown", "--lib"]);
    hooks.arg(library());
    let mut settings = tool(&["settings", "--markdown"]);
    for (page, command) in [("hooks", &mut hooks), ("settings", &mut settings)] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page).with_extension("md");
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(written == stdout(command), "{} is out of date: run docs/generate", path.display());
    }
}

// ---- usage ----

#[test]
fn wrong_usage_is_2_and_help_is_0() {
    for wrong in [&[][..], &["run"], &["run", "--deadlock", "maybe", "true"], &["dance"]] {
        assert_eq!(output(&mut tool(wrong)).status.code(), Some(2), "{wrong:?}");
    }
    for right in [&["--help"][..], &["--version"], &["run", "--help"], &["help", "hooks"]] {
        assert!(!stdout(&mut tool(right)).is_empty());
    }
}
