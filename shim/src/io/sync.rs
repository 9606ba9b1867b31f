//! Patch group `file`: waiting for the disk: `fsync`, `fdatasync`, `sync`,
//! `syncfs`, `msync`, `sync_file_range`.
//!
//! Nothing tells beforehand whether there is anything to write, and nothing
//! afterwards that it is written but the call's return, so each call is a
//! blocking section. Semantics: fsync(2), sync(2), msync(2), sync_file_range(2).
//! `fsync`, `fdatasync`, `msync` and `sync_file_range` are cancellation points;
//! no signal interrupts any of them.

use crate::doorway;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_uint, c_void};
use hub::wait::Section;
use libc::{off64_t, size_t};

crate::hooks! {
    File "blocking section" fn fsync(fd: c_int) -> c_int = fsync_;
    File "blocking section" fn fdatasync(fd: c_int) -> c_int = fdatasync_;
    File "blocking section" fn sync() = sync_;
    File "blocking section" fn syncfs(fd: c_int) -> c_int = syncfs_;
    File "blocking section" fn msync(start: *mut c_void, length: size_t, flags: c_int) -> c_int = msync_;
    File "blocking section" fn sync_file_range(fd: c_int, offset: off64_t, length: off64_t, flags: c_uint) -> c_int = sync_file_range_;
}

unsafe fn fsync_(fd: c_int) -> c_int {
    // SAFETY: the program's own call, here and in all hooks below.
    let call = || unsafe { real::fsync(fd) };
    match doorway::enter(Group::File) {
        Some(shim) => {
            cancel::point(&shim);
            shim.section_of_fd("fsync", fd, Section::Ends, call)
        }
        None => call(),
    }
}

unsafe fn fdatasync_(fd: c_int) -> c_int {
    // SAFETY: see `fsync_`.
    let call = || unsafe { real::fdatasync(fd) };
    match doorway::enter(Group::File) {
        Some(shim) => {
            cancel::point(&shim);
            shim.section_of_fd("fdatasync", fd, Section::Ends, call)
        }
        None => call(),
    }
}

unsafe fn sync_() {
    // SAFETY: see `fsync_`.
    let call = || unsafe { real::sync() };
    match doorway::enter(Group::File) {
        Some(shim) => shim.section("sync", Section::Ends, call),
        None => call(),
    }
}

unsafe fn syncfs_(fd: c_int) -> c_int {
    // SAFETY: see `fsync_`.
    let call = || unsafe { real::syncfs(fd) };
    match doorway::enter(Group::File) {
        Some(shim) => shim.section_of_fd("syncfs", fd, Section::Ends, call),
        None => call(),
    }
}

unsafe fn msync_(start: *mut c_void, length: size_t, flags: c_int) -> c_int {
    // SAFETY: see `fsync_`.
    let call = || unsafe { real::msync(start, length, flags) };
    match doorway::enter(Group::File) {
        Some(shim) => {
            cancel::point(&shim);
            // msync(2): MS_ASYNC, or neither flag, starts nothing and returns.
            if flags & libc::MS_SYNC == 0 {
                drop(shim);
                return call();
            }
            shim.section("msync", Section::Ends, call)
        }
        None => call(),
    }
}

unsafe fn sync_file_range_(fd: c_int, offset: off64_t, length: off64_t, flags: c_uint) -> c_int {
    // SAFETY: see `fsync_`.
    let call = || unsafe { real::sync_file_range(fd, offset, length, flags) };
    match doorway::enter(Group::File) {
        Some(shim) => {
            cancel::point(&shim);
            // Starting to write waits, too, when the device's queue is full.
            shim.section_of_fd("sync_file_range", fd, Section::Ends, call)
        }
        None => call(),
    }
}
