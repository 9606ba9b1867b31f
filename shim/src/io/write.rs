//! Writing: `write`, `writev`, `pwritev2`, `eventfd_write`.
//!
//! A blocking write returns when everything is written. An error, a time-out
//! or an interruption after a part of it gives the part's length (write(2)).
//! Up to PIPE_BUF bytes go into a pipe at once or not at all; the kernel's
//! RWF_NOWAIT keeps that.

use super::read::MOST;
use super::regular;
use crate::doorway::{self, returned, Shim};
use crate::fd::handover;
use crate::fd::known::Kind;
use crate::fd::wait::Wait;
use crate::fd::{probe, vector};
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicBool, Ordering};
use hub::hub as scheduler;
use hub::reactor::WRITE;
use hub::sys::Errno;
use hub::time::MILLISECOND;
use hub::wait::Reason;
use libc::{iovec, off64_t, size_t, ssize_t};

crate::hooks! {
    Os "readiness" fn write(fd: c_int, buffer: *const c_void, length: size_t) -> ssize_t = write_, also [__write];
    Os "readiness" fn writev(fd: c_int, parts: *const iovec, count: c_int) -> ssize_t = writev_;
    Os "readiness" fn pwritev2(fd: c_int, parts: *const iovec, count: c_int, offset: off64_t, flags: c_int) -> ssize_t = pwritev2_, also [pwritev64v2];
    Os "readiness" fn eventfd_write(fd: c_int, value: u64) -> c_int = eventfd_write_;
}

/// What a terminal surely takes when it polls writable: it has 256 bytes of
/// room then, and output processing may double what is written.
const TERMINAL_PIECE: usize = 128;

/// One write at the file's own position.
unsafe fn once(fd: c_int, parts: *const iovec, count: usize, flags: c_int) -> Result<usize, Errno> {
    // SAFETY: the program's call; the kernel checks the addresses.
    unsafe {
        // Kernels and sandboxes without pwritev2 have writev.
        if flags == 0 {
            return hub::syscall!(libc::SYS_writev, fd, parts, count);
        }
        hub::syscall!(libc::SYS_pwritev2, fd, parts, count, -1isize, -1isize, flags)
    }
}

/// One attempt of a plain write that does not block: sockets have a cheaper
/// call for it.
#[inline]
unsafe fn attempt(wait: &Wait, part: &iovec) -> Result<usize, Errno> {
    // SAFETY: the program's buffer; the kernel checks the address.
    unsafe {
        if wait.known.kind().is_socket() {
            let (base, length) = (part.iov_base, part.iov_len);
            match hub::syscall!(libc::SYS_sendto, wait.fd, base, length, libc::MSG_DONTWAIT) {
                // It was closed and made anew behind our back.
                Err(libc::ENOTSOCK) => {}
                other => return other,
            }
        }
        once(wait.fd, part, 1, libc::RWF_NOWAIT)
    }
}

/// Go on with a write to a stream socket: a connection that breaks now gives
/// the part's length and no SIGPIPE.
unsafe fn more_to_socket(fd: c_int, parts: *const iovec, count: usize) -> Result<usize, Errno> {
    // SAFETY: an all-zero `msghdr` is valid; the parts are the caller's.
    unsafe {
        let mut message: libc::msghdr = core::mem::zeroed();
        message.msg_iov = parts.cast_mut();
        message.msg_iovlen = count;
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        hub::syscall!(libc::SYS_sendmsg, fd, &raw const message, flags)
    }
}

/// How a file is written to that does not know RWF_NOWAIT.
#[derive(Clone, Copy)]
enum Manner {
    /// It is not waited for.
    Direct,
    /// When it polls writable, so many bytes surely fit.
    Pieces(usize),
    /// An eventfd: eight bytes, if the sum fits.
    Counter,
}

fn manner(fd: c_int, kind: Kind) -> Manner {
    if kind == Kind::Event {
        return Manner::Counter;
    }
    match probe::file_type(fd) {
        libc::S_IFIFO => Manner::Pieces(libc::PIPE_BUF),
        libc::S_IFCHR if is_terminal(fd) => Manner::Pieces(TERMINAL_PIECE),
        libc::S_IFREG | libc::S_IFBLK | libc::S_IFDIR | libc::S_IFCHR => Manner::Direct,
        _ => Manner::Pieces(MOST),
    }
}

fn is_terminal(fd: c_int) -> bool {
    // SAFETY: TCGETS fills the kernel's small `termios`; libc's is larger.
    unsafe {
        let mut settings: libc::termios = core::mem::zeroed();
        hub::syscall!(libc::SYS_ioctl, fd, libc::TCGETS, &raw mut settings).is_ok()
    }
}

