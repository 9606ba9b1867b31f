//! Patch group `file`: opening by name: `open`, `openat`, `creat`.
//!
//! Most opens return at once. Those of a FIFO wait for its other end (fifo(7)),
//! and those of some devices for a carrier signal, a medium, or whoever has the
//! device (open(2), tty_ioctl(4)). So the type of what the path names is looked
//! at first, unless the flags say that the open does not wait; what may wait is a
//! blocking section. What is there may be another file by the time of the open, a
//! lease may be held on it, or a server be slow: then the open is the program's
//! own call, outside our code, and is taken off the hub's thread when it lasts.
//!
//! Signals: EINTR, or opened again under SA_RESTART. All are cancellation points.
//!
//! `open64` and its like differ from `open` by a flag that 64-bit kernels imply.

use crate::doorway::{self, Shim};
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_char, c_int};
use hub::wait::Section;
use libc::{mode_t, FILE};

crate::hooks! {
    File "FIFO or device: blocking section" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int = open_, also [open64, __open, __open64];
    File "FIFO or device: blocking section" fn __open_2(path: *const c_char, flags: c_int) -> c_int = open_2, also [__open64_2];
    File "FIFO or device: blocking section" fn openat(directory: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int = openat_, also [openat64];
    File "FIFO or device: blocking section" fn __openat_2(directory: c_int, path: *const c_char, flags: c_int) -> c_int = openat_2, also [__openat64_2];
    File "FIFO or device: blocking section" fn creat(path: *const c_char, mode: mode_t) -> c_int = creat_, also [creat64];
}

/// With one of these an open returns at once: none of them is what waits, or the
/// file is new.
fn never_waits(flags: c_int) -> bool {
    const NEW: c_int = libc::O_CREAT | libc::O_EXCL;
    flags & (libc::O_NONBLOCK | libc::O_PATH | libc::O_DIRECTORY) != 0 || flags & NEW == NEW
}

/// Character devices that are opened at once: memory (null, zero, random), the
/// virtual and pseudo terminals. Numbers of Documentation/admin-guide/devices.txt.
fn opens_at_once(device: libc::dev_t) -> bool {
    match libc::major(device) {
        // mem; tty, console, ptmx; ptys.
        1 | 5 | 136..=143 => true,
        // Virtual consoles; serial lines follow from 64 on.
        4 => libc::minor(device) < 64,
        _ => false,
    }
}

/// How the open of `path` would wait, as far as its type tells.
unsafe fn section_of(directory: c_int, path: *const c_char, flags: c_int) -> Option<Section> {
    if never_waits(flags) {
        return None;
    }
    let follow = if flags & libc::O_NOFOLLOW != 0 { libc::AT_SYMLINK_NOFOLLOW } else { 0 };
    // SAFETY: an all-zero `stat` is valid and ours; the kernel checks the path.
    // What it refuses here, the open will refuse.
    let stat = unsafe {
        let mut stat: libc::stat = core::mem::zeroed();
        hub::syscall!(libc::SYS_newfstatat, directory, path, &raw mut stat, follow).ok()?;
        stat
    };
    match stat.st_mode & libc::S_IFMT {
        // fifo(7): opened for both ways, it does not wait.
        libc::S_IFIFO if flags & libc::O_ACCMODE != libc::O_RDWR => Some(Section::Waits),
        // Who answers may be anybody, a pseudo device's server in this process too.
        libc::S_IFCHR if !opens_at_once(stat.st_rdev) => Some(Section::Waits),
        // The medium is looked at.
        libc::S_IFBLK => Some(Section::Ends),
        _ => None,
    }
}

/// Open with `call`, which fails with a result for which `failed` holds.
unsafe fn opening<R>(
    directory: c_int,
    path: *const c_char,
    flags: c_int,
    failed: impl FnOnce(&R) -> bool,
    call: impl FnOnce() -> R,
) -> R {
    let Some(shim) = doorway::enter(Group::File) else { return call() };
    cancel::point(&shim);
    // SAFETY: the program's own arguments.
    match unsafe { section_of(directory, path, flags) } {
        Some(section) => {
            // SAFETY: the program's path, which the look at it has found readable.
            let result = unsafe { shim.section_of("open", path, section, call) };
            interrupted(&shim, failed(&result));
            result
        }
        None => {
            drop(shim);
            call()
        }
    }
}

/// What interrupted an open may have been a cancellation.
fn interrupted(shim: &Shim, failed: bool) {
    if failed && doorway::errno() == libc::EINTR {
        cancel::point(shim);
    }
}

unsafe fn open_(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the program's own call, here and in the hooks below.
    unsafe { opening(libc::AT_FDCWD, path, flags, |&fd| fd < 0, || real::open(path, flags, mode)) }
}

unsafe fn open_2(path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: see `open_`.
    unsafe { opening(libc::AT_FDCWD, path, flags, |&fd| fd < 0, || real::__open_2(path, flags)) }
}

unsafe fn openat_(directory: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: see `open_`.
    unsafe {
        let call = || real::openat(directory, path, flags, mode);
        opening(directory, path, flags, |&fd| fd < 0, call)
    }
}

unsafe fn openat_2(directory: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: see `open_`.
    unsafe {
        let call = || real::__openat_2(directory, path, flags);
        opening(directory, path, flags, |&fd| fd < 0, call)
    }
}

unsafe fn creat_(path: *const c_char, mode: mode_t) -> c_int {
    let flags = libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC;
    // SAFETY: see `open_`.
    unsafe { opening(libc::AT_FDCWD, path, flags, |&fd| fd < 0, || real::creat(path, mode)) }
}

/// fopen(3) and its kin: `mode` tells how the file is opened. A null `path`
/// (of `freopen`) opens nothing by name.
///
/// # Safety
/// The program's own arguments.
pub unsafe fn stream_opening(
    path: *const c_char,
    mode: *const c_char,
    call: impl FnOnce() -> *mut FILE,
) -> *mut FILE {
    if path.is_null() {
        return call();
    }
    // SAFETY: see `open_`; libc reads the mode as well.
    unsafe { opening(libc::AT_FDCWD, path, flags_of(mode), |f| f.is_null(), call) }
}

/// The flags of fopen(3)'s mode that decide whether the open waits.
///
/// # Safety
/// A C string.
unsafe fn flags_of(mode: *const c_char) -> c_int {
    // SAFETY: by the contract.
    let mode = unsafe { core::ffi::CStr::from_ptr(mode) }.to_bytes();
    // After a comma comes the name of a character set.
    let mode = mode.split(|&b| b == b',').next().unwrap_or(mode);
    let both = mode.contains(&b'+');
    let new = if mode.contains(&b'x') { libc::O_CREAT | libc::O_EXCL } else { 0 };
    new | match mode.first() {
        _ if both => libc::O_RDWR,
        Some(b'r') => libc::O_RDONLY,
        _ => libc::O_WRONLY,
    }
}
