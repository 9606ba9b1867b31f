//! One who waits in an object's line, and the line: first come, first served.
//!
//! Whoever ends the wait takes the waiter out of the line under the object's lock,
//! leaves a verdict, and wakes it. So what it waits for is handed over, and nobody who
//! comes later can take it away.
//!
//! A waiter lies on its own stack. It is touched by others under the object's lock
//! only, while it is in the line; it leaves its frame when it is in no line any more.
//!
//! A greenlet is woken directly, without the parking lot. The claim must not meet
//! another wait of the same greenlet's. So one whose wait has ended without a claim
//! (it saw the verdict, or its time was up) takes the object's lock before it waits for
//! anything else: its ender has done with it then. And it takes that lock without
//! waiting as greenlets do ([`Guarded::lock_running`]).

#[allow(unused_imports)] // For the text.
use super::guarded::Guarded;
use super::interrupt;
use crate::greenlet::Greenlet as Control;
use crate::wait::{Reason, Wake};
use crate::{doorway, hub, sys};
use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{fence, AtomicBool, AtomicU32, Ordering};

/// How a wait has ended, as its ender says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Verdict {
    /// Not at all.
    None = 0,
    /// What it waits for is its own now.
    Given = 1,
    /// It will not come.
    Refused = 2,
}

/// One who waits, and what it carries.
pub(super) struct Waiter<W = ()> {
    verdict: AtomicU32,
    /// Null: an OS thread, which sleeps on the verdict.
    greenlet: *const Control,
    /// It waits, and may be claimed.
    parked: AtomicBool,
    prev: Cell<*const Waiter<W>>,
    next: Cell<*const Waiter<W>>,
    linked: Cell<bool>,
    pub(super) load: W,
}

impl<W> Waiter<W> {
    /// The caller, who does not wait yet.
    pub(super) fn new(load: W) -> Self {
        Waiter {
            verdict: AtomicU32::new(Verdict::None as u32),
            greenlet: Control::current().map_or(ptr::null(), ptr::from_ref),
            parked: AtomicBool::new(false),
            prev: Cell::new(ptr::null()),
            next: Cell::new(ptr::null()),
            linked: Cell::new(false),
            load,
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        match self.verdict.load(Ordering::Acquire) {
            0 => Verdict::None,
            1 => Verdict::Given,
            _ => Verdict::Refused,
        }
    }

    /// Wait for a verdict until `deadline`; false if that came first. `settle` takes the
    /// object's lock ([`Guarded::lock_running`]) and releases it. Unwinds as [`park::park`](super::park::park) does.
    #[inline]
    pub(super) fn wait(&self, reason: Reason, deadline: u64, settle: impl Fn()) -> bool {
        loop {
            if self.verdict() != Verdict::None {
                settle();
                return true;
            }
            interrupt::check();
            let until = deadline.min(interrupt::earliest());
            match self.park(reason, until) {
                Wake::Notified if self.verdict() != Verdict::None => return true,
                Wake::TimedOut if until == deadline => {
                    let came = self.verdict() != Verdict::None;
                    if came {
                        settle();
                    }
                    return came;
                }
                // A time-out's deadline, a kill, a signal: look.
                _ => {}
            }
        }
    }

    #[inline]
    fn park(&self, reason: Reason, until: u64) -> Wake {
        // SAFETY: null or the calling greenlet's own.
        let Some(g) = (unsafe { self.greenlet.as_ref() }) else { return self.sleep(until) };
        let inside = doorway::enter();
        g.begin_wait(reason);
        self.parked.store(true, Ordering::Relaxed);
        if !sys::one_os_thread() {
            // Either this thread sees the verdict, or its ender sees the wait.
            fence(Ordering::SeqCst);
        }
        // (One who was claimed meanwhile is to be scheduled, and must be there.)
        if self.verdict() != Verdict::None && g.cancel_wait() {
            self.parked.store(false, Ordering::Relaxed);
            drop(inside);
            // As if it had been a signal: the caller looks again, and settles.
            return Wake::Interrupted;
        }
        interrupt::arm(Some(g));
        let wake = hub::park(g, until);
        self.parked.store(false, Ordering::Relaxed);
        let wake = hub::after_wait(g, wake);
        drop(inside);
        wake
    }

    /// An OS thread sleeps on the verdict.
    #[cold]
    fn sleep(&self, until: u64) -> Wake {
        match sys::futex_wait(&self.verdict, Verdict::None as u32, until) {
            Err(libc::ETIMEDOUT) => Wake::TimedOut,
            _ => Wake::Interrupted,
        }
    }

    /// Leave a verdict and wake it. It is in no line any more; the caller has the
    /// object's lock.
    #[inline]
    fn end(&self, verdict: Verdict) {
        // SAFETY: control blocks are never freed.
        let greenlet = unsafe { self.greenlet.as_ref() };
        let word = self.verdict.as_ptr();
        self.verdict.store(verdict as u32, Ordering::Release);
        let _inside = doorway::enter();
        match greenlet {
            Some(g) => {
                if !sys::one_os_thread() {
                    fence(Ordering::SeqCst);
                }
                if self.parked.load(Ordering::Relaxed) && g.claim(Wake::Notified) {
                    hub::schedule(g);
                }
            }
            None => {
                sys::futex_wake(word, 1);
            }
        }
    }
}

/// Those who wait, in the order in which they came; under the object's lock.
pub(super) struct Line<W = ()> {
    first: *const Waiter<W>,
    last: *const Waiter<W>,
    len: usize,
    /// Of the process that the waiters are in: see [`hub::forks`].
    forks: u32,
}

// SAFETY: waiters are reached by the holder of the object's lock only, and what they
// carry may go to another thread.
unsafe impl<W: Send> Send for Line<W> {}

impl<W> Line<W> {
    pub(super) const fn new() -> Self {
        Line { first: ptr::null(), last: ptr::null(), len: 0, forks: 0 }
    }

