//! Patch group `socket`.
//!
//! Semantics: recv(2), send(2), recvmmsg(2), sendmmsg(2), accept(2),
//! connect(2), socket(7) for the time-outs. All are cancellation points.
//! Sockets are tried with MSG_DONTWAIT; `accept` and `connect` have no such
//! form, and say in their files what they do.
//!
//! `shutdown` wakes those who wait: of a half that is shut for sending, epoll
//! does not tell.

pub mod accept;
pub mod ancillary;
pub mod connect;
pub mod many;
pub mod receive;
pub mod send;
pub mod shutdown;
