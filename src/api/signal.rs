//! Signals that are handled by greenlets.
//!
//! gevent: `gevent.signal_handler`.

use super::guarded::Guarded;
use super::handle::Greenlet;
use super::spawn::{spawn, Builder};
use crate::{wait_fd, Interest};
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;

/// Signal numbers are below this.
const SIGNALS: usize = 65;
const NONE: i32 = -1;

/// A signal's pipe, from its handler to its greenlet. It is made once and never
/// closed: a handler may be about to write on another OS thread.
struct Pipe {
    reader: AtomicI32,
    writer: AtomicI32,
}

static PIPES: [Pipe; SIGNALS] =
    [const { Pipe { reader: AtomicI32::new(NONE), writer: AtomicI32::new(NONE) } }; SIGNALS];

impl Pipe {
    /// The end to read from, with nothing in it. The caller has [`SERVED`].
    fn open(&self) -> io::Result<RawFd> {
        if self.writer.load(Ordering::Acquire) == NONE {
            let mut fds = [0; 2];
            // SAFETY: the kernel writes two descriptors.
            if unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_NONBLOCK | libc::O_CLOEXEC) } != 0 {
                return Err(io::Error::last_os_error());
            }
            self.reader.store(fds[0], Ordering::Release);
            self.writer.store(fds[1], Ordering::Release);
        }
        let reader = self.reader.load(Ordering::Acquire);
        while count(reader) > 0 {}
        Ok(reader)
    }
}

type Handler = Arc<dyn Fn() + Send + Sync>;
type Handlers = Arc<Guarded<Vec<(u64, Handler)>>>;

/// A signal that has handlers.
struct Served {
    handlers: Handlers,
    /// What was done about it before.
    before: libc::sigaction,
    /// Reads from the pipe and calls the handlers.
    greenlet: Greenlet<()>,
    /// The greenlet leaves what arrives to the next one.
    over: Arc<AtomicBool>,
}

static SERVED: Guarded<BTreeMap<i32, Served>> = Guarded::new(BTreeMap::new());
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// A signal is handled by a greenlet until this is dropped; with a signal's last handler
/// what was done about it before is done again. Made by [`handler`].
#[derive(Debug)]
#[must_use = "dropped at once, it handles nothing"]
pub struct SignalHandler {
    signal: i32,
    id: u64,
}

/// Calls `f`, on a greenlet of its own, each time that `signal` arrives: as soon
/// as the hub's turn comes, not in the middle of anybody's code, so `f` may do
/// whatever a greenlet may. Signals that arrive faster than the hub runs are
/// counted, up to the thousands that a pipe holds. Of several handlers of a signal each is
/// called.
///
/// System calls that the signal interrupts go on (SA_RESTART); waits of this
/// crate are not interrupted at all.
///
/// gevent: `gevent.signal_handler`.
///
/// # Errors
/// EINVAL for no signal, SIGKILL and SIGSTOP; EMFILE without descriptors; what
/// [`Builder::spawn`](crate::Builder::spawn) says.
///
/// ```
/// use geventrs::event::Event;
/// static CAME: Event = Event::new();
/// let handler = geventrs::signal::handler(libc::SIGUSR1, || CAME.set())?;
/// unsafe { libc::kill(libc::getpid(), libc::SIGUSR1) };
/// assert!(CAME.wait(None));
/// drop(handler);
/// # std::io::Result::Ok(())
/// ```
pub fn handler(signal: i32, f: impl Fn() + Send + Sync + 'static) -> io::Result<SignalHandler> {
    let pipe = usize::try_from(signal).ok().and_then(|s| PIPES.get(s));
    let pipe = pipe.ok_or(io::Error::from_raw_os_error(libc::EINVAL))?;
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let entry: (u64, Handler) = (id, Arc::new(f));
    let mut all = SERVED.lock();
    match all.get(&signal) {
        Some(served) => served.handlers.lock().push(entry),
        None => {
            let served = serve(signal, pipe.open()?, entry)?;
            all.insert(signal, served);
        }
    }
    Ok(SignalHandler { signal, id })
}

/// Let a signal be handled that is not yet.
fn serve(signal: i32, reader: RawFd, first: (u64, Handler)) -> io::Result<Served> {
    let before = install(signal)?;
    let over = Arc::new(AtomicBool::new(false));
    let handlers: Handlers = Arc::new(Guarded::new(vec![first]));
    let (seen, called) = (over.clone(), handlers.clone());
    let listens = Builder::new().name(format!("signal {signal}")).spawn(move || {
        while wait_fd(reader, Interest::Read, None).is_ok() && !seen.load(Ordering::Acquire) {
            for _ in 0..count(reader) {
                let all: Vec<Handler> = called.lock().iter().map(|(_, f)| f.clone()).collect();
                all.into_iter().for_each(|f| drop(spawn(move || f())));
            }
        }
    });
    match listens {
        Ok(greenlet) => Ok(Served { handlers, before, greenlet, over }),
        Err(e) => {
            restore(signal, &before);
            Err(io::Error::other(e))
        }
    }
}

/// How many signals have arrived since the last count.
fn count(reader: RawFd) -> usize {
    let mut buffer = [0u8; 256];
    // SAFETY: the kernel writes at most 256 bytes.
    let got = unsafe { libc::read(reader, buffer.as_mut_ptr().cast(), buffer.len()) };
    usize::try_from(got).unwrap_or(0)
}

/// Do again about a signal what was done before.
fn restore(signal: i32, before: &libc::sigaction) {
    // SAFETY: sigaction(2) itself has written it.
    unsafe { libc::sigaction(signal, before, core::ptr::null_mut()) };
}

fn install(signal: i32) -> io::Result<libc::sigaction> {
    // SAFETY: all zeros is a valid sigaction; `arrived` does what a handler
    // may. The kernel reads one and writes the other.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        let mut before: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = arrived as extern "C" fn(i32) as usize;
        action.sa_flags = libc::SA_RESTART;
        libc::sigemptyset(&raw mut action.sa_mask);
        match libc::sigaction(signal, &raw const action, &raw mut before) {
            0 => Ok(before),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// The handler: may run in the middle of anything.
extern "C" fn arrived(signal: i32) {
    let fd = PIPES[signal as usize].writer.load(Ordering::Acquire);
    if fd != NONE {
        // SAFETY: a byte into a non-blocking pipe that is never closed. The
        // raw call leaves errno alone.
        unsafe {
            let _ = crate::syscall!(libc::SYS_write, fd, c"!".as_ptr(), 1);
        }
    }
}

impl SignalHandler {
    /// The signal.
    pub fn signal(&self) -> i32 {
        self.signal
    }
}

impl Drop for SignalHandler {
    fn drop(&mut self) {
        let mut all = SERVED.lock();
        let Some(served) = all.get(&self.signal) else { return };
        let mut handlers = served.handlers.lock();
        let at = handlers.iter().position(|(id, _)| *id == self.id);
        // What the program's closure holds is dropped when nothing is locked any more.
        let _gone = at.map(|at| handlers.remove(at));
        let last = handlers.is_empty();
        drop(handlers);
        if last {
            restore(self.signal, &served.before);
            served.over.store(true, Ordering::Release);
            let served = all.remove(&self.signal);
            drop(all);
            if let Some(served) = served {
                served.greenlet.kill_nowait();
            }
        }
    }
}
