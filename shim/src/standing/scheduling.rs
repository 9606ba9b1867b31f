//! The scheduling calls that take a thread's id: sched_setscheduler(2), sched_setattr(2) and
//! their kin.
//!
//! They do for the thread that they name what [`crate::thread::scheduling`] does for a
//! `pthread_t`: what a greenlet other than the first is given is checked, remembered and
//! told. The nice value in the attributes is a nice value ([`nice`](super::nice)).

use super::thread_id::{named, Named};
use super::{change_or_fail, nice, What};
use crate::doorway::set_errno;
use crate::raw::real::syscall;
use crate::thread::scheduling::{param_of, remember};
use core::ffi::{c_int, c_uint};
use hub::greenlet::Greenlet;
use hub::program_memory::readable;
use libc::{pid_t, sched_param, timespec};

crate::hooks! {
    Thread "never" fn sched_setscheduler(pid: pid_t, policy: c_int, param: *const sched_param) -> c_int = set, also [__sched_setscheduler];
    Thread "never" fn sched_getscheduler(pid: pid_t) -> c_int = get, also [__sched_getscheduler];
    Thread "never" fn sched_setparam(pid: pid_t, param: *const sched_param) -> c_int = set_param;
    Thread "never" fn sched_getparam(pid: pid_t, param: *mut sched_param) -> c_int = get_param, also [__sched_getparam];
    Thread "never" fn sched_rr_get_interval(pid: pid_t, interval: *mut timespec) -> c_int = get_interval;
    Thread "never" fn sched_setattr(pid: pid_t, attributes: *mut Attributes, flags: c_uint) -> c_int = set_attributes_;
    Thread "never" fn sched_getattr(pid: pid_t, attributes: *mut Attributes, size: c_uint, flags: c_uint) -> c_int = get_attributes_;
}

