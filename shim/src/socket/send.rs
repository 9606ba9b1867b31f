//! Sending: `send`, `sendto`, `sendmsg`.
//!
//! A blocking send on a stream returns when everything is sent, or what was
//! sent before an error, a time-out or an interruption. A datagram is sent
//! whole or not at all.

use super::ancillary;
use crate::doorway::{self, returned, Shim};
use crate::fd::handover;
use crate::fd::known::{self, Kind};
use crate::fd::pauses::Pauses;
use crate::fd::vector;
use crate::fd::wait::{served, Wait};
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_void};
use core::ptr;
use hub::reactor::WRITE;
use hub::sys::Errno;
use hub::wait::Reason;
use libc::{msghdr, size_t, sockaddr, socklen_t, ssize_t};

crate::hooks! {
    Socket "readiness" fn send(fd: c_int, buffer: *const c_void, length: size_t, flags: c_int) -> ssize_t = send_, also [__send];
    Socket "readiness" fn sendto(fd: c_int, buffer: *const c_void, length: size_t, flags: c_int, to: *const sockaddr, to_length: socklen_t) -> ssize_t = sendto_;
    Socket "readiness" fn sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t = sendmsg_;
}

/// The frame of all sending calls; as [`receive`](super::receive)'s. The first
/// `done` bytes are sent already. `simple`: there is something to send.
#[inline(always)]
fn send_all(
    shim: &Shim,
    fd: c_int,
    flags: c_int,
    simple: bool,
    mut done: usize,
    mut attempt: impl FnMut(usize, c_int) -> Result<usize, Errno>,
    length: impl Fn() -> usize,
) -> Result<usize, Errno> {
    cancel::point(shim);
    if flags & libc::MSG_DONTWAIT != 0 {
        return attempt(done, flags);
    }
    let mut wait = Wait::new(shim, fd, WRITE, Reason::Write(fd));
    let mut vain = simple && wait.known.kind().is_stream() && wait.in_vain();
    let mut pauses = Pauses::new();
    let result = loop {
        if !vain {
            // A connection that breaks now gives the part's length and no
            // SIGPIPE.
            let quiet = if done > 0 { libc::MSG_NOSIGNAL } else { 0 };
            match attempt(done, flags | libc::MSG_DONTWAIT | quiet) {
                Ok(n) => {
                    done += n;
                    if n == 0 || done >= length() {
                        break Ok(done);
                    }
                    continue;
                }
                Err(libc::EAGAIN) => {}
                Err(_) if done > 0 => break Ok(done),
                Err(e) => break Err(e),
            }
        }
        vain = false;
        if let Err(e) = wait.park_for_room(&mut pauses) {
            break if done > 0 { Ok(done) } else { Err(e) };
        }
    };
    wait.finish_moving(&result);
    result
}

unsafe fn send_bytes(
    shim: &Shim,
    fd: c_int,
    buffer: *const c_void,
    length: size_t,
    flags: c_int,
    to: *const sockaddr,
    to_length: socklen_t,
) -> ssize_t {
    if flags & !libc::MSG_NOSIGNAL == 0 && to.is_null() {
        let known = known::get(fd);
        if known.kind() == Kind::Pair {
            cancel::point(shim);
            if handover::give(fd, known, buffer, length) {
                served(shim);
                return length as ssize_t;
            }
        }
    }
    let result = send_all(
        shim,
        fd,
        flags,
        length != 0,
        0,
        // SAFETY: the program's own call; the kernel checks the addresses.
        |done, flags| unsafe {
            hub::syscall!(
                libc::SYS_sendto,
                fd,
                buffer.wrapping_byte_add(done),
                length - done,
                flags,
                to,
                to_length
            )
        },
        || length,
    );
    returned(result)
}

unsafe fn send_(fd: c_int, buffer: *const c_void, length: size_t, flags: c_int) -> ssize_t {
    let Some(shim) = doorway::enter(Group::Socket) else {
        // SAFETY: the program's own call.
        return unsafe { real::send(fd, buffer, length, flags) };
    };
    // SAFETY: as above.
    unsafe { send_bytes(&shim, fd, buffer, length, flags, ptr::null(), 0) }
}

unsafe fn sendto_(
    fd: c_int,
    buffer: *const c_void,
    length: size_t,
    flags: c_int,
    to: *const sockaddr,
    to_length: socklen_t,
) -> ssize_t {
    let Some(shim) = doorway::enter(Group::Socket) else {
        // SAFETY: the program's own call.
        return unsafe { real::sendto(fd, buffer, length, flags, to, to_length) };
    };
    // SAFETY: as above.
    unsafe { send_bytes(&shim, fd, buffer, length, flags, to, to_length) }
}

unsafe fn sendmsg_(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t {
    let Some(shim) = doorway::enter(Group::Socket) else {
        // SAFETY: the program's own call.
        let result = unsafe { real::sendmsg(fd, message, flags) };
        if result >= 0 {
            // SAFETY: the kernel has accepted it.
            unsafe { ancillary::sent(&*message) };
        }
        return result;
    };
    // SAFETY: as above.
    returned(unsafe { send_message(&shim, fd, message, flags, 0) })
}

/// `sendmsg` of what is behind the first `done` bytes. Control data go with
/// the first byte only.
///
/// # Safety
/// The program's own arguments; if `done` is not 0, the kernel has accepted
/// the message before.
pub unsafe fn send_message(
    shim: &Shim,
    fd: c_int,
    message: *const msghdr,
    flags: c_int,
    done: usize,
) -> Result<usize, Errno> {
    let result = send_all(
        shim,
        fd,
        flags,
        false,
        done,
        // SAFETY: the program's own call; the kernel checks the addresses.
        |done, flags| unsafe {
            if done == 0 {
                return hub::syscall!(libc::SYS_sendmsg, fd, message, flags);
            }
            let mut left = vector::rest((*message).msg_iov, (*message).msg_iovlen, done);
            let mut part: msghdr = core::mem::zeroed();
            part.msg_name = (*message).msg_name;
            part.msg_namelen = (*message).msg_namelen;
            part.msg_iov = left.as_mut_ptr();
            part.msg_iovlen = left.len();
            hub::syscall!(libc::SYS_sendmsg, fd, &raw const part, flags)
        },
        // SAFETY: asked for after the kernel has accepted the arrays.
        || unsafe { vector::total((*message).msg_iov, (*message).msg_iovlen) },
    );
    if result.is_ok() {
        // SAFETY: the kernel has accepted it.
        unsafe { ancillary::sent(&*message) };
    }
    result
}
