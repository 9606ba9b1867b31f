//! Byte input: characters, lines, blocks.
//!
//! All are a loop over two steps: take what is buffered, else [`Call::fill`].
//! So a thread that waits in the middle of a line is a parked greenlet and
//! nothing else.
//!
//! Semantics: fgetc(3), fgets(3), fread(3), unlocked_stdio(3). A line
//! cut short by the end of the file is a line; an error in the middle of
//! one loses it, unless it is EAGAIN (glibc). Like `read`, they are
//! cancellation points where they would wait.

use super::call::{attend, Call, Locking};
use super::file::File;
use core::ffi::{c_char, c_int, c_void};
use core::ptr;
use libc::{size_t, EOF, FILE};

crate::hooks! {
    Sys "readiness" fn getc(stream: *mut FILE) -> c_int = getc_, also [fgetc, _IO_getc];
    Sys "readiness" fn getc_unlocked(stream: *mut FILE) -> c_int = getc_unlocked_, also [fgetc_unlocked];
    Sys "readiness" fn getchar() -> c_int = getchar_;
    Sys "readiness" fn getchar_unlocked() -> c_int = getchar_unlocked_;
    Sys "readiness" fn __uflow(stream: *mut FILE) -> c_int = uflow;
    Sys "readiness" fn __underflow(stream: *mut FILE) -> c_int = underflow;
    Sys "readiness" fn getw(stream: *mut FILE) -> c_int = getw_;
    Sys "readiness" fn fgets(line: *mut c_char, size: c_int, stream: *mut FILE) -> *mut c_char = fgets_, also [_IO_fgets];
    Sys "readiness" fn fgets_unlocked(line: *mut c_char, size: c_int, stream: *mut FILE) -> *mut c_char = fgets_unlocked_;
    Sys "readiness" fn __fgets_chk(line: *mut c_char, room: size_t, size: c_int, stream: *mut FILE) -> *mut c_char = fgets_chk;
    Sys "readiness" fn __fgets_unlocked_chk(line: *mut c_char, room: size_t, size: c_int, stream: *mut FILE) -> *mut c_char = fgets_unlocked_chk;
    Sys "readiness" fn gets(line: *mut c_char) -> *mut c_char = gets_, also [_IO_gets];
    Sys "readiness" fn __gets_chk(line: *mut c_char, room: size_t) -> *mut c_char = gets_chk;
    Sys "readiness" fn fread(to: *mut c_void, size: size_t, count: size_t, stream: *mut FILE) -> size_t = fread_, also [_IO_fread];
    Sys "readiness" fn fread_unlocked(to: *mut c_void, size: size_t, count: size_t, stream: *mut FILE) -> size_t = fread_unlocked_;
    Sys "readiness" fn __fread_chk(to: *mut c_void, room: size_t, size: size_t, count: size_t, stream: *mut FILE) -> size_t = fread_chk;
    Sys "readiness" fn __fread_unlocked_chk(to: *mut c_void, room: size_t, size: size_t, count: size_t, stream: *mut FILE) -> size_t = fread_unlocked_chk;
}

extern "C" {
    /// The program's variable.
    pub static stdin: *mut FILE;
}

/// A byte is there to take.
#[inline(always)]
fn has_byte(file: &File) -> bool {
    file.buffered() != 0 && !file.is_wide()
}

/// The buffer does not settle it.
#[inline(always)]
pub fn undecided(_: &File) -> bool {
    false
}

/// A call on a byte stream that waits; others are libc's, with the lock held.
pub fn waits(call: &Call) -> bool {
    !call.never_waits() && !call.file.is_wide()
}

impl Call {
    fn next_byte(&self) -> Option<u8> {
        if !self.fill() {
            return None;
        }
        let byte = self.file.available()[0];
        self.file.take(1);
        Some(byte)
    }

    /// Copy up to `room` bytes, to the delimiter and with it, to `to`.
    /// Returns how many there were before the end or an error.
    unsafe fn copy_line(&self, to: *mut u8, room: usize, delimiter: u8) -> usize {
        let mut done = 0;
        while done < room && self.fill() {
            let bytes = self.file.available();
            let bytes = &bytes[..bytes.len().min(room - done)];
            let end = find(bytes, delimiter);
            let n = end.map_or(bytes.len(), |at| at + 1);
            // SAFETY: the caller's buffer has the room; the stream's is not it.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to.add(done), n) };
            self.file.take(n);
            done += n;
            if end.is_some() {
                break;
            }
        }
        done
    }

