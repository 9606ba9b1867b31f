//! C11's locks: mtx_lock(3), cnd_wait(3) and their families.
//!
//! glibc's `mtx_t` and `cnd_t` are its `pthread_mutex_t` and `pthread_cond_t`
//! under other names; only the answers differ. `call_once` is in `once.rs`.

use core::ffi::c_int;
use libc::{pthread_cond_t, pthread_mutex_t, timespec};

crate::hooks! {
    Thread "parking lot" fn mtx_lock(mutex: *mut pthread_mutex_t) -> c_int = mtx_lock_, version "GLIBC_2.34";
    Thread "parking lot" fn mtx_timedlock(mutex: *mut pthread_mutex_t, until: *const timespec) -> c_int = mtx_timedlock_, version "GLIBC_2.34";
    Thread "never" fn mtx_trylock(mutex: *mut pthread_mutex_t) -> c_int = mtx_trylock_, version "GLIBC_2.34";
    Thread "never" fn mtx_unlock(mutex: *mut pthread_mutex_t) -> c_int = mtx_unlock_, version "GLIBC_2.34";
    Thread "parking lot" fn cnd_wait(cond: *mut pthread_cond_t, mutex: *mut pthread_mutex_t) -> c_int = cnd_wait_, version "GLIBC_2.34";
    Thread "parking lot" fn cnd_timedwait(cond: *mut pthread_cond_t, mutex: *mut pthread_mutex_t, until: *const timespec) -> c_int = cnd_timedwait_, version "GLIBC_2.34";
    Thread "never" fn cnd_signal(cond: *mut pthread_cond_t) -> c_int = cnd_signal_, version "GLIBC_2.34";
    Thread "never" fn cnd_broadcast(cond: *mut pthread_cond_t) -> c_int = cnd_broadcast_, version "GLIBC_2.34";
}

/// An error number as C11's `thrd_*` value.
fn c11(error: c_int) -> c_int {
    match error {
        0 => 0,
        libc::EBUSY => 1,
        libc::ENOMEM => 3,
        libc::ETIMEDOUT => 4,
        _ => 2,
    }
}

// SAFETY (all of these): the program's own call on objects of the same layout.

unsafe fn mtx_lock_(m: *mut pthread_mutex_t) -> c_int {
    // SAFETY: see above.
    c11(unsafe { super::mutex::pthread_mutex_lock(m) })
}

unsafe fn mtx_timedlock_(m: *mut pthread_mutex_t, until: *const timespec) -> c_int {
    // SAFETY: see above.
    c11(unsafe { super::mutex::pthread_mutex_timedlock(m, until) })
}

unsafe fn mtx_trylock_(m: *mut pthread_mutex_t) -> c_int {
    // SAFETY: see above.
    c11(unsafe { super::mutex::pthread_mutex_trylock(m) })
}

unsafe fn mtx_unlock_(m: *mut pthread_mutex_t) -> c_int {
    // SAFETY: see above.
    c11(unsafe { super::mutex::pthread_mutex_unlock(m) })
}

unsafe fn cnd_wait_(c: *mut pthread_cond_t, m: *mut pthread_mutex_t) -> c_int {
    // SAFETY: see above.
    c11(unsafe { super::condition::pthread_cond_wait(c, m) })
}

unsafe fn cnd_timedwait_(
    c: *mut pthread_cond_t,
    m: *mut pthread_mutex_t,
    until: *const timespec,
) -> c_int {
    // SAFETY: see above.
    c11(unsafe { super::condition::pthread_cond_timedwait(c, m, until) })
}

unsafe fn cnd_signal_(c: *mut pthread_cond_t) -> c_int {
    // SAFETY: see above.
    c11(unsafe { super::condition::pthread_cond_signal(c) })
}

unsafe fn cnd_broadcast_(c: *mut pthread_cond_t) -> c_int {
    // SAFETY: see above.
    c11(unsafe { super::condition::pthread_cond_broadcast(c) })
}
