//! Sleeping and giving up one's turn.

use crate::wait::Wake;
use crate::{doorway, hub, time};
use core::time::Duration;

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
    let Some(inside) = doorway::enter() else {
        return std::thread::sleep(span);
    };
    let deadline = time::after(time::from_duration(span));
    while hub::sleep_until(inside.greenlet, deadline) == Wake::Interrupted {}
}

/// Lets every greenlet that can run do so first. On an OS thread that is no
/// greenlet this is [`std::thread::yield_now`].
///
/// gevent: `gevent.sleep(0)`.
///
/// ```
/// let g = geventrs::spawn(|| 1);
/// geventrs::yield_now();
/// assert_eq!(g.value(), Some(&1));
/// ```
pub fn yield_now() {
    match doorway::enter() {
        Some(inside) => hub::yield_now(inside.greenlet),
        None => std::thread::yield_now(),
    }
}
