//! Signals.

/// Whether the program has a handler for `signal`.
pub fn handled(signal: i32) -> bool {
    let mut action = core::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: asks only.
    unsafe {
        if libc::sigaction(signal, core::ptr::null(), action.as_mut_ptr()) != 0 {
            return false;
        }
        let handler = action.assume_init().sa_sigaction;
        handler != libc::SIG_DFL && handler != libc::SIG_IGN
    }
}
