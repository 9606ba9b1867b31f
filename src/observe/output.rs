//! Files: which name, whose, and how they are written.
//!
//! # Names
//!
//! `%p` in a name becomes the process id. Without it, the first process of a run has the name
//! for itself: a child that would write to the same file writes to `NAME.PID` instead, and
//! so does a program that the process becomes by exec (`NAME.PID.2`). What decides is
//! the head of the file: every file of ours says in its first bytes which process it
//! belongs to, since when that runs, and when it was finished. A file is taken
//! if its process is alive, was alive while ours was, or is ours before an exec;
//! any other is left over from an earlier run, and overwritten.
//!
//! # Writing
//!
//! Plain system calls. stderr is written to while descriptor 2 is what it was when the
//! program began, and only as far as it takes it; no copy of it is kept (whoever reads
//! its other end would wait for that). What cannot be written is dropped.

use super::text::Text;
use crate::syscall;
use crate::time::{self, MILLISECOND};
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The longest path.
const PATH: usize = 1024;
/// How much of a file's beginning says whose it is.
const HEAD: usize = 256;
const STDERR: i32 = 2;

static PID: AtomicU32 = AtomicU32::new(0);
static STARTED: AtomicU64 = AtomicU64::new(0);
static BEGAN: AtomicU64 = AtomicU64::new(0);

/// Learn which process this is: at its beginning, and in the child of a fork.
pub fn know_yourself() {
    // SAFETY: takes nothing.
    let pid = unsafe { syscall!(libc::SYS_getpid) }.unwrap_or(0) as u32;
    PID.store(pid, Ordering::Relaxed);
    STARTED.store(started(pid).unwrap_or(0), Ordering::Relaxed);
    BEGAN.store(time::clock_now(libc::CLOCK_BOOTTIME), Ordering::Relaxed);
}

/// The process id, as [`know_yourself`] has found it.
pub fn pid() -> u32 {
    PID.load(Ordering::Relaxed)
}

/// Whether the caller is that process, and not a child that shares its memory
/// (vfork(2)).
pub fn is_me() -> bool {
    // SAFETY: takes nothing.
    let now = unsafe { syscall!(libc::SYS_getpid) };
    now == Ok(pid() as usize)
}

/// When a process was started, as the kernel counts (proc(5), `stat`, field 22).
fn started(pid: u32) -> Option<u64> {
    let mut path = [0u8; 32];
    let _ = write!(Text::new(&mut path), "/proc/{pid}/stat\0");
    let mut text = [0u8; 1024];
    let n = read_file(&path, &mut text)?;
    let after = text[..n].iter().rposition(|b| *b == b')')?;
    let mut fields = text[after + 2..n].split(|b| *b == b' ');
    number(fields.nth(19)?)
}

fn number(digits: &[u8]) -> Option<u64> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}

/// The beginning of a file, whose path ends with a zero.
fn read_file(path: &[u8], into: &mut [u8]) -> Option<usize> {
    // SAFETY: a terminated path, a buffer of the told size, our own descriptor.
    unsafe {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        let fd = syscall!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags).ok()?;
        let n = syscall!(libc::SYS_read, fd, into.as_mut_ptr(), into.len());
        let _ = syscall!(libc::SYS_close, fd);
        n.ok()
    }
}

/// Where something is to be written, as the settings say.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// An absolute path, perhaps with `%p`; empty: stderr.
    pub path: &'static [u8],
}

/// What a file of ours is, in its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Lines; the head is the first one.
    Trace,
    /// JSON; the head is its first members.
    Report,
    /// As a report.
    Timeline,
}

impl Kind {
    /// The setting that asks for such a file.
    pub fn setting(self) -> &'static str {
        match self {
            Kind::Trace => "GEVENTRS_TRACE",
            Kind::Report => "GEVENTRS_REPORT",
            Kind::Timeline => "GEVENTRS_TIMELINE",
        }
    }
}

/// Digits of a time in a head: it is written again in its place.
const DIGITS: usize = 20;

