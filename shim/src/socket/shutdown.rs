//! `shutdown`: whoever waits for the socket looks again.
//!
//! Linux wakes a sender of the shut half, but epoll(7) reports nothing: the
//! socket does not become writable. (A sender that waits under another number
//! of the same socket is not found.)

use crate::doorway;
use crate::fd::peers;
use core::ffi::c_int;
use hub::hub as scheduler;
use hub::reactor::{READ, WRITE};

crate::hooks! {
    Socket "never" fn shutdown(fd: c_int, how: c_int) -> c_int = shutdown_;
}

unsafe fn shutdown_(fd: c_int, how: c_int) -> c_int {
    // SAFETY: the program's own call.
    let result = unsafe { real::shutdown(fd, how) };
    if result == 0 {
        // What is written there from now on may have to fail.
        peers::forget(fd);
    }
    if result == 0 && scheduler::live() != 0 {
        if let Some(_shim) = doorway::enter_any() {
            scheduler::with_reactor(|r, run| r.table.retry(fd, READ | WRITE, run));
        }
    }
    result
}
