//! Reports and timelines of a program that goes on: `--now`, `--for`, the dump's signal.

use super::*;
use crate::asked::{until, Asked};

/// A worker that naps under a lock for ever, and a reader to whom nothing comes.
const FOR_EVER: &str = r#"
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *worker(void *arg)
{
	for (;;) {
		pthread_mutex_lock(&lock);
		usleep(2000);
		pthread_mutex_unlock(&lock);
	}
	return arg;
}
static void *listener(void *arg)
{
	int ends[2];
	char c;
	pipe(ends);
	read(ends[0], &c, 1);
	return arg;
}
int main(void)
{
	pthread_t a, b, c;
	pthread_create(&a, NULL, worker, NULL);
	pthread_create(&b, NULL, worker, NULL);
	pthread_create(&c, NULL, listener, NULL);
	pthread_setname_np(c, "listener");
	pthread_join(a, NULL);
	return 0;
}
"#;

/// Two that wait for each other's lock, one who joins them, and one who goes on.
const STUCK: &str = r#"
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>
static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static void *left(void *arg)
{
	pthread_mutex_lock(&first);
	usleep(50000);
	pthread_mutex_lock(&second);
	return arg;
}
static void *right(void *arg)
{
	pthread_mutex_lock(&second);
	usleep(50000);
	pthread_mutex_lock(&first);
	return arg;
}
static void *ticker(void *arg)
{
	for (;;)
		usleep(5000);
	return arg;
}
int main(void)
{
	void *(*run[])(void *) = { left, right, ticker };
	const char *name[] = { "left", "right", "ticker" };
	pthread_t t[3];
	for (int i = 0; i < 3; i++) {
		pthread_create(&t[i], NULL, run[i], NULL);
		pthread_setname_np(t[i], name[i]);
	}
	pthread_join(t[0], NULL);
	return 0;
}
"#;

/// Who holds what is waited for, where that was taken, and what its holder waits for.
#[test]
fn waits_that_go_on_have_the_chain_of_their_owners() {
    let dir = scratch("now-chain");
    let program = compile(&dir, STUCK, &["-g", "-O1"]);
    let report = format!("--report={}", dir.join("r.json").display());
    let asked = Asked::start(&dir, &program, &["--deadlock=off", &report]);
    let text = until("the deadlock", || {
        let text = String::from_utf8(output(&mut now(&asked, "report", &[])).stdout).unwrap();
        (text.matches("this one: a deadlock").count() == 2).then_some(text)
    });
    let still = text.find("Still waiting").unwrap_or_else(|| panic!("{text}"));
    let still = text[still..].split("\n\n").next().unwrap();
    let head = text.lines().nth(1).unwrap();
    assert!(head.contains(" waits (") && head.contains(" still wait) and ran "), "{text}");
    let holds = |who: &str, line: u32| {
        let row = still.lines().find(|l| l.contains("held by ") && l.contains(who));
        let row = row.unwrap_or_else(|| panic!("{text}"));
        assert!(row.contains(&format!("taken at {who} at program.c:{line}")), "{row}");
        assert!(row.contains(" for "), "{row}");
    };
    holds("left", 8);
    holds("right", 15);
    // The one who joins is no part of it.
    assert!(still.lines().any(|l| l.contains("again: a deadlock")), "{text}");

    // What was taken before anything was recorded: by whom, but not where.
    let asked = Asked::start(&dir, &program, &["--deadlock=off"]);
    asked.says("locks", &["deadlock: "]);
    std::thread::sleep(std::time::Duration::from_secs(1));
    let text = stdout(&mut now(&asked, "report", &["--for=100ms", "--json"]));
    let report: Value = serde_json::from_str(&text).unwrap();
    let of = |name: &str| {
        let list = report["greenlets"].as_array().unwrap();
        let id = &list.iter().find(|g| g["name"] == name).unwrap()["id"];
        let waits = report["waiting"].as_array().unwrap();
        (id, waits.iter().find(|w| w["greenlet"] == *id).unwrap_or_else(|| panic!("{text}")))
    };
    let ((left, left_waits), (right, right_waits)) = (of("left"), of("right"));
    assert_eq!((&left_waits["on"]["greenlet"], &right_waits["on"]["greenlet"]), (right, left));
    // How long it lasts does not depend on when somebody began to look.
    assert!(left_waits["for"].as_u64().unwrap() > 900_000_000, "{left_waits}");
}

fn started(name: &str, flags: &[&str]) -> (std::path::PathBuf, Asked) {
    let dir = scratch(name);
    let program = compile(&dir, FOR_EVER, &["-g", "-O1"]);
    let asked = Asked::start(&dir, &program, flags);
    until("the socket", || asked.greenlet("listener").filter(|g| g["kind"] == "read"));
    (dir, asked)
}

