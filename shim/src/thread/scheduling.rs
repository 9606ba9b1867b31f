//! Scheduling parameters and processor affinity of threads.
//!
//! Greenlets of one carrier share its policy and its processors; a request for
//! one greenlet must not change the others. What a program sets is checked as
//! the kernel would check it, remembered, and told when asked for.

use super::lent_priority::Lent;
use super::{find, patched};
use crate::doorway::{enter_any, Shim};
use crate::standing::credentials::{has_capability, CAP_SYS_NICE};
use crate::standing::record;
pub use crate::standing::record::Mask;
use crate::standing::thread_id::{named, Named};
use core::ffi::{c_int, c_long};
use hub::greenlet::Greenlet;
use hub::tls;
use libc::{cpu_set_t, pid_t, pthread_t, sched_param};

crate::hooks! {
    Thread "never" fn pthread_setaffinity_np(thread: pthread_t, size: usize, set: *const cpu_set_t) -> c_int = set_affinity, version "GLIBC_2.34" or "GLIBC_2.3.4";
    Thread "never" fn pthread_getaffinity_np(thread: pthread_t, size: usize, set: *mut cpu_set_t) -> c_int = get_affinity, version "GLIBC_2.32" or "GLIBC_2.3.4";
    Thread "never" fn sched_setaffinity(pid: pid_t, size: usize, set: *const cpu_set_t) -> c_int = sched_set_affinity, version "GLIBC_2.3.4";
    Thread "never" fn sched_getaffinity(pid: pid_t, size: usize, set: *mut cpu_set_t) -> c_int = sched_get_affinity, version "GLIBC_2.3.4";
}

crate::plain_hooks! {
    Thread "never" fn pthread_setschedparam(thread: pthread_t, policy: c_int, param: *const sched_param) -> c_int = set_param;
    Thread "never" fn pthread_getschedparam(thread: pthread_t, policy: *mut c_int, param: *mut sched_param) -> c_int = get_param;
    Thread "never" fn pthread_setschedprio(thread: pthread_t, priority: c_int) -> c_int = set_priority;
}

/// Extension word: 0, or bit 63 with policy (bits 32..) and priority.
const PARAM: usize = 1;
const PARAM_SET: usize = 1 << 63;
/// The thread was made with parameters of its own (PTHREAD_EXPLICIT_SCHED).
const EXPLICIT: usize = 1 << 31;

/// The priorities that are lent to `g`, which is the caller.
#[allow(clippy::mut_from_ref)]
pub fn lent(g: &Greenlet) -> &mut Lent {
    record::lent(g)
}

/// A greenlet that is not the carrier's own thread.
unsafe fn other(thread: pthread_t) -> Option<&'static Greenlet> {
    // SAFETY: by the callers.
    unsafe { find(thread) }.filter(|g| !g.is_root() && patched())
}

/// The kernel's answer to "may this process use such a policy": EINVAL for a
/// wrong pair, EPERM without the privilege.
pub fn check(policy: c_int, priority: c_int) -> c_int {
    // SAFETY: the calls only read.
    unsafe {
        let (low, high) =
            (libc::sched_get_priority_min(policy), libc::sched_get_priority_max(policy));
        // (SCHED_DEADLINE needs what these calls cannot say.)
        if low < 0 || !(low..=high).contains(&priority) || policy == libc::SCHED_DEADLINE {
            return libc::EINVAL;
        }
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::getrlimit(libc::RLIMIT_RTPRIO, &mut limit);
        if priority > 0 && (priority as u64) > limit.rlim_cur && !has_capability(CAP_SYS_NICE) {
            return libc::EPERM;
        }
    }
    0
}

unsafe fn set_param(thread: pthread_t, policy: c_int, param: *const sched_param) -> c_int {
    // SAFETY: the program's own arguments, here and below.
    unsafe {
        let Some(g) = other(thread) else {
            return plain::pthread_setschedparam(thread, policy, param);
        };
        remember(g, policy, (*param).sched_priority)
    }
}

