//! Ids of threads as arguments of system calls.
//!
//! The kernel does not know the id of a greenlet (that of the first thread apart, which is
//! the process's). Of the calls that take one, some concern the process whichever of its
//! threads is named; those are here. The others ask [`named`].

use crate::thread::{alive_by_id, patched};
use core::ffi::{c_int, c_uint, c_ulong};
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use libc::{iovec, pid_t, rlimit, ssize_t};

crate::hooks! {
    Thread "never" fn getpgid(pid: pid_t) -> pid_t = group, also [__getpgid];
    Thread "never" fn getsid(pid: pid_t) -> pid_t = session;
    Thread "never" fn prlimit(pid: pid_t, resource: c_uint, new: *const rlimit, old: *mut rlimit) -> c_int = limit, also [prlimit64];
    Thread "never" fn process_vm_readv(pid: pid_t, here: *const iovec, count: c_ulong, there: *const iovec, count_there: c_ulong, flags: c_ulong) -> ssize_t = read_memory;
    Thread "never" fn process_vm_writev(pid: pid_t, here: *const iovec, count: c_ulong, there: *const iovec, count_there: c_ulong, flags: c_ulong) -> ssize_t = write_memory;
}

/// Whom a system call's argument names.
pub enum Named {
    /// The calling thread, by 0 or by its id.
    Caller,
    /// Another thread of this process.
    Other(&'static Greenlet),
    /// Whatever the kernel says: there are no greenlets, or it is none's.
    Kernels,
}

/// Whom `id` names as a thread.
pub fn named(id: pid_t) -> Named {
    let Some(me) = Greenlet::current().filter(|_| patched() && scheduler::live() != 0) else {
        return Named::Kernels;
    };
    if id == 0 || id as u32 == me.id() {
        return Named::Caller;
    }
    // SAFETY: has no arguments.
    let ours = id > 0 && (scheduler::is_greenlet_id(id as u32) || id == unsafe { libc::getpid() });
    match ours.then(|| alive_by_id(id)).flatten() {
        Some(g) => Named::Other(g),
        None => Named::Kernels,
    }
}

/// The process whose thread has this `id`.
pub fn process_of(id: pid_t) -> pid_t {
    match named(id) {
        Named::Kernels => id,
        _ if id == 0 => 0,
        // SAFETY: has no arguments.
        _ => unsafe { libc::getpid() },
    }
}

unsafe fn group(pid: pid_t) -> pid_t {
    // SAFETY: the program's own arguments, here and below.
    unsafe { real::getpgid(process_of(pid)) }
}

unsafe fn session(pid: pid_t) -> pid_t {
    // SAFETY: as above.
    unsafe { real::getsid(process_of(pid)) }
}

unsafe fn limit(pid: pid_t, resource: c_uint, new: *const rlimit, old: *mut rlimit) -> c_int {
    // SAFETY: as above.
    unsafe { real::prlimit(process_of(pid), resource, new, old) }
}

unsafe fn read_memory(
    pid: pid_t,
    here: *const iovec,
    count: c_ulong,
    there: *const iovec,
    count_there: c_ulong,
    flags: c_ulong,
) -> ssize_t {
    // SAFETY: as above.
    unsafe { real::process_vm_readv(process_of(pid), here, count, there, count_there, flags) }
}

unsafe fn write_memory(
    pid: pid_t,
    here: *const iovec,
    count: c_ulong,
    there: *const iovec,
    count_there: c_ulong,
    flags: c_ulong,
) -> ssize_t {
    // SAFETY: as above.
    unsafe { real::process_vm_writev(process_of(pid), here, count, there, count_there, flags) }
}
