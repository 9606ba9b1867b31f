//! A semaphore that is always free.

use core::time::Duration;

/// A semaphore that is always free: for code that takes a semaphore where none is
/// wanted.
///
/// gevent: `gevent.lock.DummySemaphore`.
///
/// ```
/// use geventrs::lock::DummySemaphore;
/// static UNLIMITED: DummySemaphore = DummySemaphore::new();
/// let (_one, _two) = (UNLIMITED.acquire(), UNLIMITED.acquire());
/// assert!(!UNLIMITED.locked());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct DummySemaphore(());

/// What [`DummySemaphore`] gives out; dropping it does nothing.
#[derive(Debug)]
pub struct DummyPermit(());

impl DummyPermit {
    /// As dropping it.
    pub fn forget(self) {}
}

impl DummySemaphore {
    /// Free.
    pub const fn new() -> Self {
        DummySemaphore(())
    }

    /// Returns at once.
    pub fn acquire(&self) -> DummyPermit {
        DummyPermit(())
    }

    /// Returns at once, with a permit.
    pub fn acquire_timeout(&self, _timeout: Duration) -> Option<DummyPermit> {
        Some(DummyPermit(()))
    }

    /// Returns a permit.
    pub fn try_acquire(&self) -> Option<DummyPermit> {
        Some(DummyPermit(()))
    }

    /// Does nothing.
    pub fn release(&self) {}

    /// False.
    pub fn locked(&self) -> bool {
        false
    }
}
