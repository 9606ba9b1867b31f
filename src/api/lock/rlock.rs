//! A lock that its owner may take again.

use super::Semaphore;
use core::cell::Cell;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;

std::thread_local! {
    static ME: Cell<u64> = const { Cell::new(NOBODY) };
}
const NOBODY: u64 = 0;
static NEXT: AtomicU64 = AtomicU64::new(NOBODY + 1);

/// A number of the calling greenlet or OS thread that no other ever has.
fn me() -> u64 {
    if ME.get() == NOBODY {
        ME.set(NEXT.fetch_add(1, Ordering::Relaxed));
    }
    ME.get()
}

/// A lock that belongs to one greenlet or OS thread at a time, which may take it
/// as often as it likes.
///
/// gevent: `gevent.lock.RLock`. Its `release` is the guard's drop, on the
/// greenlet that took it: a guard cannot be sent to another one.
///
/// ```
/// use geventrs::lock::RLock;
/// static LOCK: RLock = RLock::new();
/// let outer = LOCK.acquire();
/// let inner = LOCK.acquire();
/// let other = geventrs::spawn(|| LOCK.try_acquire().is_none());
/// drop(outer);
/// assert!(other.get().unwrap(), "it is held still");
/// drop(inner);
/// assert!(geventrs::spawn(|| LOCK.try_acquire().is_some()).get().unwrap());
/// ```
#[derive(Debug)]
pub struct RLock {
    lock: Semaphore,
    owner: AtomicU64,
    /// How often the owner has it; the owner's to change.
    depth: AtomicUsize,
}

impl RLock {
    /// A free lock.
    pub const fn new() -> Self {
        RLock { lock: Semaphore::new(1), owner: AtomicU64::new(NOBODY), depth: AtomicUsize::new(0) }
    }

    /// Takes the lock, waiting if somebody else has it.
    pub fn acquire(&self) -> RLockGuard<'_> {
        self.take(|lock| {
            lock.acquire().forget();
            true
        });
        RLockGuard::new(self)
    }

    /// As [`acquire`](Self::acquire), for at most `timeout`.
    ///
    /// ```
    /// use geventrs::lock::RLock;
    /// use std::time::Duration;
    /// static LOCK: RLock = RLock::new();
    /// let _mine = LOCK.acquire();
    /// let other = geventrs::spawn(|| LOCK.acquire_timeout(Duration::from_millis(1)).is_none());
    /// assert!(other.get().unwrap());
    /// ```
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<RLockGuard<'_>> {
        let taken = |lock: &Semaphore| lock.acquire_timeout(timeout).map(|p| p.forget()).is_some();
        self.take(taken).then(|| RLockGuard::new(self))
    }

    /// Takes the lock if it is free or the caller's; does not wait.
    pub fn try_acquire(&self) -> Option<RLockGuard<'_>> {
        self.take(Semaphore::try_take).then(|| RLockGuard::new(self))
    }

    /// Whether somebody has it.
    pub fn locked(&self) -> bool {
        self.lock.locked()
    }

    fn take(&self, lock: impl FnOnce(&Semaphore) -> bool) -> bool {
        if self.owner.load(Ordering::Relaxed) != me() {
            if !lock(&self.lock) {
                return false;
            }
            self.owner.store(me(), Ordering::Relaxed);
        }
        self.depth.fetch_add(1, Ordering::Relaxed);
        true
    }
}

impl RLock {
    /// As dropping a guard that was forgotten; false if the caller is not its owner.
    /// For the API for C.
    #[doc(hidden)]
    pub fn release_forgotten(&self) -> bool {
        let owned = self.owner.load(Ordering::Relaxed) == me();
        if owned {
            drop(RLockGuard::new(self));
        }
        owned
    }
}

impl Default for RLock {
    fn default() -> Self {
        Self::new()
    }
}

/// The lock is held until this, and every other guard of the owner's, is
/// dropped.
///
/// ```compile_fail,E0277
/// static LOCK: geventrs::lock::RLock = geventrs::lock::RLock::new();
/// let guard = LOCK.acquire();
/// geventrs::spawn(move || drop(guard)); // another greenlet must not release it
/// ```
#[derive(Debug)]
#[must_use = "dropped at once, it is released at once"]
pub struct RLockGuard<'a> {
    lock: &'a RLock,
    /// It belongs to the greenlet that took it.
    _of_this_greenlet: PhantomData<*const ()>,
}

impl<'a> RLockGuard<'a> {
    fn new(lock: &'a RLock) -> Self {
        RLockGuard { lock, _of_this_greenlet: PhantomData }
    }
}

impl Drop for RLockGuard<'_> {
    fn drop(&mut self) {
        if self.lock.depth.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.lock.owner.store(NOBODY, Ordering::Relaxed);
            self.lock.lock.release();
        }
    }
}
