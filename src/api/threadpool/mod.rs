//! OS threads for what blocks or computes.
//!
//! gevent: `gevent.threadpool`. A greenlet that calls into code that blocks in
//! its own way (a C library, a disk) holds up all others; on a pool's thread it
//! holds up nobody, and only the greenlet that wants the result waits.
//!
//! The threads are no greenlets: what is run there cannot
//! [`spawn`](crate::spawn()), and waits of this crate block the thread.

mod pool;
mod result;

pub use pool::{default_pool, ThreadPool};
pub use result::ThreadResult;
