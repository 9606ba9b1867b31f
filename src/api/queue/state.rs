//! The algorithm under all queues.
//!
//! What holds whenever the lock is free:
//!
//! * Somebody waits to get only if the store is empty and nobody waits to put.
//! * Somebody waits to put only if the store is full.
//! * Nobody waits in a queue that has been shut down.
//!
//! So whoever puts while somebody waits to get hands the item over, and whoever
//! gets while somebody waits to put lets that one's item in.

use super::super::guarded::{Guarded, Held};
use super::super::waiter::{Line, Verdict, Waiter};
use super::error::{GetError, PutError, TooManyTasksDone};
use super::order::Sealed as Store;
use crate::wait::Reason;
use core::cell::UnsafeCell;

/// An item on its way: a putter's until it is taken, a getter's when it is given.
struct Hand<T>(UnsafeCell<Option<T>>);

impl<T> Hand<T> {
    fn new(item: Option<T>) -> Self {
        Hand(UnsafeCell::new(item))
    }

    /// # Safety
    /// The caller has the queue's lock, or its waiter is in no line any more.
    unsafe fn take(&self) -> Option<T> {
        // SAFETY: by this function's contract nobody else reaches it.
        unsafe { (*self.0.get()).take() }
    }

    /// # Safety
    /// As [`take`](Self::take).
    unsafe fn give(&self, item: T) {
        // SAFETY: as above.
        unsafe { *self.0.get() = Some(item) };
    }

    /// # Safety
    /// As [`take`](Self::take), while the borrow lasts.
    unsafe fn look(&self) -> Option<&T> {
        // SAFETY: as above.
        unsafe { (*self.0.get()).as_ref() }
    }
}

type Client<T> = Waiter<Hand<T>>;

struct State<T, S> {
    store: S,
    /// How many items the store may hold.
    most: usize,
    shut_down: bool,
    getters: Line<Hand<T>>,
    putters: Line<Hand<T>>,
    /// Those who wait for an item to look at.
    peekers: Line,
    /// Items put for which nobody has called `task_done`.
    unfinished: usize,
    /// Those who wait for that to be none.
    joiners: Line,
}

pub(super) struct Core<T, S> {
    state: Guarded<State<T, S>>,
}

impl<T, S: Store<T>> State<T, S> {
    /// Hand an item to the first getter; give it back if there is none.
    fn hand_over(&mut self, item: T) -> Option<T> {
        let mut item = Some(item);
        self.getters.end_first(Verdict::Given, |hand| {
            if let Some(item) = item.take() {
                // SAFETY: under the lock.
                unsafe { hand.give(item) };
            }
        });
        item
    }

    /// An item comes in, for which there is room or a getter.
    fn accept(&mut self, item: T) {
        if let Some(item) = self.hand_over(item) {
            self.store.push(item);
            self.peekers.end_all(Verdict::Given);
        }
    }

    /// Take an item, and let that of a putter in.
    fn pop(&mut self) -> Option<T> {
        let item = self.store.pop();
        let mut moved = None;
        // SAFETY: under the lock.
        self.putters.end_first(Verdict::Given, |hand| moved = unsafe { hand.take() });
        self.unfinished += moved.is_some() as usize;
        match (item, moved) {
            (Some(item), Some(moved)) => {
                self.store.push(moved);
                Some(item)
            }
            // A queue that holds nothing: from hand to hand.
            (item, moved) => item.or(moved),
        }
    }

    fn done(&mut self) {
        if self.unfinished == 0 {
            self.joiners.end_all(Verdict::Given);
        }
    }
}

impl<T, S: Store<T>> Core<T, S> {
    pub(super) const fn new(store: S, most: usize) -> Self {
        Core {
            state: Guarded::new(State {
                store,
                most,
                shut_down: false,
                getters: Line::new(),
                putters: Line::new(),
                peekers: Line::new(),
                unfinished: 0,
                joiners: Line::new(),
            }),
        }
    }

