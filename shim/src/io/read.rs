//! Reading: `read`, `readv`, `preadv2`, `eventfd_read`.

use super::regular;
use crate::doorway::{self, returned, Shim};
use crate::fd::known::Kind;
use crate::fd::wait::Wait;
use crate::fd::{known, probe, vector};
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_void};
use hub::hub as scheduler;
use hub::reactor::READ;
use hub::sys::Errno;
use hub::wait::Reason;
use libc::{iovec, off64_t, size_t, ssize_t};

crate::hooks! {
    Os "readiness" fn read(fd: c_int, buffer: *mut c_void, length: size_t) -> ssize_t = read_, also [__read];
    Os "readiness" fn __read_chk(fd: c_int, buffer: *mut c_void, length: size_t, size: size_t) -> ssize_t = read_chk;
    Os "readiness" fn readv(fd: c_int, parts: *const iovec, count: c_int) -> ssize_t = readv_;
    Os "readiness" fn preadv2(fd: c_int, parts: *const iovec, count: c_int, offset: off64_t, flags: c_int) -> ssize_t = preadv2_, also [preadv64v2];
    Os "readiness" fn eventfd_read(fd: c_int, value: *mut u64) -> c_int = eventfd_read_;
}

/// The most that Linux moves in one call (`MAX_RW_COUNT`).
pub const MOST: usize = 0x7fff_f000;

/// One read at the file's own position.
unsafe fn once(fd: c_int, parts: *const iovec, count: usize, flags: c_int) -> Result<usize, Errno> {
    // SAFETY: the program's call; the kernel checks the addresses.
    unsafe {
        // Kernels and sandboxes without preadv2 have readv.
        if flags == 0 {
            return hub::syscall!(libc::SYS_readv, fd, parts, count);
        }
        hub::syscall!(libc::SYS_preadv2, fd, parts, count, -1isize, -1isize, flags)
    }
}

/// One attempt of a plain read that does not block: by the cheapest call that
/// the kind of file allows.
#[inline]
unsafe fn attempt(wait: &Wait, part: &iovec) -> Result<usize, Errno> {
    // SAFETY: the program's buffer; the kernel checks the address.
    unsafe {
        if wait.known.kind().is_socket() {
            let (base, length) = (part.iov_base, part.iov_len);
            match hub::syscall!(libc::SYS_recvfrom, wait.fd, base, length, libc::MSG_DONTWAIT) {
                // It was closed and made anew behind our back.
                Err(libc::ENOTSOCK) => {}
                other => return other,
            }
        }
        if wait.is_filled_pipe() {
            return wait
                .outright(|| hub::syscall!(libc::SYS_read, wait.fd, part.iov_base, part.iov_len));
        }
        once(wait.fd, part, 1, libc::RWF_NOWAIT)
    }
}

/// `readv` with preadv2's `flags`. `simple`: the arguments are known to be
/// good and not empty.
///
/// # Safety
/// The program's own arguments.
pub unsafe fn read_parts(
    shim: &Shim,
    fd: c_int,
    parts: *const iovec,
    count: usize,
    flags: c_int,
    simple: bool,
) -> Result<usize, Errno> {
    let mut wait = Wait::new(shim, fd, READ, Reason::Read(fd));
    if wait.known.kind() == Kind::Unknown && regular::is_section(fd) {
        // SAFETY: as the caller's.
        return regular::on_file(shim, || unsafe { once(fd, parts, count, flags) });
    }
    let mut vain = simple && wait.in_vain();
    let mut retried = false;
    let result = loop {
        if !vain {
            // SAFETY: as the caller's.
            let tried = unsafe {
                if simple && flags == 0 {
                    attempt(&wait, &*parts)
                } else {
                    once(fd, parts, count, flags | libc::RWF_NOWAIT)
                }
            };
            match tried {
                Ok(0) => break Ok(0),
                Ok(n) => {
                    // SAFETY: the kernel has read the array.
                    let length = unsafe { vector::total(parts, count) };
                    if n < length {
                        if wait.known.short_means_drained() {
                            wait.drained();
                        }
                        if must_go_on(&wait, n, length) {
                            // SAFETY: as the caller's.
                            break unsafe { go_on(shim, &mut wait, parts, count, n, length) };
                        }
                    }
                    break Ok(n);
                }
                Err(libc::EAGAIN) if wait.known.kind() != Kind::Unknown => {}
                Err(libc::EAGAIN) => {
                    // Not in the page cache, or nothing there.
                    if probe::poll(fd, libc::POLLIN) != 0 {
                        if probe::is_file(fd) {
                            // SAFETY: as the caller's.
                            let call = || unsafe { once(fd, parts, count, flags) };
                            break regular::on_file(shim, call);
                        }
                        if retried {
                            // SAFETY: as the caller's.
                            break wait.outright(|| unsafe { once(fd, parts, count, flags) });
                        }
                        retried = true;
                        continue;
                    }
                }
                Err(refused @ (libc::EOPNOTSUPP | libc::ENOSYS)) => {
                    // A kernel that has preadv2 has looked at the array before it asks
                    // the file. Nothing to read is not waited for, a bad array neither.
                    let empty = refused == libc::ENOSYS
                        && !simple
                        && vector::length(parts, count).unwrap_or(0) == 0;
                    // A FIFO without a writer polls as nothing, and is at its
                    // end for a reader that does not wait.
                    if empty
                        || wait.is_unpollable()
                        || probe::poll(fd, libc::POLLIN) != 0
                        || probe::status_flags(fd).is_ok_and(|f| {
                            // Not open for reading: EBADF.
                            f & libc::O_NONBLOCK != 0 || f & libc::O_ACCMODE == libc::O_WRONLY
                        })
                    {
                        // SAFETY: as the caller's.
                        break wait.outright(|| unsafe { once(fd, parts, count, flags) });
                    }
                }
                Err(e) => break Err(e),
            }
        }
        vain = false;
        let parked = if simple && flags == 0 {
            // SAFETY: a simple call's array is ours.
            let part = unsafe { &*parts };
            wait.park_to_read(part.iov_base, part.iov_len)
        } else {
            wait.park().map(|()| None)
        };
        match parked {
            Ok(None) => {}
            Ok(Some(given)) => {
                wait.finish();
                return Ok(given);
            }
            Err(e) => {
                wait.finish();
                return Err(e);
            }
        }
    };
    wait.finish_moving(&result);
    result
}

