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
use std::sync::Arc;

/// One who waits to get, with an empty hand, or to put, with the item in it.
struct Client<T> {
    waiter: Waiter,
    hand: Guarded<Option<T>>,
}

impl<T> Client<T> {
    fn new(item: Option<T>) -> Arc<Self> {
        Arc::new(Client { waiter: Waiter::new(), hand: Guarded::new(item) })
    }

    fn give(&self, item: T) {
        *self.hand.lock() = Some(item);
    }

    fn take(&self) -> Option<T> {
        self.hand.lock().take()
    }
}

struct State<T, S> {
    store: S,
    /// How many items the store may hold.
    most: usize,
    shut_down: bool,
    getters: Line<Client<T>>,
    putters: Line<Client<T>>,
    /// Those who wait for an item to look at.
    peekers: Line<Waiter>,
    /// Items put for which nobody has called `task_done`.
    unfinished: usize,
    /// Those who wait for that to be none.
    joiners: Line<Waiter>,
}

pub(super) struct Core<T, S> {
    state: Guarded<State<T, S>>,
}

/// What to wake when the lock has been released.
struct Wakes<T> {
    client: Option<(Arc<Client<T>>, Verdict)>,
    watchers: std::collections::VecDeque<Arc<Waiter>>,
}

impl<T> Wakes<T> {
    const NONE: Self = Wakes { client: None, watchers: std::collections::VecDeque::new() };

    fn client(client: Arc<Client<T>>, verdict: Verdict) -> Self {
        Wakes { client: Some((client, verdict)), ..Self::NONE }
    }

    fn wake(self) {
        self.watchers.iter().for_each(|w| w.end(Verdict::Given));
        if let Some((client, verdict)) = self.client {
            client.waiter.end(verdict);
        }
    }
}

impl<T, S: Store<T>> State<T, S> {
    /// An item comes in, for which there is room or a getter.
    fn accept(&mut self, item: T) -> Wakes<T> {
        match self.getters.next() {
            Some(getter) => {
                getter.give(item);
                Wakes::client(getter, Verdict::Given)
            }
            None => {
                self.store.push(item);
                Wakes { watchers: self.peekers.take(), ..Wakes::NONE }
            }
        }
    }

    /// Take an item, and let that of a putter in.
    fn pop(&mut self) -> Option<(T, Wakes<T>)> {
        let item = self.store.pop();
        let putter = self.putters.next();
        let moved = putter.as_ref().and_then(|p| p.take());
        self.unfinished += moved.is_some() as usize;
        let wakes = putter.map_or(Wakes::NONE, |p| Wakes::client(p, Verdict::Given));
        match (item, moved) {
            (Some(item), Some(moved)) => {
                self.store.push(moved);
                Some((item, wakes))
            }
            // A queue that holds nothing: from hand to hand.
            (None, Some(moved)) => Some((moved, wakes)),
            (Some(item), None) => Some((item, wakes)),
            (None, None) => None,
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

    pub(super) fn len(&self) -> usize {
        self.state().store.len()
    }

    pub(super) fn most(&self) -> usize {
        self.state().most
    }

    /// How many wait to put, less how many wait to get.
    pub(super) fn balance(&self) -> isize {
        let state = self.state();
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
            let wakes = state.accept(item);
            drop(state);
            wakes.wake();
            return Ok(());
        }
        let Some(deadline) = deadline else {
            drop(state);
            return Err(PutError::Full(item));
        };
        let client = Client::new(Some(item));
        state.putters.join(client.clone());
        // An item in a putter's hand can be looked at as well.
        let watchers = state.peekers.take();
        drop(state);
        watchers.iter().for_each(|w| w.end(Verdict::Given));
        let mut place = Putting { core: self, client, over: false };
        let in_time = place.client.waiter.wait(Reason::Api("room in a queue"), deadline);
        let left = place.leave(!in_time);
        place.over = true;
        match place.client.waiter.verdict() {
            Verdict::Given if !left => Ok(()),
            _ => match (place.client.take(), left) {
                (Some(item), true) => Err(PutError::Full(item)),
                (Some(item), false) => Err(PutError::ShutDown(item)),
                // Whoever takes an item out of a hand gives a verdict; it is
                // under way.
                (None, _) => Ok(()),
            },
        }
    }

    /// Get an item; without a deadline only if that need not wait.
    pub(super) fn get(&self, deadline: Option<u64>) -> Result<T, GetError> {
        let mut state = self.state();
        if let Some((item, wakes)) = state.pop() {
            drop(state);
            wakes.wake();
            return Ok(item);
        }
        if state.shut_down {
            return Err(GetError::ShutDown);
        }
        let Some(deadline) = deadline else {
            return Err(GetError::Empty);
        };
        let client = Client::new(None);
        state.getters.join(client.clone());
        drop(state);
        let mut place = Getting { core: self, client, over: false };
        let in_time = place.client.waiter.wait(Reason::Api("an item of a queue"), deadline);
        let left = !in_time && self.state().getters.leave(&place.client);
        place.over = true;
        match place.client.take() {
            Some(item) => Ok(item),
            None if left => Err(GetError::Empty),
            None => Err(GetError::ShutDown),
        }
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
            if let Some(putter) = state.putters.first() {
                let hand = putter.hand.lock();
                if let Some(item) = hand.as_ref() {
                    return Ok(look(item));
                }
            }
            if state.shut_down {
                return Err(GetError::ShutDown);
            }
            let Some(deadline) = deadline else {
                return Err(GetError::Empty);
            };
            let waiter = Arc::new(Waiter::new());
            state.peekers.join(waiter.clone());
            drop(state);
            let place = Peeking { core: self, waiter };
            if !place.waiter.wait(Reason::Api("an item of a queue"), deadline) {
                return Err(GetError::Empty);
            }
        }
    }

