//! Lending the hub to somebody who wants to look at it: an OS thread of ours
//! that answers questions about the program.
//!
//! Whoever has borrowed the hub finds everything at rest: no greenlet begins or
//! ends a wait, none is made or goes away. Two ways lead there, and both are
//! tried until one succeeds:
//!
//! * The holder lends it, in its loop between two greenlets ([`safe_point`]),
//!   and waits until it comes back. A hub that waits in the kernel is woken.
//! * A greenlet runs program code with the hub, perhaps for long: the hub is
//!   asked for as the monitor does ([`handoff::ask`]), and given back without
//!   having moved. The greenlet computes on meanwhile; if it enters a hook, it
//!   waits there for the verdict.
//!
//! ```text
//!            borrow              safe_point             the borrower is done
//!   FREE ─────────────▶ WANTED ─────────────▶ LENT ───────────────────────▶ FREE
//!    ▲                    │ asked for, or out of patience
//!    └────────────────────┘
//! ```
//! One at a time borrows: [`BORROWING`].

use super::{handoff, park, HUB};
use crate::arch::{self, Saved};
use crate::greenlet::Greenlet;
use crate::raw_lock::RawLock;
use crate::sys;
use crate::time::{self, MILLISECOND, NEVER};
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

const FREE: u32 = 0;
const WANTED: u32 = 1;
const LENT: u32 = 2;
static STATE: AtomicU32 = AtomicU32::new(FREE);
static BORROWING: RawLock<()> = RawLock::shared(());

/// How long to wait for the holder before looking at what runs.
const LOOK: u64 = 2 * MILLISECOND;

/// The hub, at rest.
#[derive(Debug)]
pub struct Lent {
    /// The greenlet that runs program code meanwhile, if one does.
    running: Option<&'static Greenlet>,
}

/// The holder is between two greenlets, with its own TLS block loaded.
pub(super) fn safe_point() {
    if STATE.compare_exchange(WANTED, LENT, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
        sys::futex_wake(STATE.as_ptr(), 1);
        while STATE.load(Ordering::Acquire) == LENT {
            let _ = sys::futex_wait(&STATE, LENT, NEVER);
        }
    }
}

/// Let the holder come to its loop soon, and look there for us.
fn call() {
    HUB.signals.store(true, Ordering::SeqCst);
    if HUB.sleeping.load(Ordering::SeqCst) {
        park::ring_at(BELL.load(Ordering::Relaxed));
    }
}

/// The bell's number in the borrower's own table of descriptors.
static BELL: AtomicU32 = AtomicU32::new(u32::MAX);

/// The number of the hub's bell.
pub(crate) fn bell() -> i32 {
    HUB.bell.load(Ordering::Relaxed) as i32
}

/// The borrower has a table of descriptors of its own, and a copy of the bell.
pub(crate) fn set_bell(copy: i32) {
    BELL.store(copy as u32, Ordering::Relaxed);
}

/// Call `look` with the hub at rest; `None` if that could not be had for
/// `patience` nanoseconds (our own code is at something long). `look` may not
/// park, and should not take long. Not for greenlets.
pub fn borrow<R>(patience: u64, look: impl FnOnce(&Lent) -> R) -> Option<R> {
    let _one = BORROWING.lock();
    if HUB.carrier.load(Ordering::Acquire).is_null() {
        return None;
    }
    let end = time::after(patience);
    STATE.store(WANTED, Ordering::Release);
    loop {
        call();
        let _ = sys::futex_wait(&STATE, WANTED, time::after(LOOK).min(end));
        if STATE.load(Ordering::Acquire) == LENT {
            return Some(give_back(look(&Lent { running: None })));
        }
        // SAFETY: null or a greenlet, which is never freed.
        let running = unsafe { HUB.running.load(Ordering::Acquire).as_ref() };
        if let Some(g) = running.filter(|g| handoff::ask(g)) {
            // Nobody else can lend what this thread has now.
            STATE.store(FREE, Ordering::Relaxed);
            let result = look(&Lent { running: Some(g) });
            g.refuse();
            return Some(result);
        }
        if time::now() >= end {
            let withdrawn =
                STATE.compare_exchange(WANTED, FREE, Ordering::AcqRel, Ordering::Acquire);
            return match withdrawn {
                Ok(_) => None,
                // Just now.
                Err(_) => Some(give_back(look(&Lent { running: None }))),
            };
        }
    }
}

fn give_back<R>(result: R) -> R {
    STATE.store(FREE, Ordering::Release);
    sys::futex_wake(STATE.as_ptr(), 1);
    result
}

/// In the child of a fork nobody borrows.
pub(super) fn after_fork() {
    BORROWING.reset();
    STATE.store(FREE, Ordering::Relaxed);
}

/// The holder waits for `done` in its loop and lends the hub meanwhile, until
/// `deadline`.
pub(crate) fn lend_until(deadline: u64, done: impl Fn() -> bool) {
    while !done() && time::now() < deadline {
        safe_point();
        let state = STATE.load(Ordering::Acquire);
        if state != WANTED {
            let _ = sys::futex_wait(&STATE, state, time::after(LOOK));
        }
    }
}

/// The greenlet that was resumed last: who it is that does not let go, when the
/// hub cannot be had. (It may have ended since.)
pub fn last_resumed() -> Option<&'static Greenlet> {
    // SAFETY: null or a greenlet, which is never freed.
    unsafe { HUB.running.load(Ordering::Acquire).as_ref() }
}

impl Lent {
    /// Every greenlet, newest first.
    pub fn for_each(&self, f: impl FnMut(&'static Greenlet)) {
        super::for_each(f);
    }

    /// Whether it runs program code at this moment, with the hub.
    pub fn runs(&self, g: &Greenlet) -> bool {
        self.running.is_some_and(|r| ptr::eq(r, g))
    }

    /// When its wait ends at the latest.
    pub fn deadline_of(&self, g: &'static Greenlet) -> Option<u64> {
        // SAFETY: the hub is this thread's.
        unsafe { &*HUB.timers.get() }.deadline_of(g)
    }

    /// Where `g` goes on; `None`: it runs, or has not begun.
    pub fn saved(&self, g: &Greenlet) -> Option<Saved> {
        if self.runs(g) || super::off_hub(g).is_some() {
            return None;
        }
        // SAFETY: it has left its stack, and the hub is this thread's.
        unsafe { arch::saved_by_swap(g.sp.get()) }
    }
}
