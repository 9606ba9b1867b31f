//! A semaphore that notices when it is released too often.

use super::{Permit, Semaphore};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

/// A [`Semaphore`] whose counter never rises above where it began.
///
/// gevent: `gevent.lock.BoundedSemaphore`.
///
/// ```
/// use geventrs::lock::{BoundedSemaphore, OverReleased};
/// let lock = BoundedSemaphore::new(1);
/// assert_eq!(lock.release(), Err(OverReleased));
/// lock.acquire().forget();
/// assert_eq!(lock.release(), Ok(()));
/// ```
#[derive(Debug)]
pub struct BoundedSemaphore {
    inner: Semaphore,
    /// Units that were taken and that [`BoundedSemaphore::release`] may add:
    /// those of forgotten permits.
    forgotten: AtomicUsize,
}

/// It has been released more often than acquired.
///
/// gevent: the `ValueError` of `BoundedSemaphore.release`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverReleased;

impl core::fmt::Display for OverReleased {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the semaphore was released too often")
    }
}

impl std::error::Error for OverReleased {}

/// A unit of a [`BoundedSemaphore`], released when this is dropped.
#[derive(Debug)]
#[must_use = "dropped at once, it is released at once"]
pub struct BoundedPermit<'a> {
    owner: &'a BoundedSemaphore,
    permit: Permit<'a>,
}

impl BoundedPermit<'_> {
    /// Keeps the unit: it is released by [`BoundedSemaphore::release`] only.
    pub fn forget(self) {
        self.owner.forgotten.fetch_add(1, Ordering::AcqRel);
        self.permit.forget();
    }
}

impl BoundedSemaphore {
    /// A semaphore with so many units, and never more.
    pub const fn new(units: usize) -> Self {
        BoundedSemaphore { inner: Semaphore::new(units), forgotten: AtomicUsize::new(0) }
    }

    /// See [`Semaphore::acquire`].
    pub fn acquire(&self) -> BoundedPermit<'_> {
        BoundedPermit { owner: self, permit: self.inner.acquire() }
    }

    /// See [`Semaphore::acquire_timeout`].
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<BoundedPermit<'_>> {
        let permit = self.inner.acquire_timeout(timeout)?;
        Some(BoundedPermit { owner: self, permit })
    }

    /// See [`Semaphore::try_acquire`].
    pub fn try_acquire(&self) -> Option<BoundedPermit<'_>> {
        let permit = self.inner.try_acquire()?;
        Some(BoundedPermit { owner: self, permit })
    }

    /// Gives the unit of a forgotten permit back.
    ///
    /// # Errors
    /// [`OverReleased`] if there is none.
    pub fn release(&self) -> Result<(), OverReleased> {
        let less = |n: usize| n.checked_sub(1);
        match self.forgotten.fetch_update(Ordering::AcqRel, Ordering::Acquire, less) {
            Ok(_) => {
                self.inner.release();
                Ok(())
            }
            Err(_) => Err(OverReleased),
        }
    }

    /// See [`Semaphore::counter`].
    pub fn counter(&self) -> usize {
        self.inner.counter()
    }

    /// See [`Semaphore::locked`].
    pub fn locked(&self) -> bool {
        self.inner.locked()
    }

    /// See [`Semaphore::wait`].
    pub fn wait(&self, timeout: Option<Duration>) -> usize {
        self.inner.wait(timeout)
    }
}
