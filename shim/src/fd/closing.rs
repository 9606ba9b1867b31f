//! Hooks that close or replace descriptors: the reactor forgets them first, and
//! those who wait for them are told ([`wait`](super::wait) says what they do).
//!
//! The hub's own descriptors survive a program that closes everything: to the
//! program they are not open.
//!
//! Closing waits where the program asked for it with SO_LINGER, which is a
//! blocking section. It may also wait for a server (NFS, FUSE) or for a serial
//! line's output, of which nothing tells beforehand: such a call is the program's
//! own, outside our code, and is taken off the hub's thread when it lasts.
//!
//! `fcloseall` needs no hook: glibc's flushes all streams and closes none.
//!
//! `fclose` and `freopen` are in [`stdio`](crate::stdio::opening).

use super::known::{self, Known};
use super::making;
use super::peers;
use super::probe;
use crate::by_itself;
use crate::doorway::{self, returned, set_errno};
use crate::signal::owner;
use crate::standing::{change_or_fail, What};
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_uint};
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::sys::Errno;
use hub::wait::Section;

crate::hooks! {
    Os "SO_LINGER: blocking section" fn close(fd: c_int) -> c_int = close_, also [__close];
    Os "never" fn mq_close(queue: c_int) -> c_int = mq_close_, version "GLIBC_2.34";
    Os "never" fn dup2(fd: c_int, to: c_int) -> c_int = dup2_, also [__dup2];
    Os "never" fn dup3(fd: c_int, to: c_int, flags: c_int) -> c_int = dup3_;
    Os "never" fn close_range(first: c_uint, last: c_uint, flags: c_int) -> c_int = close_range_;
    Os "never" fn closefrom(first: c_int) = closefrom_;
}

/// Whether `fd` is the hub's own and asked for by the program.
pub fn hidden(fd: c_int) -> bool {
    scheduler::live() != 0
        && scheduler::owns_fd(fd)
        && !Greenlet::current().is_some_and(|g| g.in_shim())
}

/// `fd` is about to be closed or replaced.
pub fn gone(fd: c_int) {
    if by_itself::is_apart() {
        return;
    }
    if scheduler::live() != 0 {
        if let Some(_shim) = doorway::enter_any() {
            scheduler::with_reactor(|r, run| r.forget(fd, run));
        }
    }
    peers::forget(fd);
    owner::gone(fd);
    known::set(fd, Known::NOTHING);
}

unsafe fn close_(fd: c_int) -> c_int {
    if hidden(fd) {
        set_errno(libc::EBADF);
        return -1;
    }
    if scheduler::active() {
        if let Some(shim) = doorway::enter_any() {
            cancel::point(&shim);
        }
    }
    gone(fd);
    // SAFETY: the program's own call.
    let call = || unsafe { real::close(fd) };
    if known::linger() && probe::lingers(fd) {
        if let Some(shim) = doorway::enter(Group::Socket) {
            // The number is free from the call's start: nothing may be noted of
            // it afterwards.
            return shim.section_of_fd("close of a lingering socket", fd, Section::Ends, call);
        }
    }
    call()
}

unsafe fn mq_close_(queue: c_int) -> c_int {
    if hidden(queue) {
        set_errno(libc::EBADF);
        return -1;
    }
    gone(queue);
    // SAFETY: the program's own call.
    unsafe { real::mq_close(queue) }
}

/// `fd` is about to be duplicated to the number `to`. The kernel refuses
/// numbers out of range with EBADF; the hub's own numbers count as such.
fn replacing(fd: c_int, to: c_int) -> Result<(), Errno> {
    if hidden(fd) || hidden(to) {
        return Err(libc::EBADF);
    }
    // SAFETY: F_GETFD only reads. A call that will fail must not disturb those
    // who wait for `to`.
    if unsafe { hub::syscall!(libc::SYS_fcntl, fd, libc::F_GETFD) }.is_ok() && fd != to {
        gone(to);
    }
    Ok(())
}

unsafe fn dup2_(fd: c_int, to: c_int) -> c_int {
    if let Err(e) = replacing(fd, to) {
        return returned(Err(e)) as c_int;
    }
    // SAFETY: the program's own call.
    let result = unsafe { real::dup2(fd, to) };
    making::copied(fd, result);
    result
}

