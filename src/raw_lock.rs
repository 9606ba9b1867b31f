//! The library's own lock: one word, the kernel's futex underneath.
//!
//! It guards a few instructions at a time (a bucket of the parking lot, the
//! list of slabs), never a park: a greenlet that left while holding it would
//! stop every other. With one OS thread, taking it costs no bus lock; so it is
//! taken by the hub's holder, or by OS threads that are no greenlets, but never
//! from program code, which the hub may leave between two instructions. What
//! carriers do without the hub is guarded by a [`RawLock::shared`] one.

use crate::sys;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU32, Ordering};

const FREE: u32 = 0;
const HELD: u32 = 1;
/// Held, and an OS thread sleeps for it.
const AWAITED: u32 = 2;

/// A value behind the library's own lock.
pub struct RawLock<T> {
    word: AtomicU32,
    /// Never rely on there being one OS thread.
    shared: bool,
    value: UnsafeCell<T>,
}

// SAFETY: the lock lets one OS thread at a time reach the value.
unsafe impl<T: Send> Sync for RawLock<T> {}
// SAFETY: owning the lock is owning the value.
unsafe impl<T: Send> Send for RawLock<T> {}

impl<T> RawLock<T> {
    /// A free lock.
    pub const fn new(value: T) -> Self {
        RawLock { word: AtomicU32::new(FREE), shared: false, value: UnsafeCell::new(value) }
    }

    /// A free lock that OS threads take without having the hub.
    pub const fn shared(value: T) -> Self {
        RawLock { word: AtomicU32::new(FREE), shared: true, value: UnsafeCell::new(value) }
    }

    #[inline(always)]
    fn local(&self) -> bool {
        !self.shared && sys::one_os_thread()
    }

    /// Take the lock.
    #[inline(always)]
    pub fn lock(&self) -> Held<'_, T> {
        let local = self.local() && self.word.load(Ordering::Relaxed) == FREE;
        if local {
            // Nobody can come between: there is no other OS thread, and signal
            // handlers do not run while our own code does.
            self.word.store(HELD, Ordering::Relaxed);
        } else if sys::cas_u32(&self.word, FREE, HELD, false) != FREE {
            self.lock_slow();
        }
        Held { lock: self, local }
    }

    #[cold]
    fn lock_slow(&self) {
        for _ in 0..100 {
            if sys::cas_u32(&self.word, FREE, HELD, false) == FREE {
                return;
            }
            core::hint::spin_loop();
        }
        while self.word.swap(AWAITED, Ordering::Acquire) != FREE {
            // A spurious return or a changed word both mean: look again.
            let _ = sys::futex_wait(&self.word, AWAITED, crate::time::NEVER);
        }
    }

    /// Take the lock if that is possible before `deadline`: for whoever may have
    /// interrupted its holder.
    pub fn try_lock_until(&self, deadline: u64) -> Option<Held<'_, T>> {
        while sys::cas_u32(&self.word, FREE, HELD, false) != FREE {
            if crate::time::now() >= deadline {
                return None;
            }
            let pause = crate::time::now() + crate::time::MILLISECOND;
            let _ = sys::futex_wait(&self.word, HELD, pause.min(deadline));
        }
        Some(Held { lock: self, local: false })
    }

    /// Whether somebody holds the lock at this moment.
    pub fn is_held(&self) -> bool {
        self.word.load(Ordering::Relaxed) != FREE
    }

    /// Look at the value without taking the lock.
    ///
    /// # Safety
    /// No other thread may run.
    pub unsafe fn peek(&self) -> &T {
        // SAFETY: by the caller's contract.
        unsafe { &*self.value.get() }
    }

    /// Make the lock free whoever held it: for the child of a fork, where the
    /// holder does not exist any more.
    pub fn reset(&self) {
        self.word.store(FREE, Ordering::Release);
    }
}

/// Proof that the lock is held; releases it when dropped.
pub struct Held<'a, T> {
    lock: &'a RawLock<T>,
    /// No other OS thread could wait for it: none begins to run while our own code
    /// holds it, except by a request of the holder's own.
    local: bool,
}

impl<T> Deref for Held<'_, T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Held<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, and the borrow of the guard is unique.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Held<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        let word = &self.lock.word;
        if self.local {
            word.store(FREE, Ordering::Relaxed);
        } else if word.swap(FREE, Ordering::Release) == AWAITED {
            sys::futex_wake(word.as_ptr(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_not_waited_for_for_ever() {
        let lock = RawLock::shared(1);
        let held = lock.lock();
        assert!(lock.try_lock_until(crate::time::after(1_000_000)).is_none());
        drop(held);
        assert!(lock.try_lock_until(0).is_some());
    }

    #[test]
    fn eight_threads_count_without_loss() {
        let lock = RawLock::new(0u64);
        std::thread::scope(|s| {
            for _ in 0..8 {
                s.spawn(|| (0..20_000).for_each(|_| *lock.lock() += 1));
            }
        });
        assert_eq!(*lock.lock(), 160_000);
    }
}
