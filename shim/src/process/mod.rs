//! Patch group `subprocess`: fork(2) and what resembles it.
//!
//! POSIX: the child has one thread, a copy of the caller. libc's fork copies
//! the process; a handler of ours, registered before any of the program's,
//! then lets the hub forget everybody else and gives the child a reactor of
//! its own, so that the program's own handlers may use threads already. That
//! serves `fork`, `forkpty` and `daemon` alike.

pub mod fork;
pub mod wait;
