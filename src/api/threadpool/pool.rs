//! The pool: its OS threads, and the tasks that wait for one.

use super::super::monkey::natively;
use super::super::{deadline, left};
use super::result::ThreadResult;
use crate::event::Event;
use crate::lock::Semaphore;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::{io, thread};

/// How long a thread waits for its next task before it ends.
const IDLE: Duration = Duration::from_secs(5);
/// Threads of the pool that all share: as gevent's hub has.
const DEFAULT_SIZE: usize = 10;

type Task = Box<dyn FnOnce() + Send>;

/// At most so many OS threads that run tasks. Threads are made when needed and
/// end after five idle seconds, and all when the last clone of the pool is gone
/// and its tasks are done. A clone is the same pool.
///
/// gevent: `gevent.threadpool.ThreadPool`.
///
/// ```
/// use geventrs::threadpool::ThreadPool;
/// use std::time::Duration;
/// let pool = ThreadPool::new(2);
/// let slow = pool.spawn(|| {
///     std::thread::sleep(Duration::from_millis(20)); // really blocks
///     6 * 7
/// });
/// let meanwhile = geventrs::spawn(|| "others run");
/// assert_eq!(meanwhile.get().unwrap(), "others run");
/// assert_eq!(slow.get().unwrap(), 42);
/// ```
#[derive(Clone)]
pub struct ThreadPool {
    owner: Arc<Owner>,
}

struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.work.notify_all();
    }
}

struct Shared {
    maxsize: usize,
    state: Mutex<State>,
    work: Condvar,
    /// Tasks that may be given before one must wait for a thread.
    room: Semaphore,
    /// Set and cleared under the lock of `state`.
    idle: Event,
    /// Set while there is no thread; under the lock of `state`.
    empty: Event,
}

#[derive(Default)]
struct State {
    tasks: VecDeque<Task>,
    /// Threads there are, and those of them that wait for a task.
    threads: usize,
    waiting: usize,
    /// Tasks given and not done.
    unfinished: usize,
    closed: bool,
    /// Threads are to end when there is no task.
    ending: bool,
}

impl Shared {
    /// Held for a few instructions, by OS threads and greenlets alike.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An OS thread from its first to its last task. No task panics: see
    /// [`Share::set_by`](super::result::Share::set_by).
    fn run(&self) {
        let mut state = self.state();
        loop {
            if let Some(task) = state.tasks.pop_front() {
                drop(state);
                task();
                self.room.release();
                state = self.state();
                state.unfinished -= 1;
                if state.unfinished == 0 {
                    self.idle.set();
                }
                continue;
            }
            if state.closed || state.ending {
                break;
            }
            state.waiting += 1;
            let (again, waited) =
                self.work.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = again;
            state.waiting -= 1;
            if waited.timed_out() && state.tasks.is_empty() {
                break;
            }
        }
        state.threads -= 1;
        if state.threads == 0 {
            state.ending = false;
            self.empty.set();
        }
    }
}

impl ThreadPool {
    /// A pool of at most so many threads. None is made yet.
    ///
    /// # Panics
    /// If that is none.
    pub fn new(maxsize: usize) -> Self {
        assert!(maxsize > 0, "a pool must have room for a thread");
        let shared = Shared {
            maxsize,
            state: Mutex::default(),
            work: Condvar::new(),
            room: Semaphore::new(maxsize),
            idle: Event::new(),
            empty: Event::new(),
        };
        shared.idle.set();
        shared.empty.set();
        ThreadPool { owner: Arc::new(Owner(Arc::new(shared))) }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.owner.0
    }

