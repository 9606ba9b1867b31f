//! Waiting for objects that processes share.
//!
//! The object is libc's: it is tried with libc's own function, and if that says
//! that it is taken, waited for with libc's own function in a blocking section.
//! So the kernel wakes the waiter when anybody releases it, in this process
//! or in another, and deadlines are the program's own arguments.

use crate::doorway::Shim;
use hub::hub as scheduler;
use hub::time::{self as clock, MICROSECOND, MILLISECOND};
use hub::wait::{Reason, Wake};

/// Call `attempt` on the object at `address` until it says something; in the end `wait`, which says it for
/// sure.
pub fn wait<R>(
    shim: &Shim,
    what: &'static str,
    address: usize,
    mut attempt: impl FnMut() -> Option<R>,
    wait: impl FnOnce() -> R,
) -> R {
    if let Some(answer) = attempt() {
        return answer;
    }
    // Often the holder is a greenlet of this process that only has to have its
    // turn, which is much cheaper than a section.
    scheduler::yield_now(shim.greenlet);
    if let Some(answer) = attempt() {
        return answer;
    }
    shim.section_on_lock(what, address, wait)
}

/// Call `attempt` until it says something, sleeping a little longer each time,
/// at most a millisecond; for what cannot be waited for in the kernel. `Err`:
/// `deadline` has come, or (as [`Wake::Interrupted`]) an interrupt that the
/// caller may want to act on.
pub fn ask_again<R>(
    shim: &Shim,
    what: &'static str,
    deadline: u64,
    mut attempt: impl FnMut() -> Option<R>,
) -> Result<R, Wake> {
    let mut pause = 20 * MICROSECOND;
    loop {
        if let Some(answer) = attempt() {
            return Ok(answer);
        }
        let now = clock::now();
        if now >= deadline {
            return Err(Wake::TimedOut);
        }
        let until = deadline.min(now + pause);
        let wake = scheduler::pause_until(shim.greenlet, Reason::Retry(what), until);
        if wake == Wake::Interrupted {
            return Err(wake);
        }
        pause = (pause * 2).min(MILLISECOND);
    }
}
