//! Answering questions about the running program: the control socket, and reports
//! that are too long for whoever has found the occasion.
//!
//! # Who answers
//!
//! An OS thread of ours, made with the monitor's when the program makes its second
//! thread. It sleeps in the kernel until somebody connects, or until a job is given
//! to it ([`ask_for`]); nothing wakes it otherwise. It borrows the hub for well under a millisecond at a time
//! ([`lend`](crate::hub::lend)), copies what it wants to tell, and writes it out
//! afterwards: no greenlet is stopped, no call of the program's gets EINTR, and a
//! greenlet that keeps the hub does not keep the answer.
//!
//! # No footprint in the program
//!
//! The thread has a table of descriptors of its own, empty from the start
//! (unshare(2) with CLONE_FILES). So the program never sees a number
//! of ours, cannot close one, and a forked child inherits none. If the kernel is
//! too old for that (before 5.9), or a sandbox forbids it, nobody answers; likewise
//! if the socket cannot be made. Nothing is said about it: the program is
//! none the worse.
//!
//! # Files
//!
//! | file | concept |
//! |---|---|
//! | [`endpoint`] | the socket's place, who may ask |
//! | [`answer`] | the protocol |
//! | [`snapshot`] | what is told of a greenlet |
//! | [`past`] | calls that have gone past the library |
//! | [`descriptors`], [`epoll_set`], [`memory`] | what the kernel knows of descriptors and memory |
//! | [`lock_cycles`] | deadlocks of some of the greenlets |
//! | [`report`] | reports on stderr, with the tool's help |
//! | [`tool`] | running the command-line tool as a child |
//! | [`json`] | writing JSON |

pub mod answer;
pub(crate) mod descriptors;
mod endpoint;
mod epoll_set;
mod json;
pub mod lock_cycles;
mod memory;
mod past;
pub mod report;
mod snapshot;
pub mod tool;

use crate::hub::{carrier, os_thread};
use crate::time::{self, NEVER, SECOND};
use crate::{hub, sys, syscall, tls, unit};
use core::ffi::{c_void, CStr};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, Ordering};

const STACK: usize = 128 * 1024;

/// The library wants a thread that answers (a program of the Rust API only if it is told to).
static WANTED: AtomicBool = AtomicBool::new(false);
static SOCKET: AtomicBool = AtomicBool::new(true);
static STARTED: AtomicBool = AtomicBool::new(false);
/// Its thread id; [`NONE`]: there is none; [`COMING`]: it was made, and looks for jobs as
/// soon as it runs.
static THREAD: AtomicU32 = AtomicU32::new(NONE);
const NONE: u32 = 0;
const COMING: u32 = u32::MAX;
/// What it is to do besides answering, a bit each.
static JOBS: AtomicU32 = AtomicU32::new(0);
/// The socket, in the thread's own table; -1: none.
static LISTENER: AtomicI32 = AtomicI32::new(-1);
/// Whether it still has the program's descriptors, as a copy.
static COPIES: AtomicU32 = AtomicU32::new(0);
/// The socket's path, for ever.
static PATH: AtomicPtr<libc::c_char> = AtomicPtr::new(ptr::null_mut());

/// Job: all greenlets wait ([`crate::deadlock`]).
pub const DEADLOCK: u32 = 1;
/// Job: look for cycles of locks.
pub const LOCK_CYCLES: u32 = 2;
/// Job: print all greenlets.
pub const DUMP: u32 = 4;

/// There is to be such a thread from the second greenlet on. Before any.
pub fn enable() {
    WANTED.store(true, Ordering::Relaxed);
}

/// Whether it has a socket.
pub fn set_socket(on: bool) {
    SOCKET.store(on, Ordering::Relaxed);
}

/// Make the OS thread, with the monitor's; signals are blocked.
///
/// Returns when that has let go of the program's descriptors: if the program closed the
/// reading end of a pipe before, writing would still succeed.
pub(crate) fn start() {
    if !WANTED.load(Ordering::Relaxed) || STARTED.swap(true, Ordering::Relaxed) {
        return;
    }
    let Ok(stack) = unit::map_stack(STACK + tls::block_size()) else { return };
    THREAD.store(COMING, Ordering::SeqCst);
    COPIES.store(1, Ordering::Relaxed);
    if os_thread::create(stack, main, ptr::null_mut()).is_some() {
        carrier::count_thread();
        while COPIES.load(Ordering::Acquire) != 0 {
            let _ = sys::futex_wait(&COPIES, 1, NEVER);
        }
    } else {
        THREAD.store(NONE, Ordering::SeqCst);
    }
}