    fn state(&self) -> Held<'_, State<T, S>> {
        self.state.lock()
    }

    /// For one whose wait has just ended.
    fn state_after_wait(&self) -> Held<'_, State<T, S>> {
        self.state.lock_running()
    }

    pub(super) fn len(&self) -> usize {
        self.state().store.len()
    }

    pub(super) fn most(&self) -> usize {
        self.state().most
    }

    /// How many wait to put, less how many wait to get.
    pub(super) fn balance(&self) -> isize {
        let mut state = self.state();
        state.putters.len() as isize - state.getters.len() as isize
    }

    pub(super) fn unfinished(&self) -> usize {
        self.state().unfinished
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.state().shut_down
    }

    /// Put an item; without a deadline only if that need not wait.
    pub(super) fn put(&self, item: T, deadline: Option<u64>) -> Result<(), PutError<T>> {
        let mut state = self.state();
        if state.shut_down {
            drop(state);
            return Err(PutError::ShutDown(item));
        }
        if state.getters.first().is_some() || state.store.len() < state.most {
            state.unfinished += 1;
            state.accept(item);
            return Ok(());
        }
        let Some(deadline) = deadline else {
            drop(state);
            return Err(PutError::Full(item));
        };
        let client = Client::new(Hand::new(Some(item)));
        // SAFETY: `place` takes it out of the line, or its wait was ended.
        unsafe { state.putters.join(&client) };
        // An item in a putter's hand can be looked at as well.
        state.peekers.end_all(Verdict::Given);
        drop(state);
        let mut place = Putting { core: self, client: &client, over: false };
        let in_time = self.wait(&client, "room in a queue", deadline);
        let left = !in_time && self.state_after_wait().putters.leave(&client);
        place.over = true;
        if client.verdict() == Verdict::Given {
            return Ok(());
        }
        // SAFETY: it is in no line any more.
        match (unsafe { client.load.take() }, left) {
            (Some(item), true) => Err(PutError::Full(item)),
            (Some(item), false) => Err(PutError::ShutDown(item)),
            (None, _) => unreachable!("whoever takes an item out of a hand gives it a verdict"),
        }
    }

    /// Get an item; without a deadline only if that need not wait.
    pub(super) fn get(&self, deadline: Option<u64>) -> Result<T, GetError> {
        let mut state = self.state();
        if let Some(item) = state.pop() {
            return Ok(item);
        }
        if state.shut_down {
            return Err(GetError::ShutDown);
        }
        let Some(deadline) = deadline else {
            return Err(GetError::Empty);
        };
        let client = Client::new(Hand::new(None));
        // SAFETY: as in `put`.
        unsafe { state.getters.join(&client) };
        drop(state);
        let mut place = Getting { core: self, client: &client, over: false };
        let in_time = self.wait(&client, "an item of a queue", deadline);
        let left = !in_time && self.state_after_wait().getters.leave(&client);
        place.over = true;
        // SAFETY: it is in no line any more.
        match unsafe { client.load.take() } {
            Some(item) => Ok(item),
            None if left => Err(GetError::Empty),
            None => Err(GetError::ShutDown),
        }
    }

    fn wait<W>(&self, waiter: &Waiter<W>, what: &'static str, deadline: u64) -> bool {
        waiter.wait(Reason::Api(what), deadline, || drop(self.state_after_wait()))
    }

    /// Look at the item that would be got next.
    pub(super) fn peek<R>(
        &self,
        deadline: Option<u64>,
        look: impl Fn(&T) -> R,
    ) -> Result<R, GetError> {
        loop {
            let mut state = self.state();
            if let Some(item) = state.store.peek() {
                return Ok(look(item));
            }
            if let Some(hand) = state.putters.first() {
                // SAFETY: under the lock.
                if let Some(item) = unsafe { hand.look() } {
                    return Ok(look(item));
                }
            }
            if state.shut_down {
                return Err(GetError::ShutDown);
            }
            let Some(deadline) = deadline else {
                return Err(GetError::Empty);
            };
            let waiter = Waiter::new(());
            // SAFETY: as in `put`.
            unsafe { state.peekers.join(&waiter) };
            drop(state);
            let place = Watching { core: self, waiter: &waiter, line: |s| &mut s.peekers };
            let came = self.wait(&waiter, "an item of a queue", deadline);
            drop(place);
            if !came {
                return Err(GetError::Empty);
            }
        }
    }

    pub(super) fn task_done(&self, count: usize) -> Result<(), TooManyTasksDone> {
        let mut state = self.state();
        state.unfinished = state.unfinished.checked_sub(count).ok_or(TooManyTasksDone)?;
        state.done();
        Ok(())
    }

    /// Wait until no task is unfinished; false if `deadline` came first.
    pub(super) fn join(&self, deadline: u64) -> bool {
        let mut state = self.state();
        if state.unfinished == 0 {
            return true;
        }
        let waiter = Waiter::new(());
        // SAFETY: as in `put`.
        unsafe { state.joiners.join(&waiter) };
        drop(state);
        let _place = Watching { core: self, waiter: &waiter, line: |s| &mut s.joiners };
        self.wait(&waiter, "the tasks of a queue", deadline)
    }

    /// Refuse puts from now on, and gets once it is empty, which `now` makes it.
    pub(super) fn shut_down(&self, now: bool) {
        let mut state = self.state();
        state.shut_down = true;
        let mut dropped = Vec::new();
        if now {
            dropped.extend(core::iter::from_fn(|| state.store.pop()));
            state.unfinished = state.unfinished.saturating_sub(dropped.len());
        }
        state.getters.end_all(Verdict::Refused);
        state.putters.end_all(Verdict::Refused);
        state.peekers.end_all(Verdict::Given);
        state.done();
        drop(state);
        drop(dropped);
    }
}

// What unwinding waits leave behind them. Each takes the lock, so that whoever has ended
// the wait meanwhile has done with the waiter.

struct Putting<'a, T, S: Store<T>> {
    core: &'a Core<T, S>,
    client: &'a Client<T>,
    over: bool,
}

impl<T, S: Store<T>> Drop for Putting<'_, T, S> {
    fn drop(&mut self) {
        // An item that was taken meanwhile has been put.
        if !self.over {
            self.core.state_after_wait().putters.leave(self.client);
        }
    }
}

struct Getting<'a, T, S: Store<T>> {
    core: &'a Core<T, S>,
    client: &'a Client<T>,
    over: bool,
}

impl<T, S: Store<T>> Drop for Getting<'_, T, S> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let mut state = self.core.state_after_wait();
        if state.getters.leave(self.client) {
            return;
        }
        // It was handed an item that it will not use: the next one's, or the
        // first in the store again.
        // SAFETY: under the lock.
        let Some(item) = (unsafe { self.client.load.take() }) else { return };
        if let Some(item) = state.hand_over(item) {
            state.store.unpop(item);
            state.peekers.end_all(Verdict::Given);
        }
    }
}

/// One who waits for something to happen.
struct Watching<'a, T, S: Store<T>> {
    core: &'a Core<T, S>,
    waiter: &'a Waiter,
    line: fn(&mut State<T, S>) -> &mut Line,
}

impl<T, S: Store<T>> Drop for Watching<'_, T, S> {
    fn drop(&mut self) {
        (self.line)(&mut self.core.state_after_wait()).leave(self.waiter);
    }
}
