//! A mutual-exclusion lock in one 32-bit word.
//!
//! # States
//!
//! | word | meaning |
//! |---|---|
//! | 0 | free |
//! | 1 | held, nobody waits |
//! | 2 | held, somebody may wait |
//!
//! Taking a free lock and releasing one that nobody waits for are one atomic
//! operation each. The values are those of glibc's own low-level lock, so an
//! object that libc has locked can be unlocked here and the other way round.
//!
//! # Hand-off
//!
//! A released lock is free for whoever comes first, which keeps the releaser
//! running when it takes the lock again soon. But with one carrier, a waiter
//! runs only when the holder parks; if that always holds the lock then, the
//! waiter would never get it. So a waiter that was woken and found the lock
//! taken waits with the tag [`HAND_OVER`], and the next release gives the lock
//! to it directly: the word stays 2 and the waiter wakes up as its holder.

use super::TimedOut;
use crate::parking_lot::{self, Parked};
use crate::sys;
use crate::time::NEVER;
use crate::wait::{Reason, Wake};
use core::sync::atomic::{AtomicU32, Ordering};

const FREE: u32 = 0;
const HELD: u32 = 1;
const AWAITED: u32 = 2;

const COMPETE: u32 = 0;
const HAND_OVER: u32 = 1;

/// Take the lock if it is free. `local`: no other OS thread can touch the word
/// now ([`sys::alone`] in program code, [`sys::one_os_thread`] in ours).
#[inline(always)]
pub fn try_lock(word: &AtomicU32, local: bool) -> bool {
    sys::cas_u32(word, FREE, HELD, local) == FREE
}

/// Take the lock, waiting until `deadline` if it is held.
#[inline]
pub fn lock(word: &AtomicU32, reason: Reason, deadline: u64) -> Result<(), TimedOut> {
    if try_lock(word, false) {
        return Ok(());
    }
    lock_contended(word, reason, deadline)
}

/// The rest of [`lock`], after [`try_lock`] has failed.
#[cold]
pub fn lock_contended(word: &AtomicU32, reason: Reason, deadline: u64) -> Result<(), TimedOut> {
    let key = word.as_ptr() as usize;
    let mut tag = COMPETE;
    loop {
        if word.swap(AWAITED, Ordering::Acquire) == FREE {
            return Ok(());
        }
        let still = || word.load(Ordering::Relaxed) == AWAITED;
        match parking_lot::park(key, tag, reason, deadline, still, || ()) {
            Parked::Ended(Wake::Notified) if tag == HAND_OVER => return Ok(()),
            Parked::Ended(Wake::TimedOut) => return Err(TimedOut),
            Parked::Ended(Wake::Notified) => tag = HAND_OVER,
            // An interrupt is nothing that ends the wait for a lock.
            Parked::Ended(Wake::Interrupted) | Parked::Invalid => {}
        }
    }
}

/// [`lock`] without a deadline.
#[inline]
pub fn lock_forever(word: &AtomicU32, reason: Reason) {
    let _ = lock(word, reason, NEVER);
}

/// Release the lock if nobody waits for it; `false`: call [`unlock_contended`].
/// `local` as in [`try_lock`].
#[inline(always)]
pub fn try_unlock(word: &AtomicU32, local: bool) -> bool {
    sys::cas_u32(word, HELD, FREE, local) == HELD
}

/// Release the lock.
#[inline]
pub fn unlock(word: &AtomicU32) {
    if !try_unlock(word, false) {
        unlock_contended(word);
    }
}

/// The rest of [`unlock`], after [`try_unlock`] has failed.
#[cold]
pub fn unlock_contended(word: &AtomicU32) {
    parking_lot::unpark_one_with(word.as_ptr() as usize, |tag| {
        let next = if tag == Some(HAND_OVER) { AWAITED } else { FREE };
        word.store(next, Ordering::Release);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;
    use std::cell::UnsafeCell;

    struct Counter(AtomicU32, UnsafeCell<u64>);
    // SAFETY: the lock guards the cell.
    unsafe impl Sync for Counter {}

    #[test]
    fn threads_exclude_each_other() {
        let c = Counter(AtomicU32::new(0), UnsafeCell::new(0));
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    // The whole struct is shared, not its parts.
                    let c = &c;
                    for i in 0..20_000 {
                        lock_forever(&c.0, Reason::None);
                        // SAFETY: the lock is held.
                        unsafe { *c.1.get() += 1 };
                        if i % 512 == 0 {
                            std::thread::yield_now();
                        }
                        unlock(&c.0);
                    }
                });
            }
        });
        assert_eq!(c.1.into_inner(), 80_000);
        assert_eq!(c.0.into_inner(), FREE);
    }

    #[test]
    fn a_held_lock_times_out_and_can_be_taken_later() {
        let word = AtomicU32::new(0);
        assert!(try_lock(&word, false));
        assert!(!try_lock(&word, true));
        assert_eq!(lock(&word, Reason::None, time::after(1_000_000)), Err(TimedOut));
        unlock(&word);
        assert_eq!(lock(&word, Reason::None, time::after(1_000_000)), Ok(()));
    }
}
