//! The watch: the hub at rest, while a greenlet is away.
//!
//! A greenlet whose section is over wants the hub back. If that waits for descriptors
//! and timers in the kernel, on another carrier, waking the carrier only to be given the
//! hub costs two wake-ups of OS threads one after the other, which is often longer than
//! the call took. So while anybody is away a carrier with nothing to do does not wait
//! for events *with* the hub: it keeps watch. Who comes back takes the hub past it and
//! leaves it asleep, and whoever goes away next may leave the hub with it again,
//! without waking it either. A program of which one thread makes blocking calls and the
//! others wait costs no wake-up at all.
//!
//! ```text
//!                  the holder lies down
//!   (the hub's)  ───────────────────────▶ RESTS ◀─────────┐ the hub is left with
//!        ▲        an event, the bell        │ │           │ it: it sleeps on
//!        └──────────────────────────────────┘ │ taken     │
//!                                             ▼           │
//!   (in the pool) ◀────────────────────── WATCHES ────────┘
//!                  an event, the bell
//! ```
//! These are two of the states of a carrier's word ([`turn`](super::carrier::turn)): each
//! arrow is one compare-and-swap, so the hub has one owner.
//!
//! One carrier at a time is in one of them: [`KEPT`].
//!
//! # What the sleeper sleeps on
//!
//! poll(2) of the epoll descriptor, which takes no event from it: whoever gets up
//! without the hub has taken nothing, and the next one to look finds all there is.
//! The timer is among the descriptors.
//!
//! After SIGSTOP and SIGCONT epoll_wait(2) ends with EINTR and poll(2) goes on, so a stop is
//! not seen here, as it is where the holder waits for events. (An epoll descriptor that holds
//! the reactor's would tell, for one more descriptor in every program and a detour for every
//! event; a handler of SIGCONT would end calls that go on natively.)
//!
//! # Signals
//!
//! The sleeper blocks in the kernel what the hub's holder blocked when it lay down. The
//! layer above says whether that still holds ([`Callbacks::may_rest`]): else the hub is
//! not left there, and the carrier gets up. One that arrives in WATCHES is noted
//! ([`signals_noted`](super::signals_noted)), and who has the hub is asked to look.
//!
//! [`Callbacks::may_rest`]: super::Callbacks::may_rest

use super::carrier::{self, Carrier};
use super::park::ring;
use super::{callbacks, monitor, preempt, standing, HUB};
use crate::arch;
use crate::time;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// Who lay down last. Changed with the hub.
static KEPT: AtomicPtr<Carrier> = AtomicPtr::new(ptr::null_mut());
/// The hub has been elsewhere since then. Changed with the hub.
static TAKEN: AtomicBool = AtomicBool::new(false);

fn kept() -> Option<&'static Carrier> {
    // SAFETY: null or a carrier; they live for ever.
    unsafe { KEPT.load(Ordering::Acquire).as_ref() }
}

/// Whether there is, or was a moment ago, a carrier on watch without the hub.
#[inline]
fn watcher() -> Option<&'static Carrier> {
    kept().filter(|c| c.turn().watches())
}

/// Whether a holder with nothing to do should lie down instead of waiting for events.
pub(super) fn is_due() -> bool {
    carrier::any_away() || watcher().is_some()
}

/// The holder `c`, which has announced that it sleeps and armed the timer, lies down
/// until an event comes; `epoll` is the reactor's. False: it has not got the hub any
/// more, and rests in the pool.
pub(super) fn lie_down(c: &'static Carrier, epoll: i32) -> bool {
    if let Some(other) = watcher() {
        // One sleeper is enough: every event would wake both.
        if may_rest(other) && leave_with(other, c) {
            carrier::leaves(c, None);
            carrier::rest(c);
            return false;
        }
        dismiss();
        return true;
    }
    KEPT.store(ptr::from_ref(c).cast_mut(), Ordering::Release);
    TAKEN.store(false, Ordering::Relaxed);
    c.turn().lie_down();
    let mut event = libc::pollfd { fd: epoll, events: libc::POLLIN, revents: 0 };
    // SAFETY: one structure of ours. What ends it does not matter.
    unsafe {
        let _ = crate::syscall!(libc::SYS_ppoll, &raw mut event, 1, 0, 0, 0);
    }
    loop {
        if c.turn().get_up() {
            if TAKEN.load(Ordering::Relaxed) {
                carrier::taken(c);
            }
            return true;
        }
        // The hub is elsewhere; until the word says so it may be left here again.
        carrier::leaves(c, None);
        if c.turn().leave_watch() {
            carrier::rest(c);
            return false;
        }
    }
}

