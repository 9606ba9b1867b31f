//! Patch group `select`: waiting for any of many descriptors.
//!
//! Semantics: select(2), poll(2), epoll_wait(2) and their `p` forms, with
//! glibc's treatment of time-outs. All are cancellation points; none is
//! restarted after a signal's handler (signal(7)): they give EINTR.
//!
//! [`wait`] holds what they have in common; a hook's file says how its own
//! arguments are read, looked at with the kernel, and written back.

pub mod epoll;
mod fd_sets;
mod nfds;
pub mod poll;
pub mod pselect;
mod wait;

use core::ffi::c_int;
use hub::sys::Errno;

/// `sizeof(sigset_t)` of the kernel, which libc's is longer than.
const KERNEL_SIGSET: usize = 8;

/// What the hooked functions return: a count, or -1 with `errno` set.
fn answer(result: Result<usize, Errno>) -> c_int {
    crate::doorway::returned(result) as c_int
}