    /// Read up to `length` bytes to `to`; fewer at the end or after an error.
    unsafe fn copy_block(&self, to: *mut u8, length: usize) -> usize {
        let mut done = 0;
        while done < length {
            let file = self.file;
            let n = file.buffered().min(length - done);
            if n != 0 {
                // SAFETY: as above.
                unsafe { ptr::copy_nonoverlapping(file.available().as_ptr(), to.add(done), n) };
                file.take(n);
                done += n;
                continue;
            }
            if length - done < file.buffer_size() || !file.can_read_past_buffer() {
                if !self.fill() {
                    break;
                }
                continue;
            }
            file.emptied();
            let block = file.buffer_size();
            let left = length - done;
            let piece = if block >= 128 { left - left % block } else { left };
            // SAFETY: within the caller's buffer.
            match self.read_past_buffer(unsafe { to.add(done) }, piece) {
                Some(n) => done += n,
                None => break,
            }
        }
        done
    }
}

/// Where `byte` is.
pub fn find(bytes: &[u8], byte: u8) -> Option<usize> {
    // SAFETY: within the slice.
    let at = unsafe { libc::memchr(bytes.as_ptr().cast(), byte.into(), bytes.len()) };
    (!at.is_null()).then(|| at as usize - bytes.as_ptr() as usize)
}

/// One character; `real` is libc's own function for it.
#[inline(always)]
unsafe fn character(
    stream: *mut FILE,
    locking: Locking,
    real: unsafe fn(*mut FILE) -> c_int,
) -> c_int {
    // SAFETY: the program's open stream.
    unsafe {
        match attend(stream, locking, has_byte) {
            None => real(stream),
            Some(call) if !waits(&call) => call.outside(|| real(stream)),
            Some(call) => call.next_byte().map_or(EOF, c_int::from),
        }
    }
}

unsafe fn getc_(stream: *mut FILE) -> c_int {
    // SAFETY: the program's own call, here and below.
    unsafe { character(stream, Locking::Lock, real::getc) }
}

unsafe fn getc_unlocked_(stream: *mut FILE) -> c_int {
    // SAFETY: as above.
    unsafe { character(stream, Locking::Leave, real::getc_unlocked) }
}

unsafe fn getchar_() -> c_int {
    // SAFETY: as above.
    unsafe { getc_(stdin) }
}

unsafe fn getchar_unlocked_() -> c_int {
    // SAFETY: as above.
    unsafe { getc_unlocked_(stdin) }
}

/// What the `getc_unlocked` macro calls when the buffer is empty.
unsafe fn uflow(stream: *mut FILE) -> c_int {
    // SAFETY: as above.
    unsafe { character(stream, Locking::Leave, real::__uflow) }
}

unsafe fn underflow(stream: *mut FILE) -> c_int {
    // SAFETY: as above.
    unsafe {
        match attend(stream, Locking::Leave, has_byte) {
            None => real::__underflow(stream),
            Some(call) if !waits(&call) => call.outside(|| real::__underflow(stream)),
            Some(call) if call.fill() => call.file.available()[0].into(),
            Some(_) => EOF,
        }
    }
}

unsafe fn getw_(stream: *mut FILE) -> c_int {
    // SAFETY: as above.
    unsafe {
        match attend(stream, Locking::Lock, undecided) {
            None => real::getw(stream),
            Some(call) if !waits(&call) => call.outside(|| real::getw(stream)),
            Some(call) => {
                let mut word: c_int = 0;
                match call.copy_block((&raw mut word).cast(), size_of::<c_int>()) {
                    4 => word,
                    _ => EOF,
                }
            }
        }
    }
}

/// `fgets` into a buffer of at least two bytes, on a stream that waits.
unsafe fn line(call: &Call, to: *mut c_char, size: c_int) -> *mut c_char {
    let old = call.file.take_error();
    // SAFETY: the program's buffer has `size` bytes.
    let n = unsafe { call.copy_line(to.cast(), size as usize - 1, b'\n') };
    let failed = call.file.has_failed() && crate::doorway::errno() != libc::EAGAIN;
    call.file.restore_error(old);
    if n == 0 || failed {
        return ptr::null_mut();
    }
    // SAFETY: as above.
    unsafe { *to.add(n) = 0 };
    to
}

macro_rules! fgets_body {
    ($to:ident, $size:expr, $stream:ident, $locking:expr, $real:expr) => {{
        // Nothing is read into less than two bytes.
        let call = if $size < 2 { None } else { attend($stream, $locking, undecided) };
        match call {
            None => $real,
            Some(call) if !waits(&call) => call.outside(|| $real),
            Some(call) => line(&call, $to, $size),
        }
    }};
}

unsafe fn fgets_(to: *mut c_char, size: c_int, stream: *mut FILE) -> *mut c_char {
    // SAFETY: the program's own call, here and below.
    unsafe { fgets_body!(to, size, stream, Locking::Lock, real::fgets(to, size, stream)) }
}

unsafe fn fgets_unlocked_(to: *mut c_char, size: c_int, stream: *mut FILE) -> *mut c_char {
    // SAFETY: as above.
    unsafe { fgets_body!(to, size, stream, Locking::Leave, real::fgets_unlocked(to, size, stream)) }
}

