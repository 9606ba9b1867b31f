//! A counting semaphore in one 64-bit word: the value in the lower half, the
//! number of waiters in the upper. (That is also glibc's layout.)
//!
//! `post` may be called from a signal handler.

use crate::arch;
use crate::hub;
use crate::parking_lot::{self, Parked};
use crate::sys;
use crate::wait::{Reason, Wake};
use core::sync::atomic::{AtomicU64, Ordering};

const WAITER: u64 = 1 << 32;
/// SEM_VALUE_MAX.
pub const MOST: u32 = i32::MAX as u32;

/// Why a wait ended without the semaphore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The deadline came.
    TimedOut,
    /// Interrupted: a signal or a cancellation.
    Interrupted,
}

/// Who else can touch the word now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    /// Nobody: the caller has the hub and is in our code, where no handler of a
    /// signal runs, and there is one OS thread.
    Nobody,
    /// A handler of a signal on this OS thread.
    Handlers,
    /// Other OS threads.
    Threads,
}

impl Others {
    /// For our own code, and for the program's before there are greenlets.
    #[inline(always)]
    fn of_inside() -> Self {
        match (sys::one_os_thread(), hub::holder()) {
            (true, Some(_)) => Others::Nobody,
            (true, None) => Others::Handlers,
            (false, _) => Others::Threads,
        }
    }

    #[inline(always)]
    fn cas(self, word: &AtomicU64, old: u64, new: u64) -> u64 {
        match self {
            Others::Nobody => {
                word.store(new, Ordering::Relaxed);
                old
            }
            // SAFETY: no other OS thread can touch the word now.
            Others::Handlers => unsafe { arch::cas_u64_local(word.as_ptr(), old, new) },
            Others::Threads => {
                match word.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(v) | Err(v) => v,
                }
            }
        }
    }
}

/// Take one if there is one. `local`: no other OS thread can touch the word now
/// ([`sys::alone`] in program code, [`sys::one_os_thread`] in ours).
#[inline(always)]
pub fn try_wait(word: &AtomicU64, local: bool) -> bool {
    let others = if local { Others::Handlers } else { Others::Threads };
    change(word, others, |w| (w as u32 != 0).then(|| w - 1))
}

/// Take one, waiting until `deadline`.
pub fn wait(word: &AtomicU64, reason: Reason, deadline: u64) -> Result<(), NotTaken> {
    // A unit, or a place among the waiters, in one step.
    let mut taken = false;
    change(word, Others::of_inside(), |w| {
        taken = w as u32 != 0;
        Some(if taken { w - 1 } else { w + WAITER })
    });
    if taken {
        return Ok(());
    }
    let key = word.as_ptr() as usize;
    loop {
        let empty = || word.load(Ordering::SeqCst) as u32 == 0;
        let parked = parking_lot::park(key, 0, reason, deadline, empty, || ());
        if parked == Parked::Ended(Wake::Notified) {
            return Ok(());
        }
        // One step takes the unit and leaves the waiters.
        if change(word, Others::of_inside(), |w| (w as u32 != 0).then(|| w - WAITER - 1)) {
            return Ok(());
        }
        let early = match parked {
            Parked::Ended(Wake::TimedOut) => NotTaken::TimedOut,
            Parked::Ended(Wake::Interrupted) => NotTaken::Interrupted,
            Parked::Invalid | Parked::Ended(Wake::Notified) => continue,
        };
        change(word, Others::of_inside(), |w| Some(w - WAITER));
        return Err(early);
    }
}

/// Replace the word by what `next` makes of it; false if that is nothing.
#[inline(always)]
fn change(word: &AtomicU64, others: Others, mut next: impl FnMut(u64) -> Option<u64>) -> bool {
    let mut seen = word.load(Ordering::Relaxed);
    while let Some(new) = next(seen) {
        let now = others.cas(word, seen, new);
        if now == seen {
            return true;
        }
        seen = now;
    }
    false
}

/// Add one. False if the value is at its most already.
///
/// A waiter gets its unit from the poster's hand: the value stays 0, and the
/// waiter wakes up having it. Where nobody is parked the unit is added under
/// the bucket's lock, so whoever parks next sees it.
#[inline]
pub fn post(word: &AtomicU64) -> bool {
    let others = Others::of_inside();
    let mut seen = word.load(Ordering::Relaxed);
    loop {
        if seen as u32 >= MOST {
            return false;
        }
        if seen >= WAITER {
            parking_lot::unpark_one_with(word.as_ptr() as usize, |waiter| {
                change(word, others, |w| Some(if waiter.is_some() { w - WAITER } else { w + 1 }));
            });
            return true;
        }
        let now = others.cas(word, seen, seen + 1);
        if now == seen {
            return true;
        }
        seen = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    #[test]
    fn counts_and_times_out() {
        let word = AtomicU64::new(2);
        assert!(try_wait(&word, false) && try_wait(&word, false) && !try_wait(&word, false));
        let ended = wait(&word, Reason::None, time::after(1_000_000));
        assert_eq!(ended, Err(NotTaken::TimedOut));
        assert!(post(&word));
        assert_eq!(word.load(Ordering::Relaxed), 1);
        let full = AtomicU64::new(MOST as u64);
        assert!(!post(&full));
    }

    #[test]
    fn every_post_lets_one_waiter_through() {
        let word = AtomicU64::new(0);
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    for _ in 0..5_000 {
                        wait(&word, Reason::None, time::NEVER).unwrap();
                    }
                });
            }
            for _ in 0..20_000 {
                post(&word);
            }
        });
        assert_eq!(word.load(Ordering::Relaxed), 0);
    }
}
