//! The handle of a greenlet.

use super::about::{ALIVE, SUCCEEDED};
use super::exception::{Exception, GreenletExit};
use super::interrupt;
use super::links::LinkId;
use super::packet::Packet;
use core::any::Any;
use core::marker::PhantomData;
use core::time::Duration;
use std::sync::Arc;
use std::thread;

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
    pub(super) packet: Arc<Packet<T>>,
    /// `Send` and `Sync` as if the handle held the value itself.
    _value: PhantomData<T>,
}

impl<T> Greenlet<T> {
    pub(super) fn new(packet: Arc<Packet<T>>) -> Self {
        Greenlet { packet, _value: PhantomData }
    }

    /// Waits until the greenlet has ended, for at most `timeout`. Returns
    /// whether it has. A [zero time-out](crate#zero-time-outs) lets others run and looks.
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
        self.packet.about.wait_settled();
        // SAFETY: it is settled, and this is the only handle.
        match unsafe { self.packet.take() } {
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
        self.packet.outcome().and_then(Result::ok)
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
        self.packet.about.state() == SUCCEEDED
    }

    /// Why it has no value, if it has ended without one.
    ///
    /// gevent: `Greenlet.exception`, which is `None` for a killed greenlet.
    ///
    /// ```
    /// let g = geventrs::spawn(|| panic!("on purpose"));
    /// g.join(None);
    /// assert_eq!(g.exception().unwrap().to_string(), "on purpose");
    /// ```
    pub fn exception(&self) -> Option<&Exception> {
        self.packet.outcome().and_then(Result::err)
    }

    /// Ends the greenlet: its stack is unwound with [`GreenletExit`] from the
    /// wait in which it is, or from its next one, so that destructors run. No
    /// panic hook does, and nothing is reported. A greenlet that has not begun
    /// never does. Waits for the end, for at most `timeout`; returns whether it
    /// has come. The greenlet may catch the unwinding and go on.
    ///
    /// Greenlets that compute or block in an ordinary system call are not ended
    /// before they wait in a function of this crate. What one has been given
    /// already (an item, a lock) it takes first; the kill waits for its next
    /// wait. A greenlet that kills itself unwinds at once.
    ///
    /// Unwinding passes over frames of C code without cleaning up, and aborts
    /// the process at a frame that may not unwind (`extern "C"` in Rust, a
    /// destructor of a thread-local, `panic = "abort"`).
    ///
    /// gevent: `Greenlet.kill`. There the death counts as success with the
    /// exception as value; here [`successful`](Self::successful) says no.
    ///
    /// ```
    /// use std::time::Duration;
    /// let g = geventrs::spawn(|| {
    ///     let _open = std::io::pipe(); // closed by the unwinding
    ///     geventrs::sleep(Duration::from_secs(3600))
    /// });
    /// geventrs::yield_now();
    /// assert!(g.kill(None));
    /// assert!(g.ready() && g.exception().unwrap().is_exit());
    /// ```
    pub fn kill(&self, timeout: Option<Duration>) -> bool {
        self.kill_with(GreenletExit, timeout)
    }

    /// [`kill`](Self::kill) without waiting for the end.
    ///
    /// gevent: `Greenlet.kill(block=False)`.
    ///
    /// ```
    /// let g = geventrs::spawn(|| 1);
    /// g.kill_nowait();
    /// assert!(g.get().is_err(), "it has never begun");
    /// ```
    pub fn kill_nowait(&self) {
        self.packet.about.stop(Box::new(GreenletExit));
        if self.packet.about.is_current() {
            interrupt::check();
        }
    }

    /// [`kill`](Self::kill) with an exception of the caller's, which the
    /// greenlet can tell from others when it catches it.
    ///
    /// gevent: `Greenlet.kill(exception)`.
    ///
    /// ```
    /// use std::time::Duration;
    /// #[derive(Debug, PartialEq)]
    /// struct Reload;
    /// let g = geventrs::spawn(|| {
    ///     let caught = std::panic::catch_unwind(|| geventrs::sleep(Duration::from_secs(60)));
    ///     assert_eq!(caught.unwrap_err().downcast_ref(), Some(&Reload));
    ///     "reloaded"
    /// });
    /// geventrs::yield_now();
    /// assert!(g.kill_with(Reload, None));
    /// assert_eq!(g.get().unwrap(), "reloaded");
    /// ```
    pub fn kill_with(&self, exception: impl Any + Send, timeout: Option<Duration>) -> bool {
        self.packet.about.stop(Box::new(exception));
        if self.packet.about.is_current() {
            interrupt::check();
            return false;
        }
        self.join(timeout)
    }

