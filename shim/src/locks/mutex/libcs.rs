//! Mutexes that libc and the kernel own.

use super::{real, Mutex};
use crate::doorway;
use crate::locks::robust::FUTEX_ID;
use crate::locks::{deadline_of_inheriting, shared};
use core::ffi::c_int;
use core::sync::atomic::Ordering;
use hub::wait::Wake;
use libc::{clockid_t, pthread_mutex_t, timespec};

/// pthread_mutex_trylock(3) of one.
pub(super) unsafe fn try_lock(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: the program's own call; the object has glibc's layout.
    unsafe {
        let answer = real::pthread_mutex_trylock(mutex);
        if answer == libc::EOWNERDEAD {
            own_word(&*mutex.cast::<Mutex>());
        }
        answer
    }
}

/// The caller has got one with priority inheritance whose holder had died: the kernel has
/// given it to the OS thread that has asked. It has to be the greenlet's.
fn own_word(m: &Mutex) {
    let id = hub::tls::tid();
    let mut word = m.lock.load(Ordering::Relaxed);
    while m.inherits() && word & FUTEX_ID != id {
        let own = word & !FUTEX_ID | id;
        match m.lock.compare_exchange(word, own, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => break,
            Err(now) => word = now,
        }
    }
}

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
        let answer = try_lock(mutex);
        (answer != libc::EBUSY).then_some(answer)
    };
    // SAFETY: the program's object has glibc's layout.
    if !unsafe { &*mutex.cast::<Mutex>() }.inherits() {
        return shared::wait(&shim, "process-shared mutex", mutex as usize, attempt, call);
    }
    // The time is looked at only if there is something to wait for.
    if let Some(answer) = attempt() {
        return answer;
    }
    // The kernel looks for the holder's thread by the id in the lock's word, and
    // knows no greenlet's.
    // SAFETY: the program's object.
    let end = match unsafe { deadline_of_inheriting(clock, until) } {
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
