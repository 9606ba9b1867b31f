//! The maker: makes carriers for the monitor.
//!
//! `pthread_create` allocates, and malloc's locks may be held by a greenlet that
//! waits for its turn. If the monitor waited for such a lock, nobody would get
//! his turn any more. So it asks this OS thread of ours, takes what it finds at
//! one of its next looks, and goes on with turns if nothing comes.

use super::{carrier, os_thread};
use crate::time::{self, NEVER};
use crate::{sys, unit};
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// How many carriers there may be with the one that is wanted; 0: none is.
static WANTED: AtomicU32 = AtomicU32::new(0);
/// Since when.
static SINCE: AtomicU64 = AtomicU64::new(0);

const STACK: usize = 64 * 1024;

/// Make the OS thread; with the monitor, signals blocked.
pub(super) fn start() {
    let Ok(stack) = unit::map_stack(STACK + crate::tls::block_size()) else { return };
    if os_thread::create(stack, main, ptr::null_mut()).is_some() {
        carrier::count_thread();
    }
}

/// One more idle carrier is wanted, unless there are `most`. The monitor only.
pub(super) fn ask(most: u32) {
    if WANTED.load(Ordering::Acquire) == 0 {
        SINCE.store(time::now(), Ordering::Relaxed);
        WANTED.store(most, Ordering::Release);
        sys::futex_wake(WANTED.as_ptr(), 1);
    }
}

/// Whether what was asked for has not come for `span`.
pub(super) fn is_late(span: u64) -> bool {
    WANTED.load(Ordering::Acquire) != 0 && time::now() - SINCE.load(Ordering::Relaxed) > span
}

/// In the child of a fork there is none.
pub(super) fn after_fork() {
    WANTED.store(0, Ordering::Relaxed);
}

unsafe extern "C-unwind" fn main(_: *mut c_void) -> *mut c_void {
    // SAFETY: the name is a string.
    unsafe {
        let _ = crate::syscall!(libc::SYS_prctl, libc::PR_SET_NAME, c"geventrs-make".as_ptr());
    }
    loop {
        match WANTED.load(Ordering::Acquire) {
            0 => {
                let _ = sys::futex_wait(&WANTED, 0, NEVER);
            }
            most => {
                if let Some(c) = carrier::make_one(most) {
                    carrier::rest(c);
                }
                WANTED.store(0, Ordering::Release);
            }
        }
    }
}
