//! Waiting for file descriptors: the operation under `select` and `wait_fd`.
//!
//! The kernel's `poll` decides what is ready; the reactor only says when to
//! ask again. So a wake-up that means nothing costs a system call and is never
//! an answer.

use super::interrupt;
use crate::greenlet::Greenlet;
use crate::reactor::{self, FdWaiter};
use crate::sys::Errno;
use crate::time::{self, NEVER};
use crate::wait::{Reason, Wake};
use crate::{doorway, hub, syscall};
use core::time::Duration;
use libc::pollfd;
use std::io;
use std::os::fd::RawFd;

/// What to wait for on a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// That a read does not block: data, a connection, end of file, an error.
    Read,
    /// That a write does not block: room, an error.
    Write,
}

/// Waits until `fd` is ready for `interest`, for at most `timeout`. `Ok(false)`:
/// the time-out came first. What is always ready (regular files) is so at once.
///
/// The descriptor's O_NONBLOCK flag neither matters nor changes. Several
/// greenlets may wait for one descriptor; all are told. A descriptor must stay
/// open while it is waited for.
///
/// gevent: `gevent.socket.wait_read`, `wait_write`.
///
/// # Errors
/// EBADF if `fd` is not open; ENOMEM or ENOSPC if the kernel cannot watch it.
///
/// ```
/// use geventrs::Interest;
/// use std::io::{Read, Write};
/// use std::os::fd::AsRawFd;
///
/// let (mut reader, mut writer) = std::io::pipe()?;
/// let g = geventrs::spawn(move || {
///     geventrs::wait_fd(reader.as_raw_fd(), Interest::Read, None)?;
///     let mut buffer = [0; 5];
///     reader.read_exact(&mut buffer)?;
///     std::io::Result::Ok(buffer)
/// });
/// geventrs::yield_now();
/// writer.write_all(b"hello")?;
/// assert_eq!(&g.get().unwrap()?, b"hello");
/// # std::io::Result::Ok(())
/// ```
pub fn wait_fd(fd: RawFd, interest: Interest, timeout: Option<Duration>) -> io::Result<bool> {
    let (events, reason) = match interest {
        Interest::Read => (libc::POLLIN, Reason::Read(fd)),
        Interest::Write => (libc::POLLOUT, Reason::Write(fd)),
    };
    let mut polled = [pollfd { fd, events, revents: 0 }];
    wait(&mut polled, reason, timeout)
}

/// What answers a wait for `events`. A descriptor that has hung up or failed
/// can be read and written, as neither blocks; it is not exceptional.
fn answers(events: i16) -> i16 {
    if events & (libc::POLLIN | libc::POLLOUT) != 0 {
        events | libc::POLLHUP | libc::POLLERR
    } else {
        events
    }
}

/// As poll(2), of descriptors that are not negative: waits until one has an answer,
/// for at most `timeout`, and says in `fds` what is there. For the API for C.
///
/// # Errors
/// What the kernel says; a closed descriptor is an answer (POLLNVAL).
pub fn poll_fds(fds: &mut [pollfd], timeout: Option<Duration>) -> io::Result<()> {
    let reason = match *fds {
        [] => Reason::Sleep,
        [pollfd { fd, events: libc::POLLIN, .. }] => Reason::Read(fd),
        [pollfd { fd, events: libc::POLLOUT, .. }] => Reason::Write(fd),
        _ => Reason::Poll(fds.len() as u32),
    };
    match wait(fds, reason, timeout) {
        Err(_) if fds.iter().any(|f| f.revents & libc::POLLNVAL != 0) => Ok(()),
        result => result.map(drop),
    }
}

/// What there is on a descriptor now, without waiting, as [`poll_fds`] says it. For the
/// API for C.
///
/// # Errors
/// What the kernel says.
pub fn look_at_fd(fd: RawFd, events: i16) -> Result<i16, Errno> {
    let mut polled = [pollfd { fd, events, revents: 0 }];
    look(&mut polled).map(|_| polled[0].revents)
}

