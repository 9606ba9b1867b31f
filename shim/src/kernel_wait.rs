//! The frame of calls that only the kernel can wait for: locks on files, System
//! V's queues. No descriptor tells when they would succeed.
//!
//! The call is tried in the form that does not wait, which costs what it costs
//! natively. Only what would wait becomes a blocking section with the real
//! call: the kernel wakes it at the right moment and in its own order, finds
//! deadlocks, and answers a signal as signal(7) says, since the handler runs
//! where the call waits.

use crate::doorway::Shim;
use crate::fd::wait::served;
use crate::thread::cancel;
use hub::sys::Errno;
use hub::wait::Section;

/// Make `attempt`; if it fails with an error that says it `would_wait`, make
/// `wait` as a blocking section.
pub fn try_then_wait(
    shim: &Shim,
    what: &'static str,
    would_wait: impl FnOnce(Errno) -> bool,
    attempt: impl FnOnce() -> Result<usize, Errno>,
    wait: impl FnOnce() -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    match attempt() {
        Err(e) if would_wait(e) => shim.section(what, Section::Waits, wait),
        answer => {
            served(shim);
            answer
        }
    }
}

/// [`try_then_wait`] for something about the descriptor `fd`.
pub fn try_then_wait_for(
    shim: &Shim,
    (what, fd): (&'static str, libc::c_int),
    would_wait: impl FnOnce(Errno) -> bool,
    attempt: impl FnOnce() -> Result<usize, Errno>,
    wait: impl FnOnce() -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    let detail = hub::greenlet::detail_of_fd(fd);
    let _told = shim.greenlet.tell(&detail);
    try_then_wait(shim, what, would_wait, attempt, wait)
}

/// The answer of a section that is a cancellation point: what interrupted it
/// may have been a cancellation, which acts here.
pub fn cancellable(shim: &Shim, answer: Result<usize, Errno>) -> Result<usize, Errno> {
    if answer == Err(libc::EINTR) {
        cancel::point(shim);
    }
    answer
}
