//! Asking whether memory can be read.
//!
//! Where the kernel would read an argument and answer EFAULT, but we must read
//! it ourselves, a bad address has to give EFAULT and not a fault in our code.

use crate::syscall;

/// No page is smaller.
pub(crate) const PAGE: usize = 4096;
/// What is asked for at once: the kernel's `sigset_t`.
const WORD: usize = 8;

/// Whether the kernel can read `length` bytes (at least one word) at `at`.
pub fn readable(at: *const u8, length: usize) -> bool {
    let last = length.saturating_sub(WORD);
    (0..last).step_by(PAGE).chain([last]).all(|offset| readable_word(at.wrapping_add(offset)))
}

/// rt_sigprocmask(2) reads its set before it looks at `how`; with a `how` that
/// does not exist it does nothing else.
fn readable_word(at: *const u8) -> bool {
    const NO_SUCH_HOW: i32 = -1;
    // SAFETY: changes nothing; the kernel judges the address.
    let answer = unsafe { syscall!(libc::SYS_rt_sigprocmask, NO_SUCH_HOW, at, 0, WORD) };
    answer != Err(libc::EFAULT)
}
