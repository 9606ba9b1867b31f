//! What is known of a greenlet whatever it returns, and where it leaves its
//! result: shared by the greenlet and its handles.

use super::exception::Exception;
use super::guarded::Guarded;
use super::interrupt::{self, Kill, Payload};
use super::links::Links;
use super::observers::Observers;
use super::park;
use crate::greenlet::Greenlet as Control;
use crate::wait::Reason;
use crate::{doorway, hub, parking_lot};
use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::OnceLock;
use std::thread;

pub(super) const ALIVE: u32 = 0;
pub(super) const SUCCEEDED: u32 = 1;
pub(super) const FAILED: u32 = 2;

/// The crate's own business at the end of a greenlet.
type AtEnd = Box<dyn FnOnce() + Send>;

/// What is known of a greenlet whatever it returns.
pub(super) struct About {
    /// `ALIVE` until the result is there. Its address is the key that joiners
    /// park on.
    state: AtomicU32,
    /// 1 when the links have run, too, and the result may be taken.
    settled: AtomicU32,
    id: AtomicU32,
    parent: AtomicU32,
    /// The control block, to be followed only while the greenlet is alive and
    /// by the holder of the hub: it is used again afterwards.
    control: AtomicPtr<Control>,
    /// `None`: `Greenlet-` and its id.
    name: Guarded<Option<String>>,
    pub(super) kill: Kill,
    pub(super) observers: Observers,
    ends: Guarded<Vec<AtEnd>>,
    pub(super) exception: OnceLock<Exception>,
}

impl About {
    fn new(name: Option<String>) -> Self {
        About {
            state: AtomicU32::new(ALIVE),
            settled: AtomicU32::new(0),
            id: AtomicU32::new(0),
            parent: AtomicU32::new(0),
            control: AtomicPtr::new(ptr::null_mut()),
            name: Guarded::new(name),
            kill: Kill::new(),
            observers: Observers::new(),
            ends: Guarded::new(Vec::new()),
            exception: OnceLock::new(),
        }
    }

    /// The greenlet exists now. Called before it first runs.
    pub(super) fn made(&self, control: &'static Control) {
        self.id.store(control.id(), Ordering::Relaxed);
        self.parent.store(control.parent(), Ordering::Relaxed);
        self.control.store(ptr::from_ref(control).cast_mut(), Ordering::Release);
    }

    pub(super) fn name(&self) -> String {
        let given = self.name.lock().clone();
        given.unwrap_or_else(|| format!("Greenlet-{}", self.id()))
    }

    pub(super) fn set_name(&self, name: String) {
        if let Some(_inside) = doorway::enter() {
            // The holder of the hub may touch it; the id tells that it has
            // not become another greenlet's.
            if let Some(control) = self.control().filter(|c| !self.ended() && c.id() == self.id()) {
                control.set_name(name.as_bytes());
            }
        }
        *self.name.lock() = Some(name);
    }

    pub(super) fn id(&self) -> u32 {
        self.id.load(Ordering::Relaxed)
    }

    pub(super) fn parent(&self) -> u32 {
        self.parent.load(Ordering::Relaxed)
    }

