//! Formatted byte output: the `printf` family.
//!
//! On a file that never waits the call is libc's. Otherwise the text is made
//! first, in memory and as program code, and then put into the stream by way of
//! [`Call::put`]: that parks instead of blocking, whatever the length. Text that
//! cannot be made (EILSEQ, EOVERFLOW) is left to libc, which writes what comes
//! before the fault.
//!
//! Semantics: printf(3). `%n`, and functions that `register_printf_function`
//! has added, run twice for texts longer than [`SHORT`].

use super::call::{attend, passes, Call, Locking};
use super::file::File;
use super::output::{stdout, waits};
use super::pace;
use crate::doorway::{self, set_errno};
use crate::fd::known::Pace;
use crate::table::Group;
use crate::variadic::VaList;
use core::ffi::{c_char, c_int};
use core::mem::MaybeUninit;
use hub::hub as scheduler;
use libc::{iovec, size_t, FILE};

crate::hooks! {
    Sys "readiness" fn vfprintf(stream: *mut FILE, format: *const c_char, args: *mut VaList) -> c_int = vfprintf_, also [_IO_vfprintf];
    Sys "readiness" fn vprintf(format: *const c_char, args: *mut VaList) -> c_int = vprintf_;
    Sys "readiness" fn vdprintf(fd: c_int, format: *const c_char, args: *mut VaList) -> c_int = vdprintf_;
    Sys "readiness" fn __vfprintf_chk(stream: *mut FILE, flag: c_int, format: *const c_char, args: *mut VaList) -> c_int = vfprintf_chk;
    Sys "readiness" fn __vprintf_chk(flag: c_int, format: *const c_char, args: *mut VaList) -> c_int = vprintf_chk;
    Sys "readiness" fn __vdprintf_chk(fd: c_int, flag: c_int, format: *const c_char, args: *mut VaList) -> c_int = vdprintf_chk;
}

crate::variadic!(printf after 1 = printf_);
crate::variadic!(_IO_printf after 1 = printf_);
crate::variadic!(fprintf after 2 = fprintf_);
crate::variadic!(_IO_fprintf after 2 = fprintf_);
crate::variadic!(dprintf after 2 = dprintf_);
crate::variadic!(__printf_chk after 2 = printf_chk);
crate::variadic!(__fprintf_chk after 3 = fprintf_chk);
crate::variadic!(__dprintf_chk after 3 = dprintf_chk);

/// Text up to this length is made on the caller's stack, which may be small.
const SHORT: usize = 512;

/// A format with its arguments. With FORTIFY's `flag`, libc refuses `%n` in a
/// format that can be written to.
#[derive(Clone, Copy)]
struct Format {
    flag: Option<c_int>,
    format: *const c_char,
    args: VaList,
}

/// Text that was made: in the caller's [`Short`] buffer, or in memory of its own.
struct Text<'a> {
    bytes: &'a [u8],
    own: bool,
}

type Short = MaybeUninit<[u8; SHORT]>;

impl Drop for Text<'_> {
    fn drop(&mut self) {
        if self.own {
            // SAFETY: malloc's.
            unsafe { libc::free(self.bytes.as_ptr().cast_mut().cast()) };
        }
    }
}

extern "C" {
    fn vsnprintf(to: *mut c_char, size: size_t, format: *const c_char, args: *mut VaList) -> c_int;
    fn __vsnprintf_chk(
        to: *mut c_char,
        size: size_t,
        flag: c_int,
        room: size_t,
        format: *const c_char,
        args: *mut VaList,
    ) -> c_int;
}

impl Format {
    /// # Safety
    /// A format and the arguments that it asks for.
    unsafe fn new(flag: Option<c_int>, format: *const c_char, args: *mut VaList) -> Self {
        // SAFETY: by the contract.
        Format { flag, format, args: unsafe { *args } }
    }

    /// Format into `size` bytes; answers as `vsnprintf`.
    unsafe fn into(&self, to: *mut u8, size: usize) -> c_int {
        let mut args = self.args;
        // SAFETY: by `new`'s contract, and the caller's buffer.
        unsafe {
            match self.flag {
                None => vsnprintf(to.cast(), size, self.format, &mut args),
                Some(flag) => __vsnprintf_chk(to.cast(), size, flag, size, self.format, &mut args),
            }
        }
    }

