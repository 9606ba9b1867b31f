//! Patch group `file`: locks on files: `flock`, `lockf`, and what `fcntl` says
//! of F_SETLKW and F_OFD_SETLKW.
//!
//! The kernel tells nobody when a lock is free, so a lock that must be waited
//! for is waited for in the kernel ([`kernel_wait`]). POSIX's locks
//! belong to the process, so there it finds deadlocks between processes
//! (EDEADLK); those of `flock` and of open files belong to the open file, and
//! threads of one process wait for each other.
//!
//! Signals: EINTR, or waited for again under SA_RESTART (signal(7)). `lockf` and
//! `fcntl` are cancellation points, `flock` is none.

use crate::doorway::{self, returned, Shim};
use crate::kernel_wait;
use crate::table::Group;
use crate::thread::cancel::{self, NoPoint};
use core::ffi::c_int;
use hub::sys::Errno;
use libc::off64_t;

crate::hooks! {
    File "blocking section" fn flock(fd: c_int, operation: c_int) -> c_int = flock_;
    File "blocking section" fn lockf(fd: c_int, command: c_int, length: off64_t) -> c_int = lockf_, also [lockf64];
}

/// fcntl(2) names both for a lock that somebody else has.
fn taken(error: Errno) -> bool {
    matches!(error, libc::EAGAIN | libc::EACCES)
}

unsafe fn flock_(fd: c_int, operation: c_int) -> c_int {
    let shim = match doorway::enter(Group::File) {
        Some(shim) if operation & (libc::LOCK_NB | libc::LOCK_UN) == 0 => shim,
        // SAFETY: the program's own call.
        _ => return unsafe { real::flock(fd, operation) },
    };
    let _no_point = NoPoint::begin();
    // SAFETY: a descriptor and a number.
    let attempt = || unsafe { hub::syscall!(libc::SYS_flock, fd, operation | libc::LOCK_NB) };
    // SAFETY: as above.
    let wait = || unsafe { hub::syscall!(libc::SYS_flock, fd, operation) };
    returned(kernel_wait::try_then_wait_for(&shim, ("flock", fd), taken, attempt, wait)) as c_int
}

/// fcntl(2)'s F_SETLKW or F_OFD_SETLKW (`command`) with the `lock` at this
/// address.
///
/// # Safety
/// The program's own arguments; the kernel checks the address.
pub unsafe fn set_waiting(
    shim: &Shim,
    fd: c_int,
    command: c_int,
    lock: usize,
) -> Result<usize, Errno> {
    let at_once = if command == libc::F_SETLKW { libc::F_SETLK } else { libc::F_OFD_SETLK };
    // SAFETY: by the contract.
    let attempt = || unsafe { hub::syscall!(libc::SYS_fcntl, fd, at_once, lock) };
    // SAFETY: by the contract.
    let wait = || unsafe { hub::syscall!(libc::SYS_fcntl, fd, command, lock) };
    let answer = kernel_wait::try_then_wait_for(shim, ("a file lock", fd), taken, attempt, wait);
    kernel_wait::cancellable(shim, answer)
}

unsafe fn lockf_(fd: c_int, command: c_int, length: off64_t) -> c_int {
    let shim = match doorway::enter(Group::File) {
        Some(shim) if command == libc::F_LOCK => shim,
        // SAFETY: the program's own call.
        _ => return unsafe { real::lockf(fd, command, length) },
    };
    cancel::point(&shim);
    // What lockf(3) is made of: a write lock from here on.
    // SAFETY: an all-zero `flock` is valid, and ours.
    let result = unsafe {
        let mut lock: libc::flock = core::mem::zeroed();
        lock.l_type = libc::F_WRLCK as _;
        lock.l_whence = libc::SEEK_CUR as _;
        lock.l_len = length;
        set_waiting(&shim, fd, libc::F_SETLKW, &raw const lock as usize)
    };
    returned(result) as c_int
}
