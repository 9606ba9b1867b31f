//! A barrier: `arrived` counts towards the number of threads, `round` says
//! which crossing this is.
//!
//! The last to arrive clears `arrived` before it moves `round` on; only then
//! can anybody leave and arrive again. Who was woken does not look at the
//! words any more: the barrier may be destroyed as soon as the last has left.

use crate::parking_lot::{self, Parked};
use crate::time::NEVER;
use crate::wait::{Reason, Wake};
use core::sync::atomic::{AtomicU32, Ordering};

/// Arrive and wait for the others. True for exactly one thread a round.
pub fn wait(arrived: &AtomicU32, round: &AtomicU32, threads: u32) -> bool {
    let key = round.as_ptr() as usize;
    let mine = round.load(Ordering::Acquire);
    if arrived.fetch_add(1, Ordering::AcqRel) + 1 == threads {
        arrived.store(0, Ordering::Relaxed);
        round.store(mine.wrapping_add(1), Ordering::Release);
        parking_lot::unpark_all(key);
        return true;
    }
    wait_for_end(round, mine);
    false
}

/// Wait until nobody waits here: who destroys a barrier does, as with glibc.
pub fn wait_for_all_to_leave(arrived: &AtomicU32, round: &AtomicU32) {
    let mine = round.load(Ordering::Acquire);
    if arrived.load(Ordering::Acquire) != 0 {
        wait_for_end(round, mine);
    }
}

/// Wait for the end of the round `mine`.
fn wait_for_end(round: &AtomicU32, mine: u32) {
    let key = round.as_ptr() as usize;
    loop {
        let not_yet = || round.load(Ordering::Acquire) == mine;
        match parking_lot::park(key, 0, Reason::Barrier(key), NEVER, not_yet, || ()) {
            Parked::Invalid | Parked::Ended(Wake::Notified) => return,
            // A barrier is no cancellation point.
            Parked::Ended(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn all_meet_and_one_is_serial_each_round() {
        let (arrived, round) = (AtomicU32::new(0), AtomicU32::new(0));
        let (serial, before) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    for r in 0..200 {
                        before.fetch_add(1, Ordering::SeqCst);
                        serial.fetch_add(wait(&arrived, &round, 4) as usize, Ordering::SeqCst);
                        assert!(before.load(Ordering::SeqCst) >= 4 * (r + 1));
                        serial.fetch_add(wait(&arrived, &round, 4) as usize, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(serial.into_inner(), 400);
    }
}
