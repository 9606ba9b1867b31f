//! Greenlets that compute between their calls leave the hub by themselves.
//!
//! The monitor takes the hub off a greenlet that has kept it for a slice. A program whose
//! threads compute for some milliseconds, make a few calls and compute again would go on
//! like that: each time somebody computes with the hub until the monitor comes, and
//! the others wait for it, with processors idle. So who was found to compute goes off the
//! hub at the end of its hooks, as for a blocking section whose call is the program's own
//! code up to the next hook. If nobody has anything else to do, the hub is at rest ([`watch`](super::watch)),
//! and both ways are a compare-and-swap each.
//!
//! Who keeps the hub for less than a slice each time is found by the monitor, too: whom it
//! sees running for a tenth of a millisecond without a switch it lets try. Whether that pays
//! is told by what it computes off the hub: see [`Account`].

use super::carrier;
use super::section::{leave_hub, Heir};
use super::{active, monitor, preempt, standing, task, HUB};
use crate::greenlet::Greenlet;
use crate::observe;
use crate::time::{self, MICROSECOND, MILLISECOND};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What going off the hub and coming back may cost: who computes for less between two
/// calls keeps the hub.
const COST: u64 = 30 * MICROSECOND;
/// Who is seen to run for so long without a switch is tried.
pub(super) const RUN: u64 = 100 * MICROSECOND;
/// What is remembered at most: so much computing pays for many calls in a row.
const MOST: u64 = 4 * MILLISECOND;

/// Whether a greenlet has been found to compute lately.
static SOME: AtomicBool = AtomicBool::new(false);
/// When, about.
static LATELY: AtomicU64 = AtomicU64::new(0);

fn one_computes() {
    LATELY.store(time::coarse(), Ordering::Relaxed);
    SOME.store(true, Ordering::Relaxed);
}

/// What a greenlet has computed off the hub, less what that has cost, in nanoseconds. Its
/// own, and the monitor's: of two changes at the same time one may get lost.
pub(crate) struct Account(AtomicU64);

impl Account {
    pub(crate) const fn new() -> Self {
        Account(AtomicU64::new(0))
    }

    /// Nothing is known of it.
    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// It was seen to run for [`RUN`]: at its next hook's end it is tried.
    pub(super) fn seen(&self) {
        self.0.fetch_max(RUN, Ordering::Relaxed);
        one_computes();
    }

    /// It has used up a slice: at first it is taken for one that computes.
    pub(crate) fn slice_used(&self) {
        self.0.store(MOST, Ordering::Relaxed);
        one_computes();
    }

    /// It was off the hub once, and has computed for `span`.
    pub(crate) fn computed(&self, span: u64) {
        let all = (self.0.load(Ordering::Relaxed) + span).min(MOST);
        self.0.store(all.saturating_sub(COST), Ordering::Relaxed);
        if span > COST {
            one_computes();
        }
    }

    fn pays(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }
}

/// Whether the end of a hook is to be told by [`hook_ends`].
#[inline(always)]
pub fn some() -> bool {
    SOME.load(Ordering::Relaxed)
}

/// Forget those who have not computed for `span`. By the monitor.
pub(super) fn forget(now: u64, span: u64) {
    if now.saturating_sub(LATELY.load(Ordering::Relaxed)) > span {
        SOME.store(false, Ordering::Relaxed);
    }
}

/// Tell of those who have run off the hub for `span` nanoseconds: of those who have left it by
/// themselves nobody else does. By the monitor, while something is recorded. True: some
/// run.
pub(super) fn tell_of_long_runs(span: u64) -> bool {
    let mut some = false;
    carrier::any(|c| {
        // SAFETY: null or a greenlet, which is never freed.
        if let Some(g) = unsafe { c.off_hub.load(Ordering::Acquire).as_ref() } {
            some = true;
            observe::hogs::suspect_after(g, c.tid(), span);
        }
        false
    });
    some
}

