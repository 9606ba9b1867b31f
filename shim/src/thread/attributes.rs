//! pthread_getattr_np(3): a running thread's attributes, the truth about its stack before all.
//!
//! Garbage collectors and runtimes ask where the stack is and trust it. Its size is what was
//! asked for, as with libc; there is more below ([`hub::unit::SLACK`]), which we do not tell.

use super::{find, scheduling};
use crate::table::Real;
use core::ffi::{c_int, c_void};
use hub::greenlet::Phase;
use libc::{pthread_attr_t, pthread_t, sched_param};

/// It has other versions in other releases of glibc, so it is looked up.
static SET_AFFINITY: Real = Real::new("pthread_attr_setaffinity_np\0", "GLIBC_2.32\0GLIBC_2.3.4\0");

type SetAffinity =
    unsafe extern "C" fn(*mut pthread_attr_t, usize, *const libc::cpu_set_t) -> c_int;

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
        let failed = libc::pthread_attr_init(attr);
        if failed != 0 {
            return failed;
        }
        let (lowest, size) = g.told_stack();
        libc::pthread_attr_setstack(attr, lowest as *mut _, size);
        libc::pthread_attr_setguardsize(attr, g.asked_guard());
        let state = if g.is_detached() {
            libc::PTHREAD_CREATE_DETACHED
        } else {
            libc::PTHREAD_CREATE_JOINABLE
        };
        libc::pthread_attr_setdetachstate(attr, state);
        let (policy, priority) = scheduling::param_of(g);
        libc::pthread_attr_setschedpolicy(attr, policy);
        libc::pthread_attr_setschedparam(attr, &sched_param { sched_priority: priority });
        libc::pthread_attr_setinheritsched(attr, scheduling::inherits(g));
        let (processors, kernel) = scheduling::processors_of(g);
        let set = core::mem::transmute::<*mut c_void, SetAffinity>(SET_AFFINITY.get());
        set(attr, kernel.min(processors.len()), processors.as_ptr().cast())
    }
}
