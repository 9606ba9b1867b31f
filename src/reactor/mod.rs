//! The reactor: readiness of file descriptors, by mio's edge-triggered epoll.
//!
//! # Try first, remember edges
//!
//! Callers try the call before they wait. An edge that came while nobody
//! waited is remembered in `ready`; a caller that finds the descriptor drained
//! ([`FdTable::drained`]) clears it, and whoever asks next ([`FdTable::may_be_ready`])
//! need not try in vain. The order makes this sound: the hub's holder both
//! reads edges and makes calls, so an edge is either read before the call that
//! finds the descriptor drained, or still queued in epoll after it.
//!
//! What no attempt has shown can be believed for a while: see [`belief`].
//!
//! # Who is woken
//!
//! An event wakes every waiter that polls ([`FdWaiter::shared`]) and the first
//! waiter that will consume ([`FdWaiter::exclusive`]); who consumed something
//! passes the turn on ([`FdTable::pass_on`]) while the descriptor may have more.
//!
//! # Reading ahead of the reader
//!
//! A reader that waits alone may have left word where its bytes go ([`Sink::taken_by`]).
//! Then the hub reads for it as soon as it hears of them, and wakes it with the result:
//! the reads of all events follow one another, and then what the readers do with them,
//! which a processor likes better than both in turns (its first-level caches hold the
//! kernel's code for the one or for the other). It is bounded ([`AHEAD_BYTES`]), so that
//! what was read is still in a cache when its reader runs.
//!
//! # Descriptors are reused
//!
//! The kernel forgets a closed descriptor; the table must, too. Each entry has
//! a generation that [`Reactor::forget`] moves on; it is part of the epoll
//! token, so an event of an earlier life is ignored.

use crate::arch;
use crate::run_queue::RunQueue;
use crate::sys::Errno;
use crate::syscall;
use crate::time::NEVER;
use belief::Beliefs;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

pub use receive::{receive, take_of, Drained};
pub use table::FdTable;
pub use waiter::{FdWaiter, Sink, Take, Taken};

mod belief;
mod receive;
mod registration;
mod table;
mod waiter;

/// Readable, or at end of file, or in error.
pub const READ: u8 = 1;
/// Writable, or in error.
pub const WRITE: u8 = 2;
/// Out-of-band data (`EPOLLPRI`).
pub const URGENT: u8 = 4;

/// Events between two steps of bringing near what an event will touch.
const AHEAD: usize = 4;
/// Bytes read for others between two turns.
const AHEAD_BYTES: usize = 64 * 1024;
/// Events taken from the kernel in one call. What they touch should still be in a cache
/// when the greenlets run that they wake.
const EVENTS: usize = 128;
const TIMER_TOKEN: Token = Token(usize::MAX);
const WAKER_TOKEN: Token = Token(usize::MAX - 1);

/// epoll, its timer and its bell.
pub struct Reactor {
    poll: Poll,
    events: Events,
    timer: i32,
    bell: i32,
    armed: u64,
    /// The table of descriptors.
    pub table: FdTable,
    beliefs: Beliefs,
}

/// One look at what has happened.
struct Look {
    /// Bytes read for others.
    ahead: usize,
}

impl Look {
    /// Whether the hub may read for others: see "Reading ahead of the reader".
    #[inline(always)]
    fn may_read(&self) -> bool {
        self.ahead < AHEAD_BYTES
    }

    #[inline(always)]
    fn has_read(&mut self, bytes: usize) {
        self.ahead += bytes;
    }
}

fn errno_of(e: std::io::Error) -> Errno {
    e.raw_os_error().unwrap_or(libc::EIO)
}

/// Set while mio makes its epoll descriptor.
static MAKING: AtomicBool = AtomicBool::new(false);

/// Whether an `epoll_create1` called now is the reactor's own: the layer above
/// puts its result through [`move_high`].
pub fn making() -> bool {
    MAKING.load(Ordering::Relaxed)
}

