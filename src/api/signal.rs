//! Signals that are handled by greenlets.
//!
//! gevent: `gevent.signal_handler`.

use super::handle::Greenlet;
use super::spawn::{spawn, Builder};
use crate::{wait_fd, Interest};
use core::sync::atomic::{AtomicBool, AtomicI32, Ordering};
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
    in_use: AtomicBool,
}

static PIPES: [Pipe; SIGNALS] = [const {
    Pipe {
        reader: AtomicI32::new(NONE),
        writer: AtomicI32::new(NONE),
        in_use: AtomicBool::new(false),
    }
}; SIGNALS];

impl Pipe {
    /// The end to read from, with nothing in it. The caller has set `in_use`.
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

/// A signal is handled by a greenlet until this is dropped; then what was done
/// about it before is done again. Made by [`handler`].
#[derive(Debug)]
#[must_use = "dropped at once, it handles nothing"]
pub struct SignalHandler {
    signal: i32,
    before: libc::sigaction,
    greenlet: Greenlet<()>,
    /// The greenlet leaves what arrives to the next handler.
    over: Arc<AtomicBool>,
}

/// Calls `f`, on a greenlet of its own, each time that `signal` arrives: as soon
/// as the hub's turn comes, not in the middle of anybody's code, so `f` may do
/// whatever a greenlet may. Signals that arrive faster than the hub runs are
/// counted, up to the thousands that a pipe holds.
///
/// System calls that the signal interrupts go on (SA_RESTART); waits of this
/// crate are not interrupted at all.
///
/// gevent: `gevent.signal_handler`.
///
/// # Errors
/// EINVAL for no signal, SIGKILL and SIGSTOP; EBUSY if it has a handler of this
/// crate already; EMFILE without descriptors; what
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
    if pipe.in_use.swap(true, Ordering::AcqRel) {
        return Err(io::Error::from_raw_os_error(libc::EBUSY));
    }
    let free_again = |e| {
        pipe.in_use.store(false, Ordering::Release);
        e
    };
    let reader = pipe.open().map_err(free_again)?;
    let before = install(signal).map_err(free_again)?;
    let f = Arc::new(f);
    let over = Arc::new(AtomicBool::new(false));
    let seen = over.clone();
    let listens = Builder::new().name(format!("signal {signal}")).spawn(move || {
        while wait_fd(reader, Interest::Read, None).is_ok() && !seen.load(Ordering::Acquire) {
            for _ in 0..count(reader) {
                let f = f.clone();
                drop(spawn(move || f()));
            }
        }
    });
    match listens {
        Ok(greenlet) => Ok(SignalHandler { signal, before, greenlet, over }),
        Err(e) => {
            restore(signal, &before);
            Err(free_again(io::Error::other(e)))
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
        restore(self.signal, &self.before);
        self.over.store(true, Ordering::Release);
        self.greenlet.kill_nowait();
        PIPES[self.signal as usize].in_use.store(false, Ordering::Release);
    }
}
