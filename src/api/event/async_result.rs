//! A value or an error that comes once.

use super::super::observers::Observer;
use super::super::wait_any::{Sealed, Waitable};
use super::Event;
use core::time::Duration;
use std::sync::{Arc, OnceLock};

/// What an [`AsyncResult`] fails with.
pub type Error = dyn std::error::Error + Send + Sync;

/// A place for one value, or one error, that others wait for.
///
/// gevent: `gevent.event.AsyncResult`. There it may be set again and again; here
/// it is set once, because [`get`](Self::get) lends what it holds.
///
/// ```
/// use geventrs::event::AsyncResult;
/// use std::sync::Arc;
///
/// let answer = Arc::new(AsyncResult::new());
/// let asks = { let answer = answer.clone(); geventrs::spawn(move || *answer.get(None).unwrap() + 1) };
/// geventrs::yield_now();
/// answer.set(41).unwrap();
/// assert_eq!(asks.get().unwrap(), 42);
/// ```
pub struct AsyncResult<T> {
    result: OnceLock<Result<T, Box<Error>>>,
    /// Put up when the result is there.
    there: Event,
}

/// It was set before: this is what was to be set now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadySet<T>(pub T);

impl<T> core::fmt::Display for AlreadySet<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the result was set before")
    }
}

impl<T: core::fmt::Debug> std::error::Error for AlreadySet<T> {}

/// The error of an [`AsyncResult`] that was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

impl core::fmt::Display for Cancelled {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("cancelled")
    }
}

impl std::error::Error for Cancelled {}

/// Why there is no value to get.
#[derive(Debug)]
pub enum GetError<'a> {
    /// The time was up.
    TimedOut,
    /// It was set to an error.
    Failed(&'a Error),
}

impl core::fmt::Display for GetError<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            GetError::TimedOut => f.write_str("no result in time"),
            GetError::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for GetError<'_> {}

impl<T> AsyncResult<T> {
    /// One that is not set.
    pub const fn new() -> Self {
        AsyncResult { result: OnceLock::new(), there: Event::new() }
    }

    fn put(&self, result: Result<T, Box<Error>>) -> Result<(), Result<T, Box<Error>>> {
        self.result.set(result)?;
        self.there.set();
        Ok(())
    }

    /// Sets the value and wakes everyone who waits.
    ///
    /// # Errors
    /// If it is set, the value comes back.
    ///
    /// ```
    /// use geventrs::event::{AlreadySet, AsyncResult};
    /// let result = AsyncResult::new();
    /// result.set(1).unwrap();
    /// assert_eq!(result.set(2), Err(AlreadySet(2)));
    /// ```
    pub fn set(&self, value: T) -> Result<(), AlreadySet<T>> {
        match self.put(Ok(value)) {
            Err(Ok(value)) => Err(AlreadySet(value)),
            _ => Ok(()),
        }
    }

    /// Sets an error and wakes everyone who waits.
    ///
    /// gevent: `AsyncResult.set_exception`.
    ///
    /// # Errors
    /// If it is set, the error comes back.
    ///
    /// ```
    /// use geventrs::event::AsyncResult;
    /// let result = AsyncResult::<u32>::new();
    /// result.set_error("no luck").unwrap();
    /// assert_eq!(result.get(None).unwrap_err().to_string(), "no luck");
    /// ```
    pub fn set_error(&self, error: impl Into<Box<Error>>) -> Result<(), AlreadySet<Box<Error>>> {
        match self.put(Err(error.into())) {
            Err(Err(error)) => Err(AlreadySet(error)),
            _ => Ok(()),
        }
    }

    /// Sets the error [`Cancelled`], if nothing was set before; whether it was not.
    ///
    /// gevent: `AsyncResult.cancel`.
    ///
    /// ```
    /// let result = geventrs::event::AsyncResult::<u32>::new();
    /// assert!(result.cancel() && result.cancelled());
    /// assert!(result.set(1).is_err());
    /// ```
    pub fn cancel(&self) -> bool {
        self.set_error(Cancelled).is_ok()
    }

    /// Whether it was cancelled.
    ///
    /// gevent: `AsyncResult.cancelled`.
    pub fn cancelled(&self) -> bool {
        self.error().is_some_and(|e| e.is::<Cancelled>())
    }

    /// Waits for the value, for at most `timeout`, and lends it.
    ///
    /// # Errors
    /// [`GetError::Failed`] if it was set to an error, [`GetError::TimedOut`].
    ///
    /// ```
    /// use geventrs::event::{AsyncResult, GetError};
    /// use std::time::Duration;
    /// let result = AsyncResult::<u32>::new();
    /// let soon = Some(Duration::from_millis(1));
    /// assert!(matches!(result.get(soon), Err(GetError::TimedOut)));
    /// ```
    pub fn get(&self, timeout: Option<Duration>) -> Result<&T, GetError<'_>> {
        if self.result.get().is_none() {
            self.there.wait(timeout);
        }
        self.get_nowait()
    }

    /// The value, if it is there; does not wait.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// ```
    /// let result = geventrs::event::AsyncResult::new();
    /// assert!(result.get_nowait().is_err());
    /// result.set(5).unwrap();
    /// assert_eq!(result.get_nowait().unwrap(), &5);
    /// ```
    pub fn get_nowait(&self) -> Result<&T, GetError<'_>> {
        match self.result.get() {
            None => Err(GetError::TimedOut),
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(GetError::Failed(error.as_ref())),
        }
    }

    /// Waits until it is set, for at most `timeout`; whether it is then.
    ///
    /// gevent: `AsyncResult.wait`, which returns the value or `None`.
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        self.ready() || self.there.wait(timeout)
    }

    /// Whether it is set.
    pub fn ready(&self) -> bool {
        self.result.get().is_some()
    }

    /// Whether it is set to a value.
    ///
    /// ```
    /// let result = geventrs::event::AsyncResult::<()>::new();
    /// result.set_error("no luck").unwrap();
    /// assert!(result.ready() && !result.successful());
    /// ```
    pub fn successful(&self) -> bool {
        self.value().is_some()
    }

    /// The value, if it is set to one.
    pub fn value(&self) -> Option<&T> {
        self.get_nowait().ok()
    }

    /// The error, if it is set to one.
    ///
    /// gevent: `AsyncResult.exception`.
    pub fn error(&self) -> Option<&Error> {
        match self.result.get() {
            Some(Err(error)) => Some(error.as_ref()),
            _ => None,
        }
    }

    /// Takes the value or the error out.
    ///
    /// ```
    /// let result = geventrs::event::AsyncResult::new();
    /// result.set(String::from("mine")).unwrap();
    /// assert_eq!(result.into_inner().unwrap().unwrap(), "mine");
    /// ```
    pub fn into_inner(self) -> Option<Result<T, Box<Error>>> {
        self.result.into_inner()
    }
}

impl<T> Default for AsyncResult<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> core::fmt::Debug for AsyncResult<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let state = match self.result.get() {
            None => "not set",
            Some(Ok(_)) => "value",
            Some(Err(_)) => "error",
        };
        f.debug_struct("AsyncResult").field("state", &state).finish()
    }
}

impl<T> Waitable for AsyncResult<T> {
    fn ready(&self) -> bool {
        AsyncResult::ready(self)
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        AsyncResult::wait(self, timeout)
    }
}

impl<T> Sealed for AsyncResult<T> {
    fn observe(&self, observer: &Arc<Observer>, index: usize) {
        self.there.observe(observer, index);
    }
    fn forget(&self, observer: &Arc<Observer>, index: usize) {
        self.there.forget(observer, index);
    }
}
