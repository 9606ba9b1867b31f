//! Functions with `...`: their entry points.
//!
//! The declared-with-most-arguments trick of [`table`](crate::table) does not do
//! for `printf` and `scanf`: their arguments are any number, and may be in
//! vector registers. Two ways are left: look at the call and *jump* to libc's
//! function, as [`tail_call`](crate::tail_call) does, or build a `va_list` and
//! call the `v` form. Only with the second can a hook do something after the
//! call (release a lock), know what will be printed before it is printed, or
//! be unwound while it waits; so that is what these entry points do. It
//! costs next to nothing, because it is what libc's `printf` does, too.
//!
//! ```text
//!   x86-64, from rsp up          aarch64, from sp up
//!     0  rdi rsi rdx rcx r8 r9     0  x29 x30
//!    48  xmm0 ... xmm7            16  va_list
//!   176  va_list                  48  x0 ... x7
//!   208  rbp, return address     112  q0 ... q7
//!   224  the caller's arguments  256  the caller's arguments
//! ```
//!
//! A `va_list` parameter is the address of the structure on both (psABI, AAPCS64).

/// The `va_list` of the C ABI, as an object that can be copied: what has been
/// read through one cannot be read again.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug)]
pub struct VaList {
    #[cfg(target_arch = "x86_64")]
    words: [usize; 3],
    #[cfg(target_arch = "aarch64")]
    words: [usize; 4],
}

impl VaList {
    /// The next argument, which is an integer or a pointer.
    ///
    /// # Safety
    /// There is one.
    pub unsafe fn pointer(&mut self) -> usize {
        // SAFETY: psABI, "the va_list type": offsets into the saved registers in
        // the first word, the address of the arguments on the stack in the second,
        // that of the saved registers in the third.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            let used = self.words[0] as u32 as usize;
            if used < 48 {
                self.words[0] += 8;
                return *((self.words[2] + used) as *const usize);
            }
            let at = self.words[1] as *const usize;
            self.words[1] += 8;
            *at
        }
        // SAFETY: AAPCS64, appendix B: the arguments on the stack, the end of the
        // saved registers, that of the vector registers, and the (negative)
        // offset of what is next.
        #[cfg(target_arch = "aarch64")]
        unsafe {
            let left = self.words[3] as i32;
            if left < 0 {
                let next = (left + 8) as u32 as usize;
                self.words[3] = self.words[3] & !0xffff_ffff | next;
                return *(self.words[1].wrapping_add_signed(left as isize) as *const usize);
            }
            let at = self.words[0] as *const usize;
            self.words[0] += 8;
            *at
        }
    }
}

/// What is shown of the named arguments of such a function: the last one is a format.
pub const fn parameters(name: &str, named: usize) -> &'static [(&'static str, &'static str)] {
    const TEXT: &str = "* const c_char";
    let bytes = name.as_bytes();
    let (mut wide, mut n) = (false, 0);
    while n < bytes.len() {
        // wprintf, __isoc99_fwscanf; but not warn.
        wide |= bytes[n] == b'w'
            && n + 1 < bytes.len()
            && (bytes[n + 1] == b'p' || bytes[n + 1] == b's');
        n += 1;
    }
    match (named, wide) {
        (1, false) => &[("format", TEXT)],
        (1, true) => &[("format", "* const wchar_t")],
        (2, _) if bytes[0] == b'e' && bytes[1] == b'x' => &[("path", TEXT), ("arg0", TEXT)],
        (2, false) => &[("to", "word"), ("format", TEXT)],
        (2, true) => &[("to", "word"), ("format", "* const wchar_t")],
        (_, false) => &[("to", "word"), ("flag", "c_int"), ("format", TEXT)],
        (_, true) => &[("to", "word"), ("flag", "c_int"), ("format", "* const wchar_t")],
    }
}

