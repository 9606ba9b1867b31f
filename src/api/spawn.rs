//! Starting greenlets, and what their first function is wrapped in.

use super::about::About;
use super::exception::{Exception, GreenletExit};
use super::handle::Greenlet;
use super::interrupt::Ending;
use super::packet::Packet;
use super::{environment, interrupt, park};
use crate::doorway;
use crate::hub::{self, Spawn, SpawnError, StackSource};
use crate::sys;
use crate::wait::Reason;
use core::any::Any;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;

/// The stack of a greenlet unless said otherwise: what `std::thread` gives, so
/// that code can move from one to the other. Pages are used as touched.
const DEFAULT_STACK: usize = 2 << 20;
/// The guard that a greenlet reports; the real one is a page as well.
const GUARD: usize = 4096;

/// What reports call a greenlet that was given no name; its id is beside it.
const UNNAMED: &str = "Greenlet";
const UNNAMED_SHORT: [u8; 16] = shortened(UNNAMED);

/// As much of a name as the hub keeps, with zeroes behind it.
const fn shortened(name: &str) -> [u8; 16] {
    let (mut short, mut at) = ([0; 16], 0);
    while at < name.len() && at < 15 {
        short[at] = name.as_bytes()[at];
        at += 1;
    }
    short
}

/// An OS thread is becoming, or has become, the one that drives the hub.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Starts a greenlet that runs `f`, and returns at once: it runs for the first
/// time when the caller waits for something.
///
/// The first call makes the calling OS thread the one that drives the hub, and
/// what it runs the *root* greenlet.
///
/// A panic in `f` ends the greenlet only: a line on stderr says so, after the
/// panic hook's, and [`Greenlet::get`] returns what it panicked with.
///
/// `Send` is asked for although one greenlet runs at a time: the hub may be
/// driven by another OS thread the next time that the greenlet runs, and its
/// thread-locals are its own, so `f` and its value cross threads in every
/// sense but one.
///
/// gevent: `gevent.spawn`.
///
/// # Panics
/// Where [`Builder::spawn`] returns an error.
///
/// ```
/// let g = geventrs::spawn(|| "hello");
/// assert_eq!(g.get().unwrap(), "hello");
/// ```
pub fn spawn<F, T>(f: F) -> Greenlet<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match Builder::new().spawn(f) {
        Ok(g) => g,
        Err(e) => panic!("cannot spawn a greenlet: {e}"),
    }
}

/// Starts a greenlet that runs `f` after `delay`. One that is killed before
/// never runs it.
///
/// gevent: `gevent.spawn_later`.
///
/// # Panics
/// Where [`Builder::spawn`] returns an error.
///
/// ```
/// use std::time::Duration;
/// let g = geventrs::spawn_later(Duration::from_millis(20), || "later");
/// assert!(!g.join(Some(Duration::from_millis(1))));
/// assert_eq!(g.get().unwrap(), "later");
/// ```
pub fn spawn_later<F, T>(delay: Duration, f: F) -> Greenlet<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let due = super::deadline(Some(delay));
    spawn(move || {
        park::pause(Reason::Sleep, due);
        f()
    })
}

/// A greenlet's name and stack size, before it is started.
///
/// ```
/// let g = geventrs::Builder::new().name("digger").stack_size(16 << 20).spawn(|| 1).unwrap();
/// assert_eq!((g.name().as_str(), g.get().unwrap()), ("digger", 1));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is started before `spawn`"]
pub struct Builder {
    name: Option<String>,
    stack_size: Option<usize>,
}

impl Builder {
    /// A greenlet named after its id, with a stack of 2 MiB.
    ///
    /// ```
    /// let g = geventrs::Builder::new().spawn(|| ()).unwrap();
    /// assert_eq!(g.name(), format!("Greenlet-{}", g.id()));
    /// ```
    pub fn new() -> Self {
        Builder::default()
    }

    /// Names the greenlet. Reports of the hub show the first 15 bytes.
    ///
    /// ```
    /// let g = geventrs::Builder::new().name("tick").spawn(|| ()).unwrap();
    /// assert_eq!(g.name(), "tick");
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Asks for a stack of at least so many bytes. Only touched pages cost
    /// memory; a page below the stack catches an overflow (SIGSEGV).
    ///
    /// ```
    /// fn deep(n: u32) -> u32 { if n == 0 { 0 } else { 1 + std::hint::black_box(deep(n - 1)) } }
    /// let g = geventrs::Builder::new().stack_size(64 << 20).spawn(|| deep(100_000)).unwrap();
    /// assert_eq!(g.get().unwrap(), 100_000);
    /// ```
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Starts the greenlet; see [`spawn`].
    ///
    /// # Errors
    /// [`SpawnError::Foreign`] on an OS thread that does not drive the hub,
    /// when another one does; [`SpawnError::Resources`] without memory for the
    /// stack; [`SpawnError::Unsupported`] where the C library is not one that
    /// greenlets can run on.
    ///
    /// ```
    /// let first = geventrs::spawn(|| ());
    /// let elsewhere = std::thread::spawn(|| geventrs::Builder::new().spawn(|| ()).err());
    /// assert_eq!(elsewhere.join().unwrap(), Some(geventrs::SpawnError::Foreign));
    /// first.join(None);
    /// ```
    pub fn spawn<F, T>(self, f: F) -> Result<Greenlet<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let name = self.name.as_deref().map_or(UNNAMED_SHORT, shortened);
        let packet = Arc::new(Packet::new(self.name, f));
        let share = Arc::into_raw(packet.clone());
        let made = make(
            &Spawn {
                made_at: 0,
                entry: first_frame::<F, T>,
                arg: share.cast_mut().cast::<c_void>(),
                stack: StackSource::Later(self.stack_size.unwrap_or(DEFAULT_STACK)),
                guard: GUARD,
                detached: true,
                name,
            },
            &packet,
        );
        if let Err(e) = made {
            // SAFETY: no greenlet was made, which would have taken both.
            drop(unsafe { (Arc::from_raw(share), packet.take_function::<F>()) });
            return Err(e);
        }
        Ok(Greenlet::new(packet))
    }
}

