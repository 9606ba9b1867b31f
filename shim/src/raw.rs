//! syscall(2): system calls by number.
//!
//! Rust's std, libstdc++, glib, CPython and others make futex calls, ask for
//! thread ids and poll this way. The numbers of waiting calls that have a hook are sent
//! there (all whose arguments are the function's, on every architecture); every
//! other passes through unchanged.

use crate::fd::closing::close;
use crate::io::read::{read, readv};
use crate::io::write::{write, writev};
use crate::process::wait::wait4;
use crate::select::epoll::{epoll_pwait, epoll_pwait2};
use crate::socket::accept::accept4;
use crate::socket::connect::connect;
use crate::socket::receive::{recvfrom, recvmsg};
use crate::socket::send::{sendmsg, sendto};
use core::ffi::{c_int, c_long};
use libc::timespec;

crate::hooks! {
    Thread "as the call" fn syscall(number: c_long, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> c_long = syscall_;
}

unsafe fn syscall_(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    // SAFETY: the program's own call; arguments have the types that the
    // numbered call gives them.
    unsafe {
        match number {
            libc::SYS_futex => {
                let futex = crate::locks::futex::Call {
                    address: a,
                    operation: b as c_int,
                    value: c as u32,
                    timeout: d,
                    address2: e,
                    value3: f as u32,
                };
                if let Some(answer) = crate::locks::futex::call(futex) {
                    return answer;
                }
            }
            libc::SYS_tkill => {
                if let Some(error) = crate::signal::send::to_id(a as c_int, b as c_int) {
                    return errno_style(error);
                }
            }
            libc::SYS_tgkill if a as c_int == libc::getpid() => {
                if let Some(error) = crate::signal::send::to_id(b as c_int, c as c_int) {
                    return errno_style(error);
                }
            }
            libc::SYS_gettid => return crate::thread::identity::gettid_() as c_long,
            libc::SYS_sched_yield => return crate::thread::create::sched_yield() as c_long,
            libc::SYS_nanosleep => {
                return crate::time::nanosleep(a as *const timespec, b as *mut timespec) as c_long
            }
            libc::SYS_clock_nanosleep => {
                // The function answers with an error number, the call with -1.
                let error = crate::time::clock_nanosleep(
                    a as c_int,
                    b as c_int,
                    c as *const timespec,
                    d as *mut timespec,
                );
                return errno_style(error);
            }
            libc::SYS_read => return read(a as c_int, b as _, c) as c_long,
            libc::SYS_write => return write(a as c_int, b as _, c) as c_long,
            libc::SYS_readv => return readv(a as c_int, b as _, c as c_int) as c_long,
            libc::SYS_writev => return writev(a as c_int, b as _, c as c_int) as c_long,
            libc::SYS_recvfrom => {
                return recvfrom(a as c_int, b as _, c, d as c_int, e as _, f as _) as c_long
            }
            libc::SYS_sendto => {
                return sendto(a as c_int, b as _, c, d as c_int, e as _, f as _) as c_long
            }
            libc::SYS_recvmsg => return recvmsg(a as c_int, b as _, c as c_int) as c_long,
            libc::SYS_sendmsg => return sendmsg(a as c_int, b as _, c as c_int) as c_long,
            libc::SYS_connect => return connect(a as c_int, b as _, c as _) as c_long,
            libc::SYS_accept4 => return accept4(a as c_int, b as _, c as _, d as c_int) as c_long,
            libc::SYS_close => return close(a as c_int) as c_long,
            libc::SYS_epoll_pwait => {
                return epoll_pwait(a as c_int, b as _, c as c_int, d as c_int, e as _) as c_long
            }
            libc::SYS_epoll_pwait2 => {
                return epoll_pwait2(a as c_int, b as _, c as c_int, d as _, e as _) as c_long
            }
            libc::SYS_wait4 => return wait4(a as c_int, b as _, c as c_int, d as _) as c_long,
            _ => {}
        }
        real::syscall(number, a, b, c, d, e, f)
    }
}

/// An error number the way system calls report it.
pub fn errno_style(error: c_int) -> c_long {
    if error == 0 {
        return 0;
    }
    crate::doorway::set_errno(error);
    -1
}
