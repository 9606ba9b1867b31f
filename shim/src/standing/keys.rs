//! Protection keys (pkeys(7)), and ptrace(2) as the tracer.
//!
//! The rights of protection keys are in a register of the processor that the kernel saves
//! for each OS thread. (An instruction of the program's that writes there is not seen.)

use super::{change_or_fail, What};
use core::ffi::{c_int, c_long, c_uint};
use core::sync::atomic::{AtomicBool, Ordering};
use libc::pid_t;

crate::hooks! {
    Thread "never" fn pkey_alloc(flags: c_uint, rights: c_uint) -> c_int = alloc_key;
    Thread "never" fn pkey_set(key: c_int, rights: c_uint) -> c_int = set_key;
    Thread "never" fn ptrace(request: c_uint, pid: pid_t, address: usize, data: usize) -> c_long = trace;
}

unsafe fn alloc_key(flags: c_uint, rights: c_uint) -> c_int {
    // SAFETY: the program's own arguments, here and below.
    change_or_fail(What::Attributes, || unsafe { real::pkey_alloc(flags, rights) })
}

unsafe fn set_key(key: c_int, rights: c_uint) -> c_int {
    // SAFETY: as above.
    change_or_fail(What::Attributes, || unsafe { real::pkey_set(key, rights) })
}

/// The process has traced another one.
static TRACES: AtomicBool = AtomicBool::new(false);

/// Whether the process may be told of stops by wait(2) without asking for them: it traces.
pub fn traces() -> bool {
    TRACES.load(Ordering::Relaxed)
}

/// Whether a request of ptrace(2) makes the calling thread the tracer: the kernel takes
/// all others from that one only.
pub fn begins_tracing(request: c_uint) -> bool {
    if request != libc::PTRACE_TRACEME {
        TRACES.store(true, Ordering::Relaxed);
    }
    matches!(request, libc::PTRACE_ATTACH | libc::PTRACE_SEIZE)
}

unsafe fn trace(request: c_uint, pid: pid_t, address: usize, data: usize) -> c_long {
    // SAFETY: as above.
    let call = || unsafe { real::ptrace(request, pid, address, data) };
    match begins_tracing(request) {
        true => change_or_fail(What::Attributes, call),
        false => call(),
    }
}
