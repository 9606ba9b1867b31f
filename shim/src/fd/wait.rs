//! The frame of every blocking call on a descriptor: try, park, try again.
//!
//! # Rules
//!
//! - The call is tried first, in a form that does not block. If the descriptor
//!   is known to be drained (own, examined, no edge since), that attempt is
//!   saved and the greenlet parks at once.
//! - Only when a call would block is it asked whether it may: O_NONBLOCK of
//!   the program's gives EAGAIN, SO_RCVTIMEO and SO_SNDTIMEO set a deadline for
//!   the whole call, at which EAGAIN is the answer (socket(7)).
//! - A wait that was woken owes the next one its turn: [`Wait::finish`].
//! - When another thread closes the descriptor, the call fails with EBADF.
//!   (Linux goes on waiting on the old description; here the number may
//!   belong to another file by then, which must not be touched.)

use super::ahead;
use super::handover;
use super::known::{self, Kind, Known};
use super::pauses::Pauses;
use super::peers;
use super::probe;
use crate::doorway::Shim;
use core::cell::Cell;
use core::ffi::{c_int, c_void};
use hub::hub as scheduler;
use hub::reactor::{FdWaiter, Sink, READ, WRITE};
use hub::sys::Errno;
use hub::time::{self as clock, MILLISECOND, NEVER};
use hub::wait::{Reason, Wake};

/// Calls that may succeed in a row, without a switch, before the others get a
/// turn. A call costs about a microsecond; a turn about a tenth of it.
const BUDGET: u32 = 64;

struct Fairness {
    switches: Cell<u64>,
    calls: Cell<u32>,
}

// SAFETY: touched by the hub's holder only.
unsafe impl Sync for Fairness {}

static FAIRNESS: Fairness = Fairness { switches: Cell::new(0), calls: Cell::new(0) };

/// A hooked call has found nothing to wait for: let the others run now and
/// then.
#[inline(always)]
pub fn served(shim: &Shim) {
    let switches = scheduler::switches();
    if FAIRNESS.switches.get() != switches {
        FAIRNESS.switches.set(switches);
        FAIRNESS.calls.set(1);
        return;
    }
    let calls = FAIRNESS.calls.get() + 1;
    FAIRNESS.calls.set(calls);
    if calls >= BUDGET {
        FAIRNESS.calls.set(0);
        scheduler::yield_now(shim.greenlet);
    }
}

/// The wait of one hooked call for one direction of one descriptor.
pub struct Wait<'a> {
    shim: &'a Shim,
    /// The descriptor.
    pub fd: c_int,
    direction: u8,
    reason: Reason,
    /// What was known of it when the call began.
    pub known: Known,
    generation: u32,
    examined: bool,
    /// Of SO_RCVTIMEO or SO_SNDTIMEO.
    deadline: u64,
    /// Of the call itself.
    until: u64,
    unpollable: bool,
    /// The next park comes without an attempt before it.
    unattempted: Cell<bool>,
    /// It is only believed that nothing is there.
    believed: Cell<bool>,
    /// An event has just ended the park.
    woken: Cell<bool>,
    /// The hub has moved during an attempt: an edge may have come and gone.
    moved: Cell<bool>,
}

impl<'a> Wait<'a> {
    /// A call on `fd` begins that may have to wait in `direction`.
    #[inline(always)]
    pub fn new(shim: &'a Shim, fd: c_int, direction: u8, reason: Reason) -> Self {
        let known = known::get(fd);
        Wait {
            shim,
            fd,
            direction,
            reason,
            known,
            generation: scheduler::with_reactor(|r, _| r.table.generation(fd)),
            examined: known.is_examined(),
            deadline: NEVER,
            until: NEVER,
            unpollable: false,
            unattempted: Cell::new(false),
            believed: Cell::new(false),
            woken: Cell::new(false),
            moved: Cell::new(false),
        }
    }

    /// The call itself has a deadline, in the hub's nanoseconds. A wait that it
    /// ends gives ETIMEDOUT; unlike a time limit of the socket it does not keep
    /// a call from being restarted (signal(7)).
    pub fn until(mut self, deadline: u64) -> Self {
        self.until = deadline;
        self
    }

