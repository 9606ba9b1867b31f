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

use core::arch::{asm, global_asm, naked_asm};
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

/// In a signal's frame; see the x86-64 file for the contract.
///
/// # Safety
/// As on x86-64.
pub unsafe fn end_call(context: &mut libc::ucontext_t, errno: i32, may: fn(i64) -> bool) {
    const SVC: u32 = 0xd400_0001;
    let machine = &mut context.uc_mcontext;
    // SAFETY: code that runs can be read.
    let is_call = unsafe { (machine.pc as *const u32).read() } == SVC;
    if is_call && may(machine.regs[8] as i64) {
        machine.pc += 4;
        machine.regs[0] = -errno as i64 as u64;
    }
}

/// In a signal's frame: whether the code that was interrupted is about to make a system
/// call of a number that `may` accepts (again, after SA_RESTART), or comes back from one
/// with EINTR.
///
/// # Safety
/// `context` is the kernel's.
pub unsafe fn is_in_call(context: &libc::ucontext_t, may: fn(i64) -> bool) -> bool {
    const SVC: u32 = 0xd400_0001;
    let machine = &context.uc_mcontext;
    let ended = machine.regs[0] == -i64::from(libc::EINTR) as u64;
    // SAFETY: code that runs can be read, and so can what it has just executed.
    let is_call = unsafe {
        (machine.pc as *const u32).read() == SVC
            || ended && ((machine.pc - 4) as *const u32).read() == SVC
    };
    is_call && may(machine.regs[8] as i64)
}

/// Copy between the program's buffers; see the x86-64 file for the contract.
///
/// # Safety
/// As on x86-64.
#[unsafe(naked)]
pub unsafe extern "C" fn copy_guarded(to: *mut u8, from: *const u8, length: usize) -> bool {
    naked_asm!(
        "2:",
        "cbz x2, 3f",
        "ldrb w3, [x1], #1",
        "strb w3, [x0], #1",
        "sub x2, x2, #1",
        "b 2b",
        "3:",
        "mov w0, #1",
        "ret",
        ".hidden geventrs_copy_fault",
        ".globl geventrs_copy_fault",
        "geventrs_copy_fault:",
        "mov w0, #0",
        "ret",
    )
}

/// In the handler of a fault; see the x86-64 file for the contract.
///
/// # Safety
/// As on x86-64.
pub unsafe fn recover_copy(context: &mut libc::ucontext_t) -> bool {
    extern "C" {
        fn geventrs_copy_fault();
    }
    let begin = copy_guarded as *const () as u64;
    let end = geventrs_copy_fault as *const () as u64;
    let ours = (begin..end).contains(&context.uc_mcontext.pc);
    if ours {
        context.uc_mcontext.pc = end;
    }
    ours
}

/// The address of the code that a signal's handler returns to: the kernel's own
/// here, which is not told; 0.
pub fn signal_trampoline() -> usize {
    0
}

/// Leave the running stack for another; see the x86-64 file for the contract.
///
/// # Safety
/// As on x86-64.
#[unsafe(naked)]
pub unsafe extern "C" fn swap(save: *mut *mut u8, to: *mut u8) {
    naked_asm!(
        "stp x19, x20, [sp, #-160]!",
        "stp x21, x22, [sp, #16]",
        "stp x23, x24, [sp, #32]",
        "stp x25, x26, [sp, #48]",
        "stp x27, x28, [sp, #64]",
        "stp x29, x30, [sp, #80]",
        "stp d8, d9, [sp, #96]",
        "stp d10, d11, [sp, #112]",
        "stp d12, d13, [sp, #128]",
        "stp d14, d15, [sp, #144]",
        "mov x9, sp",
        "str x9, [x0]",
        "mov sp, x1",
        "ldp x21, x22, [sp, #16]",
        "ldp x23, x24, [sp, #32]",
        "ldp x25, x26, [sp, #48]",
        "ldp x27, x28, [sp, #64]",
        "ldp x29, x30, [sp, #80]",
        "ldp d8, d9, [sp, #96]",
        "ldp d10, d11, [sp, #112]",
        "ldp d12, d13, [sp, #128]",
        "ldp d14, d15, [sp, #144]",
        "ldp x19, x20, [sp], #160",
        "ret",
    )
}

/// The words that [`swap`] leaves, from low to high.
pub const SAVED_BY_SWAP: &core::ffi::CStr =
    c"x19,x20,x21,x22,x23,x24,x25,x26,x27,x28,x29,pc,d8,d9,d10,d11,d12,d13,d14,d15";

/// The registers that [`swap`] has left at `sp`; `None` if it has not.
///
/// # Safety
/// `sp` is null or was stored by `swap`, and nobody has gone on with it.
pub unsafe fn saved_by_swap(sp: *const u8) -> Option<super::Saved> {
    let words = sp.cast::<usize>();
    // SAFETY: `swap` stores x29 and x30 at 80 and 88 of 160 bytes.
    (!sp.is_null()).then(|| unsafe {
        super::Saved {
            pc: words.add(11).read(),
            sp: words.add(20) as usize,
            fp: words.add(10).read(),
            bx: 0,
        }
    })
}

