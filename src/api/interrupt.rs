//! What ends a wait early: a kill of the running greenlet, or one of its
//! time-outs.
//!
//! Both unwind the greenlet's stack with `resume_unwind`, so destructors run and
//! no panic hook does. They are raised at wait points only ([`super::park`]),
//! outside our code, when nothing of the wait is linked any more; never while
//! the greenlet unwinds already, which would abort the process.
//!
//! The preload library's API for C has POSIX's way instead: there a kill is a
//! cancellation, which unwinds C++ destructors and cleanup handlers as well. It
//! says so by an [`Ending`].

use super::about::About;
use super::current;
use super::guarded::Guarded;
use super::timeout::Expired;
use crate::greenlet::Greenlet as Control;
use crate::time::{self, NEVER};
use crate::{hub, sys};
use core::any::Any;
use core::cell::{Cell, RefCell};
use core::ptr;
use core::sync::atomic::{fence, AtomicPtr, AtomicU8, Ordering};
use core::time::Duration;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::thread::panicking;

/// How greenlets are ended where that is not by a panic.
#[derive(Debug)]
pub struct Ending {
    /// Ask a greenlet to end, and end its wait. In our code.
    pub ask: fn(&'static Control),
    /// Whether the greenlet is to end at its next wait point.
    pub is_due: fn(&'static Control) -> bool,
    /// A wait point: does not return if the caller is to end. In program code.
    pub point: fn(),
    /// Run something on the calling greenlet; `Err`: it was ended in the midst of
    /// it, or ended itself, with this value.
    pub catch: fn(&mut dyn FnMut()) -> Result<(), *mut core::ffi::c_void>,
    /// The value of those that were asked to end.
    pub ended: *mut core::ffi::c_void,
}

// SAFETY: functions, and a value that is compared.
unsafe impl Sync for Ending {}

static ENDING: AtomicPtr<Ending> = AtomicPtr::new(ptr::null_mut());

/// Install another way of ending greenlets; before the first is made.
pub fn set_ending(ending: &'static Ending) {
    ENDING.store(ptr::from_ref(ending).cast_mut(), Ordering::Release);
}

/// The way that was installed.
#[inline]
pub(super) fn ending() -> Option<&'static Ending> {
    // SAFETY: null or a static.
    unsafe { ENDING.load(Ordering::Acquire).as_ref() }
}

/// What a greenlet unwinds with.
pub(super) type Payload = Box<dyn Any + Send>;

const OPEN: u8 = 0;
const PENDING: u8 = 1;
/// The greenlet's function has returned: too late.
const CLOSED: u8 = 2;

/// The kill that a greenlet has not noticed yet.
pub(super) struct Kill {
    state: AtomicU8,
    payload: Guarded<Option<Payload>>,
}

impl Kill {
    pub(super) const fn new() -> Self {
        Kill { state: AtomicU8::new(OPEN), payload: Guarded::new(None) }
    }

    /// Ask for it. False if the greenlet's function has returned. The caller
    /// interrupts the greenlet's wait afterwards.
    pub(super) fn ask(&self, payload: Payload) -> bool {
        let mut held = self.payload.lock();
        if self.state.load(Ordering::SeqCst) == CLOSED {
            return false;
        }
        // gevent raises each of several exceptions in its turn; here the
        // latest one that the greenlet has not seen counts.
        let old = held.replace(payload);
        self.state.store(PENDING, Ordering::SeqCst);
        drop(held);
        // A payload's destructor is the program's code.
        drop(old);
        true
    }

    pub(super) fn is_pending(&self) -> bool {
        self.state.load(Ordering::Relaxed) == PENDING
    }

    pub(super) fn take(&self) -> Option<Payload> {
        let mut held = self.payload.lock();
        if self.state.load(Ordering::SeqCst) == PENDING {
            self.state.store(OPEN, Ordering::SeqCst);
        }
        held.take()
    }

    /// From here on kills come too late.
    pub(super) fn close(&self) {
        let mut held = self.payload.lock();
        self.state.store(CLOSED, Ordering::SeqCst);
        let late = held.take();
        drop(held);
        // A payload's destructor is the program's code; no panic leaves here.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(late))) {
            core::mem::forget(payload);
        }
    }
}

/// A time-out that runs.
struct Scope {
    id: u64,
    deadline: u64,
    span: Duration,
}

