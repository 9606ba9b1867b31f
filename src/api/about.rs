//! What is known of a greenlet whatever it returns: shared by the greenlet and its
//! handles, in its [`packet`](super::packet).

use super::exception::Exception;
use super::guarded::Guarded;
use super::interrupt::{self, Kill, Payload};
use super::observers::Observers;
use super::park;
use super::rarely::{Part, Rarely};
use crate::greenlet::Greenlet as Control;
use crate::wait::Reason;
use crate::{doorway, hub, parking_lot, sys};
use core::ptr;
use core::sync::atomic::{fence, AtomicPtr, AtomicU32, Ordering};
use std::sync::OnceLock;

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
    /// Whether anybody has ever waited for that: said before the state is looked at.
    awaited: AtomicU32,
    /// 1 when the links have run, too, and the result may be taken.
    settled: AtomicU32,
    id: AtomicU32,
    parent: AtomicU32,
    /// The control block, to be followed only while the greenlet is alive and
    /// by the holder of the hub: it is used again afterwards.
    control: AtomicPtr<Control>,
    /// Closed when the greenlet's function has returned: kills come too late then.
    more: Rarely<More>,
}

/// What most greenlets do without.
struct More {
    /// `None`: `Greenlet-` and its id.
    name: Guarded<Option<String>>,
    kill: Kill,
    observers: Observers,
    ends: Guarded<Vec<AtEnd>>,
    exception: OnceLock<Exception>,
}

impl Part for More {
    fn make(closed: bool) -> Self {
        let kill = Kill::new();
        if closed {
            kill.close();
        }
        More {
            name: Guarded::new(None),
            kill,
            observers: Observers::new(),
            ends: Guarded::new(Vec::new()),
            exception: OnceLock::new(),
        }
    }
}

impl About {
    pub(super) fn new(name: Option<String>) -> Self {
        let about = About {
            state: AtomicU32::new(ALIVE),
            awaited: AtomicU32::new(0),
            settled: AtomicU32::new(0),
            id: AtomicU32::new(0),
            parent: AtomicU32::new(0),
            control: AtomicPtr::new(ptr::null_mut()),
            more: Rarely::new(),
        };
        if name.is_some() {
            *about.more.get_or_make().name.lock() = name;
        }
        about
    }

    /// Whether a kill waits for the greenlet's next wait point.
    #[inline]
    pub(super) fn kill_is_pending(&self) -> bool {
        self.more.get().is_some_and(|more| more.kill.is_pending())
    }

    /// Take what it is killed with.
    pub(super) fn take_kill(&self) -> Option<Payload> {
        self.more.get()?.kill.take()
    }

    /// The greenlet's function has returned: from here on kills come too late.
    pub(super) fn close(&self) {
        if let Some(more) = self.more.close() {
            more.kill.close();
        }
    }

    /// Those who wait for it among others.
    pub(super) fn observers(&self) -> &Observers {
        &self.more.get_or_make().observers
    }

    /// The greenlet exists now. Called before it first runs.
    pub(super) fn made(&self, control: &'static Control) {
        self.id.store(control.id(), Ordering::Relaxed);
        self.parent.store(control.parent(), Ordering::Relaxed);
        self.control.store(ptr::from_ref(control).cast_mut(), Ordering::Release);
    }

    pub(super) fn name(&self) -> String {
        let given = self.more.get().and_then(|more| more.name.lock().clone());
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
        *self.more.get_or_make().name.lock() = Some(name);
    }

    /// See [`Control::set_routine`].
    pub(super) fn set_routine(&self, routine: usize) {
        if let Some(_inside) = doorway::enter() {
            if let Some(control) = self.control().filter(|c| !self.ended() && c.id() == self.id()) {
                control.set_routine(routine);
            }
        }
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
        self.awaited.store(1, Ordering::Relaxed);
        if !sys::one_os_thread() {
            // Pairs with that in `say_ended`.
            fence(Ordering::SeqCst);
        }
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
        if !self.more.get_or_make().kill.ask(payload) {
            return;
        }
        let _inside = doorway::enter();
        // A greenlet holds the hub now, so the control block is this one's as
        // long as the state says so. From another OS thread a greenlet that got
        // the block meanwhile may be interrupted: it looks and goes on waiting.
        if let Some(control) = self.control().filter(|_| !self.ended()) {
            control.kill_asked.store(true, Ordering::Relaxed);
            // Pairs with the fence in `interrupt::arm`.
            fence(Ordering::SeqCst);
            hub::interrupt(control);
        }
    }

    /// Those who join it go on. In our code.
    fn say_ended(&self, state: u32) {
        self.state.store(state, Ordering::Release);
        if !sys::one_os_thread() {
            // Either who is about to wait sees the end, or it is seen here.
            fence(Ordering::SeqCst);
        }
        if self.awaited.load(Ordering::Relaxed) != 0 {
            parking_lot::unpark_all(self.state.as_ptr() as usize);
        }
    }

    /// It has ended so: whoever waits for that goes on. The result is there.
    pub(super) fn publish(&self, state: u32) {
        {
            let _inside = doorway::enter();
            self.say_ended(state);
        }
        if !sys::one_os_thread() {
            // Whoever makes the rest now sees that it has ended, or is seen here.
            fence(Ordering::SeqCst);
        }
        if let Some(more) = self.more.get() {
            more.observers.tell();
            let ends = core::mem::take(&mut *more.ends.lock());
            ends.into_iter().for_each(|end| end());
        }
    }

    /// Call `f` when the greenlet has ended; at once if it has.
    pub(super) fn at_end(&self, f: AtEnd) {
        let mut ends = self.more.get_or_make().ends.lock();
        if self.ended() {
            // Whoever ends it takes the list after saying so.
            drop(ends);
            f();
        } else {
            ends.push(f);
        }
    }

    /// Nobody wants anything of it but to join it; from here on kills come too late.
    /// False, and nothing is done: somebody does.
    pub(super) fn close_if_plain(&self) -> bool {
        self.more.close_if_none()
    }

    /// [`publish`](Self::publish), with a value, of one that is closed so. In our code.
    pub(super) fn end_plainly(&self) {
        self.links_are_done();
        self.say_ended(SUCCEEDED);
    }

    /// Why it has no value; said before it ends.
    pub(super) fn set_exception(&self, exception: Exception) {
        let _ = self.more.get_or_make().exception.set(exception);
    }

    pub(super) fn exception(&self) -> Option<&Exception> {
        self.more.get()?.exception.get()
    }

    /// There are no links to call, before it ends: the result may be taken when it has.
    pub(super) fn links_are_done(&self) {
        self.settled.store(1, Ordering::Release);
    }

    /// The links have been called, after it has ended.
    pub(super) fn settle(&self) {
        let _inside = doorway::enter();
        self.settled.store(1, Ordering::Release);
        parking_lot::unpark_all(self.settled.as_ptr() as usize);
    }
}
