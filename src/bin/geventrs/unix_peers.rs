//! Which Unix sockets are connected to which, as the kernel tells it over netlink
//! (sock_diag(7)): of the tool's own network namespace.

use std::collections::HashMap;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// linux/unix_diag.h
const UDIAG_SHOW_PEER: u32 = 4;
const UNIX_DIAG_PEER: u16 = 2;
/// linux/sock_diag.h
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// linux/netlink.h, `struct nlmsghdr`, and linux/unix_diag.h, `struct unix_diag_req`.
#[repr(C)]
struct Request {
    length: u32,
    kind: u16,
    flags: u16,
    sequence: u32,
    port: u32,
    family: u8,
    protocol: u8,
    pad: u16,
    states: u32,
    inode: u32,
    show: u32,
    cookie: [u32; 2],
}

/// The length of `struct nlmsghdr`, and of `struct unix_diag_msg`.
const HEAD: usize = 16;
/// Where the inode is in `struct unix_diag_msg`.
const INODE: usize = 4;

/// The inode of the other end of each connected socket, by the inode of the one. Empty if the
/// kernel does not tell.
pub fn all() -> HashMap<u32, u32> {
    read().unwrap_or_default()
}

fn read() -> Option<HashMap<u32, u32>> {
    // SAFETY: takes numbers; the descriptor is ours.
    let socket = unsafe {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
        let fd = libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_SOCK_DIAG);
        (fd >= 0).then(|| OwnedFd::from_raw_fd(fd))?
    };
    let request = Request {
        length: size_of::<Request>() as u32,
        kind: SOCK_DIAG_BY_FAMILY,
        flags: (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16,
        sequence: 1,
        port: 0,
        family: libc::AF_UNIX as u8,
        protocol: 0,
        pad: 0,
        states: u32::MAX,
        inode: 0,
        show: UDIAG_SHOW_PEER,
        cookie: [u32::MAX; 2],
    };
    // SAFETY: readable bytes of the told length.
    let sent = unsafe {
        libc::send(socket.as_raw_fd(), (&raw const request).cast(), size_of::<Request>(), 0)
    };
    if sent != size_of::<Request>() as isize {
        return None;
    }
    let (mut peers, mut bytes) = (HashMap::new(), vec![0u8; 64 * 1024]);
    loop {
        // SAFETY: room of the told length.
        let got =
            unsafe { libc::recv(socket.as_raw_fd(), bytes.as_mut_ptr().cast(), bytes.len(), 0) };
        let got = usize::try_from(got).ok().filter(|n| *n != 0)?;
        if !messages(&bytes[..got], &mut peers) {
            return Some(peers);
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// Read messages. False: that was the last one.
fn messages(mut bytes: &[u8], peers: &mut HashMap<u32, u32>) -> bool {
    while let (Some(length), Some(kind)) = (word(bytes, 0), half(bytes, 4)) {
        let length = length as usize;
        let Some(message) = bytes.get(HEAD..length) else { return false };
        if kind != SOCK_DIAG_BY_FAMILY {
            return false;
        }
        if let (Some(inode), Some(peer)) = (word(message, INODE), peer(message.get(HEAD..))) {
            peers.insert(inode, peer);
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    true
}

/// The attribute that names the peer, among those of one socket.
fn peer(attributes: Option<&[u8]>) -> Option<u32> {
    let mut rest = attributes?;
    while let (Some(length), Some(kind)) = (half(rest, 0), half(rest, 2)) {
        if kind == UNIX_DIAG_PEER {
            return word(rest, 4);
        }
        rest = rest.get(usize::from(length).max(4).next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::net::UnixStream;

    #[test]
    fn the_ends_of_a_pair_are_each_other_s_peers() {
        let (a, b) = UnixStream::pair().unwrap();
        let inode = |s: &UnixStream| {
            let path = format!("/proc/self/fd/{}", s.as_raw_fd());
            std::fs::metadata(path).unwrap().ino() as u32
        };
        let peers = all();
        assert_eq!(peers.get(&inode(&a)), Some(&inode(&b)));
        assert_eq!(peers.get(&inode(&b)), Some(&inode(&a)));
    }
}
