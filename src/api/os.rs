//! Making processes.
//!
//! gevent: `gevent.os`. Its `nb_read` and the like are
//! [`FileObject`](crate::fileobject::FileObject); for running a program see
//! [`subprocess`](crate::subprocess).

use super::subprocess::wait_pid;
use crate::{deadlock, doorway, hub, sync, sys};
use core::time::Duration;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// On which side of a [`fork`] one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// The process that called it; the child's id.
    Parent(u32),
    /// The new process.
    Child,
}

/// Copies the process. In the child only the calling greenlet exists, as POSIX
/// has it for threads: no other one runs there, and their destructors never
/// will. What they held stays held: a lock, and a place in a line. Handles of
/// them are never ready.
///
/// gevent: `gevent.os.fork`. There the other greenlets go on running in both
/// processes, which is what its users complain of.
///
/// # Errors
/// fork(2)'s. `Unsupported` if the process has several OS threads (a
/// [`threadpool`](crate::threadpool) has run, or libc does not tell): in the
/// child memory could be in any state that they left it in.
///
/// ```
/// use geventrs::os::{fork, waitpid, Fork};
/// match fork()? {
///     Fork::Child => std::process::exit(7),
///     Fork::Parent(pid) => assert_eq!(waitpid(pid, None)?.unwrap().code(), Some(7)),
/// }
/// # std::io::Result::Ok(())
/// ```
pub fn fork() -> io::Result<Fork> {
    sys::init();
    let inside = doorway::enter();
    // Asked with the hub in our hands: what else runs cannot change by us.
    if !sys::one_os_thread() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    // SAFETY: there is one OS thread, so the child's memory is as whole as the
    // parent's; the hub is in our hands, and is told below.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => {
            let error = io::Error::last_os_error();
            drop(inside);
            Err(error)
        }
        0 => {
            hub::after_fork();
            deadlock::after_fork();
            crate::observe::after_fork(false);
            sync::once::after_fork();
            drop(inside);
            Ok(Fork::Child)
        }
        pid => Ok(Fork::Parent(pid as u32)),
    }
}

/// Waits until the child `pid` has ended, for at most `timeout`, and reaps it;
/// `None`: it has not ended.
///
/// gevent: `gevent.os.waitpid`.
///
/// # Errors
/// ECHILD or ESRCH if it is no child of this process, or was reaped.
pub fn waitpid(pid: u32, timeout: Option<Duration>) -> io::Result<Option<ExitStatus>> {
    if !wait_pid(pid, timeout)? {
        return Ok(None);
    }
    let mut status = 0;
    // SAFETY: the kernel writes the status.
    match unsafe { libc::waitpid(pid as libc::pid_t, &raw mut status, libc::WNOHANG) } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        _ => Ok(Some(ExitStatus::from_raw(status))),
    }
}
