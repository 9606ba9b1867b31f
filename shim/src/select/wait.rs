//! Look, park, look again: what all hooks of this group do.
//!
//! # No wake-up is lost
//!
//! The reactor reports edges, the program asks about levels. What makes the
//! two agree is an order and a property of the kernel.
//!
//! The order: [`wait`] looks with the kernel's own zero-time call, and when
//! that finds nothing links its waiters and parks with no yield between. The
//! look, the linking and the reading of edges are all done by the hub's
//! holder, so every edge is either
//! - raised before the look: then the look has seen what it stands for, or
//!   that is gone again and nobody needs to hear of it; or
//! - raised after the look: then it is still in epoll's ready list when the
//!   waiters are linked, and the hub reads it after that.
//!
//! A descriptor that is registered only now is covered as well: `EPOLL_CTL_ADD`
//! and `EPOLL_CTL_MOD` ask the file and put it on the ready list if it is ready.
//!
//! The property: the kernel's `poll` and `select` are woken by nothing else
//! than the file's wait queue, with a key that names the events; epoll's
//! callback sits on the same queue with the same kind of key, and an
//! edge-triggered entry goes back to the ready list on every such call. A
//! level that becomes true without a call to the wait queue (a lower
//! `SO_RCVLOWAT`, say) does not end a native `poll` before something else wakes
//! it, either; if the kernel calls the queue (as TCP does for `SO_RCVLOWAT`, and
//! every socket for write space), epoll hears of it. What must hold is only
//! that a waiter's mask covers the events that the program asked for, and
//! errors and hang-ups, which it need not ask for.
//!
//! An edge that stands for something else than what the program asked about
//! costs a look and another park.
//!
//! # Where epoll refuses
//!
//! `EPERM`: the file cannot be waited for. Its level never changes, so the look
//! was the last word on it and it needs no waiter. All else (`ELOOP`: nesting
//! too deep; `ENOSPC`, `ENOMEM`: too many watches) turns the wait into looks at
//! intervals of [`STEP`].

use crate::doorway::Shim;
use crate::signal::{self, action::to_bits, deliver, mask, pending};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::reactor::FdWaiter;
use hub::sys::Errno;
use hub::time::{self as clock, MILLISECOND, NEVER};
use hub::wait::{Reason, Wake};

/// Between two looks where descriptors cannot be registered with the hub.
const STEP: u64 = MILLISECOND;

/// Calls in a row that may find something at once before the others get a
/// turn: `while (!flag) poll(always_ready, 1, -1)` must let somebody set it.
const AT_ONCE: u32 = 32;

/// One call's arguments, as the wait needs them.
pub trait Source {
    /// Ask the kernel, without waiting. 0: nothing yet. May change results
    /// that the program sees only when something was found.
    fn look(&mut self) -> Result<usize, Errno>;

    /// Name every descriptor that may end the wait, with the directions of
    /// [`hub::reactor`]. Called after a look that has found nothing.
    fn interests(&self, add: &mut dyn FnMut(i32, u8));

    /// What the greenlet waits for.
    fn reason(&self) -> Reason;

    /// The signal mask that the call brings for its duration, or null. A look
    /// has found it readable.
    fn signal_mask(&self) -> *const libc::sigset_t;

    /// Whether a call that does not wait runs the handlers of pending signals that its mask
    /// lets through. (Linux: epoll_pwait(2) does not.)
    fn hears_at_once(&self) -> bool {
        true
    }

    /// Whether a look consumes what it finds, so that one waiter at a time is
    /// to be woken.
    fn consumes(&self) -> bool {
        false
    }
}

/// Wait until `source` finds something, at most for `span` nanoseconds (0: only
/// look, [`NEVER`]: no limit). `Ok(0)`: the time is over. `Err(EINTR)`: a
/// signal came first. A cancellation point while it waits.
pub fn wait(shim: &Shim, source: &mut impl Source, span: u64) -> Result<usize, Errno> {
    let g = shim.greenlet;
    if span == 0 {
        // A program that polls in a loop waits for somebody else to act.
        scheduler::yield_now(g);
    } else {
        give_turns(g);
    }
    let deadline = clock::after(span);
    let found = source.look()?;
    if found != 0 || span == 0 && !source.hears_at_once() {
        return Ok(found);
    }
    // SAFETY: null or readable, as the look has found.
    let Some(set) = (unsafe { source.signal_mask().as_ref() }) else {
        return if span == 0 { Ok(0) } else { look_again(shim, source, deadline) };
    };
    let before = mask::of(g);
    mask::set(g, to_bits(set));
    let result = if pending::pending_for(g) & !mask::of(g) != 0 {
        deliver::interrupted(g);
        signal::restarts(shim, false);
        Err(libc::EINTR)
    } else if span == 0 {
        Ok(0)
    } else {
        look_again(shim, source, deadline)
    };
    // (Not if the thread ends there: its cleanup handlers run with the call's mask.)
    mask::set(g, before);
    result
}

