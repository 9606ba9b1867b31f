//! `iovec` arrays of the program that a partial call has done in part.
//!
//! The program's array is never written. It is read only after the kernel has
//! read it successfully, so a bad address gives EFAULT and no fault of ours;
//! or by [`length`].

use crate::signal::alt_stack;
use core::mem::MaybeUninit;
use hub::arch;
use libc::{iovec, msghdr};

/// A copy of what the program says is at `at`; `None`: nothing can be read there.
fn read<T: Copy>(at: *const T) -> Option<T> {
    if !alt_stack::installed() {
        // SAFETY: nobody catches a fault here, so the program's word is taken for it.
        return Some(unsafe { *at });
    }
    let mut copy = MaybeUninit::<T>::uninit();
    // SAFETY: a bad address ends the copy; the target is our own.
    let whole = unsafe { arch::copy_guarded(copy.as_mut_ptr().cast(), at.cast(), size_of::<T>()) };
    // SAFETY: all bytes were copied; these are the kernel's structures, any bytes are valid.
    whole.then(|| unsafe { copy.assume_init() })
}

/// [`total`] of an array that the kernel has not read; `None`: it would not accept it.
pub fn length(parts: *const iovec, count: usize) -> Option<usize> {
    if count > libc::UIO_MAXIOV as usize {
        return None;
    }
    (0..count)
        .try_fold(0usize, |sum, i| Some(sum.saturating_add(read(parts.wrapping_add(i))?.iov_len)))
}

/// Whether the kernel would accept the array of a message.
pub fn is_readable(message: *const msghdr) -> bool {
    read(message).is_some_and(|m| length(m.msg_iov, m.msg_iovlen).is_some())
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
