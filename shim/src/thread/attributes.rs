//! pthread_getattr_np(3): the truth about a running thread's stack.
//!
//! Garbage collectors and runtimes ask where the stack is and trust it.

use super::find;
use core::ffi::c_int;
use hub::greenlet::Phase;
use libc::{pthread_attr_t, pthread_t};

crate::hooks! {
    Thread "never" fn pthread_getattr_np(thread: pthread_t, attr: *mut pthread_attr_t) -> c_int = get, version "GLIBC_2.32";
}

unsafe fn get(thread: pthread_t, attr: *mut pthread_attr_t) -> c_int {
    // SAFETY: the program's own arguments; the object is initialised first.
    unsafe {
        let Some(g) = find(thread).filter(|g| !g.is_root()) else {
            return real::pthread_getattr_np(thread, attr);
        };
        if g.phase() == Phase::Free {
            return libc::ESRCH;
        }
        let stack = g.stack();
        let failed = libc::pthread_attr_init(attr);
        if failed != 0 {
            return failed;
        }
        libc::pthread_attr_setstack(attr, stack.limit as *mut _, stack.base - stack.limit);
        libc::pthread_attr_setguardsize(attr, g.asked_guard());
        let state = if g.is_detached() {
            libc::PTHREAD_CREATE_DETACHED
        } else {
            libc::PTHREAD_CREATE_JOINABLE
        };
        libc::pthread_attr_setdetachstate(attr, state);
    }
    0
}
