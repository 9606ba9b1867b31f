//! x86-64: FS base, TLS variant II.
//!
//! ```text
//!   low                                                     high
//!   | static TLS of all modules (grows down) | struct pthread |
//!                                            ^ thread pointer (FS base)
//! ```
//! The ABI fixes the first words of the control block at the thread pointer:
//! `+0x00` self, `+0x08` DTV, `+0x10` self again, `+0x18` multiple_threads,
//! `+0x28` stack guard, `+0x30` pointer guard.

mod signal_frame;
mod stack;

pub use signal_frame::*;
pub use stack::*;

use core::arch::{asm, global_asm};
use core::cell::Cell;
use core::ffi::c_void;
use core::sync::atomic::{AtomicBool, Ordering};

/// The words of the control block that a new one copies from its creator.
pub const TCB_COPIED: &[usize] = &[0x28, 0x30];
/// `header.multiple_threads` of glibc's `struct pthread`, 32 bits.
pub const MULTIPLE_THREADS: isize = 0x18;
/// The words that hold the control block's own address.
pub const TCB_SELF: &[usize] = &[0x00, 0x10];
/// Where the pointer to the dynamic thread vector is.
pub const TCB_DTV: usize = 0x08;
/// Words that hold glibc's `__pthread_unwind_buf_t`: a jump buffer with its
/// mask flag and four private words. Only glibc reads or writes them.
pub const UNWIND_BUF_WORDS: usize = 16;
/// Static TLS lies below the thread pointer, `struct pthread` above it.
pub const TLS_BELOW_TP: bool = true;

// The library's one thread-local word. Initial-exec: a preloaded library is
// there when static TLS is laid out, and the access is two loads and no call.
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

static HAS_FSGSBASE: AtomicBool = AtomicBool::new(false);
const HWCAP2_FSGSBASE: u64 = 1 << 1;
const ARCH_SET_FS: usize = 0x1002;

/// Learn from `AT_HWCAP2` whether user space may write the FS base.
pub fn init(hwcap2: u64) {
    HAS_FSGSBASE.store(hwcap2 & HWCAP2_FSGSBASE != 0, Ordering::Relaxed);
}

/// The thread pointer of the running code.
#[inline(always)]
pub fn thread_pointer() -> *mut u8 {
    let tp: *mut u8;
    // SAFETY: the ABI keeps the block's own address in its first word.
    unsafe {
        asm!("mov {}, fs:[0]", out(reg) tp, options(nostack, preserves_flags, readonly));
    }
    tp
}

/// Make `tp` the running code's thread pointer.
///
/// # Safety
/// `tp` must be a complete TLS block that no other OS thread has loaded, and
/// the caller must not hold a reference to a thread-local of the old block.
#[inline(always)]
pub unsafe fn set_thread_pointer(tp: *mut u8) {
    if HAS_FSGSBASE.load(Ordering::Relaxed) {
        // SAFETY: HWCAP2 says that the instruction is enabled; the block is
        // valid by the caller's contract. Memory is clobbered on purpose.
        unsafe { asm!("wrfsbase {}", in(reg) tp, options(nostack, preserves_flags)) }
    } else {
        // SAFETY: as above; the call does not return to a thread-local.
        unsafe {
            syscall(libc::SYS_arch_prctl, ARCH_SET_FS, tp as usize, 0, 0, 0, 0);
        }
    }
}

/// Distance from a thread pointer to the library's thread-local word.
#[inline(always)]
pub fn current_offset() -> isize {
    let offset: isize;
    // SAFETY: reads a GOT entry that the loader has filled.
    unsafe {
        asm!("mov {}, qword ptr [rip + geventrs_current@GOTTPOFF]",
            out(reg) offset, options(nostack, preserves_flags, readonly));
    }
    offset
}

/// The library's thread-local word in the running TLS block.
#[inline(always)]
pub fn current() -> *mut c_void {
    let value: *mut c_void;
    // SAFETY: the word is part of every TLS block's static area.
    unsafe {
        asm!("mov {0}, qword ptr [rip + geventrs_current@GOTTPOFF]",
            "mov {0}, fs:[{0}]",
            out(reg) value, options(nostack, preserves_flags, readonly));
    }
    value
}

