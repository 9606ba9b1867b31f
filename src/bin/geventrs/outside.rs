//! What /proc tells of a process from outside: who has the other ends of the pipes and
//! sockets that its greenlets wait for, and what a process that has changed its root directory,
//! and has no /proc there, cannot say of itself.

use crate::processes::{Process, Reason};
use crate::tcp_peers::{Peer, TcpPeers};
use crate::unix_peers;
use crate::words::system_call;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::ffi::OsStrExt;

/// One end of a pipe or of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The process that has it.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// The descriptor.
    pub fd: i32,
    /// It is the socket that listens: nobody has accepted the connection.
    pub pending: bool,
    /// In the process itself: the greenlet that waits for this descriptor.
    pub greenlet: Option<u32>,
}

/// What is known of connected sockets, once somebody has asked.
struct Sockets {
    pid: u32,
    unix: Option<HashMap<u32, u32>>,
    tcp: Option<TcpPeers>,
}

/// The other end, as the links in /proc call it: the pipe itself, or a socket.
struct Target {
    link: String,
    pending: bool,
}

/// Descriptors of other processes that are looked at, at most.
const MOST_LOOKED_AT: usize = 100_000;
/// Ends that are remembered of one.
const MOST_ENDS: usize = 8;

/// The target of a link in /proc; what is no UTF-8 as `?`.
fn link(path: &str) -> Option<String> {
    let target = fs::read_link(path).ok()?;
    Some(String::from_utf8_lossy(target.as_os_str().as_bytes()).into_owned())
}

/// proc(5), `comm`.
fn name(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}

/// Add to an answer what is seen from here.
pub fn complete(process: &mut Process) {
    let pid = process.pid;
    if process.name.is_empty() {
        process.name = name(pid);
    }
    if process.maps.is_empty() {
        // Names of locks and functions: the process need not be asked for what /proc tells.
        process.maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    }
    let reasons = || process.greenlets.iter().filter_map(|g| g.reason.as_ref());
    if reasons().any(|r| r.nothing_known_of_fd()) {
        for r in process.greenlets.iter_mut().filter_map(|g| g.reason.as_mut()) {
            if let (true, Some(fd)) = (r.nothing_known_of_fd(), r.fd) {
                r.file =
                    link(&format!("/proc/{pid}/fd/{fd}")).filter(|l| !l.starts_with("socket:"));
            }
        }
    }
    for r in process.greenlets.iter_mut().filter_map(|g| g.reason.as_mut()) {
        // Less than 1: any, or one of a group.
        if let Some(child) = r.pid.and_then(|pid| u32::try_from(pid).ok()) {
            r.of = Some(name(child)).filter(|name| !name.is_empty());
        }
    }
    let ids: BTreeSet<u32> = process.greenlets.iter().map(|g| g.id).collect();
    for r in process.greenlets.iter_mut().filter_map(|g| g.reason.as_mut()) {
        let Some(holder) = r.holder else { continue };
        match ids.contains(&holder) {
            true => r.owner = Some(holder),
            // The first thread of another process, or a real one.
            false => r.holder_name = Some(name(holder)).filter(|name| !name.is_empty()),
        }
    }
    look_for_ends(process);
}

impl Sockets {
    /// What is at the other end of the process's descriptor `fd`.
    fn other_end(&mut self, fd: i32) -> Option<Target> {
        let link = link(&format!("/proc/{}/fd/{fd}", self.pid))?;
        if link.starts_with("pipe:[") {
            return Some(Target { link, pending: false });
        }
        let inode: u64 = link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()?;
        let socket = |inode, pending| Target { link: format!("socket:[{inode}]"), pending };
        let unix = self.unix.get_or_insert_with(unix_peers::all);
        if let Some(peer) = u32::try_from(inode).ok().and_then(|inode| unix.get(&inode)) {
            return Some(socket(u64::from(*peer), false));
        }
        let tcp = self.tcp.get_or_insert_with(|| TcpPeers::of(self.pid));
        Some(match tcp.peer(inode)? {
            Peer::Connected(peer) => socket(peer, false),
            Peer::Pending(listener) => socket(listener, true),
        })
    }
}

