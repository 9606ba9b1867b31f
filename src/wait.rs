//! Why a greenlet waits, and how a wait ends.

/// What a parked greenlet waits for. Every park states one; reports print it.
///
/// Its tag is 32 bits, so that a debugger can tell what it is ([`FORMATS`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
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

/// What [`Display`](core::fmt::Display) says, as formats in the order of the tags; what the signs mean
/// is in [`crate::hub::debugger`].
pub const FORMATS: &core::ffi::CStr = c"runnable
its turn
sleep
read fd %d
write fd %d
accept fd %d
connect fd %d
poll of %u fds
epoll fd %d
mutex %x held by thread %t
condition variable %x
read lock %x
write lock %x
barrier %x
semaphore %x
once %x
futex %x
join of thread %u
%s (asked again and again)
%s
a signal
child %d
the end of all other threads
%s
";

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
            Reason::Poll(1) => f.write_str("poll of 1 fd"),
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
    /// As [`Section::Ends`]; but a cancellation may end it from within, in libc's code
    /// (`Callbacks::call_stopped`).
    Unwinds,
    /// Another thread of the program may have to do something first: it gets a
    /// carrier whatever the ceiling says.
    Waits,
    /// As [`Section::Waits`]; but a cancellation may end it from within, where libc reads what
    /// another process or the user writes, or waits for a child.
    UnwindsReading,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As the debugger's script does it.
    fn by_format(reason: &Reason) -> String {
        let at = core::ptr::from_ref(reason).cast::<u8>();
        // SAFETY: `repr(u32)`: the tag, then the fields as in a C structure.
        let word = |offset: usize| unsafe { at.add(offset).cast::<u32>().read() };
        // SAFETY: likewise.
        let long = |offset: usize| unsafe { at.add(offset).cast::<usize>().read() };
        let format = FORMATS.to_str().unwrap().lines().nth(word(0) as usize).unwrap();
        let mut text = format.to_owned();
        if text.contains("%s") {
            // SAFETY: a `&'static str`.
            let bytes = unsafe { core::slice::from_raw_parts(long(8) as *const u8, long(16)) };
            text = text.replace("%s", core::str::from_utf8(bytes).unwrap());
        }
        if text.contains("%d") {
            text = text.replace("%d", &(word(4) as i32).to_string());
        }
        if text.contains("%u") {
            text = text.replace("%u", &word(4).to_string());
        }
        if text.contains("%x") {
            text = text.replace("%x", &format!("{:#x}", long(8)));
        }
        if text.contains("%t") {
            text = text.replace("%t", &word(16).to_string());
        }
        text
    }

    #[test]
    fn a_debugger_reads_every_reason_as_it_is_printed() {
        use Reason as R;
        let all = [
            R::None,
            R::Yield,
            R::Sleep,
            R::Read(3),
            R::Write(4),
            R::Accept(5),
            R::Connect(6),
            R::Poll(7),
            R::Epoll(8),
            R::Mutex(0x10, 9),
            R::Condition(0x11),
            R::RwLockRead(0x12),
            R::RwLockWrite(0x13),
            R::Barrier(0x14),
            R::Semaphore(0x15),
            R::Once(0x16),
            R::Futex(0x17),
            R::Join(10),
            R::Retry("retry"),
            R::Section("section"),
            R::Signal,
            R::Child(11),
            R::Last,
            R::Api("api"),
        ];
        for (n, reason) in all.iter().enumerate() {
            // SAFETY: the tag comes first.
            let tag = unsafe { core::ptr::from_ref(reason).cast::<u32>().read() };
            assert_eq!(tag as usize, n);
            assert_eq!(by_format(reason), reason.to_string());
        }
        assert_eq!(FORMATS.to_str().unwrap().lines().count(), all.len());
    }
}
