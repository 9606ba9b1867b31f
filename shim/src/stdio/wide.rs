//! Wide-character streams.
//!
//! Between the program and the bytes stands a conversion, so nothing is read
//! or written from here: libc's function is called when the descriptor is
//! ready. What it converts and writes then is at most [`LONGEST`] bytes a
//! character; more than a pipe surely takes is a section.
//!
//! Semantics: fgetwc(3), fgetws(3), fputwc(3), fputws(3), wprintf(3), fwide(3).

use super::call::{attend, passes, Call, Locking};
use super::file::File;
use super::input::stdin;
use super::output::stdout;
use crate::variadic::VaList;
use core::ffi::{c_char, c_int};
use core::ptr;
use libc::{size_t, wchar_t, FILE};

/// A wide character or [`WEOF`] (<wchar.h>).
#[allow(non_camel_case_types)]
pub type wint_t = core::ffi::c_uint;

crate::hooks! {
    Sys "readiness" fn getwc(stream: *mut FILE) -> wint_t = getwc_, also [fgetwc];
    Sys "readiness" fn getwc_unlocked(stream: *mut FILE) -> wint_t = getwc_unlocked_, also [fgetwc_unlocked];
    Sys "readiness" fn getwchar() -> wint_t = getwchar_;
    Sys "readiness" fn getwchar_unlocked() -> wint_t = getwchar_unlocked_;
    Sys "readiness" fn __wuflow(stream: *mut FILE) -> wint_t = wuflow;
    Sys "readiness" fn __wunderflow(stream: *mut FILE) -> wint_t = wunderflow;
    Sys "readiness" fn fgetws(line: *mut wchar_t, size: c_int, stream: *mut FILE) -> *mut wchar_t = fgetws_;
    Sys "readiness" fn fgetws_unlocked(line: *mut wchar_t, size: c_int, stream: *mut FILE) -> *mut wchar_t = fgetws_unlocked_;
    Sys "readiness" fn __fgetws_chk(line: *mut wchar_t, room: size_t, size: c_int, stream: *mut FILE) -> *mut wchar_t = fgetws_chk;
    Sys "readiness" fn __fgetws_unlocked_chk(line: *mut wchar_t, room: size_t, size: c_int, stream: *mut FILE) -> *mut wchar_t = fgetws_unlocked_chk;
    Sys "readiness" fn putwc(c: wchar_t, stream: *mut FILE) -> wint_t = putwc_;
    Sys "readiness" fn fputwc(c: wchar_t, stream: *mut FILE) -> wint_t = putwc_;
    Sys "readiness" fn putwc_unlocked(c: wchar_t, stream: *mut FILE) -> wint_t = putwc_unlocked_;
    Sys "readiness" fn fputwc_unlocked(c: wchar_t, stream: *mut FILE) -> wint_t = putwc_unlocked_;
    Sys "readiness" fn putwchar(c: wchar_t) -> wint_t = putwchar_;
    Sys "readiness" fn putwchar_unlocked(c: wchar_t) -> wint_t = putwchar_unlocked_;
    Sys "readiness" fn __woverflow(stream: *mut FILE, c: wint_t) -> wint_t = woverflow;
    Sys "readiness, or a section" fn fputws(text: *const wchar_t, stream: *mut FILE) -> c_int = fputws_;
    Sys "readiness, or a section" fn fputws_unlocked(text: *const wchar_t, stream: *mut FILE) -> c_int = fputws_unlocked_;
    Sys "readiness, or a section" fn vfwprintf(stream: *mut FILE, format: *const wchar_t, args: *mut VaList) -> c_int = vfwprintf_;
    Sys "readiness, or a section" fn vwprintf(format: *const wchar_t, args: *mut VaList) -> c_int = vwprintf_;
    Sys "readiness, or a section" fn __vfwprintf_chk(stream: *mut FILE, flag: c_int, format: *const wchar_t, args: *mut VaList) -> c_int = vfwprintf_chk;
    Sys "readiness, or a section" fn __vwprintf_chk(flag: c_int, format: *const wchar_t, args: *mut VaList) -> c_int = vwprintf_chk;
    Sys "lock" fn ungetwc(c: wint_t, stream: *mut FILE) -> wint_t = ungetwc_;
    Sys "lock" fn fwide(stream: *mut FILE, mode: c_int) -> c_int = fwide_;
}

