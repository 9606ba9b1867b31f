//! The queues that differ in their order only.

use super::super::deadline;
use super::error::{GetError, PutError, TooManyTasksDone};
use super::order::{Fifo, Lifo, Order, Priority};
use super::state::Core;
use crate::time::NEVER;
use core::time::Duration;

/// A queue, first in, first out. Its methods are those of [`OrderedQueue`].
///
/// gevent: `gevent.queue.Queue`, and with its `task_done` and `join`
/// `JoinableQueue`.
///
/// ```
/// use geventrs::queue::Queue;
/// use std::sync::Arc;
///
/// let jobs = Arc::new(Queue::bounded(2));
/// let worker = {
///     let jobs = jobs.clone();
///     geventrs::spawn(move || jobs.iter().sum::<u32>())
/// };
/// for n in 1..=10 {
///     jobs.put(n)?; // waits when the worker is two behind
/// }
/// jobs.shutdown(false);
/// assert_eq!(worker.get().unwrap(), 55);
/// # Ok::<(), geventrs::queue::PutError<u32>>(())
/// ```
pub type Queue<T> = OrderedQueue<T, Fifo<T>>;

/// A queue that gives out its items in the order of `O`: a [`Queue`], a
/// [`LifoQueue`] or a [`PriorityQueue`].
pub struct OrderedQueue<T, O: Order<T>> {
    core: Core<T, O>,
}

/// A queue that gives out what was put last.
///
/// gevent: `gevent.queue.LifoQueue`.
///
/// ```
/// let stack = geventrs::queue::LifoQueue::new();
/// stack.put(1).unwrap();
/// stack.put(2).unwrap();
/// assert_eq!(stack.get(), Ok(2));
/// ```
pub type LifoQueue<T> = OrderedQueue<T, Lifo<T>>;

/// A queue that gives out the least item; of equals, any. An `Ord` that puts
/// into the same queue waits for itself.
///
/// gevent: `gevent.queue.PriorityQueue`.
///
/// ```
/// let queue = geventrs::queue::PriorityQueue::new();
/// for item in [(2, "later"), (1, "first"), (3, "last")] {
///     queue.put(item).unwrap();
/// }
/// assert_eq!(queue.get(), Ok((1, "first")));
/// ```
pub type PriorityQueue<T> = OrderedQueue<T, Priority<T>>;

/// A [`Queue`] by gevent's name for one that counts its tasks: all do.
///
/// gevent: `gevent.queue.JoinableQueue`.
///
/// ```
/// use geventrs::queue::JoinableQueue;
/// use std::sync::Arc;
/// let jobs = Arc::new(JoinableQueue::new());
/// for job in 0..5 {
///     jobs.put(job).unwrap();
/// }
/// let worker = {
///     let jobs = jobs.clone();
///     geventrs::spawn(move || jobs.iter().for_each(|_| jobs.task_done().unwrap()))
/// };
/// assert!(jobs.join(None));
/// assert!(jobs.is_empty());
/// # worker.kill(None);
/// ```
pub type JoinableQueue<T> = Queue<T>;

impl<T> Queue<T> {
    /// A queue without bounds.
    ///
    /// gevent: `Queue()`.
    pub const fn new() -> Self {
        OrderedQueue { core: Core::new(Fifo::new(), usize::MAX) }
    }

    /// A queue that holds at most so many items.
    ///
    /// gevent: `Queue(maxsize)`.
    ///
    /// # Panics
    /// If it is to hold none: that is a [`Channel`](super::Channel).
    pub const fn bounded(maxsize: usize) -> Self {
        assert!(maxsize > 0, "a queue that holds nothing is a Channel");
        OrderedQueue { core: Core::new(Fifo::new(), maxsize) }
    }
}

impl<T> LifoQueue<T> {
    /// A queue without bounds.
    pub const fn new() -> Self {
        OrderedQueue { core: Core::new(Lifo::new(), usize::MAX) }
    }

