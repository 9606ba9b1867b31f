//! One who waits in an object's line, and the line: first come, first served.
//!
//! Whoever ends the wait takes the waiter out of the line under the object's
//! lock, leaves a verdict, and wakes it. So what it waits for is handed over,
//! and nobody who comes later can take it away.

use super::park;
use crate::wait::Reason;
use crate::{doorway, parking_lot};
use core::sync::atomic::{AtomicU32, Ordering};
use std::collections::VecDeque;
use std::sync::Arc;

/// How a wait has ended, as its ender says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Verdict {
    /// Not at all.
    None = 0,
    /// What it waits for is its own now.
    Given = 1,
    /// It will not come.
    Refused = 2,
}

/// One who waits.
pub(super) struct Waiter {
    verdict: AtomicU32,
}

impl Waiter {
    pub(super) const fn new() -> Self {
        Waiter { verdict: AtomicU32::new(Verdict::None as u32) }
    }

    /// Wait for a verdict until `deadline`; false if that came first. Unwinds
    /// as [`park::park`] does.
    pub(super) fn wait(&self, reason: Reason, deadline: u64) -> bool {
        park::park(self.key(), reason, deadline, || self.verdict() == Verdict::None)
    }

    pub(super) fn verdict(&self) -> Verdict {
        match self.verdict.load(Ordering::Acquire) {
            0 => Verdict::None,
            1 => Verdict::Given,
            _ => Verdict::Refused,
        }
    }

    /// End the wait. Not from inside our code.
    pub(super) fn end(&self, verdict: Verdict) {
        self.verdict.store(verdict as u32, Ordering::Release);
        let _inside = doorway::enter();
        parking_lot::unpark_one(self.key());
    }

    fn key(&self) -> usize {
        self.verdict.as_ptr() as usize
    }
}

/// Those who wait, in the order in which they came. `W` holds a [`Waiter`].
pub(super) struct Line<W> {
    waiters: VecDeque<Arc<W>>,
}

impl<W> Line<W> {
    pub(super) const fn new() -> Self {
        Line { waiters: VecDeque::new() }
    }

    pub(super) fn join(&mut self, waiter: Arc<W>) {
        self.waiters.push_back(waiter);
    }

    /// Take the first one out.
    pub(super) fn next(&mut self) -> Option<Arc<W>> {
        self.waiters.pop_front()
    }

    pub(super) fn first(&self) -> Option<&Arc<W>> {
        self.waiters.front()
    }

    /// Take all out.
    pub(super) fn take(&mut self) -> VecDeque<Arc<W>> {
        core::mem::take(&mut self.waiters)
    }

    /// Take `waiter` out, wherever it stands. False if it is not there: its
    /// wait has been ended.
    pub(super) fn leave(&mut self, waiter: &Arc<W>) -> bool {
        match self.waiters.iter().position(|w| Arc::ptr_eq(w, waiter)) {
            Some(at) => self.waiters.remove(at).is_some(),
            None => false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiters.len()
    }
}
