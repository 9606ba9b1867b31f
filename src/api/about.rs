//! What is known of a greenlet whatever it returns, and where it leaves its
//! result: shared by the greenlet and its handles.

use super::exception::Exception;
use super::guarded::Guarded;
use super::interrupt::{self, Kill, Payload};
use super::links::Links;
use super::observers::Observers;
use super::park;
use super::rarely::{Part, Rarely};
use crate::greenlet::Greenlet as Control;
use crate::wait::Reason;
use crate::{doorway, hub, parking_lot, sys};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{fence, AtomicPtr, AtomicU32, Ordering};
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
    fn new(name: Option<String>) -> Self {
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

    fn publish(&self, state: u32) {
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
    /// Closed when there are none and the greenlet ends.
    links: Rarely<Links<T>>,
    /// What it is to run, until it begins; written by the greenlet before
    /// `about.state` says that it has ended; taken by the owner of the only handle when
    /// it is settled.
    content: UnsafeCell<Content<T>>,
}

enum Content<T> {
    Nothing,
    Function(Space),
    Result(thread::Result<T>),
}

/// Room for a small function, or for the address of a box with a larger one: most
/// greenlets need no other memory than their packet then.
type Space = [MaybeUninit<usize>; 2];

const fn is_small<F>() -> bool {
    size_of::<F>() <= size_of::<Space>() && align_of::<F>() <= align_of::<Space>()
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
    /// One for a greenlet that is to run `f`.
    pub(super) fn new<F: Send>(name: Option<String>, f: F) -> Self {
        let mut space: Space = [MaybeUninit::uninit(); 2];
        if is_small::<F>() {
            // SAFETY: it fits.
            unsafe { space.as_mut_ptr().cast::<F>().write(f) };
        } else {
            space[0].write(Box::into_raw(Box::new(f)).expose_provenance());
        }
        Packet {
            about: About::new(name),
            links: Rarely::new(),
            content: UnsafeCell::new(Content::Function(space)),
        }
    }

    /// Take what it is to run.
    ///
    /// # Safety
    /// `F` is what it was made with, nobody else looks at the packet's content, and this
    /// has not been called.
    pub(super) unsafe fn take_function<F>(&self) -> F {
        // SAFETY: by this function's contract.
        let content = unsafe { &mut *self.content.get() };
        let Content::Function(space) = core::mem::replace(content, Content::Nothing) else {
            unreachable!("a greenlet begins once");
        };
        // SAFETY: written by `new`, which has decided by the same condition.
        unsafe {
            if is_small::<F>() {
                space.as_ptr().cast::<F>().read()
            } else {
                *Box::from_raw(ptr::with_exposed_provenance_mut(space[0].assume_init()))
            }
        }
    }

    /// What is called when it has ended.
    pub(super) fn links(&self) -> &Links<T> {
        self.links.get_or_make()
    }

    /// [`finish`](Self::finish) for most: one that has a value, and of which nobody wants
    /// anything but to join it. Else gives the result back.
    #[inline]
    pub(super) fn finish_plainly(
        &self,
        result: thread::Result<T>,
    ) -> Result<(), thread::Result<T>> {
        if result.is_err() {
            return Err(result);
        }
        let Some(_inside) = doorway::enter().filter(|_| sys::one_os_thread()) else {
            return Err(result);
        };
        // Nobody comes between: no other OS thread, and the hub is the caller's.
        if !self.about.more.close_if_none() {
            return Err(result);
        }
        if !self.links.close_if_none() {
            return Err(result);
        }
        // SAFETY: as in `finish`. What was there has no destructor.
        unsafe { self.content.get().write(Content::Result(result)) };
        self.about.settled.store(1, Ordering::Release);
        self.about.say_ended(SUCCEEDED);
        Ok(())
    }

    /// The greenlet's last word: store the result, wake who waits for it, run
    /// the links.
    pub(super) fn finish(&self, result: thread::Result<T>, report: impl Fn(&str, &str)) {
        let state = match &result {
            Ok(_) => SUCCEEDED,
            Err(payload) => {
                let _ = self.about.more.get_or_make().exception.set(Exception::of(payload));
                FAILED
            }
        };
        // SAFETY: the state is `ALIVE`, so only the greenlet touches the cell.
        unsafe { *self.content.get() = Content::Result(result) };
        let all = self.links.close();
        let mut links = all.and_then(Links::take);
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
            links = all.and_then(Links::take);
        }
        self.about.settle();
    }

    /// How it has ended; `None` before.
    pub(super) fn outcome(&self) -> Option<Result<&T, &Exception>> {
        match self.about.state() {
            SUCCEEDED => {
                // SAFETY: it has ended, so nobody writes, and nobody takes it
                // while this borrow lasts: see `take`.
                match unsafe { &*self.content.get() } {
                    Content::Result(Ok(value)) => Some(Ok(value)),
                    _ => None,
                }
            }
            FAILED => self.about.more.get()?.exception.get().map(Err),
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
        match unsafe { core::mem::replace(&mut *self.content.get(), Content::Nothing) } {
            Content::Result(result) => Some(result),
            _ => None,
        }
    }
}
