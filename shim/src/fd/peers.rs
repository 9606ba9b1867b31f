//! The other ends of pipes and socket pairs made in this process.
//!
//! A greenlet that has written to one end can wake the one that waits at the
//! other by itself, without asking the kernel. It is a hint, no more: whoever
//! is woken tries, and waits again if there was nothing (the other end may
//! have been passed on, or read by another process). Writers and readers that
//! use a duplicate give no hint, and epoll tells.

use crate::process::vfork;
use core::ffi::c_int;
use core::sync::atomic::{AtomicU32, Ordering};

/// Descriptors with an entry; the pages are touched as they are used.
const MOST: usize = 1 << 20;

/// One more than the other end; 0: none known.
static PEERS: [AtomicU32; MOST] = [const { AtomicU32::new(0) }; MOST];

fn slot(fd: c_int) -> Option<&'static AtomicU32> {
    PEERS.get(fd as usize)
}

/// The two ends of a new pipe or socket pair.
pub fn made(one: c_int, two: c_int) {
    if vfork::borrowed() {
        return;
    }
    if let (Some(a), Some(b)) = (slot(one), slot(two)) {
        a.store(two as u32 + 1, Ordering::Relaxed);
        b.store(one as u32 + 1, Ordering::Relaxed);
    }
}

/// The other end of `fd`, if it is known.
#[inline(always)]
pub fn of(fd: c_int) -> Option<c_int> {
    match slot(fd)?.load(Ordering::Relaxed) {
        0 => None,
        other => Some(other as c_int - 1),
    }
}

/// The descriptor is closed or replaced.
pub fn forget(fd: c_int) {
    if let Some(other) = of(fd).filter(|_| !vfork::borrowed()) {
        if let (Some(a), Some(b)) = (slot(fd), slot(other)) {
            a.store(0, Ordering::Relaxed);
            b.store(0, Ordering::Relaxed);
        }
    }
}
