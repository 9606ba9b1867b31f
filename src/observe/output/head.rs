//! The head of a file of ours: what it is, and which process it belongs to, since when.

use crate::observe::text::Text;
use crate::syscall;
use crate::time;
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

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
pub(super) fn is_taken(head: &[u8]) -> bool {
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
}