unsafe fn fgets_chk(to: *mut c_char, room: size_t, size: c_int, stream: *mut FILE) -> *mut c_char {
    // SAFETY: as above. A size that does not fit ends the process in libc.
    unsafe {
        if size < 0 || size as usize > room {
            return real::__fgets_chk(to, room, size, stream);
        }
        let real = || real::__fgets_chk(to, room, size, stream);
        fgets_body!(to, size, stream, Locking::Lock, real())
    }
}

unsafe fn fgets_unlocked_chk(
    to: *mut c_char,
    room: size_t,
    size: c_int,
    stream: *mut FILE,
) -> *mut c_char {
    // SAFETY: as above.
    unsafe {
        if size < 0 || size as usize > room {
            return real::__fgets_unlocked_chk(to, room, size, stream);
        }
        let real = || real::__fgets_unlocked_chk(to, room, size, stream);
        fgets_body!(to, size, stream, Locking::Leave, real())
    }
}

/// `gets`: a line without its end. `room` counts the final zero.
unsafe fn bare_line(call: &Call, to: *mut c_char, room: size_t) -> *mut c_char {
    let old = call.file.take_error();
    // SAFETY: the program's buffer.
    unsafe {
        let mut n = call.copy_line(to.cast(), room.saturating_sub(1), b'\n');
        let failed = call.file.has_failed();
        call.file.restore_error(old);
        if n == 0 || failed {
            return ptr::null_mut();
        }
        if *to.add(n - 1) == b'\n' as c_char {
            n -= 1;
        }
        *to.add(n) = 0;
    }
    to
}

unsafe fn gets_(to: *mut c_char) -> *mut c_char {
    // SAFETY: the program's own call.
    unsafe {
        match attend(stdin, Locking::Lock, undecided) {
            None => real::gets(to),
            Some(call) if !waits(&call) => call.outside(|| real::gets(to)),
            Some(call) => bare_line(&call, to, usize::MAX),
        }
    }
}

unsafe fn gets_chk(to: *mut c_char, room: size_t) -> *mut c_char {
    // SAFETY: the program's own call.
    unsafe {
        match attend(stdin, Locking::Lock, undecided) {
            None => real::__gets_chk(to, room),
            Some(call) if !waits(&call) => call.outside(|| real::__gets_chk(to, room)),
            // A line that is too long ends the process: libc reads it, and says so.
            Some(call) if !call.fill() => ptr::null_mut(),
            Some(call) => call.section("gets", || real::__gets_chk(to, room)),
        }
    }
}

/// `fread` on a stream that waits.
unsafe fn block(call: &Call, to: *mut c_void, size: size_t, count: size_t) -> size_t {
    let length = size.wrapping_mul(count);
    // SAFETY: the program's buffer.
    let n = unsafe { call.copy_block(to.cast(), length) };
    if n == length {
        count
    } else {
        n / size
    }
}

macro_rules! fread_body {
    ($to:ident, $size:ident, $count:ident, $stream:ident, $locking:expr, $real:expr) => {{
        let length = $size.wrapping_mul($count);
        let there = |file: &File| file.buffered() >= length && !file.is_wide();
        let call = if length == 0 { None } else { attend($stream, $locking, there) };
        match call {
            None => $real,
            Some(call) if !waits(&call) => call.outside(|| $real),
            Some(call) => block(&call, $to, $size, $count),
        }
    }};
}

unsafe fn fread_(to: *mut c_void, size: size_t, count: size_t, stream: *mut FILE) -> size_t {
    // SAFETY: the program's own call, here and below.
    unsafe {
        let real = || real::fread(to, size, count, stream);
        fread_body!(to, size, count, stream, Locking::Lock, real())
    }
}

unsafe fn fread_unlocked_(
    to: *mut c_void,
    size: size_t,
    count: size_t,
    stream: *mut FILE,
) -> size_t {
    // SAFETY: as above.
    unsafe {
        let real = || real::fread_unlocked(to, size, count, stream);
        fread_body!(to, size, count, stream, Locking::Leave, real())
    }
}

/// Whether the program's buffer of `room` bytes holds what is asked for.
fn fits(room: size_t, size: size_t, count: size_t) -> bool {
    size.checked_mul(count).is_some_and(|length| length <= room)
}

unsafe fn fread_chk(
    to: *mut c_void,
    room: size_t,
    size: size_t,
    count: size_t,
    stream: *mut FILE,
) -> size_t {
    // SAFETY: as above. What does not fit ends the process in libc.
    unsafe {
        let real = || real::__fread_chk(to, room, size, count, stream);
        if !fits(room, size, count) {
            return real();
        }
        fread_body!(to, size, count, stream, Locking::Lock, real())
    }
}

unsafe fn fread_unlocked_chk(
    to: *mut c_void,
    room: size_t,
    size: size_t,
    count: size_t,
    stream: *mut FILE,
) -> size_t {
    // SAFETY: as above.
    unsafe {
        let real = || real::__fread_unlocked_chk(to, room, size, count, stream);
        if !fits(room, size, count) {
            return real();
        }
        fread_body!(to, size, count, stream, Locking::Leave, real())
    }
}
