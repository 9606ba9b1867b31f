//! Locks as state machines over plain atomic words, waiting in the parking
//! lot. They know nothing of libc's object layouts: the shim points them at
//! the words that it has chosen in `pthread_mutex_t` and the like, and the
//! native API embeds them.
//!
//! Waiters are greenlets or OS threads alike. A greenlet must be in our code
//! (see `greenlet`) when it calls anything here that may wait or wake.

pub mod barrier;
pub mod once;
pub mod rw_lock;
pub mod semaphore;
pub mod word_lock;

/// The deadline of a timed operation has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;