crate::variadic!(wprintf after 1 = vwprintf_);
crate::variadic!(fwprintf after 2 = vfwprintf_);
crate::variadic!(__wprintf_chk after 2 = vwprintf_chk);
crate::variadic!(__fwprintf_chk after 3 = vfwprintf_chk);

/// No wide character: the end, or an error.
pub const WEOF: wint_t = wint_t::MAX;

/// The most bytes that a character becomes in any of glibc's encodings, with
/// shift sequences.
pub const LONGEST: usize = 16;

/// Text up to this length is measured before it is printed.
const SHORT: usize = 256;

extern "C" {
    fn wcslen(text: *const wchar_t) -> size_t;
    fn mbrtowc(to: *mut wchar_t, from: *const c_char, n: size_t, state: *mut u32) -> size_t;
    fn vswprintf(
        to: *mut wchar_t,
        size: size_t,
        format: *const wchar_t,
        args: *mut VaList,
    ) -> c_int;
}

/// libc's `fwide`, without a hook.
///
/// # Safety
/// An open stream.
pub unsafe fn orientation(stream: *mut FILE, mode: c_int) -> c_int {
    // SAFETY: by the contract.
    unsafe { real::fwide(stream, mode) }
}

/// Whether `bytes` begin with a character in full, or with none at all, as far
/// as that can be told without the stream's shift state.
pub fn begins_with_character(bytes: &[u8]) -> bool {
    /// mbrtowc(3): the beginning of a character.
    const INCOMPLETE: size_t = usize::MAX - 1;
    let mut state = [0u32; 2];
    // SAFETY: `mbstate_t` has eight bytes, and is zero initially. `errno`, which a
    // bad character sets, is put back.
    unsafe {
        let errno = crate::doorway::errno();
        let n = mbrtowc(ptr::null_mut(), bytes.as_ptr().cast(), bytes.len(), state.as_mut_ptr());
        crate::doorway::set_errno(errno);
        n != INCOMPLETE
    }
}

fn has_char(file: &File) -> bool {
    file.is_wide() && file.wide_buffered() != 0
}

fn has_room(file: &File) -> bool {
    file.is_wide() && file.wide_room() != 0 && !file.is_line_buffered() && !file.is_unbuffered()
}

/// A call on a wide stream that waits (one that had no orientation becomes
/// wide); others are libc's, with the lock held.
fn waits(call: &Call) -> bool {
    // SAFETY: an open stream.
    !call.never_waits() && unsafe { orientation(call.file.stream(), 1) } > 0
}

unsafe fn character(
    stream: *mut FILE,
    locking: Locking,
    real: unsafe fn(*mut FILE) -> wint_t,
) -> wint_t {
    // SAFETY: the program's open stream.
    unsafe {
        match attend(stream, locking, has_char) {
            None => real(stream),
            Some(call) if !waits(&call) => call.outside(|| real(stream)),
            // At the end, or after an error, there is nothing to take.
            Some(call) if !call.fill_wide() => WEOF,
            Some(call) => call.outside(|| real(stream)),
        }
    }
}

unsafe fn getwc_(stream: *mut FILE) -> wint_t {
    // SAFETY: the program's own call, here and below.
    unsafe { character(stream, Locking::Lock, real::getwc) }
}

unsafe fn getwc_unlocked_(stream: *mut FILE) -> wint_t {
    // SAFETY: as above.
    unsafe { character(stream, Locking::Leave, real::getwc_unlocked) }
}

unsafe fn getwchar_() -> wint_t {
    // SAFETY: as above.
    unsafe { getwc_(stdin) }
}

unsafe fn getwchar_unlocked_() -> wint_t {
    // SAFETY: as above.
    unsafe { getwc_unlocked_(stdin) }
}

unsafe fn wuflow(stream: *mut FILE) -> wint_t {
    // SAFETY: as above.
    unsafe { character(stream, Locking::Leave, real::__wuflow) }
}

unsafe fn wunderflow(stream: *mut FILE) -> wint_t {
    // SAFETY: as above.
    unsafe { character(stream, Locking::Leave, real::__wunderflow) }
}

