//! execve(2): the new program has the calling thread's signal mask, and what is pending for it
//! and for the process stays pending. So both go to the kernel, for the OS thread that makes
//! the call; if that fails, they come back.
//!
//! As the rest of the call this steps into none of our code: it may run in a handler.

use super::send::tell;
use super::{bit, mask, pending};
use core::ffi::c_int;
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use libc::siginfo_t;

/// What was handed over, for [`Handed::take_back`].
pub struct Handed {
    /// The OS thread's mask before.
    before: u64,
    /// The signals that the kernel has been given.
    signals: u64,
}

/// Give the kernel the caller's mask and what is pending for it. `None`: the kernel has it all.
pub fn hand_over() -> Option<Handed> {
    let me = Greenlet::current().filter(|_| scheduler::live() != 0 && mask::keeps())?;
    let before = mask::load_own(me);
    let mut signals = 0;
    if pending::noted() {
        let blocked = mask::of(me);
        pending::for_each_of(me, |signal, info| {
            // (One that is not blocked is about to run its handler: here it is too late.)
            if blocked & bit(signal) != 0 {
                signals |= bit(signal);
                send(signal, info);
            }
        });
    }
    Some(Handed { before, signals })
}

fn send(signal: c_int, info: Option<&siginfo_t>) {
    match info {
        Some(info) => tell(signal, info),
        None => tell(signal, &pending::of_tgkill(signal)),
    };
}

impl Handed {
    /// The call has failed: what waits here still waits in the kernel no more.
    pub fn take_back(self) {
        while self.signals != 0 && pending::take_from_kernel(self.signals).is_ok() {}
        mask::load_back(self.before);
    }
}
