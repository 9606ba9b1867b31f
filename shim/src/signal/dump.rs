//! The signal on which all greenlets are printed (`GEVENTRS_DUMP_SIGNAL`).
//!
//! It is the user's, not the program's: the program may set a handler for it, and
//! is told that it has one, but none is called.

use super::action;
use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::{AtomicI32, Ordering};

static SIGNAL: AtomicI32 = AtomicI32::new(0);

/// Whether this signal is the dump's.
pub fn is(signal: c_int) -> bool {
    signal != 0 && SIGNAL.load(Ordering::Relaxed) == signal
}

/// Print all greenlets when `signal` comes. From the library's constructor.
pub fn install(signal: c_int) {
    SIGNAL.store(signal, Ordering::Relaxed);
    // SAFETY: zeroes are a valid action; the handler makes system calls only.
    unsafe {
        let mut new: libc::sigaction = core::mem::zeroed();
        new.sa_sigaction = handler as *const () as usize;
        new.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
        action::real::sigaction(signal, &new, ptr::null_mut());
    }
}

extern "C" fn handler(_: c_int) {
    hub::control::report::dump();
}
