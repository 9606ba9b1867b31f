//! The forms that X/Open's sigset(3) and BSD's sigvec(3) have left behind. libc makes
//! them of calls of its own, which no hook sees; here they are made of the hooks of
//! sigprocmask(2), sigaction(2) and sigsuspend(2), as libc makes them.

use super::action::{self, from_bits, set_plain, to_bits};
use super::bit;
use super::mask::sigprocmask;
use super::wait::sigsuspend;
use crate::doorway::set_errno;
use core::ffi::c_int;
use core::ptr;
use libc::{sighandler_t, sigset_t};

crate::hooks! {
    Signal "never" fn sighold(signal: c_int) -> c_int = hold;
    Signal "never" fn sigrelse(signal: c_int) -> c_int = release;
    Signal "never" fn sigignore(signal: c_int) -> c_int = ignore;
    Signal "never" fn sigset(signal: c_int, disposition: sighandler_t) -> sighandler_t = set;
    Signal "a handler" fn __xpg_sigpause(signal: c_int) -> c_int = pause_without;
    Signal "a handler" fn sigpause(mask: c_int) -> c_int = pause_with;
    Signal "a handler" fn __sigpause(what: c_int, is_signal: c_int) -> c_int = pause_either;
    Signal "never" fn sigblock(mask: c_int) -> c_int = block;
    Signal "never" fn sigsetmask(mask: c_int) -> c_int = set_mask;
    Signal "never" fn siggetmask() -> c_int = get_mask;
}

/// `SIG_HOLD` of <signal.h>.
const SIG_HOLD: sighandler_t = 2;

/// The bit of a signal, if there is such a signal; else `errno` says so.
fn checked(signal: c_int) -> Option<u64> {
    if (1..=64).contains(&signal) {
        return Some(bit(signal));
    }
    set_errno(libc::EINVAL);
    None
}

/// Change the caller's mask; what it was.
fn change(how: c_int, bits: u64) -> u64 {
    let (new, mut old) = (from_bits(bits), from_bits(0));
    // SAFETY: our own objects.
    unsafe { sigprocmask(how, &new, &mut old) };
    to_bits(&old)
}

unsafe fn hold(signal: c_int) -> c_int {
    checked(signal).map_or(-1, |own| {
        change(libc::SIG_BLOCK, own);
        0
    })
}

unsafe fn release(signal: c_int) -> c_int {
    checked(signal).map_or(-1, |own| {
        change(libc::SIG_UNBLOCK, own);
        0
    })
}

unsafe fn ignore(signal: c_int) -> c_int {
    // SAFETY: no handler.
    let before = unsafe { set_plain(signal, libc::SIG_IGN, 0, 0) };
    if before == libc::SIG_ERR {
        -1
    } else {
        0
    }
}

unsafe fn set(signal: c_int, disposition: sighandler_t) -> sighandler_t {
    if disposition == libc::SIG_ERR {
        set_errno(libc::EINVAL);
        return libc::SIG_ERR;
    }
    let Some(own) = checked(signal) else { return libc::SIG_ERR };
    let (was_held, handler) = if disposition == SIG_HOLD {
        let held = change(libc::SIG_BLOCK, own) & own != 0;
        // SAFETY: reads into our own object; zeroes are a valid action.
        let handler = unsafe {
            let mut now: libc::sigaction = core::mem::zeroed();
            match action::set(signal, ptr::null(), &mut now) {
                0 => now.sa_sigaction,
                _ => libc::SIG_ERR,
            }
        };
        (held, handler)
    } else {
        // SAFETY: the program's handler.
        let handler = unsafe { set_plain(signal, disposition, 0, 0) };
        if handler == libc::SIG_ERR {
            return handler;
        }
        (change(libc::SIG_UNBLOCK, own) & own != 0, handler)
    };
    if was_held {
        SIG_HOLD
    } else {
        handler
    }
}

/// Wait with a mask.
fn suspend(bits: u64) -> c_int {
    let set: sigset_t = from_bits(bits);
    // SAFETY: our own object.
    unsafe { sigsuspend(&set) }
}

unsafe fn pause_without(signal: c_int) -> c_int {
    checked(signal).map_or(-1, |own| suspend(change(libc::SIG_BLOCK, 0) & !own))
}

/// BSD's masks have the first 32 signals only.
fn first_32(mask: c_int) -> u64 {
    u64::from(mask as u32)
}

unsafe fn pause_with(mask: c_int) -> c_int {
    suspend(first_32(mask))
}

unsafe fn pause_either(what: c_int, is_signal: c_int) -> c_int {
    // SAFETY: numbers.
    unsafe {
        if is_signal != 0 {
            pause_without(what)
        } else {
            pause_with(what)
        }
    }
}

unsafe fn block(mask: c_int) -> c_int {
    change(libc::SIG_BLOCK, first_32(mask)) as c_int
}

unsafe fn set_mask(mask: c_int) -> c_int {
    change(libc::SIG_SETMASK, first_32(mask)) as c_int
}

unsafe fn get_mask() -> c_int {
    change(libc::SIG_BLOCK, 0) as c_int
}
