//! Which thread has made a child: the one that hears of it.
//!
//! When a child ends, stops or goes on, Linux gives SIGCHLD to the thread that has made it, if
//! that does not block it; its wait ends with EINTR, no other's. (POSIX leaves it open.) To the
//! kernel the first OS thread, or any other carrier, is the maker. So while the program has a
//! handler for SIGCHLD, a table says which greenlet it was, until the child has ended or was
//! waited for. The first thread's children need no entry: it is preferred in any case. A child
//! may end before its maker has been told its number; then there is an entry without one.

use crate::signal::directed::{Slot, Table, Target, FREE};
use crate::signal::{bit, handled, mask};
use core::ffi::c_int;
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use libc::{pid_t, siginfo_t};

static MADE: Table = Table::empty();

/// The calling greenlet is about to make a child.
pub fn begins() {
    let other = |g: &&Greenlet| scheduler::first().is_some_and(|first| !core::ptr::eq(first, *g));
    if let Some(me) = Greenlet::current().filter(other).filter(|_| handled(libc::SIGCHLD)) {
        // (If there is no slot the first thread hears of it.)
        let _ = MADE.reserve(me);
    }
}

/// It has, or has not (less than one).
pub fn made(pid: pid_t) {
    if MADE.unused() {
        return;
    }
    // The number may have been that of a child of whose end nobody has asked.
    MADE.forget(pid);
    if let Some(slot) = Greenlet::current().and_then(|me| MADE.reserved().find(|s| s.is_of(me))) {
        slot.fill(if pid > 0 { pid } else { FREE });
    }
}

/// Somebody has waited for it.
pub fn reaped(pid: pid_t) {
    if !MADE.unused() {
        MADE.forget(pid);
    }
}

/// For whom a signal is that tells of a child, if it is for one greenlet. Callable in a signal
/// handler.
pub fn receiver(info: &siginfo_t) -> Option<Target> {
    /// `si_code` of children that have ended, and of all that can happen to one.
    const ENDS: core::ops::RangeInclusive<c_int> = libc::CLD_EXITED..=libc::CLD_DUMPED;
    const CHANGES: core::ops::RangeInclusive<c_int> = libc::CLD_EXITED..=libc::CLD_CONTINUED;
    if MADE.unused() || info.si_signo != libc::SIGCHLD || !CHANGES.contains(&info.si_code) {
        return None;
    }
    // SAFETY: a signal that tells of a child has its number.
    let pid = unsafe { info.si_pid() };
    let slot = MADE.find(pid).or_else(sole_reserved)?;
    let target = slot.target();
    if slot.object() == Some(pid) && ENDS.contains(&info.si_code) {
        slot.fill(FREE);
    }
    match target {
        Target::Greenlet(g) if mask::of(g) & bit(libc::SIGCHLD) == 0 => Some(target),
        _ => None,
    }
}

/// If one greenlet only is about to make a child, it is that one's.
fn sole_reserved() -> Option<&'static Slot> {
    let mut reserved = MADE.reserved();
    let slot = reserved.next()?;
    reserved.next().is_none().then_some(slot)
}

/// The child of a fork has none.
pub fn after_fork() {
    MADE.clear();
}
