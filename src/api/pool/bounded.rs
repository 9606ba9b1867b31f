//! A group of so many greenlets at most.

use super::super::handle::Greenlet;
use super::Group;
use crate::hub::SpawnError;
use crate::lock::Semaphore;
use core::ops::Deref;
use core::time::Duration;

/// A [`Group`], with all its methods, of so many greenlets at most: whoever
/// starts one more waits until another has ended.
///
/// gevent: `gevent.pool.Pool`.
///
/// ```
/// use geventrs::pool::Pool;
/// use std::time::{Duration, Instant};
/// let pool = Pool::new(2);
/// let start = Instant::now();
/// for _ in 0..4 {
///     pool.spawn(|| geventrs::sleep(Duration::from_millis(20)));
/// }
/// assert!(start.elapsed() >= Duration::from_millis(20), "two at a time");
/// pool.join(None);
/// assert!(start.elapsed() >= Duration::from_millis(40));
/// ```
#[derive(Clone, Debug)]
pub struct Pool {
    group: Group,
    size: usize,
}

impl Pool {
    /// A pool of at most so many.
    ///
    /// # Panics
    /// If that is none: nothing could ever run.
    pub fn new(size: usize) -> Self {
        assert!(size > 0, "a pool must have room for a greenlet");
        Pool { group: Group::with_room(Some(Semaphore::new(size))), size }
    }

    fn room(&self) -> &Semaphore {
        match &self.group.shared.room {
            Some(room) => room,
            None => unreachable!("a pool is made with room"),
        }
    }

    /// How many it may hold.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many more can be started without waiting.
    ///
    /// ```
    /// let pool = geventrs::pool::Pool::new(2);
    /// let g = pool.spawn(|| ());
    /// assert_eq!(pool.free_count(), 1);
    /// g.join(None);
    /// assert_eq!(pool.free_count(), 2);
    /// ```
    pub fn free_count(&self) -> usize {
        self.room().counter()
    }

    /// Whether none can.
    ///
    /// gevent: `Pool.full`.
    pub fn is_full(&self) -> bool {
        self.free_count() == 0
    }

    /// Starts a greenlet if there is room; does not wait.
    ///
    /// gevent: `Pool.add(blocking=False)`.
    ///
    /// # Errors
    /// [`PoolFull`], with what was to be run.
    ///
    /// # Panics
    /// As [`spawn`](crate::spawn()).
    ///
    /// ```
    /// let pool = geventrs::pool::Pool::new(1);
    /// assert!(pool.try_spawn(|| ()).is_ok());
    /// assert!(pool.try_spawn(|| ()).is_err());
    /// ```
    pub fn try_spawn<F, T>(&self, f: F) -> Result<Greenlet<T>, PoolFull<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        match self.room().try_acquire() {
            Some(place) => match self.group.spawn_at(Some(place), f) {
                Ok(greenlet) => Ok(greenlet),
                Err(e) => panic!("cannot spawn a greenlet: {e}"),
            },
            None => Err(PoolFull(f)),
        }
    }

    /// Starts `f` as soon as there is room; `None`: `timeout` came first. For the API
    /// for C.
    #[doc(hidden)]
    pub fn start_within<F, T>(
        &self,
        timeout: Option<Duration>,
        f: F,
    ) -> Option<Result<Greenlet<T>, SpawnError>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let place = match timeout {
            None => self.room().acquire(),
            Some(timeout) => self.room().acquire_timeout(timeout)?,
        };
        Some(self.group.spawn_at(Some(place), f))
    }

    /// Waits until one can be started, for at most `timeout`; returns how many
    /// can then.
    ///
    /// gevent: `Pool.wait_available`.
    pub fn wait_available(&self, timeout: Option<Duration>) -> usize {
        self.room().wait(timeout)
    }
}

/// There was no room in the pool; what was to be run comes back.
///
/// gevent: `gevent.pool.PoolFull`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PoolFull<F>(pub F);

impl<F> core::fmt::Debug for PoolFull<F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PoolFull(..)")
    }
}

impl<F> core::fmt::Display for PoolFull<F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the pool is full")
    }
}

impl<F> std::error::Error for PoolFull<F> {}

impl Deref for Pool {
    type Target = Group;

    fn deref(&self) -> &Group {
        &self.group
    }
}