/// `variadic!(Group "how it waits" name after N = body)`: exports `name`; `body` gets
/// the N named arguments (1 to 3) and a `*mut VaList`, and returns an `int`. Without a
/// group it is `Sys`.
#[macro_export]
macro_rules! variadic {
    ($name:ident after $n:tt = $body:path) => {
        $crate::variadic!(Sys "readiness" $name after $n = $body);
    };
    ($how:literal $name:ident after $n:tt = $body:path) => {
        $crate::variadic!(Sys $how $name after $n = $body);
    };
    ($group:ident $how:literal $name:ident after 1 = $body:path) => {
        $crate::variadic!(@ $group, $how, $name, "rsi", "x1", 8, -56, 1, $body);
    };
    ($group:ident $how:literal $name:ident after 2 = $body:path) => {
        $crate::variadic!(@ $group, $how, $name, "rdx", "x2", 16, -48, 2, $body);
    };
    ($group:ident $how:literal $name:ident after 3 = $body:path) => {
        $crate::variadic!(@ $group, $how, $name, "rcx", "x3", 24, -40, 3, $body);
    };
    (@ $group:ident, $how:literal, $name:ident, $amd:literal, $arm:literal, $gp:literal, $gr:literal, $named:literal, $body:path) => {
        #[allow(non_camel_case_types)]
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            /// The body with an account of the call. Integers and pointers arrive in the same
            /// registers, whatever they are called.
            #[cfg(target_arch = "x86_64")]
            pub(super) unsafe extern "C-unwind" fn observed(a: usize, b: usize, c: usize, d: usize) -> usize {
                static HOOK: hub::observe::call::Hook = hub::observe::call::Hook::new(
                    stringify!($name),
                    stringify!($group),
                    $how,
                    $crate::variadic::parameters(stringify!($name), $named),
                    "c_int",
                );
                type Body = unsafe extern "C-unwind" fn(usize, usize, usize, usize) -> usize;
                $crate::entry::observe(&HOOK, &[a as u64, b as u64, c as u64][..$named], || {
                    // SAFETY: a body's own registers.
                    unsafe { core::mem::transmute::<*const (), Body>($body as *const ())(a, b, c, d) }
                })
            }
        }
        #[doc = concat!("Hook of `", stringify!($name), "`: builds a `va_list`.")]
        ///
        /// # Safety
        /// As the libc function's.
        #[no_mangle]
        #[unsafe(naked)]
        pub unsafe extern "C-unwind" fn $name() {
            #[cfg(target_arch = "x86_64")]
            core::arch::naked_asm!(
                ".cfi_startproc",
                "cmp byte ptr [rip + {wanted}], 0",
                "jne 4f",
                "3:",
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
                // al: whether there is anything in vector registers.
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
                concat!("mov dword ptr [rsp + 176], ", $gp),
                "mov dword ptr [rsp + 180], 48",
                "lea rax, [rbp + 16]",
                "mov [rsp + 184], rax",
                "mov [rsp + 192], rsp",
                concat!("lea ", $amd, ", [rsp + 176]"),
                "cmp byte ptr [rip + {wanted}], 0",
                "jne 7f",
                "call {body}",
                "8:",
                ".cfi_remember_state",
                "leave",
                ".cfi_def_cfa rsp, 8",
                "ret",
                ".cfi_restore_state",
                "7:",
                "call {observed}",
                "jmp 8b",
                // As `entry::note`, but `al` is an argument.
                "4:",
                ".cfi_def_cfa rsp, 8",
                ".cfi_restore rbp",
                "mov r11, qword ptr [rip + geventrs_current@GOTTPOFF]",
                "mov r11, fs:[r11]",
                "test r11, r11",
                "jz 5f",
                "mov r11, [r11 + {ledger}]",
                "test r11, r11",
                "jz 3b",
                "jmp 6f",
                "5:",
                "mov r11, [rip + {early}]",
                "6:",
                "mov r10, [rsp]",
                "mov [r11 + {site}], r10",
                "mov [r11 + {sp}], rsp",
                "jmp 3b",
                ".cfi_endproc",
                body = sym $body,
                observed = sym $name::observed,
                wanted = sym hub::observe::WANTED,
                ledger = const core::mem::offset_of!(hub::greenlet::Greenlet, ledger),
                early = sym hub::observe::ledger::EARLY_ADDRESS,
                site = const hub::observe::ledger::SITE,
                sp = const hub::observe::ledger::SP,
            );
            #[cfg(target_arch = "aarch64")]
            core::arch::naked_asm!(
                ".cfi_startproc",
                "stp x29, x30, [sp, #-256]!",
                ".cfi_def_cfa_offset 256",
                ".cfi_offset x29, -256",
                ".cfi_offset x30, -248",
                "mov x29, sp",
                "stp x0, x1, [sp, #48]",
                "stp x2, x3, [sp, #64]",
                "stp x4, x5, [sp, #80]",
                "stp x6, x7, [sp, #96]",
                "stp q0, q1, [sp, #112]",
                "stp q2, q3, [sp, #144]",
                "stp q4, q5, [sp, #176]",
                "stp q6, q7, [sp, #208]",
                "add x9, sp, #256",
                "str x9, [sp, #16]",
                "add x9, sp, #112",
                "str x9, [sp, #24]",
                "add x9, sp, #240",
                "str x9, [sp, #32]",
                concat!("mov w9, #", $gr),
                "str w9, [sp, #40]",
                "mov w9, #-128",
                "str w9, [sp, #44]",
                concat!("add ", $arm, ", sp, #16"),
                "bl {body}",
                "ldp x29, x30, [sp], #256",
                ".cfi_def_cfa_offset 0",
                ".cfi_restore x29",
                ".cfi_restore x30",
                "ret",
                ".cfi_endproc",
                body = sym $body,
            );
        }
        $crate::hook_row! { $name stringify!($group), $how, [] }
    };
}
