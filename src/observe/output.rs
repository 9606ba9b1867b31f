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
use descriptor::{high, is_regular, status, write_quietly};
use head::is_taken;

pub use head::{ended_now, head, is_me, know_yourself, pid, Kind};

mod descriptor;
mod head;

/// The longest path.
const PATH: usize = 1024;
/// How much of a file's beginning says whose it is.
const HEAD: usize = 256;
const STDERR: i32 = 2;

/// Where something is to be written, as the settings say.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// An absolute path, perhaps with `%p`; empty: stderr.
    pub path: &'static [u8],
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

#[cfg(test)]
mod tests {
    use super::*;

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
