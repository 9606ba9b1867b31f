//! Messages of libc's to stderr: `perror`, `psignal`, `warn`, `err`.
//!
//! stderr is unbuffered: each message is one or two writes of a line, made by
//! libc itself, when stderr's descriptor is writable. (A longer line than a
//! pipe's piece may block; whoever prints one knows its end.)
//!
//! Semantics: perror(3), psignal(3), err(3).

use super::call::{attend, Locking};
use crate::doorway::{errno, set_errno};
use crate::variadic::VaList;
use core::ffi::{c_char, c_int};
use libc::FILE;

crate::hooks! {
    Sys "readiness" fn perror(text: *const c_char) = perror_;
    Sys "readiness" fn psignal(signal: c_int, text: *const c_char) = psignal_;
    Sys "readiness" fn psiginfo(info: *const libc::siginfo_t, text: *const c_char) = psiginfo_;
    Sys "readiness" fn vwarn(format: *const c_char, args: *mut VaList) = vwarn_;
    Sys "readiness" fn vwarnx(format: *const c_char, args: *mut VaList) = vwarnx_;
    Sys "readiness" fn verr(status: c_int, format: *const c_char, args: *mut VaList) = verr_;
    Sys "readiness" fn verrx(status: c_int, format: *const c_char, args: *mut VaList) = verrx_;
}

crate::variadic!(warn after 1 = vwarn_);
crate::variadic!(warnx after 1 = vwarnx_);
crate::variadic!(err after 2 = verr_);
crate::variadic!(errx after 2 = verrx_);

extern "C" {
    /// The program's variable.
    static stderr: *mut FILE;
}

/// The longest line that these functions are taken to print.
const MESSAGE: usize = 512;

/// Print with `call` when stderr takes it. `errno`, which is part of the
/// message, is the caller's.
fn message(call: impl FnOnce()) {
    let why = errno();
    // SAFETY: the program's variable, an open stream.
    match unsafe { attend(stderr, Locking::Lock, |_| false) } {
        None => call(),
        Some(held) if held.never_waits() => held.outside(call),
        Some(held) => {
            held.paced(MESSAGE, "perror", || {
                set_errno(why);
                call()
            });
        }
    }
}

unsafe fn perror_(text: *const c_char) {
    // SAFETY: the program's own call, here and below.
    message(|| unsafe { real::perror(text) })
}

unsafe fn psignal_(signal: c_int, text: *const c_char) {
    // SAFETY: as above.
    message(|| unsafe { real::psignal(signal, text) })
}

unsafe fn psiginfo_(info: *const libc::siginfo_t, text: *const c_char) {
    // SAFETY: as above.
    message(|| unsafe { real::psiginfo(info, text) })
}

unsafe extern "C-unwind" fn vwarn_(format: *const c_char, args: *mut VaList) {
    // SAFETY: as above.
    message(|| unsafe { real::vwarn(format, args) })
}

unsafe extern "C-unwind" fn vwarnx_(format: *const c_char, args: *mut VaList) {
    // SAFETY: as above.
    message(|| unsafe { real::vwarnx(format, args) })
}

unsafe extern "C-unwind" fn verr_(status: c_int, format: *const c_char, args: *mut VaList) {
    // SAFETY: as above. `exit` runs the program's handlers, without the lock.
    unsafe {
        vwarn_(format, args);
        libc::exit(status)
    }
}

unsafe extern "C-unwind" fn verrx_(status: c_int, format: *const c_char, args: *mut VaList) {
    // SAFETY: as above.
    unsafe {
        vwarnx_(format, args);
        libc::exit(status)
    }
}
