//! Locks that greenlets, and OS threads, wait for without stopping the hub.
//!
//! gevent: `gevent.lock`. Whoever has waited longest is served first, and what
//! is released while somebody waits is handed to that one: who releases and
//! takes again stands at the end of the line.
//!
//! A lock is shared by reference: put it into a `static` or an
//! [`Arc`](std::sync::Arc). Between two waits greenlets need no locks at all.

mod bounded;
mod dummy;
mod mutex;
mod rlock;
mod semaphore;

pub use bounded::{BoundedPermit, BoundedSemaphore, OverReleased};
pub use dummy::{DummyPermit, DummySemaphore};
pub use mutex::{Mutex, MutexGuard};
pub use rlock::{RLock, RLockGuard};
pub use semaphore::{Permit, Semaphore};
