//! Units for light greenlets, in the turn in which they begin.
//!
//! A unit is made by ld.so's allocator, which takes malloc's locks, and these may be held
//! by a greenlet that waits for its turn. So it is made as program code ([`super::as_program`]),
//! on a greenlet, and not in a carrier's loop, where it is wanted. One is therefore
//! kept in stock: who spawns a light greenlet makes a unit if none is free, and so does
//! each light greenlet when it begins, if others have still to begin. Who runs to its
//! end gives its own back, so that two are enough for any number of those.
//!
//! ```text
//!   spawn ──▶ run queue ──its turn──▶ has a unit, runs
//!                ▲          │
//!    a unit came │          │ none is free: the hub was taken off its maker,
//!                │          ▼ or there was no memory
//!             without_unit, first come first served
//! ```
//! A unit comes when somebody ends or the maker goes on. Where nobody is runnable, also
//! nobody holds malloc's locks for long, and the loop tries by itself, again and again
//! while there is no memory. (That is memory for libc's tables; the stack's address
//! space was promised: [`unit::promise`].)

use super::{spawn, Hub, HUB};
use crate::greenlet::Greenlet;
use crate::observe;
use crate::sys::Errno;
use crate::time::MILLISECOND;
use crate::unit::{self, Promise};

/// How long nobody tries again when there was no memory.
pub(super) const PAUSE: u64 = 10 * MILLISECOND;

/// See to it that a unit is free for those that were promised one. The caller is a
/// greenlet in our code, whose hub may have moved meanwhile, and come back.
#[inline]
pub(super) fn keep_stock(promise: Promise) -> Result<(), Errno> {
    if promise.none_free {
        return make(promise.class);
    }
    Ok(())
}

#[cold]
fn make(class: usize) -> Result<(), Errno> {
    unit::stock(class)?;
    HUB.unit_came();
    Ok(())
}

/// The first turn of the light greenlet `g` has come: give it a unit. False: there is
/// none, and it waits for one.
#[inline]
pub(super) fn move_in(g: &'static Greenlet) -> bool {
    match unit::take_for(g) {
        None => {
            HUB.without_unit.push(g);
            return false;
        }
        Some(last) => HUB.took_last_unit.set(last),
    }
    spawn::prepare(g);
    observe::moved_in(g);
    true
}

/// The greenlet `g` begins, in our code, with its own block loaded.
#[inline]
pub(super) fn began(g: &'static Greenlet) {
    if HUB.took_last_unit.replace(false) {
        // Where there is no memory, the next one waits.
        let _ = make(g.class());
    }
}

impl Hub {
    /// A unit may be free: those who wait for one try again.
    #[inline]
    pub(super) fn unit_came(&self) {
        while let Some(g) = self.without_unit.pop() {
            self.run.push(g);
        }
    }

    /// Nobody is runnable and somebody waits for a unit: make it here. On the hub, which
    /// has its own block loaded.
    #[cold]
    pub(super) fn make_unit_here(&self) {
        let Some(g) = self.without_unit.first() else { return };
        if unit::stock(g.class()).is_ok() {
            self.unit_came();
        }
    }
}