std::thread_local! {
    /// The running greenlet's time-outs, outermost first.
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
    /// The earliest deadline of them.
    static EARLIEST: Cell<u64> = const { Cell::new(NEVER) };
}

fn with_scopes<R>(f: impl FnOnce(&mut Vec<Scope>) -> R) -> Option<R> {
    // Thread-locals that end with the greenlet may wait after this one is gone.
    SCOPES
        .try_with(|scopes| {
            let mut scopes = scopes.borrow_mut();
            let result = f(&mut scopes);
            EARLIEST.set(scopes.iter().map(|s| s.deadline).min().unwrap_or(NEVER));
            result
        })
        .ok()
}

/// Start a time-out of the calling greenlet.
pub(super) fn start(id: u64, span: Duration) {
    let deadline = super::deadline(Some(span));
    with_scopes(|scopes| scopes.push(Scope { id, deadline, span }));
}

/// Cancel a time-out. False if it was raised before, or never started.
pub(super) fn cancel(id: u64) -> bool {
    let known = with_scopes(|scopes| {
        let at = scopes.iter().rposition(|s| s.id == id)?;
        Some(scopes.remove(at).deadline != NEVER)
    });
    known.flatten().unwrap_or(false)
}

/// Whether a time-out runs.
pub(super) fn is_running(id: u64) -> bool {
    with_scopes(|scopes| scopes.iter().any(|s| s.id == id && s.deadline != NEVER)).unwrap_or(false)
}

/// Cancel all time-outs of the calling greenlet, whose function has returned.
#[inline]
pub(super) fn cancel_all() {
    // Most have none, and a thread-local with a destructor costs an allocation.
    if EARLIEST.get() != NEVER {
        with_scopes(Vec::clear);
    }
}

/// When a wait must end for the sake of a time-out.
#[inline]
pub(super) fn earliest() -> u64 {
    let earliest = EARLIEST.get();
    if earliest != NEVER && panicking() {
        NEVER
    } else {
        earliest
    }
}

/// Raise what is due. Outside our code, with nothing linked.
#[inline]
pub(super) fn check() {
    if let Some(ending) = ending() {
        return (ending.point)();
    }
    if killed() {
        if let Some(payload) = current::with_about(About::take_kill).flatten() {
            resume_unwind(payload);
        }
    }
    let earliest = EARLIEST.get();
    if earliest != NEVER && time::now() >= earliest && !panicking() {
        let due = with_scopes(|scopes| {
            // Whichever came due first; the outermost of equals.
            let scope = scopes.iter_mut().min_by_key(|s| s.deadline)?;
            scope.deadline = NEVER;
            Some(Expired::new(scope.id, scope.span))
        });
        if let Some(expired) = due.flatten() {
            resume_unwind(Box::new(expired));
        }
    }
}

/// The wait of `g` has begun. A kill from another OS thread may have come
/// after [`check`] and before the wait could be interrupted: interrupt it here.
#[inline]
pub(super) fn arm(g: Option<&'static Control>) {
    let Some(g) = g else {
        return;
    };
    if !sys::one_os_thread() {
        // Either this thread sees the kill, or the killer sees the wait.
        fence(Ordering::SeqCst);
    }
    let due = match ending() {
        Some(ending) => (ending.is_due)(g),
        // (The kill itself is in a line that nobody else has touched for long.)
        None => g.kill_asked.load(Ordering::Relaxed) && killed_since(g),
    };
    if due {
        hub::interrupt(g);
    }
}

/// Whether the running greenlet `g`, of which somebody has said so, is to be unwound by a
/// kill. (It may have been meant for who had its control block before.)
#[cold]
fn killed_since(g: &'static Control) -> bool {
    let pending = || current::with_about(About::kill_is_pending).unwrap_or(false);
    if !pending() {
        g.kill_asked.store(false, Ordering::Relaxed);
        // Either the next kill is seen here, or who asks for it says so again.
        fence(Ordering::SeqCst);
        if !pending() {
            return false;
        }
        g.kill_asked.store(true, Ordering::Relaxed);
    }
    !panicking()
}

/// Whether the running greenlet is to be unwound by a kill.
#[inline]
fn killed() -> bool {
    current::with_about(About::kill_is_pending).unwrap_or(false) && !panicking()
}
