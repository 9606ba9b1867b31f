//! pthread_mutex_lock(3) and its family.
//!
//! | kind | whose |
//! |---|---|
//! | normal, recursive, errorcheck, adaptive; priority inheritance | ours |
//! | robust, private to the process | ours, with [`super::robust`] |
//! | robust, process-shared | [`super::robust_shared`]'s |
//! | priority ceiling | ours, in libc's form: `ceiling.rs` |
//! | process-shared | libc's, waited for in a blocking section |
//! | process-shared with priority inheritance | libc's, asked again and again |
//!
//! The object is in `object.rs`, what is libc's in `libcs.rs`. Answers are glibc's: EDEADLK, EPERM, EBUSY, EAGAIN (depth), EINVAL (time),
//! ETIMEDOUT, EOWNERDEAD, ENOTRECOVERABLE. Locking is no cancellation point
//! and is not interrupted by signals.

use super::{attempt, deadline, deadline_of_inheriting, robust, robust_shared};
use crate::doorway;
use crate::thread::patched;
use core::ffi::c_int;
use core::sync::atomic::Ordering;
use hub::sync::word_lock;
use hub::sys;
use libc::{clockid_t, pthread_mutex_t, pthread_mutexattr_t, timespec};

pub(super) use object::{may_unlock, INHERIT_OR_CEILING, ROBUST, SHARED};

pub use object::Mutex;

mod ceiling;
mod libcs;
mod object;

crate::hooks! {
    Thread "never" fn pthread_mutex_init(mutex: *mut pthread_mutex_t, attr: *const pthread_mutexattr_t) -> c_int = init, also [__pthread_mutex_init];
    Thread "never" fn pthread_mutex_destroy(mutex: *mut pthread_mutex_t) -> c_int = destroy, also [__pthread_mutex_destroy];
    Thread "parking lot" fn pthread_mutex_lock(mutex: *mut pthread_mutex_t) -> c_int = lock, also [__pthread_mutex_lock];
    Thread "never" fn pthread_mutex_trylock(mutex: *mut pthread_mutex_t) -> c_int = try_lock, also [__pthread_mutex_trylock], version "GLIBC_2.34";
    Thread "parking lot" fn pthread_mutex_timedlock(mutex: *mut pthread_mutex_t, until: *const timespec) -> c_int = timed_lock, version "GLIBC_2.34";
    Thread "parking lot" fn pthread_mutex_clocklock(mutex: *mut pthread_mutex_t, clock: clockid_t, until: *const timespec) -> c_int = clock_lock, version "GLIBC_2.34";
    Thread "never" fn pthread_mutex_unlock(mutex: *mut pthread_mutex_t) -> c_int = unlock, also [__pthread_mutex_unlock];
    Thread "parking lot" fn pthread_mutex_setprioceiling(mutex: *mut pthread_mutex_t, ceiling: c_int, old: *mut c_int) -> c_int = set_ceiling, version "GLIBC_2.34";
}

/// libc marks every robust mutex as process-shared, since the kernel wakes its
/// waiters at a thread's end; one that is private to the process is ours.
unsafe fn init(mutex: *mut pthread_mutex_t, attr: *const pthread_mutexattr_t) -> c_int {
    // SAFETY: the program's own call and objects.
    unsafe {
        let result = real::pthread_mutex_init(mutex, attr);
        let m = &*mutex.cast::<Mutex>();
        if result == 0 && patched() && !attr.is_null() && m.is_robust() {
            let mut shared = 0;
            libc::pthread_mutexattr_getpshared(attr, &mut shared);
            if shared == libc::PTHREAD_PROCESS_PRIVATE {
                m.kind.fetch_and(!SHARED, Ordering::Relaxed);
            }
        }
        result
    }
}

/// libc counts those who wait for a condition among a mutex's users. We do not where we lock
/// and unlock, which is to be quick.
unsafe fn destroy(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: the program's object has glibc's layout.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if patched() && !m.is_libcs() && !m.is_robust() && m.is_lent() {
        return libc::EBUSY;
    }
    // SAFETY: the program's own call.
    unsafe { real::pthread_mutex_destroy(mutex) }
}

#[inline(always)]
unsafe fn lock(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: the program's object has glibc's layout.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_lock(mutex) };
    }
    if m.is_normal() && sys::alone() && m.try_take_alone() {
        return 0;
    }
    // SAFETY: as above.
    unsafe { lock_beside(mutex) }
}

/// Where there are other threads. (Apart, so that the path above needs no
/// stack frame.)
#[inline(never)]
unsafe fn lock_beside(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    attempt::begins();
    if m.is_normal() && doorway::briefly(|local| m.try_take(local)) {
        super::take_turns();
        return 0;
    }
    // SAFETY: as above.
    unsafe { lock_slow(mutex, libc::CLOCK_REALTIME, core::ptr::null()) }
}