/// Some eventfd may hold a count near the maximum.
static GREAT_COUNTS: AtomicBool = AtomicBool::new(false);
const GREAT: u64 = 1 << 48;

/// Whether a writable eventfd has room for `value`.
fn counter_has_room(fd: c_int, value: u64) -> bool {
    if value > GREAT {
        GREAT_COUNTS.store(true, Ordering::Relaxed);
    }
    if value <= 1 || !GREAT_COUNTS.load(Ordering::Relaxed) || value == u64::MAX {
        return true;
    }
    // The count is shown to humans only.
    let Some(text) = probe::information(fd) else {
        return true;
    };
    let count = text.split(|&b| b == b'\n').find_map(|line| {
        let digits = line.strip_prefix(b"eventfd-count:")?.trim_ascii();
        u64::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()
    });
    count.is_none_or(|c| c.checked_add(value).is_some_and(|sum| sum < u64::MAX))
}

/// One step for a file that does not know RWF_NOWAIT. EAGAIN: park.
unsafe fn step(wait: &Wait, manner: Manner, left: &[iovec], flags: c_int) -> Result<usize, Errno> {
    let fd = wait.fd;
    let most = match manner {
        Manner::Direct => MOST,
        _ if wait.is_unpollable() => MOST,
        Manner::Pieces(_) | Manner::Counter if probe::poll(fd, libc::POLLOUT) == 0 => {
            return Err(libc::EAGAIN)
        }
        Manner::Pieces(most) => most,
        Manner::Counter => {
            if let [iovec { iov_base, iov_len: 8.. }] = left {
                let mut value = 0u64;
                let to = iovec { iov_base: (&raw mut value).cast(), iov_len: 8 };
                let from = iovec { iov_base: *iov_base, iov_len: 8 };
                // The kernel reads the program's eight bytes for us: the
                // address may be bad, and then the write itself says so.
                // SAFETY: copies into our own word.
                let read = unsafe {
                    hub::syscall!(
                        libc::SYS_process_vm_readv,
                        libc::getpid(),
                        &raw const to,
                        1,
                        &raw const from,
                        1,
                        0
                    )
                };
                if read == Ok(8) && !counter_has_room(fd, value) {
                    return Err(libc::EAGAIN);
                }
            }
            MOST
        }
    };
    // SAFETY: parts of the program's buffers.
    unsafe {
        if vector::total(left.as_ptr(), left.len()) <= most {
            return scheduler::as_program(|| once(fd, left.as_ptr(), left.len(), flags));
        }
        let piece = vector::first(left, most);
        scheduler::as_program(|| once(fd, piece.as_ptr(), piece.len(), flags))
    }
}

/// `writev` with pwritev2's `flags`. `simple`: the arguments are known to be
/// good and not empty.
///
/// # Safety
/// The program's own arguments.
pub unsafe fn write_parts(
    shim: &Shim,
    fd: c_int,
    parts: *const iovec,
    count: usize,
    flags: c_int,
    simple: bool,
) -> Result<usize, Errno> {
    let mut wait = Wait::new(shim, fd, WRITE, Reason::Write(fd));
    if wait.known.kind() == Kind::Unknown && regular::is_section(fd) {
        // SAFETY: as the caller's.
        return regular::on_file(shim, || unsafe { once(fd, parts, count, flags) });
    }
    if simple && flags == 0 {
        // SAFETY: a simple call's array is ours.
        let part = unsafe { &*parts };
        if handover::give(fd, wait.known, part.iov_base, part.iov_len) {
            wait.finish();
            return Ok(part.iov_len);
        }
    }
    let mut vain = simple && wait.known.kind().is_stream() && wait.in_vain();
    let mut done = 0;
    let mut left: Vec<iovec> = Vec::new();
    let mut slow: Option<Manner> = None;
    let mut retried = false;
    let mut in_part_to_socket = false;
    let result = loop {
        if !vain {
            let (at, n) = if done == 0 { (parts, count) } else { (left.as_ptr(), left.len()) };
            // SAFETY: the program's arguments, or parts of its buffers; the
            // array has been read before a slow manner is chosen.
            let attempt = unsafe {
                match slow {
                    None if in_part_to_socket => more_to_socket(fd, at, n),
                    None if simple && done == 0 && flags == 0 => attempt(&wait, &*parts),
                    None => once(fd, at, n, flags | libc::RWF_NOWAIT),
                    Some(Manner::Direct) => regular::in_place(shim, || once(fd, at, n, flags)),
                    Some(manner) => step(&wait, manner, core::slice::from_raw_parts(at, n), flags),
                }
            };
            match attempt {
                Ok(n) => {
                    done += n;
                    // SAFETY: the kernel has read the array.
                    unsafe {
                        if n == 0 || done >= vector::total(parts, count).min(MOST) {
                            break Ok(done);
                        }
                        left = vector::rest(parts, count, done);
                    }
                    in_part_to_socket = match wait.known.kind() {
                        Kind::Unknown => probe::file_type(fd) == libc::S_IFSOCK,
                        kind => kind.may_be_socket(),
                    };
                    continue;
                }
                Err(libc::EAGAIN) => {
                    let unknown = slow.is_none() && wait.known.kind() == Kind::Unknown;
                    if unknown && probe::poll(fd, libc::POLLOUT) != 0 {
                        if !retried && !probe::is_file(fd) {
                            retried = true;
                            continue;
                        }
                        if probe::file_type(fd) != libc::S_IFSOCK {
                            slow = Some(manner(fd, Kind::Unknown));
                            continue;
                        }
                        // Writable, but not for this.
                        match wait.pause(MILLISECOND) {
                            Ok(()) => continue,
                            Err(_) if done > 0 => break Ok(done),
                            Err(e) => break Err(e),
                        }
                    }
                }
                Err(refused @ (libc::EOPNOTSUPP | libc::ENOSYS)) if slow.is_none() => {
                    // Nothing to write, a bad array, or not open for writing. (A kernel
                    // that has pwritev2 has seen to these before it asks the file.)
                    let at_once = refused == libc::ENOSYS
                        && done == 0
                        && (!simple && vector::length(parts, count).unwrap_or(0) == 0
                            || probe::status_flags(fd)
                                .is_ok_and(|f| f & libc::O_ACCMODE == libc::O_RDONLY));
                    if at_once {
                        // SAFETY: the program's call, which does not wait.
                        break unsafe { once(fd, parts, count, flags) };
                    }
                    slow = Some(manner(fd, wait.known.kind()));
                    continue;
                }
                Err(_) if done > 0 => break Ok(done),
                Err(e) => break Err(e),
            }
        }
        vain = false;
        if let Err(e) = wait.park() {
            break if done > 0 { Ok(done) } else { Err(e) };
        }
        retried = false;
    };
    wait.finish_moving(&result);
    result
}

