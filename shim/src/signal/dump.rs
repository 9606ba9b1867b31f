//! The signal on which all greenlets are printed (`GEVENTRS_DUMP_SIGNAL`).
//!
//! It is the user's, not the program's: the program may set a handler for it, and
//! is told that it has one, but none is called.

use super::action;
use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::{AtomicI32, Ordering};

static SIGNAL: AtomicI32 = AtomicI32::new(0);

/// Whether this signal is the dump's.
pub fn is(signal: c_int) -> bool {
    signal != 0 && SIGNAL.load(Ordering::Relaxed) == signal
}

/// The number of a signal that is written as a number or as kill(1) has it, with
/// or without SIG. Those that have no use here, or another, are none.
pub fn number(text: &str) -> Option<c_int> {
    const NAMES: [(&str, c_int); 12] = [
        ("HUP", libc::SIGHUP),
        ("INT", libc::SIGINT),
        ("QUIT", libc::SIGQUIT),
        ("TRAP", libc::SIGTRAP),
        ("USR1", libc::SIGUSR1),
        ("USR2", libc::SIGUSR2),
        ("ALRM", libc::SIGALRM),
        ("TERM", libc::SIGTERM),
        ("WINCH", libc::SIGWINCH),
        ("URG", libc::SIGURG),
        ("IO", libc::SIGIO),
        ("PWR", libc::SIGPWR),
    ];
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    let named = NAMES.iter().find(|(n, _)| *n == name).map(|n| n.1);
    named.or_else(|| {
        let number = text.parse::<c_int>().ok()?;
        let real_time = (libc::SIGRTMIN()..=libc::SIGRTMAX()).contains(&number);
        (real_time || NAMES.iter().any(|n| n.1 == number)).then_some(number)
    })
}

/// Print all greenlets when `signal` comes. From the library's constructor.
pub fn install(signal: c_int) {
    SIGNAL.store(signal, Ordering::Relaxed);
    // SAFETY: zeroes are a valid action; the handler makes system calls only.
    unsafe {
        let mut new: libc::sigaction = core::mem::zeroed();
        new.sa_sigaction = handler as *const () as usize;
        new.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
        action::real::sigaction(signal, &new, ptr::null_mut());
    }
}

extern "C" fn handler(_: c_int) {
    hub::control::report::dump();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_by_name_and_number() {
        for text in ["USR2", "SIGUSR2", "sigusr2", "12"] {
            assert_eq!(number(text), Some(libc::SIGUSR2), "{text}");
        }
        assert_eq!(number(&libc::SIGRTMIN().to_string()), Some(libc::SIGRTMIN()));
        for text in ["", "0", "KILL", "9", "SEGV", "11", "32", "65", "-1", "CHLD"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