    /// Trying would be in vain: park first. Only for calls on at least one
    /// byte, and on what refuses no length.
    #[inline(always)]
    pub fn in_vain(&self) -> bool {
        if !self.examined || !self.known.kind().waits_for_any_length() {
            return false;
        }
        let (fd, direction) = (self.fd, self.direction);
        let vain = scheduler::with_reactor(|r, _| {
            if !r.table.may_be_ready(fd, direction) {
                return true;
            }
            // (A reader of fewer bytes than a low-water mark does not wait for that.)
            let may = direction == READ && !known::low_water();
            let believed = may && r.believes_drained(fd);
            self.believed.set(believed);
            believed
        });
        self.unattempted.set(vain);
        vain
    }

    /// All that had come was taken: see [`Known::short_means_drained`].
    #[inline(always)]
    pub fn drained(&self) {
        if self.moved.get() {
            return;
        }
        scheduler::with_reactor(|r, _| r.table.drained(self.fd, self.direction));
    }

    /// Make a call that will not wait, unless somebody else takes just now what was
    /// seen to be there: then the monitor moves the hub.
    #[inline(always)]
    pub fn outright<R>(&self, call: impl FnOnce() -> R) -> R {
        let switches = scheduler::switches();
        let result = scheduler::as_program(call);
        if scheduler::switches() != switches {
            self.moved.set(true);
        }
        result
    }

    /// The kernel cannot poll it, so a call will not wait for long.
    pub fn is_unpollable(&self) -> bool {
        self.unpollable
    }

    /// May this call wait, and until when? EAGAIN: the program has set
    /// O_NONBLOCK.
    #[cold]
    fn examine(&mut self) -> Result<(), Errno> {
        if self.known.is_nonblocking() {
            return Err(libc::EAGAIN);
        }
        if probe::status_flags(self.fd)? & libc::O_NONBLOCK != 0 {
            if self.known.is_own() {
                known::nonblocking(self.fd);
            }
            return Err(libc::EAGAIN);
        }
        let mut limited = false;
        if self.known.kind().may_be_socket() {
            let (mine, other) = match self.direction {
                READ => (libc::SO_RCVTIMEO, libc::SO_SNDTIMEO),
                _ => (libc::SO_SNDTIMEO, libc::SO_RCVTIMEO),
            };
            let limit = probe::time_limit(self.fd, mine);
            self.deadline = limit.map_or(NEVER, clock::after);
            limited = limit.is_some()
                || self.known.is_own() && probe::time_limit(self.fd, other).is_some();
        }
        if self.known.is_own() && !limited {
            known::examined(self.fd);
        }
        self.examined = true;
        Ok(())
    }

    /// The attempt found nothing: wait for an edge. On `Ok` try again. EAGAIN:
    /// the call may not wait, or not longer; ETIMEDOUT: its own deadline
    /// ([`Wait::until`]) has come; EINTR: it was interrupted; EBADF: the
    /// descriptor was closed.
    pub fn park(&mut self) -> Result<(), Errno> {
        self.park_for(None).map(|_| ())
    }

    /// [`Wait::park`] of a plain read into a buffer, which a writer ([`handover`]) or
    /// the hub ([`ahead`]) may fill meanwhile: the call is over then, with so many bytes.
    /// `None`: try again.
    pub fn park_to_read(
        &mut self,
        buffer: *mut c_void,
        length: usize,
    ) -> Result<Option<usize>, Errno> {
        // From hand to hand goes only what nothing lies before.
        let from_hand = match self.believed.replace(false) {
            true => None,
            false => handover::sink(self.fd, self.known, buffer, length),
        };
        let sink = from_hand.or_else(|| ahead::sink(self.known, buffer, length));
        self.park_for(sink)
    }

