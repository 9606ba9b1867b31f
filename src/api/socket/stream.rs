//! What all sockets have in common, written once.

use crate::syscall;
use std::io;
use std::os::fd::AsRawFd;

/// Time-outs, conversions and descriptors of a wrapper `$name` around std's
/// `$std`.
macro_rules! socket {
    ($name:ident, $std:ty) => {
        impl $name {
            pub(super) fn wrap(inner: $std) -> std::io::Result<Self> {
                inner.set_nonblocking(true)?;
                Ok($name { inner: super::Descriptor::new(inner) })
            }

            /// std's socket, for what this type lacks. It is non-blocking; it
            /// must stay so.
            pub fn as_std(&self) -> &$std {
                self.inner.get()
            }

            /// std's socket, blocking again.
            ///
            /// # Errors
            /// ioctl(2)'s.
            pub fn into_std(self) -> std::io::Result<$std> {
                let inner = self.inner.into_inner();
                inner.set_nonblocking(false)?;
                Ok(inner)
            }
        }

        /// Makes std's socket non-blocking.
        impl TryFrom<$std> for $name {
            type Error = std::io::Error;

            fn try_from(inner: $std) -> std::io::Result<Self> {
                $name::wrap(inner)
            }
        }

        impl std::os::fd::AsRawFd for $name {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                std::os::fd::AsRawFd::as_raw_fd(self.inner.get())
            }
        }

        impl std::os::fd::AsFd for $name {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                std::os::fd::AsFd::as_fd(self.inner.get())
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.inner.fmt(f)
            }
        }
    };
}

/// The time-outs of a socket that is read and written.
macro_rules! timeouts {
    ($name:ident) => {
        impl $name {
            /// How long a call may wait to read; `None`, as at first: for ever.
            pub fn set_read_timeout(&self, timeout: Option<core::time::Duration>) {
                self.inner.set_timeout(crate::Interest::Read, timeout);
            }

            /// How long a call may wait to write; `None`, as at first: for ever.
            pub fn set_write_timeout(&self, timeout: Option<core::time::Duration>) {
                self.inner.set_timeout(crate::Interest::Write, timeout);
            }

            /// See [`set_read_timeout`](Self::set_read_timeout).
            pub fn read_timeout(&self) -> Option<core::time::Duration> {
                self.inner.timeout(crate::Interest::Read)
            }

            /// See [`set_write_timeout`](Self::set_write_timeout).
            pub fn write_timeout(&self) -> Option<core::time::Duration> {
                self.inner.timeout(crate::Interest::Write)
            }
        }
    };
}

/// recv(2), as std does it. Not through libc: in a process of several OS threads its
/// functions make themselves cancellable and back, in a part of the thread's control
/// block that nobody else touches; for a greenlet that has waited that is a cache miss.
pub(super) fn receive(socket: &impl AsRawFd, buffer: &mut [u8]) -> io::Result<usize> {
    let (fd, at, length) = (socket.as_raw_fd(), buffer.as_mut_ptr(), buffer.len());
    // SAFETY: the kernel writes into the buffer, which is borrowed.
    let received = unsafe { syscall!(libc::SYS_recvfrom, fd, at, length, 0, 0, 0) };
    received.map_err(io::Error::from_raw_os_error)
}

/// send(2), as std does it; see [`receive`].
pub(super) fn send(socket: &impl AsRawFd, buffer: &[u8]) -> io::Result<usize> {
    let (fd, at, length) = (socket.as_raw_fd(), buffer.as_ptr(), buffer.len());
    // SAFETY: the kernel reads the buffer.
    let sent = unsafe { syscall!(libc::SYS_sendto, fd, at, length, libc::MSG_NOSIGNAL, 0, 0) };
    sent.map_err(io::Error::from_raw_os_error)
}

/// `Read` and `Write` of a stream, also by reference; `$drained` tells that it has been
/// drained.
macro_rules! stream {
    ($name:ident, $drained:expr) => {
        impl std::io::Read for &$name {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.inner.read_into($drained, buffer, super::stream::receive)
            }

            fn read_vectored(
                &mut self,
                buffers: &mut [std::io::IoSliceMut<'_>],
            ) -> std::io::Result<usize> {
                match buffers {
                    [buffer] => std::io::Read::read(self, buffer),
                    _ => self.inner.read(|mut s| std::io::Read::read_vectored(&mut s, buffers)),
                }
            }
        }

        impl std::io::Write for &$name {
            fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
                self.inner.write(|s| super::stream::send(s, buffer))
            }

            fn write_vectored(
                &mut self,
                buffers: &[std::io::IoSlice<'_>],
            ) -> std::io::Result<usize> {
                self.inner.write(|mut s| std::io::Write::write_vectored(&mut s, buffers))
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }

        impl std::io::Read for $name {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                std::io::Read::read(&mut &*self, buffer)
            }

            fn read_vectored(
                &mut self,
                buffers: &mut [std::io::IoSliceMut<'_>],
            ) -> std::io::Result<usize> {
                std::io::Read::read_vectored(&mut &*self, buffers)
            }
        }

        impl std::io::Write for $name {
            fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
                std::io::Write::write(&mut &*self, buffer)
            }

            fn write_vectored(
                &mut self,
                buffers: &[std::io::IoSlice<'_>],
            ) -> std::io::Result<usize> {
                std::io::Write::write_vectored(&mut &*self, buffers)
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
    };
}

pub(super) use {socket, stream, timeouts};
