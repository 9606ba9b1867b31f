//! From addresses to names.

use super::super::section::off_hub;
use super::address::RawAddress;
use super::resolve::getaddrinfo;
use core::ffi::{c_char, c_int, CStr};
use std::ffi::CString;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Longer names there are none (`NI_MAXHOST`, `NI_MAXSERV`).
const LONGEST_HOST: usize = 1025;
const LONGEST_SERVICE: usize = 32;

fn failed(code: c_int) -> io::Error {
    if code == libc::EAI_SYSTEM {
        return io::Error::last_os_error();
    }
    // SAFETY: gai_strerror returns a string that nobody changes.
    let text = unsafe { CStr::from_ptr(libc::gai_strerror(code)) }.to_string_lossy();
    io::Error::other(text.into_owned())
}

/// The names of an address: the host's and the service's. `flags` are those of
/// getnameinfo(3): `libc::NI_NUMERICHOST`, `NI_NAMEREQD`, ...
///
/// The look-up runs off the hub, as [`getaddrinfo`]'s.
///
/// gevent: `gevent.socket.getnameinfo`.
///
/// # Errors
/// There is no such name, or no answer.
///
/// ```
/// use geventrs::socket::getnameinfo;
/// let numbers = libc::NI_NUMERICHOST | libc::NI_NUMERICSERV;
/// let names = getnameinfo(&"127.0.0.1:80".parse().unwrap(), numbers)?;
/// assert_eq!(names, ("127.0.0.1".to_owned(), "80".to_owned()));
/// # std::io::Result::Ok(())
/// ```
pub fn getnameinfo(address: &SocketAddr, flags: c_int) -> io::Result<(String, String)> {
    let raw = RawAddress::of(address);
    let (mut host, mut service) = ([0 as c_char; LONGEST_HOST], [0 as c_char; LONGEST_SERVICE]);
    let look_up = || {
        let (at, length) = raw.as_raw();
        // SAFETY: the address and both buffers are as long as is said.
        let code = unsafe {
            libc::getnameinfo(
                at,
                length,
                host.as_mut_ptr(),
                LONGEST_HOST as libc::socklen_t,
                service.as_mut_ptr(),
                LONGEST_SERVICE as libc::socklen_t,
                flags,
            )
        };
        // While errno is that of the call.
        if code == 0 {
            Ok(())
        } else {
            Err(failed(code))
        }
    };
    if flags & (libc::NI_NUMERICHOST | libc::NI_NUMERICSERV)
        == libc::NI_NUMERICHOST | libc::NI_NUMERICSERV
    {
        let mut look_up = look_up;
        look_up()?;
    } else {
        off_hub("an address to be looked up", look_up)?;
    }
    // SAFETY: getnameinfo has ended both with a zero.
    let text = |at: *const c_char| unsafe { CStr::from_ptr(at) }.to_string_lossy().into_owned();
    Ok((text(host.as_ptr()), text(service.as_ptr())))
}

/// The name of the host with this address.
///
/// gevent: `gevent.socket.gethostbyaddr`, which lists aliases as well.
///
/// # Errors
/// It has no name, or there is no answer.
///
/// ```
/// // What it is called is the machine's affair.
/// let _ = geventrs::socket::gethostbyaddr("127.0.0.1".parse().unwrap());
/// ```
pub fn gethostbyaddr(address: IpAddr) -> io::Result<String> {
    getnameinfo(&SocketAddr::new(address, 0), libc::NI_NAMEREQD).map(|(host, _)| host)
}

/// The first IPv4 address of a host.
///
/// gevent: `gevent.socket.gethostbyname`; for all of them see [`getaddrinfo`].
///
/// # Errors
/// The name is unknown, has no such address, or there is no answer.
///
/// ```
/// use geventrs::socket::gethostbyname;
/// assert_eq!(gethostbyname("127.0.0.1")?, std::net::Ipv4Addr::LOCALHOST);
/// # std::io::Result::Ok(())
/// ```
pub fn gethostbyname(host: &str) -> io::Result<Ipv4Addr> {
    let first = getaddrinfo(host, 0)?.into_iter().find_map(|a| match a.ip() {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    });
    first.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the host has no IPv4 address"))
}

/// The full name of a host; `""`: of this one. A name that is not known is its own.
///
/// gevent: `gevent.socket.getfqdn`.
///
/// ```
/// assert!(!geventrs::socket::getfqdn("").is_empty());
/// assert_eq!(geventrs::socket::getfqdn("no such host!"), "no such host!");
/// ```
pub fn getfqdn(name: &str) -> String {
    let name = if name.is_empty() { own_name() } else { name.to_owned() };
    let Ok(host) = CString::new(name.as_bytes()) else { return name };
    let canonical = off_hub("a name to be looked up", || {
        // SAFETY: all zeros asks for nothing; the name is a string; the list is libc's
        // until it is freed.
        unsafe {
            let mut hints: libc::addrinfo = core::mem::zeroed();
            hints.ai_flags = libc::AI_CANONNAME;
            let mut list = core::ptr::null_mut();
            if libc::getaddrinfo(host.as_ptr(), core::ptr::null(), &hints, &mut list) != 0 {
                return None;
            }
            let first = (*list).ai_canonname;
            let found =
                (!first.is_null()).then(|| CStr::from_ptr(first).to_string_lossy().into_owned());
            libc::freeaddrinfo(list);
            found
        }
    });
    canonical.unwrap_or(name)
}

fn own_name() -> String {
    let mut buffer = [0 as c_char; LONGEST_HOST];
    // SAFETY: the last byte stays zero.
    unsafe {
        libc::gethostname(buffer.as_mut_ptr(), LONGEST_HOST - 1);
        CStr::from_ptr(buffer.as_ptr()).to_string_lossy().into_owned()
    }
}
