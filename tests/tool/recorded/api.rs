//! A Rust program that only uses the API, without the preload.

use super::*;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// The example of that name.
fn example(name: &str, directory: &Path) -> Command {
    let built = Path::new(TOOL).with_file_name("examples").join(name);
    let mut command = Command::new(built);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GEVENTRS_") || name == "LD_PRELOAD" {
            command.env_remove(name);
        }
    }
    command.current_dir(directory).env("XDG_RUNTIME_DIR", directory);
    command
}

/// The tool, which looks for sockets in the same directory.
fn tool_in(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = tool(arguments);
    command.env("XDG_RUNTIME_DIR", directory);
    command
}

/// The line of a program that has these words.
fn line_of(source: &str, words: &str) -> usize {
    source.lines().position(|l| l.contains(words)).unwrap() + 1
}

const SLEEP_ORDER: &str = include_str!("../../../examples/sleep_order.rs");

fn where_it_sleeps() -> String {
    format!("sleep_order.rs:{}", line_of(SLEEP_ORDER, "geventrs::sleep("))
}

fn where_it_spawns() -> String {
    format!("sleep_order.rs:{}", line_of(SLEEP_ORDER, "geventrs::spawn("))
}

#[test]
fn its_waits_are_told_by_the_function_that_waits() {
    let dir = scratch("api-report");
    let mut command = example("sleep_order", &dir);
    command.env("GEVENTRS_REPORT", "r.json").env("GEVENTRS_TIMELINE", "t.json");
    command.env("GEVENTRS_TRACE", "to=trace");
    let output = succeeds(&mut command);
    assert_eq!(output.stdout.lines().count(), 6, "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let text = report_of(&dir.join("r.json"), &[]);
    let sleeps = text.split("\n").filter(|l| l.trim_end().ends_with("  sleep")).count();
    assert_eq!(sleeps, 1, "three greenlets that sleep at one place: {text}");
    assert!(text.contains("at sleep at sleep.rs:"), "{text}");
    assert!(text.contains(&format!("at {}", where_it_sleeps())), "{text}");
    assert!(text.contains("joinall"), "{text}");
    assert!(text.contains("runs sleep_order::main::{closure"), "{text}");
    assert!(text.contains(&format!(" at {}", where_it_spawns())), "who made them: {text}");
    for inner in ["drive.rs", "ledger.rs", "park.rs", "moments.rs", "spawn.rs"] {
        assert!(!text.contains(inner), "the crate's own workings are not shown: {text}");
    }
    let waits = stdout(&mut tool(&["timeline", dir.join("t.json").to_str().unwrap()]));
    assert!(waits.contains("at sleep at sleep.rs:"), "{waits}");
    let trace = std::fs::read_to_string(dir.join("trace")).unwrap();
    let naps = trace.lines().filter(|l| l.contains("\"Greenlet\" +") && l.contains(" s: sleep>"));
    assert_eq!(naps.count(), 3, "{trace}");
}

/// As for a program in C that has linked the library: `main` waits where it waits, not where it
/// was called.
#[test]
fn a_program_of_the_api_for_c_is_told_in_the_same_way() {
    let dir = scratch("api-c");
    let source = include_str!("../../../examples/c_api/sleep_order.c");
    let library = library();
    std::os::unix::fs::symlink(&library, dir.join("libgeventrs.so.0")).unwrap();
    let include = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/include");
    let program = compile(&dir, source, &["-g", include, library.to_str().unwrap()]);
    let mut command = Command::new(program);
    command.current_dir(&dir).env("LD_LIBRARY_PATH", &dir).env("GEVENTRS_REPORT", "r.json");
    succeeds(&mut command);
    let text = report_of(&dir.join("r.json"), &[]);
    let line = |words| line_of(source, words);
    let (sleeps, joins) = (line("gev_sleep("), line("gev_joinall("));
    assert!(text.contains(&format!("at work at program.c:{sleeps}")), "{text}");
    assert!(text.contains(&format!("at main at program.c:{joins}")), "{text}");
    assert!(!text.contains("_start"), "{text}");
}

/// On the alternate stack of 8 KB that std gives the first thread.
#[test]
fn its_report_is_whole_when_a_signal_ends_it() {
    use std::os::unix::process::ExitStatusExt;
    for signal in [libc::SIGTERM, libc::SIGXFSZ, libc::SIGABRT, libc::SIGIO] {
        let dir = scratch("api-signal");
        let mut command = example("sleep_order", &dir);
        command.env("GEVENTRS_REPORT", "r.json");
        let mut child = start(command.stdout(Stdio::piped()));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "foo start");
        // SAFETY: takes numbers, of a child that has not been waited for.
        assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
        assert_eq!(child.wait().unwrap().signal(), Some(signal));
        assert_eq!(json(&dir.join("r.json"))["state"], format!("signal {signal}"));
    }
}