/// Set the library's thread-local word in the running TLS block.
#[inline(always)]
pub fn set_current(value: *mut c_void) {
    // SAFETY: the word is ours alone.
    unsafe {
        asm!("mov {0}, qword ptr [rip + geventrs_current@GOTTPOFF]",
            "mov fs:[{0}], {1}",
            out(reg) _, in(reg) value, options(nostack, preserves_flags));
    }
}

/// Have memory brought near that will be used soon. Any address will do.
#[inline(always)]
pub fn prefetch(at: *const u8) {
    // SAFETY: a hint: no access, and no fault.
    unsafe {
        asm!("prefetcht0 [{}]", in(reg) at, options(nostack, preserves_flags, readonly));
    }
}

/// A 32-bit field at `offset` from the thread pointer.
///
/// # Safety
/// The field must exist in every control block.
#[inline(always)]
pub unsafe fn load_u32_at_tp(offset: isize) -> u32 {
    let value: u32;
    // SAFETY: by the caller's contract.
    unsafe {
        asm!("mov {0:e}, fs:[{1}]", out(reg) value, in(reg) offset,
            options(nostack, preserves_flags, readonly));
    }
    value
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
    // SAFETY: the kernel clobbers rcx and r11 only; the rest is the caller's.
    unsafe {
        asm!("syscall", inlateout("rax") nr as isize => ret,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    ret
}

/// Compare-and-swap without the bus lock: atomic against a signal handler on
/// this OS thread (it is one instruction), not against other processors.
/// Returns the previous value.
///
/// # Safety
/// `word` must be valid and aligned, and no other OS thread may write it.
#[inline(always)]
pub unsafe fn cas_u64_local(word: *mut u64, old: u64, new: u64) -> u64 {
    let previous: u64;
    // SAFETY: by the caller's contract.
    unsafe {
        asm!("cmpxchg qword ptr [{0}], {1}", in(reg) word, in(reg) new,
            inlateout("rax") old => previous, options(nostack));
    }
    previous
}

/// A thread's floating-point modes and flags. The calling convention leaves the
/// modes to the callee, and a thread has its own. (Two fields, each of the size
/// that its instruction stores: a wider load just after would have to wait.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct FpControl {
    mxcsr: u32,
    x87: u16,
}

impl FpControl {
    /// No thread's: not all of its bits exist.
    pub const NONE: FpControl = FpControl { mxcsr: u32::MAX, x87: u16::MAX };
}

/// Store the running code's twice. (In pieces: what was stored in two cannot be loaded as
/// one until it has left the processor's store queue.)
#[inline(always)]
pub fn save_fp_control_twice(to: &Cell<FpControl>, and: &Cell<FpControl>) {
    // SAFETY: stores two registers to both.
    unsafe {
        asm!("stmxcsr [{0}]", "fnstcw [{0} + 4]",
            "mov {2:e}, [{0}]", "mov [{1}], {2:e}",
            "movzx {2:e}, word ptr [{0} + 4]", "mov [{1} + 4], {2:x}",
            in(reg) to.as_ptr(), in(reg) and.as_ptr(), out(reg) _,
            options(nostack, preserves_flags));
    }
}

/// Store the running code's.
#[inline(always)]
pub fn save_fp_control(to: &Cell<FpControl>) {
    let to = to.as_ptr();
    // SAFETY: stores two registers.
    unsafe {
        asm!("stmxcsr [{0}]", "fnstcw [{0} + 4]", in(reg) to, options(nostack, preserves_flags));
    }
}

/// The running code's.
pub fn fp_control() -> FpControl {
    let control = Cell::new(FpControl::default());
    save_fp_control(&control);
    control.get()
}

/// Load what [`fp_control`] has given.
#[inline]
pub fn set_fp_control(control: FpControl) {
    // SAFETY: values that the registers had before.
    unsafe {
        asm!("ldmxcsr [{0}]", "fldcw [{0} + 4]", in(reg) &raw const control,
            options(nostack, preserves_flags, readonly));
    }
}