/// Note who has the other ends of what is read, written and polled.
fn look_for_ends(process: &mut Process) {
    let pid = process.pid;
    let waiters = waiters(process);
    let mut sockets = Sockets { pid, unix: None, tcp: None };
    let mut wanted: Vec<(u32, bool, Target, &mut Vec<End>)> = Vec::new();
    for g in process.greenlets.iter_mut() {
        let Some(r) = g.reason.as_mut() else { continue };
        if let (Some(direction), Some(fd)) = (r.direction(), r.fd) {
            if let Some(end) = sockets.other_end(fd) {
                wanted.push((g.id, direction == Direction::Writes, end, &mut r.ends));
            }
        }
        for p in r.polled.iter_mut().filter(|p| !p.gone) {
            if let Some(end) = sockets.other_end(p.fd) {
                wanted.push((g.id, p.write, end, &mut p.ends));
            }
        }
    }
    if wanted.is_empty() {
        return;
    }
    let ends = ends(pid, &wanted.iter().map(|(_, _, end, _)| end.link.clone()).collect());
    for (id, writes, target, to) in wanted {
        let others = ends.get(&target.link).into_iter().flatten();
        let others = others.filter(|(_, access)| match writes {
            true => *access != libc::O_WRONLY,
            false => *access != libc::O_RDONLY,
        });
        let others = others.map(|(end, _)| {
            let here = waiters.get(&end.fd).filter(|_| end.pid == pid);
            let greenlet = here.into_iter().flatten().copied().find(|waiter| *waiter != id);
            End { pending: target.pending, greenlet, ..end.clone() }
        });
        *to = others.take(MOST_ENDS).collect();
    }
}

/// The greenlets that wait for a descriptor, by that: two of each at most.
fn waiters(process: &Process) -> HashMap<i32, Vec<u32>> {
    const MOST: usize = 2;
    let mut found: HashMap<i32, Vec<u32>> = HashMap::new();
    for g in &process.greenlets {
        let Some(r) = &g.reason else { continue };
        for fd in r.fd.into_iter().chain(r.polled.iter().filter(|p| !p.gone).map(|p| p.fd)) {
            let waiters = found.entry(fd).or_default();
            if waiters.len() < MOST {
                waiters.push(g.id);
            }
        }
    }
    found
}

/// Which way a wait's bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Reads,
    Writes,
}

impl Reason {
    /// Of one that waits for the other end of a descriptor.
    pub fn direction(&self) -> Option<Direction> {
        let call = self.call.map(system_call);
        let call = call.as_deref().unwrap_or(&self.kind);
        let begins = |words: &[&str]| words.iter().any(|w| call.starts_with(w));
        match call {
            _ if begins(&["write", "pwrite", "send", "connect"]) => Some(Direction::Writes),
            "readlink" => None,
            _ if begins(&["read", "pread", "recv"]) => Some(Direction::Reads),
            _ => None,
        }
    }

    /// It is about a descriptor of which the process has said nothing.
    fn nothing_known_of_fd(&self) -> bool {
        self.fd.is_some() && self.file.is_none() && self.local.is_none() && self.peer.is_none()
    }
}

/// Who has ends of these pipes and sockets, and which: the process `first` first.
fn ends(first: u32, pipes: &BTreeSet<String>) -> BTreeMap<String, Vec<(End, i32)>> {
    let mut found: BTreeMap<String, Vec<(End, i32)>> = BTreeMap::new();
    let mut rest = MOST_LOOKED_AT;
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let all = all.filter_map(|e| e.file_name().to_str()?.parse().ok()).filter(|pid| *pid != first);
    for pid in std::iter::once(first).chain(all) {
        // Another user's cannot be looked at.
        let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
        for fd in descriptors.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok()) {
            let Some(left) = rest.checked_sub(1) else { return found };
            rest = left;
            let Some(target) = link(&format!("/proc/{pid}/fd/{fd}")) else { continue };
            if pipes.contains(&target) {
                let Some(access) = access(pid, fd) else { continue };
                let end = End { pid, name: name(pid), fd, pending: false, greenlet: None };
                found.entry(target).or_default().push((end, access));
            }
        }
    }
    found
}

/// How a descriptor was opened: `O_RDONLY`, `O_WRONLY` or `O_RDWR`.
fn access(pid: u32, fd: i32) -> Option<i32> {
    let text = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).ok()?;
    let flags = text.lines().find_map(|l| l.strip_prefix("flags:"))?;
    Some(i32::from_str_radix(flags.trim(), 8).ok()? & libc::O_ACCMODE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn the_other_end_of_a_pipe_is_found() {
        let (reader, writer) = std::io::pipe().unwrap();
        let me = std::process::id();
        let pipe = link(&format!("/proc/{me}/fd/{}", reader.as_raw_fd())).unwrap();
        let found = &ends(me, &BTreeSet::from([pipe.clone()]))[&pipe];
        let mine: BTreeMap<_, _> =
            found.iter().filter(|(e, _)| e.pid == me).map(|(e, access)| (e.fd, *access)).collect();
        assert_eq!(mine[&reader.as_raw_fd()], libc::O_RDONLY);
        assert_eq!(mine[&writer.as_raw_fd()], libc::O_WRONLY);
        assert_eq!(found[0].0.pid, me, "the process itself comes first");
    }
}
