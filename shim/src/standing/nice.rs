//! How urgent a thread is: nice(3), setpriority(2), getpriority(2), and the I/O priority of
//! ioprio_set(2), by number.
//!
//! On Linux these are a thread's, not the process's as POSIX has it. What a thread sets for
//! itself it has. What it sets for another thread of its process is checked as the kernel
//! does, remembered and told to those who ask; it is not applied, since that one may share its OS
//! thread with others.

use super::credentials::{end_those_left, has_capability, CAP_SYS_ADMIN, CAP_SYS_NICE};
use super::record::{self, Told};
use super::thread_id::{named, Named};
use super::{change_or_fail, What};
use crate::doorway::{enter_any, errno, set_errno};
use core::ffi::{c_int, c_long, c_uint};
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::hub::standing::os_thread_like;
use hub::sys::Errno;
use libc::id_t;

crate::hooks! {
    Thread "never" fn nice(by: c_int) -> c_int = nice_;
    Thread "never" fn setpriority(which: c_uint, who: id_t, value: c_int) -> c_int = set;
    Thread "never" fn getpriority(which: c_uint, who: id_t) -> c_int = get;
}

/// What another thread has given `g`, of what `which` tells.
fn given(g: &Greenlet, which: impl FnOnce(Told) -> Option<i32>) -> Option<i32> {
    enter_any().and_then(|shim| which(record::of(&shim, g)))
}

/// Another thread gives `g` something.
fn give(g: &Greenlet, change: impl FnOnce(&mut Told)) {
    if let Some(shim) = enter_any() {
        record::update(&shim, g, change);
    }
}

/// The caller has set something itself: what others gave is no more.
fn forget(change: impl FnOnce(&mut Told)) {
    if let Some(shim) = enter_any() {
        record::update_known(&shim, shim.greenlet, change);
    }
}

/// getpriority(2) of one OS thread, which succeeds.
fn kernels_nice(os_thread: id_t) -> c_int {
    // SAFETY: reads. The system call tells 20 less the nice value.
    let told = unsafe { hub::syscall!(libc::SYS_getpriority, libc::PRIO_PROCESS, os_thread) };
    20 - told.unwrap_or(20) as c_int
}

unsafe fn get(which: c_uint, who: id_t) -> c_int {
    // SAFETY: the program's own arguments.
    let call = |who| unsafe { real::getpriority(which, who) };
    if which != libc::PRIO_PROCESS {
        return call(who);
    }
    match named(who as c_int) {
        Named::Kernels => call(who),
        Named::Caller => match Greenlet::current().and_then(|me| given(me, |r| r.nice)) {
            Some(nice) => nice,
            None => call(0),
        },
        Named::Other(g) => match given(g, |r| r.nice) {
            Some(nice) => nice,
            None => kernels_nice(os_thread_like(g)),
        },
    }
}

/// getpriority(2) by number, which tells 20 less the nice value.
pub unsafe fn get_raw(which: c_uint, who: id_t) -> c_long {
    let before = errno();
    set_errno(0);
    // SAFETY: the program's own arguments.
    let nice = unsafe { get(which, who) };
    if nice == -1 && errno() != 0 {
        return -1;
    }
    set_errno(before);
    c_long::from(20 - nice)
}

unsafe fn set(which: c_uint, who: id_t, value: c_int) -> c_int {
    // SAFETY: the program's own arguments.
    let call = |who| unsafe { real::setpriority(which, who, value) };
    if which != libc::PRIO_PROCESS {
        end_those_left();
        let result = call(who);
        if result == 0 && concerns_us(which, who) {
            forget_all();
        }
        return result;
    }
    let wanted = value.clamp(-20, 19);
    match named(who as c_int) {
        Named::Kernels => call(who),
        Named::Caller => {
            let result = match kernels_nice(0) == wanted {
                true => call(0),
                false => change_or_fail(What::Attributes, || call(0)),
            };
            if result == 0 {
                forget(|r| r.nice = None);
            }
            result
        }
        Named::Other(g) => {
            let now = given(g, |r| r.nice).unwrap_or_else(|| kernels_nice(os_thread_like(g)));
            if let Err(e) = may_set(now, wanted) {
                set_errno(e);
                return -1;
            }
            give(g, |r| r.nice = Some(wanted));
            0
        }
    }
}

