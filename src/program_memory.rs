//! Asking whether memory can be read, and reading what may not be there.
//!
//! Where the kernel would read an argument and answer EFAULT, but we must read
//! it ourselves, a bad address has to give EFAULT and not a fault in our code.

use crate::syscall;
use core::mem::MaybeUninit;

/// No page is smaller.
pub(crate) const PAGE: usize = 4096;
/// What is asked for at once: the kernel's `sigset_t`.
const WORD: usize = 8;

/// Whether the kernel can read `length` bytes (at least one word) at `at`.
pub fn readable(at: *const u8, length: usize) -> bool {
    let last = length.saturating_sub(WORD);
    (0..last).step_by(PAGE).chain([last]).all(|offset| readable_word(at.wrapping_add(offset)))
}

/// Copy what is readable of the bytes from `at` on to `into`; how many that were. (None if the
/// kernel refuses process_vm_readv(2): a seccomp filter.)
pub fn copy(at: usize, into: &mut [MaybeUninit<u8>]) -> usize {
    let local = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
    let remote = libc::iovec { iov_base: at as *mut _, iov_len: into.len() };
    // SAFETY: writes into the slice only; the kernel checks the other address.
    unsafe {
        let me = syscall!(libc::SYS_getpid).unwrap_or(0);
        syscall!(libc::SYS_process_vm_readv, me, &raw const local, 1, &raw const remote, 1, 0)
    }
    .unwrap_or(0)
}

/// [`copy`] of bytes that are over others.
pub fn copy_over(at: usize, into: &mut [u8]) -> usize {
    // SAFETY: what is initialised stays so: it is only written to.
    copy(at, unsafe { &mut *(into as *mut [u8] as *mut [MaybeUninit<u8>]) })
}

/// rt_sigprocmask(2) reads its set before it looks at `how`; with a `how` that
/// does not exist it does nothing else.
fn readable_word(at: *const u8) -> bool {
    const NO_SUCH_HOW: i32 = -1;
    // SAFETY: changes nothing; the kernel judges the address.
    let answer = unsafe { syscall!(libc::SYS_rt_sigprocmask, NO_SUCH_HOW, at, 0, WORD) };
    answer != Err(libc::EFAULT)
}
