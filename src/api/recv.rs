//! recv(2) on a socket that is known by its number only, for the API for C.
//!
//! A number may have been closed and opened anew behind our back: then what the reactor's
//! table says is of an earlier socket, and epoll has forgotten it. So the kernel is told
//! of it before each wait, and only an attempt says what is there. Where the caller vouches
//! for it ([`Own`]) neither is needed: a wait costs what it costs a stream of the Rust API
//! ([`socket`](super::socket)), one call of the hub's.

use super::fds::{self, Interest};
use super::interrupt;
use crate::reactor::{take_of, Drained, FdWaiter, Sink, READ};
use crate::sys::Errno;
use crate::time::NEVER;
use crate::wait::{Reason, Wake};
use crate::{doorway, hub, syscall};
use core::time::Duration;
use std::os::fd::RawFd;

/// What tells that the socket is drained, of one that was made where the caller could see
/// it, and of whose end the reactor will be told.
pub type Own = Drained;

/// Receives as recv(2) does, whatever O_NONBLOCK says; `None`: the time was up. While it
/// waits the hub may receive for it. `own` and `left`, what is left of the time (`None`: it
/// never ends, and so it is known to be `forever`), are asked anew for each wait.
///
/// # Safety
/// There are `room` bytes at `at`, which may be written until this returns.
///
/// # Errors
/// As recv(2); ENOMEM or ENOSPC if the kernel cannot watch the socket.
pub unsafe fn recv_fd(
    fd: RawFd,
    (at, room): (*mut u8, usize),
    flags: i32,
    own: impl Fn() -> Option<Own>,
    forever: bool,
    mut left: impl FnMut() -> Option<Duration>,
) -> Result<Option<usize>, Errno> {
    // A look at the bytes, a wait for all, or of no bytes: not what the hub would do.
    let plain = flags == 0 && room != 0;
    loop {
        let own = own();
        let inside = doorway::enter();
        let vain = plain
            && own.is_some()
            && inside.is_some()
            && hub::with_reactor(|r, _| {
                // (Who has no time left is to have tried.)
                let may_believe = forever && interrupt::earliest() == NEVER;
                !r.table.may_be_ready(fd, READ) || may_believe && r.believes_drained(fd)
            });
        let flags = flags | libc::MSG_DONTWAIT;
        let got = match vain {
            true => Err(libc::EAGAIN),
            // SAFETY: the caller's memory; the kernel checks the address.
            false => unsafe { syscall!(libc::SYS_recvfrom, fd, at, room, flags, 0, 0) },
        };
        match got {
            Ok(bytes) => {
                if let Some(inside) = inside {
                    return served(&inside, fd, own, plain.then_some(room), bytes);
                }
                return Ok(Some(bytes));
            }
            Err(libc::EAGAIN) => {}
            Err(libc::EINTR) => continue,
            Err(e) => return Err(e),
        }
        let timeout = left();
        let watched = match inside.filter(|_| timeout != Some(Duration::ZERO)) {
            Some(inside) => watch(fd, own, vain).map(|()| inside),
            // No greenlet, or no time.
            None => Err(libc::EPERM),
        };
        let inside = match watched {
            Ok(inside) => inside,
            // That, or not pollable.
            Err(libc::EPERM) => match fds::wait_fd(fd, Interest::Read, timeout) {
                Ok(true) => continue,
                Ok(false) => return Ok(None),
                Err(e) => return Err(e.raw_os_error().unwrap_or(libc::EIO)),
            },
            Err(e) => return Err(e),
        };
        let deadline = super::deadline(timeout);
        let until = deadline.min(interrupt::earliest());
        let take = take_of(own.unwrap_or(Drained::InVain));
        let sink = plain.then(|| Sink::new(at, room).taken_by(take));
        let waiter = [FdWaiter::shared(inside.greenlet, fd, READ).with_sink(sink)];
        let wake = fds::wait_linked(inside.greenlet, &waiter, Reason::Read(fd), until);
        drop(inside);
        let wake = wake?;
        if let Some(given) = waiter[0].given() {
            // What was taken is not lost: a kill waits for the next wait.
            return given.map(Some);
        }
        if wake != Wake::Notified {
            interrupt::check();
        }
        if wake == Wake::TimedOut && until == deadline && deadline != NEVER {
            return Ok(None);
        }
    }
}

/// An attempt has received so many bytes; `room`: of a plain call.
fn served(
    inside: &doorway::Inside,
    fd: RawFd,
    own: Option<Own>,
    room: Option<usize>,
    bytes: usize,
) -> Result<Option<usize>, Errno> {
    if let (Some(own), Some(room)) = (own, room) {
        hub::with_reactor(|r, _| r.table.has_read(fd));
        if own != Drained::InVain && (1..room).contains(&bytes) {
            hub::with_reactor(|r, _| r.table.drained(fd, READ));
        }
    }
    // A loop of calls that never wait must not keep the hub.
    if hub::tick() {
        hub::yield_now(inside.greenlet);
    }
    Ok(Some(bytes))
}

/// See to it that edges of `fd` from now on, or from the attempt that was not `vain`, are
/// reported.
fn watch(fd: RawFd, own: Option<Own>, vain: bool) -> Result<(), Errno> {
    hub::with_reactor(|r, _| {
        if own.is_none() {
            return r.confirm(fd, READ);
        }
        if !vain {
            r.table.read_in_vain(fd);
        }
        // Linking the waiter registers it, once.
        Ok(())
    })
}