/// Whether a group of processes, or a user's, has this one, all of whose OS threads the
/// kernel has set then.
fn concerns_us(which: c_uint, who: id_t) -> bool {
    // SAFETY: have no arguments.
    let ours = unsafe {
        match which {
            libc::PRIO_PGRP => libc::getpgrp() as id_t,
            _ => libc::getuid(),
        }
    };
    who == 0 || who == ours
}

fn forget_all() {
    if let Some(shim) = enter_any() {
        scheduler::for_each(|g| record::update_known(&shim, g, |r| r.nice = None));
    }
}

/// The kernel's answer to "may the caller give a thread with the nice value `now` this one".
fn may_set(now: c_int, wanted: c_int) -> Result<(), Errno> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: writes there.
    unsafe { libc::getrlimit(libc::RLIMIT_NICE, &mut limit) };
    let within = (20 - wanted) as u64 <= limit.rlim_cur;
    (wanted >= now || within || has_capability(CAP_SYS_NICE)).then_some(()).ok_or(libc::EACCES)
}

unsafe fn nice_(by: c_int) -> c_int {
    let before = errno();
    // SAFETY: takes numbers, here and below.
    unsafe {
        let wanted = get(libc::PRIO_PROCESS, 0).saturating_add(by);
        if set(libc::PRIO_PROCESS, 0, wanted) != 0 {
            // POSIX has this error for nice(), and the other one for setpriority().
            if errno() == libc::EACCES {
                set_errno(libc::EPERM);
            }
            return -1;
        }
        set_errno(before);
        get(libc::PRIO_PROCESS, 0)
    }
}

/// ioprio_get(2) and ioprio_set(2), `IOPRIO_WHO_PROCESS`.
const PROCESS: c_int = 1;

/// ioprio_get(2); `call` is the kernel's, about the OS thread that it is given.
pub fn io_priority(which: c_int, who: c_int, call: impl FnOnce(c_int) -> c_long) -> c_long {
    if which != PROCESS {
        return call(who);
    }
    let (g, os_thread) = match named(who) {
        Named::Kernels => return call(who),
        Named::Caller => (Greenlet::current(), 0),
        Named::Other(g) => (Some(g), os_thread_like(g) as c_int),
    };
    match g.and_then(|g| given(g, |r| r.io_priority)) {
        Some(value) => c_long::from(value),
        None => call(os_thread),
    }
}

/// ioprio_set(2); `call` is the kernel's, with the priority it is given, about the OS thread
/// that it is given.
pub fn set_io_priority(
    which: c_int,
    who: c_int,
    value: c_int,
    call: impl Fn(c_int) -> c_long,
) -> c_long {
    if which != PROCESS {
        return call(who);
    }
    match named(who) {
        Named::Kernels => call(who),
        Named::Caller => {
            let result = change_or_fail(What::Attributes, || call(0));
            if result == 0 {
                forget(|r| r.io_priority = None);
            }
            result
        }
        Named::Other(g) => {
            if let Err(e) = may_set_io(value) {
                set_errno(e);
                return -1;
            }
            give(g, |r| r.io_priority = Some(value));
            0
        }
    }
}

/// The kernel's answer to "may the caller give this I/O priority" (linux/ioprio.h: the class
/// is above 13 bits).
fn may_set_io(value: c_int) -> Result<(), Errno> {
    let level = value & 0x1fff;
    match value >> 13 {
        0 if level == 0 => Ok(()),
        // Real time, which the kernel gives to few.
        1 if !has_capability(CAP_SYS_ADMIN) && !has_capability(CAP_SYS_NICE) => Err(libc::EPERM),
        1..=3 => Ok(()),
        _ => Err(libc::EINVAL),
    }
}