/// The head of a file of ours.
pub fn head(out: &mut impl Write, kind: Kind, ended: u64) {
    let (open, name) = match kind {
        Kind::Trace => ("# ", "trace"),
        Kind::Report => ("", "report"),
        Kind::Timeline => ("", "timeline"),
    };
    let _ = write!(
        out,
        "{open}{{\"geventrs\":\"{name}\",\"version\":1,\"pid\":{},\"started\":{},\"ended\":\"{ended:0DIGITS$}\"",
        pid(),
        STARTED.load(Ordering::Relaxed)
    );
    if kind == Kind::Trace {
        let _ = writeln!(out, "}}");
    }
}

/// The time for [`head`].
pub fn ended_now() -> u64 {
    time::clock_now(libc::CLOCK_BOOTTIME)
}

fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let at = head.windows(name.len()).position(|w| w == name.as_bytes())? + name.len();
    let rest = &head[at..];
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let end = rest.iter().position(|b| !b.is_ascii_digit())?;
    Some(&rest[..end])
}

/// Whether the file that begins so belongs to somebody else in this run.
fn is_taken(head: &[u8]) -> bool {
    let get = |name| field(head, name).and_then(number);
    let (Some(owner), Some(since)) = (get("\"pid\":"), get("\"started\":")) else { return false };
    if !head.starts_with(b"{\"geventrs\"") && !head.starts_with(b"# {\"geventrs\"") {
        return false;
    }
    if owner == u64::from(pid()) && since == STARTED.load(Ordering::Relaxed) {
        return true;
    }
    let alive = started(owner as u32) == Some(since);
    let ended = get("\"ended\":").unwrap_or(0);
    alive || ended >= BEGAN.load(Ordering::Relaxed)
}

/// Open the file at `path` and put `kind`'s head into it, unless it is taken.
fn claim(path: &[u8], kind: Kind) -> Result<i32, Claim> {
    let flags = libc::O_RDWR | libc::O_CREAT | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
    // SAFETY: a terminated path; further down our own descriptor and buffers.
    unsafe {
        let opened = syscall!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, 0o666)
            .or_else(|e| match e {
                // What cannot be read, such as a pipe's end.
                libc::EACCES | libc::ENXIO | libc::EINVAL => {
                    let flags = libc::O_WRONLY | libc::O_CLOEXEC | libc::O_NOCTTY;
                    syscall!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags)
                }
                e => Err(e),
            })
            .map_err(Claim::Failed)?;
        let fd = opened as i32;
        if !is_regular(fd) {
            return Ok(fd);
        }
        // Two children of one process may come here at once.
        let locked = (0..100).any(|_| {
            let got = syscall!(libc::SYS_flock, fd, libc::LOCK_EX | libc::LOCK_NB).is_ok();
            if !got {
                let pause = libc::timespec { tv_sec: 0, tv_nsec: MILLISECOND as i64 };
                let _ = syscall!(libc::SYS_nanosleep, &raw const pause, 0);
            }
            got
        });
        let mut text = [0u8; HEAD];
        let n = syscall!(libc::SYS_pread64, fd, text.as_mut_ptr(), text.len(), 0).unwrap_or(0);
        let taken = is_taken(&text[..n]);
        if !taken {
            let _ = syscall!(libc::SYS_ftruncate, fd, 0);
            let mut out = Text::new(&mut text);
            head(&mut out, kind, 0);
            if kind != Kind::Trace {
                let _ = write!(out, "}}");
            }
            let length = out.length();
            let _ = syscall!(libc::SYS_pwrite64, fd, text.as_ptr(), length, 0);
        }
        if locked {
            let _ = syscall!(libc::SYS_flock, fd, libc::LOCK_UN);
        }
        if taken {
            let _ = syscall!(libc::SYS_close, fd);
            return Err(Claim::Taken);
        }
        Ok(fd)
    }
}

enum Claim {
    Taken,
    Failed(i32),
}

