//! aarch64: from stack to stack, and a thread's first frame. See [`super`].

use core::arch::naked_asm;
use core::ffi::c_void;

/// What [`swap`] and [`suspend_by`] leave on a stack: [`SAVED_BY_SWAP`].
macro_rules! store_registers {
    () => {
        concat!(
            "stp x19, x20, [sp, #-160]!\n",
            "stp x21, x22, [sp, #16]\n",
            "stp x23, x24, [sp, #32]\n",
            "stp x25, x26, [sp, #48]\n",
            "stp x27, x28, [sp, #64]\n",
            "stp x29, x30, [sp, #80]\n",
            "stp d8, d9, [sp, #96]\n",
            "stp d10, d11, [sp, #112]\n",
            "stp d12, d13, [sp, #128]\n",
            "stp d14, d15, [sp, #144]\n",
        )
    };
}

/// Leave the running stack for another; see the x86-64 file for the contract.
///
/// # Safety
/// As on x86-64.
#[unsafe(naked)]
pub unsafe extern "C" fn swap(save: *mut *mut u8, to: *mut u8) {
    naked_asm!(
        store_registers!(),
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
pub unsafe fn saved_by_swap(sp: *const u8) -> Option<crate::arch::Saved> {
    let words = sp.cast::<usize>();
    // SAFETY: `swap` stores x29 and x30 at 80 and 88 of 160 bytes.
    (!sp.is_null()).then(|| unsafe {
        crate::arch::Saved {
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
    naked_asm!(store_registers!(), "mov x9, sp", "str x9, [x0]", "mov x0, x1", "blr x2", "brk #1",)
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
