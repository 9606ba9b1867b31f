//! The API for C: `include/geventrs.h`, over the API for Rust (`src/api`).
//!
//! # Conventions
//!
//! - Functions are `extern "C-unwind"` and catch nothing: a kill is a POSIX
//!   cancellation (`thread/cancel.rs`) and unwinds through them, with the
//!   destructors of C++ and the cleanup handlers of C in their order.
//! - A handle is an [`object::Object`]; NULL is EINVAL. What an object holds are
//!   the program's pointers, which nobody follows here.
//! - Errors are -1 or NULL, with `errno`. Each function begins with [`rim`], which
//!   runs the handlers of signals that came while our code ran.
//! - A wait takes a [`Span`] and ends at the caller's earliest `gev_timeout` as well
//!   ([`timeout::limit`]).
//! - A panic in this library is a fault of its own: it ends the process ([`init`]).
//!
//! These names are no hooks: they are not in the hook table. The audit compares
//! what is exported with the header.
#![allow(missing_docs)] // docs/man has a page for each family.

mod async_result;
mod blocking;
mod event;
mod fd;
mod greenlet;
mod io;
mod local;
mod lock;
mod object;
mod patch;
mod pool;
mod queue;
mod run_info;
mod server;
mod signal;
mod sleep;
mod timeout;
mod wait;

use crate::doorway::set_errno;
use crate::signal::{deliver, pending};
use core::ffi::{c_int, c_void};
use hub::greenlet::Greenlet;

/// `gev_time`: nanoseconds; negative: for ever.
pub type Span = i64;

/// A function of the program's that a greenlet runs.
type Function = unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void;

/// A call of the API.
struct Rim;

/// Where a call of the API begins.
fn rim() -> Rim {
    Rim
}

impl Drop for Rim {
    fn drop(&mut self) {
        if pending::noted() {
            if let Some(g) = Greenlet::current() {
                deliver::on_the_way_out(g);
            }
        }
    }
}

/// -1 with `errno`.
fn fail(errno: c_int) -> c_int {
    set_errno(errno);
    -1
}

/// NULL with `errno`.
fn null<T>(errno: c_int) -> *mut T {
    set_errno(errno);
    core::ptr::null_mut()
}

/// 0 with EINVAL: what counts or numbers say of a null handle.
fn zero<T: Default>() -> T {
    set_errno(libc::EINVAL);
    T::default()
}

/// 0, or -1 with ETIMEDOUT.
fn in_time(came: bool) -> c_int {
    if came {
        return 0;
    }
    fail(timeout::came())
}

/// Store a result where the program wants it, if it does.
///
/// # Safety
/// `place` is null or the program's.
unsafe fn store<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: by this function's contract.
        unsafe { place.write(value) };
    }
}

/// Before the first call: a panic in this library is the library's fault, and
/// must not be taken for something of the program's.
pub fn init() {
    std::panic::set_hook(Box::new(|info| hub::sys::die(&info.to_string())));
}
