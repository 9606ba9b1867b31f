//! Sockets whose calls wait without stopping the hub.
//!
//! gevent: `gevent.socket`. The types have the names, and the most used methods,
//! of `std::net` and `std::os::unix::net`; for what they lack, such as options,
//! `as_std` lends std's type. They are non-blocking underneath, `into_std` makes
//! them blocking again. Several greenlets may read, or write, one socket at the
//! same time; gevent forbids it. On an OS thread that is no greenlet calls block
//! that thread.
//!
//! A wait ends with [`ErrorKind::TimedOut`](std::io::ErrorKind::TimedOut) after
//! the time-out that was set for its direction, and unwinds when the greenlet is
//! killed or a [`Timeout`](crate::timeout::Timeout) of its comes due: what was
//! transferred before, in earlier calls, stays transferred. Signals do not end
//! it.

mod address;
mod descriptor;
mod names;
mod resolve;
mod stream;
mod tcp;
mod udp;
mod unix;

pub(super) use descriptor::Descriptor;
pub use names::{getfqdn, gethostbyaddr, gethostbyname, getnameinfo};
pub use resolve::{getaddrinfo, Addresses};
pub use tcp::{create_connection, TcpListener, TcpStream};
pub use udp::UdpSocket;
pub use unix::{UnixListener, UnixStream};
