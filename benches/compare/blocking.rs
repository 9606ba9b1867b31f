//! The works in which a thread blocks or computes while others go on. They are
//! about several processors: only the unpinned columns say something.

use crate::child;
use crate::setup::{Place, Setup, Side};
use crate::stats::rotate;
use crate::table::{ratio, Cell, Columns, Row};

pub const NAMES: [&str; 10] = [
    "lateness-lock",
    "lateness-fifo",
    "lateness-raw",
    "lateness-compute",
    "compute-2",
    "compute-4",
    "compute-8",
    "compute-16",
    "jobs-2ms",
    "jobs-300us",
];

/// A ticker may be so much later than natively beside an explicit section, and
/// beside what only the monitor can see: one slice and 5 ms.
const LATE_SECTION_MS: f64 = 3.0;
const LATE_MONITOR_MS: f64 = 15.0;
/// Native time over preloaded time, at least.
const LEAST_RATIO: f64 = 1.0 / 1.1;
const UNITS: u64 = 1_500_000;

pub fn measure(name: &str, setup: &Setup) -> Row {
    let (work, argument) = name.split_once('-').expect("names have two parts");
    match work {
        "lateness" => lateness(name, argument, setup),
        "jobs" => jobs(name, setup),
        _ => compute(name, argument, setup),
    }
}

fn columns(setup: &Setup, program: &str, args: &[String], metric: &str) -> (Columns, Vec<String>) {
    let mut notes = Vec::new();
    let sides = [Side::Native, Side::Preloaded];
    let [native, preloaded] = rotate(setup.runs, &sides, |&side| {
        child::run(&setup.job(program, args, side, Place::Unpinned))?.metric(metric)
    })
    .try_into()
    .expect("two sides");
    let native = Cell::median(native, "native", &mut notes);
    let preloaded = Cell::median(preloaded, "preloaded", &mut notes);
    (Columns { ratio: ratio(&native, &preloaded), native, preloaded }, notes)
}

fn lateness(name: &str, what: &str, setup: &Setup) -> Row {
    let (unpinned, notes) = columns(setup, "lateness", &[what.into()], "worst_ms");
    let most = if matches!(what, "lock" | "fifo") { LATE_SECTION_MS } else { LATE_MONITOR_MS };
    let added = unpinned.preloaded.value.zip(unpinned.native.value).map(|(p, n)| p - n);
    Row {
        work: name.into(),
        unit: "ms late at worst".into(),
        bar: format!("≤ +{most} ms"),
        met: added.is_some_and(|ms| ms <= most),
        unpinned: Some(unpinned),
        notes,
        ..Row::default()
    }
}

fn units(setup: &Setup) -> String {
    let units = if setup.quick { UNITS / 10 } else { UNITS };
    units.to_string()
}

fn compute(name: &str, threads: &str, setup: &Setup) -> Row {
    seconds(name, "compute", &[threads.into(), units(setup)], setup)
}

/// Eight threads, and jobs of so many units.
fn jobs(name: &str, setup: &Setup) -> Row {
    let span = if name == "jobs-2ms" { "1400" } else { "210" };
    seconds(name, "jobs", &["8".into(), units(setup), span.into()], setup)
}

fn seconds(name: &str, program: &str, args: &[String], setup: &Setup) -> Row {
    let (unpinned, notes) = columns(setup, program, args, "seconds");
    Row {
        work: name.into(),
        unit: "s".into(),
        bar: format!("≥ {LEAST_RATIO:.2}×"),
        met: unpinned.ratio.is_some_and(|ratio| ratio >= LEAST_RATIO),
        unpinned: Some(unpinned),
        notes,
        ..Row::default()
    }
}