#[test]
fn nothing_is_recorded_or_answered_unasked() {
    let dir = scratch("api-unasked");
    let mut command = example("sleep_order", &dir);
    let mut child = start(command.stdout(Stdio::piped()));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "foo start");
    let pid = child.id().to_string();
    lines.next();
    fails(&mut tool_in(&dir, &["ps", &pid]), 3, "does not run under geventrs");
    assert_eq!(lines.count(), 4);
    assert!(child.wait().unwrap().success());
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
}

#[test]
fn it_answers_if_it_is_told_to() {
    let dir = scratch("api-asked");
    let mut command = example("sleep_order", &dir);
    command.env("GEVENTRS_CONTROL", "on").env("GEVENTRS_DUMP_SIGNAL", "USR2");
    command.env("GEVENTRS_REPORT", dir.join("r.json"));
    let tools = Path::new(TOOL).parent().unwrap().to_str().unwrap();
    command.env("PATH", format!("{tools}:/usr/bin:/bin"));
    let mut child = start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (0..3).for_each(|_| assert!(lines.next().unwrap().unwrap().ends_with(" start")));
    let pid = child.id().to_string();
    let ps = loop {
        // The thread that answers may not have come yet.
        let ps = output(&mut tool_in(&dir, &["ps", &pid]));
        if ps.status.success() || child.try_wait().unwrap().is_some() {
            break String::from_utf8(ps.stdout).unwrap();
        }
    };
    assert!(ps.contains("sleep_order::main::{closure") && ps.contains("s left"), "{ps}");
    let stacks = stdout(&mut tool_in(&dir, &["stacks", &pid]));
    assert!(stacks.contains("#0 sleep at ") && stacks.contains(&where_it_sleeps()), "{stacks}");
    assert!(stacks.contains("joinall"), "{stacks}");
    for inner in ["drive.rs", "spawn.rs", "moments.rs", "/library/core/"] {
        assert!(!stacks.contains(inner), "{inner}: {stacks}");
    }
    let made = stacks.lines().find(|l| l.contains("  made by ")).unwrap();
    assert!(made.contains(&where_it_spawns()) && made.contains("main at "), "{made}");
    assert!(Command::new("kill").args(["-USR2", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let dump = String::from_utf8_lossy(&output.stderr);
    assert!(dump.contains("geventrs:     #0 sleep at "), "{dump}");
    let left = std::fs::read_dir(dir.join("geventrs")).unwrap().count();
    assert_eq!(left, 0, "the socket is removed at the end");
}

#[test]
fn its_report_is_written_before_a_signal_ends_it() {
    let dir = scratch("api-killed");
    let mut command = example("sleep_order", &dir);
    let mut child = start(command.env("GEVENTRS_REPORT", "r.json").stdout(Stdio::piped()));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (0..3).for_each(|_| assert!(lines.next().unwrap().unwrap().ends_with(" start")));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    let text = report_of(&dir.join("r.json"), &[]);
    assert!(text.contains("ended by signal 15"), "{text}");
    assert!(text.contains("Still waiting") && text.contains(&where_it_sleeps()), "{text}");
}

#[test]
fn a_setting_that_is_wrong_is_named_and_the_program_runs() {
    let dir = scratch("api-wrong");
    let mut command = example("sleep_order", &dir);
    command.env("GEVENTRS_TRACE", "sokcet").env("GEVENTRS_CONTROL", "maybe");
    let output = succeeds(&mut command);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("geventrs: GEVENTRS_TRACE: \"sokcet\" is none of "), "{text}");
    assert!(text.contains("geventrs: GEVENTRS_CONTROL: \"maybe\" is neither on nor off"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
}
