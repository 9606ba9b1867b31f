//! A wait for a descriptor, and where it takes bytes from somebody's hand.

use crate::greenlet::Greenlet;
use crate::run_queue::RunQueue;
use crate::sys::Errno;
use crate::wait::Wake;
use core::cell::Cell;
use core::ptr;

/// What a [`Take`] has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// How many bytes; 0: the end of the stream, or an empty datagram.
    pub bytes: usize,
    /// Nothing is left.
    pub all: bool,
}

/// Takes what has come for a descriptor into a sink's memory, without waiting.
/// EAGAIN: the reader is to try for itself; any other error is the reader's.
pub type Take = unsafe fn(fd: i32, sink: Sink) -> Result<Taken, Errno>;

/// Memory of a waiting reader's into which somebody may put what it waits for.
#[derive(Clone, Copy, Debug)]
pub struct Sink {
    at: *mut u8,
    room: usize,
    take: Option<Take>,
}

impl Sink {
    /// `room` bytes at `at`.
    pub fn new(at: *mut u8, room: usize) -> Self {
        Sink { at, room, take: None }
    }

    /// The hub fills it, when it hears that there is something.
    pub fn taken_by(self, take: Take) -> Self {
        Sink { take: Some(take), ..self }
    }

    /// How the hub fills it, if it may.
    #[inline(always)]
    pub(super) fn take(&self) -> Option<Take> {
        self.take
    }

    /// Where it is.
    pub fn at(&self) -> *mut u8 {
        self.at
    }

    /// How many bytes it takes.
    pub fn room(&self) -> usize {
        self.room
    }
}

/// A wait for one descriptor, on the waiter's stack, linked into the
/// descriptor's entry.
pub struct FdWaiter {
    pub(super) prev: Cell<*const FdWaiter>,
    pub(super) next: Cell<*const FdWaiter>,
    pub(super) greenlet: &'static Greenlet,
    pub(super) fd: i32,
    pub(super) mask: u8,
    pub(super) exclusive: bool,
    pub(super) linked: Cell<bool>,
    sink: Option<Sink>,
    given: Cell<Option<Result<usize, Errno>>>,
    /// See [`FdWaiter::came_first`].
    pub(super) came_first: Cell<bool>,
}

impl FdWaiter {
    /// A waiter that will only look (`poll`, `select`): every event wakes it.
    pub fn shared(greenlet: &'static Greenlet, fd: i32, mask: u8) -> Self {
        FdWaiter {
            prev: Cell::new(ptr::null()),
            next: Cell::new(ptr::null()),
            greenlet,
            fd,
            mask,
            exclusive: false,
            linked: Cell::new(false),
            sink: None,
            given: Cell::new(None),
            came_first: Cell::new(false),
        }
    }

    /// A waiter that will consume: one of them is woken at a time.
    pub fn exclusive(greenlet: &'static Greenlet, fd: i32, mask: u8) -> Self {
        FdWaiter { exclusive: true, ..Self::shared(greenlet, fd, mask) }
    }

    /// It would take bytes from somebody's hand.
    pub fn with_sink(self, sink: Option<Sink>) -> Self {
        FdWaiter { sink, ..self }
    }

    /// Where it takes them.
    pub fn sink(&self) -> Option<Sink> {
        self.sink
    }

    /// The first `length` bytes of its sink are filled: end its wait. False if
    /// somebody has done so already.
    pub fn fill(&self, length: usize, run: &RunQueue) -> bool {
        if !self.greenlet.claim(Wake::Notified) {
            return false;
        }
        self.given.set(Some(Ok(length)));
        run.push(self.greenlet);
        true
    }

    /// Of a wait that was interrupted: what it waited for may have been there before.
    pub fn came_first(&self) -> bool {
        self.came_first.get()
    }

    /// What was taken for it, by who has claimed its wait.
    pub(super) fn give(&self, result: Result<usize, Errno>) {
        self.given.set(Some(result));
    }

    /// How many bytes of its sink were filled, or the error of who was to fill it; `None`:
    /// nobody did.
    #[inline(always)]
    pub fn given(&self) -> Option<Result<usize, Errno>> {
        self.given.get()
    }
}
