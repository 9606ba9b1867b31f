//! `splice`, `tee`, `vmsplice`: tried with SPLICE_F_NONBLOCK, which concerns
//! the pipes; the other side is polled.
//!
//! A `splice` into a socket may still wait for room there: it is cut to what a
//! socket that polls writable surely takes.

use crate::doorway::{self, returned, Shim};
use crate::fd::wait::Wait;
use crate::fd::{probe, vector};
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_uint};
use hub::reactor::{READ, WRITE};
use hub::sys::Errno;
use hub::time::MILLISECOND;
use hub::wait::Reason;
use libc::{iovec, off64_t, size_t, ssize_t};

crate::hooks! {
    Os "readiness" fn splice(from: c_int, from_at: *mut off64_t, to: c_int, to_at: *mut off64_t, length: size_t, flags: c_uint) -> ssize_t = splice_;
    Os "readiness" fn tee(from: c_int, to: c_int, length: size_t, flags: c_uint) -> ssize_t = tee_;
    Os "readiness" fn vmsplice(fd: c_int, parts: *const iovec, count: size_t, flags: c_uint) -> ssize_t = vmsplice_;
}

/// A socket polls writable while at least a third of its buffer is free, and
/// small parts cost more room than they fill.
const SHARE: usize = 8;

/// Wait for whichever side is not ready. Both are: somebody was quicker, or a
/// pipe has room but no whole slot; look again soon.
fn park_either(reading: &mut Wait, writing: &mut Wait) -> Result<(), Errno> {
    if probe::poll(reading.fd, libc::POLLIN) == 0 {
        return reading.park();
    }
    if probe::poll(writing.fd, libc::POLLOUT) == 0 {
        return writing.park();
    }
    writing.pause(MILLISECOND)
}

/// The frame of `splice` and `tee`: at least something is moved.
fn between(
    shim: &Shim,
    from: c_int,
    to: c_int,
    mut attempt: impl FnMut() -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    let mut reading = Wait::new(shim, from, READ, Reason::Read(from));
    let mut writing = Wait::new(shim, to, WRITE, Reason::Write(to));
    let result = loop {
        match attempt() {
            Err(libc::EAGAIN) => {}
            other => break other,
        }
        if let Err(e) = park_either(&mut reading, &mut writing) {
            break Err(e);
        }
    };
    reading.finish_moving(&result);
    writing.finish_moving(&result);
    result
}

unsafe fn splice_(
    from: c_int,
    from_at: *mut off64_t,
    to: c_int,
    to_at: *mut off64_t,
    length: size_t,
    flags: c_uint,
) -> ssize_t {
    if flags & libc::SPLICE_F_NONBLOCK != 0 {
        // SAFETY: the program's own call.
        return unsafe { real::splice(from, from_at, to, to_at, length, flags) };
    }
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::splice(from, from_at, to, to_at, length, flags) };
    };
    cancel::point(&shim);
    let to_socket = probe::file_type(to) == libc::S_IFSOCK;
    let mut most = length;
    if to_socket {
        let buffer = probe::option(to, libc::SO_SNDBUF).unwrap_or(0) as usize;
        most = most.min((buffer / SHARE).max(512));
    }
    let from_socket = probe::file_type(from) == libc::S_IFSOCK;
    let result = between(&shim, from, to, || {
        // SPLICE_F_NONBLOCK does not concern a socket's side.
        if from_socket && length != 0 && probe::poll(from, libc::POLLIN) == 0 {
            return Err(libc::EAGAIN);
        }
        if to_socket && length != 0 && probe::poll(to, libc::POLLOUT) == 0 {
            return Err(libc::EAGAIN);
        }
        // SAFETY: the program's own call, in the form that does not wait.
        unsafe {
            hub::syscall!(
                libc::SYS_splice,
                from,
                from_at,
                to,
                to_at,
                most,
                flags | libc::SPLICE_F_NONBLOCK
            )
        }
    });
    returned(result)
}

unsafe fn tee_(from: c_int, to: c_int, length: size_t, flags: c_uint) -> ssize_t {
    if flags & libc::SPLICE_F_NONBLOCK != 0 {
        // SAFETY: the program's own call.
        return unsafe { real::tee(from, to, length, flags) };
    }
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::tee(from, to, length, flags) };
    };
    cancel::point(&shim);
    let result = between(&shim, from, to, || {
        // SAFETY: two descriptors and numbers.
        unsafe { hub::syscall!(libc::SYS_tee, from, to, length, flags | libc::SPLICE_F_NONBLOCK) }
    });
    returned(result)
}

unsafe fn vmsplice_(fd: c_int, parts: *const iovec, count: size_t, flags: c_uint) -> ssize_t {
    if flags & libc::SPLICE_F_NONBLOCK != 0 {
        // SAFETY: the program's own call.
        return unsafe { real::vmsplice(fd, parts, count, flags) };
    }
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::vmsplice(fd, parts, count, flags) };
    };
    cancel::point(&shim);
    let writing = probe::status_flags(fd).is_ok_and(|f| f & libc::O_ACCMODE != libc::O_RDONLY);
    let (direction, reason) =
        if writing { (WRITE, Reason::Write(fd)) } else { (READ, Reason::Read(fd)) };
    let mut wait = Wait::new(&shim, fd, direction, reason);
    let mut done = 0;
    let result = loop {
        // SAFETY: the program's arguments, and parts of its memory once the
        // kernel has read the array.
        let attempt = unsafe {
            let left = if done == 0 { Vec::new() } else { vector::rest(parts, count, done) };
            let (at, n) = if done == 0 { (parts, count) } else { (left.as_ptr(), left.len()) };
            hub::syscall!(libc::SYS_vmsplice, fd, at, n, flags | libc::SPLICE_F_NONBLOCK)
        };
        match attempt {
            Ok(n) => {
                done += n;
                // A write takes all, a read what there is.
                // SAFETY: the kernel has read the array.
                if n == 0 || !writing || done >= unsafe { vector::total(parts, count) } {
                    break Ok(done);
                }
                continue;
            }
            Err(libc::EAGAIN) => {}
            Err(_) if done > 0 => break Ok(done),
            Err(e) => break Err(e),
        }
        if let Err(e) = wait.park() {
            break if done > 0 { Ok(done) } else { Err(e) };
        }
    };
    wait.finish_moving(&result);
    returned(result)
}
