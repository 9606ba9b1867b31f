//! Signals that a process sends itself: kill(2), sigqueue(3), by name and by number.
//!
//! kill(3p): one that the caller does not block, and no other thread could take, is delivered
//! before the call returns. Linux keeps that, and for the first thread in any case, which it
//! prefers to others. Here it prefers an OS thread on which another greenlet may be, or none:
//! that takes the signal when it comes to run. So where the kernel would choose the caller, it
//! is told to, with the information that any receiver gets.
//!
//! A signal that others get, too, is in [`own_group`](super::own_group).

use super::send::{can_be_sent, information, tell, tell_as, SI_QUEUE};
use super::{bit, mask, own_group, pending, word};
use crate::settings;
use crate::table::Group;
use core::ffi::{c_int, c_void};
use hub::greenlet::{Greenlet, Phase};
use hub::hub as scheduler;
use libc::{pid_t, siginfo_t};

crate::hooks! {
    Signal "never" fn kill(process: pid_t, signal: c_int) -> c_int = kill_;
    Signal "never" fn sigqueue(process: pid_t, signal: c_int, value: *mut c_void) -> c_int = queue;
}

/// What kill(2) says.
const SI_USER: c_int = 0;

/// The caller, if it is the one to whom the kernel would give a signal for this process.
pub(super) fn receiver(signal: c_int) -> Option<&'static Greenlet> {
    if !settings::patched(Group::Signal) || scheduler::live() == 0 || !can_be_sent(signal) {
        return None;
    }
    let me = Greenlet::current().filter(|me| !me.in_shim())?;
    let unblocked = |g: &Greenlet| g.phase() == Phase::Alive && mask::of(g) & bit(signal) == 0;
    let awaited = |g: &Greenlet| g.extension[word::AWAITED].get() as u64 & bit(signal) != 0;
    let preferred = scheduler::first().filter(|first| unblocked(first) || awaited(first));
    (unblocked(me) && preferred.is_none_or(|first| core::ptr::eq(first, me))).then_some(me)
}

/// Whether that is this process's number.
pub(super) fn is_own(process: pid_t) -> bool {
    // SAFETY: takes nothing.
    unsafe { hub::syscall!(libc::SYS_getpid) == Ok(process as usize) }
}

/// Send it to the caller, if it is the caller's. False: the kernel is to be asked.
fn sent(process: pid_t, signal: c_int, code: c_int, value: *mut c_void) -> bool {
    if !is_own(process) {
        return false;
    }
    pending::generated(signal);
    receiver(signal).is_some() && tell(signal, &information(signal, code, value)) == 0
}

unsafe fn kill_(process: pid_t, signal: c_int) -> c_int {
    if process > 0 && sent(process, signal, SI_USER, core::ptr::null_mut()) {
        return 0;
    }
    // SAFETY: the program's own call.
    let ask = || unsafe { real::kill(process, signal) };
    // All processes (-1) are all but the caller's.
    match process {
        0 => own_group::with_others(signal, ask),
        ..=-2 if own_group::is_own(process.wrapping_neg()) => own_group::with_others(signal, ask),
        _ => ask(),
    }
}

unsafe fn queue(process: pid_t, signal: c_int, value: *mut c_void) -> c_int {
    if sent(process, signal, SI_QUEUE, value) {
        return 0;
    }
    // SAFETY: the program's own call. (EAGAIN: the kernel says it again.)
    unsafe { real::sigqueue(process, signal, value) }
}

/// syscall(2) with `SYS_rt_sigqueueinfo`: `None` asks the kernel.
///
/// # Safety
/// The program's own arguments; the kernel judges the address.
pub unsafe fn queue_raw(process: pid_t, signal: c_int, info: *const siginfo_t) -> Option<c_int> {
    receiver(signal).filter(|_| is_own(process))?;
    // SAFETY: as above.
    Some(unsafe { tell_as(signal, info) })
}
