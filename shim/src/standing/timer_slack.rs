//! The timer slack of a thread, prctl(2): remembered and told, not applied.
//!
//! It says by how much the kernel may be late when it wakes the thread. The hub's timers
//! wake greenlets, and the hub waits in the kernel for all of them. 0 goes back to the
//! thread's default: what its creator had when it was made, or the first thread when
//! the program began. A process that a thread forks has it for real.

use super::record::{self, Slack, Told};
use crate::doorway::enter_any;
use core::ffi::{c_int, c_ulong};
use core::sync::atomic::{AtomicU64, Ordering};

/// What the first thread goes back to, once it has set another one while it was alone; 0: it
/// has not.
static FIRST: AtomicU64 = AtomicU64::new(0);

/// What the kernel says of the calling OS thread.
fn kernels() -> u64 {
    // SAFETY: reads.
    unsafe { hub::syscall!(libc::SYS_prctl, libc::PR_GET_TIMERSLACK) }.unwrap_or(0) as u64
}

/// What 0 goes back to for who asks, as far as the kernel has it: `first` thread or not.
fn begins(first: bool, now: u64) -> Slack {
    let default = match FIRST.load(Ordering::Relaxed) {
        0 => now,
        _ if !first => now,
        default => default,
    };
    Slack { now, default }
}

/// PR_SET_TIMERSLACK; `call` is the kernel's.
pub fn set(value: c_ulong, call: impl FnOnce() -> c_int) -> c_int {
    let Some(shim) = enter_any() else {
        if FIRST.load(Ordering::Relaxed) == 0 {
            FIRST.store(kernels(), Ordering::Relaxed);
        }
        return call();
    };
    let g = shim.greenlet;
    record::update(&shim, g, |r| {
        let slack = r.slack.unwrap_or_else(|| begins(g.is_root(), kernels()));
        // (The kernel takes it for a signed number.)
        let now = if value as i64 <= 0 { slack.default } else { value };
        r.slack = Some(Slack { now, ..slack });
    });
    0
}

/// PR_GET_TIMERSLACK; `call` is the kernel's.
pub fn get(call: impl FnOnce() -> c_int) -> c_int {
    let told = enter_any().and_then(|shim| record::of(&shim, shim.greenlet).slack);
    told.map_or_else(call, |slack| slack.now as c_int)
}

/// In the child of a fork: its only OS thread has it.
pub(super) fn apply(told: &Told) {
    if let Some(slack) = told.slack {
        // SAFETY: takes numbers.
        let _ = unsafe { hub::syscall!(libc::SYS_prctl, libc::PR_SET_TIMERSLACK, slack.now) };
    }
}
