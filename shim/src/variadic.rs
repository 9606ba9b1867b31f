//! Hooks of variadic functions whose variable arguments are of any type.
//!
//! C's variadic functions come in pairs: `syslog` takes arguments, `vsyslog` a
//! `va_list`. Stable Rust cannot define the former, so its hook is a few
//! instructions that make a `va_list` of the arguments, as a C compiler does,
//! and call the latter's. (Functions whose arguments are all integers need none
//! of this: see [`table`](crate::table).)

/// `variadic!(name(fixed) = body)`: exports `name`, which has `fixed` (at most
/// five) named integer or pointer arguments and a variable list; `body` is
/// called with the former and a pointer to the `va_list`, which is how both
/// architectures pass one. Its result is passed on.
#[macro_export]
macro_rules! variadic {
    ($(#[doc = $doc:expr])* $name:ident(1) = $body:path) => {
        $crate::variadic! { @ $(#[doc = $doc])* $name, 1, "rsi", "x1", $body }
    };
    ($(#[doc = $doc:expr])* $name:ident(2) = $body:path) => {
        $crate::variadic! { @ $(#[doc = $doc])* $name, 2, "rdx", "x2", $body }
    };
    ($(#[doc = $doc:expr])* $name:ident(3) = $body:path) => {
        $crate::variadic! { @ $(#[doc = $doc])* $name, 3, "rcx", "x3", $body }
    };
    (@ $(#[doc = $doc:expr])* $name:ident, $fixed:literal, $list64:literal, $list_arm:literal, $body:path) => {
        $(#[doc = $doc])*
        ///
        /// # Safety
        /// As the libc function's.
        #[no_mangle]
        #[unsafe(naked)]
        pub unsafe extern "C-unwind" fn $name() {
            // The System V ABI's register save area at the stack pointer, 176
            // bytes, and above it the list: gp_offset, fp_offset,
            // overflow_arg_area, reg_save_area.
            #[cfg(target_arch = "x86_64")]
            core::arch::naked_asm!(
                ".cfi_startproc",
                "push rbp",
                ".cfi_def_cfa_offset 16",
                ".cfi_offset rbp, -16",
                "mov rbp, rsp",
                ".cfi_def_cfa_register rbp",
                "sub rsp, 208",
                "mov [rsp], rdi",
                "mov [rsp + 8], rsi",
                "mov [rsp + 16], rdx",
                "mov [rsp + 24], rcx",
                "mov [rsp + 32], r8",
                "mov [rsp + 40], r9",
                "test al, al",
                "je 2f",
                "movaps [rsp + 48], xmm0",
                "movaps [rsp + 64], xmm1",
                "movaps [rsp + 80], xmm2",
                "movaps [rsp + 96], xmm3",
                "movaps [rsp + 112], xmm4",
                "movaps [rsp + 128], xmm5",
                "movaps [rsp + 144], xmm6",
                "movaps [rsp + 160], xmm7",
                "2:",
                "mov dword ptr [rsp + 176], 8 * {fixed}",
                "mov dword ptr [rsp + 180], 48",
                "lea rax, [rbp + 16]",
                "mov [rsp + 184], rax",
                "mov [rsp + 192], rsp",
                concat!("lea ", $list64, ", [rsp + 176]"),
                "call {body}",
                "leave",
                ".cfi_def_cfa rsp, 8",
                "ret",
                ".cfi_endproc",
                fixed = const $fixed,
                body = sym $body,
            );
            // AAPCS64: the list at 16 (stack, gr_top, vr_top, gr_offs, vr_offs),
            // x0 to x7 at 48, q0 to q7 at 112.
            #[cfg(target_arch = "aarch64")]
            core::arch::naked_asm!(
                ".cfi_startproc",
                "stp x29, x30, [sp, #-240]!",
                ".cfi_def_cfa_offset 240",
                ".cfi_offset x29, -240",
                ".cfi_offset x30, -232",
                "mov x29, sp",
                "stp x0, x1, [sp, #48]",
                "stp x2, x3, [sp, #64]",
                "stp x4, x5, [sp, #80]",
                "stp x6, x7, [sp, #96]",
                "stp q0, q1, [sp, #112]",
                "stp q2, q3, [sp, #144]",
                "stp q4, q5, [sp, #176]",
                "stp q6, q7, [sp, #208]",
                "add x9, sp, #240",
                "str x9, [sp, #16]",
                "add x10, sp, #112",
                "str x10, [sp, #24]",
                "str x9, [sp, #32]",
                "mov w9, #-(64 - 8 * {fixed})",
                "str w9, [sp, #40]",
                "mov w9, #-128",
                "str w9, [sp, #44]",
                concat!("add ", $list_arm, ", sp, #16"),
                "bl {body}",
                "ldp x29, x30, [sp], #240",
                "ret",
                ".cfi_endproc",
                fixed = const $fixed,
                body = sym $body,
            );
        }
    };
}
