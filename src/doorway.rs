//! The API's doorway: whose code is running.
//!
//! Every public function that touches the hub steps in here and steps out when
//! its guard is dropped. Between the two the caller is in our code: it holds
//! the hub, and hooks entered meanwhile (with the library preloaded as well)
//! pass through. No code of the program may run there: no closure of the
//! caller's, no destructor, no panic hook.

use crate::greenlet::Greenlet;
use crate::hub::computes;
use crate::sys;

/// Our code runs on behalf of `greenlet` until this is dropped.
pub(crate) struct Inside {
    /// Who called.
    pub(crate) greenlet: &'static Greenlet,
}

impl Drop for Inside {
    #[inline(always)]
    fn drop(&mut self) {
        if computes::some() {
            self.leave_if_it_computes();
        } else {
            self.greenlet.leave_shim();
        }
    }
}

impl Inside {
    /// What fails on the way out is none of the caller's errors.
    #[cold]
    fn leave_if_it_computes(&self) {
        // SAFETY: the address is that of the running TLS block.
        let before = unsafe { *libc::__errno_location() };
        computes::hook_ends(self.greenlet);
        // SAFETY: as above; the greenlet is where it was.
        unsafe { *libc::__errno_location() = before };
    }
}

/// Step into our code. `None` on an OS thread that is no greenlet: the caller
/// then does the work in the ordinary, blocking way.
#[inline]
pub(crate) fn enter() -> Option<Inside> {
    let greenlet = Greenlet::current()?;
    if !greenlet.enter_shim() {
        // An allocator or a signal handler has called while the hub's data is
        // in our hands: going on would corrupt it.
        sys::die(
            "an API function was called from inside the hub (by an allocator or a signal handler?)",
        );
    }
    Some(Inside { greenlet })
}

/// The guard of a caller that is in our code already: the root, which
/// [`crate::hub::spawn`] has just made of the calling OS thread.
pub(crate) fn inside() -> Option<Inside> {
    Greenlet::current().filter(|g| g.in_shim()).map(|greenlet| Inside { greenlet })
}
