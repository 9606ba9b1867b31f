//! What is known of each descriptor: who waits for it, which edges have come, and
//! how reads and waits alternate. The rules are in the head of [`super`].

use super::belief::Cycle;
use super::waiter::FdWaiter;
use super::{Look, READ};
use crate::run_queue::RunQueue;
use crate::sys::Errno;
use crate::wait::Wake;
use core::ptr;
use mio::Token;

#[derive(Clone, Copy)]
pub(super) struct FdEntry {
    pub(super) generation: u32,
    /// Directions registered with epoll.
    pub(super) registered: u8,
    /// Edges seen and not yet found drained.
    pub(super) ready: u8,
    /// Something was seen that a short read does not tell (end of file,
    /// error, urgent data): never believe that it is drained.
    pub(super) sticky: bool,
    pub(super) first: *const FdWaiter,
    pub(super) last: *const FdWaiter,
    /// Bytes were seen to be there, and nobody has read since.
    pub(super) filled: bool,
    /// The round in which it was believed to be drained: see [`super::belief`]. 0: it is not.
    pub(super) believed: u32,
    pub(super) cycle: Cycle,
}

/// The hub reads for nobody who has room for more: it would hold up the others.
const ROOM: usize = 16 * 1024;

pub(super) const VACANT: FdEntry = FdEntry {
    generation: 0,
    registered: 0,
    ready: 0,
    sticky: false,
    first: ptr::null(),
    last: ptr::null(),
    filled: false,
    believed: 0,
    cycle: Cycle::new(),
};

/// What is known of each descriptor.
pub struct FdTable {
    pub(super) entries: Vec<FdEntry>,
    pub(super) waiting: usize,
}

impl FdTable {
    pub(super) fn entry(&mut self, fd: i32) -> Result<&mut FdEntry, Errno> {
        let index = usize::try_from(fd).map_err(|_| libc::EBADF)?;
        if index >= self.entries.len() {
            // Descriptors are below RLIMIT_NOFILE; a wild number must not make
            // a wild table.
            const MOST: usize = 1 << 26;
            if index >= MOST {
                return Err(libc::EBADF);
            }
            let target = (index + 1).next_power_of_two().max(64);
            if self.entries.try_reserve(target - self.entries.len()).is_err() {
                return Err(libc::ENOMEM);
            }
            self.entries.resize(target, VACANT);
        }
        Ok(&mut self.entries[index])
    }

    /// The first waiter for the descriptor of an event.
    #[inline(always)]
    pub(super) fn first_waiter(&self, token: Token) -> Option<*const FdWaiter> {
        let entry = self.entries.get(token.0 as u32 as usize)?;
        (!entry.first.is_null()).then_some(entry.first)
    }

    /// How many waits are linked.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Call `f` with every greenlet that waits, the descriptor and the directions.
    pub fn each_waiter(&self, mut f: impl FnMut(&'static crate::greenlet::Greenlet, i32, u8)) {
        for entry in &self.entries {
            let mut at = entry.first;
            // SAFETY: waiters are linked while they are on a stack that waits, and the
            // caller has the hub.
            while let Some(waiter) = unsafe { at.as_ref() } {
                f(waiter.greenlet, waiter.fd, waiter.mask);
                at = waiter.next.get();
            }
        }
    }

    /// Highest descriptor that has an entry, plus one.
    pub fn end(&self) -> i32 {
        self.entries.len() as i32
    }

    /// False if the descriptor is registered in this direction and was found
    /// drained after the last edge: trying would be in vain.
    #[inline]
    pub fn may_be_ready(&self, fd: i32, direction: u8) -> bool {
        match self.entries.get(fd as usize) {
            Some(e) => e.registered & direction == 0 || e.ready & direction != 0 || e.sticky,
            None => true,
        }
    }

    /// Which life of the descriptor's number this is: [`Reactor::forget`]
    /// moves it on.
    #[inline]
    pub fn generation(&self, fd: i32) -> u32 {
        self.entries.get(fd as usize).map_or(0, |e| e.generation)
    }

    /// Whether the descriptor is registered with epoll.
    #[inline]
    pub fn is_registered(&self, fd: i32) -> bool {
        self.entries.get(fd as usize).is_some_and(|e| e.registered != 0)
    }

    /// A read has succeeded.
    #[inline]
    pub fn has_read(&mut self, fd: i32) {
        if let Some(e) = self.entries.get_mut(fd as usize) {
            e.filled = false;
            e.cycle.has_read();
        }
    }

    /// A read was attempted in vain: it is [`drained`](Self::drained), and a cycle ends.
    #[inline]
    pub fn read_in_vain(&mut self, fd: i32) {
        self.drained(fd, READ);
        if let Some(e) = self.entries.get_mut(fd as usize) {
            e.cycle.ended();
        }
    }

    /// Whether it is only believed that `fd` is drained: see [`super::belief`].
    #[cfg(test)]
    pub(super) fn is_believed_drained(&self, fd: i32) -> bool {
        self.entries.get(fd as usize).is_some_and(|e| e.believed != 0)
    }

    /// Whether bytes were seen on `fd` that nobody has read since; the caller
    /// is about to.
    #[inline]
    pub fn take_filled(&mut self, fd: i32) -> bool {
        match self.entries.get_mut(fd as usize) {
            Some(e) => core::mem::replace(&mut e.filled, false),
            None => false,
        }
    }

    /// Who would get the next bytes of `fd`, if it waits and would take them from
    /// somebody's hand: the first that will consume. `None` also if somebody else
    /// wants to know of them.
    #[inline]
    pub fn sink(&self, fd: i32) -> Option<&FdWaiter> {
        let entry = self.entries.get(fd as usize)?;
        let mut first: Option<&FdWaiter> = None;
        let mut at = entry.first;
        // SAFETY: linked waiters are alive.
        while let Some(w) = unsafe { at.as_ref() } {
            at = w.next.get();
            if w.mask & READ == 0 {
                continue;
            }
            if !w.exclusive {
                return None;
            }
            first = first.or(Some(w));
        }
        first.filter(|w| w.sink().is_some_and(|s| s.take().is_none()) && w.greenlet.is_waiting())
    }

    /// Somebody in this process has done to the other end what makes `fd`
    /// ready: no need to hear it from the kernel.
    #[inline]
    pub fn hint(&mut self, fd: i32, direction: u8, run: &RunQueue) {
        if let Some(e) = self.entries.get_mut(fd as usize) {
            e.may_be_ready(direction & e.registered);
            e.filled |= direction == READ;
            if !e.first.is_null() {
                e.wake(direction, run);
            }
        }
    }

    /// The caller's attempt has found the descriptor drained.
    #[inline]
    pub fn drained(&mut self, fd: i32, direction: u8) {
        if let Some(e) = self.entries.get_mut(fd as usize) {
            e.ready &= !direction;
            if direction & READ != 0 {
                e.filled = false;
                e.believed = 0;
            }
        }
    }

    /// Something has happened to the descriptor that epoll does not report:
    /// let those who wait look again.
    pub fn retry(&mut self, fd: i32, directions: u8, run: &RunQueue) {
        if let Some(e) = self.entries.get_mut(fd as usize) {
            e.may_be_ready(directions & e.registered);
            e.wake(directions, run);
        }
    }

    /// The caller has consumed: if there may be more, let the next waiter try.
    #[inline]
    pub fn pass_on(&mut self, fd: i32, direction: u8, run: &RunQueue) {
        if let Some(e) = self.entries.get(fd as usize) {
            if !e.first.is_null() && e.ready & direction != 0 {
                e.wake(direction, run);
            }
        }
    }
}

impl FdEntry {
    /// What epoll calls it: its number, and which life of that.
    pub(super) fn token(&self, fd: i32) -> Token {
        Token((self.generation as usize) << 32 | fd as usize)
    }

