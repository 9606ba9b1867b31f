//! A non-blocking descriptor, and the loop around each call on it: try, park
//! until something has changed, try again.

use super::super::interrupt;
use super::super::{deadline, fds};
use crate::reactor::{take_of, Drained, FdWaiter, Sink, READ, WRITE};
use crate::sys::Errno;
use crate::time::{self, NEVER};
use crate::wait::{Reason, Wake};
use crate::{doorway, hub, Interest};
use core::sync::atomic::{AtomicU64, AtomicU8, Ordering};
use core::time::Duration;
use libc::pollfd;
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, RawFd};

/// What it is for a call that the hub has received so many bytes.
type Meaning<R> = fn(usize) -> R;

/// A call that waits if it must.
trait Attempt<S> {
    /// What it comes to.
    type Done;

    /// Make it; `WouldBlock`: it must wait.
    fn make(&mut self, socket: &S) -> io::Result<Self::Done>;

    /// What it came to tells that the descriptor is drained: the next one waits for an edge
    /// without trying. (Edges are read by the holder of the hub, who makes the call as
    /// well: none is lost between.)
    fn drains(&self, _: &Self::Done) -> bool {
        false
    }

    /// It reads what has come: how many of them succeed between two waits is learnt.
    const READS: bool = false;

    /// Where the hub may put what comes while it waits, and what so many bytes mean.
    fn sink(&mut self) -> Option<(Sink, Meaning<Self::Done>)> {
        None
    }
}

/// Any call.
struct Call<F>(F);

impl<S, R, F: FnMut(&S) -> io::Result<R>> Attempt<S> for Call<F> {
    type Done = R;

    fn make(&mut self, socket: &S) -> io::Result<R> {
        (self.0)(socket)
    }
}

/// recv(2) without flags.
struct Receive<'a, F> {
    drained: Drained,
    buffer: &'a mut [u8],
    call: F,
}

impl<S, F: Fn(&S, &mut [u8]) -> io::Result<usize>> Attempt<S> for Receive<'_, F> {
    type Done = usize;
    const READS: bool = true;

    fn make(&mut self, socket: &S) -> io::Result<usize> {
        (self.call)(socket, self.buffer)
    }

    fn drains(&self, got: &usize) -> bool {
        self.drained != Drained::InVain && (1..self.buffer.len()).contains(got)
    }

    fn sink(&mut self) -> Option<(Sink, Meaning<usize>)> {
        let at = self.buffer.as_mut_ptr();
        let sink = Sink::new(at, self.buffer.len()).taken_by(take_of(self.drained));
        Some((sink, |bytes| bytes))
    }
}

/// std's socket `S`, non-blocking.
pub(in super::super) struct Descriptor<S: AsRawFd> {
    inner: Option<S>,
    /// Directions of which the kernel has been told for this descriptor. What
    /// the reactor's table says may be of an earlier one of the same number,
    /// closed on an OS thread that has no hub.
    told: AtomicU8,
    /// Time-outs in the hub's unit.
    read_timeout: AtomicU64,
    write_timeout: AtomicU64,
}

impl<S: AsRawFd> Descriptor<S> {
    /// `inner` is non-blocking.
    pub(in super::super) fn new(inner: S) -> Self {
        Descriptor {
            inner: Some(inner),
            told: AtomicU8::new(0),
            read_timeout: AtomicU64::new(NEVER),
            write_timeout: AtomicU64::new(NEVER),
        }
    }

    pub(in super::super) fn get(&self) -> &S {
        match &self.inner {
            Some(inner) => inner,
            None => unreachable!("only `into_inner` and `drop` take it"),
        }
    }

    pub(in super::super) fn into_inner(mut self) -> S {
        self.leave();
        match self.inner.take() {
            Some(inner) => inner,
            None => unreachable!("only `into_inner` and `drop` take it"),
        }
    }

    fn fd(&self) -> RawFd {
        self.get().as_raw_fd()
    }

    fn timeout_of(&self, interest: Interest) -> &AtomicU64 {
        match interest {
            Interest::Read => &self.read_timeout,
            Interest::Write => &self.write_timeout,
        }
    }

    pub(in super::super) fn set_timeout(&self, interest: Interest, timeout: Option<Duration>) {
        let span = timeout.map_or(NEVER, time::from_duration);
        self.timeout_of(interest).store(span, Ordering::Relaxed);
    }

    pub(in super::super) fn timeout(&self, interest: Interest) -> Option<Duration> {
        let span = self.timeout_of(interest).load(Ordering::Relaxed);
        (span != NEVER).then(|| Duration::from_nanos(span))
    }

    /// Make a call that must wait for reading, for the read time-out at most.
    pub(in super::super) fn read<R>(&self, call: impl FnMut(&S) -> io::Result<R>) -> io::Result<R> {
        let fd = self.fd();
        self.io(Interest::Read, Reason::Read(fd), self.timeout(Interest::Read), call)
    }

