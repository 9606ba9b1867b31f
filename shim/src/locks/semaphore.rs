//! sem_wait(3) and its family.
//!
//! `sem_t` as glibc lays it out on 64-bit machines: one word of value and
//! waiters, then a flag that says whether other processes may share it.
//! Shared and named semaphores are the kernel's; a greenlet waits for them in a
//! blocking section. `sem_post` may be called from a signal handler.
//!
//! Waiting is a cancellation point and ends with EINTR when interrupted.

use super::{attempt, deadline, shared};
use crate::doorway::{self, set_errno, AtOnce};
use crate::thread::{cancel, patched};
use core::ffi::c_int;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use hub::sync::semaphore::{self, NotTaken};
use hub::time::NEVER;
use hub::wait::Reason;
use libc::{clockid_t, sem_t, timespec};

crate::hooks! {
    Thread "parking lot" fn sem_wait(sem: *mut sem_t) -> c_int = wait, version "GLIBC_2.34";
    Thread "never" fn sem_trywait(sem: *mut sem_t) -> c_int = try_wait, version "GLIBC_2.34";
    Thread "parking lot" fn sem_timedwait(sem: *mut sem_t, until: *const timespec) -> c_int = timed_wait, version "GLIBC_2.34";
    Thread "parking lot" fn sem_clockwait(sem: *mut sem_t, clock: clockid_t, until: *const timespec) -> c_int = clock_wait, version "GLIBC_2.34";
    Thread "never" fn sem_post(sem: *mut sem_t) -> c_int = post, version "GLIBC_2.34";
}

/// glibc's object, as far as we use it.
#[repr(C)]
struct Object {
    word: AtomicU64,
    /// 0: private to the process.
    shared: AtomicU32,
}

impl Object {
    #[inline(always)]
    fn is_libcs(&self) -> bool {
        self.shared.load(Ordering::Relaxed) != 0
    }

    fn reason(&self) -> Reason {
        Reason::Semaphore(self as *const Self as usize)
    }
}

fn failed(errno: c_int) -> c_int {
    set_errno(errno);
    -1
}

unsafe fn wait(sem: *mut sem_t) -> c_int {
    // SAFETY: the program's object, here and below.
    let o = unsafe { &*sem.cast::<Object>() };
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::sem_wait(sem) };
    }
    attempt::begins();
    if o.is_libcs() {
        // SAFETY: as above.
        return unsafe { wait_libcs(sem, || real::sem_wait(sem)) };
    }
    if cancel::is_due_here() {
        // A cancellation point, also if it does not wait.
        return wait_inside(o, doorway::enter_any(), NEVER);
    }
    match doorway::at_once_or_inside(|local| semaphore::try_wait(&o.word, local)) {
        AtOnce::Done => {
            super::take_turns();
            0
        }
        AtOnce::Failed(shim) => wait_inside(o, shim.or_else(doorway::enter_any), NEVER),
    }
}

unsafe fn timed_wait(sem: *mut sem_t, until: *const timespec) -> c_int {
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::sem_timedwait(sem, until) };
    }
    // SAFETY: as above.
    unsafe {
        match deadline(libc::CLOCK_REALTIME, until) {
            Ok(_) if (*sem.cast::<Object>()).is_libcs() => {
                wait_libcs(sem, || real::sem_timedwait(sem, until))
            }
            Ok(end) => wait_until(sem, end),
            Err(e) => failed(e),
        }
    }
}

unsafe fn clock_wait(sem: *mut sem_t, clock: clockid_t, until: *const timespec) -> c_int {
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::sem_clockwait(sem, clock, until) };
    }
    // SAFETY: as above.
    unsafe {
        match deadline(clock, until) {
            Ok(_) if (*sem.cast::<Object>()).is_libcs() => {
                wait_libcs(sem, || real::sem_clockwait(sem, clock, until))
            }
            // Unlike the others, glibc looks at the count before it looks for a
            // cancellation.
            Ok(_) if cancel::is_due_here() && try_wait(sem) == 0 => 0,
            Ok(end) => wait_until(sem, end),
            Err(e) => failed(e),
        }
    }
}

unsafe fn wait_until(sem: *mut sem_t, end: u64) -> c_int {
    // SAFETY: as above.
    let o = unsafe { &*sem.cast::<Object>() };
    wait_inside(o, doorway::enter_any(), end)
}

/// A wait for a semaphore of the process's own.
fn wait_inside(o: &Object, shim: Option<doorway::Shim>, end: u64) -> c_int {
    if let Some(shim) = &shim {
        cancel::point(shim);
    }
    loop {
        match semaphore::wait(&o.word, o.reason(), end) {
            Ok(()) => return 0,
            Err(NotTaken::TimedOut) => return failed(libc::ETIMEDOUT),
            // Restarted under SA_RESTART, but not with a time-out: the kernel's
            // wait, of which glibc's is made, is not then (signal(7) errs).
            Err(NotTaken::Interrupted) => {
                let may = end == NEVER;
                if !shim.as_ref().is_some_and(|s| crate::signal::restarts(s, may)) {
                    return failed(libc::EINTR);
                }
            }
        }
    }
}

/// A semaphore that other processes may post; `call` is the program's own.
unsafe fn wait_libcs(sem: *mut sem_t, call: impl Fn() -> c_int) -> c_int {
    let Some(shim) = doorway::enter(crate::table::Group::Thread) else { return call() };
    cancel::point(&shim);
    let errno = doorway::errno();
    // SAFETY: the program's semaphore.
    let attempt = || unsafe { (real::sem_trywait(sem) == 0).then_some(0) };
    let result = shared::wait(&shim, "process-shared semaphore", sem as usize, attempt, call);
    if result == 0 {
        // Not that of an attempt.
        set_errno(errno);
    } else if doorway::errno() == libc::EINTR {
        cancel::point(&shim);
    }
    result
}

unsafe fn try_wait(sem: *mut sem_t) -> c_int {
    // SAFETY: as above.
    let o = unsafe { &*sem.cast::<Object>() };
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::sem_trywait(sem) };
    }
    attempt::begins();
    if o.is_libcs() {
        // SAFETY: the program's own call.
        let result = unsafe { real::sem_trywait(sem) };
        if result != 0 {
            attempt::failed();
        }
        return result;
    }
    if doorway::briefly(|local| semaphore::try_wait(&o.word, local)) {
        return 0;
    }
    attempt::failed();
    failed(libc::EAGAIN)
}

unsafe fn post(sem: *mut sem_t) -> c_int {
    // SAFETY: as above.
    let o = unsafe { &*sem.cast::<Object>() };
    if !patched() || o.is_libcs() {
        // SAFETY: the program's own call.
        return unsafe { real::sem_post(sem) };
    }
    let _shim = doorway::enter_any();
    if semaphore::post(&o.word) {
        0
    } else {
        failed(libc::EOVERFLOW)
    }
}
