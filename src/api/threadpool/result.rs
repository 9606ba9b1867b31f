//! What a task comes to.

use super::super::guarded::Guarded;
use super::super::observers::Observer;
use super::super::wait_any::{Sealed, Waitable};
use crate::event::Event;
use core::time::Duration;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

struct Slot<T> {
    result: Guarded<Option<thread::Result<T>>>,
    there: Event,
}

/// The task's share of its result.
pub(super) struct Share<T>(Arc<Slot<T>>);

impl<T> Share<T> {
    /// The result is what `f` does. No panic leaves this, that of a destructor of the value
    /// neither, which nobody may be there to take any more: the thread has other tasks.
    pub(super) fn set_by(self, f: impl FnOnce() -> T) {
        let result = catch_unwind(AssertUnwindSafe(f));
        *self.0.result.lock() = Some(result);
        self.0.there.set();
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(self))) {
            // Dropping a payload may panic as well.
            core::mem::forget(payload);
        }
    }
}

/// What will be the value of a task. Dropped, it lets the task go on.
///
/// gevent: the `AsyncResult` that `ThreadPool.spawn` returns.
pub struct ThreadResult<T> {
    slot: Arc<Slot<T>>,
}

impl<T> ThreadResult<T> {
    pub(super) fn new() -> Self {
        ThreadResult { slot: Arc::new(Slot { result: Guarded::new(None), there: Event::new() }) }
    }

    pub(super) fn share(&self) -> Share<T> {
        Share(self.slot.clone())
    }

    /// Waits for the value.
    ///
    /// # Errors
    /// What the task panicked with.
    ///
    /// ```
    /// use geventrs::threadpool::default_pool;
    /// let fails = default_pool().spawn(|| std::panic::resume_unwind(Box::new(7)));
    /// assert_eq!(fails.get().map(|()| ()).unwrap_err().downcast_ref(), Some(&7));
    /// ```
    pub fn get(self) -> thread::Result<T> {
        self.slot.there.wait(None);
        let result = self.slot.result.lock().take();
        match result {
            Some(result) => result,
            None => unreachable!("the result is put before the event is set, and taken once"),
        }
    }

    /// Waits until the task is done, for at most `timeout`; whether it is.
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        self.slot.there.wait(timeout)
    }

    /// Whether the task is done.
    pub fn ready(&self) -> bool {
        self.slot.there.is_set()
    }
}

impl<T> core::fmt::Debug for ThreadResult<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ThreadResult").field("ready", &self.ready()).finish()
    }
}

impl<T> Waitable for ThreadResult<T> {
    fn ready(&self) -> bool {
        ThreadResult::ready(self)
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        ThreadResult::wait(self, timeout)
    }
}

impl<T> Sealed for ThreadResult<T> {
    fn observe(&self, observer: &Arc<Observer>, index: usize) {
        self.slot.there.observe(observer, index);
    }
    fn forget(&self, observer: &Arc<Observer>, index: usize) {
        self.slot.there.forget(observer, index);
    }
}
