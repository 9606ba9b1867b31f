//! The run queue: an intrusive first-in first-out list of runnable greenlets.
//!
//! Only the holder of the hub touches it. A greenlet is in at most one list at
//! a time (run queue, inject queue, free list), so one link field serves all.

use crate::arch;
use crate::greenlet::{Greenlet, BIRTH, LINE, WARM};
use core::cell::Cell;
use core::ptr;

/// Runnable greenlets, oldest first.
pub struct RunQueue {
    head: Cell<*const Greenlet>,
    tail: Cell<*const Greenlet>,
    /// How many have come, and how many of them are gone.
    pushed: Cell<u64>,
    popped: Cell<u64>,
}

/// Who was the newest in a queue, at some time.
#[derive(Clone, Copy)]
pub struct Mark {
    newest: *const Greenlet,
    pushed: u64,
}

impl Mark {
    /// Of an empty queue.
    pub const NONE: Mark = Mark { newest: ptr::null(), pushed: 0 };
}

impl RunQueue {
    /// An empty queue.
    pub const fn new() -> Self {
        RunQueue {
            head: Cell::new(ptr::null()),
            tail: Cell::new(ptr::null()),
            pushed: Cell::new(0),
            popped: Cell::new(0),
        }
    }

    /// Whether nobody is runnable.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.head.get().is_null()
    }

    /// How many are runnable.
    pub fn len(&self) -> usize {
        (self.pushed.get() - self.popped.get()) as usize
    }

    /// Append a greenlet that is in no list.
    #[inline(always)]
    pub fn push(&self, g: &'static Greenlet) {
        g.next.set(ptr::null());
        let tail = self.tail.replace(g);
        if tail.is_null() {
            self.head.set(g);
        } else {
            // SAFETY: a queued greenlet is alive until it is popped.
            unsafe { (*tail).next.set(g) };
        }
        self.pushed.set(self.pushed.get() + 1);
    }

    /// The oldest.
    pub fn first(&self) -> Option<&'static Greenlet> {
        // SAFETY: as in `push`.
        unsafe { self.head.get().as_ref() }
    }

    /// Take the oldest.
    #[inline(always)]
    pub fn pop(&self) -> Option<&'static Greenlet> {
        self.pop_if(|_| true)
    }

    /// Take the oldest if `wanted` says so of it.
    #[inline(always)]
    pub fn pop_if(
        &self,
        wanted: impl FnOnce(&'static Greenlet) -> bool,
    ) -> Option<&'static Greenlet> {
        // SAFETY: as in `push`.
        let g = unsafe { self.head.get().as_ref() }?;
        if !wanted(g) {
            return None;
        }
        self.head.set(g.next.get());
        if self.head.get().is_null() {
            self.tail.set(ptr::null());
        }
        self.popped.set(self.popped.get() + 1);
        Some(g)
    }

    /// Bring near what the next switches will touch: with many greenlets the stacks and
    /// control blocks are in no cache, and a switch would wait for each line in turn.
    /// The oldest one's stack, the rest of its control block and the thread-local
    /// word that says who runs; and the beginning of the control block of the one behind
    /// it, whose stack is brought near at the next switch.
    #[inline(always)]
    pub fn look_ahead(&self) {
        /// Lines from the stack's end up: what was stored there, and the frames of the
        /// hook that has left.
        const LINES: usize = 12;
        // SAFETY: as in `push`, here and below.
        let Some(first) = (unsafe { self.head.get().as_ref() }) else { return };
        // Before all others: the next switch asks it first.
        near(first.next.get().cast());
        let sp = first.sp.get();
        if sp.is_null() {
            // It has not begun.
            arch::prefetch(ptr::from_ref(first).cast::<u8>().wrapping_add(BIRTH));
        } else {
            for line in 0..LINES {
                arch::prefetch(sp.wrapping_add(LINE * line));
            }
            for line in 1..WARM / LINE {
                arch::prefetch(ptr::from_ref(first).cast::<u8>().wrapping_add(LINE * line));
            }
            near(first.near.get());
            arch::prefetch(first.tp().wrapping_offset(arch::current_offset()));
        }
    }

    /// Move all of `front`, in their order, before those who are here.
    pub fn put_before(&self, front: &RunQueue) {
        // SAFETY: as in `push`.
        let Some(last) = (unsafe { front.tail.get().as_ref() }) else { return };
        last.next.set(self.head.get());
        self.head.set(front.head.get());
        if self.tail.get().is_null() {
            self.tail.set(last);
        }
        self.pushed.set(self.pushed.get() + front.len() as u64);
        front.clear();
    }

    /// To tell later who is here now.
    pub fn mark(&self) -> Mark {
        Mark { newest: self.tail.get(), pushed: self.pushed.get() }
    }

    /// Take those who were here at `mark` and are still, in their order. Since then
    /// nobody was put before the others.
    pub fn take_until(&self, mark: Mark) -> RunQueue {
        let taken = RunQueue::new();
        let left = mark.pushed.saturating_sub(self.popped.get());
        // SAFETY: who came first goes first, and not all who had come until then are gone:
        // so the newest of them is not.
        let Some(newest) = (if left == 0 { None } else { unsafe { mark.newest.as_ref() } }) else {
            return taken;
        };
        taken.head.set(self.head.get());
        taken.tail.set(newest);
        taken.pushed.set(left);
        self.head.set(newest.next.replace(ptr::null()));
        if self.head.get().is_null() {
            self.tail.set(ptr::null());
        }
        self.popped.set(self.popped.get() + left);
        taken
    }

    /// Forget the contents (in the child of a fork).
    pub fn clear(&self) {
        self.head.set(ptr::null());
        self.tail.set(ptr::null());
        self.popped.set(self.pushed.get());
    }
}

