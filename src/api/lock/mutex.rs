//! A value that one greenlet at a time may touch, across waits.

use super::Semaphore;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::time::Duration;

/// A value behind a lock that may be held across waits. `std::sync::Mutex` would
/// stop the hub there.
///
/// gevent has no such type; its users take a `BoundedSemaphore(1)`. It is not
/// poisoned: when its holder unwinds it is free again.
///
/// ```
/// use geventrs::lock::Mutex;
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// let total = Arc::new(Mutex::new(0));
/// let all: Vec<_> = (0..10)
///     .map(|_| {
///         let total = total.clone();
///         geventrs::spawn(move || {
///             let mut total = total.lock();
///             let seen = *total;
///             geventrs::sleep(Duration::from_millis(1));
///             *total = seen + 1;
///         })
///     })
///     .collect();
/// geventrs::joinall(&all, None);
/// assert_eq!(*total.lock(), 10);
/// ```
#[derive(Default)]
pub struct Mutex<T: ?Sized> {
    lock: Lock,
    value: UnsafeCell<T>,
}

struct Lock(Semaphore);

impl Default for Lock {
    fn default() -> Self {
        Lock(Semaphore::new(1))
    }
}

// SAFETY: the lock lets one at a time reach the value.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
// SAFETY: owning the mutex is owning the value.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}

impl<T> Mutex<T> {
    /// A free lock around `value`.
    pub const fn new(value: T) -> Self {
        Mutex { lock: Lock(Semaphore::new(1)), value: UnsafeCell::new(value) }
    }

    /// The value itself.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Takes the lock, waiting if somebody has it. Taking it twice waits for
    /// ever.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.lock.0.acquire().forget();
        MutexGuard { mutex: self, _send_as_value: PhantomData }
    }

    /// As [`lock`](Self::lock), for at most `timeout`.
    pub fn lock_timeout(&self, timeout: Duration) -> Option<MutexGuard<'_, T>> {
        self.lock.0.acquire_timeout(timeout)?.forget();
        Some(MutexGuard { mutex: self, _send_as_value: PhantomData })
    }

    /// Takes the lock if it is free; does not wait.
    ///
    /// ```
    /// let mutex = geventrs::lock::Mutex::new(1);
    /// let held = mutex.lock();
    /// assert!(mutex.try_lock().is_none());
    /// # drop(held);
    /// ```
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.lock.0.try_acquire()?.forget();
        Some(MutexGuard { mutex: self, _send_as_value: PhantomData })
    }

    /// The value of a mutex that nobody else can have.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: ?Sized + core::fmt::Debug> core::fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut shown = f.debug_struct("Mutex");
        match self.try_lock() {
            Some(value) => shown.field("value", &&*value),
            None => shown.field("value", &format_args!("<locked>")),
        };
        shown.finish()
    }
}

/// The value of a [`Mutex`], which is free again when this is dropped.
#[must_use = "dropped at once, it is released at once"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    /// Sent or shared, it sends or shares the value.
    _send_as_value: PhantomData<&'a mut T>,
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, and the guard is borrowed uniquely.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.mutex.lock.0.release();
    }
}

impl<T: ?Sized + core::fmt::Debug> core::fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        (**self).fmt(f)
    }
}
