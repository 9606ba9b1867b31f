//! `iovec` arrays of the program that a partial call has done in part.
//!
//! The program's array is never written. It is read only after the kernel has
//! read it successfully, so a bad address gives EFAULT and no fault of ours;
//! or by [`length`].

use crate::signal::alt_stack;
use hub::arch;
use libc::iovec;

/// [`total`] of an array that the kernel has not read; `None`: it would not accept it.
pub fn length(parts: *const iovec, count: usize) -> Option<usize> {
    if count > libc::UIO_MAXIOV as usize {
        return None;
    }
    let mut sum = 0usize;
    for i in 0..count {
        let mut part = iovec { iov_base: core::ptr::null_mut(), iov_len: 0 };
        let at = parts.wrapping_add(i);
        if alt_stack::installed() {
            // SAFETY: a bad address ends the copy; the target is our own.
            let read = unsafe {
                arch::copy_guarded((&raw mut part).cast(), at.cast(), size_of::<iovec>())
            };
            if !read {
                return None;
            }
        } else {
            // SAFETY: nobody catches a fault here, so the program's word is taken for it.
            part = unsafe { *at };
        }
        sum = sum.saturating_add(part.iov_len);
    }
    Some(sum)
}

/// The length of all parts together.
///
/// # Safety
/// The kernel has accepted the array.
pub unsafe fn total(parts: *const iovec, count: usize) -> usize {
    // SAFETY: by the contract.
    (0..count).map(|i| unsafe { (*parts.add(i)).iov_len }).fold(0, usize::saturating_add)
}

/// What is left of an array after `done` bytes.
///
/// # Safety
/// As for [`total`].
pub unsafe fn rest(parts: *const iovec, count: usize, mut done: usize) -> Vec<iovec> {
    let mut left = Vec::new();
    for i in 0..count {
        // SAFETY: by the contract.
        let part = unsafe { *parts.add(i) };
        if done >= part.iov_len {
            done -= part.iov_len;
            continue;
        }
        left.push(iovec {
            iov_base: part.iov_base.wrapping_byte_add(done),
            iov_len: part.iov_len - done,
        });
        done = 0;
    }
    left
}

/// What of an array lies in its first `most` bytes.
///
/// # Safety
/// As for [`total`].
pub unsafe fn first(parts: &[iovec], mut most: usize) -> Vec<iovec> {
    let mut kept = Vec::new();
    for part in parts {
        if most == 0 {
            break;
        }
        let length = part.iov_len.min(most);
        kept.push(iovec { iov_base: part.iov_base, iov_len: length });
        most -= length;
    }
    kept
}
