//! Connecting: std cannot do it without blocking.

use crate::sys::Errno;
use core::mem::{size_of, zeroed};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// An address as the kernel takes it.
pub(super) struct RawAddress {
    storage: libc::sockaddr_storage,
    length: libc::socklen_t,
}

impl RawAddress {
    fn new<A>(address: A) -> Self {
        const { assert!(size_of::<A>() <= size_of::<libc::sockaddr_storage>()) };
        // SAFETY: all zeros is a valid sockaddr_storage.
        let mut storage: libc::sockaddr_storage = unsafe { zeroed() };
        // SAFETY: it is large enough, and aligned for every address.
        unsafe { (&raw mut storage).cast::<A>().write(address) };
        RawAddress { storage, length: size_of::<A>() as libc::socklen_t }
    }

    /// As system calls take it.
    pub(super) fn as_raw(&self) -> (*const libc::sockaddr, libc::socklen_t) {
        ((&raw const self.storage).cast(), self.length)
    }

    pub(super) fn of(address: &SocketAddr) -> Self {
        match address {
            SocketAddr::V4(a) => Self::new(libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: a.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(a.ip().octets()) },
                sin_zero: [0; 8],
            }),
            SocketAddr::V6(a) => Self::new(libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: a.port().to_be(),
                sin6_flowinfo: a.flowinfo(),
                sin6_addr: libc::in6_addr { s6_addr: a.ip().octets() },
                sin6_scope_id: a.scope_id(),
            }),
        }
    }

    /// The address of a Unix socket in the file system.
    pub(super) fn of_path(path: &Path) -> io::Result<Self> {
        let bytes = path.as_os_str().as_bytes();
        // SAFETY: all zeros is a valid sockaddr_un.
        let mut address: libc::sockaddr_un = unsafe { zeroed() };
        address.sun_family = libc::AF_UNIX as libc::sa_family_t;
        if bytes.len() >= address.sun_path.len() || bytes.contains(&0) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        for (to, from) in address.sun_path.iter_mut().zip(bytes) {
            *to = *from as libc::c_char;
        }
        Ok(Self::new(address))
    }

    /// A non-blocking stream socket for such an address.
    pub(super) fn socket(&self) -> io::Result<OwnedFd> {
        let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        // SAFETY: makes a descriptor, which nobody else has.
        unsafe {
            match libc::socket(self.storage.ss_family as i32, kind, 0) {
                -1 => Err(io::Error::last_os_error()),
                fd => Ok(OwnedFd::from_raw_fd(fd)),
            }
        }
    }

    /// connect(2).
    pub(super) fn connect(&self, socket: &impl AsRawFd) -> Result<(), Errno> {
        // SAFETY: the kernel reads `length` bytes of the address.
        let result = unsafe {
            libc::connect(socket.as_raw_fd(), (&raw const self.storage).cast(), self.length)
        };
        match result {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)),
        }
    }
}

/// SO_ERROR: what has become of a connect that was under way; `WouldBlock`: it
/// is still.
pub(super) fn connected(socket: &impl AsRawFd) -> io::Result<()> {
    let mut polled = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    let (mut error, mut length) = (0, size_of::<libc::c_int>() as libc::socklen_t);
    // SAFETY: the kernel writes one pollfd; and an int, with its length.
    unsafe {
        if libc::poll(&raw mut polled, 1, 0) == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        if libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ERROR,
            (&raw mut error).cast(),
            &raw mut length,
        ) != 0
        {
            return Err(io::Error::last_os_error());
        }
    }
    match error {
        0 => Ok(()),
        e => Err(io::Error::from_raw_os_error(e)),
    }
}