    /// A queue that holds at most so many items.
    ///
    /// # Panics
    /// If it is to hold none: that is a [`Channel`](super::Channel).
    pub const fn bounded(maxsize: usize) -> Self {
        assert!(maxsize > 0, "a queue that holds nothing is a Channel");
        OrderedQueue { core: Core::new(Lifo::new(), maxsize) }
    }
}

impl<T: Ord> PriorityQueue<T> {
    /// A queue without bounds.
    pub const fn new() -> Self {
        OrderedQueue { core: Core::new(Priority::new(), usize::MAX) }
    }

    /// A queue that holds at most so many items.
    ///
    /// # Panics
    /// If it is to hold none: that is a [`Channel`](super::Channel).
    pub const fn bounded(maxsize: usize) -> Self {
        assert!(maxsize > 0, "a queue that holds nothing is a Channel");
        OrderedQueue { core: Core::new(Priority::new(), maxsize) }
    }
}

impl<T, O: Order<T>> OrderedQueue<T, O> {
    /// Puts an item, waiting for room if the queue is full.
    ///
    /// # Errors
    /// [`PutError::ShutDown`] if the queue is, or is meanwhile, shut down.
    ///
    /// ```
    /// let queue = geventrs::queue::Queue::new();
    /// queue.put("item").unwrap();
    /// assert_eq!(queue.len(), 1);
    /// ```
    pub fn put(&self, item: T) -> Result<(), PutError<T>> {
        self.core.put(item, Some(NEVER))
    }

    /// As [`put`](Self::put), for at most `timeout`. A
    /// [zero time-out](crate#zero-time-outs) lets others run and looks.
    ///
    /// # Errors
    /// [`PutError::Full`] if there was no room in time.
    ///
    /// ```
    /// use geventrs::queue::{PutError, Queue};
    /// let queue = Queue::bounded(1);
    /// queue.put(1).unwrap();
    /// let error = queue.put_timeout(2, std::time::Duration::from_millis(1)).unwrap_err();
    /// assert!(error == PutError::Full(2));
    /// ```
    pub fn put_timeout(&self, item: T, timeout: Duration) -> Result<(), PutError<T>> {
        self.core.put(item, Some(deadline(Some(timeout))))
    }

    /// As [`put`](Self::put), without waiting.
    ///
    /// # Errors
    /// [`PutError::Full`] if there is no room.
    pub fn put_nowait(&self, item: T) -> Result<(), PutError<T>> {
        self.core.put(item, None)
    }

    /// Takes an item out, waiting for one if the queue is empty.
    ///
    /// # Errors
    /// [`GetError::ShutDown`] if the queue is empty and has been shut down.
    ///
    /// ```
    /// let queue = geventrs::queue::Queue::new();
    /// queue.put("item").unwrap();
    /// assert_eq!(queue.get(), Ok("item"));
    /// ```
    pub fn get(&self) -> Result<T, GetError> {
        self.core.get(Some(NEVER))
    }

    /// As [`get`](Self::get), for at most `timeout`. A
    /// [zero time-out](crate#zero-time-outs) lets others run and looks.
    ///
    /// # Errors
    /// [`GetError::Empty`] if there was no item in time.
    ///
    /// ```
    /// use geventrs::queue::{GetError, Queue};
    /// let queue = Queue::<u32>::new();
    /// let soon = std::time::Duration::from_millis(1);
    /// assert_eq!(queue.get_timeout(soon), Err(GetError::Empty));
    /// ```
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

    /// A copy of the item that would be got next, waiting for one if the queue
    /// is empty.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// ```
    /// let queue = geventrs::queue::Queue::new();
    /// queue.put(1).unwrap();
    /// assert_eq!((queue.peek(), queue.len()), (Ok(1), 1));
    /// ```
    pub fn peek(&self) -> Result<T, GetError>
    where
        T: Clone,
    {
        self.core.peek(Some(NEVER), T::clone)
    }

    /// As [`peek`](Self::peek), for at most `timeout`.
    ///
    /// # Errors
    /// As [`get_timeout`](Self::get_timeout).
    pub fn peek_timeout(&self, timeout: Duration) -> Result<T, GetError>
    where
        T: Clone,
    {
        self.core.peek(Some(deadline(Some(timeout))), T::clone)
    }

