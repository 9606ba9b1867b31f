//! What the examples print.

use crate::printed::{self, same};
use crate::run::{Mode, Program};
use libtest_mimic::Failed;

/// An example that is not the same in Rust, and what it prints.
const OUTPUTS: &[(&str, &str)] = &[
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
    match name.as_str() {
        "producer_consumer" => return printed::producer_consumer(&printed, "done: 3 3 3"),
        "select_poll" => return printed::select_poll(&printed),
        "downloads" => return same(printed.trim_end(), printed::DOWNLOADS),
        _ => {}
    }
    let all = &mut OUTPUTS.iter().chain(printed::OUTPUTS);
    let Some((_, expected)) = all.find(|(n, _)| *n == name) else {
        return Err(format!("nobody knows what {name} is to print").into());
    };
    same(&printed, expected)
}
