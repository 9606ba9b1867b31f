//! The API for Rust programs, with gevent's names.
//!
//! Each function steps through [`crate::doorway`] and uses the hub's own
//! operations; there is no second scheduler. What an OS thread that is no
//! greenlet may do is said once, in the crate's documentation.
//!
//! `park` has the wait points and `interrupt` what is raised there; objects keep
//! their state `guarded` and those who wait in a `waiter::Line`.

mod about;
pub mod backdoor;
mod current;
mod environment;
pub mod event;
mod exception;
mod fds;
pub mod fileobject;
mod guarded;
mod handle;
pub mod inspect;
mod interrupt;
mod links;
pub mod local;
pub mod lock;
pub mod monkey;
mod observers;
pub mod os;
mod packet;
mod park;
mod poll;
pub mod pool;
pub mod queue;
mod rarely;
mod recv;
mod refused;
mod section;
mod select;
pub mod server;
pub mod signal;
mod sleep;
pub mod socket;
mod spawn;
pub mod subprocess;
pub mod threadpool;
pub mod timeout;
mod wait_any;
mod waiter;

pub use current::{getcurrent, Current};
pub use exception::{Exception, GreenletExit};
pub use fds::{look_at_fd, poll_fds, wait_fd, wait_to_retry, Interest};
pub use handle::Greenlet;
pub use interrupt::{set_ending, Ending};
pub use links::LinkId;
pub use poll::Poll;
pub use recv::recv_fd;
pub use select::{select, Selected};
pub use sleep::{idle, sleep, yield_now};
pub use spawn::{spawn, spawn_later, Builder, Raw};
pub use wait_any::{iwait, joinall, killall, try_joinall, wait, IWait, Waitable};

use crate::time::{self, NEVER};
use core::time::Duration;

/// The hub's deadline for a time-out; `None` never comes.
fn deadline(timeout: Option<Duration>) -> u64 {
    timeout.map_or(NEVER, |t| time::after(time::from_duration(t)))
}

/// The time-out that is left until a deadline.
fn left(deadline: u64) -> Option<Duration> {
    (deadline != NEVER).then(|| Duration::from_nanos(deadline.saturating_sub(time::now())))
}
