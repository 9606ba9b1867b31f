//! Receiving from a socket for a reader that waits: what a [`Take`] of a socket does.
//!
//! It is the call that the reader would make, only earlier: into the same memory, and
//! without waiting.
//!
//! [`Take`]: super::Take

use super::{Sink, Take, Taken};
use crate::sys::Errno;
use crate::syscall;

/// Whether a read that gets less than it asks for has drained the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// It has.
    ByShortRead,
    /// Only a read in vain tells.
    InVain,
}

/// Receive what is there into `sink`, without waiting.
///
/// # Safety
/// As of a [`Take`].
///
/// # Errors
/// As of a [`Take`].
///
/// [`Take`]: super::Take
pub unsafe fn receive(fd: i32, sink: Sink, drained: Drained) -> Result<Taken, Errno> {
    let (at, room, flags) = (sink.at(), sink.room(), libc::MSG_DONTWAIT);
    // SAFETY: as the caller's; the kernel checks the address.
    match unsafe { syscall!(libc::SYS_recvfrom, fd, at, room, flags, 0, 0) } {
        Ok(bytes) => Ok(Taken { bytes, all: bytes < room && drained == Drained::ByShortRead }),
        Err(e) if no_word_of_the_stream(e) => Err(libc::EAGAIN),
        Err(e) => Err(e),
    }
}

/// [`receive`] as a [`Take`].
pub fn take_of(drained: Drained) -> Take {
    match drained {
        Drained::ByShortRead => by_short_read,
        Drained::InVain => in_vain,
    }
}

unsafe fn by_short_read(fd: i32, sink: Sink) -> Result<Taken, Errno> {
    // SAFETY: a take's, as this one is; so below.
    unsafe { receive(fd, sink, Drained::ByShortRead) }
}

unsafe fn in_vain(fd: i32, sink: Sink) -> Result<Taken, Errno> {
    // SAFETY: as above.
    unsafe { receive(fd, sink, Drained::InVain) }
}

/// Nothing is there; or it was closed and made anew behind our back, or a sandbox knows no
/// such call: the reader is to try for itself.
fn no_word_of_the_stream(e: Errno) -> bool {
    matches!(e, libc::EAGAIN | libc::ENOTSOCK | libc::EBADF | libc::ENOSYS | libc::EPERM)
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

    fn take(from: &TcpStream, buffer: &mut [u8]) -> Result<Taken, Errno> {
        let sink = Sink::new(buffer.as_mut_ptr(), buffer.len());
        // What was sent on loopback may be on its way for a moment.
        let mut polled = libc::pollfd { fd: from.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry, and the buffer outlives the call.
        unsafe {
            libc::poll(&raw mut polled, 1, 100);
            receive(from.as_raw_fd(), sink, Drained::ByShortRead)
        }
    }

    #[test]
    fn a_short_read_has_taken_all() {
        let (mut a, b) = connected();
        let mut buffer = [0; 4];
        a.write_all(b"sixsix").unwrap();
        assert_eq!(take(&b, &mut buffer), Ok(Taken { bytes: 4, all: false }));
        assert_eq!(take(&b, &mut buffer), Ok(Taken { bytes: 2, all: true }));
        assert_eq!(&buffer[..2], b"ix");
        assert_eq!(take(&b, &mut buffer), Err(libc::EAGAIN));
    }

    #[test]
    fn bytes_come_before_a_reset() {
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
        assert_eq!(take(&b, &mut buffer), Ok(Taken { bytes: 4, all: false }));
        assert_eq!(take(&b, &mut buffer), Err(libc::ECONNRESET));
    }

    #[test]
    fn what_cannot_be_received_from_is_the_readers_affair() {
        let mut buffer = [0; 4];
        let sink = Sink::new(buffer.as_mut_ptr(), buffer.len());
        let (pipe, _writer) = std::io::pipe().unwrap();
        for fd in [pipe.as_raw_fd(), -1] {
            // SAFETY: the buffer outlives the call.
            let taken = unsafe { receive(fd, sink, Drained::ByShortRead) };
            assert_eq!(taken, Err(libc::EAGAIN));
        }
    }
}
