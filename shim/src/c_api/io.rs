//! Calls on descriptors that wait as greenlets do, in programs that are not
//! patched as well.
//!
//! Nothing is changed on the descriptions: each call is tried in a form that does
//! not wait, then its descriptor is waited for. (A blocking socket is made
//! non-blocking for one system call in `gev_connect`.)

use super::fd::{errno_of, look, wait_one};
use super::timeout::{came, limit};
use super::{fail, rim, Span};
use crate::doorway::{errno, set_errno};
use crate::fd::known::{self, Kind};
use core::ffi::{c_int, c_short, c_void};
use core::time::Duration;
use hub::reactor::Drained;
use hub::Interest::{self, Read, Write};
use libc::{iovec, sockaddr, socklen_t, POLLIN, POLLOUT};

/// Written at once at most where there is no form of write(2) that does not wait:
/// what a pipe that polls writable takes (pipe(7)).
const PIECE: usize = 4096;

/// What the time of one call is: it is asked for when the call must wait.
struct Clock {
    span: Span,
    end: Option<u64>,
}

impl Clock {
    fn new(span: Span) -> Self {
        Clock { span, end: None }
    }

    fn left(&mut self) -> Option<Duration> {
        let Ok(span) = u64::try_from(self.span) else { return limit(-1) };
        let end = *self.end.get_or_insert_with(|| hub::time::after(span));
        limit(end.saturating_sub(hub::time::now()).min(i64::MAX as u64) as i64)
    }

    /// Wait until the call is worth trying again; false: it is over, with `errno`.
    fn wait(&mut self, fd: c_int, interest: Interest) -> bool {
        match hub::wait_to_retry(fd, interest, self.left()) {
            Ok(true) => return true,
            Ok(false) => set_errno(came()),
            Err(e) => set_errno(errno_of(&e)),
        }
        false
    }
}

/// Try until it does not fail for want of readiness.
fn retry(fd: c_int, interest: Interest, span: Span, mut call: impl FnMut() -> isize) -> isize {
    let mut clock = Clock::new(span);
    loop {
        let got = call();
        if got >= 0 {
            return got;
        }
        match errno() {
            libc::EAGAIN if clock.wait(fd, interest) => {}
            libc::EINTR => {}
            _ => return -1,
        }
    }
}

/// A read or write that does not wait; where the descriptor has no such form it
/// polls first.
fn nowait(
    fd: c_int,
    events: c_short,
    vector: &iovec,
    special: unsafe extern "C" fn(c_int, *const iovec, c_int, libc::off_t, c_int) -> isize,
    plain: impl Fn() -> isize,
) -> isize {
    // SAFETY: the program's memory; -1: where the file stands.
    let got = unsafe { special(fd, vector, 1, -1, libc::RWF_NOWAIT) };
    if got >= 0 || !matches!(errno(), libc::EOPNOTSUPP | libc::EINVAL | libc::ENOSYS) {
        return got;
    }
    match look(fd, events) {
        0 => fail(libc::EAGAIN) as isize,
        answer if answer < 0 => -1,
        _ => plain(),
    }
}

/// A disk is read and written in place.
fn is_regular(fd: c_int) -> bool {
    let mut status = core::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: `status` is writable, and zeroes are valid.
    unsafe {
        libc::fstat(fd, status.as_mut_ptr()) == 0
            && status.assume_init().st_mode & libc::S_IFMT == libc::S_IFREG
    }
}

/// # Safety
/// As read(2).
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_read(
    fd: c_int,
    buffer: *mut c_void,
    size: usize,
    timeout: Span,
) -> isize {
    let _rim = rim();
    // SAFETY: the program's memory, here and below.
    let plain = || unsafe { libc::read(fd, buffer, size) };
    if is_regular(fd) {
        return plain();
    }
    let vector = iovec { iov_base: buffer, iov_len: size };
    retry(fd, Read, timeout, || nowait(fd, POLLIN, &vector, libc::preadv2, plain))
}

/// Everything, in as many pieces as it takes: what was written, or -1 if nothing
/// was.
fn whole(size: usize, mut piece: impl FnMut(usize) -> isize) -> isize {
    let mut done = 0;
    loop {
        let wrote = piece(done);
        if wrote < 0 {
            return if done > 0 { done as isize } else { -1 };
        }
        done += wrote as usize;
        if done >= size {
            return done as isize;
        }
    }
}