/// Step in, starting the hub if there is none, and make the greenlet.
fn make<T>(spawn: &Spawn, packet: &Packet<T>) -> Result<(), SpawnError> {
    let inside = doorway::enter();
    let starts = inside.is_none();
    if starts && TAKEN.swap(true, Ordering::AcqRel) {
        return Err(SpawnError::Foreign);
    }
    if starts {
        environment::read();
    }
    // SAFETY: `first_frame` takes its closure, which is `Send`, on any stack.
    // The hub is started by the one OS thread that `TAKEN` has let through.
    let made = unsafe { hub::spawn(spawn) };
    // The caller may have become the root, and is in our code then.
    let inside = inside.or_else(doorway::inside);
    if starts && inside.is_none() {
        // The hub could not be started; it may be possible later.
        TAKEN.store(false, Ordering::Release);
    }
    packet.about.made(made?);
    Ok(())
}

/// The outermost frame of the program's code on a greenlet. No panic leaves it.
///
/// # Safety
/// `arg` is a share of a `Packet<T>` that was made with an `F`; this call takes both.
unsafe extern "C-unwind" fn first_frame<F, T>(arg: *mut c_void) -> *mut c_void
where
    F: FnOnce() -> T,
    T: 'static,
{
    // SAFETY: by this function's contract.
    let packet = unsafe { Arc::from_raw(arg.cast::<Packet<T>>().cast_const()) };
    // SAFETY: as above; the handle looks when the greenlet has ended.
    let f = unsafe { packet.take_function::<F>() };
    let about = &packet.about;
    let named = super::current::Named::set(about);
    // Nobody looks at what `f` leaves half done but through what it shares
    // with others, as with a thread.
    let f = || {
        // Killed before it began, it never does.
        interrupt::check();
        f()
    };
    let result = match interrupt::ending() {
        None => catch_unwind(AssertUnwindSafe(f)),
        Some(ending) => end_otherwise(ending, f),
    };
    interrupt::cancel_all();
    if let Err(result) = packet.finish_plainly(result) {
        about.close();
        if let Err(payload) = &result {
            if !payload.is::<GreenletExit>() {
                report(about, "failed with panic", &Exception::of(payload).to_string());
            }
        }
        packet.finish(result, |what, message| report(&packet.about, what, message));
    }
    drop(named);
    // If the handle is gone, the value goes with the packet, and its
    // destructor is the program's code.
    if Arc::strong_count(&packet) > 1 {
        // The owner's, if he is not just dropping it; then he is named by his id.
        let id = packet.about.id();
        return end_with(packet, UNNAMED, id);
    }
    let (name, id) = (packet.about.name(), packet.about.id());
    end_with(packet, &name, id)
}

/// Drop the greenlet's share of its packet.
fn end_with<T>(packet: Arc<Packet<T>>, name: &str, id: u32) -> *mut c_void {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(packet))) {
        let message = Exception::of(&payload).to_string();
        say(name, id, "panicked when its value was dropped", &message);
        // Dropping a payload may panic as well.
        core::mem::forget(payload);
    }
    ptr::null_mut()
}

/// Run `f` where greenlets end by another way than a panic.
fn end_otherwise<T: 'static>(ending: &Ending, f: impl FnOnce() -> T) -> thread::Result<T> {
    let (mut f, mut value) = (Some(f), None);
    let ended = (ending.catch)(&mut || value = f.take().map(|f| f()));
    match ended {
        Ok(()) => {}
        Err(raw) if raw == ending.ended => value = None,
        // It left with a value of its own: that is the value, if it is one.
        Err(raw) => {
            if let Some(value) = (&mut value as &mut dyn Any).downcast_mut::<Option<Raw>>() {
                *value = Some(Raw(raw));
            }
        }
    }
    value.ok_or_else(|| Box::new(GreenletExit) as _)
}

/// The value of a greenlet that runs a function of C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw(pub *mut c_void);

// SAFETY: a value, followed by nobody here: what it points to is the program's.
unsafe impl Send for Raw {}
// SAFETY: as above.
unsafe impl Sync for Raw {}

/// One line as gevent's `<Greenlet ...> failed with ...`.
fn report(about: &About, what: &str, message: &str) {
    say(&about.name(), about.id(), what, message);
}

fn say(name: &str, id: u32, what: &str, message: &str) {
    sys::write_stderr(format!("<Greenlet \"{name}\" {id}> {what}: {message}\n").as_bytes());
}
