//! The examples of the Rust API: what each prints.

use crate::case::run;
use crate::printed::{self, same};
use libtest_mimic::{Failed, Trial};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// An example that is not the same in C, and what it prints.
const OUTPUTS: &[(&str, &str)] = &[
    (
        "monkey",
        "a thousand threads, few of the kernel's: true\n\
         they slept at the same time: true\n\
         100 of 100 got their own bytes back\n\
         a pool's threads are others: true\n\
         patched: true\n",
    ),
    (
        "port_scanner",
        "found all: true\n\
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
    let all = OUTPUTS.iter().chain(printed::OUTPUTS);
    let mut trials: Vec<Trial> =
        all.map(|&(name, output)| trial(name, move || same(&example(name)?, output))).collect();
    trials.push(trial("producer_consumer", || {
        printed::producer_consumer(&example("producer_consumer")?, "done: [3, 3, 3]")
    }));
    trials.push(trial("downloads", downloads));
    trials.push(trial("sleep_order_takes_three_seconds", sleep_order));
    trials.push(trial("select_poll", || printed::select_poll(&example("select_poll")?)));
    trials
}

fn trial(name: &str, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::test(format!("examples/{name}"), run)
}

fn downloads() -> Result<(), Failed> {
    let printed = example("downloads")?;
    // It says more on a busy machine.
    let (printed, _) = printed.split_once(", ").ok_or("no end")?;
    same(printed, printed::DOWNLOADS)
}

/// The longest of three sleeps, not their sum. (How long it takes on a busy machine, nobody
/// knows; that they sleep at the same time, the order shows.)
fn sleep_order() -> Result<(), Failed> {
    let start = Instant::now();
    example("sleep_order")?;
    let took = start.elapsed();
    assert!(took >= Duration::from_secs(3), "3 seconds in all, not {took:?}");
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
