//! Why a greenlet waits, and how a wait ends.

/// What a parked greenlet waits for. Every park states one; reports print it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Not waiting: runnable or running.
    None,
    /// Gave up its turn.
    Yield,
    /// A point in time.
    Sleep,
    /// A file descriptor to become readable.
    Read(i32),
    /// A file descriptor to become writable.
    Write(i32),
    /// A connection to accept on a listening socket.
    Accept(i32),
    /// An outgoing connection to be established.
    Connect(i32),
    /// One of so many file descriptors (`select`, `poll`).
    Poll(u32),
    /// An event of an epoll descriptor.
    Epoll(i32),
    /// A mutex at an address, held by the thread with this id (0: unknown).
    Mutex(usize, u32),
    /// A condition variable.
    Condition(usize),
    /// A read-write lock, to share.
    RwLockRead(usize),
    /// A read-write lock, to own.
    RwLockWrite(usize),
    /// The other threads of a barrier.
    Barrier(usize),
    /// A semaphore's count.
    Semaphore(usize),
    /// Another thread's `pthread_once` initialisation.
    Once(usize),
    /// A futex word.
    Futex(usize),
    /// The end of the thread with this id.
    Join(u32),
    /// A lock or call that only the kernel can grant, asked for again and again.
    Retry(&'static str),
    /// A call that really blocks or computes, off the hub.
    Section(&'static str),
    /// A signal.
    Signal,
    /// A child process (-1: any).
    Child(i32),
    /// The end of every other thread (`pthread_exit` in `main`).
    Last,
    /// An object of the native API.
    Api(&'static str),
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Reason::None => write!(f, "runnable"),
            Reason::Yield => write!(f, "its turn"),
            Reason::Sleep => write!(f, "sleep"),
            Reason::Read(fd) => write!(f, "read fd {fd}"),
            Reason::Write(fd) => write!(f, "write fd {fd}"),
            Reason::Accept(fd) => write!(f, "accept fd {fd}"),
            Reason::Connect(fd) => write!(f, "connect fd {fd}"),
            Reason::Poll(n) => write!(f, "poll of {n} fds"),
            Reason::Epoll(fd) => write!(f, "epoll fd {fd}"),
            Reason::Mutex(at, 0) => write!(f, "mutex {at:#x}"),
            Reason::Mutex(at, owner) => write!(f, "mutex {at:#x} held by thread {owner}"),
            Reason::Condition(at) => write!(f, "condition variable {at:#x}"),
            Reason::RwLockRead(at) => write!(f, "read lock {at:#x}"),
            Reason::RwLockWrite(at) => write!(f, "write lock {at:#x}"),
            Reason::Barrier(at) => write!(f, "barrier {at:#x}"),
            Reason::Semaphore(at) => write!(f, "semaphore {at:#x}"),
            Reason::Once(at) => write!(f, "once {at:#x}"),
            Reason::Futex(at) => write!(f, "futex {at:#x}"),
            Reason::Join(id) => write!(f, "join of thread {id}"),
            Reason::Retry(what) => write!(f, "{what} (asked again and again)"),
            Reason::Section(what) => write!(f, "{what}"),
            Reason::Child(-1) => write!(f, "any child"),
            Reason::Child(pid) => write!(f, "child {pid}"),
            Reason::Signal => write!(f, "a signal"),
            Reason::Last => write!(f, "the end of all other threads"),
            Reason::Api(what) => write!(f, "{what}"),
        }
    }
}

/// What ends a blocking section decides whether the ceiling on carriers holds
/// for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// It ends by itself (a name is looked up, a disk writes): when all carriers
    /// are taken, the next one waits for its turn.
    Ends,
    /// Another thread of the program may have to do something first: it gets a
    /// carrier whatever the ceiling says.
    Waits,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Wake {
    /// What it waited for has come.
    Notified,
    /// The deadline came first.
    TimedOut,
    /// A signal, a cancellation or another greenlet's interrupt came first.
    Interrupted,
}
