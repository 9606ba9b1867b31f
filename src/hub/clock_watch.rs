//! When somebody wants the clocks of greenlets looked at (the timers on them): the monitor
//! does it, since no switch need come while one computes.
//!
//! A processor clock runs no faster than the wall's, so what is left on it is the least time to
//! wait. While nobody has such a timer nothing is looked at.

use super::{callbacks, monitor};
use crate::time::{self, MILLISECOND, NEVER};
use core::sync::atomic::{AtomicU64, Ordering};

/// The next look.
static DUE: AtomicU64 = AtomicU64::new(NEVER);

/// No look comes sooner than this after the last: the kernel's ticks are no shorter.
pub const FINEST: u64 = MILLISECOND;

/// Have the clocks looked at when `span` nanoseconds have passed, by
/// [`Callbacks::look_at_clocks`](super::Callbacks). Callable in a signal handler.
pub fn look_in(span: u64) {
    let at = time::after(span.max(FINEST));
    if DUE.fetch_min(at, Ordering::SeqCst) > at {
        monitor::rouse_for_clocks();
    }
}

/// When the monitor must be awake.
pub(super) fn due() -> u64 {
    DUE.load(Ordering::SeqCst)
}

/// Look if it is time. On the monitor.
pub(super) fn check() {
    if due() != NEVER && time::now() >= due() {
        DUE.store(NEVER, Ordering::SeqCst);
        if let Some(c) = callbacks() {
            (c.look_at_clocks)();
        }
    }
}

/// In the child of a fork nobody wants it.
pub(super) fn after_fork() {
    DUE.store(NEVER, Ordering::Relaxed);
}
