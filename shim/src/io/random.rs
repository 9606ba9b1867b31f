//! getrandom(2), getentropy(3), arc4random(3): random bytes.
//!
//! They wait only until the kernel's generator has been seeded, early in the
//! boot of the machine. Once that is so, it stays so. Before, the call is a
//! blocking section. (GRND_RANDOM of kernels before 5.6 could wait later as
//! well, and is tried without waiting each time.)
//!
//! `getrandom` is a cancellation point, as in glibc.

use crate::doorway;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_uint, c_void};
use core::sync::atomic::{AtomicBool, Ordering};
use hub::wait::Section;
use libc::{size_t, ssize_t};

crate::hooks! {
    Os "section" fn getrandom(buffer: *mut c_void, length: size_t, flags: c_uint) -> ssize_t = bytes;
    Os "section" fn getentropy(buffer: *mut c_void, length: size_t) -> c_int = entropy;
    Os "section" fn arc4random() -> u32 = number;
    Os "section" fn arc4random_uniform(bound: u32) -> u32 = number_below;
    Os "section" fn arc4random_buf(buffer: *mut c_void, length: size_t) = fill;
}

/// Whether a call with `flags` is answered at once.
fn ready(flags: c_uint) -> bool {
    static SEEDED: AtomicBool = AtomicBool::new(false);
    let random = flags & libc::GRND_RANDOM;
    if random == 0 && SEEDED.load(Ordering::Relaxed) {
        return true;
    }
    let mut byte = 0u8;
    // SAFETY: our own byte; does not wait.
    let answer = unsafe {
        hub::syscall!(libc::SYS_getrandom, &raw mut byte, 1, random | libc::GRND_NONBLOCK)
    };
    // Whatever else goes wrong is for the call itself to report.
    let ready = answer != Err(libc::EAGAIN);
    if random == 0 && ready {
        SEEDED.store(true, Ordering::Relaxed);
    }
    ready
}

/// Make `call`, as a section if it may wait.
fn seeded<R>(what: &'static str, flags: c_uint, call: impl FnOnce() -> R) -> R {
    match doorway::enter(Group::Os) {
        Some(shim) if !ready(flags) => shim.section(what, Section::Ends, call),
        other => {
            drop(other);
            call()
        }
    }
}

unsafe fn bytes(buffer: *mut c_void, length: size_t, flags: c_uint) -> ssize_t {
    if let Some(shim) = doorway::enter(Group::Os) {
        cancel::point(&shim);
    }
    // SAFETY: the program's own call, here and below.
    let call = || unsafe { real::getrandom(buffer, length, flags) };
    if flags & libc::GRND_NONBLOCK != 0 {
        return call();
    }
    seeded("getrandom", flags, call)
}

unsafe fn entropy(buffer: *mut c_void, length: size_t) -> c_int {
    // SAFETY: as above.
    seeded("getentropy", 0, || unsafe { real::getentropy(buffer, length) })
}

unsafe fn number() -> u32 {
    // SAFETY: no arguments.
    seeded("arc4random", 0, || unsafe { real::arc4random() })
}

unsafe fn number_below(bound: u32) -> u32 {
    // SAFETY: a number.
    seeded("arc4random_uniform", 0, || unsafe { real::arc4random_uniform(bound) })
}

unsafe fn fill(buffer: *mut c_void, length: size_t) {
    // SAFETY: as above.
    seeded("arc4random_buf", 0, || unsafe { real::arc4random_buf(buffer, length) })
}
