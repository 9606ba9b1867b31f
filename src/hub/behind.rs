//! Who waits behind a long turn, and who goes before.
//!
//! First come, first served is right while turns are short. But where many compute, a
//! sleeper whose time has come, or a reader whose bytes are here, would wait for a turn of
//! each, where the kernel's scheduler lets it run soon. So after a *long turn* (a slice
//! was used up, or turns took long since timers and descriptors were looked at last) all
//! who were runnable are set *aside*, in their order; who was woken since they were set aside
//! the last time, who is due, and whom those wake, run first:
//!
//! | then | those aside |
//! |---|---|
//! | nobody else is runnable | are the run queue again, behind one of the hogs each second time |
//! | turns are short until the next look | have as many turns as the others had in that time |
//! | a long turn of one who was due | one of them has its turn |
//! | a long turn of one of them | wait for who is due now |
//! | somebody new, or who yields, becomes runnable | are joined by him |
//!
//! So there is a turn of theirs between any few long turns of others, and nobody starves:
//! the tests below hold random programs to a bound.
//!
//! *Hogs* are those whose turn was ended while they computed. They run when nobody else
//! can, and one of them at each look, or at each second one if there are others aside.

use super::Hub;
use crate::greenlet::Greenlet;
use crate::run_queue::{Mark, RunQueue};
use core::cell::Cell;

/// Those behind. The holder's.
pub(super) struct Behind {
    aside: RunQueue,
    hogs: RunQueue,
    /// All in the run queue were due at a look after a long turn, or were woken since.
    /// Otherwise nobody is aside.
    only_due: Cell<bool>,
    /// So many of those behind have their turn next.
    left: Cell<u32>,
    /// The first of them shall be a hog.
    hogs_turn: Cell<bool>,
    /// So many turns of theirs there were since the last look.
    ran: Cell<u32>,
    /// Who was in the run queue when those aside were put there.
    were_aside: Cell<Mark>,
}

impl Behind {
    pub(super) const fn new() -> Self {
        Behind {
            aside: RunQueue::new(),
            hogs: RunQueue::new(),
            only_due: Cell::new(false),
            left: Cell::new(0),
            hogs_turn: Cell::new(true),
            ran: Cell::new(0),
            were_aside: Cell::new(Mark::NONE),
        }
    }

    /// Whether nobody is.
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.aside.is_empty() && self.hogs.is_empty()
    }

    /// Whether somebody was interrupted while he computed and is runnable.
    pub(super) fn has_hogs(&self) -> bool {
        !self.hogs.is_empty()
    }

    /// Whether one of them comes before the run queue.
    #[inline(always)]
    pub(super) fn is_next(&self) -> bool {
        self.left.get() != 0
    }

    /// `g` was interrupted while it computed.
    pub(super) fn push_hog(&self, g: &'static Greenlet) {
        self.hogs.push(g);
    }

    /// Before those who are due at a look join the run queue: who comes first, after
    /// `turns` since the last look that were `long`.
    pub(super) fn order(&self, run: &RunQueue, long: bool, turns: u32) {
        let theirs = self.ran.replace(0);
        let ran = theirs != 0;
        self.left.set(0);
        if long && !self.only_due.replace(true) {
            self.set_aside(run);
        } else if self.aside.is_empty() {
            self.only_due.set(long);
            self.left.set(u32::from(self.has_hogs() && !(long && ran)));
        } else if !long {
            self.left.set(turns.saturating_sub(theirs));
        } else if !ran {
            self.left.set(1);
        }
    }

    /// Set aside all but those who have come since the last time and were woken: a long turn
    /// may be why they have not run yet.
    fn set_aside(&self, run: &RunQueue) {
        self.aside.put_before(&run.take_until(self.were_aside.get()));
        let since = run.take_until(run.mark());
        while let Some(g) = since.pop() {
            if g.has_waited() {
                run.push(g);
            } else {
                self.aside.push(g);
            }
        }
    }

    /// `g` is runnable, and has waited for nothing.
    #[inline(always)]
    pub(super) fn queue(&self, run: &RunQueue, g: &'static Greenlet) {
        if self.only_due.get() {
            self.aside.push(g);
        } else {
            run.push(g);
        }
    }

    /// One of those behind, if it is their turn.
    #[inline(always)]
    pub(super) fn next(&self) -> Option<&'static Greenlet> {
        if self.is_next() {
            self.pop()
        } else {
            None
        }
    }

    #[cold]
    fn pop(&self) -> Option<&'static Greenlet> {
        self.left.set(self.left.get() - 1);
        let before = self.ran.replace(self.ran.get() + 1);
        if before == 0 && (self.aside.is_empty() || self.is_hogs_turn()) {
            if let Some(g) = self.hogs.pop() {
                return Some(g);
            }
        }
        self.aside.pop()
    }

    /// Each second time.
    fn is_hogs_turn(&self) -> bool {
        self.hogs_turn.replace(!self.hogs_turn.get())
    }

    /// The run queue is empty: those aside are it. False: there are none.
    #[inline]
    pub(super) fn take_up(&self, run: &RunQueue) -> bool {
        if self.aside.is_empty() {
            return false;
        }
        if self.has_hogs() && self.is_hogs_turn() {
            // If they all take long, there is no look between two of these.
            self.hogs.pop().into_iter().for_each(|g| run.push(g));
            self.aside.put_before(run);
        }
        run.put_before(&self.aside);
        self.were_aside.set(run.mark());
        self.only_due.set(false);
        true
    }

    /// Nobody else is runnable: a hog.
    pub(super) fn pop_hog(&self) -> Option<&'static Greenlet> {
        self.ran.set(self.ran.get() + 1);
        // Who joins the run queue now was woken since.
        self.only_due.set(true);
        self.hogs.pop()
    }

    /// Forget all (in the child of a fork).
    pub(super) fn clear(&self) {
        self.aside.clear();
        self.hogs.clear();
        self.were_aside.set(Mark::NONE);
        self.only_due.set(false);
        self.left.set(0);
    }
}

