//! pthread_join(3) and its family, pthread_detach(3), C11's forms.
//!
//! Errors are glibc's: EDEADLK for the caller itself or a thread that joins
//! the caller (and is not being cancelled), EINVAL for a detached thread or a second joiner, ESRCH for a
//! thread that is gone, EBUSY (`tryjoin`), ETIMEDOUT. `pthread_join` and the
//! timed forms are cancellation points.

use super::{cancel, find};
use crate::doorway;
use core::ffi::{c_int, c_void};
use hub::greenlet::Phase;
use hub::hub::{self as scheduler, JoinError};
use hub::time::{self as clock, NEVER};
use libc::{clockid_t, pthread_t, timespec};

crate::hooks! {
    Thread "end of the thread" fn pthread_join(thread: pthread_t, value: *mut *mut c_void) -> c_int = join, version "GLIBC_2.34";
    Thread "never" fn pthread_tryjoin_np(thread: pthread_t, value: *mut *mut c_void) -> c_int = try_join;
    Thread "end of the thread" fn pthread_timedjoin_np(thread: pthread_t, value: *mut *mut c_void, until: *const timespec) -> c_int = timed_join;
    Thread "end of the thread" fn pthread_clockjoin_np(thread: pthread_t, value: *mut *mut c_void, clock: clockid_t, until: *const timespec) -> c_int = clock_join;
    Thread "never" fn pthread_detach(thread: pthread_t) -> c_int = detach;
    Thread "end of the thread" fn thrd_join(thread: pthread_t, value: *mut c_int) -> c_int = c11_join;
    Thread "never" fn thrd_detach(thread: pthread_t) -> c_int = c11_detach;
}

/// Join a greenlet; `None` if the thread is none, or nobody can wait here.
unsafe fn join_until(thread: pthread_t, value: *mut *mut c_void, deadline: u64) -> Option<c_int> {
    // SAFETY: the program's `pthread_t`.
    let target = unsafe { find(thread) }?;
    let shim = doorway::enter_any()?;
    loop {
        // As in glibc: only where it would wait.
        if deadline != 0 && target.phase() == Phase::Alive {
            cancel::point(&shim);
        }
        return Some(
            match scheduler::join(shim.greenlet, target, deadline, cancel::is_requested) {
                Ok(v) => {
                    // SAFETY: null or the program's object.
                    if let Some(value) = unsafe { value.as_mut() } {
                        *value = v;
                    }
                    0
                }
                Err(JoinError::Interrupted) => continue,
                Err(JoinError::Deadlock) => libc::EDEADLK,
                Err(JoinError::Invalid) => libc::EINVAL,
                Err(JoinError::NoSuch) => libc::ESRCH,
                Err(JoinError::TimedOut) if deadline == 0 => libc::EBUSY,
                Err(JoinError::TimedOut) => libc::ETIMEDOUT,
            },
        );
    }
}

unsafe fn join(thread: pthread_t, value: *mut *mut c_void) -> c_int {
    // SAFETY: the program's own call, here and below.
    unsafe { join_until(thread, value, NEVER).unwrap_or_else(|| real::pthread_join(thread, value)) }
}

unsafe fn try_join(thread: pthread_t, value: *mut *mut c_void) -> c_int {
    // SAFETY: as above.
    match unsafe { join_until(thread, value, 0) } {
        Some(result) => {
            if result == libc::EBUSY {
                // Programs that look in a loop must let the thread run.
                // SAFETY: no arguments.
                unsafe { libc::sched_yield() };
            }
            result
        }
        // SAFETY: as above.
        None => unsafe { real::pthread_tryjoin_np(thread, value) },
    }
}

unsafe fn timed_join(thread: pthread_t, value: *mut *mut c_void, until: *const timespec) -> c_int {
    // SAFETY: as above.
    unsafe {
        if find(thread).is_none() {
            return real::pthread_timedjoin_np(thread, value, until);
        }
        clock_join(thread, value, libc::CLOCK_REALTIME, until)
    }
}

unsafe fn clock_join(
    thread: pthread_t,
    value: *mut *mut c_void,
    id: clockid_t,
    until: *const timespec,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        if find(thread).is_none() {
            return real::pthread_clockjoin_np(thread, value, id, until);
        }
        if !matches!(id, libc::CLOCK_REALTIME | libc::CLOCK_MONOTONIC) {
            return libc::EINVAL;
        }
        let deadline = match until.as_ref() {
            None => NEVER,
            Some(ts) if !(0..1_000_000_000).contains(&ts.tv_nsec) => return libc::EINVAL,
            // A time before the clock's beginning is over, too.
            Some(ts) => clock::deadline_on(id, clock::from_timespec(ts).unwrap_or(0)).max(1),
        };
        join_until(thread, value, deadline).unwrap_or(libc::EINVAL)
    }
}

unsafe fn detach(thread: pthread_t) -> c_int {
    // SAFETY: as above.
    unsafe {
        let Some(target) = find(thread) else {
            return real::pthread_detach(thread);
        };
        let _shim = doorway::enter_any();
        match scheduler::detach(target) {
            Ok(()) => 0,
            Err(JoinError::NoSuch) => libc::ESRCH,
            Err(_) => libc::EINVAL,
        }
    }
}

const THRD_ERROR: c_int = 2;

unsafe fn c11_join(thread: pthread_t, value: *mut c_int) -> c_int {
    let mut pointer = core::ptr::null_mut();
    // SAFETY: as above.
    unsafe {
        if join(thread, &mut pointer) != 0 {
            return THRD_ERROR;
        }
        if let Some(value) = value.as_mut() {
            *value = pointer as usize as c_int;
        }
    }
    0
}

unsafe fn c11_detach(thread: pthread_t) -> c_int {
    // SAFETY: as above.
    if unsafe { detach(thread) } == 0 {
        0
    } else {
        THRD_ERROR
    }
}