    fn control(&self) -> Option<&'static Control> {
        // SAFETY: a control block is never freed.
        unsafe { self.control.load(Ordering::Acquire).as_ref() }
    }

    pub(super) fn state(&self) -> u32 {
        self.state.load(Ordering::Acquire)
    }

    pub(super) fn ended(&self) -> bool {
        self.state() != ALIVE
    }

    /// Whether the calling greenlet is this one.
    pub(super) fn is_current(&self) -> bool {
        Control::current().is_some_and(|me| self.control().is_some_and(|it| ptr::eq(me, it)))
            && !self.ended()
    }

    /// Wait for the end; false if `deadline` came first.
    pub(super) fn wait(&self, deadline: u64) -> bool {
        if self.ended() {
            return true;
        }
        assert!(!self.is_current(), "a greenlet cannot wait for its own end");
        let key = self.state.as_ptr() as usize;
        park::park(key, Reason::Join(self.id()), deadline, || !self.ended())
    }

    /// Wait until the result may be taken.
    pub(super) fn wait_settled(&self) {
        self.wait(crate::time::NEVER);
        let unsettled = || self.settled.load(Ordering::Acquire) == 0;
        let key = self.settled.as_ptr() as usize;
        let reason = Reason::Join(self.id());
        while unsettled() {
            park::park(key, reason, crate::time::NEVER, unsettled);
        }
    }

    /// Unwind the greenlet with `payload` at its next wait point. Does not wait.
    pub(super) fn stop(&self, payload: Payload) {
        if self.ended() {
            return;
        }
        if let Some(ending) = interrupt::ending() {
            // A payload's destructor is the program's code.
            drop(payload);
            let _inside = doorway::enter();
            if let Some(control) = self.control().filter(|c| !self.ended() && c.id() == self.id()) {
                (ending.ask)(control);
            }
            return;
        }
        if !self.kill.ask(payload) {
            return;
        }
        let _inside = doorway::enter();
        // A greenlet holds the hub now, so the control block is this one's as
        // long as the state says so. From another OS thread a greenlet that got
        // the block meanwhile may be interrupted: it looks and goes on waiting.
        if let Some(control) = self.control().filter(|_| !self.ended()) {
            hub::interrupt(control);
        }
    }

    fn publish(&self, state: u32) {
        {
            let _inside = doorway::enter();
            self.state.store(state, Ordering::Release);
            parking_lot::unpark_all(self.state.as_ptr() as usize);
        }
        self.observers.tell();
        let ends = core::mem::take(&mut *self.ends.lock());
        ends.into_iter().for_each(|end| end());
    }

    /// Call `f` when the greenlet has ended; at once if it has.
    pub(super) fn at_end(&self, f: AtEnd) {
        let mut ends = self.ends.lock();
        if self.ended() {
            // Whoever ends it takes the list after saying so.
            drop(ends);
            f();
        } else {
            ends.push(f);
        }
    }

    fn settle(&self) {
        let _inside = doorway::enter();
        self.settled.store(1, Ordering::Release);
        parking_lot::unpark_all(self.settled.as_ptr() as usize);
    }
}

/// A greenlet of whatever value.
pub(super) trait Member: Send + Sync {
    fn about(&self) -> &About;
}

impl<T: Send> Member for Packet<T> {
    fn about(&self) -> &About {
        &self.about
    }
}

/// Where a greenlet leaves its result.
pub(super) struct Packet<T> {
    pub(super) about: About,
    pub(super) links: Links<T>,
    /// Written once, by the greenlet, before `about.state` says that it has
    /// ended; taken by the owner of the only handle when it is settled.
    result: UnsafeCell<Option<thread::Result<T>>>,
}

// SAFETY: the greenlet and the handle's owner take turns at the result, with
// `state` and `settled` (release, acquire) between. `&T` is given to others by
// `Greenlet::value`, and `Greenlet` is `Sync` only if `T` is, and to links, which
// are added where `T` is `Sync` only.
unsafe impl<T: Send> Sync for Packet<T> {}

// What a greenlet leaves is whole when it says that it has ended.
impl<T> core::panic::RefUnwindSafe for Packet<T> {}
impl<T> core::panic::UnwindSafe for Packet<T> {}

impl<T> Packet<T> {
    pub(super) fn new(name: Option<String>) -> Self {
        Packet { about: About::new(name), links: Links::new(), result: UnsafeCell::new(None) }
    }

    /// The greenlet's last word: store the result, wake who waits for it, run
    /// the links.
    pub(super) fn finish(&self, result: thread::Result<T>, report: impl Fn(&str, &str)) {
        let state = match &result {
            Ok(_) => SUCCEEDED,
            Err(payload) => {
                let _ = self.about.exception.set(Exception::of(payload));
                FAILED
            }
        };
        // SAFETY: the state is `ALIVE`, so only the greenlet touches the cell.
        unsafe { *self.result.get() = Some(result) };
        let mut links = self.links.take();
        if links.is_none() {
            // From now on links are called by who makes them.
            self.about.settled.store(1, Ordering::Release);
            return self.about.publish(state);
        }
        self.about.publish(state);
        while let Some(list) = links {
            if let Some(outcome) = self.outcome() {
                list.into_iter().for_each(|link| link.call(outcome, &report));
            }
            links = self.links.take();
        }
        self.about.settle();
    }

    /// How it has ended; `None` before.
    pub(super) fn outcome(&self) -> Option<Result<&T, &Exception>> {
        match self.about.state() {
            SUCCEEDED => {
                // SAFETY: it has ended, so nobody writes, and nobody takes it
                // while this borrow lasts: see `take`.
                let result = unsafe { (*self.result.get()).as_ref() };
                result.and_then(|r| r.as_ref().ok()).map(Ok)
            }
            FAILED => self.about.exception.get().map(Err),
            _ => None,
        }
    }

    /// Take the result.
    ///
    /// # Safety
    /// It is settled, and the caller has the only handle: no borrow of
    /// `outcome` is alive, and none will be made.
    pub(super) unsafe fn take(&self) -> Option<thread::Result<T>> {
        // SAFETY: by this function's contract.
        unsafe { (*self.result.get()).take() }
    }
}
