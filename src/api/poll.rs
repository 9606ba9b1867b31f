//! Waiting for any of several descriptors that are registered once.

use super::fds;
use crate::wait::Reason;
use core::time::Duration;
use libc::pollfd;
use std::io;
use std::os::fd::RawFd;

/// Descriptors and what to wait for on them, as poll(2) names it.
///
/// gevent: `gevent.select.poll`.
///
/// ```
/// use geventrs::Poll;
/// use std::io::Write;
/// use std::os::fd::AsRawFd;
/// let (reader, mut writer) = std::io::pipe()?;
/// let mut poll = Poll::new();
/// poll.register(reader.as_raw_fd(), Poll::IN);
/// assert!(poll.poll(Some(std::time::Duration::from_millis(1)))?.is_empty());
/// writer.write_all(b"!")?;
/// assert_eq!(poll.poll(None)?, [(reader.as_raw_fd(), Poll::IN)]);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Poll {
    fds: Vec<pollfd>,
}

impl Poll {
    /// It can be read without blocking.
    pub const IN: i16 = libc::POLLIN;
    /// It can be written without blocking.
    pub const OUT: i16 = libc::POLLOUT;
    /// There is an exceptional condition: out-of-band data.
    pub const PRI: i16 = libc::POLLPRI;
    /// It has failed. Reported to who waits to read or write.
    pub const ERR: i16 = libc::POLLERR;
    /// The other end has hung up. Reported to who waits to read or write.
    pub const HUP: i16 = libc::POLLHUP;
    /// It is not open. Always reported.
    pub const NVAL: i16 = libc::POLLNVAL;

    /// No descriptors.
    pub const fn new() -> Self {
        Poll { fds: Vec::new() }
    }

    /// Registers `fd` for `events` ([`IN`](Self::IN), [`OUT`](Self::OUT),
    /// [`PRI`](Self::PRI)), in place of what it was registered for.
    ///
    /// gevent: `poll.register`.
    pub fn register(&mut self, fd: RawFd, events: i16) {
        if !self.modify(fd, events) {
            self.fds.push(pollfd { fd, events, revents: 0 });
        }
    }

    /// Changes what `fd` is registered for; false if it is not.
    pub fn modify(&mut self, fd: RawFd, events: i16) -> bool {
        let known = self.fds.iter_mut().find(|f| f.fd == fd);
        known.map(|f| f.events = events).is_some()
    }

    /// Removes `fd`; false if it was not registered.
    pub fn unregister(&mut self, fd: RawFd) -> bool {
        let before = self.fds.len();
        self.fds.retain(|f| f.fd != fd);
        self.fds.len() < before
    }

    /// Waits until something registered for has happened, for at most `timeout`.
    /// Returns the descriptors concerned, in the order in which they were
    /// registered, with what has happened. A signal does not end the wait.
    ///
    /// # Errors
    /// ENOMEM or ENOSPC if the kernel cannot watch a descriptor; EBADF for a
    /// negative one.
    pub fn poll(&mut self, timeout: Option<Duration>) -> io::Result<Vec<(RawFd, i16)>> {
        self.fds.iter_mut().for_each(|f| f.revents = 0);
        let reason = Reason::Poll(self.fds.len() as u32);
        let waited = fds::wait(&mut self.fds, reason, timeout);
        let closed = |f: &pollfd| f.revents & libc::POLLNVAL != 0;
        match waited {
            Err(e) if !self.fds.iter().any(closed) => return Err(e),
            _ => {}
        }
        let seen = self.fds.iter().filter(|f| fds::is_ready(f) || closed(f));
        Ok(seen.map(|f| (f.fd, f.revents)).collect())
    }
}
