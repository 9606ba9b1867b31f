//! Attempts that fail: trylock and its kin, and waits whose time has passed.
//!
//! A loop of attempts must let the holder of the lock run; on one carrier it has
//! no other chance. But the thread whose attempt has failed may hold other locks,
//! and will release them because of that: std::lock and everybody else who takes
//! locks in any order does so. If it gave up its turn at once, two of them in
//! opposite orders would for ever find each other's lock taken. So it owes its turn
//! until it locks or tries again, which those who back off do when they hold
//! nothing any more; and a loop over one lock gives a turn each time round.

use crate::doorway;
use crate::table::Group;
use core::sync::atomic::{AtomicU64, Ordering};
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::time;

/// Zero, or one more than the number of the switch since which the hub's holder
/// owes its turn. After another switch the debt is paid.
static OWED: AtomicU64 = AtomicU64::new(0);

/// An attempt has failed. (Without the hub the holder can run anyhow.)
#[cold]
pub fn failed() {
    if scheduler::active() && Greenlet::current().is_some_and(|g| !g.is_away()) {
        OWED.store(scheduler::switches() + 1, Ordering::Relaxed);
    }
}

/// A call begins that takes a lock, or tries to.
#[inline(always)]
pub fn begins() {
    if OWED.load(Ordering::Relaxed) != 0 {
        pay();
    }
}

#[cold]
#[inline(never)]
fn pay() {
    if OWED.swap(0, Ordering::Relaxed) == scheduler::switches() + 1 {
        if let Some(shim) = doorway::enter(Group::Thread) {
            scheduler::yield_now(shim.greenlet);
        }
    }
}

/// Whether a wait until `deadline` is an attempt only.
pub fn is_one(deadline: u64) -> bool {
    deadline != time::NEVER && deadline <= time::now()
}