/// `write`, for hooks that are made of it.
///
/// # Safety
/// The program's own arguments.
pub unsafe fn write_one(
    shim: &Shim,
    fd: c_int,
    buffer: *const c_void,
    length: usize,
) -> Result<usize, Errno> {
    // As for reads; but a socket may have a message of no bytes to wait for.
    if length == 0 && probe::file_type(fd) != libc::S_IFSOCK {
        return scheduler::as_program(|| {
            // SAFETY: as the caller's.
            unsafe { hub::syscall!(libc::SYS_write, fd, buffer, length) }
        });
    }
    let part = iovec { iov_base: buffer.cast_mut(), iov_len: length.min(MOST) };
    // SAFETY: as the caller's.
    unsafe { write_parts(shim, fd, &part, 1, 0, length != 0) }
}

unsafe fn write_(fd: c_int, buffer: *const c_void, length: size_t) -> ssize_t {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::write(fd, buffer, length) };
    };
    cancel::point(&shim);
    // SAFETY: as above.
    returned(unsafe { write_one(&shim, fd, buffer, length) })
}

unsafe fn writev_(fd: c_int, parts: *const iovec, count: c_int) -> ssize_t {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::writev(fd, parts, count) };
    };
    cancel::point(&shim);
    // SAFETY: as above.
    returned(unsafe { write_parts(&shim, fd, parts, count as u32 as usize, 0, false) })
}

unsafe fn pwritev2_(
    fd: c_int,
    parts: *const iovec,
    count: c_int,
    offset: off64_t,
    flags: c_int,
) -> ssize_t {
    // With RWF_NOWAIT it does not wait.
    if flags & libc::RWF_NOWAIT != 0 {
        // SAFETY: the program's own call.
        return unsafe { real::pwritev2(fd, parts, count, offset, flags) };
    }
    if offset != -1 {
        // SAFETY: as above.
        return regular::positioned(|| unsafe { real::pwritev2(fd, parts, count, offset, flags) });
    }
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::pwritev2(fd, parts, count, offset, flags) };
    };
    cancel::point(&shim);
    // SAFETY: as above.
    returned(unsafe { write_parts(&shim, fd, parts, count as u32 as usize, flags, false) })
}

unsafe fn eventfd_write_(fd: c_int, value: u64) -> c_int {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::eventfd_write(fd, value) };
    };
    cancel::point(&shim);
    // SAFETY: our own eight bytes.
    match unsafe { write_one(&shim, fd, (&raw const value).cast(), 8) } {
        Ok(8) => 0,
        Ok(_) => -1,
        Err(e) => returned(Err(e)) as c_int,
    }
}
