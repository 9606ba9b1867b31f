//! A server of connections.

use super::super::socket::Descriptor;
use super::accept_loop::{AcceptLoop, Handlers, STOP_TIMEOUT};
use crate::hub::SpawnError;
use crate::pool::Pool;
use crate::socket::{TcpListener, TcpStream, UnixListener, UnixStream};
use crate::wait::Reason;
use crate::Interest;
use core::time::Duration;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::Arc;

/// A socket that accepts connections. Other crates cannot implement it.
pub trait Listener: Sealed + Send + Sync + 'static {
    /// A connection.
    type Stream: Send + 'static;
    /// The address of its other end.
    type Address: Send + 'static;

    #[doc(hidden)]
    fn take(&self) -> io::Result<(Self::Stream, Self::Address)>;
}

pub trait Sealed {}

impl Sealed for TcpListener {}
impl Listener for TcpListener {
    type Stream = TcpStream;
    type Address = std::net::SocketAddr;

    fn take(&self) -> io::Result<(TcpStream, std::net::SocketAddr)> {
        self.accept()
    }
}

impl Sealed for UnixListener {}
impl Listener for UnixListener {
    type Stream = UnixStream;
    type Address = std::os::unix::net::SocketAddr;

    fn take(&self) -> io::Result<(UnixStream, std::os::unix::net::SocketAddr)> {
        self.accept()
    }
}

/// A listening socket of whatever family. For the API for C.
#[doc(hidden)]
#[derive(Debug)]
pub struct DescriptorListener(Descriptor<OwnedFd>);

impl DescriptorListener {
    /// The socket is made non-blocking, as gevent does.
    ///
    /// # Errors
    /// fcntl(2)'s.
    pub fn new(socket: OwnedFd) -> io::Result<Self> {
        // SAFETY: flags of a descriptor that is ours.
        let set = unsafe {
            let flags = libc::fcntl(socket.as_raw_fd(), libc::F_GETFL);
            libc::fcntl(socket.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK)
        };
        match set {
            0 => Ok(DescriptorListener(Descriptor::new(socket))),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl AsFd for DescriptorListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get().as_fd()
    }
}

impl Sealed for DescriptorListener {}
impl Listener for DescriptorListener {
    type Stream = OwnedFd;
    type Address = ();

    fn take(&self) -> io::Result<(OwnedFd, ())> {
        let accept = |socket: &OwnedFd| {
            // SAFETY: nobody asks for the address; the descriptor is new.
            unsafe {
                let (fd, none) = (socket.as_raw_fd(), core::ptr::null_mut());
                match libc::accept4(fd, none, core::ptr::null_mut(), libc::SOCK_CLOEXEC) {
                    -1 => Err(io::Error::last_os_error()),
                    connection => Ok(OwnedFd::from_raw_fd(connection)),
                }
            }
        };
        let reason = Reason::Accept(self.0.get().as_raw_fd());
        Ok((self.0.io(Interest::Read, reason, None, accept)?, ()))
    }
}

/// Accepts connections and handles each on a greenlet of its own.
///
/// After an error of accept(2), or without memory for a greenlet, it waits, 10 ms
/// at first and up to a second, and goes on. A panic in a handler is reported and ends that connection only.
/// Dropping the server stops the accept loop and closes its socket; handlers go
/// on.
///
/// gevent: `gevent.server.StreamServer`, without TLS.
///
/// ```
/// use geventrs::server::StreamServer;
/// use geventrs::socket::{TcpListener, TcpStream};
/// use std::io::{Read, Write};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let address = listener.local_addr()?;
/// let server = StreamServer::new(listener, |stream, _| {
///     std::io::copy(&mut &stream, &mut &stream).ok(); // echo
/// });
/// server.start();
///
/// let mut client = TcpStream::connect(address)?;
/// client.write_all(b"hello")?;
/// client.shutdown(std::net::Shutdown::Write)?;
/// let mut echo = String::new();
/// client.read_to_string(&mut echo)?;
/// assert_eq!(echo, "hello");
/// server.stop(None);
/// # std::io::Result::Ok(())
/// ```
pub struct StreamServer<L: Listener> {
    listener: Arc<L>,
    handle: Handle<L>,
    accepts: AcceptLoop,
}

type Handle<L> =
    Arc<dyn Fn(<L as Listener>::Stream, <L as Listener>::Address) + Send + Sync + 'static>;

impl<L: Listener> StreamServer<L> {
    /// A server that will call `handle` with each connection of `listener`. It
    /// is not started.
    pub fn new(
        listener: L,
        handle: impl Fn(L::Stream, L::Address) + Send + Sync + 'static,
    ) -> Self {
        StreamServer {
            listener: Arc::new(listener),
            handle: Arc::new(handle),
            accepts: AcceptLoop::new(),
        }
    }

    /// Handles connections on `pool`: when it is full none is accepted.
    ///
    /// gevent: `StreamServer(spawn=pool)`.
    pub fn with_pool(mut self, pool: Pool) -> Self {
        self.accepts.handlers = Arc::new(Handlers::Bounded(pool));
        self
    }

    /// Starts accepting, if it does not.
    ///
    /// # Panics
    /// As [`spawn`](crate::spawn()).
    pub fn start(&self) {
        if let Err(e) = self.try_start() {
            panic!("cannot spawn a greenlet: {e}");
        }
    }

    /// [`start`](Self::start) with a result. For the API for C.
    #[doc(hidden)]
    pub fn try_start(&self) -> Result<(), SpawnError> {
        let (listener, handle) = (self.listener.clone(), self.handle.clone());
        self.accepts.start(move |handlers| {
            let (stream, address) = listener.take()?;
            let handle = handle.clone();
            handlers.start(move || handle(stream, address))
        })
    }

    /// Stops accepting; handlers go on, and [`start`](Self::start) accepts again. The
    /// kernel goes on taking connections into its queue.
    ///
    /// gevent: `BaseServer.stop_accepting`; its `start_accepting` is `start`.
    pub fn stop_accepting(&self) {
        self.accepts.stop();
    }

    /// Stops accepting, waits until the handlers have ended, for at most
    /// `timeout` (`None`: a second, as in gevent), and kills those that have
    /// not, which have another second to unwind. The socket is closed when the server
    /// is dropped, as soon as the hub has a turn; until then the kernel goes on taking
    /// connections into its queue, and the server can be started again.
    ///
    /// gevent: `BaseServer.stop`, which closes the socket.
    pub fn stop(&self, timeout: Option<Duration>) {
        self.accepts.stop();
        self.accepts.finish(Some(timeout.unwrap_or(STOP_TIMEOUT)));
    }

    /// Starts, and waits until another greenlet stops the server or its socket
    /// has failed for good.
    /// A kill or a time-out that ends the wait stops the server, as `stop(None)` does.
    ///
    /// gevent: `BaseServer.serve_forever`.
    pub fn serve_forever(&self) {
        self.start();
        self.accepts.join();
    }

    /// Whether it accepts.
    pub fn is_started(&self) -> bool {
        self.accepts.is_started()
    }

    /// How many connections are being handled.
    pub fn connections(&self) -> usize {
        self.accepts.handlers.group().len()
    }

    /// Its socket.
    pub fn listener(&self) -> &L {
        &self.listener
    }
}

impl<L: Listener> core::fmt::Debug for StreamServer<L> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StreamServer")
            .field("started", &self.is_started())
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}
