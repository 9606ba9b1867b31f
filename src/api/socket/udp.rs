//! UDP.

use super::resolve::{each, Addresses};
use super::stream::{socket, timeouts};
use super::Descriptor;
use crate::reactor::Drained;
use std::io;
use std::net::{self, SocketAddr};

/// A UDP socket.
///
/// gevent: `gevent.socket.socket` of SOCK_DGRAM.
///
/// ```
/// use geventrs::socket::UdpSocket;
/// let (a, b) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
/// let to = b.local_addr()?;
/// let receives = geventrs::spawn(move || {
///     let mut buffer = [0; 16];
///     b.recv_from(&mut buffer).map(|(n, _)| buffer[..n].to_vec())
/// });
/// a.send_to(b"hello", to)?;
/// assert_eq!(receives.get().unwrap()?, b"hello");
/// # std::io::Result::Ok(())
/// ```
pub struct UdpSocket {
    inner: Descriptor<net::UdpSocket>,
}

socket!(UdpSocket, net::UdpSocket);
timeouts!(UdpSocket);

impl UdpSocket {
    /// A socket with the first of the addresses that is free.
    ///
    /// # Errors
    /// The name is unknown; bind(2)'s for the last address.
    pub fn bind(addresses: impl Addresses) -> io::Result<UdpSocket> {
        each(&addresses, |address| Self::wrap(net::UdpSocket::bind(address)?))
    }

    /// Sets the address that [`send`](Self::send) sends to and
    /// [`recv`](Self::recv) receives from.
    ///
    /// # Errors
    /// The name is unknown; connect(2)'s for the last address.
    pub fn connect(&self, addresses: impl Addresses) -> io::Result<()> {
        each(&addresses, |address| self.as_std().connect(address))
    }

    /// Sends a datagram.
    ///
    /// # Errors
    /// send(2)'s, `TimedOut`.
    pub fn send(&self, data: &[u8]) -> io::Result<usize> {
        self.inner.write(|s| s.send(data))
    }

    /// Sends a datagram to an address.
    ///
    /// # Errors
    /// sendto(2)'s, `TimedOut`.
    pub fn send_to(&self, data: &[u8], address: SocketAddr) -> io::Result<usize> {
        self.inner.write(|s| s.send_to(data, address))
    }

    /// Waits for a datagram; what does not fit is lost.
    ///
    /// # Errors
    /// recv(2)'s, `TimedOut`.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read_into(Drained::InVain, buffer, |s, buffer| s.recv(buffer))
    }

    /// Waits for a datagram, and tells who has sent it.
    ///
    /// # Errors
    /// recvfrom(2)'s, `TimedOut`.
    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.read(|s| s.recv_from(buffer))
    }

    /// As [`recv_from`](Self::recv_from), without taking the datagram out.
    ///
    /// # Errors
    /// recvfrom(2)'s, `TimedOut`.
    pub fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.read(|s| s.peek_from(buffer))
    }

    /// Its address.
    ///
    /// # Errors
    /// getsockname(2)'s.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.as_std().local_addr()
    }

    /// Another descriptor of the same socket, without time-outs.
    ///
    /// # Errors
    /// dup(2)'s.
    pub fn try_clone(&self) -> io::Result<UdpSocket> {
        Ok(UdpSocket { inner: Descriptor::new(self.as_std().try_clone()?) })
    }
}
