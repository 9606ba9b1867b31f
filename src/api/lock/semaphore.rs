//! A counter of units that are taken and given back.

use super::super::deadline;
use super::super::guarded::Guarded;
use super::super::observers::{Observer, Observers};
use super::super::wait_any::{Sealed, Waitable};
use super::super::waiter::{Line, Verdict, Waiter};
use crate::time::NEVER;
use crate::wait::Reason;
use core::time::Duration;
use std::sync::Arc;

/// A counter that never falls below zero: who takes a unit when there is none
/// waits until one is released.
///
/// gevent: `gevent.lock.Semaphore`. Its `with` is a [`Permit`]; a unit may also
/// be released by somebody else, or more often than it was acquired.
///
/// ```
/// use geventrs::lock::Semaphore;
/// static TWO: Semaphore = Semaphore::new(2);
///
/// let first = TWO.acquire();
/// let second = TWO.acquire();
/// assert!(TWO.locked() && TWO.try_acquire().is_none());
/// let third = geventrs::spawn(|| drop(TWO.acquire()));
/// geventrs::yield_now();
/// assert!(!third.ready());
/// drop(first);
/// third.join(None);
/// # drop(second);
/// ```
pub struct Semaphore {
    state: Guarded<State>,
    observers: Observers,
}

struct State {
    /// Units that nobody has. Not zero only if nobody waits for a unit.
    units: usize,
    takers: Line,
    /// Those who wait for a unit to be there without taking it.
    watchers: Line,
}

impl Semaphore {
    /// A semaphore with so many units.
    pub const fn new(units: usize) -> Self {
        let state = State { units, takers: Line::new(), watchers: Line::new() };
        Semaphore { state: Guarded::new(state), observers: Observers::new() }
    }

    /// Takes a unit, waiting for one if there is none. It is released when the
    /// permit is dropped.
    ///
    /// ```
    /// let lock = geventrs::lock::Semaphore::new(1);
    /// {
    ///     let _permit = lock.acquire();
    ///     assert!(lock.locked());
    /// }
    /// assert!(!lock.locked());
    /// ```
    pub fn acquire(&self) -> Permit<'_> {
        self.take(NEVER);
        Permit { semaphore: self }
    }

    /// As [`acquire`](Self::acquire), for at most `timeout`. A
    /// [zero time-out](crate#zero-time-outs) lets others run and looks.
    ///
    /// ```
    /// use std::time::Duration;
    /// let none = geventrs::lock::Semaphore::new(0);
    /// assert!(none.acquire_timeout(Duration::from_millis(1)).is_none());
    /// ```
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<Permit<'_>> {
        self.take(deadline(Some(timeout))).then(|| Permit { semaphore: self })
    }

    /// Takes a unit if there is one; does not wait.
    ///
    /// gevent: `acquire(blocking=False)`.
    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        self.try_take().then(|| Permit { semaphore: self })
    }

    /// Adds a unit: hands it to whoever has waited longest, if anybody waits.
    ///
    /// ```
    /// let semaphore = geventrs::lock::Semaphore::new(0);
    /// semaphore.release();
    /// assert_eq!(semaphore.counter(), 1);
    /// semaphore.acquire().forget();
    /// assert_eq!(semaphore.counter(), 0);
    /// ```
    pub fn release(&self) {
        let mut state = self.state.lock();
        state.watchers.end_all(Verdict::Given);
        let taken = state.takers.end_first(Verdict::Given, |()| ());
        if !taken {
            state.units = state.units.saturating_add(1);
        }
        drop(state);
        if !taken {
            self.observers.tell();
        }
    }

    /// How many units can be taken without waiting.
    pub fn counter(&self) -> usize {
        self.state.lock().units
    }

    /// Whether there is no unit to take.
    pub fn locked(&self) -> bool {
        self.counter() == 0
    }

    /// Waits until a unit is released, or is there, for at most `timeout`,
    /// without taking it. Returns how many are there then, which may be none:
    /// somebody else may have taken it.
    ///
    /// ```
    /// use std::time::Duration;
    /// let semaphore = geventrs::lock::Semaphore::new(1);
    /// assert_eq!(semaphore.wait(None), 1);
    /// let _permit = semaphore.acquire();
    /// assert_eq!(semaphore.wait(Some(Duration::from_millis(1))), 0);
    /// ```
    ///
    /// (With [`Waitable`] in scope, an `Arc`'s or a `Box`'s `wait` is
    /// [that trait's](Waitable::wait).)
    pub fn wait(&self, timeout: Option<Duration>) -> usize {
        let mut state = self.state.lock();
        if state.units > 0 {
            return state.units;
        }
        let waiter = Waiter::new(());
        // SAFETY: `place` takes it out of the line, or its wait was ended.
        unsafe { state.watchers.join(&waiter) };
        drop(state);
        let mut place = Place { semaphore: self, waiter: &waiter, takes: false, over: false };
        place.over = self.wait_for(&waiter, deadline(timeout));
        drop(place);
        self.counter()
    }

    fn wait_for(&self, waiter: &Waiter, deadline: u64) -> bool {
        waiter.wait(Reason::Api("a semaphore"), deadline, || drop(self.state.lock_running()))
    }

    pub(super) fn try_take(&self) -> bool {
        let mut state = self.state.lock();
        let some = state.units > 0;
        state.units -= some as usize;
        some
    }

    /// Take a unit; false if `deadline` came first.
    pub(super) fn take(&self, deadline: u64) -> bool {
        let mut state = self.state.lock();
        if state.units > 0 {
            state.units -= 1;
            return true;
        }
        let waiter = Waiter::new(());
        // SAFETY: as above.
        unsafe { state.takers.join(&waiter) };
        drop(state);
        let mut place = Place { semaphore: self, waiter: &waiter, takes: true, over: false };
        let in_time = self.wait_for(&waiter, deadline);
        // The unit may have come since.
        let taken = in_time || !place.leave();
        place.over = true;
        taken
    }

    /// Whether `waiters` wait for a unit (for tests).
    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.state.lock().takers.len()
    }
}

