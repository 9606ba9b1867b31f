//! The handle of a greenlet, and what the handle shares with it.

use crate::doorway;
use crate::greenlet::Greenlet as Control;
use crate::parking_lot::{self, Parked};
use crate::wait::{Reason, Wake};
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

const ALIVE: u32 = 0;
const SUCCEEDED: u32 = 1;
const FAILED: u32 = 2;

/// What is known of a greenlet whatever it returns.
pub(super) struct About {
    /// `ALIVE` until the result is there. Its address is the key that joiners
    /// park on.
    state: AtomicU32,
    id: AtomicU32,
    /// The control block, to be followed only while the greenlet is alive and
    /// by the holder of the hub: it is used again afterwards.
    control: AtomicPtr<Control>,
    name: Mutex<String>,
}

impl About {
    pub(super) fn new(name: String) -> Self {
        About {
            state: AtomicU32::new(ALIVE),
            id: AtomicU32::new(0),
            control: AtomicPtr::new(ptr::null_mut()),
            name: Mutex::new(name),
        }
    }

    /// The greenlet exists now. Called before it first runs.
    pub(super) fn made(&self, control: &'static Control) {
        self.id.store(control.id(), Ordering::Relaxed);
        self.control.store(ptr::from_ref(control).cast_mut(), Ordering::Release);
    }

    pub(super) fn name(&self) -> String {
        // A panic while the name is held leaves a whole name.
        self.name.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn id(&self) -> u32 {
        self.id.load(Ordering::Relaxed)
    }

    fn ended(&self) -> bool {
        self.state.load(Ordering::Acquire) != ALIVE
    }

    fn key(&self) -> usize {
        self.state.as_ptr() as usize
    }

    /// Wait for the end; false if `deadline` came first.
    pub(super) fn wait(&self, deadline: u64) -> bool {
        if self.ended() {
            return true;
        }
        // Looked at before the doorway: a panic hook is the program's code.
        if let Some(me) = Control::current() {
            let it = self.control.load(Ordering::Acquire);
            assert!(!ptr::eq(me, it), "a greenlet cannot wait for its own end");
        }
        let _inside = doorway::enter();
        loop {
            let reason = Reason::Join(self.id());
            match parking_lot::park(self.key(), 0, reason, deadline, || !self.ended(), || ()) {
                Parked::Ended(Wake::TimedOut) => return self.ended(),
                // A signal's handler has run; the wait goes on, as gevent's does.
                Parked::Ended(Wake::Interrupted) => {}
                Parked::Invalid | Parked::Ended(Wake::Notified) => return true,
            }
        }
    }
}

/// Where a greenlet leaves its result.
pub(super) struct Packet<T> {
    pub(super) about: About,
    /// Written once, by the greenlet, before `about.state` says that it has
    /// ended; from then on touched by the owner of the only handle.
    result: UnsafeCell<Option<thread::Result<T>>>,
}

// SAFETY: the greenlet and the handle's owner take turns at the result, with
// `state` (release, acquire) between; `&T` is given to other threads only by
// `Greenlet::value`, and `Greenlet` is `Sync` only if `T` is.
unsafe impl<T: Send> Sync for Packet<T> {}

impl<T> Packet<T> {
    pub(super) fn new(name: String) -> Self {
        Packet { about: About::new(name), result: UnsafeCell::new(None) }
    }

    /// The greenlet's last word: store the result, wake who waits for it.
    pub(super) fn finish(&self, result: thread::Result<T>) {
        let state = if result.is_ok() { SUCCEEDED } else { FAILED };
        // SAFETY: the state is `ALIVE`, so only the greenlet touches the cell.
        unsafe { *self.result.get() = Some(result) };
        let _inside = doorway::enter();
        self.about.state.store(state, Ordering::Release);
        parking_lot::unpark_all(self.about.key());
    }
}

/// A greenlet that [`spawn`](crate::spawn) has started.
///
/// Dropping the handle does not end the greenlet: it goes on, and its result
/// is dropped when it ends, as in gevent and as with `std::thread`. The
/// process does not wait for it: it ends when `main` returns.
///
/// The handle may be moved to any OS thread. On one that is no greenlet
/// [`join`](Self::join) and [`get`](Self::get) block that OS thread.
///
/// ```
/// let answer = geventrs::spawn(|| 6 * 7);
/// assert!(!answer.ready(), "it runs when its maker waits, not before");
/// assert_eq!(answer.get().unwrap(), 42);
/// ```
pub struct Greenlet<T> {
    packet: Arc<Packet<T>>,
    /// `Send` and `Sync` as if the handle held the value itself.
    _value: PhantomData<T>,
}

impl<T> Greenlet<T> {
    pub(super) fn new(packet: Arc<Packet<T>>) -> Self {
        Greenlet { packet, _value: PhantomData }
    }

