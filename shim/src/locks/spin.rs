//! pthread_spin_lock(3).
//!
//! The word is the architecture's (1 is free on x86-64, 0 on aarch64), so
//! taking and releasing stay libc's; only the spinning is ours: on one carrier
//! the holder can release the lock only if it gets to run.

use super::attempt;
use crate::doorway;
use crate::table::Group;
use core::ffi::c_int;
use hub::hub as scheduler;
use libc::pthread_spinlock_t;

crate::hooks! {
    Thread "run queue" fn pthread_spin_lock(lock: *mut pthread_spinlock_t) -> c_int = spin, version "GLIBC_2.34";
    Thread "run queue" fn pthread_spin_trylock(lock: *mut pthread_spinlock_t) -> c_int = try_spin, version "GLIBC_2.34";
}

unsafe fn spin(lock: *mut pthread_spinlock_t) -> c_int {
    attempt::begins();
    // SAFETY: the program's own calls.
    unsafe {
        if real::pthread_spin_trylock(lock) == 0 {
            return 0;
        }
        loop {
            // Left each time round: what a signal's handler does, spinning must not hold up.
            let Some(shim) = doorway::enter(Group::Thread) else {
                return real::pthread_spin_lock(lock);
            };
            scheduler::yield_now(shim.greenlet);
            drop(shim);
            if real::pthread_spin_trylock(lock) == 0 {
                return 0;
            }
        }
    }
}

unsafe fn try_spin(lock: *mut pthread_spinlock_t) -> c_int {
    attempt::begins();
    // SAFETY: the program's own call.
    let answer = unsafe { real::pthread_spin_trylock(lock) };
    if answer != 0 {
        attempt::failed();
    }
    answer
}
