//! The wait points of the API: every wait passes through here, and here kills
//! and time-outs are raised.
//!
//! What has come counts before what would end the wait: a greenlet that was
//! given something and killed at once takes it, and is unwound when it waits
//! the next time.

use super::interrupt;
use crate::parking_lot::{self, Parked};
use crate::time::{self, NEVER};
use crate::wait::{Reason, Wake};
use crate::{doorway, hub};
use core::time::Duration;

/// Wait on `key` for as long as `still` holds, until `deadline`. False if the
/// deadline came first. `still` is called under a bucket's lock: it only loads.
///
/// Unwinds if the greenlet is killed or one of its time-outs comes due; the
/// caller's destructors take it out of whatever it is linked into.
pub(super) fn park(key: usize, reason: Reason, deadline: u64, still: impl Fn() -> bool) -> bool {
    loop {
        if !still() {
            return true;
        }
        interrupt::check();
        let until = deadline.min(interrupt::earliest());
        let ended = {
            let inside = doorway::enter();
            let g = inside.as_ref().map(|i| i.greenlet);
            parking_lot::park(key, 0, reason, until, &still, || interrupt::arm(g))
        };
        match ended {
            Parked::Invalid | Parked::Ended(Wake::Notified) => return true,
            Parked::Ended(Wake::TimedOut) if until == deadline => return !still(),
            // A time-out's deadline, a kill, or a signal: look.
            Parked::Ended(_) => {}
        }
    }
}

/// Wait for nothing, until `deadline`.
pub(super) fn pause(reason: Reason, deadline: u64) {
    loop {
        interrupt::check();
        let until = deadline.min(interrupt::earliest());
        let wake = match doorway::enter() {
            Some(inside) => {
                let g = inside.greenlet;
                g.begin_wait(reason);
                interrupt::arm(Some(g));
                let wake = hub::park(g, until);
                hub::after_wait(g, wake)
            }
            None => {
                let left = until.saturating_sub(time::now());
                std::thread::sleep(Duration::from_nanos(left));
                Wake::TimedOut
            }
        };
        if wake == Wake::TimedOut && until == deadline && deadline != NEVER {
            return interrupt::check();
        }
    }
}