    /// Something has happened in these directions: whoever asks is to try.
    #[inline(always)]
    fn may_be_ready(&mut self, directions: u8) {
        self.ready |= directions;
        if directions & READ != 0 {
            self.believed = 0;
        }
    }

    /// Something has happened in these directions: see to those who wait for that.
    #[inline(always)]
    pub(super) fn tell(&mut self, directions: u8, look: &mut Look, run: &RunQueue) {
        self.may_be_ready(directions);
        if directions & READ != 0 && look.may_read() {
            if let Some(bytes) = self.take_for_reader(run) {
                look.has_read(bytes);
                return;
            }
        }
        self.wake(directions, run);
    }

    /// Take what has come for the one who waits for it, and wake it: see "Reading ahead
    /// of the reader" in the head of [`super`]. Returns how many bytes; `None`: nothing
    /// was done, it is to be woken.
    #[inline]
    fn take_for_reader(&mut self, run: &RunQueue) -> Option<usize> {
        // SAFETY: linked waiters are alive.
        let w = unsafe { self.first.as_ref() }?;
        let sink = w.sink().filter(|s| s.room() <= ROOM)?;
        let take = sink.take()?;
        let alone = ptr::eq(self.first, self.last) && w.mask == READ;
        // Once claimed nobody else ends its wait: nothing that is taken can be lost.
        if !alone || self.sticky || !w.greenlet.claim(Wake::Notified) {
            return None;
        }
        // SAFETY: the buffer of a call that waits until it is pushed.
        let taken = unsafe { take(w.fd, sink) };
        let bytes = match taken {
            Ok(taken) => {
                if taken.all {
                    self.ready &= !READ;
                }
                self.filled = false;
                self.cycle.has_read();
                w.give(Ok(taken.bytes));
                taken.bytes
            }
            Err(libc::EAGAIN) => 0,
            Err(e) => {
                w.give(Err(e));
                0
            }
        };
        run.push(w.greenlet);
        Some(bytes)
    }

    /// Wake all who look and the first who will consume. Who was claimed and
    /// has not run yet counts: it will consume, too.
    pub(super) fn wake(&self, bits: u8, run: &RunQueue) {
        let mut consumers = 0u8;
        let mut at = self.first;
        // SAFETY: linked waiters are alive; waking does not unlink them.
        while let Some(w) = unsafe { at.as_ref() } {
            at = w.next.get();
            if w.mask & bits == 0 || (w.exclusive && w.mask & consumers != 0) {
                continue;
            }
            let claimed = w.greenlet.claim(Wake::Notified);
            if claimed {
                run.push(w.greenlet);
            }
            if w.exclusive && (claimed || w.greenlet.is_claimed_notified()) {
                consumers |= w.mask;
            }
        }
    }

    /// Whether anybody is linked who waits for `direction`.
    pub(super) fn has_waiter(&self, direction: u8) -> bool {
        let mut at = self.first;
        // SAFETY: linked waiters are alive.
        while let Some(w) = unsafe { at.as_ref() } {
            if w.mask & direction != 0 {
                return true;
            }
            at = w.next.get();
        }
        false
    }
}
