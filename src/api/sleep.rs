//! Sleeping and giving up one's turn.

use super::{interrupt, park};
use crate::hub::computes::Elsewhere;
use crate::wait::Reason;
use crate::{doorway, hub, time};
use core::time::Duration;

/// Between two looks at those who compute off the hub.
const LOOK_AGAIN: u64 = time::MILLISECOND;

/// Sleeps for at least `span`; other greenlets run meanwhile. A span of zero
/// is [`yield_now`]. A signal does not cut the sleep short.
///
/// gevent: `gevent.sleep`. On an OS thread that is no greenlet, and before the
/// first [`spawn`](crate::spawn), this is [`std::thread::sleep`].
///
/// ```
/// use std::time::{Duration, Instant};
/// let start = Instant::now();
/// let naps: Vec<_> = (0..10)
///     .map(|_| geventrs::spawn(|| geventrs::sleep(Duration::from_millis(50))))
///     .collect();
/// geventrs::joinall(&naps, None);
/// assert!(start.elapsed() >= Duration::from_millis(50));
/// assert!(start.elapsed() < Duration::from_millis(500), "they sleep at the same time");
/// ```
pub fn sleep(span: Duration) {
    if span.is_zero() {
        return yield_now();
    }
    park::pause(Reason::Sleep, super::deadline(Some(span)));
}

/// Lets every greenlet that can run do so first; one that has computed for a slice goes
/// on elsewhere meanwhile and is not waited for. On an OS thread that is no greenlet this
/// is [`std::thread::yield_now`].
///
/// gevent: `gevent.sleep(0)`.
///
/// ```
/// let g = geventrs::spawn(|| 1);
/// geventrs::yield_now();
/// assert_eq!(g.value(), Some(&1));
/// ```
#[inline]
pub fn yield_now() {
    interrupt::check();
    match doorway::enter() {
        Some(inside) => hub::yield_now(inside.greenlet),
        None => std::thread::yield_now(),
    }
    interrupt::check();
}

/// Waits until nothing else can run: every other greenlet waits for a time, a
/// descriptor or another greenlet, or blocks in a system call. (So one that computes off
/// the hub is waited for.) For background work that shall not delay
/// anything. On an OS thread that is no greenlet this is
/// [`std::thread::yield_now`].
///
/// gevent: `gevent.idle`, without its priorities.
///
/// ```
/// let busy = geventrs::spawn(|| (0..100).for_each(|_| geventrs::yield_now()));
/// geventrs::idle();
/// assert!(busy.ready());
/// ```
pub fn idle() {
    let mut blocked = false;
    loop {
        let before = hub::switches();
        match doorway::enter() {
            // A timer that is due at once: looked at when the queue is empty, and now
            // and then when it is not. Descriptors are looked at with it.
            Some(_) => {}
            None => return yield_now(),
        }
        park::pause(Reason::Yield, time::now());
        // Only the switch back to here: nobody else has run.
        if hub::switches() - before > 1 {
            continue;
        }
        let elsewhere = match doorway::enter() {
            // Who is due may go before those who can run.
            Some(inside) if hub::others_are_runnable() => {
                hub::yield_now(inside.greenlet);
                continue;
            }
            Some(_) => hub::computes::elsewhere(),
            None => return,
        };
        match elsewhere {
            Elsewhere::Nothing => return,
            // Who computes is blocked for a moment now and then.
            Elsewhere::Blocked if blocked => return,
            other => blocked = other == Elsewhere::Blocked,
        }
        park::pause(Reason::Yield, time::after(LOOK_AGAIN));
    }
}
