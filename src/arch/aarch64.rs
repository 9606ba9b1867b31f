//! aarch64: TPIDR_EL0, TLS variant I.
//!
//! ```text
//!   low                                                     high
//!   | struct pthread | tcbhead_t (DTV, private) | static TLS (grows up) |
//!                    ^ thread pointer (TPIDR_EL0)
//! ```
//! The stack guard is a global of ld.so here, so the control block has no word
//! to copy and no self pointer; the DTV is its first word.
//!
//! This file is written to the same contract as `x86_64.rs`. `tests/aarch64` runs it on
//! an emulator.

mod signal_frame;
mod stack;

pub use signal_frame::*;
pub use stack::*;

use core::arch::{asm, global_asm};
use core::cell::Cell;
use core::ffi::c_void;
use core::sync::atomic::{AtomicU64, Ordering};

/// The words of the control block that a new one copies from its creator.
pub const TCB_COPIED: &[usize] = &[];
/// `header.multiple_threads` of glibc's `struct pthread`, 32 bits.
pub const MULTIPLE_THREADS: isize = 0;
/// The words that hold the control block's own address.
pub const TCB_SELF: &[usize] = &[];
/// Where the pointer to the dynamic thread vector is.
pub const TCB_DTV: usize = 0;
/// Words that hold glibc's `__pthread_unwind_buf_t`: a jump buffer with its
/// mask flag and four private words. Only glibc reads or writes them.
pub const UNWIND_BUF_WORDS: usize = 48;
/// Static TLS lies above the thread pointer, `struct pthread` below it.
pub const TLS_BELOW_TP: bool = false;

global_asm!(
    ".section .tbss.geventrs_current,\"awT\",@nobits",
    ".hidden geventrs_current",
    ".globl geventrs_current",
    ".type geventrs_current,@object",
    ".size geventrs_current,8",
    ".p2align 3",
    "geventrs_current:",
    ".zero 8",
    ".text",
);

/// Nothing to choose: user space may always write TPIDR_EL0.
pub fn init(_hwcap2: u64) {}

/// The thread pointer of the running code.
#[inline(always)]
pub fn thread_pointer() -> *mut u8 {
    let tp: *mut u8;
    // SAFETY: reads a register.
    unsafe { asm!("mrs {}, tpidr_el0", out(reg) tp, options(nostack, preserves_flags)) }
    tp
}

/// Make `tp` the running code's thread pointer.
///
/// # Safety
/// As on x86-64.
#[inline(always)]
pub unsafe fn set_thread_pointer(tp: *mut u8) {
    // SAFETY: by the caller's contract.
    unsafe { asm!("msr tpidr_el0, {}", in(reg) tp, options(nostack, preserves_flags)) }
}

/// Distance from a thread pointer to the library's thread-local word.
#[inline(always)]
pub fn current_offset() -> isize {
    let offset: isize;
    // SAFETY: reads a GOT entry that the loader has filled.
    unsafe {
        asm!("adrp {0}, :gottprel:geventrs_current",
            "ldr {0}, [{0}, :gottprel_lo12:geventrs_current]",
            out(reg) offset, options(nostack, preserves_flags, readonly));
    }
    offset
}

/// The library's thread-local word in the running TLS block.
#[inline(always)]
pub fn current() -> *mut c_void {
    // SAFETY: the word is part of every TLS block's static area.
    unsafe { *(thread_pointer().offset(current_offset()) as *const *mut c_void) }
}

/// Set the library's thread-local word in the running TLS block.
#[inline(always)]
pub fn set_current(value: *mut c_void) {
    // SAFETY: the word is ours alone.
    unsafe { *(thread_pointer().offset(current_offset()) as *mut *mut c_void) = value }
}

/// Have memory brought near that will be used soon. Any address will do.
#[inline(always)]
pub fn prefetch(at: *const u8) {
    // SAFETY: a hint: no access, and no fault.
    unsafe {
        asm!("prfm pldl1keep, [{}]", in(reg) at, options(nostack, preserves_flags, readonly));
    }
}

/// A 32-bit field at `offset` from the thread pointer.
///
/// # Safety
/// The field must exist in every control block.
#[inline(always)]
pub unsafe fn load_u32_at_tp(offset: isize) -> u32 {
    // SAFETY: by the caller's contract.
    unsafe { *(thread_pointer().offset(offset) as *const u32) }
}

/// A system call. Returns the kernel's answer: `-errno` on failure.
///
/// # Safety
/// As the system call's own.
#[inline(always)]
pub unsafe fn syscall(
    nr: i64,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> isize {
    let ret: isize;
    // SAFETY: the kernel preserves everything but x0.
    unsafe {
        asm!("svc 0", in("x8") nr, inlateout("x0") a => ret, in("x1") b, in("x2") c,
            in("x3") d, in("x4") e, in("x5") f, options(nostack));
    }
    ret
}

/// Compare-and-swap; there is no cheaper form than the real one here.
///
/// # Safety
/// `word` must be valid and aligned.
#[inline(always)]
pub unsafe fn cas_u64_local(word: *mut u64, old: u64, new: u64) -> u64 {
    // SAFETY: by the caller's contract.
    let word = unsafe { AtomicU64::from_ptr(word) };
    match word.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire) {
        Ok(v) | Err(v) => v,
    }
}

/// A thread's floating-point modes and flags; see the x86-64 file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct FpControl {
    fpcr: u32,
    fpsr: u32,
}

impl FpControl {
    /// No thread's: not all of its bits exist.
    pub const NONE: FpControl = FpControl { fpcr: u32::MAX, fpsr: u32::MAX };
}

/// Store the running code's twice.
#[inline(always)]
pub fn save_fp_control_twice(to: &Cell<FpControl>, and: &Cell<FpControl>) {
    save_fp_control(to);
    and.set(to.get());
}

/// Store the running code's.
#[inline(always)]
pub fn save_fp_control(to: &Cell<FpControl>) {
    let (fpcr, fpsr): (u64, u64);
    // SAFETY: reads two registers.
    unsafe {
        asm!("mrs {}, fpcr", "mrs {}, fpsr", out(reg) fpcr, out(reg) fpsr,
            options(nostack, preserves_flags));
    }
    to.set(FpControl { fpcr: fpcr as u32, fpsr: fpsr as u32 });
}

/// The running code's.
pub fn fp_control() -> FpControl {
    let control = Cell::new(FpControl::default());
    save_fp_control(&control);
    control.get()
}

/// Load what [`fp_control`] has given.
#[inline(always)]
pub fn set_fp_control(control: FpControl) {
    // SAFETY: values that the registers had before.
    unsafe {
        asm!("msr fpcr, {}", "msr fpsr, {}", in(reg) control.fpcr as u64, in(reg) control.fpsr as u64,
            options(nostack, preserves_flags));
    }
}
