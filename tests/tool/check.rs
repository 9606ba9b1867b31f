//! `geventrs check`.

use crate::support::*;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn check(arguments: &[&str]) -> Command {
    let mut command = tool(&["check", "--lib"]);
    command.arg(library()).args(arguments);
    command
}

/// The report as JSON, which must have the exit code that it says.
#[track_caller]
fn checked(program: &Path) -> Value {
    let output = output(&mut check(&["--json", program.to_str().unwrap()]));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
        panic!("{e}: {output:?}");
    });
    assert_eq!(report["schema"], 1);
    assert_eq!(report["exit_code"], output.status.code().unwrap(), "{report}");
    assert_eq!(report["usable"], report["reason"].is_null());
    assert!(output.stderr.is_empty(), "{output:?}");
    report
}

/// Compile and check.
#[track_caller]
fn compiled(name: &str, source: &str, flags: &[&str]) -> Value {
    checked(&compile(&scratch(&format!("check-{name}")), source, flags))
}

/// How the program's own call of a function is handled.
fn handling<'a>(report: &'a Value, function: &str) -> Option<&'a str> {
    let functions = report["objects"][0]["functions"].as_array().unwrap();
    functions.iter().find(|f| f["name"] == function).map(|f| f["handling"].as_str().unwrap())
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect()
}

#[track_caller]
fn limited(report: &Value, by: &str) {
    let limits = strings(&report["limits"]);
    assert!(limits.iter().any(|l| l.contains(by)), "{limits:?}");
    assert_eq!(report["exit_code"], 1);
}

const CALLS: &str = r#"
    #include <netdb.h>
    #include <pthread.h>
    #include <stdio.h>
    #include <unistd.h>
    static void *nap(void *arg) { sleep(1); return arg; }
    int main(void)
    {
        pthread_t t;
        char c;
        pthread_create(&t, NULL, nap, NULL);
        getaddrinfo("localhost", NULL, NULL, NULL);
        rename("/no/such", "/no/such");
        return read(0, &c, 1) + close(0);
    }
"#;

#[test]
fn calls_are_sorted_by_how_they_are_handled() {
    let report = compiled("calls", CALLS, &[]);
    assert_eq!(report["limits"], Value::Array(vec![]));
    assert_eq!(report["exit_code"], 0);
    let expected = [
        ("read", "parks"),
        ("sleep", "parks"),
        ("getaddrinfo", "section"),
        ("close", "section-at-times"),
        ("pthread_create", "instant"),
        ("rename", "disk"),
    ];
    for (function, class) in expected {
        assert_eq!(handling(&report, function), Some(class), "{function}");
    }
    assert_eq!(handling(&report, "printf"), None, "it does not call it");
    assert_eq!(report["objects"][0]["threads"], serde_json::json!(["pthread_create"]));
    assert!(report["verdict"][0].as_str().unwrap().contains("greenlets"));
}

#[test]
fn what_is_not_hooked_and_can_wait_is_a_limit() {
    let source = "#include <error.h>\nint main(void) { error(0, 0, \"x\"); return 0; }";
    let report = compiled("unhooked", source, &[]);
    assert_eq!(handling(&report, "error"), Some("passed-by"));
    limited(&report, "can wait without a hook: error");
}

#[test]
fn a_programs_own_system_calls_are_found() {
    let source = r#"
        __attribute__((noinline)) long own_call(long n)
        {
            long result;
        #ifdef __x86_64__
            __asm__ volatile("syscall" : "=a"(result) : "a"(n) : "rcx", "r11", "memory");
        #else
            __asm__ volatile("mov x8, %1\n svc #0\n mov %0, x0" : "=r"(result) : "r"(n) : "x0", "x8");
        #endif
            return result;
        }
        int main(void) { return own_call(39) < 0; }
    "#;
    let report = compiled("system-call", source, &[]);
    limited(&report, "1 system call instruction in its own code");
    let found = &report["objects"][0]["system_calls"];
    assert_eq!((&found["decoded"], &found["first"][0]["inside"]), (&1.into(), &"own_call".into()));
    // Where there are no symbols, the section is named.
    let report = compiled("stripped", source, &["-s"]);
    assert_eq!(report["objects"][0]["system_calls"]["first"][0]["inside"], ".text");
}

#[test]
fn definitions_before_the_hooks_are_a_limit() {
    let own = "#include <stddef.h>\n#include <sys/types.h>\n\
               ssize_t read(int fd, void *b, size_t n) { return fd + n + (b != NULL); }\n";
    let report = compiled("own-read", &format!("{own} int main(void) {{ return 0; }}"), &[]);
    limited(&report, "definitions of its own, before the hooks: read");

    let directory = scratch("check-own-library");
    let library = directory.join("libown.so");
    let main = "#include <unistd.h>\nint main(void) { char c; return read(0, &c, 1); }";
    for (flag, symbolic) in [("-Wl,-Bsymbolic", true), ("-Wl,-O1", false)] {
        compile_to(&library, own, &["-shared", "-fPIC", flag]);
        let report =
            checked(&compile(&directory, main, &["-Wl,--no-as-needed", library.to_str().unwrap()]));
        let objects = report["objects"].as_array().unwrap();
        let object = objects.iter().find(|o| o["path"] == library.to_str().unwrap()).unwrap();
        assert_eq!(strings(&object["own_definitions"]), ["read"]);
        assert_eq!(object["symbolic"], symbolic);
        // Otherwise the hooks come first.
        assert_eq!(report["exit_code"], u8::from(symbolic), "{report}");
    }
}