/// Have memory brought near, if there is any: a processor takes long to find that nothing
/// is at null.
#[inline(always)]
fn near(at: *const u8) {
    if !at.is_null() {
        arch::prefetch(at);
    }
}

impl Default for RunQueue {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_in_first_out_and_reusable_when_empty() {
        let greenlets: Vec<&'static Greenlet> =
            (0..5).map(|_| &*Box::leak(Box::new(Greenlet::new()))).collect();
        let queue = RunQueue::new();
        for _ in 0..3 {
            assert!(queue.pop().is_none());
            greenlets.iter().for_each(|g| queue.push(g));
            assert_eq!(queue.len(), 5);
            for g in &greenlets {
                assert!(ptr::eq(queue.pop().unwrap(), *g));
            }
            assert!(queue.is_empty());
        }
    }

    #[test]
    fn those_who_were_here_at_a_mark_are_told_from_those_who_came_since() {
        let greenlets: Vec<&'static Greenlet> =
            (0..6).map(|_| &*Box::leak(Box::new(Greenlet::new()))).collect();
        let numbers = |queue: &RunQueue| -> Vec<usize> {
            let all: Vec<_> = core::iter::from_fn(|| queue.pop()).collect();
            assert_eq!((queue.is_empty(), queue.len()), (true, 0));
            all.iter().map(|g| greenlets.iter().position(|a| ptr::eq(*a, *g)).unwrap()).collect()
        };
        for popped in 0..5 {
            let queue = RunQueue::new();
            assert!(
                queue.take_until(queue.mark()).is_empty()
                    && queue.take_until(Mark::NONE).is_empty()
            );
            greenlets[..3].iter().for_each(|g| queue.push(g));
            let mark = queue.mark();
            greenlets[3..].iter().for_each(|g| queue.push(g));
            assert_eq!((0..popped).filter_map(|_| queue.pop()).count(), popped);
            let old = queue.take_until(mark);
            assert_eq!(
                (old.len(), queue.len()),
                (3usize.saturating_sub(popped), 6 - popped.max(3))
            );
            assert_eq!(numbers(&old), (popped.min(3)..3).collect::<Vec<_>>());
            assert!(queue.take_until(mark).is_empty());
            queue.push(greenlets[0]);
            let since: Vec<_> = (popped.max(3)..6).chain([0]).collect();
            assert_eq!(numbers(&queue), since);
        }
        let queue = RunQueue::new();
        queue.push(greenlets[0]);
        assert_eq!(numbers(&queue.take_until(queue.mark())), [0]);
        queue.push(greenlets[1]);
        assert_eq!(numbers(&queue), [1]);
    }

    #[test]
    fn those_in_front_keep_their_order() {
        let greenlets: Vec<&'static Greenlet> =
            (0..6).map(|_| &*Box::leak(Box::new(Greenlet::new()))).collect();
        let (queue, front) = (RunQueue::new(), RunQueue::new());
        queue.put_before(&front);
        assert!(queue.is_empty());
        greenlets[..2].iter().for_each(|g| front.push(g));
        queue.put_before(&front);
        assert!(front.is_empty() && queue.len() == 2);
        queue.push(greenlets[2]);
        greenlets[3..5].iter().for_each(|g| front.push(g));
        queue.put_before(&front);
        queue.push(greenlets[5]);
        for n in [3, 4, 0, 1, 2, 5] {
            assert!(ptr::eq(queue.pop().unwrap(), greenlets[n]));
        }
        assert!(queue.is_empty() && front.pop().is_none());
    }
}