/// In the child of a fork there is none, and the socket is the parent's.
pub(crate) fn after_fork() {
    STARTED.store(false, Ordering::Relaxed);
    THREAD.store(NONE, Ordering::Relaxed);
    JOBS.store(0, Ordering::Relaxed);
    PATH.store(ptr::null_mut(), Ordering::Relaxed);
    report::after_fork();
    lock_cycles::after_fork();
}

/// The process ends in an orderly way: remove the socket's file.
pub fn at_exit() {
    let path = PATH.load(Ordering::Acquire);
    if !path.is_null() {
        // SAFETY: a path that was stored for ever.
        endpoint::remove(unsafe { CStr::from_ptr(path) });
    }
}

/// Give the thread something to do. False: there is none. Callable from a signal
/// handler.
pub fn ask_for(job: u32) -> bool {
    // The thread stores its id before it looks at its jobs: either it sees this one, or
    // is seen here.
    JOBS.fetch_or(job, Ordering::SeqCst);
    let thread = match THREAD.load(Ordering::SeqCst) {
        NONE => {
            JOBS.fetch_and(!job, Ordering::SeqCst);
            return false;
        }
        COMING => return true,
        thread => thread,
    };
    // SAFETY: takes numbers only.
    unsafe {
        syscall!(libc::SYS_getpid)
            .and_then(|pid| syscall!(libc::SYS_tgkill, pid, thread, hub::TURN_SIGNAL))
            .is_ok()
    }
}

/// Whether there is no such thread: none was wanted, or it cannot do its work.
pub(crate) fn is_missing() -> bool {
    THREAD.load(Ordering::SeqCst) == NONE
}

/// Get a table of descriptors of this thread's own, with nothing in it. False: there
/// is none to be had.
///
/// But for POSIX's message queues: when a process closes one, under whatever number
/// and in whatever table, the kernel takes back the notification that it has asked for
/// (mq_notify(3)).
fn empty_own_table() -> bool {
    /// linux/magic.h
    const MQUEUE: i64 = 0x1980_0202;
    /// Where the program's queues are looked for: descriptors are small numbers.
    const LOOKED_AT: u32 = 256;
    // A copy that cannot be emptied must not be made.
    // SAFETY: takes numbers; there is no such descriptor.
    if unsafe { syscall!(libc::SYS_close_range, u32::MAX, u32::MAX, 0) }.is_err() {
        return false;
    }
    // SAFETY: takes a number.
    if unsafe { syscall!(libc::SYS_unshare, libc::CLONE_FILES) }.is_err() {
        return false;
    }
    let is_queue = |fd: &u32| {
        // SAFETY: zeroes are valid, and the kernel fills it.
        unsafe {
            let mut about: libc::statfs = core::mem::zeroed();
            syscall!(libc::SYS_fstatfs, *fd, &raw mut about).is_ok() && about.f_type == MQUEUE
        }
    };
    let mut from = 0;
    for queue in (0..LOOKED_AT).filter(is_queue).chain([u32::MAX]) {
        if from < queue {
            // SAFETY: takes numbers; the table is this thread's.
            if unsafe { syscall!(libc::SYS_close_range, from, queue - 1, 0) }.is_err() {
                return false;
            }
        }
        from = queue.wrapping_add(1);
    }
    true
}

