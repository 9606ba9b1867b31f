//! Signals that a process sends itself: kill(2), sigqueue(3).
//!
//! kill(3p): one that the caller does not block, and no other thread could take, is delivered
//! before the call returns. Linux keeps that, and for the first thread in any case, which it
//! prefers to others. Here it prefers an OS thread on which another greenlet may be, or none:
//! that takes the signal when it comes to run. So where the kernel would choose the caller, it
//! is told to, with the information that any receiver gets.

use super::send::{can_be_sent, information, tell, SI_QUEUE};
use super::{bit, mask};
use crate::settings;
use crate::table::Group;
use core::ffi::{c_int, c_void};
use hub::greenlet::{Greenlet, Phase};
use hub::hub as scheduler;
use libc::pid_t;

crate::hooks! {
    Signal "never" fn kill(process: pid_t, signal: c_int) -> c_int = kill_;
    Signal "never" fn sigqueue(process: pid_t, signal: c_int, value: *mut c_void) -> c_int = queue;
}

/// What kill(2) says.
const SI_USER: c_int = 0;

/// Whether it is a signal for the process itself that the kernel would give the caller.
fn is_for_caller(process: pid_t, signal: c_int) -> bool {
    if !settings::patched(Group::Signal) || scheduler::live() == 0 || !can_be_sent(signal) {
        return false;
    }
    let Some(me) = Greenlet::current().filter(|me| !me.in_shim()) else { return false };
    let takes = |g: &Greenlet| g.phase() == Phase::Alive && mask::of(g) & bit(signal) == 0;
    let preferred = scheduler::first().filter(|first| takes(first));
    // SAFETY: takes nothing.
    takes(me)
        && preferred.is_none_or(|first| core::ptr::eq(first, me))
        && unsafe { hub::syscall!(libc::SYS_getpid) } == Ok(process as usize)
}

/// Send it to the caller, if it is the caller's. False: the kernel is to be asked.
fn sent(process: pid_t, signal: c_int, code: c_int, value: *mut c_void) -> bool {
    is_for_caller(process, signal) && tell(signal, &information(signal, code, value)) == 0
}

unsafe fn kill_(process: pid_t, signal: c_int) -> c_int {
    if sent(process, signal, SI_USER, core::ptr::null_mut()) {
        return 0;
    }
    // SAFETY: the program's own call.
    unsafe { real::kill(process, signal) }
}

unsafe fn queue(process: pid_t, signal: c_int, value: *mut c_void) -> c_int {
    if sent(process, signal, SI_QUEUE, value) {
        return 0;
    }
    // SAFETY: the program's own call. (EAGAIN: the kernel says it again.)
    unsafe { real::sigqueue(process, signal, value) }
}