    fn park_for(&mut self, sink: Option<Sink>) -> Result<Option<usize>, Errno> {
        if !self.examined {
            self.examine()?;
        }
        // Of others' descriptors the registration may be stale; and a datagram
        // socket learns that its peer has room only if it is polled when the
        // peer is full (unix(7)), which this does.
        let certain =
            self.known.is_own() && (self.direction == READ || self.known.kind() != Kind::Socket);
        let (fd, direction) = (self.fd, self.direction);
        let confirmed = scheduler::with_reactor(|r, _| {
            if !self.unattempted.replace(false) {
                match direction {
                    READ => r.table.read_in_vain(fd),
                    _ => r.table.drained(fd, direction),
                }
            }
            if certain {
                Ok(())
            } else {
                r.confirm(fd, direction)
            }
        });
        let g = self.shim.greenlet;
        let waiter = [FdWaiter::exclusive(g, fd, direction).with_sink(sink)];
        let woken = confirmed.and_then(|()| {
            scheduler::wait_fds(g, &waiter, self.reason, self.deadline.min(self.until))
        });
        match woken {
            Ok(Wake::Notified) => {
                if let Some(given) = waiter[0].given() {
                    return given.map(Some);
                }
                self.woken.set(true);
                let now = scheduler::with_reactor(|r, _| r.table.generation(fd));
                if now != self.generation {
                    return Err(libc::EBADF);
                }
                Ok(None)
            }
            Ok(Wake::TimedOut) => Err(self.timed_out()),
            Ok(Wake::Interrupted) => {
                let late = waiter[0].came_first();
                self.interrupted().or_else(|e| self.interrupted_late(late, e)).map(|()| None)
            }
            Err(libc::EPERM) => {
                self.unpollable = true;
                Ok(None)
            }
            Err(libc::EBADF) => Err(libc::EBADF),
            // No memory or no watches left for epoll: look again soon.
            Err(_) => self.pause(MILLISECOND).map(|()| None),
        }
    }

    /// As [`Wait::park`], for sockets that were to send. A datagram's receiver
    /// may be full while the socket polls writable: nothing tells when it is
    /// not, so it is tried again and again.
    pub fn park_for_room(&mut self, pauses: &mut Pauses) -> Result<(), Errno> {
        if !self.known.kind().is_stream() && probe::poll(self.fd, libc::POLLOUT) != 0 {
            return self.pause(pauses.longer());
        }
        self.park()
    }

    /// Wait for `span` nanoseconds, for want of an edge to wait for.
    pub fn pause(&mut self, span: u64) -> Result<(), Errno> {
        if !self.examined {
            self.examine()?;
        }
        let at = clock::after(span);
        let end = self.deadline.min(self.until);
        match scheduler::pause_until(self.shim.greenlet, self.reason, at.min(end)) {
            Wake::Interrupted => self.interrupted(),
            _ if at >= end => Err(self.timed_out()),
            _ => Ok(()),
        }
    }

    /// What the earlier of both deadlines gives.
    fn timed_out(&self) -> Errno {
        if self.until < self.deadline {
            libc::ETIMEDOUT
        } else {
            libc::EAGAIN
        }
    }

    /// A wait was interrupted: by a cancellation, which acts here, or by a
    /// signal. signal(7): SA_RESTART goes on with the call, unless a time limit
    /// was set on the socket.
    #[cold]
    fn interrupted(&self) -> Result<(), Errno> {
        if crate::signal::restarts(self.shim, self.deadline == NEVER) {
            return Ok(());
        }
        Err(libc::EINTR)
    }

    /// An interruption ends a call that waits. If it came `late`, what was waited for was
    /// there before; if it still is, the call is to find it.
    #[cold]
    fn interrupted_late(&self, late: bool, error: Errno) -> Result<(), Errno> {
        if late && self.direction == READ && probe::poll(self.fd, libc::POLLIN) != 0 {
            return Ok(());
        }
        Err(error)
    }

    /// The call ends: whoever waits for the same may have its turn.
    #[inline(always)]
    pub fn finish(&self) {
        scheduler::with_reactor(|r, run| r.table.pass_on(self.fd, self.direction, run));
        served(self.shim);
    }

    /// [`Wait::finish`] of a call that moves bytes: the other end, if it is in
    /// this process, hears of it at once.
    #[inline(always)]
    pub fn finish_moving(&self, result: &Result<usize, Errno>) {
        if matches!(result, Ok(1..)) {
            let other_end = peers::of(self.fd);
            scheduler::with_reactor(|r, run| {
                if self.direction == READ {
                    r.table.has_read(self.fd);
                }
                if let Some(other) = other_end {
                    // What is read makes room there; what is written can be read.
                    let there = if self.direction == READ { WRITE } else { READ };
                    r.table.hint(other, there, run);
                }
            });
        }
        self.finish();
    }

    /// A plain read will hardly block: this call waited for the pipe until
    /// something was seen in it, and no hook has read from it since. (It is own,
    /// and there is one OS thread.) To be made [`Wait::outright`].
    #[inline(always)]
    pub fn is_filled_pipe(&self) -> bool {
        self.woken.replace(false)
            && self.known.kind() == Kind::Pipe
            && self.known.is_own()
            && hub::sys::one_os_thread()
            && scheduler::with_reactor(|r, _| r.table.take_filled(self.fd))
    }
}