/// Whom a call is about.
enum About {
    /// A greenlet that the kernel does not know, and whether it is the caller.
    Greenlet(&'static Greenlet, bool),
    /// An OS thread.
    Kernels(pid_t),
}

fn about(pid: pid_t) -> About {
    match named(pid) {
        Named::Caller => match Greenlet::current().filter(|me| !me.is_root()) {
            Some(me) => About::Greenlet(me, true),
            None => About::Kernels(pid),
        },
        Named::Other(g) if !g.is_root() => About::Greenlet(g, false),
        _ => About::Kernels(pid),
    }
}

fn errno_style(error: c_int) -> c_int {
    match error {
        0 => 0,
        _ => {
            set_errno(error);
            -1
        }
    }
}

unsafe fn set(pid: pid_t, policy: c_int, param: *const sched_param) -> c_int {
    // SAFETY: the program's own arguments, here and below.
    unsafe {
        match about(pid) {
            About::Greenlet(..) if param.is_null() => errno_style(libc::EINVAL),
            About::Greenlet(g, _) => errno_style(remember(g, policy, (*param).sched_priority)),
            About::Kernels(pid) => real::sched_setscheduler(pid, policy, param),
        }
    }
}

unsafe fn get(pid: pid_t) -> c_int {
    match about(pid) {
        About::Greenlet(g, _) => param_of(g).0,
        // SAFETY: as above.
        About::Kernels(pid) => unsafe { real::sched_getscheduler(pid) },
    }
}

unsafe fn set_param(pid: pid_t, param: *const sched_param) -> c_int {
    // SAFETY: as above.
    unsafe {
        match about(pid) {
            About::Greenlet(..) if param.is_null() => errno_style(libc::EINVAL),
            About::Greenlet(g, _) => {
                errno_style(remember(g, param_of(g).0, (*param).sched_priority))
            }
            About::Kernels(pid) => real::sched_setparam(pid, param),
        }
    }
}

unsafe fn get_param(pid: pid_t, param: *mut sched_param) -> c_int {
    // SAFETY: as above.
    unsafe {
        match about(pid) {
            About::Greenlet(..) if param.is_null() => errno_style(libc::EINVAL),
            About::Greenlet(g, _) => {
                (*param).sched_priority = param_of(g).1;
                0
            }
            About::Kernels(pid) => real::sched_getparam(pid, param),
        }
    }
}

unsafe fn get_interval(pid: pid_t, interval: *mut timespec) -> c_int {
    let pid = match about(pid) {
        About::Greenlet(..) => 0,
        About::Kernels(pid) => pid,
    };
    // SAFETY: as above.
    unsafe { real::sched_rr_get_interval(pid, interval) }
}

/// `struct sched_attr` of sched_setattr(2), as it first was.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

const RESET_ON_FORK: u64 = 1;
const KEEP_POLICY: u64 = 0x08;
const KEEP_PARAMS: u64 = 0x10;
const KNOWN: u64 = RESET_ON_FORK | KEEP_POLICY | KEEP_PARAMS;

unsafe fn set_attributes_(pid: pid_t, attributes: *mut Attributes, flags: c_uint) -> c_int {
    // SAFETY: as above.
    unsafe {
        // (libc's is the system call, and an older libc has none.)
        set_attributes(pid, attributes, flags, |pid| {
            syscall(
                libc::SYS_sched_setattr,
                pid as usize,
                attributes as usize,
                flags as usize,
                0,
                0,
                0,
            ) as c_int
        })
    }
}

/// sched_setattr(2); `call` is the kernel's.
///
/// # Safety
/// The program's own arguments.
pub unsafe fn set_attributes(
    pid: pid_t,
    attributes: *const Attributes,
    flags: c_uint,
    call: impl Fn(pid_t) -> c_int,
) -> c_int {
    let (g, is_caller) = match about(pid) {
        About::Greenlet(g, is_caller) => (g, is_caller),
        About::Kernels(pid) => return call(pid),
    };
    if flags != 0 || !readable(attributes.cast(), size_of::<Attributes>()) {
        // The kernel says what is wrong with them.
        return call(0);
    }
    // SAFETY: the kernel can read it.
    let a = unsafe { *attributes };
    let (now, now_priority) = param_of(g);
    let keeps = |flag| a.flags & flag != 0;
    let policy = if keeps(KEEP_POLICY) { now } else { a.policy as c_int };
    let priority = if keeps(KEEP_PARAMS) { now_priority } else { a.priority as c_int };
    let ordinary = matches!(policy, libc::SCHED_OTHER | libc::SCHED_BATCH);
    if a.flags & !KNOWN != 0 || !(ordinary || is_remembered(policy)) {
        // Deadlines and limits of use: the OS thread's, which the caller has to itself then.
        return match is_caller {
            true => change_or_fail(What::Attributes, || call(0)),
            false => errno_style(libc::EPERM),
        };
    }
    if ordinary && !keeps(KEEP_PARAMS) {
        // SAFETY: takes numbers.
        let set = unsafe { nice::setpriority(libc::PRIO_PROCESS, g.id(), a.nice) };
        if set != 0 {
            // (As the kernel has it here.)
            return errno_style(libc::EPERM);
        }
    }
    let reset = if keeps(RESET_ON_FORK) { libc::SCHED_RESET_ON_FORK } else { 0 };
    errno_style(remember(g, policy | reset, priority))
}

fn is_remembered(policy: c_int) -> bool {
    matches!(policy, libc::SCHED_FIFO | libc::SCHED_RR | libc::SCHED_IDLE)
}

unsafe fn get_attributes_(
    pid: pid_t,
    attributes: *mut Attributes,
    size: c_uint,
    flags: c_uint,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        let (attributes_, size, flags) = (attributes as usize, size as usize, flags as usize);
        get_attributes(pid, attributes, |pid| {
            syscall(libc::SYS_sched_getattr, pid as usize, attributes_, size, flags, 0, 0) as c_int
        })
    }
}

/// sched_getattr(2); `call` is the kernel's.
///
/// # Safety
/// The program's own arguments.
pub unsafe fn get_attributes(
    pid: pid_t,
    attributes: *mut Attributes,
    call: impl Fn(pid_t) -> c_int,
) -> c_int {
    let g = match about(pid) {
        About::Greenlet(g, _) => g,
        About::Kernels(pid) => return call(pid),
    };
    let result = call(0);
    if result == 0 {
        let (policy, priority) = param_of(g);
        // SAFETY: the kernel has written at least so much there.
        unsafe {
            (*attributes).policy = (policy & !libc::SCHED_RESET_ON_FORK) as u32;
            (*attributes).priority = priority as u32;
            if policy & libc::SCHED_RESET_ON_FORK != 0 {
                (*attributes).flags |= RESET_ON_FORK;
            }
            (*attributes).nice = nice::getpriority(libc::PRIO_PROCESS, g.id());
        }
    }
    result
}
