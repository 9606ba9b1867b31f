//! Waiting for the end of a process.

use super::super::park;
use crate::wait::Reason;
use crate::{time, wait_fd, Interest};
use core::time::Duration;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Between two looks where the kernel has no pidfd (before Linux 5.3).
const LOOK_AGAIN: u64 = time::MILLISECOND;

/// Wait until the child `pid`, which has not been reaped, has ended; false if
/// `timeout` came first.
pub(in super::super) fn wait_pid(pid: u32, timeout: Option<Duration>) -> io::Result<bool> {
    // Any process has a pidfd; only a child is to be waited for.
    if ended(pid)? {
        return Ok(true);
    }
    // SAFETY: makes a descriptor, which nobody else has.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if fd >= 0 {
        // SAFETY: as above.
        let fd = unsafe { OwnedFd::from_raw_fd(fd as i32) };
        return wait_fd(fd.as_raw_fd(), Interest::Read, timeout);
    }
    let error = io::Error::last_os_error();
    if error.raw_os_error() != Some(libc::ENOSYS) {
        return Err(error);
    }
    let deadline = super::super::deadline(timeout);
    loop {
        if ended(pid)? {
            return Ok(true);
        }
        let now = time::now();
        if now >= deadline {
            return Ok(false);
        }
        park::pause(Reason::Child(pid as i32), deadline.min(now + LOOK_AGAIN));
    }
}

/// Whether it has ended, without reaping it. ECHILD if it is no child.
pub(super) fn ended(pid: u32) -> io::Result<bool> {
    // SAFETY: all zeros is a valid siginfo_t, which the kernel fills; with
    // WNOHANG its pid stays 0 while the child runs.
    unsafe {
        let mut info: libc::siginfo_t = core::mem::zeroed();
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        if libc::waitid(libc::P_PID, pid, &raw mut info, flags) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(info.si_pid() != 0)
    }
}
