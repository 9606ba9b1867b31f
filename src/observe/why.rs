//! Why a greenlet waits, as the census counts it: a kind, and one word about it.

use crate::wait::Reason;

/// The kinds of waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Why {
    /// It does not.
    #[default]
    None,
    /// A point in time.
    Sleep,
    /// A descriptor, to read.
    Read,
    /// A descriptor, to write.
    Write,
    /// A connection to come.
    Accept,
    /// A connection to be made.
    Connect,
    /// One of several descriptors.
    Poll,
    /// An epoll descriptor.
    Epoll,
    /// A mutex.
    Mutex,
    /// A condition variable.
    Condition,
    /// A read-write lock, to share.
    ReadLock,
    /// A read-write lock, to own.
    WriteLock,
    /// A barrier.
    Barrier,
    /// A semaphore.
    Semaphore,
    /// A `pthread_once`.
    Once,
    /// A futex word.
    Futex,
    /// Another thread's end.
    Join,
    /// What is asked for again and again.
    Retry,
    /// A blocking section.
    Section,
    /// A signal.
    Signal,
    /// A child process.
    Child,
    /// The end of all others.
    Last,
    /// An object of the Rust API.
    Api,
    /// The real call, made while there was one thread.
    Alone,
}

/// How many kinds there are.
pub const KINDS: usize = Why::Alone as usize + 1;

impl Why {
    /// All of them, in the order of their numbers.
    pub const ALL: [Why; KINDS] = [
        Why::None,
        Why::Sleep,
        Why::Read,
        Why::Write,
        Why::Accept,
        Why::Connect,
        Why::Poll,
        Why::Epoll,
        Why::Mutex,
        Why::Condition,
        Why::ReadLock,
        Why::WriteLock,
        Why::Barrier,
        Why::Semaphore,
        Why::Once,
        Why::Futex,
        Why::Join,
        Why::Retry,
        Why::Section,
        Why::Signal,
        Why::Child,
        Why::Last,
        Why::Api,
        Why::Alone,
    ];

    /// A word for tables and files.
    pub const fn name(self) -> &'static str {
        match self {
            Why::None => "none",
            Why::Sleep => "sleep",
            Why::Read => "read",
            Why::Write => "write",
            Why::Accept => "accept",
            Why::Connect => "connect",
            Why::Poll => "poll",
            Why::Epoll => "epoll",
            Why::Mutex => "mutex",
            Why::Condition => "condition",
            Why::ReadLock => "read lock",
            Why::WriteLock => "write lock",
            Why::Barrier => "barrier",
            Why::Semaphore => "semaphore",
            Why::Once => "once",
            Why::Futex => "futex",
            Why::Join => "join",
            Why::Retry => "retry",
            Why::Section => "section",
            Why::Signal => "signal",
            Why::Child => "child",
            Why::Last => "last",
            Why::Api => "api",
            Why::Alone => "kernel",
        }
    }

    /// Whether the word about it is a descriptor.
    pub const fn has_fd(self) -> bool {
        matches!(self, Why::Read | Why::Write | Why::Accept | Why::Connect | Why::Epoll)
    }

    /// Whether somebody can hold what it waits for.
    pub const fn has_holder(self) -> bool {
        matches!(self, Why::Mutex | Why::WriteLock | Why::ReadLock)
    }

    /// Whether it waits for an object at an address.
    pub const fn has_address(self) -> bool {
        self.has_holder()
            || matches!(
                self,
                Why::Condition | Why::Barrier | Why::Semaphore | Why::Once | Why::Futex
            )
    }
}

/// The kind of a reason, and its word: a descriptor, an address, an id, or the address of
/// a text's bytes.
#[inline]
pub fn of(reason: Reason) -> (Why, u64) {
    match reason {
        Reason::None | Reason::Yield => (Why::None, 0),
        Reason::Sleep => (Why::Sleep, 0),
        Reason::Read(fd) => (Why::Read, fd as u32 as u64),
        Reason::Write(fd) => (Why::Write, fd as u32 as u64),
        Reason::Accept(fd) => (Why::Accept, fd as u32 as u64),
        Reason::Connect(fd) => (Why::Connect, fd as u32 as u64),
        Reason::Poll(n) => (Why::Poll, n as u64),
        Reason::Epoll(fd) => (Why::Epoll, fd as u32 as u64),
        Reason::Mutex(at, _) => (Why::Mutex, at as u64),
        Reason::Condition(at) => (Why::Condition, at as u64),
        Reason::RwLockRead(at) => (Why::ReadLock, at as u64),
        Reason::RwLockWrite(at) => (Why::WriteLock, at as u64),
        Reason::Barrier(at) => (Why::Barrier, at as u64),
        Reason::Semaphore(at) => (Why::Semaphore, at as u64),
        Reason::Once(at) => (Why::Once, at as u64),
        Reason::Futex(at) => (Why::Futex, at as u64),
        Reason::Join(id) => (Why::Join, id as u64),
        Reason::Retry(_) => (Why::Retry, 0),
        Reason::Section(_) => (Why::Section, 0),
        Reason::Signal => (Why::Signal, 0),
        Reason::Child(pid) => (Why::Child, pid as u32 as u64),
        Reason::Last => (Why::Last, 0),
        Reason::Api(_) => (Why::Api, 0),
        #[allow(unreachable_patterns)] // new reasons are counted before they have a name here
        _ => (Why::Api, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_their_own() {
        for (n, why) in Why::ALL.iter().enumerate() {
            assert_eq!(*why as usize, n);
            assert!(Why::ALL[..n].iter().all(|o| o.name() != why.name()));
        }
    }
}
