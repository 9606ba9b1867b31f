//! `gev_async`: a value or an error that comes once.

use super::object::{get, kept, Kind, Object};
use super::timeout::limit;
use super::{fail, in_time, rim, store, Span};
use core::ffi::{c_int, c_void};
use hub::event::{AsyncResult, GetError};
use hub::Raw;
use std::io;

pub type Handle = Object<AsyncResult<Raw>>;

#[no_mangle]
pub extern "C-unwind" fn gev_async_new() -> *mut Handle {
    let _rim = rim();
    Object::handle(Kind::AsyncResult, AsyncResult::new())
}

/// # Safety
/// Nobody uses it any more.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_async_free(result: *mut Handle) {
    let _rim = rim();
    // SAFETY: by this function's contract.
    unsafe { Object::free(result) };
}

fn once(set: bool) -> c_int {
    if set {
        0
    } else {
        fail(libc::EALREADY)
    }
}

#[no_mangle]
pub extern "C-unwind" fn gev_async_set(result: *mut Handle, value: *mut c_void) -> c_int {
    let _rim = rim();
    once(kept!(result).set(Raw(value)).is_ok())
}

#[no_mangle]
pub extern "C-unwind" fn gev_async_set_error(result: *mut Handle, errno: c_int) -> c_int {
    let _rim = rim();
    let result = kept!(result);
    if errno <= 0 {
        return fail(libc::EINVAL);
    }
    once(result.set_error(io::Error::from_raw_os_error(errno)).is_ok())
}

#[no_mangle]
pub extern "C-unwind" fn gev_async_cancel(result: *mut Handle) -> c_int {
    gev_async_set_error(result, libc::ECANCELED)
}

#[no_mangle]
pub extern "C-unwind" fn gev_async_ready(result: *const Handle) -> c_int {
    get!(result).ready() as c_int
}

/// # Safety
/// `value` is null or the program's.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_async_get(
    result: *mut Handle,
    value: *mut *mut c_void,
    timeout: Span,
) -> c_int {
    let _rim = rim();
    match get!(result).get(limit(timeout)) {
        Ok(raw) => {
            // SAFETY: by this function's contract.
            unsafe { store(value, raw.0) };
            0
        }
        Err(GetError::TimedOut) => in_time(false),
        Err(GetError::Failed(error)) => {
            let error = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
            fail(error.unwrap_or(libc::EIO))
        }
    }
}

#[no_mangle]
pub extern "C-unwind" fn gev_async_wait(result: *mut Handle, timeout: Span) -> c_int {
    let _rim = rim();
    in_time(get!(result).wait(limit(timeout)))
}
