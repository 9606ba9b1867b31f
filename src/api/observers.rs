//! Waiting for whichever of several objects is ready first: an object tells
//! its observers, and an observer notes who told it.

use super::guarded::Guarded;
use super::park;
use crate::wait::Reason;
use crate::{doorway, parking_lot, sys};
use core::sync::atomic::{fence, AtomicBool, AtomicU32, Ordering};
use std::collections::VecDeque;
use std::sync::Arc;

/// One who waits for several objects, each known by a number.
#[derive(Default)]
pub struct Observer {
    ready: Guarded<VecDeque<usize>>,
    /// How many were ever told; its address is what the observer parks on.
    told: AtomicU32,
}

impl core::fmt::Debug for Observer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}

impl Observer {
    /// Object number `index` is ready.
    pub(super) fn tell(&self, index: usize) {
        self.ready.lock().push_back(index);
        self.told.fetch_add(1, Ordering::Release);
        let _inside = doorway::enter();
        parking_lot::unpark_all(self.told.as_ptr() as usize);
    }

    /// The number of the next object that is ready; `None`: `deadline` came.
    pub(super) fn next(&self, deadline: u64) -> Option<usize> {
        loop {
            let seen = self.told.load(Ordering::Acquire);
            if let Some(index) = self.ready.lock().pop_front() {
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
pub(super) struct Observers {
    list: Guarded<Vec<(Arc<Observer>, usize)>>,
    /// There may be some: set before the object is looked at, read after it has
    /// changed.
    any: AtomicBool,
}

impl Observers {
    pub(super) const fn new() -> Self {
        Observers { list: Guarded::new(Vec::new()), any: AtomicBool::new(false) }
    }

    /// Tell `observer` once when the object gets ready: at once if `ready`,
    /// which is looked at when the observer is in the list.
    pub(super) fn add(&self, observer: &Arc<Observer>, index: usize, ready: impl Fn() -> bool) {
        self.list.lock().push((observer.clone(), index));
        self.any.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if ready() && self.remove(observer, index) {
            observer.tell(index);
        }
    }

    /// False if it has been told.
    pub(super) fn remove(&self, observer: &Arc<Observer>, index: usize) -> bool {
        let mut list = self.list.lock();
        let at = list.iter().position(|(o, i)| Arc::ptr_eq(o, observer) && *i == index);
        at.map(|at| list.swap_remove(at)).is_some()
    }

    /// The object is ready.
    pub(super) fn tell(&self) {
        if !sys::one_os_thread() {
            // Pairs with that in `add`.
            fence(Ordering::SeqCst);
        }
        if self.any.load(Ordering::SeqCst) {
            self.tell_all();
        }
    }

    #[cold]
    fn tell_all(&self) {
        self.any.store(false, Ordering::SeqCst);
        let list = core::mem::take(&mut *self.list.lock());
        for (observer, index) in list {
            observer.tell(index);
        }
    }
}
