//! What an epoll set of the program's watches, as the kernel tells it: proc(5), `fdinfo`.

use super::descriptors::{close, copy};
use crate::syscall;
use core::fmt::Write;

/// Members that are told of one set, at most: those with the lowest numbers, among which are
/// those that the program has made first (listeners, wake-up pipes).
const MOST: usize = 8;
/// The kernel's `EP_PRIVATE_BITS`: no events, but how they are told.
const NO_EVENTS: u32 =
    (libc::EPOLLWAKEUP | libc::EPOLLONESHOT | libc::EPOLLET | libc::EPOLLEXCLUSIVE) as u32;

/// A descriptor in a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The number that it was added by. The set watches the file: the number may have become
    /// another file's since.
    pub fd: i32,
    /// The file; `None` before Linux 4.13.
    pub inode: Option<u64>,
    events: u32,
}

impl Member {
    /// It is waited for only to be written to.
    pub fn writes(&self) -> bool {
        self.events & (libc::EPOLLIN | libc::EPOLLOUT) as u32 == libc::EPOLLOUT as u32
    }

    /// It is told of no more, until the program asks anew: EPOLLONESHOT, and it has been told of.
    pub fn is_disarmed(&self) -> bool {
        self.events & !NO_EVENTS == 0
    }
}

/// What a set watches.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// Some of them, by number.
    pub members: Vec<Member>,
    /// How many there are.
    pub all: usize,
}

impl Set {
    fn add(&mut self, line: &[u8]) {
        let Some(member) = member(line) else { return };
        self.all += 1;
        let at = self.members.partition_point(|m| m.fd <= member.fd);
        self.members.insert(at, member);
        self.members.truncate(MOST);
    }
}

/// `tfd:        7 events:       19 data:                7  pos:0 ino:29f4 sdev:9`
fn member(line: &[u8]) -> Option<Member> {
    let line = core::str::from_utf8(line).ok()?.strip_prefix("tfd:")?;
    let mut words = line.split_whitespace();
    let fd = words.next()?.parse().ok()?;
    let (mut events, mut inode) = (None, None);
    while let Some(word) = words.next() {
        let hex = |digits| u64::from_str_radix(digits, 16).ok();
        match word.split_once(':') {
            Some(("events", "")) => events = hex(words.next()?),
            Some(("ino", digits)) => inode = hex(digits),
            _ => {}
        }
    }
    Some(Member { fd, inode, events: events? as u32 })
}

/// Read the set whose descriptor in the program is `fd`. `None`: the kernel does not tell.
pub fn read(fd: i32) -> Option<Set> {
    let copy = copy(fd)?;
    let mut path = String::new();
    let _ = write!(path, "/proc/thread-self/fdinfo/{copy}\0");
    // SAFETY: a terminated path.
    let opened = unsafe {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        syscall!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags)
    };
    let set = opened.ok().and_then(|text| {
        let set = members(text as i32);
        close(text as i32);
        set
    });
    // Not before: the kernel looks the descriptor up when its text is read.
    close(copy);
    set
}

/// Read an opened `fdinfo`.
fn members(text: i32) -> Option<Set> {
    // A set has as many lines as there are connections: they are not kept.
    let (mut set, mut lines, mut bytes) = (Set::default(), Vec::new(), [0u8; 8192]);
    loop {
        // SAFETY: room of the told size.
        let got = unsafe { syscall!(libc::SYS_read, text, bytes.as_mut_ptr(), bytes.len()) };
        match got.ok()? {
            0 => return Some(set),
            got => lines.extend_from_slice(&bytes[..got]),
        }
        let whole = lines.iter().rposition(|&b| b == b'\n').map_or(0, |end| end + 1);
        lines[..whole].split(|&b| b == b'\n').for_each(|line| set.add(line));
        lines.drain(..whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_fdinfo_tells_a_member() {
        let line = b"tfd:        7 events:     2019 data:                7  pos:0 ino:29f4 sdev:9";
        let m = member(line).unwrap();
        assert_eq!((m.fd, m.events, m.inode), (7, 0x2019, Some(0x29f4)));
        assert!(!m.writes() && !m.is_disarmed());
        // Linux 4.12
        let m = member(b"tfd:        8 events:        4 data:                0").unwrap();
        assert_eq!((m.fd, m.inode), (8, None));
        assert!(m.writes());
        let m = member(b"tfd:        8 events: 40000000 data:                0").unwrap();
        assert!(m.is_disarmed());
        assert_eq!(member(b"flags:\t02"), None);
        assert_eq!(member(b"tfd: x events: 1"), None);
    }

    #[test]
    fn the_lowest_members_are_told_and_all_are_counted() {
        let mut set = Set::default();
        for fd in (0..20).rev() {
            set.add(format!("tfd: {fd} events: 1 data: 0").as_bytes());
        }
        set.add(b"pos:\t0");
        assert_eq!(set.all, 20);
        let fds: Vec<_> = set.members.iter().map(|m| m.fd).collect();
        assert_eq!(fds, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
