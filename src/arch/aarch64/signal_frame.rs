//! aarch64: the frame of a signal's handler, and what the handler changes of what it
//! interrupted. See [`super`].

use core::arch::naked_asm;

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
