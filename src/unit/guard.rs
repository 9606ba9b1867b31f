//! The guards below the stacks.
//!
//! `vm.max_map_count` is 65,530, so a guard should be none of the mappings: it is a guard
//! region (MADV_GUARD_INSTALL, Linux 6.13), and only where the kernel lacks it a protected
//! page, while a budget lasts.

use super::GUARD;
use crate::{sys, syscall};

/// Guards made with mprotect, at most: each splits a mapping.
const PROTECTED_GUARDS: usize = 15_000;
/// Linux 6.13; not in the libc crate's constants for this target.
const MADV_GUARD_INSTALL: i32 = 102;

/// How guards are made.
#[derive(PartialEq)]
pub(super) enum Guards {
    Region,
    Protect { left: usize },
}

impl Guards {
    /// Guard the lowest page of a unit; returns the guard's size.
    pub(super) fn install(&mut self, start: usize) -> usize {
        loop {
            match self {
                Guards::Region => {
                    // SAFETY: a page of our own that nobody uses.
                    let made =
                        unsafe { syscall!(libc::SYS_madvise, start, GUARD, MADV_GUARD_INSTALL) };
                    if made.is_ok() {
                        return GUARD;
                    }
                    *self = Guards::Protect { left: PROTECTED_GUARDS };
                }
                Guards::Protect { left: 0 } => return 0,
                Guards::Protect { left } => {
                    *left -= 1;
                    if *left == 0 {
                        sys::write_stderr(
                            b"geventrs: this kernel has no guard regions; stacks from here on have no guard page\n",
                        );
                    }
                    // SAFETY: as above.
                    let made =
                        unsafe { syscall!(libc::SYS_mprotect, start, GUARD, libc::PROT_NONE) };
                    return if made.is_ok() { GUARD } else { 0 };
                }
            }
        }
    }
}
