//! Opening and closing streams.
//!
//! `fclose` writes out what the stream holds, then closes. The reactor forgets
//! the descriptor first, as for `close`. `fopen` of a FIFO waits for the other
//! end, which may be another thread of the program: a section. `pclose` waits
//! for the child. `getpass` talks to the terminal.
//!
//! Semantics: fopen(3), fclose(3), popen(3), getpass(3). None of them is waited
//! in twice for the same thing: an error of the early write is what `fclose`
//! returns. `fcloseall` is `fflush(NULL)` and no more in glibc.

use super::call::{attend, Locking};
use super::file::File;
use super::position::settle;
use crate::doorway::{self, errno, set_errno};
use crate::fd::closing::gone;
use crate::io::open::stream_opening;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_char, c_int};
use hub::hub as scheduler;
use hub::wait::Section;
use libc::FILE;

crate::hooks! {
    Sys "readiness" fn fclose(stream: *mut FILE) -> c_int = fclose_, also [_IO_fclose];
    Sys "section" fn fcloseall() -> c_int = fcloseall_;
    Sys "section" fn fopen(path: *const c_char, mode: *const c_char) -> *mut FILE = fopen_, also [fopen64, _IO_fopen];
    Sys "section" fn freopen(path: *const c_char, mode: *const c_char, stream: *mut FILE) -> *mut FILE = freopen_, also [freopen64];
    Sys "section" fn getpass(prompt: *const c_char) -> *mut c_char = getpass_;
}

/// Wait for the lock and write the stream out. False: that failed, and `errno`
/// says why.
///
/// # Safety
/// The program's open stream.
pub unsafe fn before_closing(stream: *mut FILE) -> bool {
    // SAFETY: the program's open stream.
    unsafe {
        let Some(call) = attend(stream, Locking::Lock, |_| false) else {
            return true;
        };
        // libc takes the lock again.
        settle(&call)
    }
}

/// The reactor forgets the stream's descriptor.
///
/// # Safety
/// The program's open stream.
pub unsafe fn forget(stream: *mut FILE) {
    // SAFETY: the program's open stream.
    let fd = unsafe { File::of(stream) }.fd();
    if fd >= 0 {
        gone(fd);
    }
}

unsafe fn fclose_(stream: *mut FILE) -> c_int {
    // SAFETY: the program's open stream.
    unsafe {
        if before_closing(stream) {
            forget(stream);
            return real::fclose(stream);
        }
        let why = errno();
        forget(stream);
        real::fclose(stream);
        set_errno(why);
        libc::EOF
    }
}

unsafe fn fcloseall_() -> c_int {
    // SAFETY: no arguments.
    super::all_streams::every("fcloseall", || unsafe { real::fcloseall() })
}

unsafe fn fopen_(path: *const c_char, mode: *const c_char) -> *mut FILE {
    // SAFETY: the program's own call.
    unsafe { stream_opening(path, mode, || real::fopen(path, mode)) }
}

unsafe fn freopen_(path: *const c_char, mode: *const c_char, stream: *mut FILE) -> *mut FILE {
    // SAFETY: the program's open stream, before and after.
    unsafe {
        before_closing(stream);
        forget(stream);
        stream_opening(path, mode, || real::freopen(path, mode, stream))
    }
}

unsafe fn getpass_(prompt: *const c_char) -> *mut c_char {
    // SAFETY: the program's own call.
    let real = || unsafe { real::getpass(prompt) };
    match scheduler::active().then(|| doorway::enter(Group::Sys)).flatten() {
        Some(shim) => {
            // glibc's reads the line in a cancellation point.
            cancel::point(&shim);
            shim.section("getpass", Section::UnwindsReading, real)
        }
        None => real(),
    }
}
