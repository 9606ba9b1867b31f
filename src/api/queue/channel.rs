//! A queue that holds nothing.

use super::super::deadline;
use super::error::{GetError, PutError};
use super::order::Fifo;
use super::state::Core;
use crate::time::NEVER;
use core::time::Duration;

/// Hands items from one to another: a put returns when somebody has got the
/// item, so the two meet.
///
/// gevent: `gevent.queue.Channel`.
///
/// ```
/// use geventrs::queue::Channel;
/// use std::sync::Arc;
/// let channel = Arc::new(Channel::new());
/// let sends = { let channel = channel.clone(); geventrs::spawn(move || channel.put("hello")) };
/// geventrs::yield_now();
/// assert!(!sends.ready(), "nobody has taken it");
/// assert_eq!(channel.get(), Ok("hello"));
/// assert!(sends.get().unwrap().is_ok());
/// ```
pub struct Channel<T> {
    core: Core<T, Fifo<T>>,
}

impl<T> Channel<T> {
    /// A channel.
    pub const fn new() -> Self {
        Channel { core: Core::new(Fifo::new(), 0) }
    }

    /// Gives `item` to somebody who gets it, waiting for one.
    ///
    /// # Errors
    /// [`PutError::ShutDown`] if the channel is, or is meanwhile, shut down.
    pub fn put(&self, item: T) -> Result<(), PutError<T>> {
        self.core.put(item, Some(NEVER))
    }

    /// As [`put`](Self::put), for at most `timeout`.
    ///
    /// # Errors
    /// [`PutError::Full`] if nobody got it in time.
    ///
    /// ```
    /// use geventrs::queue::{Channel, PutError};
    /// let channel = Channel::new();
    /// let soon = std::time::Duration::from_millis(1);
    /// assert!(channel.put_timeout(1, soon) == Err(PutError::Full(1)));
    /// ```
    pub fn put_timeout(&self, item: T, timeout: Duration) -> Result<(), PutError<T>> {
        self.core.put(item, Some(deadline(Some(timeout))))
    }

    /// As [`put`](Self::put), without waiting.
    ///
    /// # Errors
    /// [`PutError::Full`] if nobody waits to get it.
    pub fn put_nowait(&self, item: T) -> Result<(), PutError<T>> {
        self.core.put(item, None)
    }

    /// Takes an item from somebody who puts one, waiting for one.
    ///
    /// # Errors
    /// [`GetError::ShutDown`] if the channel is, or is meanwhile, shut down.
    pub fn get(&self) -> Result<T, GetError> {
        self.core.get(Some(NEVER))
    }

    /// As [`get`](Self::get), for at most `timeout`.
    ///
    /// # Errors
    /// [`GetError::Empty`] if nobody put one in time.
    pub fn get_timeout(&self, timeout: Duration) -> Result<T, GetError> {
        self.core.get(Some(deadline(Some(timeout))))
    }

    /// As [`get`](Self::get), without waiting.
    ///
    /// # Errors
    /// [`GetError::Empty`] if nobody waits to put one.
    pub fn get_nowait(&self) -> Result<T, GetError> {
        self.core.get(None)
    }

    /// How many wait to put, less how many wait to get.
    ///
    /// gevent: `Channel.balance`.
    ///
    /// ```
    /// assert_eq!(geventrs::queue::Channel::<u32>::new().balance(), 0);
    /// ```
    pub fn balance(&self) -> isize {
        self.core.balance()
    }

    /// Ends the channel: puts and gets fail from now on, also those that wait.
    pub fn shutdown(&self) {
        self.core.shut_down(true);
    }

    /// Takes items until the channel is shut down.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        core::iter::from_fn(|| self.get().ok())
    }
}

impl<T> Default for Channel<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> core::fmt::Debug for Channel<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Channel").finish_non_exhaustive()
    }
}
