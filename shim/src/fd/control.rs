//! Hooks that change how a descriptor behaves: `fcntl`, `ioctl`, `setsockopt`.
//! They pass the call on and drop what [`known`](super::known) has remembered.
//!
//! `F_SETLKW` and `F_OFD_SETLKW` wait as [`file_lock`](crate::io::file_lock)
//! says, `ioctl`s that wait for a terminal's output as
//! [`terminal`](crate::io::terminal).

use super::known;
use super::making;
use super::peers;
use crate::doorway::{self, returned, set_errno};
use crate::io::{file_lock, terminal};
use crate::signal::owner;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_ulong, c_void};
use hub::hub as scheduler;
use libc::socklen_t;

crate::hooks! {
    Os "F_SETLKW: blocking section" fn fcntl(fd: c_int, command: c_int, argument: usize) -> c_int = fcntl_, also [fcntl64, __fcntl];
    Os "draining a terminal: blocking section" fn ioctl(fd: c_int, request: c_ulong, argument: usize) -> c_int = ioctl_;
    Socket "never" fn setsockopt(fd: c_int, level: c_int, name: c_int, value: *const c_void, length: socklen_t) -> c_int = setsockopt_;
}

/// asm-generic/socket.h: the time-outs with 64-bit times on 32-bit machines;
/// the same options everywhere.
const SO_RCVTIMEO_NEW: c_int = 66;
const SO_SNDTIMEO_NEW: c_int = 67;
const TCP_ULP: c_int = 31;

unsafe fn fcntl_(fd: c_int, command: c_int, argument: usize) -> c_int {
    if super::closing::hidden(fd) {
        set_errno(libc::EBADF);
        return -1;
    }
    match command {
        libc::F_SETLKW | libc::F_OFD_SETLKW => {
            if let Some(shim) = doorway::enter(Group::File) {
                cancel::point(&shim);
                // SAFETY: the program's own call.
                let result = unsafe { file_lock::set_waiting(&shim, fd, command, argument) };
                return returned(result) as c_int;
            }
        }
        libc::F_SETFL => {
            known::changed(fd);
            if argument as c_int & libc::O_DIRECT != 0 {
                known::uneven_reads();
            }
            if argument as c_int & libc::O_ASYNC != 0 {
                // Each write there is to send SIGIO.
                peers::forget(fd);
            }
        }
        _ => {}
    }
    // SAFETY: the program's own call, here and below.
    let call = |argument| unsafe { real::fcntl(fd, command, argument) };
    // SAFETY: as above.
    if let Some(result) = unsafe { owner::control(fd, command, argument, call) } {
        return result;
    }
    let result = call(argument);
    if matches!(command, libc::F_DUPFD | libc::F_DUPFD_CLOEXEC) {
        making::copied(fd, result);
    }
    result
}

unsafe fn ioctl_(fd: c_int, request: c_ulong, argument: usize) -> c_int {
    if request == libc::FIONBIO as c_ulong {
        known::changed(fd);
    }
    if request == libc::FIOASYNC as c_ulong {
        peers::forget(fd);
    }
    // SAFETY: the program's own call.
    terminal::control(request, argument, || unsafe { real::ioctl(fd, request, argument) })
}

unsafe fn setsockopt_(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *const c_void,
    length: socklen_t,
) -> c_int {
    match (level, name) {
        (
            libc::SOL_SOCKET,
            libc::SO_RCVTIMEO | libc::SO_SNDTIMEO | SO_RCVTIMEO_NEW | SO_SNDTIMEO_NEW,
        ) => known::changed(fd),
        (libc::SOL_SOCKET, libc::SO_RCVLOWAT) => {
            known::low_water_set();
            // Who believes that it must wait has not asked yet; with the mark poll(2) would
            // not tell what its read(2) finds.
            if let Some(_shim) = doorway::enter(Group::Socket) {
                scheduler::with_reactor(|r, run| r.settle_all(run));
            }
        }
        (libc::SOL_SOCKET, libc::SO_LINGER) => known::linger_set(),
        // Reads stop between messages of different senders.
        (libc::SOL_SOCKET, libc::SO_PASSCRED) => known::uneven_reads(),
        // TLS in the kernel: reads stop between records.
        (libc::SOL_TCP, TCP_ULP) => known::shared(fd),
        _ => {}
    }
    // SAFETY: the program's own call.
    unsafe { real::setsockopt(fd, level, name, value, length) }
}
