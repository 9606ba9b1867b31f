//! sched_getcpu(3), getcpu(2): on which processor the caller runs.
//!
//! A thread that has bound itself to processors may rely on being on one of them: it keeps
//! what belongs to a processor without locks, say. A greenlet's processors are remembered, not
//! applied ([`scheduling`](super::scheduling)); so one that is bound is told that it is where it
//! is bound to.

use super::scheduling::own_processors;
use core::ffi::{c_int, c_uint};

crate::hooks! {
    Thread "never" fn sched_getcpu() -> c_int = sched_get;
    Thread "never" fn getcpu(processor: *mut c_uint, node: *mut c_uint) -> c_int = get;
}

/// The processor that the caller is told, which is really on `real`.
fn told(real: usize) -> usize {
    let Some(mask) = own_processors() else { return real };
    let has = |n: usize| mask.get(n / 8).is_some_and(|byte| byte >> (n % 8) & 1 != 0);
    if has(real) {
        return real;
    }
    (0..8 * mask.len()).find(|&n| has(n)).unwrap_or(real)
}

unsafe fn sched_get() -> c_int {
    // SAFETY: no arguments.
    let real = unsafe { real::sched_getcpu() };
    usize::try_from(real).map_or(real, |real| told(real) as c_int)
}

unsafe fn get(processor: *mut c_uint, node: *mut c_uint) -> c_int {
    // SAFETY: the program's own call.
    let result = unsafe { real::getcpu(processor, node) };
    // SAFETY: null, or libc has written there.
    if let (0, Some(at)) = (result, unsafe { processor.as_mut() }) {
        *at = told(*at as usize) as c_uint;
    }
    result
}

/// getcpu(2) by number has succeeded.
///
/// # Safety
/// Null, or the kernel has written there.
pub unsafe fn told_raw(processor: *mut c_uint) {
    // SAFETY: by the contract.
    if let Some(at) = unsafe { processor.as_mut() } {
        *at = told(*at as usize) as c_uint;
    }
}
