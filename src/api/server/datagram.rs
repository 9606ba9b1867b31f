//! A server of datagrams.

use super::accept_loop::{AcceptLoop, Handlers, STOP_TIMEOUT};
use crate::pool::Pool;
use crate::socket::UdpSocket;
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// The largest datagram of UDP over IPv4.
const LARGEST: usize = 65_507;

/// Handles each datagram on a greenlet of its own. Errors are treated as by a
/// [`StreamServer`](super::StreamServer).
///
/// gevent: `gevent.server.DatagramServer`.
///
/// ```
/// use geventrs::server::DatagramServer;
/// use geventrs::socket::UdpSocket;
/// let socket = UdpSocket::bind("127.0.0.1:0")?;
/// let address = socket.local_addr()?;
/// let server = DatagramServer::new(socket, |socket, data, from| {
///     socket.send_to(data, from).ok();
/// });
/// server.start();
/// let client = UdpSocket::bind("127.0.0.1:0")?;
/// client.send_to(b"hello", address)?;
/// let mut echo = [0; 16];
/// assert_eq!(client.recv(&mut echo)?, 5);
/// # std::io::Result::Ok(())
/// ```
pub struct DatagramServer {
    socket: Arc<UdpSocket>,
    handle: Handle,
    accepts: AcceptLoop,
}

type Handle = Arc<dyn Fn(&UdpSocket, &[u8], SocketAddr) + Send + Sync + 'static>;

impl DatagramServer {
    /// A server that will call `handle` with its socket, each datagram, and who
    /// has sent it. It is not started.
    pub fn new(
        socket: UdpSocket,
        handle: impl Fn(&UdpSocket, &[u8], SocketAddr) + Send + Sync + 'static,
    ) -> Self {
        DatagramServer {
            socket: Arc::new(socket),
            handle: Arc::new(handle),
            accepts: AcceptLoop::new(),
        }
    }

    /// Handles datagrams on `pool`: when it is full none is received, and the
    /// kernel drops what its buffer has no room for.
    pub fn with_pool(mut self, pool: Pool) -> Self {
        self.accepts.handlers = Arc::new(Handlers::Bounded(pool));
        self
    }

    /// Starts receiving, if it does not.
    ///
    /// # Panics
    /// As [`spawn`](crate::spawn()).
    pub fn start(&self) {
        let (socket, handle) = (self.socket.clone(), self.handle.clone());
        if let Err(e) = self.accepts.start(move |handlers| take(&socket, &handle, handlers)) {
            panic!("cannot spawn a greenlet: {e}");
        }
    }

    /// Stops receiving; handlers go on, and [`start`](Self::start) receives again.
    ///
    /// gevent: `BaseServer.stop_accepting`; its `start_accepting` is `start`.
    pub fn stop_accepting(&self) {
        self.accepts.stop();
    }

    /// Stops receiving; for the rest see
    /// [`StreamServer::stop`](super::StreamServer::stop).
    pub fn stop(&self, timeout: Option<Duration>) {
        self.accepts.stop();
        self.accepts.finish(Some(timeout.unwrap_or(STOP_TIMEOUT)));
    }

    /// Starts, and waits until another greenlet stops the server or its socket
    /// has failed for good.
    /// A kill or a time-out that ends the wait stops the server, as `stop(None)` does.
    pub fn serve_forever(&self) {
        self.start();
        self.accepts.join();
    }

    /// Whether it receives.
    pub fn is_started(&self) -> bool {
        self.accepts.is_started()
    }

    /// Its socket.
    ///
    /// gevent: `DatagramServer.socket`; its `sendto` is `socket().send_to`.
    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }
}

/// Receive a datagram and start its handler.
fn take(socket: &Arc<UdpSocket>, handle: &Handle, handlers: &Handlers) -> io::Result<()> {
    let mut buffer = vec![0; LARGEST];
    let (length, from) = socket.recv_from(&mut buffer)?;
    buffer.truncate(length);
    buffer.shrink_to_fit();
    let (socket, handle) = (socket.clone(), handle.clone());
    handlers.start(move || handle(&socket, &buffer, from))
}

impl core::fmt::Debug for DatagramServer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DatagramServer")
            .field("started", &self.is_started())
            .finish_non_exhaustive()
    }
}
