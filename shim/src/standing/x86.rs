//! What only x86-64 has: iopl(2), ioperm(2), arch_prctl(2).

use super::{change_or_fail, What};
use core::ffi::{c_int, c_ulong};

crate::hooks! {
    Thread "never" fn iopl(level: c_int) -> c_int = set_level;
    Thread "never" fn ioperm(from: c_ulong, count: c_ulong, on: c_int) -> c_int = set_ports;
    Thread "never" fn arch_prctl(code: c_int, address: usize) -> c_int = control, also [__arch_prctl];
}

unsafe fn set_level(level: c_int) -> c_int {
    // SAFETY: the program's own arguments, here and below.
    change_or_fail(What::Attributes, || unsafe { real::iopl(level) })
}

unsafe fn set_ports(from: c_ulong, count: c_ulong, on: c_int) -> c_int {
    // SAFETY: as above.
    change_or_fail(What::Attributes, || unsafe { real::ioperm(from, count, on) })
}

/// Of asm/prctl.h: which codes set something of the calling thread's. (`ARCH_SET_FS` moves
/// the thread's TLS block, without which no function of libc's works, natively either. The
/// others ask, or concern the process.)
pub fn sets_register(code: c_int) -> bool {
    const ARCH_SET_GS: c_int = 0x1001;
    const ARCH_SET_CPUID: c_int = 0x1012;
    matches!(code, ARCH_SET_GS | ARCH_SET_CPUID)
}

unsafe fn control(code: c_int, address: usize) -> c_int {
    // SAFETY: as above.
    let call = || unsafe { real::arch_prctl(code, address) };
    match sets_register(code) {
        true => change_or_fail(What::Attributes, call),
        false => call(),
    }
}