    /// [`read`](Self::read) of a call that puts what has come into `buffer`, as recv(2)
    /// does without flags. While it waits the hub may make it ([`take_of`]).
    pub(in super::super) fn read_into(
        &self,
        drained: Drained,
        buffer: &mut [u8],
        call: impl Fn(&S, &mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let (fd, timeout) = (self.fd(), self.timeout(Interest::Read));
        let attempt = Receive { drained, buffer, call };
        self.io_until(Interest::Read, Reason::Read(fd), timeout, attempt)
    }

    /// Make a call that must wait for writing, for the write time-out at most.
    pub(in super::super) fn write<R>(
        &self,
        call: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        let fd = self.fd();
        self.io(Interest::Write, Reason::Write(fd), self.timeout(Interest::Write), call)
    }

    /// Make `call`, which says `WouldBlock` if it must wait for `interest`, until
    /// it says something else. `call` is ours: it runs in our code.
    pub(in super::super) fn io<R>(
        &self,
        interest: Interest,
        reason: Reason,
        timeout: Option<Duration>,
        call: impl FnMut(&S) -> io::Result<R>,
    ) -> io::Result<R> {
        self.io_until(interest, reason, timeout, Call(call))
    }

    /// Trying would be in vain: nothing has come since the descriptor was found drained,
    /// or so it is believed, where it `may` be.
    fn in_vain(&self, direction: u8, may: bool) -> bool {
        self.told.load(Ordering::Relaxed) & direction != 0
            && hub::with_reactor(|r, _| {
                !r.table.may_be_ready(self.fd(), direction) || may && r.believes_drained(self.fd())
            })
    }

    /// The caller, which has the hub, has made an attempt in vain.
    fn note_in_vain<A: Attempt<S>>(&self, direction: u8) {
        hub::with_reactor(|r, _| match A::READS {
            true => r.table.read_in_vain(self.fd()),
            false => r.table.drained(self.fd(), direction),
        });
    }

    /// The caller, which has the hub, has made an attempt that came to something.
    fn note_done<A: Attempt<S>>(&self, direction: u8, attempt: &A, done: &A::Done) {
        if A::READS {
            hub::with_reactor(|r, _| r.table.has_read(self.fd()));
        }
        if attempt.drains(done) {
            hub::with_reactor(|r, _| r.table.drained(self.fd(), direction));
        }
    }

    fn io_until<A: Attempt<S>>(
        &self,
        interest: Interest,
        reason: Reason,
        timeout: Option<Duration>,
        mut attempt: A,
    ) -> io::Result<A::Done> {
        let direction = match interest {
            Interest::Read => READ,
            Interest::Write => WRITE,
        };
        let mut at = None;
        loop {
            let inside = doorway::enter();
            // (Who has no time left is to have tried.)
            let may_believe = A::READS && timeout.is_none() && interrupt::earliest() == NEVER;
            let vain = inside.is_some() && self.in_vain(direction, may_believe);
            let result =
                if vain { Err(ErrorKind::WouldBlock.into()) } else { attempt.make(self.get()) };
            match result {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    if inside.is_some() && !vain {
                        self.note_in_vain::<A>(direction);
                    }
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                result => {
                    if inside.is_some() {
                        if let Ok(done) = &result {
                            self.note_done(direction, &attempt, done);
                        }
                    }
                    // A loop of calls that never wait must not keep the hub.
                    if let Some(inside) = inside.filter(|_| hub::tick()) {
                        hub::yield_now(inside.greenlet);
                    }
                    return result;
                }
            }
            // The clock is asked when it matters only.
            let deadline = *at.get_or_insert_with(|| deadline(timeout));
            let until = deadline.min(interrupt::earliest());
            if deadline != NEVER && time::now() >= deadline {
                return Err(ErrorKind::TimedOut.into());
            }
            let wake = match &inside {
                Some(inside) => {
                    let (sink, done) = attempt.sink().unzip();
                    let (wake, given) = self.park(inside, direction, reason, until, sink)?;
                    if let Some((given, done)) = given.zip(done) {
                        // What was taken is not lost: who was killed meanwhile, or whose
                        // time is up, is unwound when it waits the next time.
                        return given.map(done).map_err(io::Error::from_raw_os_error);
                    }
                    wake
                }
                None => self.block(interest, until)?,
            };
            drop(inside);
            if wake != Wake::Notified {
                interrupt::check();
            }
        }
    }

    fn park(
        &self,
        inside: &doorway::Inside,
        direction: u8,
        reason: Reason,
        until: u64,
        sink: Option<Sink>,
    ) -> io::Result<(Wake, Option<Result<usize, Errno>>)> {
        let raw = io::Error::from_raw_os_error;
        if self.told.load(Ordering::Relaxed) & direction == 0 {
            hub::with_reactor(|r, _| r.confirm(self.fd(), direction)).map_err(raw)?;
            self.told.fetch_or(direction, Ordering::Relaxed);
        }
        let waiter = [FdWaiter::shared(inside.greenlet, self.fd(), direction).with_sink(sink)];
        inside.greenlet.near.set(core::ptr::from_ref(self).cast());
        let wake = fds::wait_linked(inside.greenlet, &waiter, reason, until).map_err(raw);
        inside.greenlet.near.set(core::ptr::null());
        let wake = wake?;
        Ok((wake, waiter[0].given()))
    }

    /// On an OS thread that is no greenlet.
    fn block(&self, interest: Interest, until: u64) -> io::Result<Wake> {
        let events = match interest {
            Interest::Read => libc::POLLIN,
            Interest::Write => libc::POLLOUT,
        };
        match fds::block(&mut [pollfd { fd: self.fd(), events, revents: 0 }], until) {
            Ok(true) => Ok(Wake::Notified),
            Ok(false) => Ok(Wake::TimedOut),
            Err(e) => Err(io::Error::from_raw_os_error(e)),
        }
    }

    /// The descriptor is to be closed, or somebody else's: the reactor forgets
    /// it.
    fn leave(&self) {
        if self.told.load(Ordering::Relaxed) != 0 {
            if let Some(_inside) = doorway::enter() {
                hub::with_reactor(|r, run| r.forget(self.fd(), run));
            }
        }
    }
}

impl<S: AsRawFd> Drop for Descriptor<S> {
    fn drop(&mut self) {
        if self.inner.is_some() {
            self.leave();
        }
    }
}

impl<S: AsRawFd + core::fmt::Debug> core::fmt::Debug for Descriptor<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.inner.fmt(f)
    }
}
