//! Deadlocks of some of the greenlets: a cycle of locks, each held by one who
//! waits for the next, while others still run.
//!
//! A cycle closes when its last greenlet begins to wait; so a look is due once a
//! wait for a mutex has begun and lasted. The hook that waits leaves a note (one
//! store); the monitor, which sees the note at one of its looks or before it goes
//! to sleep, has the locks looked at when [`set_patience`]'s time is over. Nobody
//! looks again before another such wait begins.

use super::snapshot::{self, Row};
use crate::time::{MILLISECOND, NEVER, SECOND};
use crate::wait::Reason;
use crate::{deadlock, hub};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::collections::BTreeMap;

static PATIENCE: AtomicU64 = AtomicU64::new(SECOND);
/// A wait for a mutex has begun since the last look.
static NOTED: AtomicBool = AtomicBool::new(false);
/// A look at all greenlets costs about this much for each, which may take a
/// thousandth of the time.
const TIME_FOR_EACH: u64 = 20_000;

/// How long a wait for a mutex lasts before it is suspicious, in nanoseconds; 0: never.
pub fn set_patience(span: u64) {
    PATIENCE.store(span, Ordering::Relaxed);
}

/// A wait for a mutex begins.
#[inline(always)]
pub fn note() {
    NOTED.store(true, Ordering::Relaxed);
}

/// The monitor's side: when the next look is due.
#[derive(Default)]
pub(crate) struct Due(u64);

impl Due {
    /// When a look is due; [`NEVER`]: no wait has begun.
    pub(crate) fn at(&mut self, now: u64) -> u64 {
        let patience = PATIENCE.load(Ordering::Relaxed);
        if self.0 == 0 && patience != 0 && NOTED.swap(false, Ordering::Relaxed) {
            let crowd = u64::from(hub::live()) * TIME_FOR_EACH;
            self.0 = now + patience.max(crowd).max(MILLISECOND);
        }
        if self.0 == 0 {
            NEVER
        } else {
            self.0
        }
    }

    /// Have the locks looked at if it is time.
    pub(crate) fn check(&mut self, now: u64) {
        if now >= self.at(now) {
            self.0 = 0;
            if deadlock::mode() != deadlock::Mode::Off {
                super::ask_for(super::LOCK_CYCLES);
            }
        }
    }
}

pub(super) fn after_fork() {
    NOTED.store(false, Ordering::Relaxed);
}

/// The oldest greenlet of the cycle that was reported last.
static REPORTED: AtomicU32 = AtomicU32::new(0);

/// This cycle has been reported.
pub(super) fn is_told(cycle: &[u32]) {
    if let Some(first) = cycle.iter().copied().min() {
        REPORTED.store(first, Ordering::Relaxed);
    }
}

/// A cycle that was not reported yet.
pub(super) fn find() -> Option<Vec<u32>> {
    let (names, _) = snapshot::names(usize::MAX)?;
    let mut rest = &names[..];
    let mut waits = BTreeMap::new();
    // Rows of different moments could show a cycle that there never was; so the
    // greenlets of one that is found are looked at again, at one moment.
    while !rest.is_empty() {
        waits.extend(snapshot::next(&mut rest, false)?.iter().filter_map(edge));
    }
    let members: Vec<_> = {
        let cycle = cycle(&waits)?;
        names.iter().filter(|n| cycle.contains(&n.1)).copied().collect()
    };
    let again = snapshot::next(&mut &members[..], false)?;
    let cycle = cycle(&again.iter().filter_map(edge).collect())?;
    let first = cycle.iter().copied().min()?;
    (REPORTED.swap(first, Ordering::Relaxed) != first).then_some(cycle)
}

/// Who waits for whom, without an end.
fn edge(row: &Row) -> Option<(u32, u32)> {
    let is_lock =
        matches!(row.reason, Reason::Mutex(..) | Reason::RwLockWrite(_) | Reason::RwLockRead(_));
    (is_lock && !row.timed && row.certain).then_some((row.id, row.owner))
}

/// A cycle in `waits`, in the order of waiting.
pub(super) fn cycle(waits: &BTreeMap<u32, u32>) -> Option<Vec<u32>> {
    let mut done = std::collections::BTreeSet::new();
    for &start in waits.keys() {
        let (mut path, mut at) = (Vec::new(), start);
        while done.insert(at) {
            path.push(at);
            match waits.get(&at) {
                Some(&next) => at = next,
                None => break,
            }
        }
        if let Some(from) = path.iter().position(|&id| id == at && waits.contains_key(&at)) {
            return Some(path.split_off(from));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(edges: &[(u32, u32)]) -> Option<Vec<u32>> {
        cycle(&edges.iter().copied().collect())
    }

    #[test]
    fn cycles_are_told_from_chains() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[(1, 2), (2, 3)]), None);
        assert_eq!(found(&[(1, 2), (2, 1)]), Some(vec![1, 2]));
        assert_eq!(found(&[(5, 5)]), Some(vec![5]), "a normal mutex, locked twice");
        // 1 and 9 wait for members of the cycle, and are none.
        assert_eq!(found(&[(1, 3), (3, 4), (4, 7), (7, 3), (9, 4)]), Some(vec![3, 4, 7]));
        assert_eq!(found(&[(1, 2), (3, 2), (2, 8)]), None, "two wait for one");
    }

    #[test]
    fn a_look_is_due_once_after_a_note() {
        let mut due = Due::default();
        after_fork();
        assert_eq!(due.at(10), NEVER);
        note();
        let at = due.at(10);
        assert!((10 + SECOND..NEVER).contains(&at));
        assert_eq!(due.at(20), at, "not put off");
        due.check(at);
        assert_eq!(due.at(at), NEVER);
    }
}
