//! Waiting and waking.

use super::drive::leave;
use super::{active, callbacks, carrier, holder, watch, with_reactor, HUB};
use crate::arch;
use crate::greenlet::Greenlet;
use crate::reactor::FdWaiter;
use crate::sys::{self, Errno};
use crate::time::NEVER;
use crate::wait::{Reason, Wake};
use core::ptr;
use core::sync::atomic::{fence, AtomicU32, Ordering};

/// Park the running greenlet, which has begun a wait, until it is claimed or
/// `deadline` comes.
#[inline(always)]
pub fn park(g: &'static Greenlet, deadline: u64) -> Wake {
    if !sys::one_os_thread() {
        // The wait has begun before the word is read: see `claim_or_leave_word`.
        fence(Ordering::SeqCst);
    }
    if g.missed_interrupt.load(Ordering::Relaxed) && interrupt_now(g) {
        return g.end_wait();
    }
    if deadline != NEVER {
        // SAFETY: holder only.
        unsafe { &mut *HUB.timers.get() }.insert(deadline, g);
    }
    leave(g);
    if deadline != NEVER {
        // SAFETY: holder only.
        unsafe { &mut *HUB.timers.get() }.remove(g);
    }
    g.end_wait()
}

/// Let the others run first.
#[inline]
pub fn yield_now(g: &'static Greenlet) {
    HUB.queue(g);
    leave(g);
}

/// Calls that never wait, after which the others get a turn: a loop of
/// uncontended locks must not keep the hub for itself.
const CALLS_PER_TURN: u32 = 1024;
static CALLS: AtomicU32 = AtomicU32::new(CALLS_PER_TURN);

/// Count a call that has not waited; true if it is time to [`yield_now`].
#[inline(always)]
pub fn tick() -> bool {
    // Not a read-modify-write: a lost count does no harm.
    let left = CALLS.load(Ordering::Relaxed);
    CALLS.store(left.wrapping_sub(1), Ordering::Relaxed);
    left == 0 && renew_turn()
}

#[cold]
fn renew_turn() -> bool {
    CALLS.store(CALLS_PER_TURN, Ordering::Relaxed);
    let several = active();
    if !several && Greenlet::current().is_some() {
        carrier::one_only();
    }
    several
}

/// Sleep until `deadline`. Anything but [`Wake::TimedOut`] came early.
pub fn sleep_until(g: &'static Greenlet, deadline: u64) -> Wake {
    pause_until(g, Reason::Sleep, deadline)
}

/// Wait for nothing but an interrupt, until `deadline`.
pub fn pause_until(g: &'static Greenlet, reason: Reason, deadline: u64) -> Wake {
    g.begin_wait(reason);
    let wake = park(g, deadline);
    after_wait(g, wake)
}

/// Make a claimed greenlet runnable. Any OS thread may call this.
#[inline(always)]
pub fn schedule(g: &'static Greenlet) {
    if holder().is_some() {
        HUB.run.push(g);
    } else {
        inject(g);
    }
}

#[cold]
/// Make a claimed greenlet runnable without having the hub. True: its holder waited in
/// the kernel, and was woken.
pub(super) fn inject(g: &'static Greenlet) -> bool {
    let mut head = HUB.inject.load(Ordering::Relaxed);
    loop {
        g.next.set(head);
        match HUB.inject.compare_exchange_weak(
            head,
            ptr::from_ref(g).cast_mut(),
            Ordering::SeqCst,
            Ordering::Relaxed,
        ) {
            Ok(_) => break,
            Err(h) => head = h,
        }
    }
    let sleeps = HUB.sleeping.load(Ordering::SeqCst);
    if sleeps {
        ring();
    }
    sleeps
}

/// End the hub's wait in the kernel.
pub(super) fn ring() {
    ring_at(HUB.bell.load(Ordering::Relaxed));
}

/// [`ring`], by another number of the bell's.
pub(super) fn ring_at(bell: u32) {
    let one = 1u64;
    // SAFETY: our own eventfd. A full counter rings as well.
    unsafe {
        let _ = crate::syscall!(libc::SYS_write, bell, &raw const one, 8);
    }
}

