//! The signal that a thread has asked for when the process's parent dies, prctl(2).
//!
//! The kernel sends it to the process, for an OS thread that has asked, and does not hand
//! the wish on. Threads that another one makes may run on its OS thread; so that they are told
//! the truth, what each has asked for is remembered.

use super::record;
use super::{change_or_fail, What};
use crate::doorway::enter_any;
use core::ffi::{c_int, c_ulong};
use core::sync::atomic::{AtomicI32, Ordering};

/// What the first thread has asked for while it was alone.
static FIRST: AtomicI32 = AtomicI32::new(0);

/// PR_SET_PDEATHSIG; `call` is the kernel's.
pub fn set(signal: c_ulong, call: impl FnOnce() -> c_int) -> c_int {
    let result = change_or_fail(What::Attributes, call);
    if result == 0 {
        let signal = signal as c_int;
        match enter_any() {
            Some(shim) => record::update(&shim, shim.greenlet, |told| told.death = Some(signal)),
            None => FIRST.store(signal, Ordering::Relaxed),
        }
    }
    result
}

/// PR_GET_PDEATHSIG; `call` is the kernel's, which writes to `to`.
///
/// # Safety
/// The program's own address.
pub unsafe fn get(to: *mut c_int, call: impl FnOnce() -> c_int) -> c_int {
    let result = call();
    if let Some(shim) = enter_any().filter(|_| result == 0) {
        let g = shim.greenlet;
        let first = || if g.is_root() { FIRST.load(Ordering::Relaxed) } else { 0 };
        // SAFETY: the kernel has written there.
        unsafe { *to = record::of(&shim, g).death.unwrap_or_else(first) };
    }
    result
}

/// In the child of a fork.
pub fn after_fork() {
    FIRST.store(0, Ordering::Relaxed);
}