/// `g`, which is not the first thread, is to have these, if the kernel would allow them. An
/// error number.
pub fn remember(g: &Greenlet, policy: c_int, priority: c_int) -> c_int {
    let refused = check(policy & !libc::SCHED_RESET_ON_FORK, priority);
    if refused == 0 {
        let explicit = g.extension[PARAM].get() & EXPLICIT;
        let word = PARAM_SET | explicit | (policy as usize) << 32 | priority as usize;
        g.extension[PARAM].set(word);
    }
    refused
}

/// The new thread has parameters that its attributes name, and [`check`] allows.
pub fn begins_with(g: &Greenlet, policy: c_int, priority: c_int) {
    g.extension[PARAM].set(PARAM_SET | EXPLICIT | (policy as usize) << 32 | priority as usize);
}

/// What pthread_attr_getinheritsched(3) is to say of it.
pub fn inherits(g: &Greenlet) -> c_int {
    match g.extension[PARAM].get() & EXPLICIT {
        0 => libc::PTHREAD_INHERIT_SCHED,
        _ => libc::PTHREAD_EXPLICIT_SCHED,
    }
}

/// Callback of the hub: a new greenlet has its creator's.
pub fn thread_made(creator: &Greenlet, new: &Greenlet) {
    let word = creator.extension[PARAM].get();
    if word >> 32 & libc::SCHED_RESET_ON_FORK as usize == 0 {
        new.extension[PARAM].set(word & !EXPLICIT);
    }
}

/// Policy and priority of a greenlet: what it set, or the carrier's.
pub fn param_of(g: &Greenlet) -> (c_int, c_int) {
    match g.extension[PARAM].get() {
        0 => {
            let mut param = sched_param { sched_priority: 0 };
            // SAFETY: asks the kernel about the calling OS thread.
            unsafe {
                let _ = hub::syscall!(libc::SYS_sched_getparam, 0, &raw mut param);
                let policy = hub::syscall!(libc::SYS_sched_getscheduler, 0).unwrap_or(0);
                (policy as c_int, param.sched_priority)
            }
        }
        word => ((word >> 32 & 0x7fff_ffff) as c_int, (word & !EXPLICIT) as u32 as c_int),
    }
}

unsafe fn get_param(thread: pthread_t, policy: *mut c_int, param: *mut sched_param) -> c_int {
    // SAFETY: as above.
    unsafe {
        let Some(g) = other(thread) else {
            return plain::pthread_getschedparam(thread, policy, param);
        };
        (*policy, (*param).sched_priority) = param_of(g);
    }
    0
}

unsafe fn set_priority(thread: pthread_t, priority: c_int) -> c_int {
    // SAFETY: as above.
    unsafe {
        let Some(g) = other(thread) else {
            return plain::pthread_setschedprio(thread, priority);
        };
        let param = sched_param { sched_priority: priority };
        set_param(thread, param_of(g).0, &param)
    }
}

/// The processors that the carrier may use.
fn carrier_mask() -> (Mask, usize) {
    let mut mask = [0; 128];
    // SAFETY: asks the kernel about the calling OS thread.
    let size = unsafe {
        hub::syscall!(libc::SYS_sched_getaffinity, 0, mask.len(), mask.as_mut_ptr()).unwrap_or(0)
    };
    (mask, size)
}

/// A greenlet that is not the first thread, and whose record the caller may look at.
unsafe fn recorded(thread: pthread_t) -> Option<(&'static Greenlet, Shim)> {
    // SAFETY: by the callers.
    let g = unsafe { other(thread) }?;
    Some((g, enter_any()?))
}

unsafe fn set_affinity(thread: pthread_t, size: usize, set: *const cpu_set_t) -> c_int {
    // SAFETY: as above.
    unsafe {
        let Some((g, _shim)) = recorded(thread) else {
            return real::pthread_setaffinity_np(thread, size, set);
        };
        let Some(mask) = allowed(core::slice::from_raw_parts(set.cast::<u8>(), size)) else {
            return libc::EINVAL;
        };
        set_processors(g, mask);
    }
    0
}