/// A signal handler could not run where it arrived and was noted: the hub asks
/// the layer above who shall take it. Callable from a signal handler.
pub fn signals_noted() {
    HUB.signals.store(true, Ordering::SeqCst);
    if HUB.sleeping.load(Ordering::SeqCst) {
        ring();
    } else {
        watch::signal_noted();
    }
}

/// A handler for a signal runs. Where the hub's wait in the kernel ends and none has run,
/// something else has ended it.
pub fn handler_ran() {
    HUB.handled.store(true, Ordering::Relaxed);
}

/// Whether the calling code is the hub's own: neither a greenlet's nor that of
/// an OS thread that does not drive the hub.
pub fn in_hub() -> bool {
    let tp = arch::thread_pointer();
    carrier::any(|c| c.owns(tp))
}

/// [`interrupt`] for callbacks that run on the hub.
pub fn interrupt_from_hub(g: &'static Greenlet) -> bool {
    let claimed = claim_or_leave_word(g);
    if claimed {
        HUB.run.push(g);
    }
    claimed
}

/// Claim the wait of `g` for an interrupt. A greenlet that does not wait just now
/// may be in the middle of a call that waits in several pieces: it is told at the
/// next one.
fn claim_or_leave_word(g: &'static Greenlet) -> bool {
    // The word first, then the claim: whoever begins to wait in between sees it.
    g.missed_interrupt.store(true, Ordering::SeqCst);
    let claimed = g.claim(Wake::Interrupted);
    if claimed {
        g.missed_interrupt.store(false, Ordering::Relaxed);
    }
    claimed
}

/// `g`, which has begun a wait, was to be interrupted when it did not wait. True:
/// it still is, and the wait is over.
#[cold]
fn interrupt_now(g: &'static Greenlet) -> bool {
    is_interrupt_due(g) && g.claim(Wake::Interrupted)
}

/// Whether `g`, the caller, was to be interrupted when it did not wait, and still is. With
/// the hub.
pub(super) fn is_interrupt_due(g: &'static Greenlet) -> bool {
    g.missed_interrupt.swap(false, Ordering::Relaxed)
        && callbacks().is_some_and(|c| (c.interrupt_due)(g))
}

/// The end of every interruptible wait, when nothing is linked any more: what
/// interrupted the greenlet (a signal's handler) runs here.
#[inline(always)]
pub fn after_wait(g: &'static Greenlet, wake: Wake) -> Wake {
    if wake == Wake::Interrupted {
        if let Some(c) = callbacks() {
            (c.interrupted)(g);
        }
    }
    wake
}

/// End another greenlet's wait early. False if it does not wait; then the next one
/// ends at once if there is still something to interrupt it for.
pub fn interrupt(g: &'static Greenlet) -> bool {
    if !claim_or_leave_word(g) {
        return false;
    }
    schedule(g);
    true
}

/// Wait for an edge on any of `waiters` (prepared for `g`). `Err(EPERM)`: one
/// of them is not pollable; other errors are epoll_ctl(2)'s.
pub fn wait_fds(
    g: &'static Greenlet,
    waiters: &[FdWaiter],
    reason: Reason,
    deadline: u64,
) -> Result<Wake, Errno> {
    let linked = with_reactor(|r, _| {
        for (i, w) in waiters.iter().enumerate() {
            // SAFETY: borrowed until this function returns, unlinked before.
            if let Err(e) = unsafe { r.link(w) } {
                waiters[..i].iter().for_each(|w| r.unlink(w));
                return Err(e);
            }
        }
        Ok(())
    });
    linked?;
    g.begin_wait(reason);
    let wake = park(g, deadline);
    with_reactor(|r, run| {
        if wake == Wake::Interrupted {
            // Before a handler runs, which may itself bring what was waited for.
            waiters.iter().for_each(|w| r.interrupted(w, run));
        }
        waiters.iter().for_each(|w| r.unlink(w));
    });
    Ok(after_wait(g, wake))
}