    /// The id of the greenlet that spawned it.
    ///
    /// gevent: `Greenlet.spawning_greenlet`.
    ///
    /// ```
    /// let parent = geventrs::spawn(|| {
    ///     geventrs::spawn(|| ()).parent_id()
    /// });
    /// let id = parent.id();
    /// assert_eq!(parent.get().unwrap(), id);
    /// ```
    pub fn parent_id(&self) -> u32 {
        self.packet.about.parent()
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
        self.packet.about.set_name(name.into());
    }

    /// The function that it is said to run by those who look at the program, for who spawns it
    /// with a closure of its own that calls that.
    #[doc(hidden)]
    pub fn set_routine(&self, address: usize) {
        self.packet.about.set_routine(address);
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

impl<T: Sync + 'static> Greenlet<T> {
    /// Calls `f` with the outcome when the greenlet has ended, well or not: on
    /// the ended greenlet, after [`ready`](Self::ready) has become true, one
    /// link after another in the order in which they were made. `f` may wait,
    /// and a panic in it is reported and ends nothing else. [`get`](Self::get)
    /// returns when all links have. If the greenlet has ended, `f` is called at
    /// once by the caller.
    ///
    /// gevent: `Greenlet.link`, which calls with the greenlet, on the hub; and
    /// from the hub as well if it has ended.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// let (tell, told) = mpsc::channel();
    /// let g = geventrs::spawn(|| 6 * 7);
    /// g.link(move |outcome| tell.send(*outcome.unwrap()).unwrap());
    /// g.get().unwrap();
    /// assert_eq!(told.try_recv(), Ok(42));
    /// ```
    pub fn link(&self, f: impl FnOnce(Result<&T, &Exception>) + Send + 'static) -> LinkId {
        match self.packet.links().add(Box::new(f)) {
            Ok(id) => id,
            Err((id, f)) => {
                // Its end may be a few instructions away.
                self.join(None);
                if let Some(outcome) = self.packet.outcome() {
                    f(outcome);
                }
                id
            }
        }
    }

    /// As [`link`](Self::link), but only if the greenlet has a value.
    ///
    /// gevent: `Greenlet.link_value`.
    ///
    /// ```
    /// let g = geventrs::spawn(|| panic!("on purpose"));
    /// g.link_value(|_: &()| unreachable!());
    /// assert!(g.get().is_err());
    /// ```
    pub fn link_value(&self, f: impl FnOnce(&T) + Send + 'static) -> LinkId {
        self.link(|outcome| {
            if let Ok(value) = outcome {
                f(value);
            }
        })
    }

    /// As [`link`](Self::link), but only if the greenlet has no value.
    ///
    /// gevent: `Greenlet.link_exception`.
    ///
    /// ```
    /// let g = geventrs::spawn(|| panic!("no luck"));
    /// g.link_exception(|e| assert_eq!(e.to_string(), "no luck"));
    /// assert!(g.get().is_err());
    /// ```
    pub fn link_exception(&self, f: impl FnOnce(&Exception) + Send + 'static) -> LinkId {
        self.link(|outcome| {
            if let Err(exception) = outcome {
                f(exception);
            }
        })
    }

    /// Takes a link back. False if it has been called, or is being called.
    ///
    /// gevent: `Greenlet.unlink`.
    ///
    /// ```
    /// let g = geventrs::spawn(|| ());
    /// let link = g.link(|_| unreachable!());
    /// assert!(g.unlink(link));
    /// g.get().unwrap();
    /// ```
    pub fn unlink(&self, link: LinkId) -> bool {
        self.packet.links().remove(link)
    }

    /// Takes all links back that have not been called.
    ///
    /// gevent: `Greenlet.unlink_all`.
    ///
    /// ```
    /// let g = geventrs::spawn(|| ());
    /// g.link(|_| unreachable!());
    /// g.unlink_all();
    /// assert!(!g.has_links());
    /// g.get().unwrap();
    /// ```
    pub fn unlink_all(&self) {
        self.packet.links().clear();
    }

    /// Whether it has links that have not been called.
    ///
    /// gevent: `Greenlet.has_links`.
    ///
    /// ```
    /// let g = geventrs::spawn(|| ());
    /// g.link(|_| ());
    /// assert!(g.has_links());
    /// ```
    pub fn has_links(&self) -> bool {
        self.packet.links().any()
    }
}

impl<T> core::fmt::Debug for Greenlet<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let state = match self.packet.about.state() {
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
