//! A process that ends on a small alternate stack ends as it would without us, and its files are
//! whole.

use super::*;
use std::os::unix::process::ExitStatusExt;

const ALTERNATE: &str = r#"
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
static void leave(int signal) { (void)signal; _exit(7); }
int main(int argc, char **argv)
{
	/* Nothing but the stack is mapped there: what is below it cannot be written. */
	size_t size = strcmp(argv[2], "minimum") ? atoi(argv[2]) : sysconf(_SC_MINSIGSTKSZ) + 64;
	char *area = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *start = area + (1 << 19);
	mprotect(start, 1 << 16, PROT_READ | PROT_WRITE);
	stack_t stack = { .ss_sp = start, .ss_size = size };
	if (sigaltstack(&stack, NULL))
		return 98;
	struct timespec nap = { 0, 5000000 };
	nanosleep(&nap, NULL);
	if (!strcmp(argv[1], "_exit")) {
		struct sigaction action = { .sa_handler = leave, .sa_flags = SA_ONSTACK };
		sigaction(SIGSEGV, &action, NULL);
		raise(SIGSEGV);
	}
	if (!strcmp(argv[1], "fault"))
		*(volatile int *)8 = 1;
	raise(atoi(argv[1]));
	return 99;
}
"#;

const RUST: &str = r#"
extern "C" {
	fn raise(signal: i32) -> i32;
}
fn main() {
	std::thread::sleep(std::time::Duration::from_millis(5));
	match std::env::args().nth(1).unwrap().as_str() {
		"abort" => std::process::abort(),
		"fault" => unsafe { std::ptr::write_volatile(8 as *mut i32, 1) },
		signal => unsafe { _ = raise(signal.parse().unwrap()) },
	}
}
"#;

const SETTINGS: &[(&str, &str)] = &[
    ("GEVENTRS_TRACE", "to=trace"),
    ("GEVENTRS_REPORT", "report.json"),
    ("GEVENTRS_TIMELINE", "timeline.json"),
];

/// The program ends in the same way by itself and recorded; then its files are whole.
#[track_caller]
fn ends_alike(dir: &Path, program: &Path, arguments: &[&str], state: &str) {
    let natively = output(Command::new(program).args(arguments).current_dir(dir));
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir).env("LD_PRELOAD", library());
    let recorded = output(command.envs(SETTINGS.iter().copied()));
    assert_eq!(recorded.status.into_raw(), natively.status.into_raw(), "{arguments:?}");
    assert_eq!(recorded.stderr, natively.stderr, "{arguments:?}");
    let report = json(&dir.join("report.json"));
    assert_eq!(report["state"], state, "{arguments:?}");
    assert_eq!(report["waits"].as_array().unwrap().len(), 1, "{arguments:?}: {report}");
    assert_eq!(json(&dir.join("timeline.json"))["state"], state, "{arguments:?}");
    let trace = std::fs::read_to_string(dir.join("trace")).unwrap();
    assert!(trace.contains("nanosleep("), "{arguments:?}: {trace}");
    for file in ["report.json", "timeline.json", "trace"] {
        std::fs::remove_file(dir.join(file)).unwrap();
    }
}

/// Every signal that ends a process by default, and can be caught.
fn deadly() -> Vec<i32> {
    let others = [9, 17, 18, 19, 20, 21, 22, 23, 28, 32, 33];
    (1..=64).filter(|signal| !others.contains(signal)).collect()
}

#[test]
fn signals_end_a_program_with_an_alternate_stack() {
    let dir = scratch("small-stacks");
    let program = compile(&dir, ALTERNATE, &[]);
    for signal in deadly() {
        let number = signal.to_string();
        ends_alike(&dir, &program, &[&number, "8192"], &format!("signal {signal}"));
    }
    // MINSIGSTKSZ as it was a constant, as the kernel tells it, and a little more.
    for size in ["2048", "minimum", "4096", "6144"] {
        for signal in [libc::SIGTERM, libc::SIGABRT, libc::SIGXFSZ] {
            let number = signal.to_string();
            ends_alike(&dir, &program, &[&number, size], &format!("signal {signal}"));
        }
        ends_alike(&dir, &program, &["fault", size], "signal 11");
    }
}

#[test]
fn a_handler_that_leaves_on_an_alternate_stack_ends_a_program() {
    let dir = scratch("small-stacks-exit");
    let program = compile(&dir, ALTERNATE, &[]);
    ends_alike(&dir, &program, &["_exit", "8192"], "_exit");
}

/// Rust's std gives its first thread an alternate stack of 8 KB.
#[test]
fn signals_end_a_rust_program() {
    let dir = scratch("small-stacks-rust");
    let (code, program) = (dir.join("ends.rs"), dir.join("ends"));
    std::fs::write(&code, RUST).unwrap();
    let mut compiler = Command::new("rustc");
    compiler.args(["-O", "--edition", "2021", "-o"]).arg(&program).arg(&code);
    assert!(start(&mut compiler).wait().unwrap().success());
    for signal in [libc::SIGTERM, libc::SIGABRT, libc::SIGXFSZ] {
        let number = signal.to_string();
        ends_alike(&dir, &program, &[&number], &format!("signal {signal}"));
    }
    ends_alike(&dir, &program, &["abort"], "signal 6");
    ends_alike(&dir, &program, &["fault"], "signal 11");
}
