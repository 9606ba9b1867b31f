//! Blocks that libc knows of: those in its lists of threads.

use super::layout;
use crate::raw_lock::RawLock;

/// Whether any block was ever shown to libc.
static SHOWN: RawLock<bool> = RawLock::new(false);

/// # Safety
/// `tp` must be a block of ours, or of a thread that libc has made.
unsafe fn list_of(tp: *mut u8) -> *mut [*mut u8; 2] {
    // SAFETY: by the caller's contract.
    unsafe { tp.offset(layout().list).cast() }
}

/// Whether libc knows the block at `tp`.
///
/// # Safety
/// As [`list_of`].
pub(super) unsafe fn is_shown(tp: *mut u8) -> bool {
    // SAFETY: by the caller's contract.
    unsafe {
        let list = list_of(tp);
        (*list)[0] != list.cast()
    }
}

/// Show the block at `tp` to libc, for good: put it into the list of threads that
/// `first`, the first OS thread's, is in. dlopen(3) gives static thread-locals
/// their initial image there, before it runs constructors that use them. (Whatever
/// else libc does to its threads, setuid(2)'s signal, does nothing here: no thread
/// has this block's id.)
///
/// # Safety
/// `tp` must be a block of ours, `first` the block of a thread that libc has made
/// with nobody's stack or a given one (the list that others are prepended to).
pub unsafe fn show_to_libc(tp: *mut u8, first: *mut u8) {
    let mut shown = SHOWN.lock();
    // SAFETY: by the caller's contract. libc adds at the list's other end, and
    // never takes away the first OS thread, so that its lock is not needed.
    unsafe {
        if is_shown(tp) {
            return;
        }
        *shown = true;
        let (list, before) = (list_of(tp), list_of(first));
        let after = (*before)[0];
        *list = [after, before.cast()];
        (*after.cast::<[*mut u8; 2]>())[1] = list.cast();
        (*before)[0] = list.cast();
    }
}

/// In the child of a fork: libc's lists are new. `me` is the caller's block, which is
/// in them.
pub fn after_fork(me: *mut u8, all: impl FnOnce(&dyn Fn(*mut u8))) {
    SHOWN.reset();
    let mut shown = SHOWN.lock();
    if core::mem::take(&mut *shown) {
        all(&|tp| {
            // SAFETY: our own blocks, and no other OS thread.
            unsafe {
                if tp != me && is_shown(tp) {
                    *list_of(tp) = [list_of(tp).cast(); 2];
                }
            }
        });
    }
}
