//! Formatted input: the `scanf` family.
//!
//! The first character is waited for as everywhere ([`Call::fill`]). How much
//! more a format wants is for libc to find out while it converts, so the rest is
//! a section, unless the buffer surely holds enough: a conversion of the
//! usual kinds takes at most one word, and as many words are there, each
//! with the space after it.
//!
//! `sscanf` and its kin read memory and need no hook. Semantics: scanf(3).

use super::call::{attend, Call, Locking};
use super::input::stdin;
use crate::variadic::VaList;
use core::ffi::{c_char, c_int, CStr};
use libc::{wchar_t, EOF, FILE};

crate::hooks! {
    Sys "readiness, then a section" fn vfscanf(stream: *mut FILE, format: *const c_char, args: *mut VaList) -> c_int = vfscanf_, also [__vfscanf];
    Sys "readiness, then a section" fn vscanf(format: *const c_char, args: *mut VaList) -> c_int = vscanf_;
    Sys "readiness, then a section" fn __isoc99_vfscanf(stream: *mut FILE, format: *const c_char, args: *mut VaList) -> c_int = isoc99_vfscanf;
    Sys "readiness, then a section" fn __isoc99_vscanf(format: *const c_char, args: *mut VaList) -> c_int = isoc99_vscanf;
    Sys "readiness, then a section" fn __isoc23_vfscanf(stream: *mut FILE, format: *const c_char, args: *mut VaList) -> c_int = isoc23_vfscanf;
    Sys "readiness, then a section" fn __isoc23_vscanf(format: *const c_char, args: *mut VaList) -> c_int = isoc23_vscanf;
    Sys "readiness, then a section" fn vfwscanf(stream: *mut FILE, format: *const wchar_t, args: *mut VaList) -> c_int = vfwscanf_;
    Sys "readiness, then a section" fn vwscanf(format: *const wchar_t, args: *mut VaList) -> c_int = vwscanf_;
    Sys "readiness, then a section" fn __isoc99_vfwscanf(stream: *mut FILE, format: *const wchar_t, args: *mut VaList) -> c_int = isoc99_vfwscanf;
    Sys "readiness, then a section" fn __isoc99_vwscanf(format: *const wchar_t, args: *mut VaList) -> c_int = isoc99_vwscanf;
    Sys "readiness, then a section" fn __isoc23_vfwscanf(stream: *mut FILE, format: *const wchar_t, args: *mut VaList) -> c_int = isoc23_vfwscanf;
    Sys "readiness, then a section" fn __isoc23_vwscanf(format: *const wchar_t, args: *mut VaList) -> c_int = isoc23_vwscanf;
}

/// The most words that a format takes; `None`: that cannot be told (`%c` and
/// `%[` take spaces, too; white space at the end reads up to the next word).
fn words(format: &[u8]) -> Option<usize> {
    if format.last().is_none_or(u8::is_ascii_whitespace) {
        return None;
    }
    let mut words = 0;
    let mut in_literal = false;
    let mut rest = format.iter().copied();
    while let Some(c) = rest.next() {
        if c.is_ascii_whitespace() {
            in_literal = false;
        } else if c != b'%' {
            words += usize::from(!in_literal);
            in_literal = true;
        } else {
            in_literal = false;
            let kind = rest.find(|c| {
                !matches!(
                    c,
                    b'0'..=b'9'
                        | b'*'
                        | b'$'
                        | b'\''
                        | b'h'
                        | b'l'
                        | b'L'
                        | b'q'
                        | b'j'
                        | b'z'
                        | b't'
                )
            })?;
            match kind {
                b'd' | b'i' | b'o' | b'u' | b'x' | b'X' | b'p' | b's' => {}
                b'a' | b'A' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => {}
                _ => return None,
            }
            words += 1;
        }
    }
    Some(words)
}

/// Whether `bytes` begin with `n` words, each followed by a space.
fn holds(bytes: &[u8], n: usize) -> bool {
    let ends = bytes.windows(2).filter(|w| !is_space(w[0]) && is_space(w[1]));
    ends.take(n).count() == n
}