fn now(asked: &Asked, what: &str, more: &[&str]) -> std::process::Command {
    asked.about(&[&[what, "--now", &asked.pid()], more].concat())
}

#[test]
fn a_program_that_records_tells_what_there_is_and_goes_on() {
    let dir = scratch("now-recording");
    let report = dir.join("r.json");
    let flags = [
        format!("--report={}", report.display()),
        format!("--timeline={}", dir.join("t.json").display()),
    ];
    let (_, asked) = started("now-recording-program", &[&flags[0], &flags[1]]);
    let text = until("waits for the lock", || {
        let text = stdout(&mut now(&asked, "report", &[]));
        text.contains("pthread_mutex_lock(").then_some(text)
    });
    assert!(text.contains(", looked at after "), "{text}");
    assert!(text.contains("taken at worker at program.c:9"), "{text}");
    // What hangs is in it: a wait that is not over.
    let hangs = text.lines().position(|l| l.contains("listener (") && l.contains("read(")).unwrap();
    let still = text.lines().position(|l| l == "Still waiting").unwrap();
    assert!(still < hangs, "{text}");
    let text = stdout(&mut now(&asked, "timeline", &["--top", "40"]));
    assert!(text.contains("(running), ") && text.contains("sleep"), "{text}");
    // The files are not written before the end.
    fails(&mut tool(&["report", report.to_str().unwrap()]), 125, "ask it: --now ");
}

#[test]
fn a_program_that_records_nothing_can_be_made_to() {
    let (dir, asked) = started("now-begin", &[]);
    fails(&mut now(&asked, "report", &[]), 3, "records no report: start it with");
    let file = dir.join("saved.json");
    for round in 0..2 {
        let save = ["--for", "700ms", "--save", file.to_str().unwrap()];
        let text = stdout(&mut now(&asked, "report", &save));
        assert!(text.contains("4 greenlets waited "), "{round}: {text}");
        assert!(text.contains("usleep(2000): sleep"), "{round}: {text}");
        assert!(text.contains("taken at worker at program.c:9"), "{round}: {text}");
        assert!(text.contains("runs listener at program.c:1"), "{round}: {text}");
        assert!(text.contains(" readable"), "{round}: what was going on before: {text}");
        assert_eq!(report_of(&file, &[]), text);
    }
    let text = stdout(&mut now(&asked, "timeline", &["--for=700ms"]));
    assert!(text.contains("at worker at program.c:10"), "{text}");
    // Nothing is left of it.
    fails(&mut now(&asked, "timeline", &[]), 3, "records no timeline");
    assert!(asked.greenlet("listener").is_some());
}

#[test]
fn others_are_answered_meanwhile_and_one_who_leaves_ends_it() {
    let (_, asked) = started("now-others", &[]);
    let mut first = start(&mut now(&asked, "report", &["--for", "300s"]));
    until("the recording", || {
        output(&mut now(&asked, "report", &[])).status.success().then_some(())
    });
    assert!(asked.greenlet("listener").is_some());
    fails(&mut now(&asked, "timeline", &["--for", "1s"]), 3, "another recording");
    first.kill().unwrap();
    first.wait().unwrap();
    until("its end", || (!output(&mut now(&asked, "report", &[])).status.success()).then_some(()));
}

#[test]
fn the_dump_signal_writes_the_files() {
    let dir = scratch("now-signal");
    let file = dir.join("r.json");
    let report = format!("--report={}", file.display());
    let (_, asked) = started("now-signal-program", &["--dump-signal=USR1", &report]);
    let pid = asked.child.id() as libc::pid_t;
    // SAFETY: our own child.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGUSR1) }, 0);
    let read = || output(&mut tool(&["report", file.to_str().unwrap()]));
    let text = until("the file", || Some(read()).filter(|o| o.status.success())).stdout;
    assert!(String::from_utf8(text).unwrap().contains("looked at after"));
    // SAFETY: our own child.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGTERM) }, 0);
    until("the end", || {
        let text = String::from_utf8(read().stdout).unwrap();
        text.contains("ended by signal 15").then_some(())
    });
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut nothing = tool(&["report"]);
    fails(&mut nothing, 2, "<FILE>");
    fails(&mut tool(&["report", "--now", "1", "--for", "0s"]), 2, "no time from 1ms");
    fails(&mut tool(&["report", "x", "--now", "1"]), 2, "cannot be used with");
    fails(&mut tool(&["report", "x", "--for", "1s"]), 2, "--now");
}
