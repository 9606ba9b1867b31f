//! Servers: an accept loop, a greenlet for each connection, an orderly stop.
//!
//! gevent: `gevent.server`, `gevent.baseserver`.

mod accept_loop;
mod datagram;
mod stream;

pub use datagram::DatagramServer;
#[doc(hidden)]
pub use stream::DescriptorListener;
pub use stream::{Listener, StreamServer};
