//! The queue with the least to it.

use super::super::deadline;
use super::error::{GetError, PutError};
use super::order::Fifo;
use super::state::Core;
use crate::time::NEVER;
use core::time::Duration;

/// A queue without bounds, first in, first out: a put never waits or fails.
///
/// gevent: `gevent.queue.SimpleQueue`.
///
/// ```
/// let queue = geventrs::queue::SimpleQueue::new();
/// queue.put(1);
/// assert_eq!(queue.get(), 1);
/// assert!(queue.get_nowait().is_err());
/// ```
pub struct SimpleQueue<T> {
    core: Core<T, Fifo<T>>,
}

impl<T> SimpleQueue<T> {
    /// An empty queue.
    pub const fn new() -> Self {
        SimpleQueue { core: Core::new(Fifo::new(), usize::MAX) }
    }

    /// Puts an item.
    pub fn put(&self, item: T) {
        match self.core.put(item, None) {
            Ok(()) => {}
            // There is no bound and no way to shut it down.
            Err(PutError::Full(_) | PutError::ShutDown(_)) => {
                unreachable!("a simple queue takes everything")
            }
        }
    }

    /// Takes an item out, waiting for one if the queue is empty.
    pub fn get(&self) -> T {
        match self.core.get(Some(NEVER)) {
            Ok(item) => item,
            Err(_) => unreachable!("a simple queue has no end"),
        }
    }

    /// As [`get`](Self::get), for at most `timeout`.
    ///
    /// # Errors
    /// [`GetError::Empty`] if there was no item in time.
    pub fn get_timeout(&self, timeout: Duration) -> Result<T, GetError> {
        self.core.get(Some(deadline(Some(timeout))))
    }

    /// As [`get`](Self::get), without waiting.
    ///
    /// # Errors
    /// [`GetError::Empty`] if there is no item.
    pub fn get_nowait(&self) -> Result<T, GetError> {
        self.core.get(None)
    }

    /// How many items it holds.
    ///
    /// gevent: `qsize`.
    pub fn len(&self) -> usize {
        self.core.len()
    }

    /// Whether it holds nothing.
    ///
    /// gevent: `empty`.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Default for SimpleQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> core::fmt::Debug for SimpleQueue<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SimpleQueue").field("len", &self.len()).finish()
    }
}
