//! The entries of hooks: where a program's call arrives.
//!
//! An entry leaves no frame. While nobody wants to know what the program does
//! ([`hub::observe`]), it is a load, a branch that is not taken, and a jump to the hook's
//! function. When somebody does, it notes where it was called from (the return
//! address, which only assembly can see) and where the stack was, in the running greenlet's
//! ledger, and jumps to [`observe`] around the same function.

use crate::doorway::{errno, set_errno};
use hub::observe::call::{self, Hook};

/// Call a hook's function, observed; or libc's function in its place
/// ([`by_itself`](crate::by_itself)).
#[inline(never)]
pub fn observe<R>(hook: &'static Hook, arguments: &[u64], body: impl FnOnce() -> R) -> R {
    let before = errno();
    let observed = call::begin(hook, arguments);
    set_errno(before);
    let result = body();
    if let Some(observed) = observed {
        let after = errno();
        observed.end(call::word(&result), after);
        set_errno(after);
    }
    result
}

/// Where an entry goes when somebody wants to know: with the address of the observing
/// function in `rax` (`x17`), which no C function takes an argument in.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub unsafe extern "C" fn note() {
    core::arch::naked_asm!(
        "mov r11, qword ptr [rip + geventrs_current@GOTTPOFF]",
        "mov r11, fs:[r11]",
        "test r11, r11",
        "jz 2f",
        "mov r11, [r11 + {ledger}]",
        "test r11, r11",
        "jnz 3f",
        "jmp rax",
        "2:",
        "mov r11, [rip + {early}]",
        "3:",
        "mov r10, [rsp]",
        "mov [r11 + {site}], r10",
        "mov [r11 + {sp}], rsp",
        "jmp rax",
        ledger = const core::mem::offset_of!(hub::greenlet::Greenlet, ledger),
        early = sym hub::observe::ledger::EARLY_ADDRESS,
        site = const hub::observe::ledger::SITE,
        sp = const hub::observe::ledger::SP,
    );
}

/// As on x86-64.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub unsafe extern "C" fn note() {
    core::arch::naked_asm!(
        "mrs x16, tpidr_el0",
        "adrp x15, :gottprel:geventrs_current",
        "ldr x15, [x15, #:gottprel_lo12:geventrs_current]",
        "ldr x16, [x16, x15]",
        "cbz x16, 2f",
        "ldr x16, [x16, #{ledger}]",
        "cbnz x16, 3f",
        "br x17",
        "2:",
        "adrp x16, {early}",
        "ldr x16, [x16, #:lo12:{early}]",
        "3:",
        "str x30, [x16, #{site}]",
        "mov x15, sp",
        "str x15, [x16, #{sp}]",
        "br x17",
        ledger = const core::mem::offset_of!(hub::greenlet::Greenlet, ledger),
        early = sym hub::observe::ledger::EARLY_ADDRESS,
        site = const hub::observe::ledger::SITE,
        sp = const hub::observe::ledger::SP,
    );
}

/// `entry!(name(arguments) [result])`: exports `name`, which goes to `name::plain` or, by
/// [`note`], to `name::observed`. `with (x86-64) (aarch64)`: an instruction before.
#[macro_export]
macro_rules! entry {
    ($symbol:ident ($($arg:ident : $ty:ty),* $(,)?) [$($ret:ty)?] $(with ($amd:expr) ($arm:expr))?) => {
        #[doc = concat!("Hook of `", stringify!($symbol), "`.")]
        ///
        /// # Safety
        /// As the libc function's.
        #[no_mangle]
        #[unsafe(naked)]
        pub unsafe extern "C-unwind" fn $symbol($($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            core::arch::naked_asm!(
                $($amd,)?
                "cmp byte ptr [rip + {wanted}], 0",
                "jne 2f",
                "jmp {plain}",
                "2:",
                "lea rax, [rip + {observed}]",
                "jmp {note}",
                wanted = sym hub::observe::WANTED,
                plain = sym $symbol::plain,
                observed = sym $symbol::observed,
                note = sym $crate::entry::note,
            );
            #[cfg(target_arch = "aarch64")]
            core::arch::naked_asm!(
                $($arm,)?
                "adrp x16, {wanted}",
                "ldrb w16, [x16, #:lo12:{wanted}]",
                "cbnz w16, 2f",
                "b {plain}",
                "2:",
                "adrp x17, {observed}",
                "add x17, x17, #:lo12:{observed}",
                "b {note}",
                wanted = sym hub::observe::WANTED,
                plain = sym $symbol::plain,
                observed = sym $symbol::observed,
                note = sym $crate::entry::note,
            );
        }
    };
}