/// White space in every locale, and a byte that is part of none.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}

/// `real` is libc's own function for the whole call.
unsafe fn scan(stream: *mut FILE, format: *const c_char, real: impl FnOnce() -> c_int) -> c_int {
    // SAFETY: the program's open stream, and its format.
    unsafe {
        if *format == 0 {
            return real();
        }
        match attend(stream, Locking::Lock, |_| false) {
            None => real(),
            Some(call) if call.never_waits() || call.file.is_wide() => call.outside(real),
            Some(call) => {
                if !call.fill() {
                    return at_end(&call, real);
                }
                let bytes = CStr::from_ptr(format).to_bytes();
                if words(bytes).is_some_and(|n| holds(call.file.available(), n)) {
                    return call.outside(real);
                }
                call.section("scanf", real)
            }
        }
    }
}

unsafe fn scan_wide(
    stream: *mut FILE,
    format: *const wchar_t,
    real: impl FnOnce() -> c_int,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        if *format == 0 {
            return real();
        }
        match attend(stream, Locking::Lock, |_| false) {
            None => real(),
            Some(call) if call.never_waits() => call.outside(real),
            Some(call) if super::wide::orientation(stream, 1) < 0 => call.outside(real),
            Some(call) if !call.fill_wide() => at_end(&call, real),
            Some(call) => call.section("scanf", real),
        }
    }
}

/// There is no first character. At the end of the file libc sees the same; after
/// an error it would wait again.
fn at_end(call: &Call, real: impl FnOnce() -> c_int) -> c_int {
    if call.file.has_ended() {
        return call.outside(real);
    }
    EOF
}

macro_rules! scanners {
    ($($name:ident, $plain:ident, $real:ident, $format:ty, $scan:ident;)*) => { $(
        unsafe extern "C-unwind" fn $name(
            stream: *mut FILE,
            format: $format,
            args: *mut VaList,
        ) -> c_int {
            // SAFETY: the program's own call.
            unsafe { $scan(stream, format, || real::$real(stream, format, args)) }
        }
        unsafe extern "C-unwind" fn $plain(format: $format, args: *mut VaList) -> c_int {
            // SAFETY: the program's own call.
            unsafe { $name(stdin, format, args) }
        }
    )* };
}

scanners! {
    vfscanf_, vscanf_, vfscanf, *const c_char, scan;
    isoc99_vfscanf, isoc99_vscanf, __isoc99_vfscanf, *const c_char, scan;
    isoc23_vfscanf, isoc23_vscanf, __isoc23_vfscanf, *const c_char, scan;
    vfwscanf_, vwscanf_, vfwscanf, *const wchar_t, scan_wide;
    isoc99_vfwscanf, isoc99_vwscanf, __isoc99_vfwscanf, *const wchar_t, scan_wide;
    isoc23_vfwscanf, isoc23_vwscanf, __isoc23_vfwscanf, *const wchar_t, scan_wide;
}

crate::variadic!(scanf after 1 = vscanf_);
crate::variadic!(fscanf after 2 = vfscanf_);
crate::variadic!(__isoc99_scanf after 1 = isoc99_vscanf);
crate::variadic!(__isoc99_fscanf after 2 = isoc99_vfscanf);
crate::variadic!(__isoc23_scanf after 1 = isoc23_vscanf);
crate::variadic!(__isoc23_fscanf after 2 = isoc23_vfscanf);
crate::variadic!(wscanf after 1 = vwscanf_);
crate::variadic!(fwscanf after 2 = vfwscanf_);
crate::variadic!(__isoc99_wscanf after 1 = isoc99_vwscanf);
crate::variadic!(__isoc99_fwscanf after 2 = isoc99_vfwscanf);
crate::variadic!(__isoc23_wscanf after 1 = isoc23_vwscanf);
crate::variadic!(__isoc23_fwscanf after 2 = isoc23_vfwscanf);
