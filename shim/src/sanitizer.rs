//! Programs made with a sanitizer.
//!
//! | sanitizer | here |
//! |---|---|
//! | Address, Leak, Undefined | work. AddressSanitizer's own library wants to be the first of all: it ends the program with a line that says so, or is named first in LD_PRELOAD, which `geventrs run` does |
//! | Thread | keeps its records for kernel threads, and looks for them in the TLS block: so threads stay kernel threads |

/// Whether ThreadSanitizer's library, or its code in the program, is loaded.
fn thread_sanitizer() -> bool {
    let mut at: usize;
    // A weak name is zero where nobody defines it. dlsym(3) would allocate a
    // message if there is none, and rustc takes no address for zero.
    // SAFETY: reads a word that ld.so has filled.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        core::arch::asm!(
            ".weak __tsan_init",
            "mov {at}, qword ptr [rip + __tsan_init@GOTPCREL]",
            at = out(reg) at,
            options(nostack, preserves_flags)
        );
        #[cfg(target_arch = "aarch64")]
        core::arch::asm!(
            ".weak __tsan_init",
            "adrp {at}, :got:__tsan_init",
            "ldr {at}, [{at}, :got_lo12:__tsan_init]",
            at = out(reg) at,
            options(nostack, preserves_flags)
        );
    }
    at != 0
}

/// Say what cannot be, and leave the program alone then; after the settings.
pub fn init() {
    use crate::{settings, table::Group};
    if settings::patched(Group::Thread) && thread_sanitizer() {
        hub::sys::write_stderr(
            b"geventrs: ThreadSanitizer keeps its records for kernel threads: threads stay kernel threads\n",
        );
        settings::disable();
    }
}
