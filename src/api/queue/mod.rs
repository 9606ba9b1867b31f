//! Queues between greenlets, and OS threads.
//!
//! gevent: `gevent.queue`.
//!
//! | type | order | bounded | |
//! |---|---|---|---|
//! | [`Queue`] | first in, first out | if wanted | |
//! | [`LifoQueue`] | last in, first out | if wanted | |
//! | [`PriorityQueue`] | least first | if wanted | |
//! | [`JoinableQueue`] | as `Queue` | if wanted | another name: every queue counts its tasks |
//! | [`SimpleQueue`] | first in, first out | no | only puts and gets |
//! | [`Channel`] | first in, first out | holds nothing | a put waits for its get |
//!
//! Whoever has waited longest is served first, and is handed its item: nobody
//! who comes later can take it. A queue is shared by reference: put it into a
//! `static` or an [`Arc`](std::sync::Arc).

mod channel;
mod error;
mod order;
mod simple;
mod state;
mod typed;

pub use self::channel::Channel;
pub use self::error::{GetError, PutError, TooManyTasksDone};
pub use self::order::{Fifo, Lifo, Order, Priority};
pub use self::simple::SimpleQueue;
pub use self::typed::{Iter, JoinableQueue, LifoQueue, OrderedQueue, PriorityQueue, Queue};
