//! Whatever way a process ends, its files are whole; each process has its own.

use super::*;
use std::os::unix::process::ExitStatusExt;

const ENDS: &str = r#"
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static void *nap(void *arg) { usleep(10000); return arg; }
static void wait_a_little(void)
{
	pthread_t t;
	pthread_create(&t, NULL, nap, NULL);
	pthread_join(t, NULL);
}
static void *leaves(void *arg) { usleep(1000); _exit(11); return arg; }
int main(int argc, char **argv)
{
	const char *how = argv[1];
	struct sigaction old;
	sigaction(SIGTERM, NULL, &old);
	if (old.sa_handler != SIG_DFL || signal(SIGINT, SIG_DFL) != SIG_DFL)
		return 99;
	wait_a_little();
	if (!strcmp(how, "exit")) exit(3);
	if (!strcmp(how, "return")) return 4;
	if (!strcmp(how, "_exit")) _exit(5);
	if (!strcmp(how, "_Exit")) _Exit(6);
	if (!strcmp(how, "quick_exit")) quick_exit(7);
	if (!strcmp(how, "exit_group")) syscall(SYS_exit_group, 8);
	if (!strcmp(how, "abort")) abort();
	if (!strcmp(how, "fault")) *(volatile int *)8 = 1;
	if (!strcmp(how, "term")) { kill(getpid(), SIGTERM); for (;;) pause(); }
	if (!strcmp(how, "pipe")) raise(SIGPIPE);
	if (!strcmp(how, "other")) {
		pthread_t t;
		pthread_create(&t, NULL, leaves, NULL);
		pthread_join(t, NULL);
	}
	if (!strcmp(how, "exec")) execl(argv[0], argv[0], "return", (char *)NULL);
	if (!strcmp(how, "exec fails")) { execl("/nowhere", "x", (char *)NULL); wait_a_little(); return 9; }
	if (!strcmp(how, "fork")) {
		if (!fork()) { wait_a_little(); _exit(0); }
		wait(NULL);
		wait_a_little();
		return 10;
	}
	if (!strcmp(how, "vfork")) {
		if (!vfork()) _exit(0);
		wait(NULL);
		return 12;
	}
	return 98;
}
"#;

const SETTINGS: &[(&str, &str)] = &[
    ("GEVENTRS_TRACE", "to=trace"),
    ("GEVENTRS_REPORT", "report.json"),
    ("GEVENTRS_TIMELINE", "timeline.json"),
];

/// The code that a shell would tell: 128 and the signal for a death by one.
fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap())
}

#[test]
fn files_are_whole_however_the_process_ends() {
    let dir = scratch("ends");
    let program = compile(&dir, ENDS, &[]);
    for (how, wanted, state) in [
        ("exit", 3, "exit"),
        ("return", 4, "exit"),
        ("_exit", 5, "_exit"),
        ("_Exit", 6, "_exit"),
        ("quick_exit", 7, "quick_exit"),
        ("exit_group", 8, "_exit"),
        ("abort", 128 + 6, "signal 6"),
        ("fault", 128 + 11, "signal 11"),
        ("term", 128 + 15, "signal 15"),
        ("pipe", 128 + 13, "signal 13"),
        ("other", 11, "_exit"),
        ("exec fails", 9, "exit"),
        ("vfork", 12, "exit"),
    ] {
        let output = output(preloaded(&dir, &program, SETTINGS).arg(how));
        assert_eq!(code(&output), wanted, "{how}: {output:?}");
        assert!(output.stderr.is_empty(), "{how}: {output:?}");
        let report = json(&dir.join("report.json"));
        assert_eq!(report["state"], state, "{how}");
        let waits = report["waits"].as_array().unwrap();
        assert!(waits.iter().any(|w| w["why"] == "join"), "{how}: {waits:?}");
        let timeline = json(&dir.join("timeline.json"));
        assert_eq!(timeline["state"], state, "{how}");
        assert!(timeline["traceEvents"].as_array().unwrap().len() > 5, "{how}");
        let trace = std::fs::read_to_string(dir.join("trace")).unwrap();
        assert!(trace.contains("usleep(10000) = 0 <waited "), "{how}: {trace}");
        assert_eq!(files(&dir, "report.json"), ["report.json"], "{how}");
    }
}

#[test]
fn the_child_of_a_fork_has_files_of_its_own() {
    let dir = scratch("ends-fork");
    let program = compile(&dir, ENDS, &[]);
    let output = output(preloaded(&dir, &program, SETTINGS).arg("fork"));
    assert_eq!(code(&output), 10, "{output:?}");
    for kind in ["report.json", "timeline.json", "trace"] {
        assert_eq!(files(&dir, kind).len(), 2, "{:?}", files(&dir, kind));
    }
    let parent = json(&dir.join("report.json"));
    let child = json(&dir.join(&files(&dir, "report.json")[1]));
    assert_eq!(files(&dir, "report.json")[1], format!("report.json.{}", child["pid"]));
    assert_eq!((&parent["state"], &child["state"]), (&"exit".into(), &"_exit".into()));
    let naps = |report: &Value| {
        let waits = report["waits"].as_array().unwrap();
        waits.iter().filter(|w| w["why"] == "sleep").map(|w| &w["waits"]["count"]).next().cloned()
    };
    assert_eq!(naps(&parent), Some(2.into()), "its own two, and not the child's");
    assert_eq!(naps(&child), Some(1.into()), "and not the parent's");
}

#[test]
fn what_a_process_becomes_by_exec_has_files_of_its_own() {
    let dir = scratch("ends-exec");
    let program = compile(&dir, ENDS, &[]);
    let output = output(preloaded(&dir, &program, SETTINGS).arg("exec"));
    assert_eq!(code(&output), 4, "{output:?}");
    let names = files(&dir, "report.json");
    assert_eq!(names.len(), 2, "{names:?}");
    let (before, after) = (json(&dir.join(&names[0])), json(&dir.join(&names[1])));
    assert_eq!(before["pid"], after["pid"]);
    assert_eq!((&before["state"], &after["state"]), (&"exec".into(), &"exit".into()));
}

#[test]
fn a_wrapper_leaves_the_name_to_what_it_starts() {
    let dir = scratch("ends-wrapper");
    let program = compile(&dir, CONVOY, &[]);
    let mut command = run(&["--", "env", "A=b", program.to_str().unwrap()]);
    succeeds(command.current_dir(&dir).envs(SETTINGS.iter().copied()));
    assert_eq!(files(&dir, "report.json"), ["report.json"]);
    let report = json(&dir.join("report.json"));
    assert_eq!(report["command"][0], program.to_str().unwrap());
}

#[test]
fn a_second_run_overwrites_the_first() {
    let dir = scratch("ends-again");
    let program = compile(&dir, CONVOY, &[]);
    for _ in 0..2 {
        succeeds(&mut preloaded(&dir, &program, SETTINGS));
        assert_eq!(files(&dir, "report.json"), ["report.json"]);
        assert_eq!(files(&dir, "trace"), ["trace"]);
    }
}

#[test]
fn percent_p_is_the_process_id() {
    let dir = scratch("ends-percent");
    let program = compile(&dir, ENDS, &[]);
    let settings = [("GEVENTRS_REPORT", "r.%p.json")];
    output(preloaded(&dir, &program, &settings).arg("fork"));
    let names = files(&dir, "r.");
    assert_eq!(names.len(), 2, "{names:?}");
    for name in names {
        assert_eq!(name, format!("r.{}.json", json(&dir.join(&name))["pid"]));
    }
}
