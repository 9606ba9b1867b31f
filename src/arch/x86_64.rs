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

use core::arch::{asm, global_asm, naked_asm};
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

/// Leave the running stack for another: store where this one can be taken up
/// again in `*save`, and go on where `to` says. Returns when somebody, on
/// whatever OS thread, goes on with what was stored.
///
/// # Safety
/// `to` was stored by `swap` or made by [`prepare`], and nobody has gone on with
/// it. Thread pointer and floating-point modes are the caller's business.
#[unsafe(naked)]
pub unsafe extern "C" fn swap(save: *mut *mut u8, to: *mut u8) {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov [rdi], rsp",
        "mov rsp, rsi",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

/// The words that [`swap`] leaves, from low to high.
pub const SAVED_BY_SWAP: &core::ffi::CStr = c"r15,r14,r13,r12,rbx,rbp,rip";

/// The registers that [`swap`] has left at `sp`; `None` if it has not.
///
/// # Safety
/// `sp` is null or was stored by `swap`, and nobody has gone on with it.
pub unsafe fn saved_by_swap(sp: *const u8) -> Option<super::Saved> {
    let words = sp.cast::<usize>();
    // SAFETY: six registers and the return address, from low to high.
    (!sp.is_null()).then(|| unsafe {
        super::Saved {
            pc: words.add(6).read(),
            sp: words.add(7) as usize,
            fp: words.add(5).read(),
            bx: words.add(4).read(),
        }
    })
}

/// Store in `*save` where a later [`swap`] can take up the running stack, as
/// `swap` itself would, and call `away(arg)`, which goes elsewhere by other means
/// and never returns. Returns when somebody goes on with what was stored; whatever
/// `away` had on this stack is gone then.
///
/// # Safety
/// As [`swap`]; the frames of `away` own nothing.
#[unsafe(naked)]
pub unsafe extern "C" fn suspend_by(
    save: *mut *mut u8,
    arg: *const c_void,
    away: extern "C" fn(*const c_void) -> !,
) {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov [rdi], rsp",
        "mov rdi, rsi",
        "sub rsp, 8",
        "call rdx",
        "ud2",
    )
}

/// Call `look(arg)` on a stack that [`swap`] has left, below what it has stored at
/// `sp`: to an unwinder `look` is called from where that stack was left.
///
/// # Safety
/// `sp` was stored by `swap` or [`suspend_by`], nobody goes on with it meanwhile, and
/// there is room below it. `look` does not unwind.
#[unsafe(naked)]
pub unsafe extern "C" fn on_stack_left(
    sp: *mut u8,
    look: extern "C" fn(*mut c_void),
    arg: *mut c_void,
) {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        "push rbx",
        "push r12",
        "mov r12, rsp",
        "mov rbx, rdi",
        "mov rsp, rdi",
        "and rsp, -16",
        "mov rdi, rdx",
        // The other stack's caller: six registers, then the return address.
        ".cfi_def_cfa rbx, 56",
        ".cfi_offset rbp, -16",
        ".cfi_offset rbx, -24",
        ".cfi_offset r12, -32",
        ".cfi_offset r13, -40",
        ".cfi_offset r14, -48",
        ".cfi_offset r15, -56",
        "call rsi",
        "nop",
        "mov rsp, r12",
        ".cfi_def_cfa rsp, 32",
        ".cfi_restore r13",
        ".cfi_restore r14",
        ".cfi_restore r15",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        ".cfi_endproc",
    )
}

/// Make a stack that ends at `top` such that a [`swap`] to the result calls
/// `entry` on it.
///
/// # Safety
/// The memory below `top`, which is aligned to 16 bytes, is the caller's.
pub unsafe fn prepare(top: usize, entry: extern "C-unwind" fn() -> !) -> *mut u8 {
    let words = top as *mut usize;
    // SAFETY: by the caller's contract. Six registers, the entry, and the null
    // return address at which backtraces end.
    unsafe {
        for i in 1..=8 {
            words.sub(i).write(0);
        }
        words.sub(2).write(entry as usize);
        words.sub(8).cast()
    }
}

/// Call `f` with three arguments on the stack that ends at `top`, a multiple of 16.
/// Unwinders pass from there to the caller's stack.
///
/// # Safety
/// The stack is the caller's to use, and `f` may be called so.
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
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "mov rax, rsi",
        "mov rsp, rdi",
        "mov edi, edx",
        "mov rsi, rcx",
        "mov rdx, r8",
        "call rax",
        "mov rsp, rbp",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
    )
}

extern "C" {
    fn __sigsetjmp(buf: *mut c_void, save_mask: i32) -> i32;
    fn __pthread_register_cancel(buf: *mut c_void);
    fn __pthread_unregister_cancel(buf: *mut c_void);
}

/// The first frame of a thread: calls `start(arg)` and returns what it
/// returned, or returns `unwound` when a forced unwind (`pthread_exit`, a
/// cancellation) has run through every frame above this one.
///
/// glibc's unwinder ends at the outermost registered buffer and jumps to it;
/// this frame registers one exactly as glibc's own `start_thread` does. It is
/// assembly because `__sigsetjmp` returns twice, which Rust code must not.
///
/// Its description for unwinders says that it has no caller, as that of glibc's
/// first frame of a thread does: what lies further up belongs to whoever made the
/// stack, and may have gone on since.
///
/// # Safety
/// `buf` must point to [`UNWIND_BUF_WORDS`] words that stay valid and
/// unmoved until the function returns.
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn thread_base(
    start: unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void,
    arg: *mut c_void,
    buf: *mut c_void,
    unwound: *mut c_void,
) -> *mut c_void {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        ".cfi_undefined rip",
        "push rbx",
        ".cfi_def_cfa_offset 24",
        "push r12",
        ".cfi_def_cfa_offset 32",
        "push r13",
        ".cfi_def_cfa_offset 40",
        "push r14",
        ".cfi_def_cfa_offset 48",
        ".cfi_offset rbx, -24",
        ".cfi_offset r12, -32",
        ".cfi_offset r13, -40",
        ".cfi_offset r14, -48",
        "mov rbx, rdi",
        "mov r12, rsi",
        "mov r13, rdx",
        "mov r14, rcx",
        "mov rdi, r13",
        "xor esi, esi",
        "call {setjmp}",
        "test eax, eax",
        "jnz 2f",
        "mov rdi, r13",
        "call {register}",
        "mov rdi, r12",
        // Who walks frame pointers (perf, eBPF) ends here, too.
        "xor ebp, ebp",
        "call rbx",
        "mov r14, rax",
        // Both ways out leave the thread's list of buffers as it was. After a
        // forced unwind the callee-saved registers are those of __sigsetjmp.
        "2:",
        "mov rdi, r13",
        "call {unregister}",
        "mov rax, r14",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
        setjmp = sym __sigsetjmp,
        register = sym __pthread_register_cancel,
        unregister = sym __pthread_unregister_cancel,
    )
}
