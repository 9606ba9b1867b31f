//! Stream sockets in the file system.

use super::super::park;
use super::address::RawAddress;
use super::stream::{socket, stream, timeouts};
use super::Descriptor;
use crate::reactor::Drained;
use crate::time;
use crate::wait::Reason;
use crate::Interest;
use core::time::Duration;
use std::io;
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

/// Between two attempts to connect to a socket whose queue is full: nothing
/// tells when it no longer is.
const RETRY: u64 = time::MILLISECOND;

/// A connection between two processes, or two greenlets.
///
/// gevent: `gevent.socket.socket` of AF_UNIX.
///
/// ```
/// use geventrs::socket::UnixStream;
/// use std::io::{BufRead, BufReader, Write};
/// let (a, mut b) = UnixStream::pair()?;
/// let line = geventrs::spawn(move || BufReader::new(a).lines().next().unwrap());
/// b.write_all(b"hello\n")?;
/// assert_eq!(line.get().unwrap()?, "hello");
/// # std::io::Result::Ok(())
/// ```
pub struct UnixStream {
    inner: Descriptor<net::UnixStream>,
}

socket!(UnixStream, net::UnixStream);
timeouts!(UnixStream);
// Credentials that come along may end a read early.
stream!(UnixStream, Drained::InVain);

impl UnixStream {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// connect(2)'s; `InvalidInput` if the path is too long.
    pub fn connect(path: impl AsRef<Path>) -> io::Result<UnixStream> {
        let address = RawAddress::of_path(path.as_ref())?;
        let stream = UnixStream { inner: Descriptor::new(address.socket()?.into()) };
        loop {
            match address.connect(stream.as_std()) {
                Ok(()) => return Ok(stream),
                Err(libc::EAGAIN) => {
                    park::pause(Reason::Connect(stream.as_raw_fd()), time::after(RETRY));
                }
                Err(libc::EINTR) => {}
                Err(e) => return Err(io::Error::from_raw_os_error(e)),
            }
        }
    }

    /// Two ends of a new connection.
    ///
    /// # Errors
    /// socketpair(2)'s.
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (a, b) = net::UnixStream::pair()?;
        Ok((Self::wrap(a)?, Self::wrap(b)?))
    }

    /// Ends one or both directions; who waits for them is told.
    ///
    /// # Errors
    /// shutdown(2)'s.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.as_std().shutdown(how)
    }

    /// Another descriptor of the same connection, without time-outs.
    ///
    /// # Errors
    /// dup(2)'s.
    pub fn try_clone(&self) -> io::Result<UnixStream> {
        Ok(UnixStream { inner: Descriptor::new(self.as_std().try_clone()?) })
    }
}

/// A Unix socket that accepts connections.
pub struct UnixListener {
    inner: Descriptor<net::UnixListener>,
}

socket!(UnixListener, net::UnixListener);

impl UnixListener {
    /// Listens at `path`, where nothing may be.
    ///
    /// # Errors
    /// bind(2)'s and listen(2)'s.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixListener> {
        Self::wrap(net::UnixListener::bind(path)?)
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// accept(2)'s, `TimedOut`.
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (reason, timeout) = (Reason::Accept(self.as_raw_fd()), self.timeout());
        let accept = |s: &net::UnixListener| s.accept();
        let (stream, address) = self.inner.io(Interest::Read, reason, timeout, accept)?;
        Ok((UnixStream::wrap(stream)?, address))
    }

    /// How long [`accept`](Self::accept) may wait; `None`, as at first: for ever.
    pub fn set_timeout(&self, timeout: Option<Duration>) {
        self.inner.set_timeout(Interest::Read, timeout);
    }

    /// See [`set_timeout`](Self::set_timeout).
    pub fn timeout(&self) -> Option<Duration> {
        self.inner.timeout(Interest::Read)
    }

    /// Its address.
    ///
    /// # Errors
    /// getsockname(2)'s.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.as_std().local_addr()
    }

    /// The connections as they come, for ever.
    pub fn incoming(&self) -> impl Iterator<Item = io::Result<UnixStream>> + '_ {
        core::iter::repeat_with(|| self.accept().map(|(stream, _)| stream))
    }
}
