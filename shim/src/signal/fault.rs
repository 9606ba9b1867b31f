//! SIGSEGV and SIGBUS: a greenlet that has used up its stack says so.
//!
//! From the first thread on, the carrier has an alternate stack of ours, and
//! SIGSEGV has a handler of ours where the program has none; the program is
//! told that it is SIG_DFL. The handler prints one line if the fault is the
//! running greenlet's own guard, then lets the fault happen again with the
//! default action, so that the process dies (and dumps core) where it would
//! have died.

use super::{action, alt_stack, bit};
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicU32, Ordering};
use hub::arch;
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::unit::SLACK;
use libc::siginfo_t;

/// The signals whose program handlers run on a frame that was moved (see
/// [`alt_stack`]).
pub const FAULTS: u64 = bit(libc::SIGSEGV) | bit(libc::SIGBUS);

/// The thread whose overflow was reported last: its program handler may go
/// back to the default action and fault again.
static REPORTED: AtomicU32 = AtomicU32::new(0);

/// The first greenlet is being made.
pub fn start() {
    if alt_stack::installed() || !crate::settings::patched(crate::table::Group::Signal) {
        return;
    }
    if scheduler::first().is_some_and(alt_stack::install) {
        action::renew_faults();
    }
}

/// Whether this is the fault of an instruction, not a signal that was sent.
///
/// # Safety
/// `info` is the kernel's.
pub unsafe fn is_fault(signal: c_int, info: *const siginfo_t) -> bool {
    // SAFETY: by the caller's contract.
    let kernel = unsafe { (*info).si_code } > 0;
    kernel && matches!(signal, libc::SIGSEGV | libc::SIGBUS | libc::SIGFPE | libc::SIGILL)
}

/// Print the line if the running greenlet has hit its guard; whether it has.
///
/// # Safety
/// `info` is the kernel's.
pub unsafe fn overflow(signal: c_int, info: *const siginfo_t) -> bool {
    if signal != libc::SIGSEGV {
        return false;
    }
    let Some(g) = Greenlet::current() else { return false };
    let stack = g.stack();
    // SAFETY: a SIGSEGV of an instruction has an address.
    if !unsafe { is_fault(signal, info) && stack.guards((*info).si_addr() as usize) } {
        return false;
    }
    if REPORTED.swap(g.id(), Ordering::Relaxed) == g.id() {
        return true;
    }
    let name = g.name();
    let length = name.iter().position(|&b| b == 0).unwrap_or(name.len());
    // A unit rounds up what was asked for, by less than 8 KB.
    let size = ((stack.base - stack.limit).saturating_sub(SLACK) / 1024) & !7;
    hub::report::say(format_args!(
        "geventrs: stack overflow in thread {} \"{}\" (stack of {size} KB)",
        g.id(),
        core::str::from_utf8(&name[..length]).unwrap_or("?"),
    ));
    true
}

/// The program's handler is about to hear of the [`overflow`] of `g`: it finds the address in the
/// guard that pthread_getattr_np(3) tells of. Below the stack that was asked for there is more
/// ([`SLACK`]), and a runtime that reports overflows (Rust's std) compares.
///
/// # Safety
/// `info` is the kernel's, of that fault.
pub unsafe fn tell_as_asked(g: &Greenlet, info: *mut siginfo_t) {
    let more = g.told_stack().0.saturating_sub(g.stack().limit);
    // SAFETY: by the contract; of a fault the address comes after three ints and padding.
    unsafe { *info.cast::<usize>().add(2) += more };
}

/// SIGSEGV's default action, on the way.
pub unsafe extern "C-unwind" fn default(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's own arguments.
    unsafe {
        if is_fault(signal, info) && arch::recover_copy(&mut *context.cast()) {
            return;
        }
        overflow(signal, info);
        hub::observe::write_out(hub::observe::End::Signal(signal));
        die_of(signal, info);
    }
}

/// Let the default action happen when the handler returns.
///
/// # Safety
/// In a handler that the kernel has called with `info`.
pub unsafe fn die_of(signal: c_int, info: *const siginfo_t) {
    // SAFETY: the default action; by the caller's contract.
    unsafe {
        let default: libc::sigaction = core::mem::zeroed();
        action::real::sigaction(signal, &default, core::ptr::null_mut());
        if !is_fault(signal, info) {
            // Nothing would happen again: send it once more, for the moment
            // when this handler has returned.
            let pid = hub::syscall!(libc::SYS_getpid).unwrap_or(0);
            let tid = hub::syscall!(libc::SYS_gettid).unwrap_or(0);
            let _ = hub::syscall!(libc::SYS_tgkill, pid, tid, signal);
        }
    }
}

/// In the child of a fork: without a greenlet there is no carrier, and the
/// thread may have an alternate stack of its own.
pub fn after_fork() {
    if Greenlet::current().is_none() {
        alt_stack::forget_carrier();
    }
}
