//! Reports on stderr: deadlocks of all and of some, and dumps on a signal.

use crate::asked::{lines_of, lines_until, Asked};
use crate::support::*;
use std::process::Stdio;

/// Two threads lock two mutexes in opposite orders. With an argument, main goes on
/// meanwhile, and sees no child that it has not made.
const ABBA: &str = r#"
    #define _GNU_SOURCE
    #include <errno.h>
    #include <pthread.h>
    #include <signal.h>
    #include <stdio.h>
    #include <sys/wait.h>
    #include <unistd.h>
    pthread_mutex_t accounts = PTHREAD_MUTEX_INITIALIZER, journal = PTHREAD_MUTEX_INITIALIZER;
    static int both;
    static void *transfer(void *arg)
    {
        pthread_mutex_lock(&accounts);
        both++;
        while (both < 2)
            usleep(1000);
        pthread_mutex_lock(&journal); /* transfer waits */
        return arg;
    }
    static void *audit(void *arg)
    {
        pthread_mutex_lock(&journal);
        both++;
        while (both < 2)
            usleep(1000);
        pthread_mutex_lock(&accounts); /* audit waits */
        return arg;
    }
    static int signals;
    static void count(int s)
    {
        signals++;
    }
    int main(int argc, char **argv)
    {
        pthread_t t, a;
        if (argc > 1)
            signal(SIGCHLD, count);
        pthread_create(&t, NULL, transfer, NULL);
        pthread_create(&a, NULL, audit, NULL);
        pthread_setname_np(t, "transfer");
        pthread_setname_np(a, "audit");
        if (argc > 1) {
            int strange = 0;
            char c;
            for (int i = 0; i < 3000; i++) {
                strange += waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD;
                usleep(1000);
            }
            printf("%d strange children, %d signals\n", strange, signals);
            return 0;
        }
        pthread_join(t, NULL);
        return 0;
    }
"#;

/// What must be said of the cycle.
fn has_cycle(text: &str) {
    let has = |words: &[&str]| {
        assert!(text.lines().any(|l| words.iter().all(|w| l.contains(w))), "{words:?}\n{text}");
    };
    has(&["\"transfer\" waits for", "\"audit\" waits for"]);
    has(&["\"transfer\" waits for ", "(journal) held by ", "\"audit\""]);
    has(&["\"audit\" waits for ", "(accounts) held by ", "\"transfer\""]);
    has(&["made by ", " in main at ", "program.c", ", to run transfer at "]);
    for function in ["transfer", "audit"] {
        let line = ABBA.lines().position(|l| l.contains(&format!("{function} waits"))).unwrap() + 1;
        has(&[&format!("{function} at"), &format!("program.c:{line}")]);
    }
    assert!(text.lines().all(|l| l.starts_with("geventrs: ")), "{text}");
}

#[test]
fn a_deadlock_names_its_cycle_with_stacks_and_ends_with_97() {
    let directory = scratch("abba");
    let program = compile(&directory, ABBA, &["-g"]);
    let output = output(run(&["--deadlock=abort", "--"]).arg(&program));
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(97), "{text}");
    assert!(text.contains("deadlock: all 3 threads wait"), "{text}");
    has_cycle(&text);
    // Because the setting asks for it, where and when the locks were taken is told.
    for function in ["transfer", "audit"] {
        // Each takes its first lock at its beginning.
        let head = format!("static void *{function}(");
        let line = ABBA.lines().position(|l| l.contains(&head)).unwrap() + 3;
        let at = format!("program.c:{line}");
        let told = |l: &str| {
            let taken = l.starts_with("geventrs:     taken ") && l.contains(" ago in ");
            taken && l.contains(&format!("in {function} at ")) && l.contains(&at)
        };
        assert!(text.lines().any(told), "{function} {at}: {text}");
    }
}