unsafe extern "C-unwind" fn main(_: *mut c_void) -> *mut c_void {
    // SAFETY: the name is a string; the set is our own word.
    let tid = unsafe {
        let _ = syscall!(libc::SYS_prctl, libc::PR_SET_NAME, c"geventrs-ask".as_ptr());
        // A job's signal is let through in `wait` only.
        let jobs = 1u64 << (hub::TURN_SIGNAL - 1);
        let _ = syscall!(libc::SYS_rt_sigprocmask, libc::SIG_BLOCK, &raw const jobs, 0, 8);
        syscall!(libc::SYS_gettid)
    };
    let is_empty = empty_own_table();
    COPIES.store(0, Ordering::Release);
    sys::futex_wake(COPIES.as_ptr(), 1);
    let (true, Ok(tid)) = (is_empty, tid) else { sleep_for_ever() };
    let Some(bell) = descriptors::copy(hub::lend::bell()) else { sleep_for_ever() };
    hub::lend::set_bell(bell);
    let wants_socket = SOCKET.load(Ordering::Relaxed);
    let endpoint = if wants_socket { endpoint::open() } else { None };
    let listener = endpoint.as_ref().map_or(-1, |e| e.listener);
    LISTENER.store(listener, Ordering::Relaxed);
    if let Some(endpoint) = endpoint {
        PATH.store(endpoint.path.into_raw(), Ordering::Release);
    }
    THREAD.store(tid as u32, Ordering::SeqCst);
    loop {
        let jobs = JOBS.swap(0, Ordering::SeqCst);
        if jobs != 0 {
            report::work(jobs);
            continue;
        }
        if wait(listener) {
            answer_one(listener);
        }
    }
}

/// libc counts this thread; one that goes away would have to be uncounted.
fn sleep_for_ever() -> ! {
    THREAD.store(NONE, Ordering::SeqCst);
    let never = AtomicU32::new(0);
    loop {
        let _ = sys::futex_wait(&never, 0, NEVER);
    }
}

/// Do what comes, for `span` nanoseconds or until the peer of `connection` is gone. False:
/// it is. Recordings do not come in it: one at a time is made.
fn attend(connection: i32, span: u64) -> bool {
    let deadline = time::after(span);
    let listener = LISTENER.load(Ordering::Relaxed);
    loop {
        let jobs = JOBS.swap(0, Ordering::SeqCst);
        if jobs != 0 {
            report::work(jobs);
        }
        let left = deadline.saturating_sub(time::now());
        if left == 0 {
            return true;
        }
        let entry = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let mut polls = [entry(listener), entry(connection)];
        if poll(&mut polls, left) {
            if polls[1].revents != 0 {
                return false;
            }
            answer_one(listener);
        }
    }
}

/// Until somebody connects, or a job's signal has come: true, somebody has
/// connected. (The signal is let through here only, so none is missed.)
fn wait(listener: i32) -> bool {
    poll(&mut [libc::pollfd { fd: listener, events: libc::POLLIN, revents: 0 }], NEVER)
}

/// ppoll(2), for `span` nanoseconds; false: nothing has come, or a job's signal.
fn poll(polls: &mut [libc::pollfd], span: u64) -> bool {
    // And libc's own, which setuid(2) waits for.
    let mask = !(3u64 << (hub::TURN_SIGNAL - 1));
    let limit = libc::timespec { tv_sec: (span / SECOND) as i64, tv_nsec: (span % SECOND) as i64 };
    let limit = if span == NEVER { ptr::null() } else { &raw const limit };
    // SAFETY: our own entries and time; a mask of eight bytes.
    let ready = unsafe {
        let (polls, count) = (polls.as_mut_ptr(), polls.len());
        syscall!(libc::SYS_ppoll, polls, count, limit, &raw const mask, 8)
    };
    ready.is_ok_and(|n| n > 0)
}

fn answer_one(listener: i32) {
    // SAFETY: takes numbers only.
    let accepted = unsafe { syscall!(libc::SYS_accept4, listener, 0, 0, libc::SOCK_CLOEXEC) };
    let Ok(accepted) = accepted.map(|fd| fd as i32) else { return };
    // Number 2 is for stderr, while a report is written ([`report::work`]).
    // SAFETY: our own descriptor.
    let above = unsafe { syscall!(libc::SYS_fcntl, accepted, libc::F_DUPFD_CLOEXEC, 3) };
    descriptors::close(accepted);
    let Ok(connection) = above.map(|fd| fd as i32) else { return };
    if endpoint::may_ask(connection) {
        answer::serve(connection);
    }
    descriptors::close(connection);
}
