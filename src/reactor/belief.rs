//! Descriptors that are believed to be drained, and when that is put to the test.
//!
//! A reader that got exactly what it asked for cannot tell whether that was all, and
//! protocols with lengths in their headers read like that: each request would end with an
//! attempt in vain. So the table learns how many reads succeed between two waits
//! ([`Cycle`]). When that repeats, the next reader parks without an attempt
//! ([`Reactor::believes_drained`]).
//!
//! It could be wrong: then what it waits for is there already, and no edge will tell. So
//! **every belief is put to the test before the hub waits in the kernel**, or is left with
//! a carrier that does so already, all of them by one poll(2). Most never are, for an event
//! comes first.
//!
//! # States of a descriptor's reading side
//!
//! | state | `ready` has [`READ`] | `believed` | leaves to |
//! |---|---|---|---|
//! | may be ready | yes | 0 | drained: an attempt in vain, or a read that proves it. Believed: a reader expects nothing |
//! | drained | no | 0 | may be ready: an event, or somebody here who has done something to the other end |
//! | believed | no | the round | may be ready: as above, or the test finds something, or finds nobody who waits. Drained: the test finds nothing; an attempt in vain |
//!
//! # When
//!
//! A round is a look at epoll's list. Two things make a test worth nothing: an edge that
//! waits in that list says the same for free, and after the test it would be told once
//! more. A round that takes less than it could take has emptied the list, so what is
//! believed is tested after it. While a server is so busy that each round is full, beliefs
//! wait until the list must have gone round once: it is first in, first out, and not longer
//! than the number of waits.

use super::table::FdTable;
use super::waiter::FdWaiter;
use super::{Look, Reactor, EVENTS, READ, URGENT};
use crate::run_queue::RunQueue;
use crate::syscall;
use std::collections::VecDeque;

/// How many reads succeed between two waits.
#[derive(Clone, Copy)]
pub(super) struct Cycle {
    /// Since the last wait.
    pub(super) reads: u8,
    /// Between the two waits before.
    usual: u8,
    /// How often that was the same.
    repeats: u8,
}

/// Repetitions after which a cycle is believed.
const REPEATS: u8 = 2;

impl Cycle {
    pub(super) const fn new() -> Self {
        Cycle { reads: 0, usual: 0, repeats: 0 }
    }

    /// A read has succeeded.
    #[inline]
    pub(super) fn has_read(&mut self) {
        self.reads = self.reads.saturating_add(1);
    }

    /// A read was attempted in vain: the end of a cycle.
    #[inline]
    pub(super) fn ended(&mut self) {
        self.repeats = if self.reads == self.usual { self.repeats.saturating_add(1) } else { 0 };
        self.usual = self.reads;
        self.reads = 0;
    }

    /// If all goes on as it did, the next read would be in vain.
    #[inline]
    fn is_over(&self) -> bool {
        self.repeats >= REPEATS && self.reads == self.usual && self.reads != 0
    }

    /// It was believed to be over.
    #[inline]
    fn believed(&mut self) {
        self.reads = 0;
    }

    /// It was not over: learn anew.
    fn was_wrong(&mut self) {
        self.repeats = 0;
    }
}

/// A descriptor of which something was believed, in which life of its, and in which round.
/// It still is if the table says the same.
#[derive(Clone, Copy)]
struct Belief {
    fd: u32,
    generation: u32,
    round: u32,
}

/// Those that may have to be tested, oldest first.
pub(super) struct Beliefs {
    queue: VecDeque<Belief>,
    /// Never 0.
    round: u32,
    /// Of one test.
    asked: Vec<libc::pollfd>,
}

/// Beliefs at a time. (More readers than that make their attempts.)
const MOST: usize = 1 << 16;
/// Descriptors asked for in one call.
const AT_ONCE: usize = 256;

impl Beliefs {
    pub(super) fn new() -> Self {
        Beliefs { queue: VecDeque::new(), round: 1, asked: Vec::with_capacity(AT_ONCE) }
    }

    /// Note one. `None`: there is no room. Else the round.
    #[inline]
    fn add(&mut self, fd: u32, generation: u32) -> Option<u32> {
        if self.queue.len() >= MOST || self.queue.try_reserve(1).is_err() {
            return None;
        }
        let round = self.round;
        self.queue.push_back(Belief { fd, generation, round });
        Some(round)
    }

