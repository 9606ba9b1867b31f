//! Byte output: characters, strings, blocks, flushing.
//!
//! A call whose bytes stay in the buffer is libc's. One that writes to a file
//! that waits puts its bytes by way of [`Call::put`], which parks.
//!
//! Semantics: fputc(3), puts(3), fwrite(3), fflush(3), unlocked_stdio(3). As in
//! glibc a write that fails gives up what was buffered.

use super::all_streams::every;
use super::call::{attend, Call, Locking};
use super::file::File;
use core::ffi::{c_char, c_int, c_void, CStr};
use libc::{size_t, EOF, FILE};

crate::hooks! {
    Sys "readiness" fn putc(c: c_int, stream: *mut FILE) -> c_int = putc_, also [_IO_putc];
    Sys "readiness" fn fputc(c: c_int, stream: *mut FILE) -> c_int = putc_;
    Sys "readiness" fn putc_unlocked(c: c_int, stream: *mut FILE) -> c_int = putc_unlocked_;
    Sys "readiness" fn fputc_unlocked(c: c_int, stream: *mut FILE) -> c_int = putc_unlocked_;
    Sys "readiness" fn putchar(c: c_int) -> c_int = putchar_;
    Sys "readiness" fn putchar_unlocked(c: c_int) -> c_int = putchar_unlocked_;
    Sys "readiness" fn __overflow(stream: *mut FILE, c: c_int) -> c_int = overflow;
    Sys "readiness" fn putw(word: c_int, stream: *mut FILE) -> c_int = putw_;
    Sys "readiness" fn fputs(text: *const c_char, stream: *mut FILE) -> c_int = fputs_, also [_IO_fputs];
    Sys "readiness" fn fputs_unlocked(text: *const c_char, stream: *mut FILE) -> c_int = fputs_unlocked_;
    Sys "readiness" fn puts(text: *const c_char) -> c_int = puts_, also [_IO_puts];
    Sys "readiness" fn fwrite(from: *const c_void, size: size_t, count: size_t, stream: *mut FILE) -> size_t = fwrite_, also [_IO_fwrite];
    Sys "readiness" fn fwrite_unlocked(from: *const c_void, size: size_t, count: size_t, stream: *mut FILE) -> size_t = fwrite_unlocked_;
    Sys "readiness" fn fflush(stream: *mut FILE) -> c_int = fflush_, also [_IO_fflush];
    Sys "readiness" fn fflush_unlocked(stream: *mut FILE) -> c_int = fflush_unlocked_;
    Sys "section" fn _flushlbf() = flush_lines, also [_IO_flush_all_linebuffered];
    Sys "section" fn _IO_flush_all() -> c_int = flush_all;
}

extern "C" {
    /// The program's variable.
    pub static stdout: *mut FILE;
}

/// A byte is stored and nothing else. (An unbuffered or line-buffered stream
/// leaves no room.)
#[inline(always)]
fn has_room(file: &File) -> bool {
    file.room() != 0 && !file.is_wide()
}

/// A call on a byte stream that waits and takes output; others are libc's, with
/// the lock held.
pub fn waits(call: &Call) -> bool {
    !call.never_waits() && !call.file.is_wide() && !call.file.refuses_output()
}

#[inline(always)]
unsafe fn character(
    c: c_int,
    stream: *mut FILE,
    locking: Locking,
    real: unsafe fn(c_int, *mut FILE) -> c_int,
) -> c_int {
    // SAFETY: the program's open stream.
    unsafe {
        match attend(stream, locking, has_room) {
            None => real(c, stream),
            Some(call) if !waits(&call) => call.outside(|| real(c, stream)),
            Some(call) => match call.put(&[c as u8]) {
                1 => (c as u8).into(),
                _ => EOF,
            },
        }
    }
}

unsafe fn putc_(c: c_int, stream: *mut FILE) -> c_int {
    // SAFETY: the program's own call, here and below.
    unsafe { character(c, stream, Locking::Lock, real::putc) }
}

unsafe fn putc_unlocked_(c: c_int, stream: *mut FILE) -> c_int {
    // SAFETY: as above.
    unsafe { character(c, stream, Locking::Leave, real::putc_unlocked) }
}

unsafe fn putchar_(c: c_int) -> c_int {
    // SAFETY: as above.
    unsafe { putc_(c, stdout) }
}

unsafe fn putchar_unlocked_(c: c_int) -> c_int {
    // SAFETY: as above.
    unsafe { putc_unlocked_(c, stdout) }
}

/// What the `putc_unlocked` macro calls when the buffer is full.
unsafe fn overflow(stream: *mut FILE, c: c_int) -> c_int {
    // SAFETY: as above.
    unsafe {
        match attend(stream, Locking::Leave, has_room) {
            None => real::__overflow(stream, c),
            Some(call) if c == EOF || !waits(&call) => call.outside(|| real::__overflow(stream, c)),
            Some(call) => match call.put(&[c as u8]) {
                1 => (c as u8).into(),
                _ => EOF,
            },
        }
    }
}