/// `fgetws` into a buffer of at least two characters, on a stream that waits.
unsafe fn line(call: &Call, to: *mut wchar_t, size: c_int) -> *mut wchar_t {
    let old = call.file.take_error();
    let (mut n, room) = (0, size as usize - 1);
    // SAFETY: the program's buffer has `size` characters.
    unsafe {
        while n < room && call.fill_wide() {
            // It is buffered, so that this does not wait.
            let c = real::getwc_unlocked(call.file.stream());
            *to.add(n) = c as wchar_t;
            n += 1;
            if c == u32::from(b'\n') {
                break;
            }
        }
        let failed = call.file.has_failed() && crate::doorway::errno() != libc::EAGAIN;
        call.file.restore_error(old);
        if n == 0 || failed {
            return ptr::null_mut();
        }
        *to.add(n) = 0;
    }
    to
}

macro_rules! fgetws_body {
    ($to:ident, $size:expr, $stream:ident, $locking:expr, $real:expr) => {{
        let call = if $size < 2 { None } else { attend($stream, $locking, |_| false) };
        match call {
            None => $real,
            Some(call) if !waits(&call) => call.outside(|| $real),
            Some(call) => line(&call, $to, $size),
        }
    }};
}

unsafe fn fgetws_(to: *mut wchar_t, size: c_int, stream: *mut FILE) -> *mut wchar_t {
    // SAFETY: as above.
    unsafe { fgetws_body!(to, size, stream, Locking::Lock, real::fgetws(to, size, stream)) }
}

unsafe fn fgetws_unlocked_(to: *mut wchar_t, size: c_int, stream: *mut FILE) -> *mut wchar_t {
    // SAFETY: as above.
    unsafe {
        let real = || real::fgetws_unlocked(to, size, stream);
        fgetws_body!(to, size, stream, Locking::Leave, real())
    }
}

unsafe fn fgetws_chk(
    to: *mut wchar_t,
    room: size_t,
    size: c_int,
    stream: *mut FILE,
) -> *mut wchar_t {
    // SAFETY: as above. A size that does not fit ends the process in libc.
    unsafe {
        let real = || real::__fgetws_chk(to, room, size, stream);
        if size < 0 || size as usize > room {
            return real();
        }
        fgetws_body!(to, size, stream, Locking::Lock, real())
    }
}

unsafe fn fgetws_unlocked_chk(
    to: *mut wchar_t,
    room: size_t,
    size: c_int,
    stream: *mut FILE,
) -> *mut wchar_t {
    // SAFETY: as above.
    unsafe {
        let real = || real::__fgetws_unlocked_chk(to, room, size, stream);
        if size < 0 || size as usize > room {
            return real();
        }
        fgetws_body!(to, size, stream, Locking::Leave, real())
    }
}

/// libc's own output of `length` characters. `None`: waiting failed.
fn write<R>(call: &Call, length: usize, what: &'static str, real: impl FnOnce() -> R) -> Option<R> {
    let file = call.file;
    if !waits(call) || file.refuses_output() {
        return Some(call.outside(real));
    }
    let held = file.wide_pending().saturating_add(length).saturating_mul(LONGEST);
    call.paced(held.saturating_add(file.pending().len()), what, real)
}

unsafe fn put(
    c: wchar_t,
    stream: *mut FILE,
    locking: Locking,
    real: unsafe fn(wchar_t, *mut FILE) -> wint_t,
) -> wint_t {
    // SAFETY: the program's open stream.
    unsafe {
        match attend(stream, locking, has_room) {
            None => real(c, stream),
            Some(call) => write(&call, 1, "fputwc", || real(c, stream)).unwrap_or(WEOF),
        }
    }
}

unsafe fn putwc_(c: wchar_t, stream: *mut FILE) -> wint_t {
    // SAFETY: the program's own call, here and below.
    unsafe { put(c, stream, Locking::Lock, real::putwc) }
}

unsafe fn putwc_unlocked_(c: wchar_t, stream: *mut FILE) -> wint_t {
    // SAFETY: as above.
    unsafe { put(c, stream, Locking::Leave, real::putwc_unlocked) }
}

unsafe fn putwchar_(c: wchar_t) -> wint_t {
    // SAFETY: as above.
    unsafe { putwc_(c, stdout) }
}

