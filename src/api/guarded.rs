//! The state of an API object: a value behind a lock that greenlets and OS
//! threads wait for in the parking lot.
//!
//! It is held for a few instructions, but the program's code may run under it
//! (an `Ord` of a priority queue) and wait; and its holder may lose its turn
//! anywhere. std's mutex would stop the hub then. Waiting for it is no wait
//! point: nothing is raised.
//!
//! It is not poisoned: nothing that can panic leaves a state half changed. It
//! may not be taken inside the doorway.

use crate::doorway;
use crate::greenlet::Greenlet;
use crate::hub;
use crate::sync::word_lock;
use crate::sys;
use crate::time::NEVER;
use crate::wait::Reason;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::sync::atomic::{AtomicU32, Ordering};

/// The states of [`word_lock`] with nobody waiting.
const FREE: u32 = 0;
const HELD: u32 = 1;

pub(super) struct Guarded<T> {
    word: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the lock lets one at a time reach the value.
unsafe impl<T: Send> Sync for Guarded<T> {}
// SAFETY: owning the lock is owning the value.
unsafe impl<T: Send> Send for Guarded<T> {}

impl<T> Guarded<T> {
    pub(super) const fn new(value: T) -> Self {
        Guarded { word: AtomicU32::new(0), value: UnsafeCell::new(value) }
    }

    #[inline]
    pub(super) fn lock(&self) -> Held<'_, T> {
        if !self.change(FREE, HELD) {
            let _inside = doorway::enter();
            let reason = Reason::Api("the state of an object");
            // Without a deadline it is had in the end.
            let _ = word_lock::lock_contended(&self.word, reason, NEVER);
        }
        Held { guarded: self }
    }

    /// [`lock`](Self::lock) for one who must not be seen waiting: it lets others run
    /// until the lock is free. (`waiter` says who.)
    pub(super) fn lock_running(&self) -> Held<'_, T> {
        while !self.change(FREE, HELD) {
            match doorway::enter() {
                Some(inside) => hub::yield_now(inside.greenlet),
                None => return self.lock(),
            }
        }
        Held { guarded: self }
    }

    /// Without a bus lock where no other OS thread can touch the word meanwhile: a
    /// greenlet steps into our code for these few instructions, so that it has the hub
    /// and keeps it.
    #[inline(always)]
    fn change(&self, from: u32, to: u32) -> bool {
        let Some(greenlet) = Greenlet::current().filter(|g| g.enter_briefly()) else {
            return self
                .word
                .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok();
        };
        let changed = sys::cas_u32(&self.word, from, to, sys::one_os_thread()) == from;
        greenlet.leave_shim();
        changed
    }
}

// What it guards is whole whenever the lock is free.
impl<T> RefUnwindSafe for Guarded<T> {}
impl<T> UnwindSafe for Guarded<T> {}

impl<T: Default> Default for Guarded<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// Proof that the lock is held; releases it when dropped.
pub(super) struct Held<'a, T> {
    guarded: &'a Guarded<T>,
}

// SAFETY: a shared `Held` gives out `&T` only; by itself it would be `Sync`
// wherever `Guarded<T>` is, that is for any `T: Send`.
unsafe impl<T: Sync> Sync for Held<'_, T> {}

impl<T> Deref for Held<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.guarded.value.get() }
    }
}

impl<T> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, and the guard is borrowed uniquely.
        unsafe { &mut *self.guarded.value.get() }
    }
}

impl<T> Drop for Held<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if !self.guarded.change(HELD, FREE) {
            let _inside = doorway::enter();
            word_lock::unlock_contended(&self.guarded.word);
        }
    }
}
