//! Hooks that leave no frame: they look at the call, then jump to the function
//! that shall answer it, which sees the program's own return address.
//!
//! Two kinds of function need that: `vfork` returns twice into its caller's
//! frame, and `dlopen` searches the RUNPATH of the object that called it.

/// `tail_call!(name = choose)`: exports `name`; `choose()` returns the address
/// to jump to. Up to four arguments are preserved.
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
            #[cfg(target_arch = "x86_64")]
            core::arch::naked_asm!(
                "push rdi", "push rsi", "push rdx", "push rcx", "sub rsp, 8",
                "call {choose}",
                "add rsp, 8", "pop rcx", "pop rdx", "pop rsi", "pop rdi",
                "jmp rax",
                choose = sym $choose,
            );
            #[cfg(target_arch = "aarch64")]
            core::arch::naked_asm!(
                "stp x29, x30, [sp, #-48]!", "stp x0, x1, [sp, #16]", "stp x2, x3, [sp, #32]",
                "bl {choose}",
                "mov x16, x0",
                "ldp x2, x3, [sp, #32]", "ldp x0, x1, [sp, #16]", "ldp x29, x30, [sp], #48",
                "br x16",
                choose = sym $choose,
            );
        }
    };
}
