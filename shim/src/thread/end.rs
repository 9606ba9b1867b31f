//! pthread_exit(3), thrd_exit(3), and what runs at the end of a thread.
//!
//! Unwinding is glibc's own: our first frame of a thread registers a jump
//! buffer as glibc's does (`arch::thread_base`), so C cleanup handlers, C++
//! destructors and Rust guards run in their order, and the unwinder ends there.

use super::{cancel, keys, patched};
use core::ffi::{c_int, c_void};
use hub::greenlet::Greenlet;
use hub::{arch, tls};

crate::hooks! {
    Thread "never" fn pthread_exit(value: *mut c_void) -> ! = exit;
    Thread "never" fn thrd_exit(value: c_int) -> ! = c11_exit;
}

extern "C-unwind" {
    fn __pthread_register_cancel(buffer: *mut c_void);
    fn __pthread_unregister_cancel(buffer: *mut c_void);
    fn __pthread_unwind_next(buffer: *mut c_void) -> !;
}

/// `LC_GLOBAL_LOCALE` of <locale.h>.
const LC_GLOBAL_LOCALE: libc::locale_t = usize::MAX as libc::locale_t;

/// Unwind the calling thread up to the outermost registered buffer.
///
/// # Safety
/// Everything up to there is given up.
pub unsafe fn forced_unwind() -> ! {
    let mut buffer = [0usize; arch::UNWIND_BUF_WORDS];
    // SAFETY: registering links the buffer before the innermost one and
    // unregistering takes it out again; the buffer still says what came next,
    // and that is where `__pthread_unwind_next` goes on. Unlike pthread_exit
    // this leaves no mark in the control block, which will be used again.
    unsafe {
        let buffer = buffer.as_mut_ptr().cast();
        __pthread_register_cancel(buffer);
        __pthread_unregister_cancel(buffer);
        __pthread_unwind_next(buffer)
    }
}

unsafe fn exit(value: *mut c_void) -> ! {
    // On a greenlet of ours there is no thread of libc's to end, patched or not.
    match Greenlet::current().filter(|g| patched() || !g.is_root()) {
        Some(g) => {
            // From here on nothing cancels it.
            cancel::ended(g);
            g.set_value(value);
            g.leave_shim();
            g.forget_handlers();
            // SAFETY: the thread asks for its end.
            unsafe { forced_unwind() }
        }
        // SAFETY: the program's own call.
        None => unsafe { real::pthread_exit(value) },
    }
}

unsafe fn c11_exit(value: c_int) -> ! {
    // SAFETY: as above.
    unsafe { exit(value as usize as *mut c_void) }
}

/// The end of a greenlet, after its start routine: C++ `thread_local`
/// destructors, then those of the keys, as glibc's order has it.
pub fn at_exit(g: &'static Greenlet) {
    let mut at_keys = false;
    // A thread whose start routine has returned can be cancelled in its destructors, and
    // these may call pthread_exit(3). As in glibc the destructors of the keys end with
    // that, those of thread-locals go on.
    // SAFETY: on the ending thread's own block.
    while cancel::catch(&mut || unsafe {
        tls::run_destructors();
        if !core::mem::replace(&mut at_keys, true) {
            keys::run_destructors();
        }
    })
    .is_err()
    {
        if at_keys {
            keys::forget_values();
        }
    }
    cancel::ended(g);
    crate::standing::record::ended(g);
    crate::locks::robust::thread_ended(g);
    crate::signal::thread_ended(g);
    crate::dns::state::ended(g);
    // libc's thread-locals are not reset when the block is used again.
    // SAFETY: the global locale is what every thread starts with.
    unsafe { libc::uselocale(LC_GLOBAL_LOCALE) };
    crate::doorway::set_errno(0);
    cancel::forget();
}
