//! Patch group `dns`: names and addresses, and libc's other name services.
//!
//! libc's resolver waits for its servers inside libc, where nothing can be
//! hooked, so a look-up that may ask a server is a blocking section. It runs on
//! the caller's own stack and TLS block: results in static storage, `h_errno`
//! and `errno` are where the program looks for them.
//!
//! | file | concept |
//! |---|---|
//! | [`hosts`] | getaddrinfo(3), getnameinfo(3), gethostbyname(3) and their kin |
//! | [`resolver`] | resolver(3): the functions that send queries |
//! | [`databases`] | users, groups, services and libc's other databases |
//! | [`sources`] | nsswitch.conf(5): which databases may ask a server |
//! | [`state`] | the resolver's per-thread state |
//!
//! All of these may be cancellation points (pthreads(7)), and libc's are: it lets a thread
//! be cancelled where it waits for a server. A request that is pending acts before a
//! look-up that may ask a server. One that comes while getaddrinfo(3), getnameinfo(3), a
//! function whose name ends in `_r`, or one of resolver(3)'s waits ends it from within, as
//! natively ([`cancel::Inside`]). The others keep a lock over the look-up that natively
//! nobody could take any more then; there a request acts at the thread's next point. A
//! look-up goes on when a signal's handler has run, as libc's own does.

pub mod databases;
pub mod hosts;
pub mod resolver;
pub mod sources;
pub mod state;

use crate::doorway::{self, Shim};
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::c_char;
use hub::wait::Section;

/// As [`doorway::enter`]; the resolver's state is then the greenlet's own.
fn enter() -> Option<Shim> {
    let shim = doorway::enter(Group::Dns)?;
    state::own(&shim);
    Some(shim)
}

/// Make the program's own call `call`, which may ask a server unless `at_once`
/// says otherwise.
fn looked_up<R>(what: &'static str, at_once: impl FnOnce() -> bool, call: impl FnOnce() -> R) -> R {
    // SAFETY: null is allowed.
    unsafe { looked_up_name(what, core::ptr::null(), at_once, call) }
}

/// [`looked_up`] of `name`, which reports show.
///
/// # Safety
/// `name` is null or a string.
unsafe fn looked_up_name<R>(
    what: &'static str,
    name: *const c_char,
    at_once: impl FnOnce() -> bool,
    call: impl FnOnce() -> R,
) -> R {
    // SAFETY: by the caller's contract.
    unsafe { look_up(what, name, Section::Ends, at_once, call) }
}

/// [`looked_up`] by a function that keeps nothing locked while it waits: see
/// [`cancellable_name`].
fn cancellable<R>(
    what: &'static str,
    at_once: impl FnOnce() -> bool,
    call: impl FnOnce() -> R,
) -> R {
    // SAFETY: null is allowed.
    unsafe { cancellable_name(what, core::ptr::null(), at_once, call) }
}

/// [`looked_up_name`] by a function that keeps nothing locked while it waits, so that a
/// cancellation may end it there.
///
/// # Safety
/// As [`looked_up_name`].
unsafe fn cancellable_name<R>(
    what: &'static str,
    name: *const c_char,
    at_once: impl FnOnce() -> bool,
    call: impl FnOnce() -> R,
) -> R {
    // SAFETY: by the caller's contract.
    unsafe { look_up(what, name, Section::Unwinds, at_once, call) }
}

/// # Safety
/// As [`looked_up_name`].
unsafe fn look_up<R>(
    what: &'static str,
    name: *const c_char,
    section: Section,
    at_once: impl FnOnce() -> bool,
    call: impl FnOnce() -> R,
) -> R {
    let Some(shim) = enter() else { return call() };
    if at_once() {
        drop(shim);
        return call();
    }
    cancel::point(&shim);
    // SAFETY: by the caller's contract.
    unsafe { shim.section_of(what, name, section, call) }
}
