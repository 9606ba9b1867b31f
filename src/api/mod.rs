//! The API for Rust programs, with gevent's names.
//!
//! Each function steps through [`crate::doorway`] and uses the hub's own
//! operations; there is no second scheduler. What an OS thread that is no
//! greenlet may do is said once, in the crate's documentation.

mod current;
mod fds;
mod handle;
mod joinall;
mod select;
mod sleep;
mod spawn;

pub use current::{getcurrent, Current};
pub use fds::{wait_fd, Interest};
pub use handle::Greenlet;
pub use joinall::{joinall, Waitable};
pub use select::{select, Selected};
pub use sleep::{sleep, yield_now};
pub use spawn::{spawn, Builder};

use crate::time::{self, NEVER};
use core::time::Duration;

/// The hub's deadline for a time-out; `None` never comes.
fn deadline(timeout: Option<Duration>) -> u64 {
    timeout.map_or(NEVER, |t| time::after(time::from_duration(t)))
}
