//! select(2) and pselect(2).
//!
//! Errors: EBADF (a descriptor in a set is not open), EINVAL (a negative
//! `nfds`, an invalid time-out), EFAULT, ENOMEM, EINTR. As on Linux, `select`
//! leaves the remaining time in its `timeval`, after an error, too; `pselect`
//! leaves its time-out as it is.

use super::fd_sets::FdSets;
use super::wait::{span_of_timespec, wait};
use super::{answer, nfds};
use crate::doorway::{self, Shim};
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::c_int;
use core::ptr;
use hub::sys::Errno;
use hub::time::{self as clock, MICROSECOND, NEVER, SECOND};
use libc::{fd_set, sigset_t, timespec, timeval};

crate::hooks! {
    Select "readiness of descriptors, time" fn select(nfds: c_int, readable: *mut fd_set, writable: *mut fd_set, exceptional: *mut fd_set, left: *mut timeval) -> c_int = select_, also [__select];
    Select "readiness of descriptors, time" fn pselect(nfds: c_int, readable: *mut fd_set, writable: *mut fd_set, exceptional: *mut fd_set, span: *const timespec, mask: *const sigset_t) -> c_int = pselect_;
}

/// Nanoseconds of `select`'s time-out. As in glibc, negative fields are
/// invalid, and a million microseconds or more are carried.
fn span_of_timeval(tv: &timeval) -> Result<u64, Errno> {
    match (u64::try_from(tv.tv_sec), u64::try_from(tv.tv_usec)) {
        (Ok(seconds), Ok(microseconds)) => Ok(seconds
            .saturating_mul(SECOND)
            .saturating_add(microseconds.saturating_mul(MICROSECOND))),
        _ => Err(libc::EINVAL),
    }
}

unsafe fn wait_for_sets(
    shim: &Shim,
    nfds: c_int,
    sets: [*mut fd_set; 3],
    span: u64,
    mask: *const sigset_t,
) -> Result<usize, Errno> {
    // SAFETY: the program's sets, which it allows us to read and write.
    unsafe {
        let mut sets = FdSets::new(nfds, sets, mask)?;
        let found = wait(shim, &mut sets, span)?;
        sets.store();
        Ok(found)
    }
}

unsafe fn select_(
    nfds: c_int,
    readable: *mut fd_set,
    writable: *mut fd_set,
    exceptional: *mut fd_set,
    left: *mut timeval,
) -> c_int {
    let Some(shim) = doorway::enter(Group::Select) else {
        // SAFETY: the program's own call, on the sets that the kernel would
        // look at without us.
        return unsafe { real::select(nfds::cut(nfds), readable, writable, exceptional, left) };
    };
    cancel::point(&shim);
    let sets = [readable, writable, exceptional];
    // SAFETY: the program's sets and its null or valid time-out, which glibc
    // reads and writes as well.
    unsafe {
        let Some(limit) = left.as_ref() else {
            return answer(wait_for_sets(&shim, nfds, sets, NEVER, ptr::null()));
        };
        let span = match span_of_timeval(limit) {
            Ok(span) => span,
            Err(e) => return answer(Err(e)),
        };
        let start = clock::now();
        let result = wait_for_sets(&shim, nfds, sets, span, ptr::null());
        let rest = span.saturating_sub(clock::now() - start);
        *left = timeval {
            tv_sec: (rest / SECOND) as libc::time_t,
            tv_usec: (rest % SECOND / MICROSECOND) as libc::suseconds_t,
        };
        answer(result)
    }
}

unsafe fn pselect_(
    nfds: c_int,
    readable: *mut fd_set,
    writable: *mut fd_set,
    exceptional: *mut fd_set,
    span: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    let Some(shim) = doorway::enter_for_signals(Group::Select) else {
        // SAFETY: as in `select_`.
        return unsafe {
            real::pselect(nfds::cut(nfds), readable, writable, exceptional, span, mask)
        };
    };
    cancel::point(&shim);
    let sets = [readable, writable, exceptional];
    // SAFETY: the program's sets and time-out; glibc reads the latter as well.
    answer(unsafe {
        span_of_timespec(span).and_then(|span| wait_for_sets(&shim, nfds, sets, span, mask))
    })
}