/// Whether `g` should go off the hub at the end of its hook. Who unwinds through the hook
/// has left our code before: whether it has the hub then, nobody can tell.
fn should_leave(g: &Greenlet) -> bool {
    g.in_shim() && g.computes.pays() && !g.in_handler()
}

/// What goes on without the hub, besides blocking sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// Nothing.
    Nothing,
    /// All of those who do are blocked in the kernel at this moment, where no hook has
    /// seen it.
    Blocked,
    /// Somebody computes, or wants the hub.
    Runs,
}

/// Whether others run without the hub. The caller has it.
pub fn elsewhere() -> Elsewhere {
    let mut found = Elsewhere::Nothing;
    carrier::any(|c| {
        if !c.off_hub.load(Ordering::Acquire).is_null() {
            let blocked = task::is_blocked(c.tid());
            found = if blocked { Elsewhere::Blocked } else { Elsewhere::Runs };
        }
        found == Elsewhere::Runs
    });
    // (Who queues is blocked: asked afterwards.)
    if carrier::queueing() != 0 {
        return Elsewhere::Runs;
    }
    found
}

/// The running greenlet `g`, which is in our code, is about to go on in the program's:
/// with the hub, or without if it computes. (If it is unwound it is in the program's
/// already, and this does nothing.)
#[cold]
pub fn hook_ends(g: &'static Greenlet) {
    if !should_leave(g) || !monitor::hands_off() {
        return g.leave_shim();
    }
    go_off(g);
}

/// The running greenlet `g`, which is in our code, goes on in the program's without the hub,
/// if somebody is there to have it.
pub(super) fn go_off(g: &'static Greenlet) {
    if !active() {
        return g.leave_shim();
    }
    let standing = g.standing.get();
    let Some(to) = Heir::find(standing, || carrier::take_idle(standing)) else {
        standing::want_carrier(standing);
        return g.leave_shim();
    };
    let home = HUB.carrier();
    g.away_from(home);
    home.off_hub.store(ptr::from_ref(g).cast_mut(), Ordering::Release);
    if !leave_hub(g, home, to) {
        home.off_hub.store(ptr::null_mut(), Ordering::Release);
    }
    preempt::leave_off_hub(g, home);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_computes_between_calls_goes_off_the_hub_and_who_does_not_stays() {
        let account = Account::new();
        assert!(!account.pays());
        account.slice_used();
        assert!(account.pays());
        // Many short calls, and a long run now and then.
        for _ in 0..10 {
            (0..20).for_each(|_| account.computed(0));
            assert!(account.pays());
            account.computed(2 * MILLISECOND);
        }
        (0..150).for_each(|_| account.computed(MICROSECOND));
        assert!(!account.pays());
        account.seen();
        assert!(account.pays());
        (0..4).for_each(|_| account.computed(0));
        assert!(!account.pays(), "tried in vain");
        account.seen();
        (0..100).for_each(|_| account.computed(2 * COST));
        assert!(account.pays());
        account.slice_used();
        account.clear();
        assert!(!account.pays());
    }

    #[test]
    fn who_has_left_our_code_before_does_not_leave_the_hub_at_a_hooks_end() {
        let g = Greenlet::new();
        g.computes.slice_used();
        assert!(g.enter_shim() && should_leave(&g));
        g.leave_shim();
        assert!(!should_leave(&g));
        assert!(g.enter_shim());
        g.count_handler(1);
        assert!(!should_leave(&g));
    }

    #[test]
    fn somebody_computes_until_that_is_forgotten() {
        let account = Account::new();
        let later = |span| forget(time::coarse() + span, COST);
        account.computed(0);
        later(2 * COST);
        assert!(!some());
        account.slice_used();
        later(COST);
        assert!(some());
        later(2 * COST);
        account.computed(2 * COST);
        assert!(some());
        later(2 * COST);
        assert!(!some());
    }
}
