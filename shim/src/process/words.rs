//! wordexp(3): a shell's expansions.
//!
//! Command substitution runs a shell and reads what it prints, inside libc: a
//! blocking section, in which another thread may have to feed the command. `~`
//! looks up a user. Words without either, and all words under WRDE_NOCMD but for
//! `~`, only read directories, like glob(3).
//!
//! A cancellation point where it waits for a command: glibc reads the command's output in one
//! (POSIX leaves it open). None where it may look up a user, for which it takes locks of
//! libc's. As natively a cancelled one leaves its pipe, its memory and the command behind.

use super::environment;
use crate::doorway;
use crate::signal::mask;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_char, c_int, c_void, CStr};
use hub::wait::Section;

crate::hooks! {
    Subprocess "section" fn wordexp(words: *const c_char, result: *mut c_void, flags: c_int) -> c_int = expand;
}

/// wordexp.h
const WRDE_NOCMD: c_int = 1 << 2;

unsafe fn expand(words: *const c_char, result: *mut c_void, flags: c_int) -> c_int {
    // SAFETY: the program's own call and string.
    let call = || environment::in_own(|| unsafe { real::wordexp(words, result, flags) });
    match doorway::enter(Group::Subprocess) {
        // SAFETY: as above.
        Some(shim) if unsafe { waits(words, flags) } => {
            // SAFETY: as above.
            let kind = match unsafe { names_users(words) } {
                true => Section::Waits,
                false => {
                    cancel::point(&shim);
                    Section::UnwindsReading
                }
            };
            shim.section("wordexp", kind, || mask::with_own_in_kernel(shim.greenlet, call))
        }
        other => {
            drop(other);
            call()
        }
    }
}

/// Whether the expansion may look up a user.
unsafe fn names_users(words: *const c_char) -> bool {
    // SAFETY: by the caller's contract.
    unsafe { CStr::from_ptr(words) }.to_bytes().contains(&b'~')
}

/// Whether the expansion may do more than read directories.
unsafe fn waits(words: *const c_char, flags: c_int) -> bool {
    // SAFETY: by the caller's contract.
    let words = unsafe { CStr::from_ptr(words) }.to_bytes();
    let commands = flags & WRDE_NOCMD == 0;
    words.iter().any(|b| *b == b'~' || commands && matches!(b, b'$' | b'`'))
}