    /// The text; `None`: it cannot be made. Leaves `errno` alone.
    unsafe fn text<'a>(&self, short: &'a mut Short) -> Option<Text<'a>> {
        let errno = doorway::errno();
        // SAFETY: by `new`'s contract; the buffers are as long as they say, and
        // filled as far as they are looked at.
        let text = unsafe {
            let n = usize::try_from(self.into(short.as_mut_ptr().cast(), SHORT)).ok();
            match n {
                None => None,
                Some(n) if n < SHORT => {
                    let bytes = core::slice::from_raw_parts(short.as_ptr().cast(), n);
                    Some(Text { bytes, own: false })
                }
                Some(n) => {
                    // What `%m` prints.
                    set_errno(errno);
                    self.long(n)
                }
            }
        };
        set_errno(errno);
        text
    }

    /// Text of `n` bytes.
    unsafe fn long<'a>(&self, n: usize) -> Option<Text<'a>> {
        // SAFETY: as in `text`.
        unsafe {
            let at = libc::malloc(n + 1).cast::<u8>();
            if at.is_null() {
                return None;
            }
            let again = self.into(at, n + 1);
            let text = Text { bytes: core::slice::from_raw_parts(at, n), own: true };
            (usize::try_from(again) == Ok(n)).then_some(text)
        }
    }

    /// libc's own `vfprintf`.
    unsafe fn real(&self, stream: *mut FILE) -> c_int {
        let mut args = self.args;
        // SAFETY: by `new`'s contract; an open stream.
        unsafe {
            match self.flag {
                None => real::vfprintf(stream, self.format, &mut args),
                Some(flag) => real::__vfprintf_chk(stream, flag, self.format, &mut args),
            }
        }
    }

    /// libc's own `vdprintf`.
    unsafe fn real_to_fd(&self, fd: c_int) -> c_int {
        let mut args = self.args;
        // SAFETY: by `new`'s contract.
        unsafe {
            match self.flag {
                None => real::vdprintf(fd, self.format, &mut args),
                Some(flag) => real::__vdprintf_chk(fd, flag, self.format, &mut args),
            }
        }
    }

    /// `vfprintf` of the program, which might wait.
    #[inline(never)]
    unsafe fn print(&self, stream: *mut FILE) -> c_int {
        // SAFETY: by `new`'s contract; the program's open stream.
        unsafe {
            let file = File::of(stream);
            let mut short = Short::uninit();
            let text = if pace::never_waits(file) { None } else { self.text(&mut short) };
            match attend(stream, Locking::Lock, |_| false) {
                None => self.real(stream),
                Some(call) if !waits(&call) => call.outside(|| self.real(stream)),
                Some(call) => match &text {
                    Some(text) => put(&call, text.bytes),
                    None => call.paced(usize::MAX, "printf", || self.real(stream)).unwrap_or(-1),
                },
            }
        }
    }

    /// `vdprintf` of the program.
    unsafe fn print_to_fd(&self, fd: c_int) -> c_int {
        // SAFETY: as above.
        unsafe {
            if !scheduler::active() || pace::of(fd) != Pace::Waits {
                return self.real_to_fd(fd);
            }
            let mut short = Short::uninit();
            let Some(text) = self.text(&mut short) else {
                return self.real_to_fd(fd);
            };
            let Some(shim) = doorway::enter(Group::Sys) else {
                return self.real_to_fd(fd);
            };
            let bytes = text.bytes;
            if bytes.is_empty() {
                return 0;
            }
            let part = iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
            match super::drain::write_all(&shim, fd, &[part]) {
                Ok(n) => n as c_int,
                Err((_, e)) => {
                    set_errno(e);
                    -1
                }
            }
        }
    }
}

/// Put a text of at most INT_MAX bytes.
fn put(call: &Call, bytes: &[u8]) -> c_int {
    // Also an empty text decides what the stream is used for.
    // SAFETY: an open stream.
    unsafe { super::wide::orientation(call.file.stream(), -1) };
    if call.put(bytes) == bytes.len() {
        bytes.len() as c_int
    } else {
        -1
    }
}

unsafe extern "C-unwind" fn vfprintf_(
    stream: *mut FILE,
    format: *const c_char,
    args: *mut VaList,
) -> c_int {
    // SAFETY: the program's own call, here and below.
    unsafe {
        if passes(stream, Locking::Lock, |_| false) {
            return real::vfprintf(stream, format, args);
        }
        Format::new(None, format, args).print(stream)
    }
}

unsafe extern "C-unwind" fn vprintf_(format: *const c_char, args: *mut VaList) -> c_int {
    // SAFETY: as above.
    unsafe { vfprintf_(stdout, format, args) }
}

unsafe extern "C-unwind" fn vdprintf_(
    fd: c_int,
    format: *const c_char,
    args: *mut VaList,
) -> c_int {
    // SAFETY: as above.
    unsafe { Format::new(None, format, args).print_to_fd(fd) }
}

unsafe extern "C-unwind" fn vfprintf_chk(
    stream: *mut FILE,
    flag: c_int,
    format: *const c_char,
    args: *mut VaList,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        if passes(stream, Locking::Lock, |_| false) {
            return real::__vfprintf_chk(stream, flag, format, args);
        }
        Format::new(Some(flag), format, args).print(stream)
    }
}

unsafe extern "C-unwind" fn vprintf_chk(
    flag: c_int,
    format: *const c_char,
    args: *mut VaList,
) -> c_int {
    // SAFETY: as above.
    unsafe { vfprintf_chk(stdout, flag, format, args) }
}

unsafe extern "C-unwind" fn vdprintf_chk(
    fd: c_int,
    flag: c_int,
    format: *const c_char,
    args: *mut VaList,
) -> c_int {
    // SAFETY: as above.
    unsafe { Format::new(Some(flag), format, args).print_to_fd(fd) }
}

use vdprintf_ as dprintf_;
use vdprintf_chk as dprintf_chk;
use vfprintf_ as fprintf_;
use vfprintf_chk as fprintf_chk;
use vprintf_ as printf_;
use vprintf_chk as printf_chk;
