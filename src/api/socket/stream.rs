//! What all sockets have in common, written once.

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

/// `Read` and `Write` of a stream, also by reference; `$drained` tells that it has been
/// drained.
macro_rules! stream {
    ($name:ident, $drained:expr) => {
        impl std::io::Read for &$name {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let read = |mut s: &_, buffer: &mut [u8]| std::io::Read::read(&mut s, buffer);
                self.inner.read_into($drained, buffer, read)
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
                self.inner.write(|mut s| std::io::Write::write(&mut s, buffer))
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
