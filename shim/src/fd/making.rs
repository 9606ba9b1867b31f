//! Hooks that make descriptors. They never block: the real function is called,
//! and what it returns is noted in [`known`](super::known). A number that the
//! reactor still holds from an earlier life is forgotten. That happens whatever
//! groups are patched, since all that wait rely on it.

use super::known::{self, Kind, Known};
use super::peers;
use crate::by_itself;
use crate::doorway;
use core::ffi::{c_int, c_uint};
use hub::hub as scheduler;
use libc::sigset_t;

crate::hooks! {
    Socket "never" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int = socket_;
    Socket "never" fn socketpair(domain: c_int, kind: c_int, protocol: c_int, ends: *mut c_int) -> c_int = socketpair_;
    Os "never" fn pipe(ends: *mut c_int) -> c_int = pipe_, also [__pipe];
    Os "never" fn pipe2(ends: *mut c_int, flags: c_int) -> c_int = pipe2_;
    Os "never" fn eventfd(count: c_uint, flags: c_int) -> c_int = eventfd_;
    Os "never" fn timerfd_create(clock: c_int, flags: c_int) -> c_int = timerfd_create_;
    Os "never" fn signalfd(fd: c_int, mask: *const sigset_t, flags: c_int) -> c_int = signalfd_;
    Os "never" fn inotify_init() -> c_int = inotify_init_;
    Os "never" fn inotify_init1(flags: c_int) -> c_int = inotify_init1_;
    Os "never" fn epoll_create(size: c_int) -> c_int = epoll_create_;
    Os "never" fn epoll_create1(flags: c_int) -> c_int = epoll_create1_;
    Os "never" fn dup(fd: c_int) -> c_int = dup_;
}

/// A descriptor has been made, if `fd` is one.
pub fn made(fd: c_int, known: Known) {
    if fd < 0 || by_itself::is_apart() {
        return;
    }
    // An OS thread that is no greenlet cannot tell the reactor; nor can our
    // own code, which makes no descriptors that the program sees.
    let told = scheduler::live() == 0
        || doorway::enter_any().is_some_and(|_shim| {
            scheduler::with_reactor(|r, run| r.forget(fd, run));
            true
        });
    peers::forget(fd);
    known::set(fd, if told { known } else { Known::NOTHING });
}

/// `copy` is a new descriptor of the description of `fd`.
pub fn copied(fd: c_int, copy: c_int) {
    if copy < 0 || copy == fd {
        return;
    }
    known::shared(fd);
    made(copy, known::get(fd));
}

unsafe fn socket_(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    // SAFETY: the program's own call.
    let fd = unsafe { real::socket(domain, kind, protocol) };
    let tcp = matches!(domain, libc::AF_INET | libc::AF_INET6)
        && kind & 0xf == libc::SOCK_STREAM
        && matches!(protocol, 0 | libc::IPPROTO_TCP);
    let what = if tcp { Kind::Tcp } else { Kind::Socket };
    made(fd, Known::fresh(what, kind & libc::SOCK_NONBLOCK == 0));
    fd
}

/// Note both ends of a pair.
unsafe fn pair(result: c_int, ends: *mut c_int, known: Known) -> c_int {
    if result == 0 {
        // SAFETY: libc has just written both.
        unsafe {
            made(*ends, known);
            made(*ends.add(1), known);
            peers::made(*ends, *ends.add(1));
        }
    }
    result
}

unsafe fn socketpair_(domain: c_int, kind: c_int, protocol: c_int, ends: *mut c_int) -> c_int {
    let what = match (domain, kind & 0xf) {
        (libc::AF_UNIX, libc::SOCK_STREAM) => Kind::Pair,
        _ => Kind::Socket,
    };
    // SAFETY: the program's own call.
    unsafe {
        let result = real::socketpair(domain, kind, protocol, ends);
        pair(result, ends, Known::fresh(what, kind & libc::SOCK_NONBLOCK == 0))
    }
}

unsafe fn pipe_(ends: *mut c_int) -> c_int {
    // SAFETY: the program's own call.
    unsafe {
        let result = real::pipe(ends);
        pair(result, ends, Known::fresh(Kind::Pipe, true))
    }
}

unsafe fn pipe2_(ends: *mut c_int, flags: c_int) -> c_int {
    // O_DIRECT makes packets: a short read leaves the next one behind.
    let what = if flags & libc::O_DIRECT == 0 { Kind::Pipe } else { Kind::Other };
    // SAFETY: the program's own call.
    unsafe {
        let result = real::pipe2(ends, flags);
        pair(result, ends, Known::fresh(what, flags & libc::O_NONBLOCK == 0))
    }
}

fn other(fd: c_int, nonblocking: bool) -> c_int {
    made(fd, Known::fresh(Kind::Other, !nonblocking));
    fd
}

unsafe fn eventfd_(count: c_uint, flags: c_int) -> c_int {
    // SAFETY: the program's own call.
    let fd = unsafe { real::eventfd(count, flags) };
    made(fd, Known::fresh(Kind::Event, flags & libc::EFD_NONBLOCK == 0));
    fd
}

unsafe fn timerfd_create_(clock: c_int, flags: c_int) -> c_int {
    // SAFETY: the program's own call.
    other(unsafe { real::timerfd_create(clock, flags) }, flags & libc::TFD_NONBLOCK != 0)
}

unsafe fn signalfd_(fd: c_int, mask: *const sigset_t, flags: c_int) -> c_int {
    // SAFETY: the program's own call.
    let made = unsafe { real::signalfd(fd, mask, flags) };
    if made >= 0 {
        // SAFETY: the kernel has read it.
        crate::signal::send::watched(unsafe { &*mask });
    }
    if fd != -1 {
        // The mask of an existing one was changed.
        return made;
    }
    other(made, flags & libc::SFD_NONBLOCK != 0)
}

unsafe fn inotify_init_() -> c_int {
    // SAFETY: the program's own call.
    other(unsafe { real::inotify_init() }, false)
}

unsafe fn inotify_init1_(flags: c_int) -> c_int {
    // SAFETY: the program's own call.
    other(unsafe { real::inotify_init1(flags) }, flags & libc::IN_NONBLOCK != 0)
}

unsafe fn epoll_create_(size: c_int) -> c_int {
    // SAFETY: the program's own call.
    other(unsafe { real::epoll_create(size) }, false)
}

unsafe fn epoll_create1_(flags: c_int) -> c_int {
    // SAFETY: the caller's own call.
    let fd = unsafe { real::epoll_create1(flags) };
    if fd >= 0 && hub::reactor::making() {
        // The hub's own, through mio: the program's numbers stay as they are.
        return hub::reactor::move_high(fd);
    }
    other(fd, false)
}

unsafe fn dup_(fd: c_int) -> c_int {
    if super::closing::hidden(fd) {
        doorway::set_errno(libc::EBADF);
        return -1;
    }
    // SAFETY: the program's own call.
    let copy = unsafe { real::dup(fd) };
    copied(fd, copy);
    copy
}