/// Move a descriptor out of the program's way: high, and closed by exec.
pub fn move_high(fd: i32) -> i32 {
    let mut limit = libc::rlimit { rlim_cur: 1024, rlim_max: 1024 };
    // SAFETY: `limit` is writable; descriptors are our own.
    unsafe {
        let _ = syscall!(libc::SYS_prlimit64, 0, libc::RLIMIT_NOFILE, 0, &raw mut limit);
        // Not the very top: programs that close "everything" come along there,
        // and the kernel's table grows to the highest number in use.
        let least = (limit.rlim_cur.min(1 << 16) as usize).saturating_sub(24);
        match syscall!(libc::SYS_fcntl, fd, libc::F_DUPFD_CLOEXEC, least) {
            Ok(high) => {
                let _ = syscall!(libc::SYS_close, fd);
                high as i32
            }
            Err(_) => fd,
        }
    }
}

impl Reactor {
    /// A reactor with its three descriptors.
    pub fn new() -> Result<Self, Errno> {
        MAKING.store(true, Ordering::Relaxed);
        let poll = Poll::new();
        MAKING.store(false, Ordering::Relaxed);
        let poll = poll.map_err(errno_of)?;
        // SAFETY: both calls only make descriptors.
        let (timer, bell) = unsafe {
            let timer = syscall!(
                libc::SYS_timerfd_create,
                libc::CLOCK_MONOTONIC,
                libc::TFD_NONBLOCK | libc::TFD_CLOEXEC
            )?;
            match syscall!(libc::SYS_eventfd2, 0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) {
                Ok(bell) => (move_high(timer as i32), move_high(bell as i32)),
                Err(e) => {
                    let _ = syscall!(libc::SYS_close, timer);
                    return Err(e);
                }
            }
        };
        for (fd, token) in [(timer, TIMER_TOKEN), (bell, WAKER_TOKEN)] {
            poll.registry()
                .register(&mut SourceFd(&fd), token, Interest::READABLE)
                .map_err(errno_of)?;
        }
        Ok(Reactor {
            poll,
            events: Events::with_capacity(EVENTS),
            timer,
            bell,
            armed: NEVER,
            table: FdTable { entries: Vec::new(), waiting: 0 },
            beliefs: Beliefs::new(),
        })
    }

    /// The reactor's own descriptors, which the program must not close.
    pub fn own_fds(&self) -> [i32; 3] {
        use std::os::fd::AsRawFd;
        [self.poll.as_raw_fd(), self.timer, self.bell]
    }

    /// Close the descriptors (in the child of a fork, whose reactor is new).
    pub fn close(self) {
        // SAFETY: our own descriptors; the poll closes its own when dropped.
        unsafe {
            let _ = syscall!(libc::SYS_close, self.timer);
            let _ = syscall!(libc::SYS_close, self.bell);
        }
    }

    /// The descriptor whose writing ends a wait in the kernel.
    pub fn bell(&self) -> i32 {
        self.bell
    }

    /// Wait for events until `deadline` (0: only look) and make the greenlets
    /// that they concern runnable. `Err(EINTR)`: a signal came first.
    pub fn poll(&mut self, deadline: u64, run: &RunQueue) -> Result<(), Errno> {
        let timeout = if deadline == 0 {
            Some(core::time::Duration::ZERO)
        } else {
            // epoll counts milliseconds; the timer counts nanoseconds.
            self.arm_for(deadline);
            None
        };
        let polled = self.poll.poll(&mut self.events, timeout).map_err(errno_of);
        self.beliefs.next_round();
        let mut look = Look { ahead: 0 };
        // (After an error there are no events.)
        let told = if polled.is_ok() { self.tell_events(&mut look, run) } else { 0 };
        self.settle(told < EVENTS, &mut look, run);
        polled
    }

