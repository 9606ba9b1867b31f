//! Greenlets that are waited for and ended together.

use super::super::exception::GreenletExit;
use super::super::guarded::{Guarded, Held};
use super::super::handle::Greenlet;
use super::super::interrupt;
use super::super::packet::Member;
use super::super::spawn::{spawn, Builder};
use super::IMap;
use crate::event::Event;
use crate::hub::SpawnError;
use crate::lock::{Permit, Semaphore};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

/// Greenlets that are waited for and ended together. Each leaves the group when
/// it ends. A clone is the same group.
///
/// gevent: `gevent.pool.Group`.
///
/// ```
/// use geventrs::pool::Group;
/// use std::time::Duration;
/// let group = Group::new();
/// for ms in [1, 2, 3] {
///     group.spawn(move || geventrs::sleep(Duration::from_millis(ms)));
/// }
/// assert_eq!(group.len(), 3);
/// assert!(group.join(None));
/// assert!(group.is_empty());
/// ```
#[derive(Clone)]
pub struct Group {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    /// By the address of what is shared with the greenlet's handle.
    members: Guarded<HashMap<usize, Entry>>,
    /// Set and cleared under the lock of `members`.
    empty: Event,
    /// How many kill the group: who comes meanwhile is killed, too.
    killers: AtomicUsize,
    /// Of a pool: how many more there may be.
    pub(super) room: Option<Semaphore>,
}

struct Entry {
    member: Arc<dyn Member>,
    /// It has taken a place of the pool's room, to be given back at its end.
    has_place: bool,
}

impl Shared {
    fn members(&self) -> Held<'_, HashMap<usize, Entry>> {
        self.members.lock()
    }

    /// False if it is not there.
    fn discard(&self, key: usize) -> bool {
        let mut members = self.members();
        let gone = members.remove(&key);
        if members.is_empty() {
            self.empty.set();
        }
        drop(members);
        if let (Some(Entry { has_place: true, .. }), Some(room)) = (&gone, &self.room) {
            room.release();
        }
        gone.is_some()
    }
}

/// Somebody kills the group, until this is dropped.
struct Killer<'a>(&'a Shared);

impl<'a> Killer<'a> {
    fn of(shared: &'a Shared) -> Self {
        shared.killers.fetch_add(1, Ordering::SeqCst);
        Killer(shared)
    }
}

