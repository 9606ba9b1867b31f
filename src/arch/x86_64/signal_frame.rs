//! x86-64: the frame of a signal's handler, and what the handler changes of what it
//! interrupted. See [`super`].

use core::arch::naked_asm;

/// What a handler that was installed past libc returns to. (Unwinders know a
/// signal's frame by these very bytes.)
#[unsafe(naked)]
unsafe extern "C" fn sigreturn() {
    naked_asm!(".byte 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0", "syscall")
}

/// In a signal's frame: if the code that was interrupted is about to make a
/// system call (again, after SA_RESTART) of a number that `may` end so, let it
/// have failed with `errno`.
///
/// # Safety
/// `context` is the kernel's.
pub unsafe fn end_call(context: &mut libc::ucontext_t, errno: i32, may: fn(i64) -> bool) {
    const SYSCALL: [u8; 2] = [0x0f, 0x05];
    let registers = &mut context.uc_mcontext.gregs;
    let at = registers[libc::REG_RIP as usize];
    // SAFETY: code that runs can be read (execute-only mappings are nobody's
    // system calls).
    let is_call = unsafe { (at as *const [u8; 2]).read() } == SYSCALL;
    if is_call && may(registers[libc::REG_RAX as usize]) {
        registers[libc::REG_RIP as usize] = at + 2;
        registers[libc::REG_RAX as usize] = -errno as i64;
    }
}

/// In a signal's frame: whether the code that was interrupted is about to make a system
/// call (again, after SA_RESTART) of a number that `may` accepts, or comes back from one
/// with EINTR, as only those do that wait with a time limit (signal(7)): which of these it
/// was is not told, so the caller knows what the code does.
///
/// # Safety
/// `context` is the kernel's.
pub unsafe fn is_in_call(context: &libc::ucontext_t, may: fn(i64) -> bool) -> bool {
    const SYSCALL: [u8; 2] = [0x0f, 0x05];
    let registers = &context.uc_mcontext.gregs;
    let (at, value) = (registers[libc::REG_RIP as usize], registers[libc::REG_RAX as usize]);
    // SAFETY: code that runs can be read, and so can what it has just executed; two bytes
    // before the start of a mapping are read only if a call was interrupted.
    unsafe {
        (at as *const [u8; 2]).read() == SYSCALL && may(value)
            || value == -i64::from(libc::EINTR) && ((at - 2) as *const [u8; 2]).read() == SYSCALL
    }
}

/// Copy `length` bytes between the program's buffers; false if an address of either
/// turns out to be bad, given that the handler of SIGSEGV and SIGBUS calls
/// [`recover_copy`].
///
/// # Safety
/// Where the addresses are good, the memory is the caller's for this.
#[unsafe(naked)]
pub unsafe extern "C" fn copy_guarded(to: *mut u8, from: *const u8, length: usize) -> bool {
    naked_asm!(
        "mov rcx, rdx",
        "shr rcx, 3",
        "jz 3f",
        "2:",
        "mov rax, [rsi]",
        "mov [rdi], rax",
        "add rsi, 8",
        "add rdi, 8",
        "dec rcx",
        "jnz 2b",
        "3:",
        "and edx, 7",
        "jz 5f",
        "4:",
        "mov al, [rsi]",
        "mov [rdi], al",
        "inc rsi",
        "inc rdi",
        "dec edx",
        "jnz 4b",
        "5:",
        "mov eax, 1",
        "ret",
        ".hidden geventrs_copy_fault",
        ".globl geventrs_copy_fault",
        "geventrs_copy_fault:",
        "xor eax, eax",
        "ret",
    )
}

/// In the handler of a fault: if it was [`copy_guarded`]'s, let that return false.
///
/// # Safety
/// `context` is the kernel's.
pub unsafe fn recover_copy(context: &mut libc::ucontext_t) -> bool {
    extern "C" {
        fn geventrs_copy_fault();
    }
    let (begin, end) =
        (copy_guarded as *const () as usize, geventrs_copy_fault as *const () as usize);
    let at = &mut context.uc_mcontext.gregs[libc::REG_RIP as usize];
    let ours = (begin..end).contains(&(*at as usize));
    if ours {
        *at = end as i64;
    }
    ours
}

/// The address of the code that a signal's handler returns to.
pub fn signal_trampoline() -> usize {
    sigreturn as *const () as usize
}
