//! Receiving: `recv`, `recvfrom`, `recvmsg`.
//!
//! A blocking receive on a stream returns what is there once that is at least
//! SO_RCVLOWAT bytes, or all that was asked for with MSG_WAITALL, or what came
//! before the end, an error or an interruption.

use super::ancillary;
use crate::doorway::{self, returned, Shim};
use crate::fd::wait::Wait;
use crate::fd::{known, probe, vector};
use crate::io::read::below_low_water;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_void};
use core::ptr;
use hub::reactor::READ;
use hub::sys::Errno;
use hub::wait::Reason;
use libc::{msghdr, size_t, sockaddr, socklen_t, ssize_t};

crate::hooks! {
    Socket "readiness" fn recv(fd: c_int, buffer: *mut c_void, length: size_t, flags: c_int) -> ssize_t = recv_;
    Socket "readiness" fn recvfrom(fd: c_int, buffer: *mut c_void, length: size_t, flags: c_int, from: *mut sockaddr, from_length: *mut socklen_t) -> ssize_t = recvfrom_;
    Socket "readiness" fn __recv_chk(fd: c_int, buffer: *mut c_void, length: size_t, size: size_t, flags: c_int) -> ssize_t = recv_chk;
    Socket "readiness" fn __recvfrom_chk(fd: c_int, buffer: *mut c_void, length: size_t, size: size_t, flags: c_int, from: *mut sockaddr, from_length: *mut socklen_t) -> ssize_t = recvfrom_chk;
    Socket "readiness" fn recvmsg(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t = recvmsg_;
}

/// These never wait for data.
const IMMEDIATE: c_int = libc::MSG_DONTWAIT | libc::MSG_ERRQUEUE | libc::MSG_OOB;
/// With these, a short count does not say that nothing is left.
const INEXACT: c_int = libc::MSG_PEEK | libc::MSG_TRUNC | libc::MSG_WAITALL;

/// The frame of all receiving calls. `attempt(done, flags)` receives what goes
/// behind the first `done` bytes; `length()` is asked for after it has
/// succeeded. `plain`: it is a read into this buffer and nothing else. `good`: the kernel
/// would not refuse its arguments at once, so that it may wait without an attempt.
#[inline(always)]
fn receive(
    shim: &Shim,
    fd: c_int,
    flags: c_int,
    plain: Option<(*mut c_void, usize)>,
    mut attempt: impl FnMut(usize, c_int) -> Result<usize, Errno>,
    length: impl Fn() -> usize,
    good: impl FnOnce() -> bool,
) -> Result<usize, Errno> {
    cancel::point(shim);
    if flags & IMMEDIATE != 0 {
        return attempt(0, flags);
    }
    let peek = flags & libc::MSG_PEEK != 0;
    let mut wait = Wait::new(shim, fd, READ, Reason::Read(fd));
    let mut vain = wait.in_vain() && good();
    let mut done = 0;
    let result = loop {
        if !vain {
            match attempt(if peek { 0 } else { done }, flags | libc::MSG_DONTWAIT) {
                Ok(0) => break Ok(done),
                Ok(n) => {
                    done = if peek { n } else { done + n };
                    let wanted = length();
                    if done >= wanted {
                        break Ok(done);
                    }
                    if flags & INEXACT == 0 && wait.known.short_means_drained() {
                        wait.drained();
                    }
                    if !(flags & libc::MSG_WAITALL != 0 && probe::is_stream(fd)
                        || known::low_water() && below_low_water(fd, done, wanted))
                    {
                        break Ok(done);
                    }
                    if !peek {
                        continue;
                    }
                }
                Err(libc::EAGAIN) => {}
                Err(_) if done > 0 => break Ok(done),
                Err(e) => break Err(e),
            }
        }
        vain = false;
        let parked = match plain {
            Some((buffer, length)) if done == 0 => wait.park_to_read(buffer, length),
            _ => wait.park().map(|()| None),
        };
        match parked {
            Ok(None) => {}
            Ok(Some(given)) => {
                wait.finish();
                return Ok(given);
            }
            Err(e) => break if done > 0 { Ok(done) } else { Err(e) },
        }
    };
    wait.finish_moving(&result);
    result
}

unsafe fn receive_bytes(
    shim: &Shim,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    flags: c_int,
    from: *mut sockaddr,
    from_length: *mut socklen_t,
) -> ssize_t {
    let plain = (flags == 0 && length != 0 && from.is_null()).then_some((buffer, length));
    let result = receive(
        shim,
        fd,
        flags,
        plain,
        // SAFETY: the program's own call; the kernel checks the addresses.
        |done, flags| unsafe {
            hub::syscall!(
                libc::SYS_recvfrom,
                fd,
                buffer.wrapping_byte_add(done),
                length - done,
                flags,
                from,
                from_length
            )
        },
        || length,
        // A bad address is refused when there is something to put there.
        || true,
    );
    returned(result)
}

unsafe fn recv_(fd: c_int, buffer: *mut c_void, length: size_t, flags: c_int) -> ssize_t {
    let Some(shim) = doorway::enter(Group::Socket) else {
        // SAFETY: the program's own call.
        return unsafe { real::recv(fd, buffer, length, flags) };
    };
    let (from, from_length) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: as above.
    unsafe { receive_bytes(&shim, fd, buffer, length, flags, from, from_length) }
}

unsafe fn recvfrom_(
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    flags: c_int,
    from: *mut sockaddr,
    from_length: *mut socklen_t,
) -> ssize_t {
    let Some(shim) = doorway::enter(Group::Socket) else {
        // SAFETY: the program's own call.
        return unsafe { real::recvfrom(fd, buffer, length, flags, from, from_length) };
    };
    // SAFETY: as above.
    unsafe { receive_bytes(&shim, fd, buffer, length, flags, from, from_length) }
}

unsafe fn recv_chk(
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    size: size_t,
    flags: c_int,
) -> ssize_t {
    if length > size {
        // SAFETY: the program's own call, which libc ends with a report.
        return unsafe { real::__recv_chk(fd, buffer, length, size, flags) };
    }
    // SAFETY: as above.
    unsafe { recv_(fd, buffer, length, flags) }
}

unsafe fn recvfrom_chk(
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    size: size_t,
    flags: c_int,
    from: *mut sockaddr,
    from_length: *mut socklen_t,
) -> ssize_t {
    // SAFETY: the program's own call, which libc may end with a report.
    unsafe {
        if length > size {
            return real::__recvfrom_chk(fd, buffer, length, size, flags, from, from_length);
        }
        recvfrom_(fd, buffer, length, flags, from, from_length)
    }
}

unsafe fn recvmsg_(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t {
    let Some(shim) = doorway::enter(Group::Socket) else {
        // SAFETY: the program's own call.
        let result = unsafe { real::recvmsg(fd, message, flags) };
        if result >= 0 {
            // SAFETY: the kernel has filled it.
            unsafe { ancillary::received(&*message) };
        }
        return result;
    };
    // SAFETY: as above.
    returned(unsafe { receive_message(&shim, fd, message, flags) })
}

/// `recvmsg`, for hooks that are made of it.
///
/// # Safety
/// The program's own arguments.
pub unsafe fn receive_message(
    shim: &Shim,
    fd: c_int,
    message: *mut msghdr,
    flags: c_int,
) -> Result<usize, Errno> {
    let result = receive(
        shim,
        fd,
        flags,
        None,
        // SAFETY: the program's own call; the kernel checks the addresses. A
        // second part is asked for after it has accepted the arrays.
        |done, flags| unsafe {
            if done == 0 {
                return hub::syscall!(libc::SYS_recvmsg, fd, message, flags);
            }
            let mut left = vector::rest((*message).msg_iov, (*message).msg_iovlen, done);
            let mut part: msghdr = core::mem::zeroed();
            part.msg_iov = left.as_mut_ptr();
            part.msg_iovlen = left.len();
            hub::syscall!(libc::SYS_recvmsg, fd, &raw mut part, flags)
        },
        // SAFETY: asked for after the kernel has accepted the arrays.
        || unsafe { vector::total((*message).msg_iov, (*message).msg_iovlen) },
        || vector::is_readable(message),
    );
    if result.is_ok() {
        // SAFETY: the kernel has filled it.
        unsafe { ancillary::received_in(shim, &*message) };
    }
    result
}
