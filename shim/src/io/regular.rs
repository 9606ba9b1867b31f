//! Regular files and block devices: `pread`, `pwrite`, their vector forms,
//! `copy_file_range`, and what `read` and `write` do with such a file.
//!
//! The kernel calls a file always ready; a call that needs the disk waits for
//! it. Usually that is shorter than going to another OS thread, so by default
//! the call is made in place, as the program's own code: one that lasts all the
//! same (a server that does not answer) is taken off the hub's thread like
//! everything that holds it up. With `GEVENTRS_FILE_IO=section` each is a blocking
//! section, so that other threads run while the disk works.
//!
//! The positioned forms work on files only (ESPIPE for pipes and sockets). All
//! are cancellation points; no signal interrupts them.

use crate::doorway::{self, Outside, Shim};
use crate::fd::probe;
use crate::fd::wait::served;
use crate::settings;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_uint, c_void};
use hub::wait::Section;
use libc::{iovec, off64_t, size_t, ssize_t};

crate::hooks! {
    File "as GEVENTRS_FILE_IO says" fn pread(fd: c_int, buffer: *mut c_void, length: size_t, offset: off64_t) -> ssize_t = pread_, also [pread64, __pread64];
    File "as GEVENTRS_FILE_IO says" fn __pread_chk(fd: c_int, buffer: *mut c_void, length: size_t, offset: off64_t, size: size_t) -> ssize_t = pread_chk, also [__pread64_chk];
    File "as GEVENTRS_FILE_IO says" fn preadv(fd: c_int, parts: *const iovec, count: c_int, offset: off64_t) -> ssize_t = preadv_, also [preadv64];
    File "as GEVENTRS_FILE_IO says" fn pwrite(fd: c_int, buffer: *const c_void, length: size_t, offset: off64_t) -> ssize_t = pwrite_, also [pwrite64, __pwrite64];
    File "as GEVENTRS_FILE_IO says" fn pwritev(fd: c_int, parts: *const iovec, count: c_int, offset: off64_t) -> ssize_t = pwritev_, also [pwritev64];
    File "as GEVENTRS_FILE_IO says" fn copy_file_range(from: c_int, from_offset: *mut off64_t, to: c_int, to_offset: *mut off64_t, length: size_t, flags: c_uint) -> ssize_t = copy_file_range_;
}

/// Make a call on a file that only the disk can delay.
pub fn on_file<R>(shim: &Shim, call: impl FnOnce() -> R) -> R {
    if settings::file_io_sections() {
        return shim.section("a file's data", Section::Ends, call);
    }
    in_place(shim, call)
}

/// Make a call that nothing can delay for long, in place.
pub fn in_place<R>(shim: &Shim, call: impl FnOnce() -> R) -> R {
    let _outside = Outside::step(shim);
    call()
}

/// Whether a call of unknown kind on `fd` is a section by the setting. The
/// question costs a system call, and is asked only if the setting says so.
pub fn is_section(fd: c_int) -> bool {
    settings::file_io_sections() && probe::is_file(fd)
}

/// A call at a position of the file.
pub fn positioned<R>(call: impl FnOnce() -> R) -> R {
    let Some(shim) = doorway::enter(Group::File) else { return call() };
    cancel::point(&shim);
    served(&shim);
    on_file(&shim, call)
}

unsafe fn pread_(fd: c_int, buffer: *mut c_void, length: size_t, offset: off64_t) -> ssize_t {
    // SAFETY: the program's own call, here and in all hooks below.
    positioned(|| unsafe { real::pread(fd, buffer, length, offset) })
}

unsafe fn pread_chk(
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    offset: off64_t,
    size: size_t,
) -> ssize_t {
    // SAFETY: see `pread_`. libc ends the program if `length` is too great.
    positioned(|| unsafe { real::__pread_chk(fd, buffer, length, offset, size) })
}

unsafe fn preadv_(fd: c_int, parts: *const iovec, count: c_int, offset: off64_t) -> ssize_t {
    // SAFETY: see `pread_`.
    positioned(|| unsafe { real::preadv(fd, parts, count, offset) })
}

unsafe fn pwrite_(fd: c_int, buffer: *const c_void, length: size_t, offset: off64_t) -> ssize_t {
    // SAFETY: see `pread_`.
    positioned(|| unsafe { real::pwrite(fd, buffer, length, offset) })
}

unsafe fn pwritev_(fd: c_int, parts: *const iovec, count: c_int, offset: off64_t) -> ssize_t {
    // SAFETY: see `pread_`.
    positioned(|| unsafe { real::pwritev(fd, parts, count, offset) })
}

unsafe fn copy_file_range_(
    from: c_int,
    from_offset: *mut off64_t,
    to: c_int,
    to_offset: *mut off64_t,
    length: size_t,
    flags: c_uint,
) -> ssize_t {
    // SAFETY: see `pread_`.
    positioned(|| unsafe { real::copy_file_range(from, from_offset, to, to_offset, length, flags) })
}
