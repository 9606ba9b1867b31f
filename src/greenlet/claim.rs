//! A greenlet's wait, and who ends it.
//!
//! ```text
//!            begin_wait                    claim (one wins)
//!   RUNNING ────────────▶ WAITING ──────────────────────────▶ CLAIMED
//!      ▲                     │ cancel_wait (found nothing to   │
//!      │                     │ wait for; claims lost)          │ scheduled by
//!      └─────────────────────┘                                 │ the claimer
//!      └───────────────────────────────────────────────────────┘ resumed
//! ```
//! Between `begin_wait` and the moment it is off its stack, the greenlet holds
//! the hub; a claimer elsewhere can only put it on the inject queue, which the
//! hub's holder reads. So no greenlet is ever resumed while it still runs.

use super::Greenlet;
use crate::timers::Slot;
use crate::wait::{Reason, Wake};
use crate::{observe, sys};
use core::sync::atomic::Ordering;

pub(super) const RUNNING: u32 = 0;
pub(super) const WAITING: u32 = 1;
pub(super) const CLAIMED: u32 = 2;

impl Greenlet {
    /// Start a wait. From here on it can be claimed.
    #[inline(always)]
    pub fn begin_wait(&self, reason: Reason) {
        self.reason.set(reason);
        self.wake.store(WAITING, Ordering::Release);
    }

    /// End a wait that turned out to be needless. False if somebody has
    /// claimed it meanwhile: then it must be parked, for it will be scheduled.
    pub fn cancel_wait(&self) -> bool {
        sys::cas_u32(&self.wake, WAITING, RUNNING, sys::one_os_thread()) == WAITING
    }

    /// Whether it waits and nobody has claimed the wake-up.
    pub fn is_waiting(&self) -> bool {
        self.wake.load(Ordering::Acquire) == WAITING
    }

    /// Try to be the one who ends the wait; the winner must schedule it.
    #[inline(always)]
    pub fn claim(&self, how: Wake) -> bool {
        if sys::one_os_thread() {
            // As in `raw_lock`: claims come from our own code only.
            if self.wake.load(Ordering::Relaxed) != WAITING {
                return false;
            }
            self.wake.store(CLAIMED, Ordering::Relaxed);
        } else if sys::cas_u32(&self.wake, WAITING, CLAIMED, false) != WAITING {
            return false;
        }
        self.outcome.set(how);
        observe::woken(self, how);
        true
    }

    /// Whether its wait was ended by what it waits for, and it has not run yet.
    pub fn is_claimed_notified(&self) -> bool {
        self.wake.load(Ordering::Acquire) == CLAIMED && self.outcome.get() == Wake::Notified
    }

    /// Of one that is runnable: it was woken, or comes back to the hub from elsewhere. Else it
    /// is new, or has yielded.
    pub(crate) fn has_waited(&self) -> bool {
        self.wake.load(Ordering::Relaxed) == CLAIMED || !self.home.get().is_null()
    }

    /// The resumed greenlet takes note of how its wait ended.
    #[inline(always)]
    pub(crate) fn end_wait(&self) -> Wake {
        self.wake.store(RUNNING, Ordering::Relaxed);
        self.reason.set(Reason::None);
        self.outcome.get()
    }
}

impl Slot for &'static Greenlet {
    #[inline(always)]
    fn set_index(self, index: u32) {
        self.timer_index.set(index);
    }
    #[inline(always)]
    fn index(self) -> u32 {
        self.timer_index.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_claim_wins_and_the_others_lose() {
        let g = Greenlet::new();
        assert!(!g.claim(Wake::Notified), "nothing to claim before a wait");
        g.begin_wait(Reason::Sleep);
        assert!(g.is_waiting());
        assert!(g.claim(Wake::TimedOut));
        assert!(!g.claim(Wake::Notified));
        assert!(!g.cancel_wait());
        assert_eq!(g.end_wait(), Wake::TimedOut);
        assert!(!g.claim(Wake::Notified));
    }

    #[test]
    fn a_cancelled_wait_cannot_be_claimed() {
        let g = Greenlet::new();
        g.begin_wait(Reason::Sleep);
        assert!(g.cancel_wait());
        assert!(!g.claim(Wake::Notified));
    }
}
