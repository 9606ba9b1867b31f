//! `geventrs gdb`, on a live process and on a core file.

use crate::asked::Asked;
use crate::support::*;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = r#"
    #define _GNU_SOURCE
    #include <pthread.h>
    #include <stdlib.h>
    #include <unistd.h>
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static void *holder(void *arg)
    {
        pthread_mutex_lock(&lock);
        sleep(1000);
        return arg;
    }
    static void inner(int number)
    {
        int twice = 2 * number;
        pthread_mutex_lock(&lock); /* inner waits */
        exit(twice);
    }
    static void *waiter(void *arg)
    {
        usleep(10000);
        inner(21);
        return arg;
    }
    static void *hog(void *arg)
    {
        for (volatile long n = 0;; n++)
            ;
        return arg;
    }
    int main(void)
    {
        void *(*run[])(void *) = { holder, waiter, hog };
        const char *name[] = { "holder", "waiter", "hog" };
        pthread_t t;
        for (int i = 0; i < 3; i++) {
            pthread_create(&t, NULL, run[i], NULL);
            pthread_setname_np(t, name[i]);
        }
        pthread_join(t, NULL);
        return 0;
    }
"#;

const COMMANDS: [&str; 5] = [
    "info greenlets",
    "greenlet waiter",
    "bt",
    "python frame = [f for f in iter(lambda f=[gdb.newest_frame()]: f.__setitem__(0, f[0].older()) or f[0], None) if f.name() == 'inner'][0]; frame.select(); print('twice is %d' % frame.read_var('twice'))",
    "greenlet apply all bt",
];

fn gdb(target: &str) -> String {
    let mut command = tool(&["gdb", target, "--", "-batch"]);
    for c in COMMANDS {
        command.arg("-ex").arg(c);
    }
    let output = output(&mut command);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[track_caller]
fn check(text: &str) {
    let has = |words: &[&str]| {
        assert!(text.lines().any(|l| words.iter().all(|w| l.contains(w))), "{words:?}\n{text}");
    };
    has(&["\"holder\" waits: sleep"]);
    has(&["\"waiter\" waits: mutex 0x", "held by thread"]);
    has(&["\"hog\" off the hub"]);
    let line = PROGRAM.lines().position(|l| l.contains("inner waits")).unwrap() + 1;
    has(&["inner (number=21)", &format!("program.c:{line}")]);
    has(&["in waiter (", "program.c"]);
    has(&["twice is 42"]);
    // Of all.
    for function in ["in holder (", "in main (", "hog ("] {
        has(&[function, "program.c"]);
    }
}

fn program(directory: &Path) -> std::path::PathBuf {
    compile(directory, PROGRAM, &["-g", "-O0"])
}

#[test]
fn gdb_shows_the_greenlets_of_a_process() {
    let directory = scratch("gdb");
    let asked = Asked::start(&directory, &program(&directory), &[]);
    asked.says("ps", &["held by", "computes"]);
    check(&gdb(&asked.pid()));
    // It goes on as if nothing had been.
    asked.says("ps", &["held by", "computes"]);
}

#[test]
fn gdb_shows_the_greenlets_of_a_core() {
    let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    if pattern.starts_with(['|', '/']) {
        eprintln!(
            "skipped: this machine's cores go elsewhere (core_pattern is {})",
            pattern.trim()
        );
        return;
    }
    let directory = scratch("core");
    let program = program(&directory);
    let mut command = run(&["--"]);
    command.arg(&program).current_dir(&directory);
    // SAFETY: one system call between fork and exec.
    unsafe {
        command.pre_exec(|| {
            let all = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
            libc::setrlimit(libc::RLIMIT_CORE, &all);
            Ok(())
        })
    };
    let mut asked = Asked::start_command(&directory, command);
    asked.says("ps", &["held by", "computes"]);
    // SAFETY: our own child.
    unsafe { libc::kill(asked.child.id() as i32, libc::SIGABRT) };
    let status = asked.child.wait().unwrap();
    assert!(status.core_dumped(), "{status:?}");
    let files = std::fs::read_dir(&directory).unwrap().flatten();
    let core = files
        .map(|f| f.path())
        .find(|p| p.file_name().unwrap().to_string_lossy().starts_with("core"));
    let core = core.expect("a core file");
    check(&gdb(core.to_str().unwrap()));
    std::fs::remove_file(core).unwrap();
}

#[test]
fn gdb_refuses_what_is_no_process_and_no_core() {
    fails(&mut tool(&["gdb", "99999999"]), 3, "no such process");
    fails(&mut tool(&["gdb", "/etc/passwd"]), 3, "not a core file");
    assert!(stdout(&mut tool(&["gdb", "--script"])).contains("info greenlets"));
    // The script is sound Python.
    let script = scratch("script").join("greenlets.py");
    std::fs::write(&script, stdout(&mut tool(&["gdb", "--script"]))).unwrap();
    let compiled = Command::new("python3").args(["-m", "py_compile"]).arg(&script).status();
    assert!(compiled.unwrap().success());
}
