//! The program's first thread, and its `main`.
//!
//! `main` runs where it always does; the hook only puts our first frame of a
//! thread under it, where a `pthread_exit` in `main` ends. glibc would go on
//! from there by counting OS threads, and exit at once.

use super::patched;
use core::ffi::{c_char, c_int, c_void};
use hub::greenlet::Greenlet;
use hub::{arch, hub as scheduler};
use std::sync::OnceLock;

type Main = unsafe extern "C-unwind" fn(c_int, *mut *mut c_char, *mut *mut c_char) -> c_int;
type Function = Option<unsafe extern "C-unwind" fn()>;

crate::hooks! {
    Thread "never" fn __libc_start_main(main: Main, argc: c_int, argv: *mut *mut c_char, init: Function, fini: Function, rtld_fini: Function, stack_end: *mut c_void) -> c_int = start_main, version "GLIBC_2.34";
}

/// The form that programs linked before 2.34 ask for: they pass `init`.
static OLD: crate::table::Real = crate::table::Real::new("__libc_start_main\0", "GLIBC_2.2.5\0");

static MAIN: OnceLock<Main> = OnceLock::new();

unsafe fn start_main(
    main: Main,
    argc: c_int,
    argv: *mut *mut c_char,
    init: Function,
    fini: Function,
    rtld_fini: Function,
    stack_end: *mut c_void,
) -> c_int {
    let _ = MAIN.set(main);
    // SAFETY: the start code's own call, with another `main` of the same kind.
    unsafe {
        if init.is_some() {
            type StartMain = unsafe extern "C-unwind" fn(
                Main,
                c_int,
                *mut *mut c_char,
                Function,
                Function,
                Function,
                *mut c_void,
            ) -> c_int;
            let old: StartMain = core::mem::transmute(OLD.get());
            return old(run_main, argc, argv, init, fini, rtld_fini, stack_end);
        }
        real::__libc_start_main(run_main, argc, argv, init, fini, rtld_fini, stack_end)
    }
}

struct Arguments(c_int, *mut *mut c_char, *mut *mut c_char);

unsafe extern "C-unwind" fn call_main(arguments: *mut c_void) -> *mut c_void {
    // SAFETY: `run_main` passes its own arguments.
    unsafe {
        let Arguments(argc, argv, envp) = *arguments.cast::<Arguments>();
        match MAIN.get() {
            Some(main) => main(argc, argv, envp) as usize as *mut c_void,
            None => hub::sys::die("no main"),
        }
    }
}

unsafe extern "C-unwind" fn run_main(
    argc: c_int,
    argv: *mut *mut c_char,
    envp: *mut *mut c_char,
) -> c_int {
    if !patched() {
        if let Some(main) = MAIN.get() {
            // SAFETY: as libc calls it.
            return unsafe { main(argc, argv, envp) };
        }
    }
    static UNWOUND: u8 = 0;
    let unwound = (&raw const UNWOUND).cast_mut().cast::<c_void>();
    let mut arguments = Arguments(argc, argv, envp);
    let mut buffer = [0usize; arch::UNWIND_BUF_WORDS];
    // SAFETY: buffer and arguments outlive the call.
    let value = unsafe {
        arch::thread_base(
            call_main,
            (&raw mut arguments).cast(),
            buffer.as_mut_ptr().cast(),
            unwound,
        )
    };
    if value != unwound {
        return value as usize as c_int;
    }
    match Greenlet::current() {
        // The others go on; the process ends with the last of them.
        Some(g) => scheduler::root_ended(g),
        // No greenlet was ever made: libc's own end of the first thread.
        // SAFETY: the thread asked for its end.
        None => unsafe { super::end::forced_unwind() },
    }
}
