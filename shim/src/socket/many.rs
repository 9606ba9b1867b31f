//! Several messages at once: `recvmmsg`, `sendmmsg`.

use super::{ancillary, send};
use crate::doorway::{self, returned};
use crate::fd::pauses::Pauses;
use crate::fd::vector;
use crate::fd::wait::Wait;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_uint};
use hub::reactor::{READ, WRITE};
use hub::sys::Errno;
use hub::time as clock;
use hub::wait::Reason;
use libc::{mmsghdr, timespec};

crate::hooks! {
    Socket "readiness" fn recvmmsg(fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int, limit: *mut timespec) -> c_int = recvmmsg_;
    Socket "readiness" fn sendmmsg(fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int) -> c_int = sendmmsg_;
}

/// The kernel's limit for both (`UIO_MAXIOV`).
const MOST: c_uint = 1024;

/// Note the descriptors of `count` messages.
unsafe fn note(messages: *mut mmsghdr, count: usize, each: unsafe fn(&libc::msghdr)) {
    for i in 0..count {
        // SAFETY: the kernel has accepted so many.
        unsafe { each(&(*messages.add(i)).msg_hdr) };
    }
}

/// recvmmsg(2): blocks until all have come, with MSG_WAITFORONE for the first
/// only. The limit is looked at after each message, as the manual's BUGS says.
unsafe fn recvmmsg_(
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
    limit: *mut timespec,
) -> c_int {
    let shim = match doorway::enter(Group::Socket) {
        Some(shim) if flags & libc::MSG_DONTWAIT == 0 => shim,
        shim => {
            drop(shim);
            // SAFETY: the program's own call.
            unsafe {
                let result = real::recvmmsg(fd, messages, count, flags, limit);
                if result > 0 {
                    note(messages, result as usize, ancillary::received);
                }
                return result;
            }
        }
    };
    cancel::point(&shim);
    // SAFETY: the program's own object, if any.
    let end = match unsafe { limit.as_ref() } {
        None => None,
        Some(span) => match clock::from_timespec(span) {
            Some(span) => Some(clock::after(span)),
            None => return returned(Err(libc::EINVAL)) as c_int,
        },
    };
    let count = count.min(MOST) as usize;
    let one = flags & libc::MSG_WAITFORONE != 0;
    let mut wait = Wait::new(&shim, fd, READ, Reason::Read(fd));
    let mut done = 0;
    let result: Result<usize, Errno> = loop {
        // With a limit, one at a time: it ends the call between two messages.
        let want = if end.is_some() { 1.min(count - done) } else { count - done };
        // SAFETY: the program's own call, in the form that does not wait.
        let attempt = unsafe {
            hub::syscall!(
                libc::SYS_recvmmsg,
                fd,
                messages.wrapping_add(done),
                want,
                flags | libc::MSG_DONTWAIT,
                0
            )
        };
        match attempt {
            Ok(n) => {
                done += n;
                if n == 0 || done >= count || end.is_some_and(|e| clock::now() >= e) {
                    break Ok(done);
                }
                continue;
            }
            Err(libc::EAGAIN) if one && done > 0 => break Ok(done),
            Err(libc::EAGAIN) => {}
            Err(_) if done > 0 => break Ok(done),
            Err(e) => break Err(e),
        }
        if let Err(e) = wait.park() {
            break if done > 0 { Ok(done) } else { Err(e) };
        }
    };
    wait.finish();
    drop(shim);
    // SAFETY: the kernel has filled so many; the limit is the program's.
    unsafe {
        note(messages, done, ancillary::received);
        if let (Some(limit), Some(end)) = (limit.as_mut(), end) {
            *limit = clock::to_timespec(end.saturating_sub(clock::now()));
        }
    }
    returned(result) as c_int
}

/// sendmmsg(2): blocks until all are sent; an error after the first gives the
/// number sent.
unsafe fn sendmmsg_(fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int) -> c_int {
    let shim = match doorway::enter(Group::Socket) {
        Some(shim) if flags & libc::MSG_DONTWAIT == 0 => shim,
        shim => {
            drop(shim);
            // SAFETY: the program's own call.
            unsafe {
                let result = real::sendmmsg(fd, messages, count, flags);
                if result > 0 {
                    note(messages, result as usize, ancillary::sent);
                }
                return result;
            }
        }
    };
    cancel::point(&shim);
    let count = count.min(MOST) as usize;
    let mut wait = Wait::new(&shim, fd, WRITE, Reason::Write(fd));
    let mut pauses = Pauses::new();
    let mut done = 0;
    let result: Result<usize, Errno> = loop {
        // SAFETY: the program's own call, in the form that does not wait.
        let attempt = unsafe {
            hub::syscall!(
                libc::SYS_sendmmsg,
                fd,
                messages.wrapping_add(done),
                count - done,
                flags | libc::MSG_DONTWAIT
            )
        };
        match attempt {
            Ok(0) => break Ok(done),
            Ok(n) => {
                done += n;
                // The last one may have gone in part, on a stream.
                // SAFETY: the kernel has accepted it.
                unsafe {
                    let last = &mut *messages.add(done - 1);
                    let length = vector::total(last.msg_hdr.msg_iov, last.msg_hdr.msg_iovlen);
                    let sent = last.msg_len as usize;
                    if sent < length {
                        match send::send_message(&shim, fd, &last.msg_hdr, flags, sent) {
                            Ok(all) => last.msg_len = all as c_uint,
                            Err(_) => break Ok(done),
                        }
                        if (last.msg_len as usize) < length {
                            break Ok(done);
                        }
                    }
                }
                if done >= count {
                    break Ok(done);
                }
                continue;
            }
            Err(libc::EAGAIN) => {}
            Err(_) if done > 0 => break Ok(done),
            Err(e) => break Err(e),
        }
        if let Err(e) = wait.park_for_room(&mut pauses) {
            break if done > 0 { Ok(done) } else { Err(e) };
        }
    };
    wait.finish();
    // SAFETY: the kernel has accepted so many.
    unsafe { note(messages, done, ancillary::sent) };
    returned(result) as c_int
}
