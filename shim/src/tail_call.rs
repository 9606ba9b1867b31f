//! Hooks that leave no frame: they look at the call, then jump to the function
//! that shall answer it, which sees the program's own return address.
//!
//! `dlopen` needs that: it searches the RUNPATH of the object that called it.

/// `tail_call!(name = choose)`: exports `name`; `choose()` returns the address
/// to jump to. All arguments that are integers or pointers are preserved.
#[macro_export]
macro_rules! tail_call {
    ($(#[doc = $doc:expr])* $name:ident = $choose:path) => {
        $(#[doc = $doc])*
        ///
        /// # Safety
        /// As the libc function's.
        #[no_mangle]
        #[unsafe(naked)]
        pub unsafe extern "C-unwind" fn $name() {
            // `al` tells a variadic function how many vector registers it gets.
            #[cfg(target_arch = "x86_64")]
            core::arch::naked_asm!(
                "push rax", "push rdi", "push rsi", "push rdx", "push rcx", "push r8", "push r9",
                "call {choose}",
                "mov r11, rax",
                "pop r9", "pop r8", "pop rcx", "pop rdx", "pop rsi", "pop rdi", "pop rax",
                "jmp r11",
                choose = sym $choose,
            );
            #[cfg(target_arch = "aarch64")]
            core::arch::naked_asm!(
                "stp x29, x30, [sp, #-80]!",
                "stp x0, x1, [sp, #16]", "stp x2, x3, [sp, #32]",
                "stp x4, x5, [sp, #48]", "stp x6, x7, [sp, #64]",
                "bl {choose}",
                "mov x16, x0",
                "ldp x6, x7, [sp, #64]", "ldp x4, x5, [sp, #48]",
                "ldp x2, x3, [sp, #32]", "ldp x0, x1, [sp, #16]",
                "ldp x29, x30, [sp], #80",
                "br x16",
                choose = sym $choose,
            );
        }
    };
}
