//! Calls on descriptors that wait as greenlets do, in programs that are not
//! patched as well.
//!
//! Nothing is changed on the descriptions: each call is tried in a form that does
//! not wait, then its descriptor is waited for. (A blocking socket is made
//! non-blocking for one system call in `gev_connect`.)

use super::fd::{errno_of, look, wait_one};
use super::timeout::{came, limit};
use super::{fail, rim, Span};
use crate::doorway::{errno, returned};
use core::ffi::{c_int, c_short, c_void};
use core::time::Duration;
use hub::Interest::{self, Read, Write};
use hub::Retry;
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

    /// Wait until the call is worth trying again, for [`retry`].
    ///
    /// # Safety
    /// As of `hub::wait_to_retry`.
    unsafe fn wait(&mut self, fd: c_int, interest: Interest, room: Room) -> Retry {
        // SAFETY: by this function's contract.
        match unsafe { hub::wait_to_retry(fd, interest, room, self.left()) } {
            Ok(Retry::TimedOut) => Retry::Done(Err(came())),
            Ok(other) => other,
            Err(e) => Retry::Done(Err(errno_of(&e))),
        }
    }
}

/// Where the hub may receive what a call waits for.
type Room = Option<(*mut u8, usize)>;

/// Try until it does not fail for want of readiness.
///
/// # Safety
/// `room` is the program's memory.
unsafe fn retry(
    fd: c_int,
    interest: Interest,
    span: Span,
    room: Room,
    mut call: impl FnMut() -> isize,
) -> isize {
    let mut clock = Clock::new(span);
    loop {
        let got = call();
        if got >= 0 {
            return got;
        }
        match errno() {
            // SAFETY: by this function's contract.
            libc::EAGAIN => match unsafe { clock.wait(fd, interest, room) } {
                Retry::Done(result) => return returned(result),
                Retry::Now | Retry::TimedOut => {}
            },
            libc::EINTR => {}
            _ => return -1,
        }
    }
}

/// [`retry`] of a call that the hub cannot make.
fn retry_here(fd: c_int, interest: Interest, span: Span, call: impl FnMut() -> isize) -> isize {
    // SAFETY: no memory.
    unsafe { retry(fd, interest, span, None, call) }
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
    retry_here(fd, Read, timeout, || nowait(fd, POLLIN, &vector, libc::preadv2, plain))
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
        retry_here(fd, Write, timeout, || nowait(fd, POLLOUT, &vector, libc::pwritev2, plain))
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
    // SAFETY: the program's memory.
    let call = || unsafe { libc::recv(fd, buffer, size, flags | libc::MSG_DONTWAIT) };
    let room = (flags == 0 && size != 0).then_some((buffer.cast(), size));
    // SAFETY: as above.
    unsafe { retry(fd, Read, timeout, room, call) }
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
        retry_here(fd, Write, timeout, call)
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
    retry_here(fd, Read, timeout, || match look(fd, POLLIN) {
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
