//! Calls that really block, without stopping the others; child processes; names.

use super::timeout::limit;
use super::{fail, fd, in_time, rim, store, Function, Span};
use crate::doorway;
use core::ffi::{c_char, c_int, c_void};
use hub::wait::Section;
use libc::{addrinfo, pid_t};
use std::os::unix::process::ExitStatusExt;

/// Call something that blocks or computes on its own OS thread, if there is
/// anybody to go on meanwhile.
fn off_hub<R>(what: &'static str, call: impl FnOnce() -> R) -> R {
    match doorway::enter_any() {
        Some(shim) => shim.section(what, Section::Ends, call),
        None => call(),
    }
}

/// # Safety
/// The function may be called with `arg`.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_blocking(
    function: Option<Function>,
    arg: *mut c_void,
) -> *mut c_void {
    let _rim = rim();
    let Some(function) = function else { return super::null(libc::EINVAL) };
    // SAFETY: by this function's contract.
    off_hub("a call of the program's", || unsafe { function(arg) })
}

/// # Safety
/// As getaddrinfo(3).
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_getaddrinfo(
    node: *const c_char,
    service: *const c_char,
    hints: *const addrinfo,
    result: *mut *mut addrinfo,
) -> c_int {
    let _rim = rim();
    // SAFETY: by this function's contract.
    let call = || unsafe { libc::getaddrinfo(node, service, hints, result) };
    if crate::settings::patched(crate::table::Group::Dns) {
        return call();
    }
    off_hub("getaddrinfo", call)
}

/// # Safety
/// `status` is null or the program's.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_waitpid(
    pid: pid_t,
    status: *mut c_int,
    timeout: Span,
) -> pid_t {
    let _rim = rim();
    if pid <= 0 {
        return fail(libc::EINVAL);
    }
    match hub::os::waitpid(pid as u32, limit(timeout)) {
        Ok(Some(exit)) => {
            // SAFETY: by this function's contract.
            unsafe { store(status, exit.into_raw()) };
            pid
        }
        Ok(None) => in_time(false),
        // pidfd_open says that there is no such process; waitpid(2) says that it
        // is no child.
        Err(e) if e.raw_os_error() == Some(libc::ESRCH) => fail(libc::ECHILD),
        Err(e) => fail(fd::errno_of(&e)),
    }
}