fn status(fd: i32) -> Option<libc::stat> {
    let mut status = core::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: writes the structure; zeroes are valid.
    unsafe {
        syscall!(libc::SYS_fstat, fd, status.as_mut_ptr()).ok()?;
        Some(status.assume_init())
    }
}

fn is_regular(fd: i32) -> bool {
    status(fd).is_some_and(|s| s.st_mode & libc::S_IFMT == libc::S_IFREG)
}

/// A number out of the program's way.
fn high(fd: i32) -> i32 {
    const FIRST: [i32; 3] = [10_000, 900, 200];
    for first in FIRST {
        // SAFETY: our own descriptor.
        unsafe {
            if let Ok(to) = syscall!(libc::SYS_fcntl, fd, libc::F_DUPFD_CLOEXEC, first) {
                let _ = syscall!(libc::SYS_close, fd);
                return to as i32;
            }
        }
    }
    fd
}

/// The first zero ends a path.
fn path_of(path: &[u8; PATH]) -> &[u8] {
    let end = path.iter().position(|b| *b == 0).unwrap_or(PATH - 1);
    &path[..end]
}

/// An open file of ours, or stderr.
pub struct Sink {
    fd: i32,
    device: u64,
    inode: u64,
    regular: bool,
    path: [u8; PATH],
}

impl Sink {
    /// None.
    pub const NONE: Sink = Sink { fd: -1, device: 0, inode: 0, regular: false, path: [0; PATH] };

    /// Open a target for this process. `only_first`: only if no other process has its plain name.
    pub fn open(target: Target, kind: Kind, only_first: bool) -> Result<Sink, Option<i32>> {
        let mut sink = Sink::NONE;
        if target.path.is_empty() {
            sink.adopt(STDERR);
            return Ok(sink);
        }
        for attempt in 0.. {
            sink.path = [0; PATH];
            let mut out = Text::new(&mut sink.path[..PATH - 1]);
            let mut rest = target.path;
            let mut named = false;
            while let Some(at) = rest.windows(2).position(|w| w == b"%p") {
                out.bytes(&rest[..at]);
                let _ = write!(out, "{}", pid());
                rest = &rest[at + 2..];
                named = true;
            }
            out.bytes(rest);
            let _ = match (attempt, named) {
                (0, _) => Ok(()),
                (1, false) => write!(out, ".{}", pid()),
                (n, false) => write!(out, ".{}.{n}", pid()),
                (n, true) => write!(out, ".{}", n + 1),
            };
            match claim(&sink.path, kind) {
                Ok(fd) => {
                    sink.adopt(high(fd));
                    if sink.regular {
                        // SAFETY: our own descriptor.
                        let _ = unsafe { syscall!(libc::SYS_lseek, sink.fd, 0, libc::SEEK_END) };
                    }
                    return Ok(sink);
                }
                Err(Claim::Failed(e)) => return Err(Some(e)),
                Err(Claim::Taken) if only_first || attempt == 100 => return Err(None),
                Err(Claim::Taken) => {}
            }
        }
        Err(None)
    }

    /// An open descriptor of the caller's, which stays his.
    pub fn of(fd: i32) -> Sink {
        let mut sink = Sink::NONE;
        sink.adopt(fd);
        sink
    }

    /// The same file, in the table of descriptors of the calling OS thread, which is
    /// not the program's. The caller closes it.
    pub fn here(&mut self, target: Target, kind: Kind) -> Option<Sink> {
        /// No table has it: where this sink is used next, it is opened by its path.
        const ELSEWHERE: i32 = i32::MAX;
        if target.path.is_empty() {
            return Some(Sink::of(STDERR));
        }
        if !self.is_open() {
            let opened = Sink::open(target, kind, false).ok()?;
            *self = Sink { fd: ELSEWHERE, ..opened };
            return Some(opened);
        }
        let mut again = Sink { fd: ELSEWHERE, ..*self };
        again.check().then_some(again)
    }

