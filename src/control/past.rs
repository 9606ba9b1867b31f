//! Calls that a greenlet is blocked in and that have gone past the library: a system call
//! instruction of the program's own, a lock inside libc, what a library waits for with io_uring.
//! To the hub it computes; the kernel knows better (proc(5), `syscall`).

use super::descriptors;
use super::json::Object;
use crate::hub::task;
use crate::observe::modules;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

/// A system call whose first argument is the descriptor that it is about.
const OF_DESCRIPTORS: &[i64] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_preadv2,
    libc::SYS_pwritev2,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_recvmmsg,
    libc::SYS_sendmmsg,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_connect,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    libc::SYS_io_uring_enter,
    libc::SYS_flock,
    libc::SYS_fcntl,
    libc::SYS_ioctl,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_getdents64,
];

/// One such call.
#[derive(Clone, Copy, Debug)]
pub struct Past(task::Blocked);

impl Past {
    /// What the OS thread `tid` is blocked in, unless our own code is.
    pub fn of(tid: u32) -> Option<Past> {
        static KNOWN: AtomicBool = AtomicBool::new(false);
        if !KNOWN.swap(true, Ordering::Relaxed) {
            modules::know_yourself();
        }
        task::blocked(tid).filter(|b| !modules::is_own(b.pc)).map(Past)
    }

    /// Write it down as the reason of a wait. The tool knows the names of calls.
    pub fn tell(&self, object: &mut Object) {
        let mut o = object.object("reason");
        o.text("kind", b"past").text("words", self.to_string().as_bytes());
        o.plain("call", self.0.call);
        let argument = self.0.argument;
        if self.0.call == libc::SYS_futex {
            o.address("address", argument);
        } else if OF_DESCRIPTORS.contains(&self.0.call) {
            let fd = argument as i32;
            o.plain("fd", fd);
            descriptors::describe(fd, &mut o);
        }
    }
}

impl fmt::Display for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.call {
            ..0 => f.write_str("a page fault"),
            number => write!(f, "system call {number}, past the library"),
        }
    }
}
