//! What the examples print that are there in Rust and in C alike.

use libtest_mimic::Failed;
use std::time::Duration;

/// An example, and what it prints.
pub const OUTPUTS: &[(&str, &str)] = &[
    ("sleep_order", "foo start\nbar start\neat start\neat end\nbar end\nfoo end\n"),
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
];

/// What the example that prints its downloads begins with.
pub const DOWNLOADS: &str = "file-2: 20000 bytes\n\
     file-4: 40000 bytes\n\
     file-6: 60000 bytes\n\
     file-8: 80000 bytes\n\
     file-10: 100000 bytes\n\
     300000 bytes";

/// Fail unless both are the same.
pub fn same(printed: &str, expected: &str) -> Result<(), Failed> {
    if printed == expected {
        return Ok(());
    }
    Err(format!("printed:\n{printed}expected:\n{expected}").into())
}

/// Who does which job depends on who is first to wake; that each does its share, as
/// `last` says, and nothing is lost does not.
pub fn producer_consumer(printed: &str, last: &str) -> Result<(), Failed> {
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
    assert_eq!(lines.last(), Some(&last), "{printed}");
    Ok(())
}

/// The times are 0.0 and 2.0 where nothing else runs. What holds on a busy machine as well:
/// the order, in which both polls begin before either ends and the third greenlet has its
/// say meanwhile, and that no poll is shorter than its two seconds.
pub fn select_poll(printed: &str) -> Result<(), Failed> {
    /// Of a line's time, which is rounded.
    const ROUNDED: f64 = 0.1;
    const BUSY: Duration = Duration::from_secs(20);
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
    let polled = lines[3].1 - lines[0].1;
    assert!(polled > 2.0 - ROUNDED && lines[4].1 - lines[1].1 > 2.0 - ROUNDED, "{printed}");
    assert!(lines[4].1 < BUSY.as_secs_f64(), "{printed}");
    Ok(())
}
