//! What epoll is told of a descriptor.
//!
//! # One registration per descriptor, kept
//!
//! A descriptor is registered the first time that somebody must wait for it,
//! and stays so until it is closed: a server's connection costs one
//! `epoll_ctl` in its life. Directions are added when first waited for; a
//! registration for both from the start would wake the hub for every byte that
//! a Unix socket's peer takes out.

use super::table::VACANT;
use super::{errno_of, Reactor, READ, URGENT, WRITE};
use crate::run_queue::RunQueue;
use crate::sys::Errno;
use mio::unix::SourceFd;
use mio::Interest;

pub(super) fn interest(directions: u8) -> Interest {
    let mut all: Option<Interest> = None;
    // A short read stops at urgent data as well as at the end of what has come:
    // readers must hear of it.
    let readable = Interest::READABLE | Interest::PRIORITY;
    for (bit, one) in [(READ, readable), (WRITE, Interest::WRITABLE), (URGENT, Interest::PRIORITY)]
    {
        if directions & bit != 0 {
            all = Some(all.map_or(one, |a| a | one));
        }
    }
    all.unwrap_or(Interest::READABLE)
}

impl Reactor {
    /// See to it that edges of `fd` in the directions of `mask` are reported.
    #[inline]
    pub fn register(&mut self, fd: i32, mask: u8) -> Result<(), Errno> {
        if self.table.entries.get(fd as usize).is_some_and(|e| mask & !e.registered == 0) {
            return Ok(());
        }
        self.register_slow(fd, mask)
    }

    #[cold]
    fn register_slow(&mut self, fd: i32, mask: u8) -> Result<(), Errno> {
        let entry = self.table.entry(fd)?;
        let all = entry.registered | mask;
        let token = entry.token(fd);
        let known = entry.registered != 0;
        let registry = self.poll.registry();
        let mut source = SourceFd(&fd);
        let first = if known {
            registry.reregister(&mut source, token, interest(all))
        } else {
            registry.register(&mut source, token, interest(all))
        };
        let result = match first.map_err(errno_of) {
            // Closed behind our back and opened anew, or the other way round.
            Err(libc::ENOENT) => registry.register(&mut source, token, interest(all)),
            Err(libc::EEXIST) => registry.reregister(&mut source, token, interest(all)),
            other => return other.map(|()| self.table.entries[fd as usize].registered = all),
        };
        result.map_err(errno_of)?;
        self.table.entries[fd as usize].registered = all;
        Ok(())
    }

    /// As [`Reactor::register`], but ask the kernel even if it has been done:
    /// the descriptor may have been closed and opened anew behind our back.
    pub fn confirm(&mut self, fd: i32, mask: u8) -> Result<(), Errno> {
        let entry = self.table.entry(fd)?;
        let known = entry.registered;
        if known & mask != mask {
            return self.register(fd, mask);
        }
        let token = entry.token(fd);
        let again = self.poll.registry().reregister(&mut SourceFd(&fd), token, interest(known));
        match again.map_err(errno_of) {
            Err(libc::ENOENT) => {
                let entry = self.table.entry(fd)?;
                entry.registered = 0;
                entry.ready = 0;
                entry.believed = 0;
                entry.sticky = false;
                // Others may wait in the directions that were registered.
                self.register(fd, known)
            }
            other => other,
        }
    }

    /// The descriptor is being closed or replaced: forget it, and let those
    /// who wait for it look again.
    pub fn forget(&mut self, fd: i32, run: &RunQueue) {
        let Some(entry) = self.table.entries.get_mut(fd as usize) else {
            return;
        };
        if entry.registered != 0 {
            // It may be gone already; then the kernel has forgotten it.
            let _ = self.poll.registry().deregister(&mut SourceFd(&fd));
        }
        entry.wake(READ | WRITE | URGENT, run);
        entry.generation = entry.generation.wrapping_add(1) & 0x3fff_ffff;
        entry.registered = 0;
        entry.ready = 0;
        entry.sticky = false;
        entry.filled = false;
        entry.believed = 0;
        entry.cycle = VACANT.cycle;
    }
}
