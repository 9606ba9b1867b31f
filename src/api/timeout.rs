//! Time limits on any code that waits.
//!
//! gevent: `gevent.Timeout`, `gevent.with_timeout`.
//!
//! A time-out ends a wait of the greenlet that started it: when its time is up,
//! the greenlet's stack is unwound from the wait point to where the time-out was
//! started. Destructors run, no panic hook does. It is *raised at a wait point
//! only*: code that computes, or blocks in an ordinary system call, is not cut
//! short, and what it waited for and got in time is never lost.
//!
//! Time-outs nest and are told apart by identity, not by their span: each
//! [`Timeout::run`] stops its own and lets an outer one's unwinding pass.
//!
//! ```
//! use geventrs::timeout::with_timeout;
//! use std::time::Duration;
//!
//! let (short, long) = (Duration::from_millis(5), Duration::from_millis(500));
//! let outer = with_timeout(short, || {
//!     let inner = with_timeout(long, || geventrs::sleep(long));
//!     inner.is_err() // not reached: the outer one comes first
//! });
//! assert!(outer.is_err());
//! ```
//!
//! Differences from gevent: an exception is an unwinding, so code between the
//! wait and the time-out can stop it with [`std::panic::catch_unwind`] only; a
//! crate compiled with `panic = "abort"` ends instead; a `std::sync::Mutex` that
//! is held meanwhile is poisoned; frames of C code in between are passed over
//! without cleaning up, and a frame that may not unwind (`extern "C"` in Rust)
//! aborts. While a greenlet unwinds, its destructors' waits are not cut short, by a time-out
//! of their own neither; such a wait that must end has a `timeout` argument.

use super::interrupt;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A span after which waits are cut short; see [the module](self).
///
/// ```
/// use geventrs::timeout::Timeout;
/// use std::time::Duration;
///
/// let limit = Timeout::new(Duration::from_millis(5));
/// assert_eq!(limit.run(|| 6 * 7).unwrap(), 42);
/// let expired = limit.run(|| geventrs::sleep(Duration::from_secs(60))).unwrap_err();
/// assert_eq!(expired.to_string(), "timed out after 5ms");
/// ```
#[derive(Clone, Debug)]
pub struct Timeout {
    span: Option<Duration>,
}

impl Timeout {
    /// A time-out of this span. It does not run yet.
    pub const fn new(span: Duration) -> Self {
        Timeout { span: Some(span) }
    }

    /// One that never comes: for a span that is optional.
    ///
    /// gevent: `Timeout(None)`.
    ///
    /// ```
    /// use geventrs::timeout::Timeout;
    /// assert_eq!(Timeout::never().run(|| 1).unwrap(), 1);
    /// ```
    pub const fn never() -> Self {
        Timeout { span: None }
    }

    /// Its span.
    pub const fn span(&self) -> Option<Duration> {
        self.span
    }

    /// Calls `f`, whose waits may last as long as the span in all. What `f` had
    /// half done when it was cut short stays half done.
    ///
    /// gevent: `with Timeout(seconds):`. With gevent's `Timeout(seconds,
    /// False)`, which swallows itself, compare `run(f).ok()`.
    ///
    /// # Errors
    /// [`Expired`] if the time was up at one of `f`'s waits.
    ///
    /// ```
    /// use geventrs::timeout::Timeout;
    /// use std::time::Duration;
    /// let limit = Timeout::new(Duration::from_millis(5));
    /// let answer = limit.run(|| geventrs::sleep(Duration::from_secs(60)));
    /// assert!(answer.is_err());
    /// ```
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> Result<R, Expired> {
        let running = self.start();
        // The caller sees what `f` leaves half done, as after an early return.
        match catch_unwind(AssertUnwindSafe(f)) {
            Ok(value) => Ok(value),
            Err(payload) => match payload.downcast::<Expired>() {
                Ok(expired) if running.owns(&expired) => Err(*expired),
                Ok(other) => resume_unwind(other),
                Err(payload) => resume_unwind(payload),
            },
        }
    }

    /// Lets it run until the guard is dropped. When the time is up, the next
    /// wait unwinds with [`Expired`], out of the greenlet's function unless
    /// somebody catches it: the greenlet then ends, and a line on stderr says
    /// so.
    ///
    /// gevent: `Timeout.start_new`; dropping the guard is `close`.
    ///
    /// ```
    /// use geventrs::timeout::{Expired, Timeout};
    /// use std::time::Duration;
    /// let g = geventrs::spawn(|| {
    ///     let _limit = Timeout::new(Duration::from_millis(5)).start();
    ///     geventrs::sleep(Duration::from_secs(60));
    /// });
    /// assert!(g.get().unwrap_err().is::<Expired>());
    /// ```
    pub fn start(&self) -> Running {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        if let Some(span) = self.span {
            interrupt::start(id, span);
        }
        Running { id, _of_this_greenlet: PhantomData }
    }
}

/// A time-out that runs, until this is dropped. Made by [`Timeout::start`].
///
/// ```compile_fail,E0277
/// use geventrs::timeout::Timeout;
/// let limit = Timeout::new(std::time::Duration::from_secs(1)).start();
/// geventrs::spawn(move || drop(limit)); // it is this greenlet's
/// ```
#[derive(Debug)]
#[must_use = "dropped at once, it limits nothing"]
pub struct Running {
    id: u64,
    /// It is in the list of the greenlet that made it.
    _of_this_greenlet: PhantomData<*const ()>,
}

impl Running {
    /// Whether it has still to come.
    ///
    /// gevent: `Timeout.pending`.
    ///
    /// ```
    /// use geventrs::timeout::Timeout;
    /// use std::time::Duration;
    /// let limit = Timeout::new(Duration::from_secs(60)).start();
    /// assert!(limit.is_pending());
    /// ```
    pub fn is_pending(&self) -> bool {
        interrupt::is_running(self.id)
    }

    /// Whether `expired` was raised by this one.
    ///
    /// ```
    /// use geventrs::timeout::{Expired, Timeout};
    /// use std::time::Duration;
    /// let limit = Timeout::new(Duration::from_millis(5)).start();
    /// let caught = std::panic::catch_unwind(|| geventrs::sleep(Duration::from_secs(60)));
    /// assert!(limit.owns(caught.unwrap_err().downcast_ref::<Expired>().unwrap()));
    /// ```
    pub fn owns(&self, expired: &Expired) -> bool {
        self.id == expired.id
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        interrupt::cancel(self.id);
    }
}

/// A time-out's time was up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    id: u64,
    span: Duration,
}

impl Expired {
    pub(super) fn new(id: u64, span: Duration) -> Self {
        Expired { id, span }
    }

    /// The span of the time-out.
    pub fn span(&self) -> Duration {
        self.span
    }
}

impl core::fmt::Display for Expired {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "timed out after {:?}", self.span)
    }
}

impl std::error::Error for Expired {}

/// Calls `f`, whose waits may last for `span` in all: `Timeout::new(span).run(f)`.
///
/// gevent: `gevent.with_timeout`. Its `timeout_value` is `unwrap_or(value)`.
///
/// # Errors
/// [`Expired`] if the time was up at one of `f`'s waits.
///
/// ```
/// use geventrs::timeout::with_timeout;
/// use std::time::Duration;
/// let slow = || { geventrs::sleep(Duration::from_secs(60)); "done" };
/// assert_eq!(with_timeout(Duration::from_millis(5), slow).unwrap_or("too slow"), "too slow");
/// ```
pub fn with_timeout<R>(span: Duration, f: impl FnOnce() -> R) -> Result<R, Expired> {
    Timeout::new(span).run(f)
}
