//! A call as text: its arguments as their types say, its result, its reason.
//!
//! The program's memory is read by process_vm_readv(2), which fails where a plain read
//! would crash.

use super::call::{Current, Hook, Show, ShowResult};
use super::errors;
use super::peers::{self, Peer};
use super::text::Text;
use super::why::Why;
use crate::program_memory;
use core::fmt::{self, Write};
use core::net::{Ipv4Addr, Ipv6Addr};

/// Bytes shown of a string.
const STRING: usize = 48;

/// Read the program's memory at `from`; how many bytes could be read.
fn peek(from: u64, into: &mut [u8]) -> usize {
    let mut done = 0;
    // Page by page: a string may end just before one that cannot be read.
    while done < into.len() {
        let at = from as usize + done;
        let n = (4096 - at % 4096).min(into.len() - done);
        let got = program_memory::copy_over(at, &mut into[done..done + n]);
        done += got;
        if got != n {
            break;
        }
    }
    done
}

fn string(out: &mut Text, at: u64) {
    let mut bytes = [0; STRING];
    let got = peek(at, &mut bytes);
    if got == 0 {
        let _ = write!(out, "{at:#x}");
        return;
    }
    let end = bytes[..got].iter().position(|b| *b == 0);
    out.bytes(b"\"");
    for b in &bytes[..end.unwrap_or(got)] {
        let _ = match b {
            b'"' | b'\\' => write!(out, "\\{}", *b as char),
            b' '..0x7f => out.write_char(*b as char),
            _ => write!(out, "\\x{b:02x}"),
        };
    }
    out.bytes(if end.is_some() { b"\"" } else { b"\"..." });
}

fn timespec(out: &mut Text, at: u64, parts_of_a_second: u64) {
    let mut bytes = [0; 16];
    if peek(at, &mut bytes) != bytes.len() {
        let _ = write!(out, "{at:#x}");
        return;
    }
    let word = |n: usize| i64::from_ne_bytes(bytes[n..n + 8].try_into().unwrap_or_default());
    let nanoseconds = word(8).wrapping_mul((1_000_000_000 / parts_of_a_second) as i64);
    let _ = write!(out, "{{{} s}}", Seconds(word(0), nanoseconds));
}

/// Seconds without needless zeros.
struct Seconds(i64, i64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !(0..1_000_000_000).contains(&self.1) {
            return write!(f, "{}+{}ns", self.0, self.1);
        }
        write!(f, "{}", self.0)?;
        let (mut digits, mut rest) = (9, self.1);
        while digits > 1 && rest % 10 == 0 {
            (digits, rest) = (digits - 1, rest / 10);
        }
        write!(f, ".{rest:0digits$}")
    }
}

fn address(out: &mut Text, at: u64) {
    let mut bytes = [0u8; 110];
    let got = peek(at, &mut bytes);
    if !socket_address(out, &bytes[..got]) {
        let _ = write!(out, "{at:#x}");
    }
}

/// An address as people write it. False: it is of no family that is known.
pub(super) fn socket_address(out: &mut Text, given: &[u8]) -> bool {
    let mut bytes = [0u8; 110];
    let got = given.len().min(bytes.len());
    bytes[..got].copy_from_slice(&given[..got]);
    let family = u16::from_ne_bytes([bytes[0], bytes[1]]);
    let port = u16::from_be_bytes([bytes[2], bytes[3]]);
    let _ = match i32::from(family) {
        libc::AF_INET if got >= 8 => {
            let octets: [u8; 4] = bytes[4..8].try_into().unwrap_or_default();
            write!(out, "{}:{port}", Ipv4Addr::from(octets))
        }
        libc::AF_INET6 if got >= 28 => {
            let octets: [u8; 16] = bytes[8..24].try_into().unwrap_or_default();
            write!(out, "[{}]:{port}", Ipv6Addr::from(octets))
        }
        libc::AF_UNIX if got > 2 => {
            let abstract_name = bytes[2] == 0;
            let name = if abstract_name { &bytes[3..got] } else { &bytes[2..got] };
            let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
            out.bytes(if abstract_name { b"unix:@" } else { b"unix:" });
            out.bytes(&name[..end]);
            Ok(())
        }
        _ => return false,
    };
    true
}