    /// Tell those whom the events concern. Returns how many events there are.
    #[inline(always)]
    fn tell_events(&mut self, look: &mut Look, run: &RunQueue) -> usize {
        // Waiters are on stacks that nobody has touched for long: they and their
        // control blocks are brought near some events ahead.
        let mut soon = self.events.iter().skip(2 * AHEAD);
        let mut next = self.events.iter().skip(AHEAD);
        let mut told = 0;
        for event in self.events.iter() {
            if let Some(w) = soon.next().and_then(|e| self.table.first_waiter(e.token())) {
                arch::prefetch(w.cast());
            }
            if let Some(w) = next.next().and_then(|e| self.table.first_waiter(e.token())) {
                // SAFETY: linked waiters are alive.
                let greenlet = unsafe { (*w).greenlet };
                arch::prefetch(ptr::from_ref(greenlet).cast());
            }
            told += 1;
            let token = event.token();
            if token == TIMER_TOKEN {
                self.armed = NEVER;
                continue;
            }
            if token == WAKER_TOKEN {
                continue;
            }
            let (fd, generation) = (token.0 as u32 as usize, (token.0 >> 32) as u32);
            let Some(entry) = self.table.entries.get_mut(fd) else {
                continue;
            };
            if entry.generation != generation {
                continue;
            }
            let failed = event.is_error();
            let mut bits = 0;
            if event.is_readable() || event.is_read_closed() || failed {
                bits |= READ;
            }
            if event.is_writable() || event.is_write_closed() || failed {
                bits |= WRITE;
            }
            if event.is_priority() {
                bits |= URGENT | READ;
            }
            if event.is_read_closed() || event.is_write_closed() || failed || event.is_priority() {
                entry.sticky = true;
            }
            entry.filled = event.is_readable() && !event.is_read_closed() && !failed;
            entry.tell(bits, look, run);
        }
        told
    }

    /// Let the epoll descriptor, which is returned, be readable at `deadline`.
    pub fn arm_for(&mut self, deadline: u64) -> i32 {
        use std::os::fd::AsRawFd;
        if deadline != NEVER && deadline != self.armed {
            self.arm(deadline);
        }
        self.poll.as_raw_fd()
    }

    fn arm(&mut self, deadline: u64) {
        self.armed = deadline;
        let at = libc::itimerspec {
            it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 },
            // All zero would disarm it.
            it_value: crate::time::to_timespec(deadline.max(1)),
        };
        // SAFETY: our own timer; the kernel reads `at`.
        unsafe {
            let _ = syscall!(
                libc::SYS_timerfd_settime,
                self.timer,
                libc::TFD_TIMER_ABSTIME,
                &raw const at,
                0
            );
        }
    }

    /// Link `waiter` to its descriptor's entry, registering the descriptor if
    /// that has not been done. `Err(EPERM)`: not pollable, so always ready.
    ///
    /// # Safety
    /// The waiter must not move until [`Reactor::unlink`].
    pub unsafe fn link(&mut self, waiter: &FdWaiter) -> Result<(), Errno> {
        self.register(waiter.fd, waiter.mask)?;
        let entry = &mut self.table.entries[waiter.fd as usize];
        waiter.prev.set(entry.last);
        waiter.next.set(ptr::null());
        if entry.last.is_null() {
            entry.first = waiter;
        } else {
            // SAFETY: linked waiters are alive by this function's contract.
            unsafe { (*entry.last).next.set(waiter) };
        }
        entry.last = waiter;
        waiter.linked.set(true);
        self.table.waiting += 1;
        Ok(())
    }

    /// Undo [`Reactor::link`].
    pub fn unlink(&mut self, waiter: &FdWaiter) {
        if !waiter.linked.replace(false) {
            return;
        }
        let entry = &mut self.table.entries[waiter.fd as usize];
        let (prev, next) = (waiter.prev.get(), waiter.next.get());
        // SAFETY: neighbours are linked and therefore alive.
        unsafe {
            match prev.as_ref() {
                Some(p) => p.next.set(next),
                None => entry.first = next,
            }
            match next.as_ref() {
                Some(n) => n.prev.set(prev),
                None => entry.last = prev,
            }
        }
        self.table.waiting -= 1;
    }
}
