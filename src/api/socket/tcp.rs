//! TCP.

use super::address::{connected, RawAddress};
use super::resolve::{each, Addresses};
use super::stream::{socket, stream, timeouts};
use super::Descriptor;
use crate::reactor::Drained;
use crate::wait::Reason;
use crate::Interest;
use core::time::Duration;
use std::io;
use std::net::{self, Shutdown, SocketAddr};
use std::os::fd::AsRawFd;

/// A TCP connection.
///
/// gevent: `gevent.socket.socket`, `create_connection`.
///
/// ```
/// use geventrs::socket::{TcpListener, TcpStream};
/// use std::io::{Read, Write};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let address = listener.local_addr()?;
/// let server = geventrs::spawn(move || {
///     let (mut stream, _) = listener.accept()?;
///     stream.write_all(b"hello")
/// });
/// let mut text = String::new();
/// TcpStream::connect(address)?.read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// server.get().unwrap()?;
/// # std::io::Result::Ok(())
/// ```
pub struct TcpStream {
    inner: Descriptor<net::TcpStream>,
}

socket!(TcpStream, net::TcpStream);
timeouts!(TcpStream);
stream!(TcpStream, Drained::ByShortRead);

impl TcpStream {
    /// Connects to the first of the addresses that accepts.
    ///
    /// # Errors
    /// The name is unknown; connect(2)'s for the last address.
    pub fn connect(addresses: impl Addresses) -> io::Result<TcpStream> {
        each(&addresses, |address| Self::connect_to(address, None))
    }

    /// Connects to one address, for at most `timeout`.
    ///
    /// # Errors
    /// `TimedOut`; connect(2)'s.
    pub fn connect_timeout(address: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
        Self::connect_to(address, Some(timeout))
    }

    fn connect_to(address: &SocketAddr, timeout: Option<Duration>) -> io::Result<TcpStream> {
        let address = RawAddress::of(address);
        let stream = TcpStream { inner: Descriptor::new(address.socket()?.into()) };
        match address.connect(stream.as_std()) {
            Ok(()) => return Ok(stream),
            // EINTR: it goes on by itself, too.
            Err(libc::EINPROGRESS | libc::EINTR) => {}
            Err(e) => return Err(io::Error::from_raw_os_error(e)),
        }
        let reason = Reason::Connect(stream.as_raw_fd());
        stream.inner.io(Interest::Write, reason, timeout, connected)?;
        Ok(stream)
    }

    /// Reads without taking out what is read.
    ///
    /// # Errors
    /// recv(2)'s, `TimedOut`.
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(|s| s.peek(buffer))
    }

    /// Ends one or both directions; who waits for them is told.
    ///
    /// # Errors
    /// shutdown(2)'s.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.as_std().shutdown(how)
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// getpeername(2)'s.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.as_std().peer_addr()
    }

    /// The address of this end.
    ///
    /// # Errors
    /// getsockname(2)'s.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.as_std().local_addr()
    }

    /// Whether small packets are sent at once (TCP_NODELAY).
    ///
    /// # Errors
    /// setsockopt(2)'s.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.as_std().set_nodelay(nodelay)
    }

    /// Another descriptor of the same connection, without time-outs.
    ///
    /// # Errors
    /// dup(2)'s.
    pub fn try_clone(&self) -> io::Result<TcpStream> {
        Ok(TcpStream { inner: Descriptor::new(self.as_std().try_clone()?) })
    }
}

/// Connects to the first of the addresses that accepts, for at most `timeout`
/// each.
///
/// gevent: `gevent.socket.create_connection`.
///
/// # Errors
/// As [`TcpStream::connect`].
///
/// ```
/// use geventrs::socket::{create_connection, TcpListener};
/// let listener = TcpListener::bind(("localhost", 0))?;
/// let port = listener.local_addr()?.port();
/// create_connection(("localhost", port), None)?;
/// # std::io::Result::Ok(())
/// ```
pub fn create_connection(
    addresses: impl Addresses,
    timeout: Option<Duration>,
) -> io::Result<TcpStream> {
    each(&addresses, |address| TcpStream::connect_to(address, timeout))
}

/// A TCP socket that accepts connections.
pub struct TcpListener {
    inner: Descriptor<net::TcpListener>,
}

socket!(TcpListener, net::TcpListener);

impl TcpListener {
    /// Listens on the first of the addresses that is free.
    ///
    /// # Errors
    /// The name is unknown; bind(2)'s and listen(2)'s for the last address.
    pub fn bind(addresses: impl Addresses) -> io::Result<TcpListener> {
        each(&addresses, |address| Self::wrap(net::TcpListener::bind(address)?))
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// accept(2)'s, `TimedOut`.
    ///
    /// ```
    /// use geventrs::socket::TcpListener;
    /// use std::{io::ErrorKind, time::Duration};
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// listener.set_timeout(Some(Duration::from_millis(1)));
    /// assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::TimedOut);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (reason, timeout) = (Reason::Accept(self.as_raw_fd()), self.timeout());
        let accept = |s: &net::TcpListener| s.accept();
        let (stream, address) = self.inner.io(Interest::Read, reason, timeout, accept)?;
        Ok((TcpStream::wrap(stream)?, address))
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
    pub fn incoming(&self) -> impl Iterator<Item = io::Result<TcpStream>> + '_ {
        core::iter::repeat_with(|| self.accept().map(|(stream, _)| stream))
    }
}
