//! `getline` and `getdelim`: records of any length.
//!
//! Semantics: getline(3). A record cut short by the end of the file, or by an
//! error, is a record. The line grows as glibc's does, since programs see the
//! size, and by the program's own allocator, as program code.

use super::call::{attend, Call, Locking};
use super::input::{find, undecided, waits};
use core::ffi::{c_char, c_int};
use core::ptr;
use libc::{size_t, ssize_t, FILE};

crate::hooks! {
    Sys "readiness" fn getline(line: *mut *mut c_char, size: *mut size_t, stream: *mut FILE) -> ssize_t = getline_;
    Sys "readiness" fn getdelim(line: *mut *mut c_char, size: *mut size_t, delimiter: c_int, stream: *mut FILE) -> ssize_t = getdelim_, also [__getdelim];
}

/// What is allocated first.
const FIRST_LINE: usize = 120;

unsafe fn getline_(to: *mut *mut c_char, size: *mut size_t, stream: *mut FILE) -> ssize_t {
    // SAFETY: the program's own call.
    unsafe { getdelim_(to, size, b'\n'.into(), stream) }
}

unsafe fn getdelim_(
    to: *mut *mut c_char,
    size: *mut size_t,
    delimiter: c_int,
    stream: *mut FILE,
) -> ssize_t {
    // SAFETY: the program's own call.
    unsafe {
        let real = || real::getdelim(to, size, delimiter, stream);
        if to.is_null() || size.is_null() {
            return real();
        }
        match attend(stream, Locking::Lock, undecided) {
            None => real(),
            Some(call) if !waits(&call) => call.outside(real),
            Some(call) => record(&call, to, size, delimiter).unwrap_or(-1),
        }
    }
}

/// Make the program's line at least `needed` bytes long.
unsafe fn grow(call: &Call, to: *mut *mut c_char, size: *mut size_t, needed: usize) -> Option<()> {
    // SAFETY: the line is null or malloc's, by getline's contract. The allocator
    // may be the program's own.
    unsafe {
        let fresh = call.outside(|| libc::realloc((*to).cast(), needed));
        if fresh.is_null() {
            return None;
        }
        *to = fresh.cast();
        *size = needed;
    }
    Some(())
}

unsafe fn record(
    call: &Call,
    to: *mut *mut c_char,
    size: *mut size_t,
    delimiter: c_int,
) -> Option<ssize_t> {
    let file = call.file;
    if file.has_failed() {
        return None;
    }
    // SAFETY: the program's line and size.
    unsafe {
        if (*to).is_null() || *size == 0 {
            *to = ptr::null_mut();
            grow(call, to, size, FIRST_LINE)?;
        }
        let mut done = 0;
        while call.fill() {
            let bytes = file.available();
            let end = find(bytes, delimiter as u8);
            let n = end.map_or(bytes.len(), |at| at + 1);
            if n >= isize::MAX as usize - done {
                crate::doorway::set_errno(libc::EOVERFLOW);
                return None;
            }
            let needed = done + n + 1;
            if needed > *size {
                grow(call, to, size, needed.max(2 * *size))?;
            }
            ptr::copy_nonoverlapping(file.available().as_ptr(), (*to).add(done).cast(), n);
            file.take(n);
            done += n;
            if end.is_some() {
                break;
            }
        }
        if done == 0 {
            return None;
        }
        *(*to).add(done) = 0;
        Some(done as ssize_t)
    }
}
