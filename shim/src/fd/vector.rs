//! `iovec` arrays of the program that a partial call has done in part.
//!
//! The program's array is never written. It is read only after the kernel has
//! read it successfully, so a bad address gives EFAULT and no fault of ours.

use libc::iovec;

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
