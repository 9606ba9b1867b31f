//! Mutexes that libc and the kernel own.

use super::{real, Mutex};
use crate::doorway;
use crate::locks::{deadline, shared};
use core::ffi::c_int;
use hub::wait::{Section, Wake};
use libc::{clockid_t, pthread_mutex_t, timespec};

/// Lock one.
pub(super) unsafe fn lock(
    mutex: *mut pthread_mutex_t,
    clock: clockid_t,
    until: *const timespec,
) -> c_int {
    // SAFETY: the program's own call in all three forms.
    let call = || unsafe {
        match (until.is_null(), clock) {
            (true, _) => real::pthread_mutex_lock(mutex),
            (_, libc::CLOCK_REALTIME) => real::pthread_mutex_timedlock(mutex, until),
            _ => real::pthread_mutex_clocklock(mutex, clock, until),
        }
    };
    let Some(shim) = doorway::enter(crate::table::Group::Thread) else { return call() };
    // SAFETY: the program's mutex.
    let attempt = || unsafe {
        let answer = real::pthread_mutex_trylock(mutex);
        (answer != libc::EBUSY).then_some(answer)
    };
    // SAFETY: the program's object has glibc's layout.
    if !unsafe { &*mutex.cast::<Mutex>() }.inherits() {
        return shared::wait(&shim, "process-shared mutex", mutex as usize, attempt, call);
    }
    // The kernel looks for the holder's thread by the id in the lock's word, and
    // knows no greenlet's.
    // SAFETY: the program's object.
    let end = match unsafe { deadline(clock, until) } {
        Ok(end) => end,
        Err(e) => return e,
    };
    loop {
        match shared::ask_again(&shim, "process-shared mutex", end, attempt) {
            Ok(answer) => return answer,
            Err(Wake::TimedOut) => return libc::ETIMEDOUT,
            Err(_) => {}
        }
    }
}

/// libc locks the mutex to change its ceiling, and there is no form that only
/// tries.
pub(super) unsafe fn set_ceiling(
    mutex: *mut pthread_mutex_t,
    ceiling: c_int,
    old: *mut c_int,
) -> c_int {
    // SAFETY: the program's own call.
    let call = || unsafe { real::pthread_mutex_setprioceiling(mutex, ceiling, old) };
    match doorway::enter(crate::table::Group::Thread) {
        Some(shim) => shim.section("pthread_mutex_setprioceiling", Section::Waits, call),
        None => call(),
    }
}
