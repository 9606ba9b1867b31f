//! `gev_semaphore` and `gev_rlock`.

use super::object::{get, kept, Kind, Object};
use super::timeout::limit;
use super::{fail, in_time, rim, zero, Span};
use core::ffi::c_int;
use core::sync::atomic::{AtomicUsize, Ordering};
use hub::lock::{RLock, Semaphore};

/// A counter, and how many units there may be (a bounded one notices a release
/// too many).
#[derive(Debug)]
pub struct Counter {
    semaphore: Semaphore,
    most: usize,
    taken: AtomicUsize,
}

impl Counter {
    pub fn semaphore(&self) -> &Semaphore {
        &self.semaphore
    }
}

pub type Handle = Object<Counter>;

fn make(units: usize, most: usize) -> *mut Handle {
    let taken = AtomicUsize::new(0);
    Object::handle(Kind::Semaphore, Counter { semaphore: Semaphore::new(units), most, taken })
}

#[no_mangle]
pub extern "C-unwind" fn gev_semaphore_new(units: usize) -> *mut Handle {
    let _rim = rim();
    make(units, usize::MAX)
}

#[no_mangle]
pub extern "C-unwind" fn gev_semaphore_new_bounded(units: usize) -> *mut Handle {
    let _rim = rim();
    make(units, units)
}

/// # Safety
/// Nobody uses it any more.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_semaphore_free(semaphore: *mut Handle) {
    let _rim = rim();
    // SAFETY: by this function's contract.
    unsafe { Object::free(semaphore) };
}

#[no_mangle]
pub extern "C-unwind" fn gev_semaphore_acquire(semaphore: *mut Handle, timeout: Span) -> c_int {
    let _rim = rim();
    let counter = get!(semaphore);
    let permit = match limit(timeout) {
        None => Some(counter.semaphore.acquire()),
        Some(d) if d.is_zero() => counter.semaphore.try_acquire(),
        Some(d) => counter.semaphore.acquire_timeout(d),
    };
    let Some(permit) = permit else { return in_time(false) };
    permit.forget();
    if counter.most != usize::MAX {
        counter.taken.fetch_add(1, Ordering::AcqRel);
    }
    0
}

#[no_mangle]
pub extern "C-unwind" fn gev_semaphore_release(semaphore: *mut Handle) -> c_int {
    let _rim = rim();
    let counter = kept!(semaphore);
    if counter.most != usize::MAX {
        let less = |n: usize| n.checked_sub(1);
        if counter.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).is_err() {
            return fail(libc::EOVERFLOW);
        }
    }
    counter.semaphore.release();
    0
}

#[no_mangle]
pub extern "C-unwind" fn gev_semaphore_counter(semaphore: *const Handle) -> usize {
    get!(semaphore, zero()).semaphore.counter()
}

#[no_mangle]
pub extern "C-unwind" fn gev_semaphore_wait(semaphore: *mut Handle, timeout: Span) -> c_int {
    let _rim = rim();
    in_time(get!(semaphore).semaphore.wait(limit(timeout)) > 0)
}

pub type RLockHandle = Object<RLock>;

#[no_mangle]
pub extern "C-unwind" fn gev_rlock_new() -> *mut RLockHandle {
    let _rim = rim();
    Object::handle(Kind::Other, RLock::new())
}

/// # Safety
/// Nobody uses it any more.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_rlock_free(lock: *mut RLockHandle) {
    let _rim = rim();
    // SAFETY: by this function's contract.
    unsafe { Object::free(lock) };
}

#[no_mangle]
pub extern "C-unwind" fn gev_rlock_acquire(lock: *mut RLockHandle, timeout: Span) -> c_int {
    let _rim = rim();
    let lock = get!(lock);
    let guard = match limit(timeout) {
        None => Some(lock.acquire()),
        Some(d) if d.is_zero() => lock.try_acquire(),
        Some(d) => lock.acquire_timeout(d),
    };
    in_time(guard.map(core::mem::forget).is_some())
}

#[no_mangle]
pub extern "C-unwind" fn gev_rlock_release(lock: *mut RLockHandle) -> c_int {
    let _rim = rim();
    if kept!(lock).release_forgotten() {
        0
    } else {
        fail(libc::EPERM)
    }
}