/// A cycle of two read-write locks, and one who waits for a reader.
#[test]
fn read_write_locks_have_holders_too() {
    let source = r#"
        #include <pthread.h>
        #include <unistd.h>
        pthread_rwlock_t a = PTHREAD_RWLOCK_INITIALIZER, b = PTHREAD_RWLOCK_INITIALIZER;
        pthread_rwlock_t c = PTHREAD_RWLOCK_INITIALIZER;
        static void *left(void *x)
        {
            pthread_rwlock_wrlock(&a);
            usleep(100000);
            pthread_rwlock_wrlock(&b);
            return x;
        }
        static void *right(void *x)
        {
            pthread_rwlock_wrlock(&b);
            usleep(100000);
            pthread_rwlock_rdlock(&a);
            return x;
        }
        static void *reader(void *x)
        {
            pthread_rwlock_rdlock(&c);
            for (;;)
                sleep(1);
            return x;
        }
        static void *writer(void *x)
        {
            usleep(50000);
            pthread_rwlock_wrlock(&c);
            return x;
        }
        int main(void)
        {
            void *(*run[])(void *) = { left, right, reader, writer };
            pthread_t t;
            for (int i = 0; i < 4; i++)
                pthread_create(&t, NULL, run[i], NULL);
            pthread_join(t, NULL);
            return 0;
        }
    "#;
    let directory = scratch("rwlocks");
    let program = compile(&directory, source, &["-g"]);
    let mut command = run(&["--deadlock=report", "--"]);
    command.arg(&program).stderr(Stdio::piped());
    let mut asked = Asked::start_command(&directory, command);
    let lines = lines_of(asked.child.stderr.take().unwrap());
    let seen = lines_until(&lines, "#1 right at ").join("\n");
    assert!(seen.contains("deadlock of 2 of 5 threads"), "{seen}");
    assert!(seen.contains(": write lock 0x") && seen.contains("(b) held by"), "{seen}");
    assert!(seen.contains(": read lock 0x") && seen.contains("(a) held by"), "{seen}");
    let text = asked.says("locks", &["(a)", "(b)", "(c)"]);
    let of_c = text.split("\n\n").find(|part| part.contains("(c)")).unwrap();
    assert!(of_c.contains("  held by ") && of_c.contains("in reader at"), "{text}");
    assert!(of_c.contains(" ago in reader at "), "{text}");
}

#[test]
fn a_deadlock_of_some_is_found_while_others_run() {
    let directory = scratch("partial");
    let program = compile(&directory, ABBA, &["-g"]);
    let ended = output(run(&["--lock-wait=100", "--"]).arg(&program).arg("x"));
    let text = String::from_utf8_lossy(&ended.stderr);
    // Others notice nothing: no child, no SIGCHLD.
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "0 strange children, 0 signals\n");
    assert_eq!(ended.status.code(), Some(0), "{text}");
    assert_eq!(text.matches("deadlock of 2 of 3 threads").count(), 1, "{text}");
    has_cycle(&text);
    let ended = output(run(&["--lock-wait=100", "--deadlock=abort", "--"]).arg(&program).arg("x"));
    assert_eq!(ended.status.code(), Some(97));
    for quiet in [["--lock-wait=0", "--deadlock=abort"], ["--lock-wait=100", "--deadlock=off"]] {
        let ended = output(run(&quiet).arg("--").arg(&program).arg("x"));
        assert_eq!((ended.status.code(), ended.stderr.len()), (Some(0), 0), "{quiet:?}");
    }
}

#[test]
fn without_the_tool_the_report_is_plain() {
    let directory = scratch("plain");
    let program = compile(&directory, ABBA, &["-g"]);
    let alone = directory.join("libgeventrs.so");
    std::fs::copy(library(), &alone).unwrap();
    let mut command = tool(&["run", "--deadlock=abort", "--lib"]);
    let output = output(command.arg(&alone).arg("--").arg(&program));
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(97), "{text}");
    let transfer = text.lines().find(|l| l.contains("\"transfer\"")).unwrap();
    assert!(
        transfer.contains("waits for mutex 0x") && transfer.contains("held by thread"),
        "{text}"
    );
}

#[test]
fn a_signal_dumps_all_greenlets() {
    let directory = scratch("dump");
    let source = r#"
        #define _GNU_SOURCE
        #include <pthread.h>
        #include <signal.h>
        #include <stdio.h>
        #include <unistd.h>
        static void never(int s) { _exit(9); }
        static void *nap(void *arg) { sleep(1000); return arg; }
        int main(void)
        {
            pthread_t t;
            struct sigaction old;
            pthread_create(&t, NULL, nap, NULL);
            pthread_setname_np(t, "napper");
            /* The signal is the user's: the program only believes to have it. */
            signal(SIGUSR2, never);
            sigaction(SIGUSR2, NULL, &old);
            fprintf(stderr, "%s\n", old.sa_handler == never ? "ready" : "lost");
            pthread_join(t, NULL);
            return 0;
        }
    "#;
    let program = compile(&directory, source, &["-g"]);
    let mut command = run(&["--dump-signal=usr2", "--"]);
    command.arg(&program).stderr(Stdio::piped());
    let mut asked = Asked::start_command(&directory, command);
    let lines = lines_of(asked.child.stderr.take().unwrap());
    lines_until(&lines, "ready");
    asked.says("ps", &["napper", "sleep"]);
    for _ in 0..2 {
        // SAFETY: our own child.
        unsafe { libc::kill(asked.child.id() as i32, libc::SIGUSR2) };
        let text = lines_until(&lines, "#1 nap at ").join("\n");
        assert!(text.contains(": 2 threads") && text.contains("\"napper\" waits"), "{text}");
    }
    fails(&mut run(&["--dump-signal=KILL", "true"]), 2, "no signal that can be used for it");
    let wrong = output(run(&["true"]).env("GEVENTRS_DUMP_SIGNAL", "KILL"));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("GEVENTRS_DUMP_SIGNAL: \"KILL\""));
}