    /// Runs `f` on a thread of the pool. Waits for one if all are busy.
    ///
    /// gevent: `ThreadPool.spawn`, `apply_async`.
    ///
    /// # Panics
    /// If there is no thread and none can be made.
    pub fn spawn<F, T>(&self, f: F) -> ThreadResult<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        match self.try_spawn(f) {
            Ok(result) => result,
            Err(e) => panic!("no OS thread for a task: {e}"),
        }
    }

    /// As [`spawn`](Self::spawn).
    ///
    /// # Errors
    /// If there is no thread and none can be made.
    pub fn try_spawn<F, T>(&self, f: F) -> io::Result<ThreadResult<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let shared = self.shared();
        let place = shared.room.acquire();
        let result = ThreadResult::new();
        let theirs = result.share();
        let task: Task = Box::new(move || theirs.set_by(f));
        let mut state = shared.state();
        if state.waiting <= state.tasks.len() && state.threads < shared.maxsize {
            let worker = shared.clone();
            let thread = thread::Builder::new().name("geventrs-worker".into());
            let made = natively(|| thread.spawn(move || worker.run()).map(drop));
            match made {
                Ok(()) => {
                    state.threads += 1;
                    shared.empty.clear();
                }
                // Those that there are will come to it.
                Err(_) if state.threads > 0 => {}
                Err(e) => return Err(e),
            }
        }
        state.tasks.push_back(task);
        state.unfinished += 1;
        shared.idle.clear();
        drop(state);
        shared.work.notify_one();
        place.forget();
        Ok(result)
    }

    /// Runs `f` on a thread of the pool and waits for its value.
    ///
    /// gevent: `ThreadPool.apply`.
    ///
    /// # Errors
    /// What `f` panicked with.
    ///
    /// ```
    /// let pool = geventrs::threadpool::ThreadPool::new(1);
    /// assert_eq!(pool.apply(|| 6 * 7).unwrap(), 42);
    /// ```
    pub fn apply<F, T>(&self, f: F) -> thread::Result<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.spawn(f).get()
    }

    /// Calls `f` with each of `items` on the pool's threads and waits for all
    /// values, in the order of the items.
    ///
    /// gevent: `ThreadPool.map`.
    ///
    /// # Errors
    /// What the first of them, in that order, panicked with.
    ///
    /// ```
    /// let pool = geventrs::threadpool::ThreadPool::new(2);
    /// assert_eq!(pool.map(1..4, |n| n * n).unwrap(), [1, 4, 9]);
    /// ```
    pub fn map<I, F, T>(&self, items: I, f: F) -> thread::Result<Vec<T>>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
        T: Send + 'static,
    {
        let f = Arc::new(f);
        let all: Vec<_> = items
            .into_iter()
            .map(|item| {
                let f = f.clone();
                self.spawn(move || f(item))
            })
            .collect();
        all.into_iter().map(ThreadResult::get).collect()
    }

    /// Waits until all tasks are done, for at most `timeout`; whether they are.
    ///
    /// gevent: `ThreadPool.join`.
    pub fn join(&self, timeout: Option<Duration>) -> bool {
        let deadline = deadline(timeout);
        loop {
            if self.shared().state().unfinished == 0 {
                return true;
            }
            if !self.shared().idle.wait(left(deadline)) {
                return self.shared().state().unfinished == 0;
            }
        }
    }

    /// Ends the threads when their tasks are done, and those of tasks that are given
    /// meanwhile; waits for that, for at most `timeout`; whether it has come. The pool
    /// may be used afterwards: threads are made as they are needed.
    ///
    /// gevent: `ThreadPool.kill`, which waits without a limit. Threads that are idle for
    /// five seconds end by themselves.
    ///
    /// ```
    /// let pool = geventrs::threadpool::ThreadPool::new(4);
    /// assert_eq!(pool.map(0..4, |n| n).unwrap(), [0, 1, 2, 3]);
    /// assert!(pool.kill(None));
    /// assert_eq!(pool.size(), 0);
    /// assert_eq!(pool.apply(|| 1).unwrap(), 1);
    /// ```
    pub fn kill(&self, timeout: Option<Duration>) -> bool {
        let shared = self.shared();
        let mut state = shared.state();
        state.ending = state.threads > 0;
        drop(state);
        shared.work.notify_all();
        shared.empty.wait(timeout)
    }

    /// How many threads there are.
    ///
    /// gevent: `ThreadPool.size`.
    pub fn size(&self) -> usize {
        self.shared().state().threads
    }

    /// How many threads there may be.
    pub fn maxsize(&self) -> usize {
        self.shared().maxsize
    }

    /// How many tasks are not done.
    pub fn unfinished(&self) -> usize {
        self.shared().state().unfinished
    }
}

impl core::fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let state = self.shared().state();
        f.debug_struct("ThreadPool")
            .field("maxsize", &self.maxsize())
            .field("size", &state.threads)
            .field("unfinished", &state.unfinished)
            .finish()
    }
}

/// The pool of ten threads that all share.
///
/// gevent: `gevent.get_hub().threadpool`.
///
/// ```
/// let value = geventrs::threadpool::default_pool().apply(|| 1).unwrap();
/// assert_eq!(value, 1);
/// ```
pub fn default_pool() -> &'static ThreadPool {
    static POOL: OnceLock<ThreadPool> = OnceLock::new();
    POOL.get_or_init(|| ThreadPool::new(DEFAULT_SIZE))
}