/// One's place in the line, which is left when the wait is unwound.
struct Place<'a> {
    semaphore: &'a Semaphore,
    waiter: &'a Waiter,
    /// Among the takers, not the watchers.
    takes: bool,
    /// The wait has ended, and the place has been left.
    over: bool,
}

impl Place<'_> {
    /// False if the wait has been ended by a release.
    fn leave(&self) -> bool {
        let mut state = self.semaphore.state.lock_running();
        let line = if self.takes { &mut state.takers } else { &mut state.watchers };
        line.leave(self.waiter)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.over && !self.leave() && self.takes {
            // A unit was handed over to one who unwinds: it is the next one's.
            self.semaphore.release();
        }
    }
}

/// Ready when there is a unit to take, which [`wait`](crate::wait()) does not take.
impl Waitable for Semaphore {
    fn ready(&self) -> bool {
        !self.locked()
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        Semaphore::wait(self, timeout) > 0
    }
}

impl Sealed for Semaphore {
    fn observe(&self, observer: &Arc<Observer>, index: usize) {
        self.observers.add(observer, index, || !self.locked());
    }
    fn forget(&self, observer: &Arc<Observer>, index: usize) {
        self.observers.remove(observer, index);
    }
}

impl core::fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut state = self.state.lock();
        let waiting = state.takers.len();
        f.debug_struct("Semaphore")
            .field("counter", &state.units)
            .field("waiting", &waiting)
            .finish()
    }
}

/// A unit of a [`Semaphore`], released when this is dropped.
#[derive(Debug)]
#[must_use = "dropped at once, it is released at once"]
pub struct Permit<'a> {
    semaphore: &'a Semaphore,
}

impl Permit<'_> {
    /// Keeps the unit: it is released by [`Semaphore::release`] only.
    pub fn forget(self) {
        core::mem::forget(self);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.semaphore.release();
    }
}

#[cfg(test)]
mod tests {
    //! Waiters here are OS threads; `tests/api.rs` has greenlets.
    use super::*;

    fn until(condition: impl Fn() -> bool) {
        for _ in 0..5000 {
            if condition() {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("it did not come");
    }

    #[test]
    fn units_are_handed_over_in_the_order_of_the_line() {
        let semaphore = Semaphore::new(0);
        let order = std::sync::Mutex::new(vec![]);
        std::thread::scope(|s| {
            for i in 0..4 {
                let (semaphore, order) = (&semaphore, &order);
                s.spawn(move || {
                    semaphore.acquire().forget();
                    order.lock().unwrap().push(i);
                });
                until(|| semaphore.waiting() == i + 1);
            }
            for i in 0..4 {
                semaphore.release();
                assert!(!semaphore.try_take(), "it was handed over");
                until(|| order.lock().unwrap().len() == i + 1);
            }
        });
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3]);
    }

    #[test]
    fn threads_lose_no_unit() {
        let semaphore = Semaphore::new(3);
        std::thread::scope(|s| {
            for i in 0..8 {
                let semaphore = &semaphore;
                s.spawn(move || {
                    for n in 0..2_000 {
                        if (i + n) % 3 == 0 {
                            drop(semaphore.acquire_timeout(Duration::from_micros(n % 50)));
                        } else {
                            drop(semaphore.acquire());
                        }
                    }
                });
            }
        });
        assert_eq!((semaphore.counter(), semaphore.waiting()), (3, 0));
    }
}
