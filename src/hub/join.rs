//! Joining and detaching.

use super::{after_wait, park, HUB};
use crate::greenlet::{Greenlet, Phase};
use crate::wait::{Reason, Wake};
use core::ffi::c_void;
use core::ptr;

/// Why a greenlet cannot be joined, as pthread_join(3) names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// It is the caller, or waits for the caller to end.
    Deadlock,
    /// It is detached, or another greenlet joins it already.
    Invalid,
    /// It has been collected.
    NoSuch,
    /// It has not ended (by the deadline).
    TimedOut,
    /// The wait was interrupted (a cancellation of the caller).
    Interrupted,
}

/// Wait until `target` has ended, collect it and return its value. A
/// `deadline` of 0 only looks. If `target` joins the caller, `leaves_join` says whether it
/// is about to give that up.
pub fn join(
    g: &'static Greenlet,
    target: &'static Greenlet,
    deadline: u64,
    leaves_join: impl FnOnce(&Greenlet) -> bool,
) -> Result<*mut c_void, JoinError> {
    if target.phase() == Phase::Free {
        return Err(JoinError::NoSuch);
    }
    if deadline == 0 && target.phase() == Phase::Alive {
        return Err(JoinError::TimedOut);
    }
    if target.detached.get() {
        return Err(JoinError::Invalid);
    }
    if ptr::eq(g, target) || (ptr::eq(g.joiner.get(), target) && !leaves_join(target)) {
        return Err(JoinError::Deadlock);
    }
    if !target.joiner.get().is_null() {
        return Err(JoinError::Invalid);
    }
    if target.phase() == Phase::Alive {
        target.joiner.set(g);
        g.begin_wait(Reason::Join(target.id()));
        let wake = park(g, deadline);
        if target.phase() == Phase::Alive {
            target.joiner.set(ptr::null());
            after_wait(g, wake);
            return Err(match wake {
                Wake::TimedOut => JoinError::TimedOut,
                _ => JoinError::Interrupted,
            });
        }
    }
    let value = target.value();
    HUB.collect(target);
    Ok(value)
}

/// Let `target` be collected as soon as it ends.
pub fn detach(target: &'static Greenlet) -> Result<(), JoinError> {
    match target.phase() {
        Phase::Free => return Err(JoinError::NoSuch),
        _ if target.detached.get() => return Err(JoinError::Invalid),
        // Somebody joins it already, and will collect it.
        _ if !target.joiner.get().is_null() => {}
        Phase::Alive => target.detached.set(true),
        Phase::Ended => HUB.collect(target),
    }
    Ok(())
}
