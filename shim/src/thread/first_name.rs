//! The name of the first thread, which is the process's: it belongs to the first OS thread,
//! and the greenlet may be on another one.

use core::ffi::CStr;

/// The kernel's limit of a name, with its zero.
const NAME: usize = 16;
/// proc(5): the name of the thread that the process began with.
const FILE: &CStr = c"/proc/self/comm";

/// Whether the caller is on the first OS thread, whose name the kernel's calls are about.
fn is_here() -> bool {
    // SAFETY: take nothing.
    unsafe { hub::syscall!(libc::SYS_gettid) == hub::syscall!(libc::SYS_getpid) }
}

/// Open the file, and use it.
fn with_file<R>(flags: i32, f: impl FnOnce(usize) -> Option<R>) -> Option<R> {
    let flags = flags | libc::O_CLOEXEC;
    // SAFETY: the path is ours; the descriptor is closed here.
    unsafe {
        let fd = hub::syscall!(libc::SYS_openat, libc::AT_FDCWD, FILE.as_ptr(), flags, 0).ok()?;
        let result = f(fd);
        let _ = hub::syscall!(libc::SYS_close, fd);
        result
    }
}

/// Give it this name, of at most 15 bytes. False: the kernel's calls do it, or nobody.
pub fn set(name: &[u8]) -> bool {
    if is_here() {
        return false;
    }
    // SAFETY: writes from the caller's slice.
    let write = |fd| unsafe { hub::syscall!(libc::SYS_write, fd, name.as_ptr(), name.len()).ok() };
    with_file(libc::O_WRONLY, write).is_some()
}

/// Its name, with zeroes behind it. `None`: the kernel's calls tell, or nobody.
pub fn get() -> Option<[u8; NAME]> {
    if is_here() {
        return None;
    }
    let mut name = [0; NAME];
    // SAFETY: reads into our own array.
    let read = |fd| unsafe { hub::syscall!(libc::SYS_read, fd, name.as_mut_ptr(), NAME) }.ok();
    let length = with_file(libc::O_RDONLY, read)?;
    // The file ends with a new line.
    name[length.saturating_sub(1)..].fill(0);
    Some(name)
}
