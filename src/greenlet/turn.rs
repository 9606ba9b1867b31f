//! Whose code runs on a greenlet, and whether it has the hub: the words `context` and
//! `link`, as hooks, the monitor and sections change them.
//!
//! The order of the accesses is the protocol of [`crate::hub::handoff`]; change nothing
//! here without its model.

use super::{Greenlet, PROGRAM, SHIM};
use crate::hub::carrier::Carrier;
use crate::hub::handoff::{self, ASKED, AWAY, HELD};
use crate::sys;
use crate::time::NEVER;
use core::ptr;
use core::sync::atomic::{compiler_fence, Ordering};

/// What [`Greenlet::pin`] counts for among the handlers: more than they are.
const PIN: u32 = 1 << 16;

impl Greenlet {
    /// Say that our code runs, and look whether the hub is there: the link.
    #[inline(always)]
    fn step_in(&self) -> u32 {
        self.context.store(SHIM, Ordering::Relaxed);
        handoff::light_fence();
        self.link.load(Ordering::Acquire)
    }

    /// The doorway of every hook: false if our code is running already, and
    /// then the hook must pass straight through. On `true` the caller has the
    /// hub: if that has moved on, this waits for its turn.
    #[inline(always)]
    pub fn enter_shim(&self) -> bool {
        if self.context.load(Ordering::Relaxed) != PROGRAM {
            return false;
        }
        if self.step_in() != HELD {
            return self.enter_slow();
        }
        true
    }

    /// Back into our code, for those who have stepped out of it for a while: on
    /// return the caller has the hub, also in a signal's handler.
    pub fn reenter_shim(&self) {
        if self.in_shim() {
            return;
        }
        if self.step_in() != HELD && self.verdict() == AWAY {
            crate::hub::rejoin(self);
        }
    }

    /// For a few instructions on words that several greenlets use: step in if
    /// this greenlet has the hub and will keep it; [`Greenlet::leave_shim`] after
    /// them. False changes nothing, and waits for nothing.
    #[inline(always)]
    pub fn enter_briefly(&self) -> bool {
        if self.context.load(Ordering::Relaxed) != PROGRAM {
            return false;
        }
        if self.step_in() != HELD {
            self.leave_shim();
            return false;
        }
        true
    }

    /// Program code counts as ours until [`Greenlet::leave_shim`], with the hub or
    /// without: nobody asks for its turn, and signals are noted. For what touches
    /// nothing of the hub's and waits for nobody who needs it.
    #[inline(always)]
    pub fn pass_for_shim(&self) {
        self.context.store(SHIM, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
    }

    /// The monitor has asked for the hub, or taken it, or a section is on.
    #[cold]
    #[inline(never)]
    fn enter_slow(&self) -> bool {
        if self.verdict() == AWAY {
            if self.handlers.get() != 0 {
                // What the handler has interrupted may hold libc's locks, for
                // which the hub's holder may wait: it must not wait for the
                // hub. Off the hub a call may block for real.
                self.context.store(PROGRAM, Ordering::Relaxed);
                return false;
            }
            crate::hub::rejoin(self);
        }
        true
    }

    /// The link, after the monitor has decided.
    fn verdict(&self) -> u32 {
        loop {
            match self.link.load(Ordering::Acquire) {
                ASKED => {
                    let _ = sys::futex_wait(&self.link, ASKED, NEVER);
                }
                other => return other,
            }
        }
    }

    /// The way out of a hook.
    #[inline(always)]
    pub fn leave_shim(&self) {
        self.context.store(PROGRAM, Ordering::Release);
    }

    /// Whether it runs without the hub, or queues for it.
    pub fn is_away(&self) -> bool {
        self.link.load(Ordering::Acquire) == AWAY
    }

    /// First step of [`handoff::ask`].
    pub(crate) fn ask(&self) -> bool {
        self.link.compare_exchange(HELD, ASKED, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    /// The monitor leaves the hub to it.
    pub(crate) fn refuse(&self) {
        self.link.store(HELD, Ordering::Release);
        sys::futex_wake(self.link.as_ptr(), 1);
    }

    /// The monitor has taken the hub; the greenlet stays on `home`.
    pub(crate) fn taken(&self, home: &Carrier) {
        self.home.set(home);
        self.away_from(home);
        self.computes.slice_used();
        self.link.store(AWAY, Ordering::Release);
        sys::futex_wake(self.link.as_ptr(), 1);
    }

    /// From here on it computes on `home`, off the hub.
    pub(crate) fn away_from(&self, home: &Carrier) {
        self.since.set(crate::time::coarse());
        self.counts_from(home.tid());
    }

    /// A section begins: it stays on `home`, off the hub. It counts as our code
    /// until the hub has been given away: whoever interrupts it before that must
    /// not queue for a hub that nobody has.
    pub(crate) fn begin_section(&self, home: &Carrier) {
        self.home.set(home);
        // A request that is under way is refused: this is our code.
        while self.link.compare_exchange(HELD, AWAY, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            self.verdict();
        }
    }

    /// It has the hub again.
    pub(crate) fn rejoined(&self) {
        if let Some(had) = self.counted() {
            self.computes.computed(had);
        }
        self.home.set(ptr::null());
        self.offered.set(ptr::null());
        self.link.store(HELD, Ordering::Release);
    }

    /// A handler that the kernel has called begins on it (`1`) or returns (`-1`).
    pub fn count_handler(&self, change: i32) {
        self.handlers.set(self.handlers.get().wrapping_add_signed(change));
    }

    /// Whether a handler that the kernel has called on it has not returned.
    pub fn in_handler(&self) -> bool {
        self.handlers.get() != 0
    }

    /// Whether one of the program's has not: [`pin`](Self::pin) does not count.
    pub fn in_programs_handler(&self) -> bool {
        !self.handlers.get().is_multiple_of(PIN)
    }

    /// Nobody takes it off its OS thread until [`unpin`](Self::unpin), as in a handler.
    pub fn pin(&self) {
        self.handlers.set(self.handlers.get().wrapping_add(PIN));
    }

    /// See [`pin`](Self::pin). Does nothing if the handlers [were left](Self::forget_handlers).
    pub fn unpin(&self) {
        self.handlers.set(self.handlers.get().saturating_sub(PIN));
    }

    /// All handlers on it were left by a jump, or it unwinds out of them.
    pub fn forget_handlers(&self) {
        self.handlers.set(0);
    }

    /// Whether our code runs on this greenlet's behalf.
    pub fn in_shim(&self) -> bool {
        self.context.load(Ordering::Relaxed) != PROGRAM
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_do_not_nest() {
        let g = Greenlet::new();
        assert!(g.enter_shim());
        assert!(!g.enter_shim());
        g.leave_shim();
        assert!(g.enter_shim());
    }
}
