//! From the writer's buffer into the reader's.
//!
//! A reader that waits at an empty pipe or socket pair of this process, and a
//! writer at its other end: the kernel would take the bytes from the one only to
//! give them to the other. Here they are copied once, and two system calls become
//! one that asks whether the pipe is really empty.
//!
//! # Why nobody can tell
//!
//! * The reader was about to get the next bytes of the stream: it is the first in
//!   line and parked, nobody polls the descriptor (a poller could expect to be told), and
//!   nothing lies in the pipe, which the kernel is asked each time, since bytes can come
//!   past the hooks.
//! * It has room for all of them, and they are few ([`MOST`]): the write would
//!   have been whole, and so would the read.
//! * Both ends are open: both calls are under way on them. What else can change
//!   the outcome (shut sockets, a low-water mark, SIGIO) ends the handovers of
//!   a descriptor ([`peers::forget`]) or of all.
//! * A bad address ends the copy, not the program ([`arch::copy_guarded`]); the call is
//!   then made in the kernel, which says EFAULT.

use super::known::{self, Kind, Known};
use super::peers;
use crate::signal::alt_stack;
use core::ffi::{c_int, c_void};
use hub::arch;
use hub::hub as scheduler;
use hub::reactor::Sink;

/// Bytes at most in one go: PIPE_BUF, which a pipe takes whole or not at all.
const MOST: usize = libc::PIPE_BUF;

/// Where a reader of `fd` who parks now lets bytes be put, if it may. `known`: of
/// `fd`; the reader has found nothing there.
#[inline]
pub fn sink(fd: c_int, known: Known, buffer: *mut c_void, length: usize) -> Option<Sink> {
    let fits = matches!(known.kind(), Kind::Pipe | Kind::Pair)
        && known.is_own()
        && peers::of(fd).is_some()
        && !known::low_water()
        && alt_stack::installed();
    fits.then(|| Sink::new(buffer.cast(), length))
}

/// Put `length` bytes that are written to `fd` into the hands of who waits for
/// them. False: nothing was done, write them. In our code.
#[inline]
pub fn give(fd: c_int, known: Known, bytes: *const c_void, length: usize) -> bool {
    if !matches!(known.kind(), Kind::Pipe | Kind::Pair) || length == 0 || length > MOST {
        return false;
    }
    let Some(other) = peers::of(fd) else { return false };
    scheduler::with_reactor(|r, run| {
        let Some(waiter) = r.table.sink(other) else { return false };
        let Some(sink) = waiter.sink().filter(|s| s.room() >= length) else { return false };
        if lies_there(other) {
            return false;
        }
        // SAFETY: the two programs' buffers, each for the length that its call was
        // given; bad ones end the copy.
        if !unsafe { arch::copy_guarded(sink.at(), bytes.cast(), length) } {
            return false;
        }
        waiter.fill(length, run)
    })
}

/// Whether there are bytes in the pipe or socket, or the kernel does not say.
fn lies_there(fd: c_int) -> bool {
    let mut count: c_int = -1;
    // SAFETY: the kernel writes a number.
    let asked = unsafe { hub::syscall!(libc::SYS_ioctl, fd, libc::FIONREAD, &raw mut count) };
    asked.is_err() || count != 0
}