/// Whether a read that returned less than it could must be continued: a file
/// whose rest is not in the page cache, or a socket with a low-water mark.
#[inline]
fn must_go_on(wait: &Wait, done: usize, length: usize) -> bool {
    match wait.known.kind() {
        Kind::Unknown => probe::is_file(wait.fd) || below_low_water(wait.fd, done, length),
        Kind::Tcp | Kind::Pair | Kind::Socket => below_low_water(wait.fd, done, length),
        _ => false,
    }
}

/// Whether a stream has not given as much as its SO_RCVLOWAT demands.
pub fn below_low_water(fd: c_int, done: usize, length: usize) -> bool {
    known::low_water()
        && probe::option(fd, libc::SO_RCVLOWAT).is_some_and(|low| done < length.min(low as usize))
        && probe::is_stream(fd)
}

/// Read the rest. An error or an end now is told by the next call.
unsafe fn go_on(
    shim: &Shim,
    wait: &mut Wait,
    parts: *const iovec,
    count: usize,
    mut done: usize,
    length: usize,
) -> Result<usize, Errno> {
    let is_file = probe::is_file(wait.fd);
    loop {
        // SAFETY: the kernel has read the array.
        let left = unsafe { vector::rest(parts, count, done) };
        let flags = if is_file { 0 } else { libc::RWF_NOWAIT };
        // SAFETY: parts of the program's buffers.
        let call = || unsafe { once(wait.fd, left.as_ptr(), left.len(), flags) };
        match if is_file { regular::on_file(shim, call) } else { call() } {
            Ok(0) => return Ok(done),
            Ok(n) => {
                done += n;
                if is_file || !below_low_water(wait.fd, done, length) {
                    return Ok(done);
                }
            }
            Err(libc::EAGAIN) if !is_file => {
                if wait.park().is_err() {
                    return Ok(done);
                }
            }
            Err(_) => return Ok(done),
        }
    }
}

/// `read`, for hooks that are made of it.
///
/// # Safety
/// The program's own arguments.
pub unsafe fn read_one(
    shim: &Shim,
    fd: c_int,
    buffer: *mut c_void,
    length: usize,
) -> Result<usize, Errno> {
    if length == 0 {
        // Nothing is waited for, and each file has its own answer: EINVAL of an
        // eventfd, EISDIR. (An array of no bytes has not: the kernel asks no file.)
        return scheduler::as_program(|| {
            // SAFETY: as the caller's.
            unsafe { hub::syscall!(libc::SYS_read, fd, buffer, length) }
        });
    }
    let part = iovec { iov_base: buffer, iov_len: length.min(MOST) };
    // SAFETY: as the caller's.
    unsafe { read_parts(shim, fd, &part, 1, 0, true) }
}

unsafe fn read_(fd: c_int, buffer: *mut c_void, length: size_t) -> ssize_t {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::read(fd, buffer, length) };
    };
    cancel::point(&shim);
    // SAFETY: as above.
    returned(unsafe { read_one(&shim, fd, buffer, length) })
}

unsafe fn read_chk(fd: c_int, buffer: *mut c_void, length: size_t, size: size_t) -> ssize_t {
    if length > size {
        // SAFETY: the program's own call, which libc ends with a report.
        return unsafe { real::__read_chk(fd, buffer, length, size) };
    }
    // SAFETY: as above.
    unsafe { read_(fd, buffer, length) }
}

unsafe fn readv_(fd: c_int, parts: *const iovec, count: c_int) -> ssize_t {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::readv(fd, parts, count) };
    };
    cancel::point(&shim);
    // SAFETY: as above. A negative count stays one that the kernel refuses.
    returned(unsafe { read_parts(&shim, fd, parts, count as u32 as usize, 0, false) })
}

unsafe fn preadv2_(
    fd: c_int,
    parts: *const iovec,
    count: c_int,
    offset: off64_t,
    flags: c_int,
) -> ssize_t {
    // With RWF_NOWAIT it does not wait.
    if flags & libc::RWF_NOWAIT != 0 {
        // SAFETY: the program's own call.
        return unsafe { real::preadv2(fd, parts, count, offset, flags) };
    }
    if offset != -1 {
        // SAFETY: as above.
        return regular::positioned(|| unsafe { real::preadv2(fd, parts, count, offset, flags) });
    }
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::preadv2(fd, parts, count, offset, flags) };
    };
    cancel::point(&shim);
    // SAFETY: as above.
    returned(unsafe { read_parts(&shim, fd, parts, count as u32 as usize, flags, false) })
}

unsafe fn eventfd_read_(fd: c_int, value: *mut u64) -> c_int {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::eventfd_read(fd, value) };
    };
    cancel::point(&shim);
    // SAFETY: the program's object of eight bytes.
    match unsafe { read_one(&shim, fd, value.cast(), 8) } {
        Ok(8) => 0,
        Ok(_) => -1,
        Err(e) => returned(Err(e)) as c_int,
    }
}
