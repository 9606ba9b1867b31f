//! What an OS thread of this process does, as proc(5) tells it: whether it is blocked in the
//! kernel, and in which call. Nothing here allocates.

use crate::syscall;

/// Whether the OS thread `tid` is blocked in the kernel.
pub(super) fn is_blocked(tid: u32) -> bool {
    is_blocked_in(&read_task_file(tid, b"stat"))
}

/// The instruction at which the OS thread `tid` is blocked in the kernel, if it
/// is.
pub(super) fn blocked_instruction(tid: u32) -> Option<usize> {
    is_blocked(tid).then(|| blocked_at(&read_task_file(tid, b"syscall"))).flatten()
}

/// Whether the OS thread `tid` is blocked in a system call that may fail with EINTR if the
/// signal comes: signal(7) has many that SA_RESTART does not restart. It restarts the wait
/// for a lock.
pub(super) fn may_fail(tid: u32) -> bool {
    is_blocked(tid) && !is_lock_wait(&read_task_file(tid, b"syscall"))
}

/// The beginning of a small file, and zeroes.
type Text = [u8; 256];

/// `/proc/self/task/TID/NAME`, without an allocation.
fn read_task_file(tid: u32, name: &[u8]) -> Text {
    let mut path = [0u8; 64];
    let mut length = 0;
    let mut add = |bytes: &[u8]| {
        path[length..length + bytes.len()].copy_from_slice(bytes);
        length += bytes.len();
    };
    add(b"/proc/self/task/");
    add(decimal(tid, &mut [0; 10]));
    add(b"/");
    add(name);
    let mut text = [0u8; 256];
    // SAFETY: a terminated path, a buffer of the told size, our own descriptor.
    unsafe {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        if let Ok(fd) = syscall!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags) {
            let _ = syscall!(libc::SYS_read, fd, text.as_mut_ptr(), text.len());
            let _ = syscall!(libc::SYS_close, fd);
        }
    }
    text
}

/// The digits of `number`.
fn decimal(number: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut rest = number;
    for place in digits.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let first = digits.iter().position(|d| *d != b'0').unwrap_or(9);
    &digits[first..]
}

/// proc(5), `stat`: "tid (name) S ...", where the name may hold brackets.
fn is_blocked_in(stat: &Text) -> bool {
    let state = stat.iter().rposition(|b| *b == b')').and_then(|at| stat.get(at + 2));
    state.is_some_and(|state| *state != b'R' && *state != 0)
}

/// proc(5), `syscall`: "number arguments... sp pc", the last two of which are
/// there for every thread that is blocked.
fn blocked_at(text: &Text) -> Option<usize> {
    last_but(text, 0)
}

/// futex(2) without a time limit, its fourth argument.
fn is_lock_wait(text: &Text) -> bool {
    let mut words = text.split(|b| matches!(b, b' ' | b'\n'));
    words.next() == Some(decimal(libc::SYS_futex as u32, &mut [0; 10]))
        && words.nth(3) == Some(b"0x0".as_slice())
}

/// The number that so many others follow.
fn last_but(text: &Text, others: usize) -> Option<usize> {
    let end = text.iter().position(|b| matches!(b, 0 | b'\n'))?;
    let word = text[..end].rsplit(|b| *b == b' ').nth(others)?;
    hexadecimal(core::str::from_utf8(word).ok()?)
}

/// `0x7f00`.
fn hexadecimal(word: &str) -> Option<usize> {
    usize::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}

/// What an OS thread is blocked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocked {
    /// The system call's number; -1: none, as in a page fault.
    pub(crate) call: i64,
    /// Its first argument.
    pub(crate) argument: usize,
    /// The stack pointer.
    pub(crate) sp: usize,
    /// The instruction behind the call.
    pub(crate) pc: usize,
}

/// What the OS thread `tid` is blocked in, if it is.
pub(crate) fn blocked(tid: u32) -> Option<Blocked> {
    is_blocked(tid).then(|| blocked_in(&read_task_file(tid, b"syscall"))).flatten()
}

/// proc(5), `syscall`.
fn blocked_in(text: &Text) -> Option<Blocked> {
    let end = text.iter().position(|b| matches!(b, 0 | b'\n'))?;
    let mut words = core::str::from_utf8(&text[..end]).ok()?.split(' ');
    let call = words.next()?.parse().ok()?;
    let argument = if call < 0 { 0 } else { hexadecimal(words.next()?)? };
    Some(Blocked { call, argument, sp: last_but(text, 1)?, pc: last_but(text, 0)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(s: &str) -> Text {
        let mut t = [0; 256];
        t[..s.len()].copy_from_slice(s.as_bytes());
        t
    }

    #[test]
    fn the_state_of_a_thread_follows_its_name() {
        assert!(is_blocked_in(&text("12 (a) R b) S 1 2")));
        assert!(!is_blocked_in(&text("12 (S ) R 1 2")));
        assert!(!is_blocked_in(&text("")), "a thread that is gone");
    }

    #[test]
    fn where_a_blocked_thread_is() {
        let at = "230 0x0 0x0 0x7ffd 0x0 0x0 0x0 0x7ffd11 0x7f00aa\n";
        assert_eq!(blocked_at(&text(at)), Some(0x7f00aa));
        assert_eq!(blocked_at(&text("running\n")), None);
    }

    #[test]
    fn what_a_blocked_thread_is_blocked_in() {
        let at = "426 0x5 0x0 0x1 0x1 0x0 0x8 0x7ffd11 0x7f00aa\n";
        let call = Blocked { call: 426, argument: 5, sp: 0x7ffd11, pc: 0x7f00aa };
        assert_eq!(blocked_in(&text(at)), Some(call));
        let fault = Blocked { call: -1, argument: 0, ..call };
        assert_eq!(blocked_in(&text("-1 0x7ffd11 0x7f00aa\n")), Some(fault));
        assert_eq!(blocked_in(&text("running\n")), None);
        assert_eq!(blocked_in(&text("")), None);
    }

    #[test]
    fn a_wait_for_a_lock_has_no_time_limit() {
        let at = |number: i64, limit| {
            text(&format!("{number} 0x7f00 0x80 0x2 {limit} 0x0 0x0 0x7ffd11 0x7f00aa\n"))
        };
        assert!(is_lock_wait(&at(libc::SYS_futex, "0x0")));
        assert!(!is_lock_wait(&at(libc::SYS_futex, "0x7ffd20")));
        assert!(!is_lock_wait(&at(libc::SYS_nanosleep, "0x0")));
        assert!(!is_lock_wait(&text("running\n")));
    }

    #[test]
    fn numbers_as_the_kernel_writes_them() {
        assert_eq!(decimal(0, &mut [0; 10]), b"0");
        assert_eq!(decimal(4_294_967_295, &mut [0; 10]), b"4294967295");
    }

    #[test]
    fn this_thread_runs() {
        // SAFETY: takes nothing.
        let tid = unsafe { syscall!(libc::SYS_gettid) }.unwrap() as u32;
        assert!(!is_blocked(tid));
        assert!(read_task_file(tid, b"comm")[0] != 0);
    }
}
