//! A flag that any number wait for.

use super::super::observers::{Observer, Observers};
use super::super::wait_any::{Sealed, Waitable};
use super::super::{deadline, park};
use crate::wait::Reason;
use crate::{doorway, parking_lot};
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::sync::Arc;

/// A flag that is down at first. [`wait`](Self::wait) waits until it is up.
///
/// gevent: `gevent.event.Event`. Who waits when the flag is put up is told, even
/// if it is taken down before their turn comes.
///
/// ```
/// use geventrs::event::Event;
/// static READY: Event = Event::new();
/// let all: Vec<_> = (0..3).map(|_| geventrs::spawn(|| READY.wait(None))).collect();
/// geventrs::yield_now();
/// READY.set();
/// READY.clear();
/// assert_eq!(geventrs::joinall(&all, None).len(), 3);
/// ```
#[derive(Default)]
pub struct Event {
    /// 1: up. Its address is what waiters park on.
    flag: AtomicU32,
    observers: Observers,
}

impl Event {
    /// A flag that is down.
    pub const fn new() -> Self {
        Event { flag: AtomicU32::new(0), observers: Observers::new() }
    }

    /// Puts the flag up and wakes everyone who waits, in the order in which
    /// they came.
    ///
    /// ```
    /// let event = geventrs::event::Event::new();
    /// event.set();
    /// assert!(event.wait(None));
    /// ```
    pub fn set(&self) {
        self.flag.store(1, Ordering::Release);
        {
            let _inside = doorway::enter();
            parking_lot::unpark_all(self.flag.as_ptr() as usize);
        }
        self.observers.tell();
    }

    /// Takes the flag down.
    ///
    /// ```
    /// let event = geventrs::event::Event::new();
    /// event.set();
    /// event.clear();
    /// assert!(!event.is_set());
    /// ```
    pub fn clear(&self) {
        self.flag.store(0, Ordering::Release);
    }

    /// Whether the flag is up.
    pub fn is_set(&self) -> bool {
        self.flag.load(Ordering::Acquire) != 0
    }

    /// Waits until the flag is put up, for at most `timeout`; at once if it is
    /// up. Returns whether it was put up in time. A
    /// [zero time-out](crate#zero-time-outs) lets others run and looks.
    ///
    /// ```
    /// use std::time::Duration;
    /// let event = geventrs::event::Event::new();
    /// assert!(!event.wait(Some(Duration::from_millis(1))));
    /// ```
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        let key = self.flag.as_ptr() as usize;
        park::park(key, Reason::Api("an event"), deadline(timeout), || !self.is_set())
    }
}

impl core::fmt::Debug for Event {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Event").field("set", &self.is_set()).finish()
    }
}

impl Waitable for Event {
    fn ready(&self) -> bool {
        self.is_set()
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        Event::wait(self, timeout)
    }
}

impl Sealed for Event {
    fn observe(&self, observer: &Arc<Observer>, index: usize) {
        self.observers.add(observer, index, || self.is_set());
    }
    fn forget(&self, observer: &Arc<Observer>, index: usize) {
        self.observers.remove(observer, index);
    }
}
