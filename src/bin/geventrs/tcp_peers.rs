//! Which TCP sockets of this machine are connected to which, as proc(5) tells it (`net/tcp`,
//! `net/tcp6`): of the network namespace of one process.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// linux/tcp_states.h
const SYN_SENT: u8 = 2;
const LISTEN: u8 = 10;

/// All sockets.
#[derive(Default)]
pub struct TcpPeers {
    /// By the inode: local and remote address, and the state.
    sockets: HashMap<u64, (SocketAddr, SocketAddr, u8)>,
    /// By local and remote address; 0: nobody has accepted it.
    connected: HashMap<(SocketAddr, SocketAddr), u64>,
    listening: HashMap<SocketAddr, u64>,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The socket with this inode.
    Connected(u64),
    /// Nobody has accepted it: the inode of the socket that listens.
    Pending(u64),
}

impl TcpPeers {
    /// Those that the process `pid` could see.
    pub fn of(pid: u32) -> TcpPeers {
        let mut all = TcpPeers::default();
        for file in ["tcp", "tcp6"] {
            let text = fs::read_to_string(format!("/proc/{pid}/net/{file}")).unwrap_or_default();
            all.read(&text);
        }
        all
    }

    fn read(&mut self, text: &str) {
        for line in text.lines() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let [_, local, remote, state, ..] = words[..] else { continue };
            let (Some(local), Some(remote)) = (address(local), address(remote)) else { continue };
            let Ok(state) = u8::from_str_radix(state, 16) else { continue };
            let Some(inode) = words.get(9).and_then(|w| w.parse().ok()) else { continue };
            if inode != 0 {
                self.sockets.insert(inode, (local, remote, state));
            }
            match state {
                LISTEN => drop(self.listening.insert(local, inode)),
                _ => drop(self.connected.insert((local, remote), inode)),
            }
        }
    }

    /// The other end of the socket with this inode, if it is of this machine.
    pub fn peer(&self, inode: u64) -> Option<Peer> {
        let &(local, remote, state) = self.sockets.get(&inode)?;
        match self.connected.get(&(remote, local)) {
            Some(0) => {}
            Some(&peer) => return Some(Peer::Connected(peer)),
            None if state == SYN_SENT => {}
            None => return None,
        }
        let any = |ip: IpAddr| SocketAddr::new(ip, remote.port());
        let places = [remote, any(Ipv4Addr::UNSPECIFIED.into()), any(Ipv6Addr::UNSPECIFIED.into())];
        places.iter().find_map(|at| self.listening.get(at)).map(|&inode| Peer::Pending(inode))
    }
}

/// `0100007F:1F90`: words of the address in the byte order of the machine, and the port. An
/// IPv4 address in IPv6's clothes is an IPv4 address.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word =
        |at: usize| Some(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    let ip = match address.len() {
        8 => IpAddr::from(word(0)?),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Ipv6Addr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::MetadataExt;

    fn inode(socket: &impl AsRawFd) -> u64 {
        fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap().ino()
    }

    #[test]
    fn the_ends_of_a_connection_are_each_other_s_peers() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let me = std::process::id();
        let pending = TcpPeers::of(me).peer(inode(&client));
        assert_eq!(pending, Some(Peer::Pending(inode(&listener))), "nobody has accepted it");
        let (server, _) = listener.accept().unwrap();
        let all = TcpPeers::of(me);
        assert_eq!(all.peer(inode(&client)), Some(Peer::Connected(inode(&server))));
        assert_eq!(all.peer(inode(&server)), Some(Peer::Connected(inode(&client))));
        assert_eq!(all.peer(inode(&listener)), None);
    }

    #[test]
    fn addresses_are_those_of_the_kernel() {
        let little = cfg!(target_endian = "little");
        let text = if little { "0100007F:1F90" } else { "7F000001:1F90" };
        assert_eq!(address(text), Some("127.0.0.1:8080".parse().unwrap()));
        if little {
            let mapped = "0000000000000000FFFF00000100007F:1F90";
            assert_eq!(address(mapped), Some("127.0.0.1:8080".parse().unwrap()));
            let six = "00000000000000000000000001000000:0050";
            assert_eq!(address(six), Some("[::1]:80".parse().unwrap()));
        }
        assert_eq!(address("local_address"), None);
    }
}