/// A call on `fd` has failed for want of readiness: waits until it is worth trying again.
/// `Ok(false)`: the time was up. The descriptor may have been closed and opened anew
/// behind our back, so the kernel is told each time; that tells what is there now as
/// well, and the call itself says what has come. For the API for C.
///
/// # Errors
/// As [`wait_fd`]'s.
pub fn wait_to_retry(fd: RawFd, interest: Interest, timeout: Option<Duration>) -> io::Result<bool> {
    let (mask, reason) = match interest {
        Interest::Read => (reactor::READ, Reason::Read(fd)),
        Interest::Write => (reactor::WRITE, Reason::Write(fd)),
    };
    interrupt::check();
    let inside = doorway::enter().filter(|_| timeout != Some(Duration::ZERO));
    let confirmed = inside.map(|inside| {
        let told = hub::with_reactor(|r, _| r.confirm(fd, mask));
        told.map(|()| inside)
    });
    let inside = match confirmed {
        Some(Ok(inside)) => inside,
        Some(Err(e)) if e != libc::EPERM => return Err(io::Error::from_raw_os_error(e)),
        // No greenlet, no time, or not pollable.
        _ => return wait_fd(fd, interest, timeout),
    };
    let deadline = super::deadline(timeout);
    let until = deadline.min(interrupt::earliest());
    let waiter = [FdWaiter::shared(inside.greenlet, fd, mask)];
    let wake = wait_linked(inside.greenlet, &waiter, reason, until);
    drop(inside);
    let wake = wake.map_err(io::Error::from_raw_os_error)?;
    if wake != Wake::Notified {
        interrupt::check();
    }
    Ok(wake != Wake::TimedOut || until != deadline)
}

/// Whether what poll(2) has said of `f` is what the caller waits for.
pub(super) fn is_ready(f: &pollfd) -> bool {
    f.revents & answers(f.events) != 0
}

fn any_ready(fds: &[pollfd]) -> bool {
    fds.iter().any(|f| is_ready(f) || f.revents & libc::POLLNVAL != 0)
}

