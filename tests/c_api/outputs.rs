//! What the examples print.

use crate::run::{Mode, Program};
use libtest_mimic::Failed;

/// An example, and what it prints.
const OUTPUTS: &[(&str, &str)] = &[
    ("sleep_order", "foo start\nbar start\neat start\neat end\nbar end\nfoo end\n"),
    (
        "downloads",
        "file-2: 20000 bytes\n\
         file-4: 40000 bytes\n\
         file-6: 60000 bytes\n\
         file-8: 80000 bytes\n\
         file-10: 100000 bytes\n\
         300000 bytes\n",
    ),
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
    ("echo_server", "100 of 100 clients got their own text back\n"),
    ("port_scanner", "found all: true\nstill open: 0\n"),
    (
        "subprocesses",
        "sleep 0.3; echo slow: slow\n\
         echo quick: quick\n\
         exec sleep 60: killed after two seconds\n\
         echo its own words; true: its own words\n\
         echo oops >&2; exit 3: failed with 3: oops\n\
         echo $((6 * 7)): 42\n",
    ),
    (
        "timeouts",
        "a wait with a time-out of its own:\n\
         \u{20} the event came: Connection timed out\n\
         \u{20} an item without waiting: none\n\
         a call on a socket:\n\
         \u{20} Connection timed out\n\
         several waits under one limit:\n\
         \u{20} it was the limit: 1\n\
         limits in limits are told apart:\n\
         \u{20} inner 1, outer 0\n\
         \u{20} inner 0, outer 1\n\
         waiting for others, and giving up on them:\n\
         \u{20} the quick one is cleaned up\n\
         \u{20} all ended in time: no\n\
         \u{20} the slow one is cleaned up\n\
         \u{20} all ended now: yes\n",
    ),
    (
        "destructors",
        "connection: taken\n\
         buffer: taken\n\
         file: taken\n\
         file: given back\n\
         caught: no luck\n\
         buffer: given back\n\
         it passes through catch (...) and must go on\n\
         connection: given back\n\
         successful: 0, 1\n",
    ),
    ("optional", "slept 100 ms\nslept 200 ms\nslept 300 ms\n"),
];

pub fn example(program: &Program, mode: Mode) -> Result<(), Failed> {
    let output = program.run(mode)?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let name = program.name();
    // It says on what it runs: linked it is not, so the plain run has no library.
    let on = match (name.as_str(), mode) {
        ("optional", Mode::Linked) => "on pthreads\n",
        ("optional", Mode::Preloaded) => "on greenlets\n",
        _ => "",
    };
    if !output.status.success() || said != on {
        return Err(format!("{}, stderr:\n{said}", output.status).into());
    }
    if name == "producer_consumer" {
        return producer_consumer(&printed);
    }
    if name == "select_poll" {
        return select_poll(&printed);
    }
    let Some((_, expected)) = OUTPUTS.iter().find(|(n, _)| *n == name) else {
        return Err(format!("nobody knows what {name} is to print").into());
    };
    if printed == *expected {
        return Ok(());
    }
    Err(format!("printed:\n{printed}expected:\n{expected}").into())
}

/// Who does which job depends on who is first to wake; that each job is done once does
/// not.
fn producer_consumer(printed: &str) -> Result<(), Failed> {
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 11, "{printed}");
    for job in 1..=9 {
        let done = lines.iter().filter(|l| l.ends_with(&format!("has done job {job}")));
        assert_eq!(done.count(), 1, "{printed}");
    }
    let given = lines.iter().position(|l| l.starts_with("all jobs are given"));
    assert!(given.is_some_and(|at| at >= 4), "{printed}");
    assert_eq!(lines.last(), Some(&"done: 3 3 3"), "{printed}");
    Ok(())
}

/// The times are 0.0 and 2.0 where nothing else runs; what holds on a busy machine as well
/// is their order, and that both polls last two seconds at the same time.
fn select_poll(printed: &str) -> Result<(), Failed> {
    let lines: Vec<(&str, f64)> = printed
        .lines()
        .filter_map(|line| {
            let (text, rest) = line.rsplit_once(" at ")?;
            Some((text, rest.strip_suffix(" seconds")?.parse().ok()?))
        })
        .collect();
    let texts: Vec<&str> = lines.iter().map(|(text, _)| *text).collect();
    let (start, end) = ("Started Polling:", "Ended Polling:");
    let other = "Hey lets do some stuff while the greenlets poll,";
    assert_eq!(texts, [start, start, other, end, end], "{printed}");
    assert!(lines[..3].iter().all(|(_, at)| *at < 1.9), "{printed}");
    assert!(lines[3..].iter().all(|(_, at)| (1.95..3.9).contains(at)), "{printed}");
    Ok(())
}
