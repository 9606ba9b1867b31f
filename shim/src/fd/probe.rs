//! Questions to the kernel about a descriptor. None of them blocks, and none
//! goes through libc: `errno` is the program's.

use core::ffi::{c_int, c_short};
use hub::sys::Errno;
use hub::time::MICROSECOND;

/// The status flags (`O_NONBLOCK` and others).
pub fn status_flags(fd: c_int) -> Result<c_int, Errno> {
    // SAFETY: F_GETFL only reads.
    unsafe { hub::syscall!(libc::SYS_fcntl, fd, libc::F_GETFL) }.map(|f| f as c_int)
}

/// What of `events` holds now; errors and hang-ups are always told. A
/// descriptor that cannot be asked counts as ready: its call will say why.
pub fn poll(fd: c_int, events: c_short) -> c_short {
    let mut one = libc::pollfd { fd, events, revents: 0 };
    let zero = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: one descriptor, a time, no signal mask.
    match unsafe { hub::syscall!(libc::SYS_ppoll, &raw mut one, 1, &raw const zero, 0, 8) } {
        Ok(_) => one.revents,
        Err(_) => events,
    }
}

/// An integer socket option; `None` if it is no socket.
pub fn option(fd: c_int, name: c_int) -> Option<c_int> {
    let mut value: c_int = 0;
    let mut length = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: both objects are ours and as long as they say.
    let answer = unsafe {
        hub::syscall!(
            libc::SYS_getsockopt,
            fd,
            libc::SOL_SOCKET,
            name,
            &raw mut value,
            &raw mut length
        )
    };
    answer.ok().map(|_| value)
}

/// `SO_RCVTIMEO` or `SO_SNDTIMEO` in nanoseconds; `None`: none, or no socket.
pub fn time_limit(fd: c_int, name: c_int) -> Option<u64> {
    let mut value = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let mut length = size_of::<libc::timeval>() as libc::socklen_t;
    // SAFETY: as above.
    let answer = unsafe {
        hub::syscall!(
            libc::SYS_getsockopt,
            fd,
            libc::SOL_SOCKET,
            name,
            &raw mut value,
            &raw mut length
        )
    };
    answer.ok()?;
    let limit = (value.tv_sec as u64)
        .saturating_mul(hub::time::SECOND)
        .saturating_add(value.tv_usec as u64 * MICROSECOND);
    (limit != 0).then_some(limit)
}

/// Whether closing the socket waits until its data are sent (socket(7),
/// SO_LINGER).
pub fn lingers(fd: c_int) -> bool {
    let mut value = libc::linger { l_onoff: 0, l_linger: 0 };
    let mut length = size_of::<libc::linger>() as libc::socklen_t;
    // SAFETY: as above.
    let answer = unsafe {
        hub::syscall!(
            libc::SYS_getsockopt,
            fd,
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            &raw mut value,
            &raw mut length
        )
    };
    answer.is_ok() && value.l_onoff != 0 && value.l_linger > 0
}

/// The file type (`S_IFMT` bits); 0 if it cannot be told.
pub fn file_type(fd: c_int) -> u32 {
    // SAFETY: an all-zero `stat` is valid, and the kernel fills ours.
    unsafe {
        let mut stat: libc::stat = core::mem::zeroed();
        match hub::syscall!(libc::SYS_fstat, fd, &raw mut stat) {
            Ok(_) => stat.st_mode & libc::S_IFMT,
            Err(_) => 0,
        }
    }
}

/// The file type and the number of the device that it is; `None` if it cannot
/// be told.
pub fn file_type_and_device(fd: c_int) -> Option<(u32, libc::dev_t)> {
    // SAFETY: as above.
    unsafe {
        let mut stat: libc::stat = core::mem::zeroed();
        hub::syscall!(libc::SYS_fstat, fd, &raw mut stat).ok()?;
        Some((stat.st_mode & libc::S_IFMT, stat.st_rdev))
    }
}

/// A file whose calls the disk completes: they are made where they are.
pub fn is_file(fd: c_int) -> bool {
    matches!(file_type(fd), libc::S_IFREG | libc::S_IFBLK | libc::S_IFDIR)
}

/// Whether the socket carries a stream of bytes, so that a call may be
/// continued where it stopped.
pub fn is_stream(fd: c_int) -> bool {
    option(fd, libc::SO_TYPE) == Some(libc::SOCK_STREAM)
}

/// What proc(5) tells of a descriptor in `fdinfo`, the first kilobyte.
pub fn information(fd: c_int) -> Option<Vec<u8>> {
    let path = format!("/proc/self/fdinfo/{fd}\0");
    let mut text = vec![0; 1024];
    // SAFETY: path and buffer are ours.
    unsafe {
        let info = hub::syscall!(
            libc::SYS_openat,
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::O_RDONLY | libc::O_CLOEXEC,
            0
        )
        .ok()?;
        let read = hub::syscall!(libc::SYS_read, info, text.as_mut_ptr(), text.len());
        let _ = hub::syscall!(libc::SYS_close, info);
        text.truncate(read.ok()?);
    }
    Some(text)
}