#[test]
fn other_ways_past_the_hooks_are_limits() {
    let source = "#define _GNU_SOURCE\n#include <dlfcn.h>\n\
                  int main(void) { return !dlmopen(LM_ID_NEWLM, \"libm.so.6\", RTLD_LAZY); }";
    limited(&compiled("dlmopen", source, &[]), "dlmopen");
    let source = "#define _GNU_SOURCE\n#include <sched.h>\nint f(void *a) { return !a; }\n\
                  int main(void) { return clone(f, 0, 0, 0) > 0; }";
    limited(&compiled("clone", source, &["-w"]), "clone");
}

#[test]
fn a_program_without_threads_is_said_to_make_none() {
    let report = compiled("alone", "int main(void) { return 0; }", &[]);
    assert_eq!(report["exit_code"], 0);
    assert!(report["verdict"][0].as_str().unwrap().contains("makes no threads"));
}

#[test]
fn a_missing_library_is_a_limit() {
    let directory = scratch("check-missing");
    let library = directory.join("libgone.so");
    compile_to(&library, "int gone(void) { return 0; }", &["-shared", "-fPIC"]);
    let source = "int gone(void); int main(void) { return gone(); }";
    let program = compile(&directory, source, &[library.to_str().unwrap()]);
    std::fs::remove_file(&library).unwrap();
    limited(&checked(&program), "libgone.so");
}

#[test]
fn no_code_of_the_programs_is_run() {
    let directory = scratch("check-runs-nothing");
    let mark = directory.join("mark");
    let code = format!(
        "#include <fcntl.h>\n__attribute__((constructor)) static void mark(void) \
         {{ open(\"{}\", O_CREAT | O_WRONLY, 0600); }}\n",
        mark.display()
    );
    let library = directory.join("libmark.so");
    compile_to(&library, &code, &["-shared", "-fPIC"]);
    let main = format!("{code} int main(void) {{ return 0; }}");
    let library = library.to_str().unwrap();
    checked(&compile(&directory, &main, &["-Wl,--no-as-needed", library]));
    // A loader of its own is not asked, nor are auditing libraries let in.
    let copy = executable(&directory, "loader", &std::fs::read("/bin/true").unwrap());
    let loader = format!("-Wl,--dynamic-linker={copy}");
    let other = checked(&compile(&directory, &main, &[&loader]));
    limited(&other, "only the program itself");
    assert!(other["libraries_unknown"].as_str().unwrap().contains("loader"));
    let audit = format!("-Wl,--audit={library}");
    let audited = checked(&compile(&directory, &main, &[&audit]));
    assert!(audited["libraries_unknown"].as_str().unwrap().contains("auditing"));
    assert!(!mark.exists(), "a constructor has run");
}

#[test]
fn what_run_refuses_check_refuses() {
    let program = compile(&scratch("check-static"), "int main(void) { return 0; }", &["-static"]);
    fails(&mut check(&[program.to_str().unwrap()]), 125, "statically linked");
    fails(&mut check(&["no-such-program"]), 127, "not found");
    fails(&mut check(&["/etc/passwd"]), 126, "ermission denied");
    let report = checked(&program);
    assert_eq!((&report["usable"], &report["exit_code"]), (&false.into(), &125.into()));
    assert!(report["reason"].as_str().unwrap().contains("statically linked"));
}

#[test]
fn a_scripts_interpreter_is_checked() {
    let script = executable(&scratch("check-script"), "script", b"#!/bin/sh\n");
    let report = checked(Path::new(&script));
    assert_eq!(report["program"], script);
    assert!(report["file"].as_str().unwrap().ends_with("/bin/sh"));
}

#[test]
fn real_programs_can_be_checked() {
    for program in ["/bin/ls", "/usr/bin/python3", "/bin/bash"] {
        if !Path::new(program).exists() {
            eprintln!("skipped: no {program}");
            continue;
        }
        let report = checked(Path::new(program));
        assert_eq!(report["usable"], true, "{report}");
        let objects = report["objects"].as_array().unwrap();
        let libc = |o: &&Value| o["name"] == "libc.so.6" && o["kind"] == "libc";
        assert!(objects.iter().any(|o| libc(&o)), "{program}");
        assert!(!objects[0]["functions"].as_array().unwrap().is_empty());
        // Compiled code makes its system calls by libc.
        assert_eq!(objects[0]["system_calls"]["decoded"], 0, "{program}");
        let text = output(&mut check(&[program]));
        assert_eq!(report["exit_code"], text.status.code().unwrap());
        let text = String::from_utf8(text.stdout).unwrap();
        for sentence in strings(&report["verdict"]) {
            assert!(text.contains(sentence), "{sentence:?} is not in {text}");
        }
    }
    let python = Path::new("/usr/bin/python3");
    if python.exists() {
        let report = checked(python);
        assert!(report["verdict"][0].as_str().unwrap().starts_with("makes threads"));
        assert_eq!(handling(&report, "select"), Some("parks"));
        assert_eq!(handling(&report, "getaddrinfo"), Some("section"));
    }
}

#[test]
fn a_library_that_is_none_of_ours_is_an_error() {
    fails(&mut tool(&["check", "--lib", "/bin/sh", "true"]), 125, "not a libgeventrs.so");
}
