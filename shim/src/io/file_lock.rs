//! Patch group `file`: locks on files: `flock`, `lockf`, and what `fcntl` says
//! of F_SETLKW.
//!
//! The kernel tells nobody when a lock is free, so a lock that would be waited
//! for is asked for again and again. (EDEADLK of POSIX's locks is not reported
//! then: it would take two processes that wait.)

use crate::doorway::{self, returned, Shim};
use crate::fd::pauses::Pauses;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::c_int;
use hub::hub as scheduler;
use hub::sys::Errno;
use hub::time as clock;
use hub::wait::{Reason, Wake};
use libc::off64_t;

crate::hooks! {
    File "asked again and again" fn flock(fd: c_int, operation: c_int) -> c_int = flock_;
    File "asked again and again" fn lockf(fd: c_int, command: c_int, length: off64_t) -> c_int = lockf_, also [lockf64];
}

/// Repeat a call that does not wait until it gets what it asks for.
pub fn again_and_again(
    shim: &Shim,
    what: &'static str,
    mut call: impl FnMut() -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    let mut pauses = Pauses::new();
    loop {
        match call() {
            Err(libc::EAGAIN | libc::EACCES) => {}
            other => return other,
        }
        let until = clock::after(pauses.longer());
        let wake = scheduler::pause_until(shim.greenlet, Reason::Retry(what), until);
        // signal(7): locks on files are waited for again under SA_RESTART.
        if wake == Wake::Interrupted && !crate::signal::restarts(shim, true) {
            return Err(libc::EINTR);
        }
    }
}

unsafe fn flock_(fd: c_int, operation: c_int) -> c_int {
    let Some(shim) = doorway::enter(Group::File) else {
        // SAFETY: the program's own call.
        return unsafe { real::flock(fd, operation) };
    };
    if operation & (libc::LOCK_NB | libc::LOCK_UN) != 0 {
        // SAFETY: the program's own call, which does not wait.
        return unsafe { real::flock(fd, operation) };
    }
    // SAFETY: a descriptor and a number.
    let result = again_and_again(&shim, "flock", || unsafe {
        hub::syscall!(libc::SYS_flock, fd, operation | libc::LOCK_NB)
    });
    returned(result) as c_int
}

unsafe fn lockf_(fd: c_int, command: c_int, length: off64_t) -> c_int {
    let shim = match doorway::enter(Group::File) {
        Some(shim) if command == libc::F_LOCK => shim,
        // SAFETY: the program's own call.
        _ => return unsafe { real::lockf(fd, command, length) },
    };
    cancel::point(&shim);
    let errno = doorway::errno();
    // SAFETY: the program's own call, in the form that does not wait.
    let result = again_and_again(&shim, "lockf", || unsafe {
        match real::lockf(fd, libc::F_TLOCK, length) {
            0 => Ok(0),
            _ => Err(doorway::errno()),
        }
    });
    doorway::set_errno(errno);
    returned(result) as c_int
}
