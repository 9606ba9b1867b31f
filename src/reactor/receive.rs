//! Receiving from a socket for a reader that waits: what a [`Take`] of a socket does.
//!
//! It is the call that the reader would make, only earlier: into the same memory, and
//! without waiting.
//!
//! [`Take`]: super::Take

use super::{Sink, Take, Taken};
use crate::sys::Errno;
use crate::syscall;

/// What tells that a socket has been drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// A read that gets less than it asks for; where it gets all, another one of no bytes
    /// that finds nothing. So of TCP.
    BySight,
    /// A read that gets less than it asks for.
    ByShortRead,
    /// A read in vain, only.
    InVain,
}

/// Receive what is there into `sink`, without waiting; `exact`: see [`Take`].
///
/// # Safety
/// As of a [`Take`].
///
/// # Errors
/// As of a [`Take`].
///
/// [`Take`]: super::Take
pub unsafe fn receive(fd: i32, sink: Sink, drained: Drained, exact: bool) -> Result<Taken, Errno> {
    let (at, room) = (sink.at(), sink.room());
    let taken = if exact && drained == Drained::BySight {
        // SAFETY: as the caller's.
        unsafe { receive_and_look(fd, at, room) }
    } else {
        let flags = libc::MSG_DONTWAIT;
        // SAFETY: as the caller's; the kernel checks the address.
        unsafe { syscall!(libc::SYS_recvfrom, fd, at, room, flags, 0, 0) }.map(|bytes| Taken {
            bytes,
            all: bytes < room && drained != Drained::InVain,
            error: 0,
        })
    };
    match taken {
        Err(e) if no_word_of_the_stream(e) => Err(libc::EAGAIN),
        other => other,
    }
}

/// [`receive`] as a [`Take`].
pub fn take_of(drained: Drained) -> Take {
    match drained {
        Drained::BySight => by_sight,
        Drained::ByShortRead => by_short_read,
        Drained::InVain => in_vain,
    }
}

unsafe fn by_sight(fd: i32, sink: Sink, exact: bool) -> Result<Taken, Errno> {
    // SAFETY: a take's, as this one is; so below.
    unsafe { receive(fd, sink, Drained::BySight, exact) }
}

unsafe fn by_short_read(fd: i32, sink: Sink, exact: bool) -> Result<Taken, Errno> {
    // SAFETY: as above.
    unsafe { receive(fd, sink, Drained::ByShortRead, exact) }
}

unsafe fn in_vain(fd: i32, sink: Sink, exact: bool) -> Result<Taken, Errno> {
    // SAFETY: as above.
    unsafe { receive(fd, sink, Drained::InVain, exact) }
}

/// Nothing is there; or it was closed and made anew behind our back, or a sandbox knows no
/// such call: the reader is to try for itself.
fn no_word_of_the_stream(e: Errno) -> bool {
    matches!(e, libc::EAGAIN | libc::ENOTSOCK | libc::EBADF | libc::ENOSYS | libc::EPERM)
}

