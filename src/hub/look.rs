//! Looking around: timers and descriptors, while greenlets keep the hub busy.
//!
//! A hub in which nobody is runnable waits for both in the kernel. In one that is busy
//! they are looked at without waiting about every [`LOOK_AROUND`]. Between two looks only
//! switches are counted, so that no switch asks for the time. Who runs
//! first after a look is told in [`behind`](super::behind).

use super::carrier::Carrier;
use super::Hub;
use crate::greenlet::Greenlet;
use crate::time::{self, MILLISECOND};
use core::cell::Cell;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// How often timers and descriptors are looked at while greenlets keep the
/// hub busy.
const LOOK_AROUND: u64 = MILLISECOND;

/// Switches between two looks, at most.
const MOST_SWITCHES: u32 = 64;

/// When the next look is, and what has happened since the last one. All but the two atomics are the
/// holder's; in those two a store of the monitor's may get lost.
pub(super) struct Look {
    /// Switches to the next look at the clock.
    left: AtomicU32,
    /// Of so many.
    interval: Cell<u32>,
    /// When timers and descriptors were looked at last.
    at: AtomicU64,
    /// The hub's switches then.
    switches: Cell<u64>,
    /// Somebody has used up a slice since.
    slice_used: Cell<bool>,
}

impl Look {
    pub(super) const fn new() -> Self {
        Look {
            left: AtomicU32::new(MOST_SWITCHES),
            interval: Cell::new(MOST_SWITCHES),
            at: AtomicU64::new(0),
            switches: Cell::new(0),
            slice_used: Cell::new(false),
        }
    }

    /// Count a switch. False: it is time to look first.
    #[inline(always)]
    pub(super) fn count(&self) -> bool {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return false;
        }
        self.left.store(left - 1, Ordering::Relaxed);
        true
    }

    /// Whether the next switch needs no look first.
    #[inline(always)]
    pub(super) fn can_wait(&self) -> bool {
        self.left.load(Ordering::Relaxed) != 0
    }

    /// Look before the next switch.
    pub(super) fn soon(&self) {
        self.left.store(0, Ordering::Relaxed);
    }

    /// Somebody has used up a slice. With the hub.
    pub(super) fn slice_used(&self) {
        self.slice_used.set(true);
        self.soon();
    }

    /// Timers and descriptors are looked at now.
    pub(super) fn note(&self, now: u64) {
        self.at.store(now, Ordering::Relaxed);
        self.switches.set(super::switches());
        self.slice_used.set(false);
    }

    /// Whether they have not been looked at for `times` as long as they should.
    fn is_late(&self, now: u64, times: u64) -> bool {
        now.saturating_sub(self.at.load(Ordering::Relaxed)) > times * LOOK_AROUND
    }

    /// [`Look::soon`] if the last look is long ago. By the monitor.
    pub(super) fn remind(&self, now: u64) {
        if self.is_late(now, 2) {
            self.soon();
        }
    }

    /// Count down from here; `at_once`: to nothing.
    fn count_from_here(&self, at_once: bool) {
        self.left.store(if at_once { 0 } else { self.interval.get() }, Ordering::Relaxed);
    }

    /// Turns since the last look.
    fn turns(&self) -> u64 {
        (super::switches() - self.switches.get()).max(1)
    }

    /// Whether turns were long since the last look, which was `since` ago. Learns how many
    /// switches fit between two.
    fn turns_were_long(&self, since: u64) -> bool {
        let turns = self.turns();
        if self.slice_used.get() {
            return true;
        }
        let fit = turns.saturating_mul(LOOK_AROUND) / since.max(1);
        self.interval.set(fit.clamp(1, u64::from(MOST_SWITCHES)) as u32);
        since / turns > LOOK_AROUND
    }
}

impl Hub {
    /// Whether the running greenlet should let others go on: somebody is runnable, or
    /// timers and descriptors have not been looked at for a while. Then they will be.
    pub(super) fn others_are_due(&self, now: u64) -> bool {
        if !self.look.count() || self.look.is_late(now, 1) {
            self.look.soon();
            return true;
        }
        !self.nobody_is_runnable()
    }

    /// Busy: expire timers and poll without waiting, about every
    /// [`LOOK_AROUND`].
    #[cold]
    pub(super) fn look_around(&self, carrier: &Carrier) {
        if self.modules_changed.load(Ordering::Relaxed) {
            carrier.load_own();
            self.refresh_modules();
        }
        let now = time::now();
        let look = &self.look;
        let since = now - look.at.load(Ordering::Relaxed);
        if since > LOOK_AROUND || look.slice_used.get() {
            let (long, turns) = (look.turns_were_long(since), look.turns());
            look.note(now);
            self.behind.order(&self.run, long, turns.min(u64::from(MOST_SWITCHES)) as u32);
            self.expire(now);
            carrier.load_own();
            let _ = self.poll(0);
        } else if since < LOOK_AROUND / 2 {
            look.interval.set((look.interval.get() * 2).min(MOST_SWITCHES));
        }
        self.count_from_here();
    }

    /// Count down to the next look around from here. While modules may come, each
    /// switch has one.
    pub(super) fn count_from_here(&self) {
        self.look.count_from_here(self.modules_changed.load(Ordering::Relaxed));
    }

    /// Nobody but those who compute is runnable: one of them, unless a timer or
    /// a descriptor has something now.
    #[cold]
    pub(super) fn next_hog(&self, carrier: &Carrier) -> Option<&'static Greenlet> {
        let now = time::now();
        self.look.note(now);
        self.expire(now);
        carrier.load_own();
        let _ = self.poll(0);
        if self.run.is_empty() {
            self.behind.pop_hog()
        } else {
            None
        }
    }
}
