//! x86-64: from stack to stack, and a thread's first frame. See [`super`].

use core::arch::naked_asm;
use core::ffi::c_void;

/// What [`swap`] and [`suspend_by`] leave on a stack: [`SAVED_BY_SWAP`].
macro_rules! store_registers {
    () => {
        "push rbp; push rbx; push r12; push r13; push r14; push r15"
    };
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
        store_registers!(),
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
pub unsafe fn saved_by_swap(sp: *const u8) -> Option<crate::arch::Saved> {
    let words = sp.cast::<usize>();
    // SAFETY: six registers and the return address, from low to high.
    (!sp.is_null()).then(|| unsafe {
        crate::arch::Saved {
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
        store_registers!(),
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
/// `buf` must point to [`super::UNWIND_BUF_WORDS`] words that stay valid and
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