/// Lock a mutex from within another hook (a condition variable's).
///
/// # Safety
/// `mutex` is a valid mutex.
#[inline(always)]
pub unsafe fn lock_inside(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as above.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if m.is_normal() && m.try_take(sys::one_os_thread()) {
        return 0;
    }
    // SAFETY: as above.
    unsafe { lock_slow(mutex, libc::CLOCK_REALTIME, core::ptr::null()) }
}

/// All that is not an uncontended normal mutex.
unsafe fn lock_slow(
    mutex: *mut pthread_mutex_t,
    clock: clockid_t,
    until: *const timespec,
) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if m.is_libcs() {
        // SAFETY: as in `lock`.
        return unsafe {
            if m.has_ceiling() {
                ceiling::lock(m, ceiling::Until { clock, at: until })
            } else if robust_shared::is_ours(m) {
                robust_shared::lock(m, clock, until)
            } else {
                libcs::lock(mutex, clock, until)
            }
        };
    }
    if let Some(answer) = m.relock(false) {
        return answer;
    }
    super::take_turns();
    if m.is_robust() && robust::is_lost(m) {
        return libc::ENOTRECOVERABLE;
    }
    if !word_lock::try_lock(&m.lock, false) {
        // The time is looked at only if there is something to wait for.
        // SAFETY: the program's object.
        let end = unsafe {
            match m.inherits() {
                true => deadline_of_inheriting(clock, until),
                false => deadline(clock, until),
            }
        };
        match end {
            Ok(d) if attempt::is_one(d) => {
                attempt::failed();
                return libc::ETIMEDOUT;
            }
            Ok(d) => {
                if let Err(e) = m.wait(d) {
                    return e;
                }
            }
            Err(e) => return e,
        }
    }
    m.obtained()
}

unsafe fn try_lock(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_trylock(mutex) };
    }
    attempt::begins();
    if robust_shared::is_ours(m) {
        return robust_shared::try_lock(m);
    }
    if m.has_ceiling() {
        return ceiling::try_lock(m);
    }
    if m.is_libcs() {
        // SAFETY: the program's own call.
        let answer = unsafe { libcs::try_lock(mutex) };
        if answer == libc::EBUSY {
            attempt::failed();
        }
        return answer;
    }
    if let Some(answer) = m.relock(true) {
        return answer;
    }
    if m.is_robust() && robust::is_lost(m) {
        return libc::ENOTRECOVERABLE;
    }
    if word_lock::try_lock(&m.lock, false) {
        return m.obtained();
    }
    attempt::failed();
    libc::EBUSY
}

unsafe fn timed_lock(mutex: *mut pthread_mutex_t, until: *const timespec) -> c_int {
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_timedlock(mutex, until) };
    }
    attempt::begins();
    // SAFETY: as in `lock`.
    unsafe { lock_slow(mutex, libc::CLOCK_REALTIME, until) }
}

unsafe fn clock_lock(
    mutex: *mut pthread_mutex_t,
    clock: clockid_t,
    until: *const timespec,
) -> c_int {
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_clocklock(mutex, clock, until) };
    }
    if !matches!(clock, libc::CLOCK_REALTIME | libc::CLOCK_MONOTONIC) {
        return libc::EINVAL;
    }
    attempt::begins();
    // SAFETY: as in `lock`.
    unsafe { lock_slow(mutex, clock, until) }
}

#[inline(always)]
unsafe fn unlock(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_unlock(mutex) };
    }
    if m.is_normal() && sys::alone() {
        if !m.release(true) {
            return m.wake_and_succeed();
        }
        return 0;
    }
    // SAFETY: as in `lock`.
    unsafe { unlock_beside(mutex) }
}

/// As [`lock_beside`].
#[inline(never)]
unsafe fn unlock_beside(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if m.is_normal() {
        if !doorway::briefly(|local| m.release(local)) {
            m.wake_next();
        }
        return 0;
    }
    // SAFETY: as in `lock`.
    unsafe { unlock_slow(mutex) }
}

/// Unlock a mutex from within another hook.
///
/// # Safety
/// `mutex` is a valid mutex.
#[inline(always)]
pub unsafe fn unlock_inside(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if m.is_normal() {
        if !m.release(sys::one_os_thread()) {
            m.wake_next();
        }
        return 0;
    }
    // SAFETY: as in `lock`.
    unsafe { unlock_slow(mutex) }
}

unsafe fn set_ceiling(mutex: *mut pthread_mutex_t, ceiling: c_int, old: *mut c_int) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if !patched() || !m.has_ceiling() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_setprioceiling(mutex, ceiling, old) };
    }
    // SAFETY: null or the program's object.
    ceiling::set(m, ceiling, unsafe { old.as_mut() })
}

unsafe fn unlock_slow(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if m.is_libcs() {
        if robust_shared::is_ours(m) {
            return robust_shared::unlock(m);
        }
        if m.has_ceiling() {
            return ceiling::unlock(m);
        }
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_unlock(mutex) };
    }
    if m.is_robust() {
        return robust::unlock(m);
    }
    let refused = may_unlock(m);
    if refused != 0 {
        return refused;
    }
    if !m.leave_level() {
        m.clear_owner(0);
        m.release_word();
    }
    0
}
