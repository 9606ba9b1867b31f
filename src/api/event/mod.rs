//! Telling greenlets that something has happened.
//!
//! gevent: `gevent.event`. [`Event`] is a flag that all wait for,
//! [`AsyncResult`] a value or an error that comes once. Both are shared by
//! reference: put one into a `static` or an [`Arc`](std::sync::Arc). Both work
//! between greenlets and OS threads.

mod async_result;
mod flag;

pub use async_result::{AlreadySet, AsyncResult, Cancelled, Error, GetError};
pub use flag::Event;
