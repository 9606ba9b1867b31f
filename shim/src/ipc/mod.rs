//! Patch group `os`: queues and semaphores that processes share through the
//! kernel.
//!
//! | file | concept | how it waits |
//! |---|---|---|
//! | [`semaphore_set`] | System V's semaphores | blocking section |
//! | [`message_queue`] | System V's message queues | blocking section |
//! | [`posix_queue`] | POSIX's message queues | readiness: Linux makes them descriptors |
//!
//! POSIX's semaphores are memory, and among the [locks](crate::locks).

pub mod message_queue;
pub mod posix_queue;
pub mod semaphore_set;
