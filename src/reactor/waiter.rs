//! A wait for a descriptor, and where it takes bytes from somebody's hand.

use crate::greenlet::Greenlet;
use crate::run_queue::RunQueue;
use crate::wait::Wake;
use core::cell::Cell;
use core::ptr;

/// Memory of a waiting reader's into which somebody may put what it waits for.
#[derive(Clone, Copy, Debug)]
pub struct Sink {
    at: *mut u8,
    room: usize,
}

impl Sink {
    /// `room` bytes at `at`.
    pub fn new(at: *mut u8, room: usize) -> Self {
        Sink { at, room }
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
    given: Cell<usize>,
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
            given: Cell::new(0),
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
        self.given.set(length);
        run.push(self.greenlet);
        true
    }

    /// How many bytes of its sink were filled.
    #[inline(always)]
    pub fn given(&self) -> usize {
        self.given.get()
    }
}
