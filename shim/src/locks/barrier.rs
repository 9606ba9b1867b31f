//! pthread_barrier_wait(3), pthread_barrier_destroy(3).
//!
//! `pthread_barrier_t` as glibc's pthread_barrier_init leaves it: arrivals,
//! round, number of threads, process-shared flag. The first two are ours.

use crate::doorway;
use crate::thread::patched;
use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};
use hub::sync::barrier;
use libc::pthread_barrier_t;

crate::hooks! {
    Thread "parking lot" fn pthread_barrier_wait(barrier: *mut pthread_barrier_t) -> c_int = wait, version "GLIBC_2.34";
    Thread "parking lot" fn pthread_barrier_destroy(barrier: *mut pthread_barrier_t) -> c_int = destroy, version "GLIBC_2.34";
}

#[repr(C)]
struct Object {
    arrived: AtomicU32,
    round: AtomicU32,
    threads: AtomicU32,
    shared: AtomicU32,
}

/// Make libc's `call` on a barrier, and give its answer, where the barrier is not ours: nothing is
/// patched, or processes share it. Between processes the kernel must do it; there is no way to
/// try.
fn libcs(o: &Object, call: impl FnOnce() -> c_int) -> Option<c_int> {
    if !patched() {
        return Some(call());
    }
    if o.shared.load(Ordering::Relaxed) == 0 {
        return None;
    }
    Some(match doorway::enter(crate::table::Group::Thread) {
        Some(shim) => {
            shim.section_on_lock("process-shared barrier", ptr::from_ref(o) as usize, call)
        }
        None => call(),
    })
}

unsafe fn wait(object: *mut pthread_barrier_t) -> c_int {
    // SAFETY: the program's object.
    let o = unsafe { &*object.cast::<Object>() };
    // SAFETY: the program's own call.
    if let Some(answer) = libcs(o, || unsafe { real::pthread_barrier_wait(object) }) {
        return answer;
    }
    let _shim = doorway::enter_any();
    if barrier::wait(&o.arrived, &o.round, o.threads.load(Ordering::Relaxed)) {
        libc::PTHREAD_BARRIER_SERIAL_THREAD
    } else {
        0
    }
}

/// POSIX leaves open what destroying a barrier does while threads wait there; glibc waits until
/// they have left.
unsafe fn destroy(object: *mut pthread_barrier_t) -> c_int {
    // SAFETY: the program's object.
    let o = unsafe { &*object.cast::<Object>() };
    // SAFETY: its own call.
    if let Some(answer) = libcs(o, || unsafe { real::pthread_barrier_destroy(object) }) {
        return answer;
    }
    if o.arrived.load(Ordering::Acquire) != 0 {
        let _shim = doorway::enter_any();
        barrier::wait_for_all_to_leave(&o.arrived, &o.round);
    }
    0
}