/// Those of `wanted` that the carrier may use; `None`: there are none, which the kernel refuses.
pub fn allowed(wanted: &[u8]) -> Option<Mask> {
    let (mut mask, _) = carrier_mask();
    let wanted = wanted.iter().copied().chain(core::iter::repeat(0));
    mask.iter_mut().zip(wanted).for_each(|(m, w)| *m &= w);
    mask.iter().any(|&b| b != 0).then_some(mask)
}

/// `g` is to have these processors.
pub fn set_processors(g: &Greenlet, mask: Mask) {
    record::set_processors(g, mask);
}

unsafe fn get_affinity(thread: pthread_t, size: usize, set: *mut cpu_set_t) -> c_int {
    // SAFETY: as above.
    unsafe {
        let Some((g, _shim)) = recorded(thread) else {
            return real::pthread_getaffinity_np(thread, size, set);
        };
        let (mask, kernel) = processors_of(g);
        if size < kernel {
            return libc::EINVAL;
        }
        core::ptr::write_bytes(set.cast::<u8>(), 0, size);
        core::ptr::copy_nonoverlapping(mask.as_ptr(), set.cast(), size.min(mask.len()));
    }
    0
}

/// The processors of `g`, and how many bytes the kernel has of them.
pub fn processors_of(g: &Greenlet) -> (Mask, usize) {
    let (carriers, kernel) = carrier_mask();
    (record::processors(g).unwrap_or(carriers), kernel)
}

/// The processors that the caller is bound to, if it is a greenlet that has chosen them or
/// whose creator had.
pub fn own_processors() -> Option<Mask> {
    let me = Greenlet::current().filter(|g| !g.is_root() && record::is_kept(g) && patched())?;
    let _shim = enter_any()?;
    record::processors(me)
}

/// The greenlet that a process id of sched_setaffinity(2) names, if it is one
/// that the kernel does not know.
fn by_pid(pid: pid_t) -> Option<&'static Greenlet> {
    match named(pid) {
        Named::Caller => Greenlet::current(),
        Named::Other(g) => Some(g),
        Named::Kernels => None,
    }
    .filter(|g| !g.is_root())
}

/// sched_getaffinity(2) by number, which tells how many bytes the kernel has written. `None`:
/// the kernel knows whose they are.
pub unsafe fn raw_affinity(pid: pid_t, size: usize, set: *mut u8) -> Option<c_long> {
    let g = by_pid(pid)?;
    let _shim = enter_any()?;
    let (mask, kernel) = processors_of(g);
    if size < kernel || !size.is_multiple_of(size_of::<usize>()) {
        return Some(c_long::from(errno_style(libc::EINVAL)));
    }
    // SAFETY: the program's own memory.
    unsafe { core::ptr::copy_nonoverlapping(mask.as_ptr(), set, kernel.min(mask.len())) };
    Some(kernel as c_long)
}

fn errno_style(error: c_int) -> c_int {
    if error == 0 {
        return 0;
    }
    crate::doorway::set_errno(error);
    -1
}

fn pthread_of(g: &Greenlet) -> pthread_t {
    tls::pthread_of(g.tp()) as pthread_t
}

unsafe fn sched_set_affinity(pid: pid_t, size: usize, set: *const cpu_set_t) -> c_int {
    // SAFETY: as above.
    unsafe {
        match by_pid(pid) {
            Some(g) => errno_style(set_affinity(pthread_of(g), size, set)),
            None => real::sched_setaffinity(pid, size, set),
        }
    }
}

unsafe fn sched_get_affinity(pid: pid_t, size: usize, set: *mut cpu_set_t) -> c_int {
    // SAFETY: as above.
    unsafe {
        match by_pid(pid) {
            Some(g) => errno_style(get_affinity(pthread_of(g), size, set)),
            None => real::sched_getaffinity(pid, size, set),
        }
    }
}
