//! From names to addresses.

use super::super::section::off_hub;
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs};

/// Looks a host's addresses up as libc does (`/etc/hosts`, DNS, whatever is
/// configured), with `port` put into each. A numeric address is not looked up.
///
/// libc's look-up really blocks: it runs off the hub, and the other greenlets go
/// on. Kills and time-outs of the caller wait for its end.
///
/// gevent: `gevent.socket.getaddrinfo` with its `thread` resolver.
///
/// # Errors
/// As [`std::net::ToSocketAddrs`]: an unknown name, no answer.
///
/// ```
/// use geventrs::socket::getaddrinfo;
/// assert_eq!(getaddrinfo("127.0.0.1", 80)?, ["127.0.0.1:80".parse().unwrap()]);
/// assert!(getaddrinfo("localhost", 80)?.iter().all(|a| a.ip().is_loopback()));
/// # std::io::Result::Ok(())
/// ```
pub fn getaddrinfo(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    off_hub("a name to be looked up", || (host, port).to_socket_addrs().map(Iterator::collect))
}

/// What can be made into addresses: addresses, `"host:port"` and `(host, port)`.
/// As [`std::net::ToSocketAddrs`], but a look-up does not stop the hub. Other
/// crates cannot implement it.
pub trait Addresses: Sealed {}

pub trait Sealed {
    fn addresses(&self) -> io::Result<Vec<SocketAddr>>;
}

macro_rules! addresses {
    ($($type:ty, $self:ident => $addresses:expr;)*) => {$(
        impl Addresses for $type {}
        impl Sealed for $type {
            fn addresses(&$self) -> io::Result<Vec<SocketAddr>> {
                $addresses
            }
        }
    )*};
}

addresses! {
    SocketAddr, self => Ok(vec![*self]);
    SocketAddrV4, self => Ok(vec![(*self).into()]);
    SocketAddrV6, self => Ok(vec![(*self).into()]);
    &[SocketAddr], self => Ok(self.to_vec());
    (IpAddr, u16), self => Ok(vec![(*self).into()]);
    (&str, u16), self => getaddrinfo(self.0, self.1);
    (String, u16), self => getaddrinfo(&self.0, self.1);
    &str, self => host_and_port(self);
    String, self => host_and_port(self);
}

impl<A: Addresses + ?Sized> Addresses for &A {}
impl<A: Addresses + ?Sized> Sealed for &A {
    fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        (**self).addresses()
    }
}

fn host_and_port(text: &str) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = text.parse() {
        return Ok(vec![address]);
    }
    let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "not of the form host:port");
    let (host, port) = text.rsplit_once(':').ok_or_else(invalid)?;
    getaddrinfo(host, port.parse().map_err(|_| invalid())?)
}

/// Call `f` with each address until one succeeds; the last error if none does.
pub(super) fn each<R>(
    addresses: &impl Addresses,
    mut f: impl FnMut(&SocketAddr) -> io::Result<R>,
) -> io::Result<R> {
    let mut last = io::Error::new(io::ErrorKind::InvalidInput, "no address to try");
    for address in addresses.addresses()? {
        match f(&address) {
            Ok(result) => return Ok(result),
            Err(e) => last = e,
        }
    }
    Err(last)
}
