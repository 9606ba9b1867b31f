//! The waiters of the addresses that share a hash, in the order of their coming.
//!
//! Buckets never grow: 2¹⁵ of them are less than a megabyte of zero pages,
//! and a million waiters on distinct addresses leave chains of thirty.

use crate::greenlet::Greenlet;
use crate::raw_lock::RawLock;
use core::cell::Cell;
use core::ptr;
use core::sync::atomic::AtomicU32;

const BUCKETS: usize = 1 << 15;

/// One waiter, on its own stack.
pub(super) struct Waiter {
    pub(super) key: Cell<usize>,
    pub(super) tag: u32,
    pub(super) prev: Cell<*const Waiter>,
    pub(super) next: Cell<*const Waiter>,
    pub(super) linked: Cell<bool>,
    /// Null: an OS thread that sleeps on `word`.
    pub(super) greenlet: *const Greenlet,
    pub(super) word: AtomicU32,
}

pub(super) const SLEEPS: u32 = 0;
pub(super) const WOKEN: u32 = 1;

pub(super) struct Bucket {
    pub(super) first: *const Waiter,
    pub(super) last: *const Waiter,
}

// SAFETY: waiters are reached only under the bucket's lock.
unsafe impl Send for Bucket {}

pub(super) static LOT: [RawLock<Bucket>; BUCKETS] =
    [const { RawLock::new(Bucket { first: ptr::null(), last: ptr::null() }) }; BUCKETS];

#[inline(always)]
pub(super) fn bucket(key: usize) -> &'static RawLock<Bucket> {
    // Fibonacci hashing; the low bits of an address say little.
    let hash = key.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as usize);
    &LOT[hash >> (usize::BITS - BUCKETS.trailing_zeros())]
}

impl Bucket {
    #[inline(always)]
    pub(super) fn push(&mut self, w: &Waiter) {
        w.prev.set(self.last);
        w.next.set(ptr::null());
        // SAFETY: linked waiters are alive.
        match unsafe { self.last.as_ref() } {
            Some(last) => last.next.set(w),
            None => self.first = w,
        }
        self.last = w;
        w.linked.set(true);
    }

    #[inline(always)]
    pub(super) fn unlink(&mut self, w: &Waiter) {
        let (prev, next) = (w.prev.get(), w.next.get());
        // SAFETY: neighbours are linked and therefore alive.
        unsafe {
            match prev.as_ref() {
                Some(p) => p.next.set(next),
                None => self.first = next,
            }
            match next.as_ref() {
                Some(n) => n.prev.set(prev),
                None => self.last = prev,
            }
        }
        w.linked.set(false);
    }
}