/// The rest of [`wait`], when there was nothing at first.
fn look_again(shim: &Shim, source: &mut impl Source, deadline: u64) -> Result<usize, Errno> {
    let g = shim.greenlet;
    let waiters = Waiters::gather(g, source);
    loop {
        let mut until = deadline;
        let parked = match &waiters {
            Ok(w) if w.as_slice().is_empty() => {
                Ok(scheduler::pause_until(g, source.reason(), until))
            }
            Ok(w) => scheduler::wait_fds(g, w.as_slice(), source.reason(), until),
            Err(e) => Err(*e),
        };
        let wake = parked.unwrap_or_else(|_| {
            until = until.min(clock::after(STEP));
            scheduler::pause_until(g, source.reason(), until)
        });
        if wake == Wake::Interrupted {
            // signal(7): never restarted.
            signal::restarts(shim, false);
            return Err(libc::EINTR);
        }
        let found = source.look()?;
        if found != 0 || wake == Wake::TimedOut && until == deadline {
            return Ok(found);
        }
    }
}

/// The waiters of one call. Most calls are for one descriptor: that one needs
/// no allocation.
struct Waiters {
    one: Option<FdWaiter>,
    many: Vec<FdWaiter>,
}

impl Waiters {
    /// A waiter for each of the source's descriptors that can be waited for,
    /// all of them registered.
    fn gather(g: &'static Greenlet, source: &impl Source) -> Result<Self, Errno> {
        let mut all = Waiters { one: None, many: Vec::new() };
        let mut result = Ok(());
        let exclusive = source.consumes();
        source.interests(&mut |fd, directions| {
            if result.is_err() {
                return;
            }
            match scheduler::with_reactor(|r, _| r.register(fd, directions)) {
                Ok(()) if exclusive => result = all.push(FdWaiter::exclusive(g, fd, directions)),
                Ok(()) => result = all.push(FdWaiter::shared(g, fd, directions)),
                Err(libc::EPERM) => {}
                Err(e) => result = Err(e),
            }
        });
        result.map(|()| all)
    }

    fn push(&mut self, waiter: FdWaiter) -> Result<(), Errno> {
        if self.one.is_none() && self.many.is_empty() {
            self.one = Some(waiter);
            return Ok(());
        }
        // A reservation per doubling; the wait can do without it.
        self.many.try_reserve(2).map_err(|_| libc::ENOMEM)?;
        self.many.extend(self.one.take());
        self.many.push(waiter);
        Ok(())
    }

    fn as_slice(&self) -> &[FdWaiter] {
        if self.many.is_empty() {
            self.one.as_slice()
        } else {
            &self.many
        }
    }
}

/// Let the others run if this and the calls before have kept them from it.
fn give_turns(g: &'static Greenlet) {
    // Only the hub's holder comes here; the atomics are for the type checker.
    static SWITCHES: AtomicU64 = AtomicU64::new(0);
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let switches = scheduler::switches();
    if SWITCHES.swap(switches, Ordering::Relaxed) != switches {
        CALLS.store(0, Ordering::Relaxed);
        return;
    }
    let calls = CALLS.load(Ordering::Relaxed) + 1;
    CALLS.store(calls, Ordering::Relaxed);
    if calls >= AT_ONCE {
        CALLS.store(0, Ordering::Relaxed);
        scheduler::yield_now(g);
    }
}

/// Nanoseconds of a time-out in milliseconds; negative ones mean for ever.
pub fn span_of_milliseconds(ms: core::ffi::c_int) -> u64 {
    u64::try_from(ms).map_or(NEVER, |ms| ms * MILLISECOND)
}

/// Nanoseconds of a time-out where null means for ever. EINVAL for what the
/// kernel calls invalid: negative, or 10⁹ nanoseconds and more.
///
/// # Safety
/// `span` is null or readable.
pub unsafe fn span_of_timespec(span: *const libc::timespec) -> Result<u64, Errno> {
    // SAFETY: by the caller's contract.
    match unsafe { span.as_ref() } {
        None => Ok(NEVER),
        Some(ts) => clock::from_timespec(ts).ok_or(libc::EINVAL),
    }
}
