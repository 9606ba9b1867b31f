//! What the kernel holds for the program's first thread alone, when that makes a second one:
//! signals of raise(3) or tgkill(2) that it blocks.
//!
//! From then on the OS thread is everybody's. Left in the kernel they would be pending for
//! all, and whoever waits for such a signal first would get them.

use super::{bit, pending, send};
use hub::greenlet::Greenlet;

/// Take them over, for `first`: the caller, which blocks `mask` and has just become a greenlet.
pub fn take_over(first: &'static Greenlet, mask: u64) {
    if mask == 0 || pending::in_kernel().unwrap_or(0) & mask == 0 {
        return;
    }
    // Of those that queue several may wait. (The bound is for a sender that goes on and on.)
    for _ in 0..super::queue::SLOTS {
        let own = waiting_for_thread().unwrap_or(0) & mask;
        let Some(signal) = (1..=64).find(|&s| own & bit(s) != 0 && !send::is_watched(s)) else {
            return;
        };
        // The kernel gives those of the thread before those of the process.
        match pending::take_from_kernel(bit(signal)) {
            Ok(info) => pending::send_to(first, signal, &info),
            Err(_) => return,
        };
    }
}

/// Which wait for the calling OS thread alone: only /proc tells.
fn waiting_for_thread() -> Option<u64> {
    let mut text = [0u8; 4096];
    // SAFETY: a string, and a buffer of ours with its size.
    let length = unsafe {
        let path = c"/proc/thread-self/status".as_ptr();
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        let fd = hub::syscall!(libc::SYS_openat, libc::AT_FDCWD, path, flags).ok()?;
        let read = hub::syscall!(libc::SYS_read, fd, text.as_mut_ptr(), text.len());
        let _ = hub::syscall!(libc::SYS_close, fd);
        read.ok()?
    };
    signals_in(&text[..length])
}

/// The line SigPnd of a status file: see proc(5).
fn signals_in(status: &[u8]) -> Option<u64> {
    let status = core::str::from_utf8(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("SigPnd:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threads_own_signals_are_read() {
        let status =
            b"Name:\tprogram\nSigQ:\t2/9\nSigPnd:\t0000000000000a00\nShdPnd:\t0000000000000001\n";
        assert_eq!(signals_in(status), Some(bit(10) | bit(12)));
        assert_eq!(signals_in(b"Name:\tprogram\n"), None);
    }
}
