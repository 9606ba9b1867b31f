//! daemon(3), forkpty(3), login_tty(3): they put other files behind the standard
//! descriptors, inside libc, where no hook sees it.
//!
//! None of them waits: forking is as `fork` does it.

use crate::fd::closing;
use core::ffi::{c_char, c_int};
use libc::{pid_t, termios, winsize};

crate::hooks! {
    Subprocess "never" fn daemon(no_chdir: c_int, no_close: c_int) -> c_int = daemon_;
    Subprocess "never" fn login_tty(fd: c_int) -> c_int = login;
    Subprocess "never" fn forkpty(master: *mut c_int, name: *mut c_char, terminal: *const termios, window: *const winsize) -> pid_t = fork;
}

/// Nothing that was known of descriptors 0 to 2 is true any more.
fn replaced() {
    (0..=2).for_each(closing::gone);
}

unsafe fn daemon_(no_chdir: c_int, no_close: c_int) -> c_int {
    // SAFETY: the program's own call.
    let result = unsafe { real::daemon(no_chdir, no_close) };
    if no_close == 0 {
        replaced();
    }
    result
}

unsafe fn login(fd: c_int) -> c_int {
    // Also closes `fd`.
    if fd > 2 {
        closing::gone(fd);
    }
    // SAFETY: the program's own call.
    let result = unsafe { real::login_tty(fd) };
    if result == 0 {
        replaced();
    }
    result
}

unsafe fn fork(
    master: *mut c_int,
    name: *mut c_char,
    terminal: *const termios,
    window: *const winsize,
) -> pid_t {
    // SAFETY: the program's own call.
    let pid = unsafe { real::forkpty(master, name, terminal, window) };
    if pid == 0 {
        replaced();
    }
    pid
}