/// Leave the hub with `to`, which is on watch; `from` has it. False: that has got up.
pub(super) fn leave_with(to: &'static Carrier, from: &'static Carrier) -> bool {
    HUB.carrier.store(ptr::from_ref(to).cast_mut(), Ordering::Release);
    HUB.sleeping.store(true, Ordering::SeqCst);
    TAKEN.store(true, Ordering::Relaxed);
    if !to.turn().leave_hub() {
        HUB.carrier.store(ptr::from_ref(from).cast_mut(), Ordering::Release);
        HUB.sleeping.store(false, Ordering::SeqCst);
        return false;
    }
    // Who came before the announcement has not rung.
    if !HUB.inject.load(Ordering::SeqCst).is_null() || HUB.signals.load(Ordering::SeqCst) {
        ring();
    }
    true
}

fn may_rest(c: &'static Carrier) -> bool {
    let may = callbacks().is_none_or(|layer| (layer.may_rest)(c));
    if !may {
        ring();
    }
    may
}

/// The carrier with which the hub can be left, a carrier on watch, since nobody has anything
/// to do, and whom the others will run who are of the `standing` of who goes away; it
/// will get up when a timer is due. By the holder.
pub(super) fn can_take_over(standing: u32) -> Option<&'static Carrier> {
    let to = watcher().filter(|_| !HUB.carrier().is_restricted())?;
    if to.standing() != standing && !standing::is_sole(standing) && !carrier::any_idle(standing) {
        return None;
    }
    // Nobody gets up for what is there already.
    super::with_reactor(|r, run| r.settle_all(run));
    let some = !HUB.without_unit.is_empty() || HUB.has_stranded() || !HUB.destined.get().is_null();
    if some || !HUB.nobody_is_runnable() || !may_rest(to) {
        return None;
    }
    // SAFETY: holder only.
    let next = unsafe { &*HUB.timers.get() }.next_deadline();
    if let Some(deadline) = next {
        if deadline <= time::now() {
            return None;
        }
        super::with_reactor(|r, _| r.arm_for(deadline));
    }
    Some(to)
}

/// Give the hub to the carrier of this standing that is on watch, and wake it; `from` has it.
/// False: there is none.
pub(super) fn rouse_with(standing: u32, from: &'static Carrier) -> bool {
    let Some(to) = watcher().filter(|c| c.standing() == standing) else { return false };
    // What it blocks in the kernel is what was blocked when it lay down.
    if !may_rest(to) {
        dismiss();
        return false;
    }
    carrier::leaves(from, None);
    let left = leave_with(to, from);
    if left {
        carrier::rest(from);
        ring();
    } else {
        carrier::taken(from);
    }
    left
}

/// A greenlet that was away, on `home`, takes the hub if it is at rest. False: it is not.
pub(super) fn take(home: &'static Carrier) -> bool {
    if !kept().is_some_and(|c| c.turn().take_hub()) {
        return false;
    }
    TAKEN.store(true, Ordering::Relaxed);
    HUB.carrier.store(ptr::from_ref(home).cast_mut(), Ordering::Release);
    // As after a wait for events: before the monitor's state is looked at.
    HUB.sleeping.store(false, Ordering::SeqCst);
    HUB.look.note(time::refresh());
    monitor::rouse();
    true
}

/// What the carriers block in the kernel has grown: who is on watch must not take what
/// is to stay pending. Returns when it has got up, or the hub is its own. By the holder.
pub fn dismiss() {
    while watcher().is_some() {
        ring();
        // SAFETY: takes nothing.
        unsafe {
            let _ = crate::syscall!(libc::SYS_sched_yield);
        }
    }
}

/// A signal was noted. If that was on a carrier on watch, who has the hub may compute:
/// ask for its turn. In a signal handler.
pub(super) fn signal_noted() {
    let tp = arch::thread_pointer();
    if watcher().is_some_and(|c| c.owns(tp)) {
        preempt::ask(HUB.carrier().tid());
    }
}

/// In the child of a fork nobody keeps watch.
pub(super) fn after_fork() {
    KEPT.store(ptr::null_mut(), Ordering::Relaxed);
}
