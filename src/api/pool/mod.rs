//! Several greenlets together, and how many of them at a time.
//!
//! gevent: `gevent.pool`.

mod bounded;
mod group;
mod imap;

pub use bounded::{Pool, PoolFull};
pub use group::Group;
pub use imap::IMap;
