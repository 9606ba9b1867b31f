//! Threads that are blocked in the kernel where no hook could see it: they do not compute.

use crate::asked::Asked;
use crate::recorded::{json, report_of};
use crate::support::*;
use std::process::Stdio;

/// System calls of the program's own; and one thread that does compute.
const PAST: &str = r#"
    #define _GNU_SOURCE
    #include <pthread.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    int engine_lock = 1;
    static int ends[2];
    __attribute__((noinline)) static long past(long number, long a, long b, long c)
    {
    #ifdef __x86_64__
        register long d __asm__("r10") = 0;
        __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(d)
                         : "rcx", "r11", "memory");
        return number;
    #else
        register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b,
                      x2 __asm__("x2") = c, x3 __asm__("x3") = 0;
        __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
        return x0;
    #endif
    }
    static void *reader(void *arg)
    {
        char c;
        past(SYS_read, ends[0], (long)&c, 1);
        return arg;
    }
    static void *waiter(void *arg)
    {
        past(SYS_futex, (long)&engine_lock, 0, 1); /* FUTEX_WAIT */
        return arg;
    }
    static void *hog(void *arg)
    {
        for (volatile long n = 0;; n++)
            ;
        return arg;
    }
    int main(int argc, char **argv)
    {
        void *(*run[])(void *) = { reader, waiter, hog };
        const char *name[] = { "reader", "waiter", "hog" };
        pthread_t t;
        pipe(ends);
        for (int i = 0; i < 3; i++) {
            pthread_create(&t, NULL, run[i], NULL);
            pthread_setname_np(t, name[i]);
        }
        if (argc > 1) {
            for (int i = 0; i < 10; i++)
                usleep(100000);
            return 0;
        }
        pthread_join(t, NULL);
        return 0;
    }
"#;

#[test]
fn who_is_blocked_past_the_library_does_not_compute() {
    let directory = scratch("past");
    let program = compile(&directory, PAST, &["-g", "-O1"]);
    let asked = Asked::start(&directory, &program, &[]);
    let text = asked.says(
        "ps",
        &["read fd 3 <- pipe:[", "(engine_lock), past the library", "(off the hub, on an OS"],
    );
    let line =
        |name: &str| text.lines().find(|l| l.contains(&format!("  {name}  "))).unwrap().to_owned();
    assert!(line("reader").contains(" blocked "), "{text}");
    assert!(line("reader").ends_with(" here), past the library"), "{text}");
    assert!(
        line("waiter").contains(" blocked ") && line("waiter").contains("  futex 0x"),
        "{text}"
    );
    assert!(line("hog").contains(" computes ") && !line("hog").contains("library"), "{text}");
    let waiter = asked.greenlet("waiter").unwrap();
    assert_eq!((&waiter["kind"], &waiter["call"]), (&"past".into(), &"futex".into()));
    let stacks = asked.says("stacks", &["futex 0x", "past the library"]);
    let of = &stacks[stacks.find("\"waiter\" blocked for ").expect(&stacks)..];
    let of = of.split("\n\n").next().unwrap();
    assert!(of.contains(" past at ") && of.contains(" waiter at "), "{stacks}");
}

/// Neither has it run, in a report; and the watchdog says which call it is.
#[test]
fn reports_and_the_watchdog_tell_it_from_a_long_run() {
    let directory = scratch("past-report");
    let program = compile(&directory, PAST, &["-g", "-O1"]);
    let mut text = String::new();
    // The monitor must get a processor, and on a busy machine may not for a while.
    for _ in 0..5 {
        let mut command = run(&["--report=r.json", "--max-blocking-time=200ms", "--"]);
        command.arg(&program).arg("ends").current_dir(&directory);
        let output = output(command.stdout(Stdio::null()));
        let stderr = String::from_utf8(output.stderr).unwrap();
        text = stderr + &report_of(&directory.join("r.json"), &[]);
        let told = ["blocked in read, past", "blocked in futex, past", "is blocked in system call"];
        if told.iter().all(|words| text.contains(words)) {
            break;
        }
    }
    let of = |words: &str| {
        text.lines().find(|l| l.contains(words)).unwrap_or_else(|| panic!("{words}: {text}"))
    };
    of("no run: blocked in read, past the library, for about ");
    of("no run: blocked in futex, past the library, for about ");
    assert!(of("has made no hooked call for ").contains("blocked in system call "), "{text}");
    let hogs = json(&directory.join("r.json"))["hogs"].clone();
    let of = |name: &str| hogs.as_array().unwrap().iter().find(|h| h["name"] == name).cloned();
    let (waiter, hog) = (of("waiter").expect("a row"), of("hog").expect("a row"));
    let share =
        |h: &serde_json::Value| (h["blocked"].as_u64().unwrap(), h["looks"].as_u64().unwrap());
    assert!(share(&waiter).0 * 2 > share(&waiter).1, "{waiter}");
    assert!(share(&hog).0 * 2 < share(&hog).1, "{hog}");
}
