//! A server of connections.

use super::accept_loop::{AcceptLoop, Handlers, STOP_TIMEOUT};
use crate::pool::Pool;
use crate::socket::{TcpListener, TcpStream, UnixListener, UnixStream};
use core::time::Duration;
use std::io;
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
        let (listener, handle) = (self.listener.clone(), self.handle.clone());
        self.accepts.start(move |handlers| {
            let (stream, address) = listener.take()?;
            let handle = handle.clone();
            handlers.start(move || handle(stream, address))
        });
    }

    /// Stops accepting, waits until the handlers have ended, for at most
    /// `timeout` (`None`: a second, as in gevent), and kills those that have
    /// not. The socket is closed when the server is dropped; until then the
    /// kernel goes on taking connections into its queue, and the server can be
    /// started again.
    ///
    /// gevent: `BaseServer.stop`, which closes the socket.
    pub fn stop(&self, timeout: Option<Duration>) {
        self.accepts.stop();
        self.accepts.finish(Some(timeout.unwrap_or(STOP_TIMEOUT)));
    }

    /// Starts, and waits until another greenlet stops the server or its socket
    /// has failed for good.
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
