//! wait(2) and its family: waiting for children.
//!
//! The kernel is asked without waiting; a child named by its id is waited for
//! through a pidfd, which becomes readable when it ends. For "any child", and
//! for stops and continuations, nothing readable exists: those are asked for
//! again after pauses that grow to a few milliseconds. Nothing is reaped that
//! the program did not ask for, and no SIGCHLD handler is installed.
//!
//! All are cancellation points; SA_RESTART goes on with them (signal(7)).

use super::children;
use crate::doorway::{self, returned, Shim};
use crate::fd::pauses::Pauses;
use crate::signal;
use crate::standing::keys;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::c_int;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};
use hub::hub as scheduler;
use hub::reactor::{FdWaiter, READ};
use hub::sys::Errno;
use hub::time::{self as clock, NEVER};
use hub::wait::{Reason, Wake};
use libc::{id_t, idtype_t, pid_t, rusage, siginfo_t};

crate::hooks! {
    Subprocess "pidfd" fn wait(status: *mut c_int) -> pid_t = wait_, also [__wait];
    Subprocess "pidfd" fn waitpid(pid: pid_t, status: *mut c_int, options: c_int) -> pid_t = waitpid_, also [__waitpid];
    Subprocess "pidfd" fn wait3(status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t = wait3_;
    Subprocess "pidfd" fn wait4(pid: pid_t, status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t = wait4_;
    Subprocess "pidfd" fn waitid(kind: idtype_t, id: id_t, info: *mut siginfo_t, options: c_int) -> c_int = waitid_;
}

/// A pidfd of ours, closed when dropped.
struct PidFd(c_int);

impl PidFd {
    /// `None`: no such process, no descriptor to be had, or an old kernel.
    fn open(pid: pid_t) -> Option<Self> {
        /// The kernel (or who stands for it: valgrind complains each time) has none.
        static ABSENT: AtomicBool = AtomicBool::new(false);
        if ABSENT.load(Ordering::Relaxed) {
            return None;
        }
        // SAFETY: makes a descriptor.
        match unsafe { hub::syscall!(libc::SYS_pidfd_open, pid, 0) } {
            Ok(fd) => Some(PidFd(fd as c_int)),
            Err(e) => {
                ABSENT.store(e == libc::ENOSYS, Ordering::Relaxed);
                None
            }
        }
    }
}

impl Drop for PidFd {
    fn drop(&mut self) {
        scheduler::with_reactor(|r, run| r.forget(self.0, run));
        // SAFETY: our own descriptor.
        unsafe {
            let _ = hub::syscall!(libc::SYS_close, self.0);
        }
    }
}

/// Ask until `ask` has an answer other than "nothing yet" (0).
/// `pid`: the one process whose end would be the answer.
fn until_answered(
    shim: &Shim,
    pid: Option<pid_t>,
    mut ask: impl FnMut() -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    let mut pauses = Pauses::new();
    let mut fd: Option<PidFd> = None;
    loop {
        match ask() {
            Ok(0) => {}
            other => return other,
        }
        if fd.is_none() {
            fd = pid.and_then(PidFd::open);
        }
        let g = shim.greenlet;
        let wake = fd.as_ref().and_then(|fd| {
            let waiter = [FdWaiter::shared(g, fd.0, READ)];
            scheduler::wait_fds(g, &waiter, Reason::Child(pid.unwrap_or(-1)), NEVER).ok()
        });
        let wake = wake.unwrap_or_else(|| {
            let reason = Reason::Child(pid.unwrap_or(-1));
            scheduler::pause_until(g, reason, clock::after(pauses.longer()))
        });
        if wake == Wake::Interrupted && !signal::restarts(shim, true) {
            // The signal may have told of the very child: that is the answer then.
            return match ask() {
                Ok(0) => Err(libc::EINTR),
                other => other,
            };
        }
    }
}

/// Wait for the end of the child `pid`. A cancellation acts in here.
pub fn end_of(shim: &Shim, pid: pid_t, status: &mut c_int) -> Result<usize, Errno> {
    // SAFETY: the status is written while it is borrowed.
    until_answered(shim, Some(pid), || unsafe {
        hub::syscall!(libc::SYS_wait4, pid, ptr::from_mut(status), libc::WNOHANG, 0)
    })
}

/// Whether a call with these options, for stops and continuations the `others`, is answered by
/// the end of a child only: that alone a pidfd tells of. A tracer is told of stops in any case.
fn asks_for_end(options: c_int, others: c_int) -> bool {
    options & (others | libc::__WALL) == 0 && !keys::traces()
}

/// Step in for a call that may wait; one that may not lets the others run,
/// since programs ask in loops.
fn enter(options: c_int) -> Option<Shim> {
    let shim = doorway::enter(Group::Subprocess)?;
    cancel::point(&shim);
    if options & libc::WNOHANG != 0 {
        scheduler::yield_now(shim.greenlet);
        return None;
    }
    Some(shim)
}

/// A call with these options has told of the child `pid`: perhaps of its end. (Those that ask
/// for stops as well leave it to be forgotten with its signal.)
fn reaped(options: c_int, pid: pid_t) {
    if options & (libc::WUNTRACED | libc::WCONTINUED) == 0 && pid > 0 {
        children::reaped(pid);
    }
}

unsafe fn wait4_(pid: pid_t, status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t {
    let Some(shim) = enter(options) else {
        // SAFETY: the program's own call, here and below.
        let pid = unsafe { real::wait4(pid, status, options, usage) };
        reaped(options, pid);
        return pid;
    };
    let only_end = asks_for_end(options, libc::WUNTRACED | libc::WCONTINUED);
    let answer = until_answered(&shim, (pid > 0 && only_end).then_some(pid), || {
        // SAFETY: the program's objects; the kernel checks the addresses.
        unsafe { hub::syscall!(libc::SYS_wait4, pid, status, options | libc::WNOHANG, usage) }
    });
    reaped(options, answer.map_or(0, |pid| pid as pid_t));
    returned(answer) as pid_t
}

unsafe fn wait_(status: *mut c_int) -> pid_t {
    // SAFETY: as above.
    unsafe { wait4_(-1, status, 0, core::ptr::null_mut()) }
}

unsafe fn waitpid_(pid: pid_t, status: *mut c_int, options: c_int) -> pid_t {
    // SAFETY: as above.
    unsafe { wait4_(pid, status, options, core::ptr::null_mut()) }
}

unsafe fn wait3_(status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t {
    // SAFETY: as above.
    unsafe { wait4_(-1, status, options, usage) }
}

unsafe fn waitid_(kind: idtype_t, id: id_t, info: *mut siginfo_t, options: c_int) -> c_int {
    let Some(shim) = enter(options) else {
        // SAFETY: as above.
        let result = unsafe { real::waitid(kind, id, info, options) };
        // SAFETY: null, or the kernel has written there.
        if let (0, Some(info)) = (result, unsafe { info.as_ref() }) {
            // SAFETY: it has a child's number, or zero.
            reaped(options, unsafe { info.si_pid() });
        }
        return result;
    };
    let only_end = asks_for_end(options, libc::WSTOPPED | libc::WCONTINUED);
    let pid = (kind == libc::P_PID && only_end).then_some(id as pid_t);
    let mut own = MaybeUninit::<siginfo_t>::zeroed();
    let into = if info.is_null() { own.as_mut_ptr() } else { info };
    let answer = until_answered(&shim, pid, || {
        // SAFETY: as above. "Nothing yet" is a success that leaves the process
        // id zero; it is the field after three ints and their padding.
        unsafe {
            hub::syscall!(libc::SYS_waitid, kind, id, into, options | libc::WNOHANG, 0)?;
            Ok((*into).si_pid() as usize)
        }
    });
    reaped(options, answer.map_or(0, |pid| pid as pid_t));
    returned(answer.map(|_| 0)) as c_int
}