unsafe fn dup3_(fd: c_int, to: c_int, flags: c_int) -> c_int {
    if let Err(e) = replacing(fd, to) {
        return returned(Err(e)) as c_int;
    }
    // SAFETY: the program's own call.
    let result = unsafe { real::dup3(fd, to, flags) };
    making::copied(fd, result);
    result
}

/// The pieces of `first..=last` between the hub's own descriptors.
fn pieces(first: c_uint, last: c_uint, mut each: impl FnMut(c_uint, c_uint) -> bool) {
    let mut at = first;
    if let (true, Some(mut own)) = (scheduler::live() != 0, scheduler::own_fds()) {
        own.sort_unstable();
        for fd in own.map(|fd| fd as c_uint) {
            if fd < at || fd > last {
                continue;
            }
            if fd > at && !each(at, fd - 1) {
                return;
            }
            at = fd + 1;
        }
    }
    if at <= last {
        each(at, last);
    }
}

/// All of `first..=last` are about to be closed.
fn range_gone(first: c_uint, last: c_uint) {
    if by_itself::is_apart() {
        return;
    }
    let mut end = known::end();
    if scheduler::live() != 0 {
        if let Some(_shim) = doorway::enter_any() {
            end = end.max(scheduler::with_reactor(|r, _| r.table.end()));
        }
    }
    let end = (end as c_uint).min(last.saturating_add(1));
    for fd in first..end {
        if !scheduler::owns_fd(fd as c_int) {
            gone(fd as c_int);
        }
    }
}

/// linux/close_range.h
const CLOSE_RANGE_CLOEXEC: c_int = 4;
const CLOSE_RANGE_UNSHARE: c_int = 2;

/// close_range(2), which a libc before 2.34 has not: asked for by number it is there all the same.
unsafe fn close_numbers(first: c_uint, last: c_uint, flags: c_int) -> c_int {
    // SAFETY: takes numbers.
    returned(unsafe { hub::syscall!(libc::SYS_close_range, first, last, flags) }) as c_int
}

unsafe fn close_range_(first: c_uint, last: c_uint, flags: c_int) -> c_int {
    if first <= last && flags & !CLOSE_RANGE_CLOEXEC == CLOSE_RANGE_UNSHARE {
        // In two steps: nobody else's are closed.
        // SAFETY: takes a number.
        let unshare = || unsafe { crate::standing::namespaces::real::unshare(libc::CLONE_FILES) };
        if change_or_fail(What::Files, unshare) != 0 {
            return -1;
        }
        // SAFETY: the program's own call.
        return unsafe { close_range_(first, last, flags & !CLOSE_RANGE_UNSHARE) };
    }
    if first > last || flags & CLOSE_RANGE_CLOEXEC != 0 || scheduler::live() == 0 {
        if first <= last && flags & CLOSE_RANGE_CLOEXEC == 0 {
            range_gone(first, last);
        }
        // SAFETY: the program's own call.
        return unsafe { close_numbers(first, last, flags) };
    }
    range_gone(first, last);
    let mut result = 0;
    pieces(first, last, |a, b| {
        // SAFETY: the program's own call, in pieces.
        result = unsafe { close_numbers(a, b, flags) };
        result == 0
    });
    result
}

unsafe fn closefrom_(first: c_int) {
    let first = first.max(0) as c_uint;
    range_gone(first, c_uint::MAX);
    if scheduler::live() == 0 {
        // SAFETY: the program's own call.
        return unsafe { real::closefrom(first as c_int) };
    }
    pieces(first, c_uint::MAX, |a, b| {
        // SAFETY: the program's own call, in pieces. Without close_range(2) they
        // are closed one by one; closefrom(3) reports no errors.
        unsafe {
            if hub::syscall!(libc::SYS_close_range, a, b, 0).is_err() {
                let most = libc::sysconf(libc::_SC_OPEN_MAX).clamp(0, 1 << 20) as c_uint;
                for fd in a..=b.min(most) {
                    let _ = hub::syscall!(libc::SYS_close, fd);
                }
            }
        }
        true
    });
}
