//! What is done with a descriptor of ours, whatever it is of.

use crate::syscall;

pub(super) fn status(fd: i32) -> Option<libc::stat> {
    let mut status = core::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: writes the structure; zeroes are valid.
    unsafe {
        syscall!(libc::SYS_fstat, fd, status.as_mut_ptr()).ok()?;
        Some(status.assume_init())
    }
}

pub(super) fn is_regular(fd: i32) -> bool {
    status(fd).is_some_and(|s| s.st_mode & libc::S_IFMT == libc::S_IFREG)
}

/// A number out of the program's way.
pub(super) fn high(fd: i32) -> i32 {
    const FIRST: [i32; 3] = [10_000, 900, 200];
    for first in FIRST {
        // SAFETY: our own descriptor.
        unsafe {
            if let Ok(to) = syscall!(libc::SYS_fcntl, fd, libc::F_DUPFD_CLOEXEC, first) {
                let _ = syscall!(libc::SYS_close, fd);
                return to as i32;
            }
        }
    }
    fd
}

/// write(2), without the SIGPIPE that a pipe without readers would bring to the program.
pub(super) fn write_quietly(fd: i32, bytes: &[u8]) -> Result<usize, i32> {
    let pipe = 1u64 << (libc::SIGPIPE - 1);
    let (mut before, mut pending) = (0u64, 0u64);
    // SAFETY: our own objects; the mask is restored, and only a SIGPIPE that was not
    // there before is taken.
    unsafe {
        let _ = syscall!(libc::SYS_rt_sigpending, &raw mut pending, 8);
        let block = libc::SIG_BLOCK;
        let _ = syscall!(libc::SYS_rt_sigprocmask, block, &raw const pipe, &raw mut before, 8);
        let result = syscall!(libc::SYS_write, fd, bytes.as_ptr(), bytes.len());
        if result == Err(libc::EPIPE) && pending & pipe == 0 {
            let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            let _ = syscall!(libc::SYS_rt_sigtimedwait, &raw const pipe, 0, &raw const now, 8);
        }
        let set = libc::SIG_SETMASK;
        let _ = syscall!(libc::SYS_rt_sigprocmask, set, &raw const before, 0, 8);
        result
    }
}
