//! A thread's names: the thread id in its control block, and its `pthread_t`, which is the
//! control block's address.

use crate::{arch, debugger_tables};
use core::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};

/// The size of `struct pthread`, once [`find_tid`] knows it.
static PTHREAD_SIZE: AtomicUsize = AtomicUsize::new(0);

/// Offset of `tid` in the control block.
static TID_OFFSET: AtomicIsize = AtomicIsize::new(0);

/// The thread id in the running control block: unique among the live threads
/// of the process, and what libc-internal recursive locks compare.
#[inline(always)]
pub fn tid() -> u32 {
    let mut offset = TID_OFFSET.load(Ordering::Relaxed);
    if offset == 0 {
        offset = find_tid();
    }
    // SAFETY: every control block has the field.
    unsafe { arch::load_u32_at_tp(offset) }
}

/// [`tid`], once [`learn_tid`] has said yes.
#[inline(always)]
pub fn known_tid() -> u32 {
    // SAFETY: as in `tid`; before, the offset is that of the block's own address.
    unsafe { arch::load_u32_at_tp(TID_OFFSET.load(Ordering::Relaxed)) }
}

/// Look up where thread ids are; false if this libc does not tell.
pub fn learn_tid() -> bool {
    let told = debugger_tables::offset(c"_thread_db_pthread_tid").is_some();
    if told {
        find_tid();
    }
    told
}

/// Look the field up. Allocates nothing, so locks may ask before [`super::init`].
#[cold]
pub(super) fn find_tid() -> isize {
    let Some(tid) = debugger_tables::offset(c"_thread_db_pthread_tid") else {
        crate::sys::die("this C library does not tell where thread ids are");
    };
    // `struct pthread` starts at the thread pointer or ends there.
    let size = debugger_tables::word(c"_thread_db_sizeof_pthread").unwrap_or(0) as usize;
    PTHREAD_SIZE.store(size, Ordering::Relaxed);
    let base = if arch::TLS_BELOW_TP { 0 } else { -(size as isize) };
    TID_OFFSET.store(base + tid as isize, Ordering::Relaxed);
    base + tid as isize
}

/// The thread id in the control block at `tp`.
///
/// # Safety
/// `tp` must be the thread pointer of an existing thread.
pub unsafe fn tid_of(tp: *const u8) -> u32 {
    // SAFETY: by the caller's contract.
    unsafe { tp.offset(TID_OFFSET.load(Ordering::Relaxed)).cast::<u32>().read_volatile() }
}

/// Store a thread id in the block at `tp`.
///
/// # Safety
/// `tp` must be a block of ours.
pub unsafe fn set_tid(tp: *mut u8, tid: u32) {
    // SAFETY: by the caller's contract.
    unsafe { *tp.offset(TID_OFFSET.load(Ordering::Relaxed)).cast::<u32>() = tid }
}

/// How far below the thread pointer `struct pthread` begins, whose address a
/// `pthread_t` is.
#[inline(always)]
fn pthread_below() -> usize {
    if arch::TLS_BELOW_TP {
        0
    } else {
        PTHREAD_SIZE.load(Ordering::Relaxed)
    }
}

/// The `pthread_t` of the thread with this thread pointer.
#[inline(always)]
pub fn pthread_of(tp: *const u8) -> usize {
    tp as usize - pthread_below()
}

/// The thread pointer of the thread that this `pthread_t` names.
#[inline(always)]
pub fn tp_of(pthread: usize) -> *mut u8 {
    (pthread + pthread_below()) as *mut u8
}
