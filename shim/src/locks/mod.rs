//! Patch group `thread`, second part: locks.
//!
//! The algorithms are the hub's (`hub::sync`); the files here choose the words
//! of each libc object that they work on, and give libc's answers. The layouts
//! are those of the headers' static initialisers, so initialising, destroying
//! and asking stay libc's own functions, and an object that libc has locked
//! before we were ready can be unlocked here.
//!
//! Objects that other processes may share belong to libc and the kernel, which alone knows who
//! waits for them.
//! A greenlet tries, and then waits in a blocking section with libc's own
//! function ([`shared`]).

pub mod attempt;
pub mod barrier;
pub mod c11;
pub mod condition;
pub mod futex;
pub mod mutex;
pub mod once;
pub mod owner;
pub mod registered_list;
pub mod robust;
pub mod robust_list;
pub mod robust_shared;
pub mod rwlock;
pub mod semaphore;
pub mod shared;
pub mod shared_page;
pub mod spin;

use hub::hub as scheduler;
use hub::time::{self as clock, NEVER};
use libc::{clockid_t, timespec};

/// The hub's deadline of an absolute time on `clock`: `Err` is the error
/// number for a clock or a time that POSIX does not allow. A null `at` waits
/// for ever.
///
/// # Safety
/// `at` is null or readable.
pub unsafe fn deadline(clock: clockid_t, at: *const timespec) -> Result<u64, i32> {
    if !matches!(clock, libc::CLOCK_REALTIME | libc::CLOCK_MONOTONIC) {
        return Err(libc::EINVAL);
    }
    // SAFETY: by the caller's contract.
    match unsafe { at.as_ref() } {
        None => Ok(NEVER),
        Some(at) if !(0..1_000_000_000).contains(&at.tv_nsec) => Err(libc::EINVAL),
        // A time before the clock's beginning has passed.
        Some(at) => Ok(clock::deadline_on(clock, clock::from_timespec(at).unwrap_or(0))),
    }
}

/// The same for a mutex with priority inheritance: the kernel, which waits for those by itself,
/// takes no time before the clock's beginning.
///
/// # Safety
/// As [`deadline`].
pub unsafe fn deadline_of_inheriting(clock: clockid_t, at: *const timespec) -> Result<u64, i32> {
    // SAFETY: by the caller's contract.
    unsafe {
        match at.as_ref() {
            Some(at) if at.tv_sec < 0 => Err(libc::EINVAL),
            _ => deadline(clock, at),
        }
    }
}

/// Every so many calls, a loop that never waits lets the others run.
#[inline(always)]
pub fn take_turns() {
    if scheduler::tick() {
        give_turn();
    }
}

/// Apart, and never inlined: the fast paths above it need no stack frame.
#[cold]
#[inline(never)]
fn give_turn() {
    if let Some(shim) = crate::doorway::enter_any() {
        scheduler::yield_now(shim.greenlet);
    }
}