fn argument(out: &mut Text, show: Show, word: u64) {
    use Show::{Address, Pointer, String, Timespec, Timeval};
    match show {
        String | Timespec | Timeval | Address | Pointer if word == 0 => out.bytes(b"NULL"),
        Show::Not => {}
        Show::String => string(out, word),
        Show::Timespec => timespec(out, word, 1_000_000_000),
        Show::Timeval => timespec(out, word, 1_000_000),
        Show::Address => address(out, word),
        Show::Pointer | Show::Hex => out.hex(word),
        Show::Flags if word as i32 != 0 => out.hex(u64::from(word as u32)),
        Show::Int | Show::Flags => out.signed(i64::from(word as i32)),
        Show::Unsigned => out.decimal(u64::from(word as u32)),
        Show::Long => out.signed(word as i64),
        Show::UnsignedLong => out.decimal(word),
        // Small enumerations, counts, and the like.
        Show::Word if word < 1 << 32 => out.decimal(word),
        Show::Word => out.hex(word),
    }
}

/// `name(arguments)`.
pub fn arguments(out: &mut Text, hook: &Hook, words: &[u64]) {
    out.bytes(hook.name.as_bytes());
    out.bytes(b"(");
    let mut first = true;
    for (show, word) in hook.shows.iter().zip(words) {
        if *show == Show::Not {
            continue;
        }
        if !first {
            out.bytes(b", ");
        }
        first = false;
        argument(out, *show, *word);
    }
    let more = hook.parameters.len() > words.len();
    out.bytes(if more { b", ...)" } else { b")" });
}

/// ` = result`, with the name of an error.
pub fn result(out: &mut Text, hook: &Hook, word: u64, errno: i32) {
    let failed = |out: &mut Text, value: &[u8]| {
        out.bytes(value);
        out.bytes(errors::name(errno).as_bytes());
    };
    let n = match hook.shows_result {
        ShowResult::Not => return,
        ShowResult::Pointer => {
            out.bytes(b" = ");
            match word {
                0 => failed(out, b"NULL "),
                _ => out.hex(word),
            }
            return;
        }
        ShowResult::Long => word as i64,
        ShowResult::Int | ShowResult::Error => i64::from(word as i32),
    };
    out.bytes(b" = ");
    match n {
        -1 => failed(out, b"-1 "),
        1.. if hook.shows_result == ShowResult::Error => {
            out.signed(n);
            out.bytes(b" ");
            out.bytes(errors::name(n as i32).as_bytes());
        }
        _ => out.signed(n),
    }
}

/// What a wait was for, in the user's words.
pub fn reason(out: &mut Text, why: Why, word: u64, text: &str, peer: Peer) {
    let fd = word as i32;
    let _ = match why {
        Why::None => write!(out, "its turn"),
        Why::Sleep => write!(out, "sleep"),
        Why::Read => write!(out, "fd {fd} readable"),
        Why::Write => write!(out, "fd {fd} writable"),
        Why::Accept => write!(out, "connection on fd {fd}"),
        Why::Connect => write!(out, "fd {fd} connected"),
        Why::Poll if word == 1 => out.write_str("one fd"),
        Why::Poll => write!(out, "one of {word} fds"),
        Why::Epoll => write!(out, "epoll fd {fd}"),
        Why::Mutex => write!(out, "mutex {word:#x}"),
        Why::Condition => write!(out, "condition variable {word:#x}"),
        Why::ReadLock => write!(out, "read lock {word:#x}"),
        Why::WriteLock => write!(out, "write lock {word:#x}"),
        Why::Barrier => write!(out, "barrier {word:#x}"),
        Why::Semaphore => write!(out, "semaphore {word:#x}"),
        Why::Once => write!(out, "once {word:#x}"),
        Why::Futex => write!(out, "futex {word:#x}"),
        Why::Join => write!(out, "end of thread {word}"),
        Why::Retry => write!(out, "{text} (asked again and again)"),
        Why::Section => write!(out, "{text} (blocking section)"),
        Why::Signal => write!(out, "a signal"),
        Why::Child if fd == -1 => write!(out, "any child"),
        Why::Child => write!(out, "child {fd}"),
        Why::Last => write!(out, "the end of all other threads"),
        Why::Api => write!(out, "{text}"),
        Why::Alone => write!(out, "in the kernel; there was one thread"),
    };
    peers::write(out, why, peer);
}