    /// In the child of a fork nobody waits: the waiters are other greenlets', and gone.
    fn refresh(&mut self) {
        let forks = hub::forks();
        if self.forks != forks {
            *self = Line { forks, ..Line::new() };
        }
    }

    /// Stand at the end of the line.
    ///
    /// # Safety
    /// The waiter stays where it is until its wait was ended or it has left the line.
    pub(super) unsafe fn join(&mut self, waiter: &Waiter<W>) {
        self.refresh();
        waiter.prev.set(self.last);
        // SAFETY: waiters in the line are where they were when they joined.
        match unsafe { self.last.as_ref() } {
            Some(last) => last.next.set(waiter),
            None => self.first = waiter,
        }
        self.last = waiter;
        self.len += 1;
        waiter.linked.set(true);
    }

    fn unlink(&mut self, waiter: &Waiter<W>) {
        let (prev, next) = (waiter.prev.get(), waiter.next.get());
        // SAFETY: as in `join`.
        unsafe {
            match prev.as_ref() {
                Some(p) => p.next.set(next),
                None => self.first = next,
            }
            match next.as_ref() {
                Some(n) => n.prev.set(prev),
                None => self.last = prev,
            }
        }
        self.len -= 1;
        waiter.linked.set(false);
    }

    /// Leave the line. False if the wait has been ended.
    pub(super) fn leave(&mut self, waiter: &Waiter<W>) -> bool {
        self.refresh();
        let linked = waiter.linked.get();
        if linked {
            self.unlink(waiter);
        }
        linked
    }

    /// What the first one carries.
    pub(super) fn first(&mut self) -> Option<&W> {
        self.refresh();
        // SAFETY: as in `join`; it stays while the lock is held.
        unsafe { self.first.as_ref() }.map(|w| &w.load)
    }

    /// End the first one's wait, after `f` with what it carries. False if nobody waits.
    #[inline]
    pub(super) fn end_first(&mut self, verdict: Verdict, f: impl FnOnce(&W)) -> bool {
        self.refresh();
        // SAFETY: as in `join`.
        let Some(waiter) = (unsafe { self.first.as_ref() }) else { return false };
        self.unlink(waiter);
        f(&waiter.load);
        waiter.end(verdict);
        true
    }

    /// End all waits.
    pub(super) fn end_all(&mut self, verdict: Verdict) {
        while self.end_first(verdict, |_| ()) {}
    }

    pub(super) fn len(&mut self) -> usize {
        self.refresh();
        self.len
    }
}