/// Store where a [`swap`] can take up the running stack, and go elsewhere by other
/// means; see the x86-64 file for the contract.
///
/// # Safety
/// As on x86-64.
#[unsafe(naked)]
pub unsafe extern "C" fn suspend_by(
    save: *mut *mut u8,
    arg: *const c_void,
    away: extern "C" fn(*const c_void) -> !,
) {
    naked_asm!(
        "stp x19, x20, [sp, #-160]!",
        "stp x21, x22, [sp, #16]",
        "stp x23, x24, [sp, #32]",
        "stp x25, x26, [sp, #48]",
        "stp x27, x28, [sp, #64]",
        "stp x29, x30, [sp, #80]",
        "stp d8, d9, [sp, #96]",
        "stp d10, d11, [sp, #112]",
        "stp d12, d13, [sp, #128]",
        "stp d14, d15, [sp, #144]",
        "mov x9, sp",
        "str x9, [x0]",
        "mov x0, x1",
        "blr x2",
        "brk #1",
    )
}

/// Call `look(arg)` on a stack that [`swap`] has left, below what it has stored at
/// `sp`: to an unwinder `look` is called from where that stack was left.
///
/// # Safety
/// As on x86-64.
#[unsafe(naked)]
pub unsafe extern "C" fn on_stack_left(
    sp: *mut u8,
    look: extern "C" fn(*mut c_void),
    arg: *mut c_void,
) {
    naked_asm!(
        ".cfi_startproc",
        "stp x29, x30, [sp, #-32]!",
        "stp x19, x20, [sp, #16]",
        "mov x20, sp",
        "mov x19, x0",
        "mov sp, x0",
        "mov x0, x2",
        // The other stack's caller: as `swap` has stored its registers.
        ".cfi_def_cfa x19, 160",
        ".cfi_offset x19, -160",
        ".cfi_offset x20, -152",
        ".cfi_offset x21, -144",
        ".cfi_offset x22, -136",
        ".cfi_offset x23, -128",
        ".cfi_offset x24, -120",
        ".cfi_offset x25, -112",
        ".cfi_offset x26, -104",
        ".cfi_offset x27, -96",
        ".cfi_offset x28, -88",
        ".cfi_offset x29, -80",
        ".cfi_offset x30, -72",
        "blr x1",
        "nop",
        "mov sp, x20",
        "ldp x19, x20, [sp, #16]",
        "ldp x29, x30, [sp], #32",
        "ret",
        ".cfi_endproc",
    )
}

/// Make a stack for [`swap`]; see the x86-64 file for the contract.
///
/// # Safety
/// As on x86-64.
pub unsafe fn prepare(top: usize, entry: extern "C-unwind" fn() -> !) -> *mut u8 {
    let frame = (top - 160) as *mut usize;
    // SAFETY: by the caller's contract; x30 is the entry, all else zero.
    unsafe {
        for i in 0..20 {
            frame.add(i).write(0);
        }
        frame.add(11).write(entry as usize);
    }
    frame.cast()
}

extern "C" {
    fn __sigsetjmp(buf: *mut c_void, save_mask: i32) -> i32;
    fn __pthread_register_cancel(buf: *mut c_void);
    fn __pthread_unregister_cancel(buf: *mut c_void);
}

/// Call `f` on another stack; see the x86-64 file for the contract.
///
/// # Safety
/// As on x86-64.
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn call_on(
    top: usize,
    f: unsafe extern "C-unwind" fn(i32, *mut libc::siginfo_t, *mut c_void),
    a: i32,
    b: *mut libc::siginfo_t,
    c: *mut c_void,
) {
    naked_asm!(
        ".cfi_startproc",
        "stp x29, x30, [sp, #-16]!",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset x29, -16",
        ".cfi_offset x30, -8",
        "mov x29, sp",
        ".cfi_def_cfa_register x29",
        "mov x9, x1",
        "mov sp, x0",
        "mov w0, w2",
        "mov x1, x3",
        "mov x2, x4",
        "blr x9",
        "mov sp, x29",
        "ldp x29, x30, [sp], #16",
        "ret",
        ".cfi_endproc",
    )
}

/// The first frame of a thread; see the x86-64 file for the contract.
///
/// # Safety
/// As on x86-64.
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn thread_base(
    start: unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void,
    arg: *mut c_void,
    buf: *mut c_void,
    unwound: *mut c_void,
) -> *mut c_void {
    naked_asm!(
        ".cfi_startproc",
        "stp x29, x30, [sp, #-48]!",
        ".cfi_def_cfa_offset 48",
        ".cfi_offset x29, -48",
        "mov x29, sp",
        // No caller: see the x86-64 file.
        ".cfi_undefined x30",
        "stp x19, x20, [sp, #16]",
        "stp x21, x22, [sp, #32]",
        ".cfi_offset x19, -32",
        ".cfi_offset x20, -24",
        ".cfi_offset x21, -16",
        ".cfi_offset x22, -8",
        "mov x19, x0",
        "mov x20, x1",
        "mov x21, x2",
        "mov x22, x3",
        "mov x0, x21",
        "mov w1, #0",
        "bl {setjmp}",
        "cbnz w0, 2f",
        "mov x0, x21",
        "bl {register}",
        "mov x0, x20",
        "mov x29, #0",
        "blr x19",
        "mov x22, x0",
        "2:",
        "mov x0, x21",
        "bl {unregister}",
        "mov x0, x22",
        "ldp x21, x22, [sp, #32]",
        "ldp x19, x20, [sp, #16]",
        "ldp x29, x30, [sp], #48",
        "ret",
        ".cfi_endproc",
        setjmp = sym __sigsetjmp,
        register = sym __pthread_register_cancel,
        unregister = sym __pthread_unregister_cancel,
    )
}
