//! Who holds which lock, and since when: as far as it was seen.
//!
//! A table of fixed size by the lock's address, written by program code when a lock call
//! has succeeded, on any OS thread. The lock itself keeps two threads from writing one
//! lock's row; where two locks want one row, the older is forgotten.

use super::clock;
use super::ledger::Waker;
use super::places::Number;
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

const ROWS: usize = 4096;
/// Rows in which a lock may be.
const WAYS: usize = 4;

struct Row {
    address: AtomicUsize,
    id: AtomicU32,
    /// The place where it was taken, and in the upper half how often on top of
    /// that by the same holder.
    place: AtomicU32,
    since: AtomicU64,
}

static ROWS_OF: [Row; ROWS] = [const {
    Row {
        address: AtomicUsize::new(0),
        id: AtomicU32::new(0),
        place: AtomicU32::new(0),
        since: AtomicU64::new(0),
    }
}; ROWS];

/// A lock that was held.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Who held it, and where it was taken.
    pub by: Waker,
    /// Since when.
    pub since: u64,
}

fn ways(address: usize) -> &'static [Row] {
    let hash = (address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    let at = hash as usize % (ROWS / WAYS) * WAYS;
    &ROWS_OF[at..at + WAYS]
}

fn row(address: usize) -> Option<&'static Row> {
    ways(address).iter().find(|r| r.address.load(Ordering::Acquire) == address)
}

fn row_of(address: usize, id: u32) -> Option<&'static Row> {
    let is = |r: &&Row| {
        r.address.load(Ordering::Acquire) == address && r.id.load(Ordering::Relaxed) == id
    };
    ways(address).iter().find(is)
}

impl Row {
    fn fill(&self, address: usize, id: u32, place: Number) {
        self.id.store(id, Ordering::Relaxed);
        self.place.store(u32::from(place), Ordering::Relaxed);
        self.since.store(clock::now(), Ordering::Relaxed);
        self.address.store(address, Ordering::Release);
    }
}

/// The lock at `address` is now held by the greenlet `id`.
pub fn takes(address: usize, id: u32, place: Number) {
    if let Some(row) = row_of(address, id) {
        // Again, by the same: a recursive lock.
        row.place.fetch_add(1 << 16, Ordering::Relaxed);
        return;
    }
    let ways = ways(address);
    let row = row(address)
        .or_else(|| ways.iter().find(|r| r.address.load(Ordering::Relaxed) == 0))
        .unwrap_or(&ways[place as usize % WAYS]);
    row.fill(address, id, place);
}

/// The lock at `address` is now held by the greenlet `id`, and perhaps by others: as many
/// are known as there are free rows.
pub fn shares(address: usize, id: u32, place: Number) {
    /// A row that is being filled.
    const BUSY: usize = 1;
    if let Some(row) = row_of(address, id) {
        row.place.fetch_add(1 << 16, Ordering::Relaxed);
        return;
    }
    let claim =
        |r: &&Row| r.address.compare_exchange(0, BUSY, Ordering::AcqRel, Ordering::Relaxed).is_ok();
    if let Some(row) = ways(address).iter().find(claim) {
        row.fill(address, id, place);
    }
}

/// The lock at `address` is released once, by the greenlet `id`. If that does not hold it any
/// more: how it held it.
pub fn releases(address: usize, id: u32) -> Option<Held> {
    let row = row_of(address, id).or_else(|| row(address))?;
    let place = row.place.load(Ordering::Relaxed);
    if place >> 16 != 0 {
        row.place.store(place - (1 << 16), Ordering::Relaxed);
        return None;
    }
    let held = row.held();
    row.address.store(0, Ordering::Release);
    Some(held)
}

impl Row {
    fn held(&self) -> Held {
        let place = self.place.load(Ordering::Relaxed) as Number;
        let by = Waker { id: self.id.load(Ordering::Relaxed), place };
        Held { by, since: self.since.load(Ordering::Relaxed) }
    }
}

/// Who holds the lock at `address`; a default waker: nobody knows.
pub fn of(address: usize) -> Waker {
    held(address).map_or(Waker::default(), |h| h.by)
}

/// How the lock at `address` is held, by one of its holders.
pub fn held(address: usize) -> Option<Held> {
    row(address).map(Row::held)
}

/// How the greenlet `id` holds the lock at `address`.
pub fn held_by(address: usize, id: u32) -> Option<Held> {
    row_of(address, id).map(Row::held)
}

/// Forget everything: what was released meanwhile is not known.
pub fn clear() {
    ROWS_OF.iter().for_each(|row| row.address.store(0, Ordering::Relaxed));
}

/// In the child of a fork, of whose threads the caller alone exists.
pub fn after_fork(me: u32, now: u32) {
    for row in &ROWS_OF {
        if row.address.load(Ordering::Relaxed) == 0 {
            continue;
        }
        match row.id.load(Ordering::Relaxed) == me {
            true => row.id.store(now, Ordering::Relaxed),
            false => row.address.store(0, Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_has_a_holder_while_it_is_held() {
        takes(0x7000, 5, 3);
        assert_eq!(of(0x7000), Waker { id: 5, place: 3 });
        takes(0x7000, 5, 4);
        assert!(releases(0x7000, 5).is_none(), "taken twice, released once");
        let held = releases(0x7000, 5).unwrap();
        assert_eq!(held.by, Waker { id: 5, place: 3 });
        assert_eq!(of(0x7000), Waker::default());
        assert!(releases(0x7000, 5).is_none());
    }

    #[test]
    fn several_may_share_a_lock() {
        for id in 1..=3 {
            shares(0x9000, id, id as Number);
        }
        assert_eq!(releases(0x9000, 2).unwrap().by, Waker { id: 2, place: 2 });
        assert!(held_by(0x9000, 2).is_none());
        assert_eq!(held_by(0x9000, 3).unwrap().by.place, 3);
        assert_eq!(of(0x9000).id, 1);
        assert!(releases(0x9000, 1).is_some() && releases(0x9000, 3).is_some());
        assert_eq!(of(0x9000), Waker::default());
    }

    #[test]
    fn what_has_no_room_pushes_an_older_one_out() {
        for n in 0..20 * ROWS {
            takes(0x10_0000 + n * 64, 1, 1);
            assert_eq!(of(0x10_0000 + n * 64).id, 1);
        }
    }
}
