//! Functions that only lock a stream, or first write out what it holds.
//!
//! None of them waits for input. While another thread waits in `fgets` it has
//! the stream's lock, so even `feof` waits for that call to end, natively as
//! well as here. Semantics: fseek(3), ferror(3), ungetc(3), setvbuf(3).

use super::call::{attend, Call, Locking};
use super::drain::drain;
use core::ffi::{c_char, c_int, c_long};
use libc::{fpos64_t, off64_t, size_t, FILE};

/// `locked!`: wait for the lock, then libc's own function. `drained!`: write
/// out what the stream holds between the two.
macro_rules! locked {
    ($($drained:literal fn $body:ident = $name:ident ($($before:ident : $bt:ty,)* ; stream $(, $after:ident : $at:ty)*) -> $ret:ty;)*) => { $(
        unsafe fn $body($($before: $bt,)* stream: *mut FILE $(, $after: $at)*) -> $ret {
            // SAFETY: the program's own call.
            unsafe {
                let real = || real::$name($($before,)* stream $(, $after)*);
                match attend(stream, Locking::Lock, |_| !$drained) {
                    None => real(),
                    Some(call) => {
                        if $drained {
                            settle(&call);
                        }
                        call.outside(real)
                    }
                }
            }
        }
    )* };
}

crate::hooks! {
    Sys "lock" fn ungetc(c: c_int, stream: *mut FILE) -> c_int = ungetc_, also [_IO_ungetc];
    Sys "lock" fn feof(stream: *mut FILE) -> c_int = feof_, also [_IO_feof];
    Sys "lock" fn ferror(stream: *mut FILE) -> c_int = ferror_, also [_IO_ferror];
    Sys "lock" fn clearerr(stream: *mut FILE) = clearerr_;
    Sys "lock" fn ftell(stream: *mut FILE) -> c_long = ftell_, also [_IO_ftell];
    Sys "lock" fn ftello(stream: *mut FILE) -> off64_t = ftello_, also [ftello64];
    Sys "lock" fn fgetpos(stream: *mut FILE, position: *mut fpos64_t) -> c_int = fgetpos_, also [fgetpos64, _IO_fgetpos, _IO_fgetpos64];
    Sys "readiness" fn fseek(stream: *mut FILE, offset: c_long, whence: c_int) -> c_int = fseek_;
    Sys "readiness" fn fseeko(stream: *mut FILE, offset: off64_t, whence: c_int) -> c_int = fseeko_, also [fseeko64];
    Sys "readiness" fn fsetpos(stream: *mut FILE, position: *const fpos64_t) -> c_int = fsetpos_, also [fsetpos64, _IO_fsetpos, _IO_fsetpos64];
    Sys "readiness" fn rewind(stream: *mut FILE) = rewind_;
    Sys "readiness" fn setvbuf(stream: *mut FILE, buffer: *mut c_char, mode: c_int, size: size_t) -> c_int = setvbuf_, also [_IO_setvbuf];
    Sys "readiness" fn setbuffer(stream: *mut FILE, buffer: *mut c_char, size: size_t) = setbuffer_, also [_IO_setbuffer];
    Sys "readiness" fn setbuf(stream: *mut FILE, buffer: *mut c_char) = setbuf_;
    Sys "readiness" fn setlinebuf(stream: *mut FILE) = setlinebuf_;
}

locked! {
    false fn ungetc_ = ungetc(c: c_int,; stream) -> c_int;
    false fn feof_ = feof(; stream) -> c_int;
    false fn ferror_ = ferror(; stream) -> c_int;
    false fn clearerr_ = clearerr(; stream) -> ();
    false fn ftell_ = ftell(; stream) -> c_long;
    false fn ftello_ = ftello(; stream) -> off64_t;
    false fn fgetpos_ = fgetpos(; stream, position: *mut fpos64_t) -> c_int;
    true fn fseek_ = fseek(; stream, offset: c_long, whence: c_int) -> c_int;
    true fn fseeko_ = fseeko(; stream, offset: off64_t, whence: c_int) -> c_int;
    true fn fsetpos_ = fsetpos(; stream, position: *const fpos64_t) -> c_int;
    true fn rewind_ = rewind(; stream) -> ();
    true fn setvbuf_ = setvbuf(; stream, buffer: *mut c_char, mode: c_int, size: size_t) -> c_int;
    true fn setbuffer_ = setbuffer(; stream, buffer: *mut c_char, size: size_t) -> ();
    true fn setbuf_ = setbuf(; stream, buffer: *mut c_char) -> ();
    true fn setlinebuf_ = setlinebuf(; stream) -> ();
}

/// Write out what the stream holds, if its file waits. What goes wrong sets the
/// error flag, as it does when libc writes.
pub fn settle(call: &Call) -> bool {
    if call.never_waits() {
        return true;
    }
    if call.file.is_wide() {
        return call.flush() == 0;
    }
    drain(&call.shim, call.file)
}
