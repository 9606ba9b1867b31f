//! Signals that a process sends to itself among others, or by a descriptor: kill(2) of its own
//! process group, killpg(3), pidfd_send_signal(2).
//!
//! The kernel sends them, to all at once, and may choose an OS thread of ours that is not the
//! caller's: one on which a greenlet computes or blocks. What it must do before the call
//! returns is in [`own_process`](super::own_process). So the caller takes the signal back out
//! of the kernel. If another OS thread was faster, that notes it
//! ([`arrived`](super::deliver::arrived) asks [`is_awaited`]), and the caller waits for the
//! note. Nothing is sent twice, and nothing is thrown away: a signal of somebody else's that
//! comes meanwhile runs its handler as well, or has become one with ours, as signals do.

use super::own_process::{self, receiver};
use super::pending::{self, SI_TKILL};
use super::{bit, handled, mask};
use crate::doorway;
use crate::fd::probe;
use core::ffi::{c_int, c_uint};
use core::sync::atomic::{AtomicU64, Ordering};
use hub::time::{self as clock, MILLISECOND};
use libc::{pid_t, siginfo_t};

crate::hooks! {
    Signal "never" fn killpg(group: pid_t, signal: c_int) -> c_int = kill_group;
    Signal "never" fn pidfd_send_signal(fd: c_int, signal: c_int, info: *mut siginfo_t, flags: c_uint) -> c_int = send_by_descriptor;
}

/// Signals that some caller waits to have noted.
static AWAITED: AtomicU64 = AtomicU64::new(0);

/// How long it waits. An OS thread that has taken the signal out needs a processor to note it.
const PATIENCE: u64 = 200 * MILLISECOND;

/// Whether a signal that has come to the process is to be noted, wherever it has come. In a
/// signal handler.
pub(super) fn is_awaited(signal: c_int, info: &siginfo_t) -> bool {
    AWAITED.load(Ordering::SeqCst) & bit(signal) != 0 && info.si_code != SI_TKILL
}

/// Whether that is the number of this process's group.
pub(super) fn is_own(group: pid_t) -> bool {
    // SAFETY: reads the caller's own.
    unsafe { hub::syscall!(libc::SYS_getpgid, 0) == Ok(group as usize) }
}

/// Make the program's call `send`, which sends `signal` to this process, too.
pub(super) fn with_others(signal: c_int, send: impl FnOnce() -> c_int) -> c_int {
    pending::generated(signal);
    // Without a handler nothing has to be in time: the kernel does it.
    if receiver(signal).is_none() || !handled(signal) {
        return send();
    }
    // In a handler off the hub nobody can take it back.
    let Some(_shim) = doorway::enter_any() else { return send() };
    let before = mask::block_here(bit(signal));
    AWAITED.fetch_or(bit(signal), Ordering::SeqCst);
    let result = send();
    if result == 0 {
        match pending::take_from_kernel(bit(signal)) {
            Ok(info) => pending::note(signal, &info),
            Err(_) => wait_for_note(signal),
        }
    }
    AWAITED.fetch_and(!bit(signal), Ordering::SeqCst);
    mask::load_back(before);
    result
    // Leaving our code runs the handler.
}

/// Another OS thread has taken it, and is about to note it. (Or to read it from a signalfd,
/// whereupon nobody does.)
fn wait_for_note(signal: c_int) {
    let end = clock::after(PATIENCE);
    while pending::of_process() & bit(signal) == 0 && clock::now() < end {
        // SAFETY: takes nothing.
        let _ = unsafe { hub::syscall!(libc::SYS_sched_yield) };
    }
}

unsafe fn kill_group(group: pid_t, signal: c_int) -> c_int {
    // SAFETY: the program's own call.
    let ask = || unsafe { real::killpg(group, signal) };
    if group == 0 || group > 0 && is_own(group) {
        with_others(signal, ask)
    } else {
        ask()
    }
}

/// Make the program's call `send`, pidfd_send_signal(2) by name or by number, which may be
/// for this process.
pub fn by_descriptor(
    fd: c_int,
    signal: c_int,
    flags: c_uint,
    send: impl FnOnce() -> c_int,
) -> c_int {
    const TO_THREAD_GROUP: c_uint = 1 << 1;
    const TO_PROCESS_GROUP: c_uint = 1 << 2;
    // (A file of /proc is read only where it matters.)
    if receiver(signal).is_none() || !handled(signal) {
        return send();
    }
    let own = process_of(fd).is_some_and(|process| match flags {
        0 | TO_THREAD_GROUP => own_process::is_own(process),
        // SAFETY: a question about a process.
        TO_PROCESS_GROUP => unsafe { hub::syscall!(libc::SYS_getpgid, process) }
            .is_ok_and(|group| is_own(group as pid_t)),
        _ => false,
    });
    if own {
        with_others(signal, send)
    } else {
        send()
    }
}

/// The process that a descriptor of pidfd_open(2) stands for.
fn process_of(fd: c_int) -> Option<pid_t> {
    let _shim = doorway::enter_any()?;
    let text = probe::information(fd)?;
    let line = text.split(|&b| b == b'\n').find_map(|line| line.strip_prefix(b"Pid:"))?;
    core::str::from_utf8(line.trim_ascii()).ok()?.parse().ok()
}

unsafe fn send_by_descriptor(
    fd: c_int,
    signal: c_int,
    info: *mut siginfo_t,
    flags: c_uint,
) -> c_int {
    // SAFETY: the program's own call.
    by_descriptor(fd, signal, flags, || unsafe { real::pidfd_send_signal(fd, signal, info, flags) })
}