unsafe fn putw_(word: c_int, stream: *mut FILE) -> c_int {
    // SAFETY: as above.
    unsafe {
        match attend(stream, Locking::Lock, |file| file.room() >= 4) {
            None => real::putw(word, stream),
            Some(call) if !waits(&call) => call.outside(|| real::putw(word, stream)),
            Some(call) => match call.put(&word.to_ne_bytes()) {
                4 => 0,
                _ => EOF,
            },
        }
    }
}

macro_rules! fputs_body {
    ($text:ident, $stream:ident, $locking:expr, $real:expr) => {{
        let fits = |file: &File| libc::strlen($text) <= file.room() && !file.is_wide();
        match attend($stream, $locking, fits) {
            None => $real,
            Some(call) if !waits(&call) => call.outside(|| $real),
            Some(call) => {
                let bytes = CStr::from_ptr($text).to_bytes();
                if call.put(bytes) == bytes.len() {
                    1
                } else {
                    EOF
                }
            }
        }
    }};
}

unsafe fn fputs_(text: *const c_char, stream: *mut FILE) -> c_int {
    // SAFETY: as above.
    unsafe { fputs_body!(text, stream, Locking::Lock, real::fputs(text, stream)) }
}

unsafe fn fputs_unlocked_(text: *const c_char, stream: *mut FILE) -> c_int {
    // SAFETY: as above.
    unsafe { fputs_body!(text, stream, Locking::Leave, real::fputs_unlocked(text, stream)) }
}

unsafe fn puts_(text: *const c_char) -> c_int {
    // SAFETY: as above.
    unsafe {
        let fits = |file: &File| libc::strlen(text) < file.room() && !file.is_wide();
        match attend(stdout, Locking::Lock, fits) {
            None => real::puts(text),
            Some(call) if !waits(&call) => call.outside(|| real::puts(text)),
            Some(call) => {
                let bytes = CStr::from_ptr(text).to_bytes();
                if call.put(bytes) != bytes.len() || call.put(b"\n") != 1 {
                    return EOF;
                }
                c_int::try_from(bytes.len() + 1).unwrap_or(c_int::MAX)
            }
        }
    }
}

macro_rules! fwrite_body {
    ($from:ident, $size:ident, $count:ident, $stream:ident, $locking:expr, $real:expr) => {{
        let length = $size.wrapping_mul($count);
        let fits = |file: &File| length <= file.room() && !file.is_wide();
        let call = if length == 0 { None } else { attend($stream, $locking, fits) };
        match call {
            None => $real,
            Some(call) if !waits(&call) => call.outside(|| $real),
            Some(call) => match call.put(core::slice::from_raw_parts($from.cast::<u8>(), length)) {
                n if n == length => $count,
                n => n / $size,
            },
        }
    }};
}

unsafe fn fwrite_(from: *const c_void, size: size_t, count: size_t, stream: *mut FILE) -> size_t {
    // SAFETY: as above.
    unsafe {
        let real = || real::fwrite(from, size, count, stream);
        fwrite_body!(from, size, count, stream, Locking::Lock, real())
    }
}

unsafe fn fwrite_unlocked_(
    from: *const c_void,
    size: size_t,
    count: size_t,
    stream: *mut FILE,
) -> size_t {
    // SAFETY: as above.
    unsafe {
        let real = || real::fwrite_unlocked(from, size, count, stream);
        fwrite_body!(from, size, count, stream, Locking::Leave, real())
    }
}

/// Nothing is to be written.
pub(super) fn is_flushed(file: &File) -> bool {
    !file.is_wide() && file.pending().is_empty()
}

unsafe fn fflush_(stream: *mut FILE) -> c_int {
    // SAFETY: as above.
    unsafe {
        if stream.is_null() {
            return every("fflush", || real::fflush(stream));
        }
        match attend(stream, Locking::Lock, is_flushed) {
            None => real::fflush(stream),
            Some(call) => call.flush(),
        }
    }
}

unsafe fn fflush_unlocked_(stream: *mut FILE) -> c_int {
    // SAFETY: as above.
    unsafe {
        if stream.is_null() {
            return every("fflush", || real::fflush_unlocked(stream));
        }
        match attend(stream, Locking::Leave, is_flushed) {
            None => real::fflush_unlocked(stream),
            Some(call) => call.flush(),
        }
    }
}

unsafe fn flush_all() -> c_int {
    // SAFETY: no arguments.
    every("fflush", || unsafe { real::_IO_flush_all() })
}

unsafe fn flush_lines() {
    // SAFETY: no arguments.
    every("fflush", || unsafe { real::_flushlbf() })
}
