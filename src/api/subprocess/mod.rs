//! Child processes that are waited for without stopping the hub.
//!
//! gevent: `gevent.subprocess`. A child is described by
//! [`std::process::Command`]. No SIGCHLD handler is installed and no child is
//! reaped that nobody asked for: a descriptor of the process (pidfd) tells its
//! end.

mod popen;
mod run;
mod wait;

pub use popen::{Output, Popen};
pub use run::{call, check_call, check_output, run, CalledProcessError};
pub(super) use wait::wait_pid;