/// # Safety
/// As write(2).
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_write(
    fd: c_int,
    data: *const c_void,
    size: usize,
    timeout: Span,
) -> isize {
    let _rim = rim();
    if is_regular(fd) {
        // SAFETY: the program's memory, here and below.
        return unsafe { libc::write(fd, data, size) };
    }
    whole(size, |done| {
        // SAFETY: within the program's memory.
        let rest = unsafe { data.byte_add(done) };
        let vector = iovec { iov_base: rest.cast_mut(), iov_len: size - done };
        // SAFETY: as above.
        let plain = || unsafe { libc::write(fd, rest, (size - done).min(PIECE)) };
        retry(fd, Write, timeout, || nowait(fd, POLLOUT, &vector, libc::pwritev2, plain))
    })
}

/// # Safety
/// As recv(2).
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_recv(
    fd: c_int,
    buffer: *mut c_void,
    size: usize,
    flags: c_int,
    timeout: Span,
) -> isize {
    let _rim = rim();
    let mut clock = Clock::new(timeout);
    // SAFETY: by this function's contract.
    let got = unsafe {
        let room = (buffer.cast(), size);
        hub::recv_fd(fd, room, flags, || seen(fd), timeout < 0, || clock.left())
    };
    match got.and_then(|got| got.ok_or_else(came)) {
        Ok(bytes) => bytes as isize,
        Err(e) => fail(e) as isize,
    }
}

/// What the hooks have seen of a socket: that it was made, and what tells that it is
/// drained. (They see to what was closed whatever is patched.)
fn seen(fd: c_int) -> Option<Drained> {
    let known = known::get(fd);
    let sees = known.is_own() && known.kind().is_socket() && !known::low_water();
    sees.then(|| if known.kind() == Kind::Tcp { Drained::ByShortRead } else { Drained::InVain })
}

/// # Safety
/// As send(2).
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_send(
    fd: c_int,
    data: *const c_void,
    size: usize,
    flags: c_int,
    timeout: Span,
) -> isize {
    let _rim = rim();
    let flags = flags | libc::MSG_DONTWAIT;
    whole(size, |done| {
        // SAFETY: within the program's memory.
        let call = || unsafe { libc::send(fd, data.byte_add(done), size - done, flags) };
        retry(fd, Write, timeout, call)
    })
}

/// # Safety
/// As accept(2).
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_accept(
    fd: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
    timeout: Span,
) -> c_int {
    let _rim = rim();
    retry(fd, Read, timeout, || match look(fd, POLLIN) {
        0 => fail(libc::EAGAIN) as isize,
        answer if answer < 0 => -1,
        // SAFETY: the program's memory.
        _ => unsafe { libc::accept(fd, address, length) as isize },
    }) as c_int
}

/// Between two attempts to connect where nothing tells when to.
const AGAIN: Duration = Duration::from_millis(1);

/// Begin to connect without waiting.
///
/// # Safety
/// As connect(2).
unsafe fn begin(fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
    // SAFETY: the program's descriptor and memory.
    unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFL);
        if flags < 0 {
            return -1;
        }
        if flags & libc::O_NONBLOCK == 0 {
            libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK);
        }
        let made = libc::connect(fd, address, length);
        let error = errno();
        if flags & libc::O_NONBLOCK == 0 {
            libc::fcntl(fd, libc::F_SETFL, flags);
        }
        if made == 0 {
            0
        } else {
            fail(error)
        }
    }
}

/// # Safety
/// As connect(2).
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_connect(
    fd: c_int,
    address: *const sockaddr,
    length: socklen_t,
    timeout: Span,
) -> c_int {
    let _rim = rim();
    let mut clock = Clock::new(timeout);
    loop {
        // SAFETY: by this function's contract.
        if unsafe { begin(fd, address, length) } == 0 {
            return 0;
        }
        match errno() {
            libc::EINPROGRESS | libc::EALREADY | libc::EINTR => break,
            // The queue of a Unix socket's listener is full.
            libc::EAGAIN => {}
            _ => return -1,
        }
        let left = clock.left();
        if left.is_some_and(|left| left.is_zero()) {
            return fail(came());
        }
        hub::sleep(left.map_or(AGAIN, |left| left.min(AGAIN)));
    }
    match wait_one(fd, POLLOUT, clock.left()) {
        0 => return fail(came()),
        answer if answer < 0 => return -1,
        _ => {}
    }
    let (mut error, mut size) = (0 as c_int, size_of::<c_int>() as socklen_t);
    // SAFETY: the kernel writes an int.
    let asked = unsafe {
        let at = (&raw mut error).cast();
        libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_ERROR, at, &mut size)
    };
    match (asked, error) {
        (0, 0) => 0,
        (0, error) => fail(error),
        _ => -1,
    }
}