/// Wait until at least one of `fds` [`is_ready`]; false if the time-out came
/// first. EBADF if one of them is not open.
pub(super) fn wait(
    fds: &mut [pollfd],
    reason: Reason,
    timeout: Option<Duration>,
) -> io::Result<bool> {
    // poll(2) skips negative descriptors.
    if fds.iter().any(|f| f.fd < 0) {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    let deadline = super::deadline(timeout);
    let result = loop {
        interrupt::check();
        let until = deadline.min(interrupt::earliest());
        let result = match doorway::enter() {
            Some(inside) => park(fds, inside.greenlet, reason, until, until == deadline),
            None => block(fds, until).map(|ready| (ready || until == deadline).then_some(ready)),
        };
        match result {
            Ok(Some(ready)) => break Ok(ready),
            Err(e) => break Err(e),
            // A kill or a time-out came first: it is raised above.
            Ok(None) => {}
        }
    };
    match result {
        Ok(_) if fds.iter().any(|f| f.revents & libc::POLLNVAL != 0) => {
            Err(io::Error::from_raw_os_error(libc::EBADF))
        }
        Ok(ready) => Ok(ready),
        Err(e) => Err(io::Error::from_raw_os_error(e)),
    }
}

/// On a greenlet: look, park until something may have changed, look again.
/// `None`: interrupted, or `deadline` came and is not the `last` one.
fn park(
    fds: &mut [pollfd],
    g: &'static Greenlet,
    reason: Reason,
    deadline: u64,
    last: bool,
) -> Result<Option<bool>, Errno> {
    if look(fds)? {
        return Ok(Some(true));
    }
    let mut waiters = Vec::with_capacity(fds.len());
    for f in fds.iter() {
        let mask = directions(f.events);
        // Once a wait: from here on every change is an edge, and asking the
        // kernel again would repeat those that are no answer.
        match hub::with_reactor(|r, _| r.confirm(f.fd, mask)) {
            Ok(()) => waiters.push(FdWaiter::shared(g, f.fd, mask)),
            // Not pollable, so nothing will change; `look` has said so.
            Err(libc::EPERM) => {}
            Err(e) => return Err(e),
        }
    }
    loop {
        if deadline != NEVER && time::now() >= deadline {
            // A zero time-out, too, lets the others run.
            hub::yield_now(g);
            let ready = look(fds)?;
            return Ok((ready || last).then_some(ready));
        }
        let wake = wait_linked(g, &waiters, reason, deadline)?;
        if look(fds)? {
            return Ok(Some(true));
        }
        if wake == Wake::Interrupted {
            return Ok(None);
        }
    }
}

/// Wait for an edge on any of `waiters`, which were prepared for `g`: as
/// [`hub::wait_fds`], and open to kills from other OS threads.
pub(super) fn wait_linked(
    g: &'static Greenlet,
    waiters: &[FdWaiter],
    reason: Reason,
    deadline: u64,
) -> Result<Wake, Errno> {
    hub::with_reactor(|r, _| {
        for (i, w) in waiters.iter().enumerate() {
            // SAFETY: borrowed until this function returns, unlinked before.
            if let Err(e) = unsafe { r.link(w) } {
                waiters[..i].iter().for_each(|w| r.unlink(w));
                return Err(e);
            }
        }
        Ok(())
    })?;
    g.begin_wait(reason);
    interrupt::arm(Some(g));
    let wake = hub::park(g, deadline);
    hub::with_reactor(|r, _| waiters.iter().for_each(|w| r.unlink(w)));
    Ok(hub::after_wait(g, wake))
}

fn directions(events: i16) -> u8 {
    let mut mask = 0;
    for (event, direction) in [
        (libc::POLLIN, reactor::READ),
        (libc::POLLOUT, reactor::WRITE),
        (libc::POLLPRI, reactor::URGENT),
    ] {
        if events & event != 0 {
            mask |= direction;
        }
    }
    mask
}

/// poll(2) without waiting. True if any is ready, or not open.
fn look(fds: &mut [pollfd]) -> Result<bool, Errno> {
    if fds.is_empty() {
        return Ok(false);
    }
    let zero = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes `fds.len()` entries and reads the time.
    let seen =
        unsafe { syscall!(libc::SYS_ppoll, fds.as_mut_ptr(), fds.len(), &raw const zero, 0, 0) };
    match seen {
        Ok(_) => Ok(any_ready(fds)),
        // A signal was pending, nothing was seen. With no time to wait poll
        // looks before it gives up, so this does not go on.
        Err(libc::EINTR) => look(fds),
        Err(e) => Err(e),
    }
}

/// On an OS thread that is no greenlet: libc's call, blocking.
pub(super) fn block(fds: &mut [pollfd], deadline: u64) -> Result<bool, Errno> {
    let mut asked = fds.to_vec();
    loop {
        let left = time::to_timespec(deadline.saturating_sub(time::now()));
        let left = if deadline == NEVER { core::ptr::null() } else { &raw const left };
        // SAFETY: as above; a null time waits for ever, a null mask changes
        // nothing.
        let seen = unsafe {
            libc::ppoll(asked.as_mut_ptr(), asked.len() as libc::nfds_t, left, core::ptr::null())
        };
        if seen < 0 {
            match io::Error::last_os_error().raw_os_error() {
                Some(libc::EINTR) => continue,
                e => return Err(e.unwrap_or(libc::EIO)),
            }
        }
        if seen == 0 || any_ready(&asked) {
            fds.iter_mut().zip(&asked).for_each(|(f, a)| f.revents = a.revents);
            return Ok(seen > 0);
        }
        // Hung up, which is no answer to who waits for exceptions only: poll
        // would say so for ever, so ask no more.
        asked.iter_mut().filter(|a| a.revents != 0).for_each(|a| a.fd = -1);
    }
}

#[cfg(test)]
mod tests {
    //! The test harness's threads are no greenlets; `tests/api.rs` has those.
    use super::*;
    use std::os::fd::AsRawFd;

    const SOON: Option<Duration> = Some(Duration::from_millis(5));

    #[test]
    fn a_closed_descriptor_is_ebadf() {
        for fd in [-1, 1 << 20] {
            let error = wait_fd(fd, Interest::Read, SOON).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EBADF));
        }
    }

    #[test]
    fn a_hang_up_is_readable_and_not_exceptional() {
        let (reader, writer) = io::pipe().unwrap();
        assert!(!wait_fd(reader.as_raw_fd(), Interest::Read, SOON).unwrap());
        drop(writer);
        assert!(wait_fd(reader.as_raw_fd(), Interest::Read, None).unwrap());
        let excepts = super::super::select(&[], &[], &[reader.as_raw_fd()], SOON).unwrap();
        assert!(excepts.is_empty());
    }
}