    /// epoll's list is looked at.
    #[inline]
    pub(super) fn next_round(&mut self) {
        self.round = self.round.wrapping_add(1).max(1);
    }
}

impl Reactor {
    /// Whether the next read of `fd` would be in vain if all goes on as it did. True: the
    /// caller waits without an attempt.
    #[inline]
    pub fn believes_drained(&mut self, fd: i32) -> bool {
        let Some(entry) = self.table.entries.get_mut(fd as usize) else {
            return false;
        };
        let certain = entry.sticky || entry.filled || entry.registered & READ == 0;
        if certain || !entry.cycle.is_over() {
            return false;
        }
        let Some(round) = self.beliefs.add(fd as u32, entry.generation) else {
            return false;
        };
        entry.cycle.believed();
        entry.ready &= !READ;
        entry.believed = round;
        true
    }

    /// Whether something must be looked at ([`Reactor::poll`] without waiting) before the
    /// hub may wait.
    #[inline]
    pub fn has_beliefs(&self) -> bool {
        !self.beliefs.queue.is_empty()
    }

    /// Put all to the test, without a look at epoll's list: the hub is to be left with
    /// somebody who waits in the kernel.
    pub fn settle_all(&mut self, run: &RunQueue) {
        self.settle(true, &mut Look { ahead: 0 }, run);
    }

    /// The wait of `waiter`, which is still linked, was interrupted. Who only believed that
    /// it had to wait must not be told so if it had not: [`FdWaiter::came_first`].
    #[cold]
    pub fn interrupted(&mut self, waiter: &FdWaiter, run: &RunQueue) {
        self.settle_all(run);
        let ready = self.table.entries.get(waiter.fd as usize).map_or(0, |e| e.ready);
        waiter.came_first.set(ready & waiter.mask != 0);
    }

    /// Put to the test what is old enough; all, if epoll's list was `emptied` after it was
    /// believed.
    pub(super) fn settle(&mut self, emptied: bool, look: &mut Look, run: &RunQueue) {
        if self.beliefs.queue.is_empty() {
            return;
        }
        let gone_round = (self.table.waiting() / EVENTS + 2) as u32;
        let round = self.beliefs.round;
        while let Some(&b) = self.beliefs.queue.front() {
            if !emptied && round.wrapping_sub(b.round) <= gone_round {
                break;
            }
            self.beliefs.queue.pop_front();
            if stands(&mut self.table, b) {
                let events = libc::POLLIN | libc::POLLPRI;
                self.beliefs.asked.push(libc::pollfd { fd: b.fd as i32, events, revents: 0 });
                if self.beliefs.asked.len() == AT_ONCE {
                    self.test(look, run);
                }
            }
        }
        if !self.beliefs.asked.is_empty() {
            self.test(look, run);
        }
    }

    /// Ask the kernel, and wake those for whom there is something after all.
    fn test(&mut self, look: &mut Look, run: &RunQueue) {
        let zero = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let asked = &mut self.beliefs.asked;
        // SAFETY: so many entries that the kernel may write to; the span is read only.
        let answered = unsafe {
            syscall!(libc::SYS_ppoll, asked.as_mut_ptr(), asked.len(), &raw const zero, 0, 8)
        };
        for i in 0..self.beliefs.asked.len() {
            let one = self.beliefs.asked[i];
            // Without an answer (no memory, a sandbox) the readers try for themselves.
            let revents = if answered.is_ok() { one.revents } else { libc::POLLIN };
            if revents == 0 {
                continue;
            }
            let urgent = revents & libc::POLLPRI != 0;
            if let Some(entry) = self.table.entries.get_mut(one.fd as usize) {
                entry.cycle.was_wrong();
                entry.sticky |= urgent || revents & !libc::POLLIN != 0;
                entry.tell(if urgent { READ | URGENT } else { READ }, look, run);
            }
        }
        self.beliefs.asked.clear();
    }
}

/// Whether it is still believed, and somebody waits because of that. It is not believed any
/// longer then.
fn stands(table: &mut FdTable, b: Belief) -> bool {
    let Some(entry) = table.entries.get_mut(b.fd as usize) else {
        return false;
    };
    if entry.generation != b.generation || entry.believed != b.round {
        return false;
    }
    entry.believed = 0;
    let waited_for = entry.has_waiter(READ);
    if !waited_for {
        // Whoever comes next is to try.
        entry.ready |= READ;
    }
    waited_for
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
