//! What recording costs: the same preloaded program, with nothing recorded and with
//! something, in nanoseconds an event.
//!
//! `mutex` makes two hooked calls a round that do not wait: two events. `sem_pingpong` makes,
//! a switch, two hooked calls, one of which waits: it leaves, is woken and goes on; five
//! events.

use crate::child;
use crate::setup::{Place, Setup, Side};
use crate::stats::rotate;
use crate::table::{Cell, Columns, Row};

struct Work {
    name: &'static str,
    program: &'static str,
    args: [&'static str; 2],
    events: f64,
    setting: (&'static str, &'static str),
    /// Nanoseconds an event, at most.
    most: f64,
}

const MUTEX: (&str, [&str; 2], f64) = ("mutex", ["2000000", "2"], 2.0);
const SEMAPHORE: (&str, [&str; 2], f64) = ("sem_pingpong", ["300000", ""], 5.0);
/// As many switches as the ring has room for: what is measured is the way into the buffer,
/// not what the monitor does with it.
const FEW: (&str, [&str; 2], f64) = ("sem_pingpong", ["1500", ""], 5.0);
/// As many rounds as the ring has room for.
const FEW_MUTEX: (&str, [&str; 2], f64) = ("mutex", ["1500", "2"], 2.0);
const REPORT: (&str, &str) = ("GEVENTRS_REPORT", "/dev/null");
const TIMELINE: (&str, &str) = ("GEVENTRS_TIMELINE", "/dev/null");
const TRACE: (&str, &str) = ("GEVENTRS_TRACE", "to=/dev/null");
const TRACE_ALL: (&str, &str) = ("GEVENTRS_TRACE", "all,to=/dev/null");
/// Where locks are taken and greenlets made, for reports of deadlocks.
const SITES: (&str, &str) = ("GEVENTRS_DEADLOCK", "report");

const fn work(
    name: &'static str,
    of: (&'static str, [&'static str; 2], f64),
    setting: (&'static str, &'static str),
    most: f64,
) -> Work {
    Work { name, program: of.0, args: of.1, events: of.2, setting, most }
}

const WORKS: [Work; 10] = [
    work("observe-sites-mutex", MUTEX, SITES, 100.0),
    work("observe-sites-semaphore", SEMAPHORE, SITES, 100.0),
    work("observe-report-mutex", MUTEX, REPORT, 100.0),
    work("observe-report-semaphore", SEMAPHORE, REPORT, 100.0),
    work("observe-timeline-mutex", MUTEX, TIMELINE, 200.0),
    work("observe-timeline-semaphore", SEMAPHORE, TIMELINE, 200.0),
    work("observe-trace-buffer", FEW, TRACE, 200.0),
    work("observe-trace-semaphore", SEMAPHORE, TRACE, 200.0),
    work("observe-trace-all-buffer", FEW_MUTEX, TRACE_ALL, 200.0),
    work("observe-trace-all-mutex", MUTEX, TRACE_ALL, 200.0),
];

pub const NAMES: [&str; WORKS.len()] = {
    let mut names = [""; WORKS.len()];
    let mut n = 0;
    while n < names.len() {
        names[n] = WORKS[n].name;
        n += 1;
    }
    names
};

pub fn measure(name: &str, setup: &Setup) -> Row {
    let work = WORKS.iter().find(|w| w.name == name).expect("a name of this module");
    let mut notes = Vec::new();
    let pinned = columns(work, setup, Place::Pinned, &mut notes);
    let unpinned = columns(work, setup, Place::Unpinned, &mut notes);
    let event = |c: &Columns| Some((c.preloaded.value? - c.native.value?) / work.events);
    let pinned_event = event(&pinned);
    for (place, event) in [("pinned", pinned_event), ("unpinned", event(&unpinned))] {
        if let Some(ns) = event {
            notes.push(format!("{place}: {ns:.1} ns an event"));
        }
    }
    notes.push(format!(
        "the columns are without and with {}={}, both preloaded",
        work.setting.0, work.setting.1
    ));
    Row {
        work: name.into(),
        unit: "ns a round".into(),
        pinned,
        bar: format!("≤ {} ns an event", work.most),
        met: pinned_event.is_some_and(|ns| ns <= work.most),
        unpinned: Some(unpinned),
        notes,
    }
}

fn columns(work: &Work, setup: &Setup, place: Place, notes: &mut Vec<String>) -> Columns {
    let args: Vec<String> = work.args.iter().map(|a| a.to_string()).collect();
    let [off, on] = rotate(setup.runs, &[None, Some(work.setting)], |setting| {
        let mut job = setup.job(work.program, &args, Side::Preloaded, place);
        job.env.extend(*setting);
        child::run(&job)?.metric("ns_per_op")
    })
    .try_into()
    .expect("two sides");
    let off = Cell::median(off, "off", notes);
    let on = Cell::median(on, "on", notes);
    Columns { native: off, preloaded: on, ratio: None }
}