/// Receive from a TCP stream, and see in the same call whether that was all: behind the
/// message comes one of no bytes, which finds nothing to wait for (EAGAIN, so it is not
/// counted) only if the stream is empty. An error that it meets is kept for the next
/// call (recvmmsg(2)). Of a datagram socket it would take a datagram.
///
/// recvmmsg looks for an error of the socket before it looks for bytes, other calls behind
/// them. So if a reset has come since the event, the bytes are received by another call, and
/// the error, which the kernel has told and forgotten, waits for who would be told next: the
/// reader that has got all of them and finds the end, or a writer. (`SO_ERROR` does not tell
/// it meanwhile.)
unsafe fn receive_and_look(fd: i32, at: *mut u8, room: usize) -> Result<Taken, Errno> {
    let mut part = libc::iovec { iov_base: at.cast(), iov_len: room };
    // SAFETY: null pointers and zeros are a message of no bytes.
    let mut messages: [libc::mmsghdr; 2] = unsafe { core::mem::zeroed() };
    messages[0].msg_hdr.msg_iov = &raw mut part;
    messages[0].msg_hdr.msg_iovlen = 1;
    let (all, flags) = (messages.as_mut_ptr(), libc::MSG_DONTWAIT);
    // SAFETY: as the caller's; the kernel checks the address.
    let error = match unsafe { syscall!(libc::SYS_recvmmsg, fd, all, 2, flags, 0) } {
        Ok(count) => {
            return Ok(Taken { bytes: messages[0].msg_len as usize, all: count == 1, error: 0 })
        }
        Err(e) if no_word_of_the_stream(e) => return Err(e),
        Err(e) => e,
    };
    // SAFETY: as above.
    match unsafe { syscall!(libc::SYS_recvfrom, fd, at, room, flags, 0, 0) } {
        Ok(bytes @ 1..) => Ok(Taken { bytes, all: false, error }),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    fn take(from: &TcpStream, buffer: &mut [u8], exact: bool) -> Result<Taken, Errno> {
        let sink = Sink::new(buffer.as_mut_ptr(), buffer.len());
        // What was sent on loopback may be on its way for a moment.
        let mut polled = libc::pollfd { fd: from.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry, and the buffer outlives the call.
        unsafe {
            libc::poll(&raw mut polled, 1, 100);
            receive(from.as_raw_fd(), sink, Drained::BySight, exact)
        }
    }

    #[test]
    fn a_full_buffer_is_looked_behind_when_that_is_worth_it() {
        let (mut a, b) = connected();
        let mut buffer = [0; 4];
        for exact in [false, true] {
            a.write_all(b"four").unwrap();
            assert_eq!(take(&b, &mut buffer, exact), Ok(Taken { bytes: 4, all: exact, error: 0 }));
            assert_eq!(&buffer, b"four");
        }
        a.write_all(b"sixsix").unwrap();
        assert_eq!(take(&b, &mut buffer, true), Ok(Taken { bytes: 4, all: false, error: 0 }));
        assert_eq!(take(&b, &mut buffer, true), Ok(Taken { bytes: 2, all: true, error: 0 }));
        assert_eq!(&buffer[..2], b"ix");
        assert_eq!(take(&b, &mut buffer, true), Err(libc::EAGAIN));
    }

    #[test]
    fn bytes_come_before_a_reset() {
        for exact in [false, true] {
            let (mut a, b) = connected();
            a.write_all(b"four").unwrap();
            let now = libc::linger { l_onoff: 1, l_linger: 0 };
            let mut polled = libc::pollfd { fd: b.as_raw_fd(), events: 0, revents: 0 };
            // SAFETY: an option of that type, and one entry.
            unsafe {
                let size = size_of_val(&now) as libc::socklen_t;
                let at = (&raw const now).cast();
                libc::setsockopt(a.as_raw_fd(), libc::SOL_SOCKET, libc::SO_LINGER, at, size);
                drop(a);
                libc::poll(&raw mut polled, 1, 10_000);
            }
            let mut buffer = [0; 4];
            let error = if exact { libc::ECONNRESET } else { 0 };
            let first = take(&b, &mut buffer, exact);
            assert_eq!(first, Ok(Taken { bytes: 4, all: false, error }));
            assert_eq!(&buffer, b"four");
            let next = take(&b, &mut buffer, false);
            let end = Taken { bytes: 0, all: true, error: 0 };
            assert_eq!(next, if exact { Ok(end) } else { Err(libc::ECONNRESET) });
        }
    }

    #[test]
    fn what_cannot_be_received_from_is_the_readers_affair() {
        let mut buffer = [0; 4];
        let sink = Sink::new(buffer.as_mut_ptr(), buffer.len());
        let (pipe, _writer) = std::io::pipe().unwrap();
        for fd in [pipe.as_raw_fd(), -1] {
            // SAFETY: the buffer outlives the call.
            let taken = unsafe { receive(fd, sink, Drained::ByShortRead, false) };
            assert_eq!(taken, Err(libc::EAGAIN));
        }
    }
}
