//! Who waits for what, for programs that want to say so; the library's version.

use super::{fail, null, rim};
use core::ffi::{c_char, c_int};

#[no_mangle]
pub extern "C-unwind" fn gev_run_info() -> *mut c_char {
    let _rim = rim();
    let text = hub::util::format_run_info();
    // SAFETY: the program frees it, so it comes from its malloc; the copy has
    // room for the text and its end.
    unsafe {
        let copy = libc::malloc(text.len() + 1).cast::<c_char>();
        if copy.is_null() {
            return null(libc::ENOMEM);
        }
        core::ptr::copy_nonoverlapping(text.as_ptr().cast(), copy, text.len());
        copy.add(text.len()).write(0);
        copy
    }
}

#[no_mangle]
pub extern "C-unwind" fn gev_print_run_info(fd: c_int) -> c_int {
    let _rim = rim();
    let text = hub::util::format_run_info();
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        // SAFETY: the text is ours.
        match unsafe { libc::write(fd, rest.as_ptr().cast(), rest.len()) } {
            n @ 1.. => rest = &rest[n as usize..],
            -1 if crate::doorway::errno() == libc::EINTR => {}
            -1 => return -1,
            _ => return fail(libc::EIO),
        }
    }
    0
}

#[no_mangle]
pub extern "C" fn gev_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

#[no_mangle]
pub extern "C" fn gev_switches() -> u64 {
    hub::hub::switches()
}
