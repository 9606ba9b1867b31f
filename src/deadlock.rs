//! The report when every greenlet waits and nothing is left that could wake
//! any: no timer, no descriptor, no other OS thread.
//!
//! The program then goes on waiting, as it would natively; a signal's handler
//! or another process may still do something. `abort` ends it instead, with
//! exit code [`EXIT_CODE`].

use crate::greenlet::Phase;
use crate::report::say;
use crate::{control, hub, syscall};
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// What to do about a deadlock (`GEVENTRS_DEADLOCK`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// Say nothing.
    Off,
    /// Report once, go on waiting.
    Report,
    /// Report, end the process with [`EXIT_CODE`].
    Abort,
}

/// Exit code of a process that `GEVENTRS_DEADLOCK=abort` has ended.
pub const EXIT_CODE: i32 = 97;

static MODE: AtomicU8 = AtomicU8::new(Mode::Report as u8);
static REPORTED: AtomicBool = AtomicBool::new(false);
static EXPECT_SIGNALS: AtomicBool = AtomicBool::new(false);

/// Choose what to do.
pub fn set_mode(mode: Mode) {
    MODE.store(mode as u8, Ordering::Relaxed);
}

/// The program has installed a signal handler, which may wake somebody: no
/// wait is hopeless any more.
pub fn expect_signals() {
    EXPECT_SIGNALS.store(true, Ordering::Relaxed);
}

/// Threads named in a report, at most.
const MOST_NAMED: usize = 50;

/// What to do about a deadlock.
pub fn mode() -> Mode {
    match MODE.load(Ordering::Relaxed) {
        m if m == Mode::Off as u8 => Mode::Off,
        m if m == Mode::Abort as u8 => Mode::Abort,
        _ => Mode::Report,
    }
}

/// The hub has found that nothing can wake anybody.
#[cold]
pub fn found() {
    let mode = mode();
    if mode == Mode::Off || EXPECT_SIGNALS.load(Ordering::Relaxed) {
        return;
    }
    if REPORTED.swap(true, Ordering::Relaxed) {
        return;
    }
    if !control::report::deadlock() {
        say_plainly();
    }
    if mode == Mode::Abort {
        abort();
    }
}

/// End the process with [`EXIT_CODE`], without running the program's code.
pub(crate) fn abort() {
    crate::observe::write_out(crate::observe::End::Exit("deadlock"));
    // SAFETY: takes a number.
    unsafe {
        let _ = syscall!(libc::SYS_exit_group, EXIT_CODE);
    }
}

/// What can be said without help.
fn say_plainly() {
    let pid = std::process::id();
    say(format_args!(
        "geventrs: process {pid}: deadlock: all {} threads wait and nothing can wake any of them",
        hub::live()
    ));
    let mut named = 0;
    hub::for_each(|g| {
        if g.phase() != Phase::Alive || named == MOST_NAMED {
            return;
        }
        named += 1;
        let name = g.name();
        let end = name.iter().position(|&b| b == 0).unwrap_or(name.len());
        let name = core::str::from_utf8(&name[..end]).unwrap_or("?");
        say(format_args!("geventrs:   thread {} \"{name}\" waits for {}", g.id(), g.reason()));
    });
    if hub::live() as usize > named {
        say(format_args!("geventrs:   and {} more", hub::live() as usize - named));
    }
}

/// In the child of a fork a report may be due again.
pub fn after_fork() {
    REPORTED.store(false, Ordering::Relaxed);
}