impl Drop for Killer<'_> {
    fn drop(&mut self) {
        self.0.killers.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Group {
    /// An empty group.
    pub fn new() -> Self {
        Group::with_room(None)
    }

    pub(super) fn with_room(room: Option<Semaphore>) -> Self {
        let (members, killers) = (Guarded::default(), AtomicUsize::new(0));
        let shared = Shared { members, empty: Event::new(), killers, room };
        shared.empty.set();
        Group { shared: Arc::new(shared) }
    }

    /// Starts a greenlet in the group. A [`Pool`](super::Pool) that is full is
    /// waited for.
    ///
    /// gevent: `Group.spawn`, `Group.start`.
    ///
    /// # Panics
    /// As [`spawn`](crate::spawn()).
    pub fn spawn<F, T>(&self, f: F) -> Greenlet<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        match self.try_start(f) {
            Ok(greenlet) => greenlet,
            Err(e) => panic!("cannot spawn a greenlet: {e}"),
        }
    }

    /// [`spawn`](Self::spawn) without its panics.
    pub(in super::super) fn try_start<F, T>(&self, f: F) -> Result<Greenlet<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.spawn_at(self.shared.room.as_ref().map(Semaphore::acquire), f)
    }

    /// Start a greenlet that takes this place of the pool.
    pub(super) fn spawn_at<F, T>(
        &self,
        place: Option<Permit<'_>>,
        f: F,
    ) -> Result<Greenlet<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let greenlet = Builder::new().spawn(f)?;
        self.insert(&greenlet, true);
        place.into_iter().for_each(|p| p.forget());
        Ok(greenlet)
    }

    /// Takes a greenlet in that was started elsewhere. A pool that is full is
    /// waited for.
    ///
    /// ```
    /// use geventrs::pool::Group;
    /// let group = Group::new();
    /// let g = geventrs::spawn(|| 1);
    /// group.add(&g);
    /// group.join(None);
    /// assert!(g.ready());
    /// ```
    pub fn add<T: Send + 'static>(&self, greenlet: &Greenlet<T>) {
        let place = self.shared.room.as_ref().map(Semaphore::acquire);
        if self.insert(greenlet, true) {
            place.into_iter().for_each(|p| p.forget());
        }
    }

    /// False if it was in.
    /// [`apply_async`](Self::apply_async) with a link: `callback` is called with the
    /// value, on the greenlet, if there is one.
    ///
    /// gevent: `Group.apply_cb`, which waits for the value.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// let (tell, told) = mpsc::channel();
    /// let group = geventrs::pool::Group::new();
    /// group.apply_cb(|| 6 * 7, move |value| tell.send(*value).unwrap()).get().unwrap();
    /// assert_eq!(told.recv(), Ok(42));
    /// ```
    pub fn apply_cb<F, T, C>(&self, f: F, callback: C) -> Greenlet<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + Sync + 'static,
        C: FnOnce(&T) + Send + 'static,
    {
        let greenlet = self.apply_async(f);
        greenlet.link_value(callback);
        greenlet
    }

    /// As [`map_async`](Self::map_async); `callback` is called with the values, if there
    /// was no panic, before the result is there.
    ///
    /// gevent: `Group.map_cb`, which waits for the values.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// let (tell, told) = mpsc::channel();
    /// let group = geventrs::pool::Group::new();
    /// let all = group.map_cb(vec![1, 2], |n| n * 10, move |v| tell.send(v.clone()).unwrap());
    /// all.get().unwrap().unwrap();
    /// assert_eq!(told.recv(), Ok(vec![10, 20]));
    /// ```
    pub fn map_cb<I, F, T, C>(
        &self,
        items: I,
        f: F,
        callback: C,
    ) -> Greenlet<thread::Result<Vec<T>>>
    where
        I: IntoIterator + Send + 'static,
        I::Item: Send + 'static,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
        T: Send + 'static,
        C: FnOnce(&Vec<T>) + Send + 'static,
    {
        let group = self.clone();
        spawn(move || group.map(items, f).inspect(callback))
    }

    /// [`spawn`](Self::spawn) with a result. For the API for C.
    #[doc(hidden)]
    pub fn start<F, T>(&self, f: F) -> Result<Greenlet<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.try_start(f)
    }

    fn insert<T: Send + 'static>(&self, greenlet: &Greenlet<T>, has_place: bool) -> bool {
        let packet = greenlet.packet.clone();
        let key = Arc::as_ptr(&packet) as usize;
        let mut members = self.shared.members();
        if members.contains_key(&key) {
            return false;
        }
        members.insert(key, Entry { member: packet, has_place });
        self.shared.empty.clear();
        drop(members);
        let shared = self.shared.clone();
        greenlet.packet.about.at_end(Box::new(move || {
            shared.discard(key);
        }));
        // Either this sees the killer, or the killer sees the new member.
        if self.shared.killers.load(Ordering::SeqCst) != 0 {
            greenlet.kill_nowait();
        }
        true
    }

    /// Takes a greenlet out of the group, which lives on outside; its place in
    /// a pool is free. False if it is not in the group.
    ///
    /// gevent: `Group.discard`.
    ///
    /// ```
    /// let group = geventrs::pool::Group::new();
    /// let g = group.spawn(|| ());
    /// assert!(group.discard(&g));
    /// assert!(group.is_empty() && !g.ready());
    /// ```
    pub fn discard<T: Send + 'static>(&self, greenlet: &Greenlet<T>) -> bool {
        self.shared.discard(Arc::as_ptr(&greenlet.packet) as usize)
    }

    /// How many are in the group.
    pub fn len(&self) -> usize {
        self.shared.members().len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until the group is empty, for at most `timeout`; whether it is.
    ///
    /// gevent: `Group.join`.
    ///
    /// ```
    /// use geventrs::pool::Group;
    /// use std::time::Duration;
    /// let group = Group::new();
    /// group.spawn(|| geventrs::sleep(Duration::from_millis(20)));
    /// assert!(!group.join(Some(Duration::from_millis(1))));
    /// assert!(group.join(None));
    /// ```
    pub fn join(&self, timeout: Option<Duration>) -> bool {
        self.shared.empty.wait(timeout)
    }

    /// Kills all of the group ([`Greenlet::kill`]), and who is added meanwhile, and waits
    /// until it is empty, for at most `timeout`; whether it is. A member that calls it
    /// unwinds.
    ///
    /// gevent: `Group.kill`.
    ///
    /// ```
    /// use geventrs::pool::Group;
    /// use std::time::Duration;
    /// let group = Group::new();
    /// for _ in 0..10 {
    ///     group.spawn(|| geventrs::sleep(Duration::from_secs(60)));
    /// }
    /// assert!(group.kill(None));
    /// ```
    pub fn kill(&self, timeout: Option<Duration>) -> bool {
        let _killer = Killer::of(&self.shared);
        let members: Vec<_> =
            self.shared.members().values().map(|entry| entry.member.clone()).collect();
        let mut me = false;
        for member in &members {
            member.about().stop(Box::new(GreenletExit));
            me |= member.about().is_current();
        }
        drop(members);
        if me {
            interrupt::check();
            return false;
        }
        self.join(timeout)
    }

    /// Whether the calling greenlet is in the group.
    fn has_current(&self) -> bool {
        self.shared.members().values().any(|entry| entry.member.about().is_current())
    }

    /// Calls `f` on a greenlet of the group and waits for its value. A member
    /// of the group calls it itself: a full pool would wait for itself.
    ///
    /// gevent: `Group.apply`.
    ///
    /// # Errors
    /// What `f` panicked with.
    ///
    /// ```
    /// let group = geventrs::pool::Group::new();
    /// assert_eq!(group.apply(|| 6 * 7).unwrap(), 42);
    /// ```
    pub fn apply<F, T>(&self, f: F) -> thread::Result<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if self.has_current() {
            catch_unwind(AssertUnwindSafe(f))
        } else {
            self.spawn(f).get()
        }
    }

    /// As [`spawn`](Self::spawn), but never waits: in a full pool it is the new
    /// greenlet that waits for room.
    ///
    /// gevent: `Group.apply_async`.
    ///
    /// ```
    /// use geventrs::pool::Pool;
    /// let pool = Pool::new(1);
    /// let (a, b) = (pool.apply_async(|| 1), pool.apply_async(|| 2));
    /// assert_eq!((a.get().unwrap(), b.get().unwrap()), (1, 2));
    /// ```
    pub fn apply_async<F, T>(&self, f: F) -> Greenlet<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if self.shared.room.is_none() {
            return self.spawn(f);
        }
        let shared = self.shared.clone();
        let greenlet = spawn(move || {
            let _place = shared.room.as_ref().map(Semaphore::acquire);
            f()
        });
        self.insert(&greenlet, false);
        greenlet
    }

    /// Calls `f` with each of `items`, on a greenlet each, and waits for all
    /// values, in the order of the items.
    ///
    /// gevent: `Group.map`.
    ///
    /// # Errors
    /// What the first of them, in that order, panicked with; the others go on.
    ///
    /// ```
    /// let squares = geventrs::pool::Pool::new(2).map(1..=4, |n| n * n).unwrap();
    /// assert_eq!(squares, [1, 4, 9, 16]);
    /// ```
    pub fn map<I, F, T>(&self, items: I, f: F) -> thread::Result<Vec<T>>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
        T: Send + 'static,
    {
        let f = Arc::new(f);
        let all: Vec<_> = items
            .into_iter()
            .map(|item| {
                let f = f.clone();
                self.spawn(move || f(item))
            })
            .collect();
        all.into_iter().map(Greenlet::get).collect()
    }

    /// As [`map`](Self::map), on a greenlet of its own, outside the group.
    ///
    /// gevent: `Group.map_async`.
    ///
    /// ```
    /// let squares = geventrs::pool::Pool::new(2).map_async(1..=4, |n| n * n);
    /// assert_eq!(squares.get().unwrap().unwrap(), [1, 4, 9, 16]);
    /// ```
    pub fn map_async<I, F, T>(&self, items: I, f: F) -> Greenlet<thread::Result<Vec<T>>>
    where
        I: IntoIterator + Send + 'static,
        I::Item: Send + 'static,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
        T: Send + 'static,
    {
        let group = self.clone();
        spawn(move || group.map(items, f))
    }

    /// As [`map`](Self::map), but yields each value, or what its greenlet
    /// panicked with, as soon as it and those before it are there. `items` are
    /// taken by a greenlet of its own, as far ahead as the pool allows, and no
    /// more than `maxsize` values ahead of the caller, if that is given.
    ///
    /// gevent: `Group.imap`.
    ///
    /// # Panics
    /// If `maxsize` is 0; and as [`spawn`](crate::spawn()).
    ///
    /// ```
    /// let group = geventrs::pool::Group::new();
    /// let squares: Vec<i32> = group.imap(1..=3, None, |n| n * n).map(Result::unwrap).collect();
    /// assert_eq!(squares, [1, 4, 9]);
    /// ```
    pub fn imap<I, F, T>(&self, items: I, maxsize: Option<usize>, f: F) -> IMap<T>
    where
        I: IntoIterator<IntoIter: Send + 'static>,
        I::Item: Send + 'static,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
        T: Send + 'static,
    {
        IMap::start(self.clone(), items.into_iter(), maxsize, f, true)
    }

    /// As [`imap`](Self::imap), but yields in the order in which the greenlets
    /// end.
    ///
    /// gevent: `Group.imap_unordered`.
    ///
    /// ```
    /// use std::time::Duration;
    /// let group = geventrs::pool::Group::new();
    /// let naps = group.imap_unordered([30, 1], None, |ms| {
    ///     geventrs::sleep(Duration::from_millis(ms));
    ///     ms
    /// });
    /// assert_eq!(naps.map(Result::unwrap).collect::<Vec<u64>>(), [1, 30]);
    /// ```
    pub fn imap_unordered<I, F, T>(&self, items: I, maxsize: Option<usize>, f: F) -> IMap<T>
    where
        I: IntoIterator<IntoIter: Send + 'static>,
        I::Item: Send + 'static,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
        T: Send + 'static,
    {
        IMap::start(self.clone(), items.into_iter(), maxsize, f, false)
    }
}

impl Default for Group {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Group {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Group").field("len", &self.len()).finish_non_exhaustive()
    }
}