    /// As [`peek`](Self::peek), without waiting.
    ///
    /// # Errors
    /// As [`get_nowait`](Self::get_nowait).
    pub fn peek_nowait(&self) -> Result<T, GetError>
    where
        T: Clone,
    {
        self.core.peek(None, T::clone)
    }

    /// How many items it holds; those of who waits to put are not counted.
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

    /// Whether there is no room.
    ///
    /// gevent: `full`.
    ///
    /// ```
    /// let queue = geventrs::queue::Queue::bounded(1);
    /// queue.put(()).unwrap();
    /// assert!(queue.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        self.len() >= self.core.most()
    }

    /// How many items it may hold; `None`: any number.
    pub fn maxsize(&self) -> Option<usize> {
        Some(self.core.most()).filter(|&most| most != usize::MAX)
    }

    /// Says that the work for one item that was got is done.
    ///
    /// # Errors
    /// [`TooManyTasksDone`] if it was said for all items already.
    ///
    /// ```
    /// let queue = geventrs::queue::Queue::new();
    /// queue.put(()).unwrap();
    /// assert!(queue.task_done().is_ok() && queue.task_done().is_err());
    /// ```
    pub fn task_done(&self) -> Result<(), TooManyTasksDone> {
        self.core.task_done(1)
    }

    /// How many items were put for which nobody has called
    /// [`task_done`](Self::task_done).
    pub fn unfinished_tasks(&self) -> usize {
        self.core.unfinished()
    }

    /// Waits until the work for all items is done, for at most `timeout`;
    /// whether it is.
    ///
    /// ```
    /// let queue = geventrs::queue::Queue::new();
    /// queue.put(()).unwrap();
    /// assert!(!queue.join(Some(std::time::Duration::from_millis(1))));
    /// queue.task_done().unwrap();
    /// assert!(queue.join(None));
    /// ```
    pub fn join(&self, timeout: Option<Duration>) -> bool {
        self.core.join(deadline(timeout))
    }

    /// Ends the queue: every put fails from now on, also those that wait, and
    /// gets fail when it is empty. With `immediate` it is emptied at once, and
    /// what it held counts as done.
    ///
    /// gevent: `Queue.shutdown`.
    ///
    /// ```
    /// use geventrs::queue::{GetError, Queue};
    /// let queue = Queue::new();
    /// queue.put(1).unwrap();
    /// queue.shutdown(false);
    /// assert!(queue.put(2).is_err());
    /// assert_eq!(queue.get(), Ok(1));
    /// assert_eq!(queue.get(), Err(GetError::ShutDown));
    /// ```
    pub fn shutdown(&self, immediate: bool) {
        self.core.shut_down(immediate);
    }

    /// Whether it has been shut down.
    pub fn is_shutdown(&self) -> bool {
        self.core.is_shut_down()
    }

    /// Takes items out until the queue is empty and shut down.
    ///
    /// gevent: iterating over a queue, which `StopIteration` as an item ends.
    ///
    /// ```
    /// let queue = geventrs::queue::Queue::new();
    /// queue.put('a').unwrap();
    /// queue.put('b').unwrap();
    /// queue.shutdown(false);
    /// assert_eq!(queue.iter().collect::<String>(), "ab");
    /// ```
    pub fn iter(&self) -> Iter<'_, T, O> {
        Iter { queue: self }
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, O: Order<T>> core::fmt::Debug for OrderedQueue<T, O> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Queue").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// What [`OrderedQueue::iter`] returns.
pub struct Iter<'a, T, O: Order<T>> {
    queue: &'a OrderedQueue<T, O>,
}

impl<T, O: Order<T>> Iterator for Iter<'_, T, O> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.queue.get().ok()
    }
}

impl<T, O: Order<T>> core::fmt::Debug for Iter<'_, T, O> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Iter").field("queue", self.queue).finish()
    }
}

impl<'a, T, O: Order<T>> IntoIterator for &'a OrderedQueue<T, O> {
    type Item = T;
    type IntoIter = Iter<'a, T, O>;

    fn into_iter(self) -> Iter<'a, T, O> {
        self.iter()
    }
}