    fn adopt(&mut self, fd: i32) {
        self.fd = fd;
        if let Some(s) = status(fd) {
            (self.device, self.inode) = (s.st_dev, s.st_ino);
            self.regular = s.st_mode & libc::S_IFMT == libc::S_IFREG;
        } else {
            self.fd = -1;
        }
    }

    /// Whether there is a file.
    pub fn is_open(&self) -> bool {
        self.fd >= 0
    }

    /// Whether it is a regular file.
    pub fn is_regular(&self) -> bool {
        self.regular
    }

    /// Its path; empty: stderr.
    pub fn path(&self) -> &[u8] {
        path_of(&self.path)
    }

    /// Whether the descriptor is still the file that was opened. If the program has
    /// closed or replaced it, the file is opened again.
    fn check(&mut self) -> bool {
        let same = |s: &libc::stat| (s.st_dev, s.st_ino) == (self.device, self.inode);
        if status(self.fd).is_some_and(|s| same(&s)) {
            return true;
        }
        if self.path[0] == 0 {
            return false;
        }
        let flags = libc::O_WRONLY | libc::O_CLOEXEC | libc::O_NOCTTY | libc::O_NONBLOCK;
        // SAFETY: a terminated path; our own descriptor.
        unsafe {
            let path = self.path.as_ptr();
            let Ok(fd) = syscall!(libc::SYS_openat, libc::AT_FDCWD, path, flags) else {
                return false;
            };
            let fd = high(fd as i32);
            self.adopt(fd);
            let _ = syscall!(libc::SYS_lseek, fd, 0, libc::SEEK_END);
        }
        true
    }

    /// Whether a write of a page does not block: a regular file always, another when it says
    /// so before `deadline`.
    pub fn ready(&mut self, deadline: u64) -> bool {
        if self.fd < 0 || self.regular {
            return true;
        }
        loop {
            let mut poll = libc::pollfd { fd: self.fd, events: libc::POLLOUT, revents: 0 };
            let left = deadline.saturating_sub(time::now());
            let left = libc::timespec {
                tv_sec: (left / time::SECOND) as i64,
                tv_nsec: (left % time::SECOND) as i64,
            };
            // SAFETY: our own objects.
            let n = unsafe { syscall!(libc::SYS_ppoll, &raw mut poll, 1, &raw const left, 0, 8) };
            match n {
                Err(libc::EINTR) if time::now() < deadline => continue,
                // What is closed is "ready": writing to it fails at once.
                Ok(n) => return n > 0,
                Err(_) => return false,
            }
        }
    }

    /// Write all of it, or as much as can be written.
    pub fn write(&mut self, bytes: &[u8]) -> bool {
        if self.fd < 0 || !self.check() {
            return false;
        }
        // What is no file is written page by page, each when there is room.
        const PAGE: usize = 4096;
        let mut rest = bytes;
        while !rest.is_empty() {
            if !self.regular && !self.ready(time::after(time::SECOND)) {
                return false;
            }
            let n = if self.regular { rest.len() } else { rest.len().min(PAGE) };
            match write_quietly(self.fd, &rest[..n]) {
                Ok(done) => rest = &rest[done..],
                Err(libc::EINTR | libc::EAGAIN) => {}
                Err(_) => return false,
            }
        }
        true
    }

    /// Write a head's time again, at the end of the process.
    pub fn finish_head(&mut self, kind: Kind) {
        if self.fd <= STDERR || !self.regular || !self.check() {
            return;
        }
        let mut text = [0u8; HEAD];
        let mut out = Text::new(&mut text);
        head(&mut out, kind, ended_now());
        let length = out.length();
        // SAFETY: our own descriptor and buffer.
        let _ = unsafe { syscall!(libc::SYS_pwrite64, self.fd, text.as_ptr(), length, 0) };
    }