    /// Waits until the greenlet has ended, for at most `timeout`. Returns
    /// whether it has. A zero time-out lets other greenlets run and looks.
    ///
    /// gevent: `Greenlet.join`. A signal does not end the wait.
    ///
    /// # Panics
    /// If a greenlet waits for its own end.
    ///
    /// ```
    /// use std::time::Duration;
    /// let g = geventrs::spawn(|| geventrs::sleep(Duration::from_millis(30)));
    /// assert!(!g.join(Some(Duration::from_millis(1))));
    /// assert!(g.join(None));
    /// ```
    pub fn join(&self, timeout: Option<Duration>) -> bool {
        self.packet.about.wait(super::deadline(timeout))
    }

    /// Waits for the end and takes the value. `Err` holds what the greenlet
    /// panicked with, as from [`std::thread::JoinHandle::join`].
    ///
    /// gevent: `Greenlet.get`, which raises the greenlet's exception.
    ///
    /// # Panics
    /// If a greenlet waits for its own end.
    ///
    /// ```
    /// let fails = geventrs::spawn(|| -> u32 { panic!("no luck") });
    /// let payload = fails.get().unwrap_err();
    /// assert_eq!(payload.downcast_ref::<&str>(), Some(&"no luck"));
    /// ```
    pub fn get(self) -> thread::Result<T> {
        self.join(None);
        // SAFETY: it has ended, and this is the only handle.
        let result = unsafe { (*self.packet.result.get()).take() };
        match result {
            Some(result) => result,
            // `get` consumes the only handle, and nothing else takes it.
            None => unreachable!("the result of an ended greenlet is there"),
        }
    }

    /// The value, if the greenlet has ended without a panic.
    ///
    /// gevent: `Greenlet.value`.
    ///
    /// ```
    /// let g = geventrs::spawn(|| String::from("done"));
    /// assert_eq!(g.value(), None);
    /// g.join(None);
    /// assert_eq!(g.value().unwrap(), "done");
    /// ```
    pub fn value(&self) -> Option<&T> {
        if !self.successful() {
            return None;
        }
        // SAFETY: it has ended, so nobody writes; `get` takes the handle by
        // value, so the reference's borrow rules it out.
        unsafe { (*self.packet.result.get()).as_ref() }.and_then(|r| r.as_ref().ok())
    }

    /// Whether it has ended, well or not.
    ///
    /// gevent: `Greenlet.ready`.
    ///
    /// ```
    /// let g = geventrs::spawn(|| ());
    /// geventrs::yield_now();
    /// assert!(g.ready());
    /// ```
    pub fn ready(&self) -> bool {
        self.packet.about.ended()
    }

    /// Whether it has ended without a panic.
    ///
    /// gevent: `Greenlet.successful`.
    ///
    /// ```
    /// let g = geventrs::spawn(|| panic!("on purpose"));
    /// g.join(None);
    /// assert!(g.ready() && !g.successful());
    /// ```
    pub fn successful(&self) -> bool {
        self.packet.about.state.load(Ordering::Acquire) == SUCCEEDED
    }

    /// Its name: `Greenlet-` and its id, unless another was given.
    ///
    /// ```
    /// let g = geventrs::Builder::new().name("worker").spawn(|| ()).unwrap();
    /// assert_eq!(g.name(), "worker");
    /// ```
    pub fn name(&self) -> String {
        self.packet.about.name()
    }

    /// Gives it another name. Reports of the hub show the first 15 bytes.
    ///
    /// ```
    /// let g = geventrs::spawn(|| geventrs::getcurrent().unwrap().name().to_owned());
    /// g.set_name("renamed");
    /// assert_eq!(g.get().unwrap(), "renamed");
    /// ```
    pub fn set_name(&self, name: impl Into<String>) {
        let name = name.into();
        let about = &self.packet.about;
        if let Some(_inside) = doorway::enter() {
            // SAFETY: a control block is never freed.
            let control = unsafe { about.control.load(Ordering::Acquire).as_ref() };
            // The holder of the hub may touch it; the id tells that it has
            // not become another greenlet's.
            if let Some(control) = control.filter(|c| !about.ended() && c.id() == about.id()) {
                control.set_name(name.as_bytes());
            }
        }
        *about.name.lock().unwrap_or_else(PoisonError::into_inner) = name;
    }

    /// Its number, unique among the greenlets alive: the thread id that
    /// reports of the hub show. Ids of greenlets are above every thread id of
    /// the kernel.
    ///
    /// ```
    /// let (a, b) = (geventrs::spawn(|| ()), geventrs::spawn(|| ()));
    /// assert_ne!(a.id(), b.id());
    /// ```
    pub fn id(&self) -> u32 {
        self.packet.about.id()
    }
}

impl<T> core::fmt::Debug for Greenlet<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let state = match self.packet.about.state.load(Ordering::Acquire) {
            ALIVE => "alive",
            SUCCEEDED => "successful",
            _ => "failed",
        };
        f.debug_struct("Greenlet")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("state", &state)
            .finish()
    }
}
