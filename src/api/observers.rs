//! Waiting for whichever of several objects is ready first: an object tells
//! its observers, and an observer notes who told it.

use super::park;
use crate::wait::Reason;
use crate::{doorway, parking_lot};
use core::sync::atomic::{AtomicU32, Ordering};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Nothing of the program's runs under these locks, and nobody waits there.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One who waits for several objects, each known by a number.
#[derive(Debug, Default)]
pub struct Observer {
    ready: Mutex<VecDeque<usize>>,
    /// How many were ever told; its address is what the observer parks on.
    told: AtomicU32,
}

impl Observer {
    /// Object number `index` is ready.
    pub(super) fn tell(&self, index: usize) {
        held(&self.ready).push_back(index);
        self.told.fetch_add(1, Ordering::Release);
        let _inside = doorway::enter();
        parking_lot::unpark_all(self.told.as_ptr() as usize);
    }

    /// The number of the next object that is ready; `None`: `deadline` came.
    pub(super) fn next(&self, deadline: u64) -> Option<usize> {
        loop {
            let seen = self.told.load(Ordering::Acquire);
            if let Some(index) = held(&self.ready).pop_front() {
                return Some(index);
            }
            let still = || self.told.load(Ordering::Acquire) == seen;
            let key = self.told.as_ptr() as usize;
            if !park::park(key, Reason::Api("any of several objects"), deadline, still) {
                return None;
            }
        }
    }
}

/// Who wants to hear of an object, and under which number.
#[derive(Default)]
pub(super) struct Observers(Mutex<Vec<(Arc<Observer>, usize)>>);

impl Observers {
    pub(super) const fn new() -> Self {
        Observers(Mutex::new(Vec::new()))
    }

    /// Tell `observer` once when the object gets ready: at once if `ready`,
    /// which is looked at when the observer is in the list.
    pub(super) fn add(&self, observer: &Arc<Observer>, index: usize, ready: impl Fn() -> bool) {
        held(&self.0).push((observer.clone(), index));
        if ready() && self.remove(observer, index) {
            observer.tell(index);
        }
    }

    /// False if it has been told.
    pub(super) fn remove(&self, observer: &Arc<Observer>, index: usize) -> bool {
        let mut list = held(&self.0);
        let at = list.iter().position(|(o, i)| Arc::ptr_eq(o, observer) && *i == index);
        at.map(|at| list.swap_remove(at)).is_some()
    }

    /// The object is ready.
    pub(super) fn tell(&self) {
        let list = core::mem::take(&mut *held(&self.0));
        for (observer, index) in list {
            observer.tell(index);
        }
    }
}
