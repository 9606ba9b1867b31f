//! `gev_signal`: a function that a fresh greenlet runs for each signal.

use super::greenlet::may_spawn;
use super::object::{Kind, Object};
use super::{fd, null, rim};
use core::ffi::{c_int, c_void};
use hub::signal::SignalHandler;
use hub::Raw;

type Call = unsafe extern "C-unwind" fn(c_int, *mut c_void);

pub type Handle = Object<SignalHandler>;

/// # Safety
/// The function may be called with `arg`.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_signal(
    signal: c_int,
    function: Option<Call>,
    arg: *mut c_void,
) -> *mut Handle {
    let _rim = rim();
    let Some(function) = function else { return null(libc::EINVAL) };
    if !may_spawn() {
        return null(libc::EPERM);
    }
    let arg = Raw(arg);
    let call = move || {
        let arg = arg;
        // SAFETY: by this function's contract.
        unsafe { function(signal, arg.0) };
    };
    match hub::signal::handler(signal, call) {
        Ok(handler) => Object::handle(Kind::Other, handler),
        Err(e) => null(fd::errno_of(&e)),
    }
}

/// # Safety
/// The handle is given up.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_signal_stop(handle: *mut Handle) {
    let _rim = rim();
    // SAFETY: by this function's contract.
    unsafe { Object::free(handle) };
}
