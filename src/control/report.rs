//! Reports on stderr: deadlocks, and a dump of all greenlets. The tool beside the
//! library prints them with functions, files and lines; without it, or if it
//! fails, each greenlet gets a plain line.

use super::answer::{self, Out, Request};
use super::json::Object;
use super::snapshot::{self, Row};
use super::{descriptors, lock_cycles, tool, DEADLOCK, DUMP, LOCK_CYCLES};
use crate::deadlock::{self, Mode};
use crate::hub::{self, lend};
use crate::observe;
use crate::report::say;
use crate::syscall;
use crate::time::{self, SECOND};
use core::sync::atomic::{AtomicU32, Ordering};
use std::collections::BTreeMap;

/// Greenlets named in a report of a deadlock, and in a dump, at most.
const MOST_NAMED: usize = 50;
const MOST_DUMPED: usize = 10_000;
/// How long a program that is deadlocked waits for the report of it.
const PATIENCE: u64 = 40 * SECOND;

/// How many reports of a deadlock have been finished.
static FINISHED: AtomicU32 = AtomicU32::new(0);

pub(super) fn after_fork() {
    FINISHED.store(0, Ordering::Relaxed);
}

/// The hub's holder has found that nothing can wake anybody: have it reported,
/// and lend the hub meanwhile. False: nobody is there to do it.
pub(crate) fn deadlock() -> bool {
    let before = FINISHED.load(Ordering::Acquire);
    if !super::ask_for(DEADLOCK) {
        return false;
    }
    let finished = || FINISHED.load(Ordering::Acquire) != before;
    lend::lend_until(time::after(PATIENCE), || finished() || super::is_missing());
    finished()
}

/// Print all greenlets; what a signal asks for. Callable in its handler.
pub fn dump() {
    if !super::ask_for(DUMP) {
        let pid = std::process::id();
        say(format_args!("geventrs: process {pid}: one thread, nothing to dump"));
        observe::write_out(observe::End::Not);
    }
}

/// Do what has been asked for. On the thread that answers.
pub(super) fn work(jobs: u32) {
    // Its own table of descriptors has no stderr.
    let stderr = descriptors::copy(2);
    if let Some(fd) = stderr.filter(|&fd| fd != 2) {
        // SAFETY: takes numbers only.
        unsafe {
            let _ = syscall!(libc::SYS_dup3, fd, 2, libc::O_CLOEXEC);
        }
        descriptors::close(fd);
    }
    let pid = std::process::id();
    if jobs & LOCK_CYCLES != 0 {
        if let Some(cycle) = lock_cycles::find() {
            say(format_args!(
                "geventrs: process {pid}: deadlock of {} of {} threads: each holds a lock that another one of them waits for",
                cycle.len(),
                hub::live()
            ));
            explain(&cycle, MOST_NAMED, Some(&cycle));
            observe::write_now();
            if deadlock::mode() == Mode::Abort {
                deadlock::abort();
            }
        }
    }
    if jobs & DEADLOCK != 0 {
        say(format_args!(
            "geventrs: process {pid}: deadlock: all {} threads wait and nothing can wake any of them",
            hub::live()
        ));
        let cycle = all_waits().and_then(|w| lock_cycles::cycle(&w)).unwrap_or_default();
        lock_cycles::is_told(&cycle);
        explain(&cycle, MOST_NAMED, None);
        // It may be killed before it can write at its end.
        observe::write_now();
        FINISHED.fetch_add(1, Ordering::Release);
    }
    if jobs & DUMP != 0 {
        say(format_args!("geventrs: process {pid}: {} threads", hub::live()));
        explain(&[], MOST_DUMPED, None);
        observe::write_now();
    }
    if stderr.is_some() {
        descriptors::close(2);
    }
}

/// Who waits for whom, of all.
fn all_waits() -> Option<BTreeMap<u32, u32>> {
    let (names, _) = snapshot::names(usize::MAX)?;
    let (mut rest, mut waits) = (&names[..], BTreeMap::new());
    while !rest.is_empty() {
        let rows = snapshot::next(&mut rest, false)?;
        // The thread whose end is waited for is one that can be waited for, too.
        waits.extend(rows.iter().filter_map(|r| {
            let owner = match r.reason {
                crate::wait::Reason::Join(id) => id,
                _ => r.owner,
            };
            (owner != 0).then_some((r.id, owner))
        }));
    }
    Some(waits)
}

/// Print the greenlets: `only` those, if told, and first those of the cycle.
fn explain(cycle: &[u32], most: usize, only: Option<&[u32]>) {
    let request = Request::stacks(most);
    let printed = tool::run(c"explain", |out: &mut Out| {
        let mut object = Object::new(&mut out.text);
        object.list("cycle", cycle.iter());
        object.plain("only", only.is_some());
        drop(object);
        out.text.push('\n');
        answer::tell_of(&request, only.unwrap_or_default(), cycle, out);
    });
    if !printed {
        plain(most, only);
    }
}

/// A line a greenlet.
fn plain(most: usize, only: Option<&[u32]>) {
    let Some((names, all)) = snapshot::names(usize::MAX) else { return };
    let wanted: Vec<_> = names
        .into_iter()
        .filter(|n| only.is_none_or(|ids| ids.contains(&n.1)))
        .take(most)
        .collect();
    let mut rest = &wanted[..];
    while !rest.is_empty() {
        let Some(rows) = snapshot::next(&mut rest, false) else { return };
        rows.iter().for_each(say_row);
    }
    if only.is_none() && all > wanted.len() {
        say(format_args!("geventrs:   and {} more", all - wanted.len()));
    }
}

fn say_row(row: &Row) {
    let name = row.name();
    let name = core::str::from_utf8(name).unwrap_or("?");
    say(format_args!("geventrs:   thread {} \"{name}\" {}", row.id, row.doing()));
}
