//! A part of an object that few ever need: made when it is first asked for.
//!
//! ```text
//!   none ──get_or_make──▶ made, open          (the part itself may close later)
//!     │
//!     └──close──▶ closed ──get_or_make──▶ made, closed
//! ```
//! An object's end can be said once for parts that exist and for those that do not:
//! [`Rarely::close`] gives the part, if there is one, for the caller to close, and
//! otherwise sees to it that one which is made from here on is made closed.

use core::marker::PhantomData;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// What can be such a part.
pub(super) trait Part {
    /// A fresh one; `closed`: of an object that has ended.
    fn make(closed: bool) -> Self;
}

pub(super) struct Rarely<T: Part> {
    at: AtomicPtr<T>,
    _owns: PhantomData<T>,
}

/// No part, and its object has ended. (No box has this address.)
fn closed<T>() -> *mut T {
    ptr::without_provenance_mut(1)
}

impl<T: Part> Rarely<T> {
    pub(super) const fn new() -> Self {
        Rarely { at: AtomicPtr::new(ptr::null_mut()), _owns: PhantomData }
    }

    fn part(&self, at: *mut T) -> Option<&T> {
        // SAFETY: a box that lives as long as `self`.
        (!at.is_null() && at != closed()).then(|| unsafe { &*at })
    }

    /// The part, if it was ever made.
    #[inline]
    pub(super) fn get(&self) -> Option<&T> {
        self.part(self.at.load(Ordering::Acquire))
    }

    /// The part.
    pub(super) fn get_or_make(&self) -> &T {
        let mut seen = self.at.load(Ordering::Acquire);
        loop {
            if let Some(part) = self.part(seen) {
                return part;
            }
            let made = Box::into_raw(Box::new(T::make(!seen.is_null())));
            match self.at.compare_exchange(seen, made, Ordering::SeqCst, Ordering::Acquire) {
                // SAFETY: as in `part`.
                Ok(_) => return unsafe { &*made },
                Err(other) => {
                    // SAFETY: just made, and nobody's.
                    drop(unsafe { Box::from_raw(made) });
                    seen = other;
                }
            }
        }
    }

    /// The part, for the caller to close; `None`: there is none, and one that is made
    /// from here on is closed.
    #[inline]
    pub(super) fn close(&self) -> Option<&T> {
        let seen = self.at.load(Ordering::Acquire);
        if !seen.is_null() {
            return self.part(seen);
        }
        match self.at.compare_exchange(seen, closed(), Ordering::SeqCst, Ordering::Acquire) {
            Ok(_) => None,
            Err(other) => self.part(other),
        }
    }
}

impl<T: Part> Rarely<T> {
    /// [`close`](Self::close) where nobody else can look meanwhile; false, and nothing
    /// done, if there is a part.
    #[inline]
    pub(super) fn close_if_none(&self) -> bool {
        let none = self.get().is_none();
        if none {
            self.at.store(closed(), Ordering::Relaxed);
        }
        none
    }
}

impl<T: Part> Drop for Rarely<T> {
    fn drop(&mut self) {
        let at = *self.at.get_mut();
        if self.part(at).is_some() {
            // SAFETY: `self` owned it.
            drop(unsafe { Box::from_raw(at) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    struct Closed(bool);
    impl Part for Closed {
        fn make(closed: bool) -> Self {
            Closed(closed)
        }
    }

    #[test]
    fn an_open_part_stays_the_same_one() {
        let rarely = Rarely::<Closed>::new();
        assert!(rarely.get().is_none());
        let part = ptr::from_ref(rarely.get_or_make());
        assert!(!rarely.get_or_make().0);
        assert!(!rarely.close_if_none());
        assert!(ptr::eq(rarely.close().unwrap(), part), "who closes gets it");
        assert!(ptr::eq(rarely.get().unwrap(), part));
    }

    #[test]
    fn a_part_that_is_made_after_the_end_is_closed() {
        let rarely = Rarely::<Closed>::new();
        assert!(rarely.close().is_none());
        assert!(rarely.get().is_none());
        assert!(rarely.close().is_none(), "twice is once");
        assert!(rarely.close_if_none());
        assert!(rarely.get_or_make().0);
        assert!(rarely.get().unwrap().0);
    }

    #[test]
    fn the_part_is_dropped_with_its_object() {
        struct Held(Arc<()>);
        impl Part for Held {
            fn make(_: bool) -> Self {
                Held(Arc::new(()))
            }
        }
        let rarely = Rarely::<Held>::new();
        let held = Arc::downgrade(&rarely.get_or_make().0);
        assert!(held.upgrade().is_some());
        drop(rarely);
        assert!(held.upgrade().is_none());
        drop(Rarely::<Closed>::new());
    }

    #[test]
    fn many_that_ask_at_once_get_one_part() {
        let rarely = Rarely::<Closed>::new();
        let parts: Vec<usize> = std::thread::scope(|scope| {
            let ask = || ptr::from_ref(rarely.get_or_make()) as usize;
            let all: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            all.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(parts.iter().all(|&part| part == parts[0]));
    }
}
