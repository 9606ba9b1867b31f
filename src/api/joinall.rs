//! Waiting for several things.

use super::handle::Greenlet;
use crate::time;
use core::time::Duration;

/// Something that can be waited for, as gevent's `wait` and `joinall` take it.
///
/// ```
/// use geventrs::Waitable;
/// let (number, text) = (geventrs::spawn(|| 1), geventrs::spawn(|| "two"));
/// let both: [&dyn Waitable; 2] = [&number, &text];
/// assert_eq!(geventrs::joinall(&both, None), [0, 1]);
/// ```
pub trait Waitable {
    /// Whether waiting would return at once.
    ///
    /// ```
    /// use geventrs::Waitable;
    /// let g = geventrs::spawn(|| ());
    /// assert!(!Waitable::ready(&g));
    /// # g.join(None);
    /// ```
    fn ready(&self) -> bool;

    /// Waits for at most `timeout`; whether it is ready then.
    ///
    /// ```
    /// use geventrs::Waitable;
    /// let g = geventrs::spawn(|| ());
    /// assert!(g.wait(None));
    /// ```
    fn wait(&self, timeout: Option<Duration>) -> bool;
}

impl<T> Waitable for Greenlet<T> {
    fn ready(&self) -> bool {
        Greenlet::ready(self)
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        self.join(timeout)
    }
}

impl<W: Waitable + ?Sized> Waitable for &W {
    fn ready(&self) -> bool {
        (**self).ready()
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        (**self).wait(timeout)
    }
}

/// Waits until all of `objects` are ready, for at most `timeout` in all.
/// Returns the positions of those that are ready, in ascending order: all of
/// them, unless the time-out came first.
///
/// gevent: `gevent.joinall`, which returns the greenlets themselves. A slice of
/// `&dyn` [`Waitable`] mixes greenlets with different values.
///
/// ```
/// use std::time::Duration;
/// let naps = [1, 400].map(|ms| geventrs::spawn(move || geventrs::sleep(Duration::from_millis(ms))));
/// assert_eq!(geventrs::joinall(&naps, Some(Duration::from_millis(100))), [0]);
/// assert_eq!(geventrs::joinall(&naps, None), [0, 1]);
/// ```
pub fn joinall<W: Waitable>(objects: &[W], timeout: Option<Duration>) -> Vec<usize> {
    let deadline = super::deadline(timeout);
    for object in objects.iter().filter(|o| !o.ready()) {
        let left = timeout.map(|_| Duration::from_nanos(deadline.saturating_sub(time::now())));
        if !object.wait(left) {
            break;
        }
    }
    (0..objects.len()).filter(|&i| objects[i].ready()).collect()
}
