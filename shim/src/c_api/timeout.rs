//! `gev_timeout`: a limit on all waits of a stretch of code.
//!
//! In C nothing is raised: a wait that a time-out ends fails with ETIMEDOUT, and so
//! do all further ones, at once, until the program stops the time-out. (gevent
//! raises once. Code that does not look at one wait's error must not hang in the
//! next.)

use super::{fail, null, rim, Span};
use core::cell::{Cell, RefCell};
use core::ffi::c_int;
use core::time::Duration;
use hub::time::{self as clock, NEVER};

/// A time-out that runs.
#[derive(Debug)]
pub struct Scope {
    deadline: u64,
    /// It has ended a wait.
    raised: Cell<bool>,
}

std::thread_local! {
    /// The calling greenlet's time-outs, outermost first.
    #[allow(clippy::vec_box)] // The program has their addresses.
    static SCOPES: RefCell<Vec<Box<Scope>>> = const { RefCell::new(Vec::new()) };
    static EARLIEST: Cell<u64> = const { Cell::new(NEVER) };
}

/// The scopes; `None` in a destructor that runs after theirs.
fn with<R>(f: impl FnOnce(&mut Vec<Box<Scope>>) -> R) -> Option<R> {
    SCOPES
        .try_with(|scopes| {
            let result = f(&mut scopes.borrow_mut());
            EARLIEST.set(scopes.borrow().iter().map(|s| s.deadline).min().unwrap_or(NEVER));
            result
        })
        .ok()
}

/// How long a wait may take that may take `span`: a time-out may come first.
pub fn limit(span: Span) -> Option<Duration> {
    let own = u64::try_from(span).ok();
    let earliest = EARLIEST.get();
    if earliest == NEVER {
        return own.map(Duration::from_nanos);
    }
    let left = earliest.saturating_sub(clock::now());
    Some(Duration::from_nanos(own.map_or(left, |own| own.min(left))))
}

/// A wait's time was up: the error, after a note in the time-outs that are due.
pub fn came() -> c_int {
    if EARLIEST.get() != NEVER {
        let now = clock::now();
        with(|scopes| {
            scopes.iter().filter(|s| s.deadline <= now).for_each(|s| s.raised.set(true));
        });
    }
    libc::ETIMEDOUT
}

#[no_mangle]
pub extern "C-unwind" fn gev_timeout_start(span: Span) -> *mut Scope {
    let _rim = rim();
    let deadline = u64::try_from(span).map_or(NEVER, clock::after);
    let scope = Box::new(Scope { deadline, raised: Cell::new(false) });
    let handle = core::ptr::from_ref(&*scope).cast_mut();
    match with(|scopes| scopes.push(scope)) {
        Some(()) => handle,
        None => null(libc::EINVAL),
    }
}

/// What `f` says of a time-out of the caller's.
fn of<R>(handle: *const Scope, f: impl FnOnce(&mut Vec<Box<Scope>>, usize) -> R) -> Option<R> {
    with(|scopes| {
        let at = scopes.iter().rposition(|s| core::ptr::eq(&**s, handle))?;
        Some(f(scopes, at))
    })
    .flatten()
}

#[no_mangle]
pub extern "C-unwind" fn gev_timeout_stop(handle: *mut Scope) -> c_int {
    let _rim = rim();
    match of(handle, |scopes, at| scopes.remove(at)) {
        Some(scope) => scope.raised.get() as c_int,
        None => fail(libc::EINVAL),
    }
}

#[no_mangle]
pub extern "C-unwind" fn gev_timeout_expired(handle: *const Scope) -> c_int {
    match of(handle, |scopes, at| scopes[at].raised.get()) {
        Some(raised) => raised as c_int,
        None => fail(libc::EINVAL),
    }
}
