//! The examples of the Rust API: what each prints.

use crate::case::run;
use libtest_mimic::{Failed, Trial};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// An example, and what it prints.
const OUTPUTS: &[(&str, &str)] = &[
    (
        "crawler",
        "200 /\n200 /a\n200 /a/1\n200 /a/2\n200 /a/3\n200 /a/4\n\
         200 /b\n200 /b/1\n200 /b/2\n200 /b/3\n200 /b/4\n404 /missing\n",
    ),
    (
        "chat_server",
        "ann hears: welcome, ann\n\
         bob hears: welcome, bob\n\
         ann hears: bob has come\n\
         cid hears: welcome, cid\n\
         ann hears: cid has come\n\
         bob hears: cid has come\n\
         bob hears: ann: good morning\n\
         cid hears: ann: good morning\n\
         ann hears: cid has left\n\
         bob hears: cid has left\n\
         cid hears: the end\n",
    ),
    (
        "monkey",
        "a thousand threads, few of the kernel's: true\n\
         they slept at the same time: true\n\
         100 of 100 got their own bytes back\n\
         a pool's threads are others: true\n\
         patched: true\n",
    ),
    ("echo_server", "100 of 100 clients got their own text back\n"),
    (
        "port_scanner",
        "scanned: true\n\
         found all: true\n\
         still open: 0\n",
    ),
    (
        "subprocesses",
        "sleep 0.3; echo slow: slow\n\
         echo quick: quick\n\
         sleep 60: killed after a second\n\
         cat: its input\n\
         echo oops >&2; exit 3: failed with 3: oops\n\
         echo $((6 * 7)): 42\n",
    ),
    (
        "timeouts",
        "a wait with a time-out of its own:\n\
         \u{20} the event came: false\n\
         \u{20} the queue is empty\n\
         a call on a socket:\n\
         \u{20} timed out\n\
         any code that waits, with a value instead:\n\
         \u{20} no answer\n\
         several waits under one limit; destructors run:\n\
         \u{20} the accept loop is cleaned up\n\
         \u{20} timed out after 20ms\n\
         limits in limits are told apart:\n\
         \u{20} the inner one came: Ok(true)\n\
         \u{20} the outer one came: true\n\
         waiting for others, and giving up on them:\n\
         \u{20} the quick one is cleaned up\n\
         \u{20} ended in time: [0]\n\
         \u{20} the slow one is cleaned up\n\
         \u{20} ended now: [0, 1]\n",
    ),
];

pub fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> =
        OUTPUTS.iter().map(|&(name, output)| trial(name, move || prints(name, output))).collect();
    trials.push(trial("producer_consumer", producer_consumer));
    trials.push(trial("downloads", downloads));
    trials.push(trial("sleep_order", sleep_order));
    trials.push(trial("select_poll", select_poll));
    trials
}

fn trial(name: &str, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::test(format!("examples/{name}"), run)
}

fn prints(name: &str, expected: &str) -> Result<(), Failed> {
    let printed = example(name)?;
    if printed == expected {
        return Ok(());
    }
    Err(format!("printed:\n{printed}expected:\n{expected}").into())
}

/// Who does which job depends on who is first to wake; that each does its share
/// and nothing is lost does not.
fn producer_consumer() -> Result<(), Failed> {
    let printed = example("producer_consumer")?;
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 11, "{printed}");
    for job in 1..=9 {
        let done = lines.iter().filter(|l| l.ends_with(&format!("has done job {job}")));
        assert_eq!(done.count(), 1, "{printed}");
    }
    // Nine jobs, three in hand and two in the queue: the last is given when
    // four are done.
    let given = lines.iter().position(|l| l.starts_with("all jobs are given"));
    assert!(given.is_some_and(|at| at >= 4), "{printed}");
    assert_eq!(lines.last(), Some(&"done: [3, 3, 3]"), "{printed}");
    Ok(())
}

fn downloads() -> Result<(), Failed> {
    let printed = example("downloads")?;
    let files: Vec<&str> = printed.lines().take(5).collect();
    assert_eq!(
        files,
        [
            "file-2: 20000 bytes",
            "file-4: 40000 bytes",
            "file-6: 60000 bytes",
            "file-8: 80000 bytes",
            "file-10: 100000 bytes"
        ]
    );
    assert!(printed.contains("300000 bytes, "), "{printed}");
    Ok(())
}

fn sleep_order() -> Result<(), Failed> {
    let start = Instant::now();
    assert_eq!(
        example("sleep_order")?,
        "foo start\nbar start\neat start\neat end\nbar end\nfoo end\n"
    );
    let took = start.elapsed();
    assert!(
        took >= Duration::from_millis(3000) && took < Duration::from_millis(5500),
        "3 seconds in all, not {took:?}"
    );
    Ok(())
}

fn select_poll() -> Result<(), Failed> {
    assert_eq!(
        example("select_poll")?,
        "Started Polling: at 0.0 seconds\n\
         Started Polling: at 0.0 seconds\n\
         Hey lets do some stuff while the greenlets poll, at 0.0 seconds\n\
         Ended Polling: at 2.0 seconds\n\
         Ended Polling: at 2.0 seconds\n"
    );
    Ok(())
}

/// What an example prints, which must end well and leave stderr empty.
/// Examples are built beside the directory of the test.
fn example(name: &str) -> Result<String, Failed> {
    let mut path: PathBuf = std::env::current_exe()?;
    path.pop();
    path.set_file_name("examples");
    path.push(name);
    if !path.exists() {
        return Err(format!("{} is missing: cargo build --examples", path.display()).into());
    }
    let output = run(&mut Command::new(path))?;
    if !output.status.success() || !output.stderr.is_empty() {
        return Err(format!("{output:?}").into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
