//! The hub receives for a reader that waits, before the reader runs.
//!
//! # Why nobody can tell
//!
//! * The call waits; it would receive these bytes, into this buffer, with these flags.
//!   The hub has claimed its wait: neither a signal nor a time limit can end it any more,
//!   as nothing can end a call in the kernel that has bytes.
//! * An error of the socket is told once (`SO_ERROR`), so it is handed on to the reader.
//! * Nobody else waits for the descriptor, neither to read nor to look.
//!
//! Only for own sockets, whose kind is certain.

use super::known::{self, Kind, Known};
use core::ffi::{c_int, c_void};
use hub::reactor::{Sink, Taken};
use hub::sys::Errno;

/// Where a plain read of a descriptor lets the hub put what comes, if it may.
#[inline]
pub fn sink(known: Known, buffer: *mut c_void, length: usize) -> Option<Sink> {
    let fits = known.is_own() && known.kind().is_socket() && !known::low_water();
    fits.then(|| Sink::new(buffer.cast(), length).taken_by(receive))
}

/// # Safety
/// The sink of a call that waits.
unsafe fn receive(fd: c_int, sink: Sink, exact: bool) -> Result<Taken, Errno> {
    let known = known::get(fd);
    // It has changed since: whoever waits knows how to go on.
    if !known.is_own() || known::low_water() {
        return Err(libc::EAGAIN);
    }
    let (at, room) = (sink.at(), sink.room());
    let taken = if exact && known.kind() == Kind::Tcp {
        // SAFETY: as the caller's.
        unsafe { receive_and_look(fd, at, room) }
    } else {
        let flags = libc::MSG_DONTWAIT;
        // SAFETY: as the caller's; the kernel checks the address.
        unsafe { hub::syscall!(libc::SYS_recvfrom, fd, at, room, flags, 0, 0) }
            .map(|bytes| Taken { bytes, all: bytes < room && known.short_means_drained() })
    };
    match taken {
        // Closed and made anew behind our back; or a sandbox knows no such call.
        Err(libc::ENOTSOCK | libc::EBADF | libc::ENOSYS | libc::EPERM) => Err(libc::EAGAIN),
        other => other,
    }
}

/// Receive from a TCP stream, and see in the same call whether that was all: behind the
/// message comes one of no bytes, which finds nothing to wait for (EAGAIN, so it is not
/// counted) only if the stream is empty. An error that it meets is kept for the next
/// call (recvmmsg(2)). Of a datagram socket it would take a datagram.
unsafe fn receive_and_look(fd: c_int, at: *mut u8, room: usize) -> Result<Taken, Errno> {
    let mut part = libc::iovec { iov_base: at.cast(), iov_len: room };
    // SAFETY: null pointers and zeros are a message of no bytes.
    let mut messages: [libc::mmsghdr; 2] = unsafe { core::mem::zeroed() };
    messages[0].msg_hdr.msg_iov = &raw mut part;
    messages[0].msg_hdr.msg_iovlen = 1;
    let (all, flags) = (messages.as_mut_ptr(), libc::MSG_DONTWAIT);
    // SAFETY: as the caller's; the kernel checks the address.
    let count = unsafe { hub::syscall!(libc::SYS_recvmmsg, fd, all, 2, flags, 0) }?;
    Ok(Taken { bytes: messages[0].msg_len as usize, all: count == 1 })
}
