//! The stack that files are written on.
//!
//! Whoever ends a process may have little room left: a signal's handler on an alternate
//! stack (that of Rust's std has 8 KB, of which the kernel's frame takes up to 3; MINSIGSTKSZ
//! has room for that frame only), a greenlet with a small stack, a program's handler of
//! faults that calls `_exit` on such a stack. The writing takes some 6 KB, so it has a
//! stack of its own, mapped when recording begins. One OS thread at a time is on it.

use crate::arch;
use crate::raw_lock::RawLock;
use crate::syscall;
use crate::time::{self, SECOND};
use crate::unit;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Several times what the writing was measured to take.
const SIZE: usize = 64 * 1024;
/// The end of the stack; 0: there is none.
static TOP: AtomicUsize = AtomicUsize::new(0);
static TAKEN: RawLock<()> = RawLock::shared(());

/// Something will be written.
pub(super) fn start() {
    if TOP.load(Ordering::Relaxed) == 0 {
        if let Ok(stack) = unit::map_stack(SIZE) {
            TOP.store(stack.base, Ordering::Release);
        }
    }
}

/// In the child of a fork, whose other threads are gone. (The stack is a copy; the one
/// who forks may be on it.)
pub(super) fn after_fork() {
    TAKEN.reset();
}

unsafe extern "C-unwind" fn run<F: FnOnce()>(_: i32, _: *mut libc::siginfo_t, f: *mut c_void) {
    // SAFETY: `f` is the option of `call`, which waits for this function.
    if let Some(f) = unsafe { (*f.cast::<Option<F>>()).take() } {
        f();
    }
}

/// Call `f` on the stack, with all signals blocked: a handler that interrupted it could
/// not write, and would wait for it. If somebody else does not get off it for long, `f` is
/// called where the caller is.
///
/// This function itself takes few bytes: what `f` takes may not be inlined into its caller.
#[inline(never)]
pub fn call<F: FnOnce()>(f: F) {
    let mut f = Some(f);
    let f = (&raw mut f).cast::<c_void>();
    let top = TOP.load(Ordering::Acquire);
    let is_on_it = (top.saturating_sub(SIZE)..top).contains(&(f as usize));
    let taken = match top {
        0 => None,
        _ if is_on_it => None,
        _ => TAKEN.try_lock_until(time::after(5 * SECOND)),
    };
    if taken.is_none() {
        // SAFETY: `f` is the option above.
        return unsafe { run::<F>(0, ptr::null_mut(), f) };
    }
    // SAFETY: masks of 64 signals of this function's own; the stack is this OS thread's
    // while the lock is held.
    unsafe {
        let (all, mut before) = (u64::MAX, 0u64);
        let (set, block) = (libc::SIG_SETMASK, libc::SIG_BLOCK);
        let masked =
            syscall!(libc::SYS_rt_sigprocmask, block, &raw const all, &raw mut before, 8).is_ok();
        arch::call_on(top, run::<F>, 0, ptr::null_mut(), f);
        drop(taken);
        if masked {
            let _ = syscall!(libc::SYS_rt_sigprocmask, set, &raw const before, 0, 8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> usize {
        let here = 0u8;
        &raw const here as usize
    }

    #[test]
    fn a_call_is_on_the_stack_and_one_from_there_as_well() {
        start();
        let top = TOP.load(Ordering::Relaxed);
        let on_it = |address| (top - SIZE..top).contains(&address);
        assert!(!on_it(here()));
        let (mut outer, mut inner) = (0, 0);
        call(|| {
            outer = here();
            call(|| inner = here());
        });
        assert!(on_it(outer) && on_it(inner) && inner < outer);
        let mut again = 0;
        call(|| again = here());
        assert!(on_it(again), "it is free again");
    }
}