impl Hub {
    /// `g` is runnable, and has waited for nothing: it is new, or yields.
    #[inline(always)]
    pub(super) fn queue(&self, g: &'static Greenlet) {
        self.behind.queue(&self.run, g);
    }
}

#[cfg(test)]
mod model;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::{Reason, Wake};
    use core::ptr;

    /// A hub's queues, with greenlets known by their place.
    struct Queues {
        run: RunQueue,
        behind: Behind,
        all: Vec<&'static Greenlet>,
    }

    impl Queues {
        fn new() -> Self {
            let all = (0..10).map(|_| &*Box::leak(Box::new(Greenlet::new()))).collect();
            Queues { run: RunQueue::new(), behind: Behind::new(), all }
        }

        fn queue(&self, those: &[usize]) {
            those.iter().for_each(|n| self.behind.queue(&self.run, self.all[*n]));
        }

        fn hogs(&self, those: &[usize]) {
            those.iter().for_each(|n| self.behind.push_hog(self.all[*n]));
        }

        /// A look, at which `due` are due.
        fn look(&self, long: bool, turns: u32, due: &[usize]) {
            self.behind.order(&self.run, long, turns);
            due.iter().for_each(|n| self.run.push(self.all[*n]));
        }

        /// Who runs, as the hub's loop chooses.
        fn next(&self) -> Option<usize> {
            let of_run = || self.behind.next().or_else(|| self.run.pop());
            let g = of_run()
                .or_else(|| if self.behind.take_up(&self.run) { self.run.pop() } else { None })
                .or_else(|| if self.behind.has_hogs() { self.behind.pop_hog() } else { None })?;
            self.all.iter().position(|a| ptr::eq(*a, g))
        }

        fn order(&self) -> Vec<usize> {
            core::iter::from_fn(|| self.next()).collect()
        }
    }

    const LONG: bool = true;
    const SHORT: bool = false;

    #[test]
    fn short_turns_are_first_come_first_served() {
        let q = Queues::new();
        q.queue(&[0, 1]);
        q.look(SHORT, 64, &[2]);
        q.queue(&[3]);
        assert_eq!(q.order(), [0, 1, 2, 3]);
    }

    #[test]
    fn after_a_long_turn_who_is_due_goes_first_and_the_others_in_their_order() {
        let q = Queues::new();
        q.queue(&[0, 1, 2]);
        assert_eq!(q.next(), Some(0));
        q.look(LONG, 1, &[3, 4]);
        assert_eq!(q.next(), Some(3));
        // Woken by 3; new; yields.
        q.run.push(q.all[5]);
        q.queue(&[6, 3]);
        assert_eq!(q.order(), [4, 5, 1, 2, 6, 3]);
        q.queue(&[7]);
        q.run.push(q.all[8]);
        assert_eq!(q.order(), [7, 8], "as before");
    }

    #[test]
    fn who_was_woken_while_those_aside_run_is_not_set_aside_with_them() {
        let q = Queues::new();
        let wake = |n: usize| {
            q.all[n].begin_wait(Reason::Sleep);
            assert!(q.all[n].claim(Wake::Notified));
            q.run.push(q.all[n]);
        };
        q.queue(&[0, 1, 2, 3]);
        wake(7);
        assert_eq!(q.next(), Some(0));
        q.look(LONG, 1, &[]);
        assert_eq!([q.next(), q.next()], [Some(7), Some(1)]);
        // New; woken, each before a look.
        q.queue(&[4]);
        wake(8);
        q.look(LONG, 1, &[6]);
        assert_eq!(q.next(), Some(8));
        assert_eq!(q.order(), [6, 2, 3, 4]);
    }

    #[test]
    fn those_who_are_due_and_take_long_share_with_those_aside() {
        let q = Queues::new();
        q.queue(&[0, 1, 2]);
        q.look(LONG, 1, &[3, 4, 5]);
        assert_eq!(q.next(), Some(3));
        q.look(LONG, 1, &[3]);
        assert_eq!(q.next(), Some(0), "one of those aside");
        q.look(LONG, 1, &[6]);
        assert_eq!(q.next(), Some(4), "who was due before");
        q.look(LONG, 1, &[]);
        assert_eq!(q.next(), Some(1));
        assert_eq!(q.order(), [5, 3, 6, 2]);
    }

    #[test]
    fn while_turns_are_short_those_aside_have_as_many() {
        let q = Queues::new();
        q.queue(&[0, 1, 2]);
        q.look(LONG, 1, &[3, 4, 5, 6]);
        assert_eq!(q.next(), Some(3));
        assert_eq!(q.next(), Some(4));
        q.look(SHORT, 2, &[7]);
        assert!(q.behind.is_next());
        assert_eq!(q.order(), [0, 1, 5, 6, 7, 2]);
        q.look(SHORT, 2, &[]);
        q.queue(&[0]);
        q.run.push(q.all[1]);
        assert_eq!(q.order(), [0, 1]);
    }

    #[test]
    fn a_hog_runs_at_each_look_and_when_nobody_else_can() {
        let q = Queues::new();
        q.hogs(&[8, 9]);
        q.queue(&[0, 1, 2, 3]);
        q.look(SHORT, 64, &[]);
        assert_eq!([q.next(), q.next()], [Some(8), Some(0)]);
        q.look(SHORT, 64, &[]);
        assert_eq!([q.next(), q.next()], [Some(9), Some(1)]);
        q.hogs(&[8]);
        assert_eq!(q.order(), [2, 3, 8]);
        q.hogs(&[8]);
        // Whom 8 has woken goes before it.
        q.run.push(q.all[0]);
        q.look(LONG, 1, &[1]);
        assert_eq!(q.order(), [0, 1, 8]);
        assert!(q.behind.is_empty());
    }

    #[test]
    fn hogs_and_those_aside_take_turns() {
        let q = Queues::new();
        q.hogs(&[8, 9]);
        q.queue(&[0, 1, 2]);
        q.look(LONG, 1, &[3, 4, 5, 6]);
        let mut order = Vec::new();
        for _ in 0..8 {
            order.extend(q.next());
            q.look(LONG, 1, &[]);
        }
        assert_eq!(order, [3, 8, 4, 0, 5, 9, 6, 1]);
    }

    #[test]
    fn those_aside_have_no_more_turns_than_the_others() {
        let q = Queues::new();
        q.queue(&[0, 1]);
        q.look(LONG, 1, &[5, 6]);
        let mut order = Vec::new();
        for _ in 0..4 {
            // Who was aside yields, and is there again.
            q.look(SHORT, 2, &[]);
            for _ in 0..2 {
                let Some(n) = q.next() else { continue };
                order.push(n);
                q.queue(&[n]);
            }
        }
        assert_eq!(order, [0, 1, 5, 6, 0, 1, 5, 6]);
    }

    #[test]
    fn a_hog_runs_beside_others_who_take_long_and_yield() {
        let q = Queues::new();
        q.hogs(&[8, 9]);
        q.queue(&[0, 1]);
        let mut order = Vec::new();
        for _ in 0..8 {
            q.look(LONG, 1, &[]);
            let Some(n) = q.next() else { break };
            order.push(n);
            if n < 8 {
                q.queue(&[n]);
            } else {
                q.hogs(&[n]);
            }
        }
        assert_eq!(order, [8, 0, 9, 1, 8, 0, 9, 1]);
    }

    #[test]
    fn nobody_starves() {
        // Two who are due again at each look and take long.
        let q = Queues::new();
        q.queue(&[0, 1]);
        q.hogs(&[9]);
        q.look(LONG, 1, &[5, 6]);
        let (mut seen, mut last) = ([false; 10], 5);
        for _ in 0..12 {
            let Some(n) = q.next() else { break };
            seen[n] = true;
            let again = if (5..9).contains(&last) { vec![last] } else { vec![] };
            last = n;
            q.look(LONG, 1, &again);
        }
        assert!([0, 1, 5, 6, 9].iter().all(|n| seen[*n]), "{seen:?}");
    }

    #[test]
    fn nothing_is_left_in_the_child_of_a_fork() {
        let q = Queues::new();
        q.hogs(&[9]);
        q.queue(&[0]);
        q.look(LONG, 1, &[]);
        q.behind.clear();
        assert!(q.behind.is_empty() && q.next().is_none());
        q.queue(&[1]);
        assert_eq!(q.order(), [1]);
    }
}