unsafe fn putwchar_unlocked_(c: wchar_t) -> wint_t {
    // SAFETY: as above.
    unsafe { putwc_unlocked_(c, stdout) }
}

unsafe fn woverflow(stream: *mut FILE, c: wint_t) -> wint_t {
    // SAFETY: as above.
    unsafe {
        put(c as wchar_t, stream, Locking::Leave, |c, stream| {
            real::__woverflow(stream, c as wint_t)
        })
    }
}

unsafe fn puts(
    text: *const wchar_t,
    stream: *mut FILE,
    locking: Locking,
    real: impl FnOnce() -> c_int,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        let fits = |file: &File| has_room(file) && wcslen(text) <= file.wide_room();
        match attend(stream, locking, fits) {
            None => real(),
            Some(call) => write(&call, wcslen(text), "fputws", real).unwrap_or(-1),
        }
    }
}

unsafe fn fputws_(text: *const wchar_t, stream: *mut FILE) -> c_int {
    // SAFETY: as above.
    unsafe { puts(text, stream, Locking::Lock, || real::fputws(text, stream)) }
}

unsafe fn fputws_unlocked_(text: *const wchar_t, stream: *mut FILE) -> c_int {
    // SAFETY: as above.
    unsafe { puts(text, stream, Locking::Leave, || real::fputws_unlocked(text, stream)) }
}

/// The length of what a format prints; a great number if it is not short.
unsafe fn measure(format: *const wchar_t, args: *mut VaList) -> usize {
    let errno = crate::doorway::errno();
    let mut short: [wchar_t; SHORT] = [0; SHORT];
    // SAFETY: the program's format, and a copy of its arguments.
    let n = unsafe {
        let mut copy = *args;
        vswprintf(short.as_mut_ptr(), SHORT, format, &mut copy)
    };
    crate::doorway::set_errno(errno);
    usize::try_from(n).unwrap_or(usize::MAX)
}

unsafe fn print(
    stream: *mut FILE,
    format: *const wchar_t,
    args: *mut VaList,
    real: impl FnOnce() -> c_int,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        if passes(stream, Locking::Lock, |_| false) {
            return real();
        }
        let length = measure(format, args);
        let fits = |file: &File| has_room(file) && length <= file.wide_room();
        match attend(stream, Locking::Lock, fits) {
            None => real(),
            Some(call) => write(&call, length, "wprintf", real).unwrap_or(-1),
        }
    }
}

unsafe extern "C-unwind" fn vfwprintf_(
    stream: *mut FILE,
    format: *const wchar_t,
    args: *mut VaList,
) -> c_int {
    // SAFETY: as above.
    unsafe { print(stream, format, args, || real::vfwprintf(stream, format, args)) }
}

unsafe extern "C-unwind" fn vwprintf_(format: *const wchar_t, args: *mut VaList) -> c_int {
    // SAFETY: as above.
    unsafe { vfwprintf_(stdout, format, args) }
}

unsafe extern "C-unwind" fn vfwprintf_chk(
    stream: *mut FILE,
    flag: c_int,
    format: *const wchar_t,
    args: *mut VaList,
) -> c_int {
    // SAFETY: as above.
    unsafe { print(stream, format, args, || real::__vfwprintf_chk(stream, flag, format, args)) }
}

unsafe extern "C-unwind" fn vwprintf_chk(
    flag: c_int,
    format: *const wchar_t,
    args: *mut VaList,
) -> c_int {
    // SAFETY: as above.
    unsafe { vfwprintf_chk(stdout, flag, format, args) }
}

unsafe fn ungetwc_(c: wint_t, stream: *mut FILE) -> wint_t {
    // SAFETY: as above.
    unsafe {
        match attend(stream, Locking::Lock, |_| true) {
            None => real::ungetwc(c, stream),
            Some(call) => call.outside(|| real::ungetwc(c, stream)),
        }
    }
}

unsafe fn fwide_(stream: *mut FILE, mode: c_int) -> c_int {
    // SAFETY: as above.
    unsafe {
        match attend(stream, Locking::Lock, |_| true) {
            None => real::fwide(stream, mode),
            Some(call) => call.outside(|| real::fwide(stream, mode)),
        }
    }
}