    pub(super) fn task_done(&self, count: usize) -> Result<(), TooManyTasksDone> {
        let mut state = self.state();
        state.unfinished = state.unfinished.checked_sub(count).ok_or(TooManyTasksDone)?;
        let joiners = if state.unfinished == 0 { state.joiners.take() } else { Default::default() };
        drop(state);
        joiners.iter().for_each(|w| w.end(Verdict::Given));
        Ok(())
    }

    /// Wait until no task is unfinished; false if `deadline` came first.
    pub(super) fn join(&self, deadline: u64) -> bool {
        let mut state = self.state();
        if state.unfinished == 0 {
            return true;
        }
        let waiter = Arc::new(Waiter::new());
        state.joiners.join(waiter.clone());
        drop(state);
        let place = Joining { core: self, waiter };
        place.waiter.wait(Reason::Api("the tasks of a queue"), deadline)
    }

    /// Refuse puts from now on, and gets once it is empty, which `now` makes it.
    pub(super) fn shut_down(&self, now: bool) {
        let mut state = self.state();
        state.shut_down = true;
        let getters = state.getters.take();
        let putters = state.putters.take();
        let peekers = state.peekers.take();
        let mut dropped = Vec::new();
        if now {
            dropped.extend(core::iter::from_fn(|| state.store.pop()));
            state.unfinished = state.unfinished.saturating_sub(dropped.len());
        }
        let joiners = if state.unfinished == 0 { state.joiners.take() } else { Default::default() };
        drop(state);
        getters.iter().chain(&putters).for_each(|c| c.waiter.end(Verdict::Refused));
        peekers.iter().chain(&joiners).for_each(|w| w.end(Verdict::Given));
        drop(dropped);
    }
}

// What unwinding waits leave behind them.

struct Putting<'a, T, S: Store<T>> {
    core: &'a Core<T, S>,
    client: Arc<Client<T>>,
    over: bool,
}

impl<T, S: Store<T>> Putting<'_, T, S> {
    /// Leave the line, if it is `wanted` and the wait has not been ended.
    fn leave(&self, wanted: bool) -> bool {
        if !wanted {
            return false;
        }
        self.core.state().putters.leave(&self.client)
    }
}

impl<T, S: Store<T>> Drop for Putting<'_, T, S> {
    fn drop(&mut self) {
        // An item that was taken meanwhile has been put.
        if !self.over {
            self.leave(true);
        }
    }
}

struct Getting<'a, T, S: Store<T>> {
    core: &'a Core<T, S>,
    client: Arc<Client<T>>,
    over: bool,
}

impl<T, S: Store<T>> Drop for Getting<'_, T, S> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let mut state = self.core.state();
        if state.getters.leave(&self.client) {
            return;
        }
        // It was handed an item that it will not use: the next one's, or the
        // first in the store again.
        let Some(item) = self.client.take() else {
            return;
        };
        let wakes = match state.getters.next() {
            Some(getter) => {
                getter.give(item);
                Wakes::client(getter, Verdict::Given)
            }
            None => {
                state.store.unpop(item);
                Wakes { watchers: state.peekers.take(), ..Wakes::NONE }
            }
        };
        drop(state);
        wakes.wake();
    }
}

struct Peeking<'a, T, S: Store<T>> {
    core: &'a Core<T, S>,
    waiter: Arc<Waiter>,
}

impl<T, S: Store<T>> Drop for Peeking<'_, T, S> {
    fn drop(&mut self) {
        if self.waiter.verdict() == Verdict::None {
            self.core.state().peekers.leave(&self.waiter);
        }
    }
}

struct Joining<'a, T, S: Store<T>> {
    core: &'a Core<T, S>,
    waiter: Arc<Waiter>,
}

impl<T, S: Store<T>> Drop for Joining<'_, T, S> {
    fn drop(&mut self) {
        if self.waiter.verdict() == Verdict::None {
            self.core.state().joiners.leave(&self.waiter);
        }
    }
}