/// A call that has waited, and for what: `read(7, 512): fd 7 readable`. Returns the
/// length.
pub fn call(call: &Current, wait: (Why, u64, &str, Peer), buffer: &mut [u8]) -> usize {
    let mut out = Text::new(buffer);
    // SAFETY: null or a static.
    if let Some(hook) = unsafe { call.hook.as_ref() } {
        let kept = hook.parameters.len().min(call.arguments.len());
        arguments(&mut out, hook, &call.arguments[..kept]);
        out.bytes(b": ");
    }
    reason(&mut out, wait.0, wait.1, wait.2, wait.3);
    out.length()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(hook: &Hook, words: &[u64]) -> String {
        let mut buffer = [0; 200];
        let mut out = Text::new(&mut buffer);
        arguments(&mut out, hook, words);
        let n = out.length();
        String::from_utf8(buffer[..n].to_vec()).unwrap()
    }

    #[test]
    fn arguments_are_shown_as_their_types_say() {
        const PARAMETERS: &[(&str, &str)] =
            &[("fd", "c_int"), ("buffer", "* mut c_void"), ("length", "size_t")];
        static READ: Hook = Hook::new("read", "Os", "readiness", PARAMETERS, "ssize_t");
        assert_eq!(shown(&READ, &[7, 0x1234, 512]), "read(7, 512)");
        assert_eq!(shown(&READ, &[u64::from(u32::MAX), 0, 0]), "read(-1, 0)");
        static LOOK_UP: Hook =
            Hook::new("f", "Dns", "section", &[("node", "* const c_char")], "c_int");
        let name = c"db \"local\"\n";
        assert_eq!(shown(&LOOK_UP, &[name.as_ptr() as u64]), r#"f("db \"local\"\x0a")"#);
        assert_eq!(shown(&LOOK_UP, &[0]), "f(NULL)");
        assert_eq!(shown(&LOOK_UP, &[16]), "f(0x10)", "an address that cannot be read");
        static NAP: Hook = Hook::new("f", "Time", "timer", &[("t", "* const timespec")], "");
        let t = libc::timespec { tv_sec: 2, tv_nsec: 50_000_000 };
        assert_eq!(shown(&NAP, &[(&raw const t) as u64]), "f({2.05 s})");
    }

    #[test]
    fn addresses_are_shown_as_one_writes_them() {
        static CONNECT: Hook =
            Hook::new("connect", "Socket", "readiness", &[("to", "* const sockaddr")], "c_int");
        let mut v4 = [0u8; 16];
        v4[0] = libc::AF_INET as u8;
        v4[2..8].copy_from_slice(&[0x15, 0x38, 127, 0, 0, 1]);
        assert_eq!(shown(&CONNECT, &[v4.as_ptr() as u64]), "connect(127.0.0.1:5432)");
    }

    #[test]
    fn results_name_their_errors() {
        let text = |hook: &Hook, word: i64, errno| {
            let mut buffer = [0; 64];
            let mut out = Text::new(&mut buffer);
            result(&mut out, hook, word as u64, errno);
            let n = out.length();
            String::from_utf8(buffer[..n].to_vec()).unwrap()
        };
        static READ: Hook = Hook::new("read", "Os", "readiness", &[], "ssize_t");
        assert_eq!(text(&READ, 42, 0), " = 42");
        assert_eq!(text(&READ, -1, libc::EINTR), " = -1 EINTR");
        static LOCK: Hook = Hook::new("pthread_mutex_lock", "Thread", "lock", &[], "c_int");
        assert_eq!(text(&LOCK, i64::from(libc::ETIMEDOUT), 0), " = 110 ETIMEDOUT");
        assert_eq!(text(&LOCK, 0, 0), " = 0");
    }
}