    /// Empty a regular file, to write it from its beginning.
    pub fn rewind(&mut self) {
        if self.fd > STDERR && self.regular && self.check() {
            // SAFETY: our own descriptor.
            unsafe {
                let _ = syscall!(libc::SYS_ftruncate, self.fd, 0);
                let _ = syscall!(libc::SYS_lseek, self.fd, 0, libc::SEEK_SET);
            }
        }
    }

    /// The parent's file is not for its child; where they share descriptors, it stays open.
    pub fn leave(&mut self, shares_files: bool) {
        match shares_files {
            true => self.fd = -1,
            false => self.close(),
        }
    }

    /// Close it, unless it is stderr.
    pub fn close(&mut self) {
        if self.fd > STDERR {
            // SAFETY: our own descriptor.
            let _ = unsafe { syscall!(libc::SYS_close, self.fd) };
        }
        self.fd = -1;
    }
}

/// write(2), without the SIGPIPE that a pipe without readers would bring to the program.
fn write_quietly(fd: i32, bytes: &[u8]) -> Result<usize, i32> {
    let pipe = 1u64 << (libc::SIGPIPE - 1);
    let (mut before, mut pending) = (0u64, 0u64);
    // SAFETY: our own objects; the mask is restored, and only a SIGPIPE that was not
    // there before is taken.
    unsafe {
        let _ = syscall!(libc::SYS_rt_sigpending, &raw mut pending, 8);
        let block = libc::SIG_BLOCK;
        let _ = syscall!(libc::SYS_rt_sigprocmask, block, &raw const pipe, &raw mut before, 8);
        let result = syscall!(libc::SYS_write, fd, bytes.as_ptr(), bytes.len());
        if result == Err(libc::EPIPE) && pending & pipe == 0 {
            let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            let _ = syscall!(libc::SYS_rt_sigtimedwait, &raw const pipe, 0, &raw const now, 8);
        }
        let set = libc::SIG_SETMASK;
        let _ = syscall!(libc::SYS_rt_sigprocmask, set, &raw const before, 0, 8);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head_of(pid: u32, started: u64, ended: u64) -> Vec<u8> {
        format!("{{\"geventrs\":\"report\",\"version\":1,\"pid\":{pid},\"started\":{started},\"ended\":\"{ended:020}\"}}").into_bytes()
    }

    #[test]
    fn a_file_belongs_to_whoever_was_alive_with_us() {
        know_yourself();
        let me = (pid(), STARTED.load(Ordering::Relaxed));
        let began = BEGAN.load(Ordering::Relaxed);
        assert!(is_taken(&head_of(me.0, me.1, 0)), "ours before an exec");
        assert!(!is_taken(&head_of(me.0, me.1 + 1, 0)), "another's with our number, long gone");
        let parent = std::os::unix::process::parent_id();
        assert!(is_taken(&head_of(parent, started(parent).unwrap(), 0)), "it lives");
        assert!(!is_taken(&head_of(4_000_000, 5, began - 1)), "ended before we began");
        assert!(is_taken(&head_of(4_000_000, 5, began + 1)), "ended in our time");
        assert!(!is_taken(b""));
        assert!(!is_taken(b"{\"pid\":1,\"started\":1}"), "none of ours");
    }

    #[test]
    fn the_first_has_the_plain_name_and_the_next_one_its_number() {
        know_yourself();
        let dir = std::env::temp_dir().join(format!("geventrs-output-{}", pid()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("out.json").into_os_string().into_encoded_bytes();
        let target = Target { path: Box::leak(path.into_boxed_slice()) };
        let mut first = Sink::open(target, Kind::Report, true).unwrap();
        assert!(Sink::open(target, Kind::Report, true).is_err());
        let mut second = Sink::open(target, Kind::Report, false).unwrap();
        let expected = [target.path, format!(".{}", pid()).as_bytes()].concat();
        assert_eq!(second.path(), expected);
        first.rewind();
        assert!(first.write(b"hello"));
        assert_eq!(std::fs::read(dir.join("out.json")).unwrap(), b"hello");
        first.close();
        second.close();
        let _ = std::fs::remove_dir_all(dir);
    }
}
