//! getcontext(3), setcontext(3), swapcontext(3): the mask in a context.
//!
//! As with siglongjmp(3) (see [`jump`](super::jump)): libc saves and restores the
//! kernel's mask, which is the carrier's, in the first word of the context's signal
//! set. The thread's own is kept in the set's last words, and comes into force
//! before libc goes over to the context.
//!
//! The program may look at `uc_sigmask` and change it before it goes there. So the first word
//! is to be the thread's own mask as well, for as long as nobody has gone there:
//! `getcontext` puts it there when libc is done, and before libc's `swapcontext`
//! the OS thread has it for a moment (libc then gives it the other context's). What the program has
//! changed of it since comes into force.
//!
//! A context is the place of the call. So `swapcontext` and `setcontext` leave no frame, and
//! `getcontext` puts its caller's registers where libc has put those of the call that is made
//! here. (A shadow stack would have to be turned back, too; the stacks of greenlets have none.)
//!
//! A function of makecontext(3) that returns goes to its successor (`uc_link`) by a
//! call inside libc: the thread's mask stays as it is then.

use super::jump::{restore, Saved};
use super::mask;
use core::ffi::{c_int, c_void};
use core::mem::offset_of;
use hub::greenlet::Greenlet;
use libc::ucontext_t;

type Context = *mut ucontext_t;

/// The signal set of a context.
fn set_of(context: Context) -> Saved {
    // SAFETY: the program's context, as the three functions take it.
    unsafe { Saved::new((&raw mut (*context).uc_sigmask).cast()) }
}

/// Bring the mask of a context into force, to which the caller goes.
fn go_to(context: Context) {
    let set = set_of(context);
    set.take_in_changes();
    restore(set);
    set.note_libcs();
}

extern "C" fn choose_setcontext(context: Context, _: Context) -> *mut c_void {
    static REAL: crate::table::Real = crate::table::Real::new("setcontext\0", "");
    crate::look_up_early!(REAL.get());
    go_to(context);
    REAL.get()
}

crate::tail_call!(
    /// Hook of `setcontext`: restores the thread's mask.
    setcontext = choose_setcontext
);
crate::hook_row! { setcontext "Signal", "never", [] }

extern "C" fn choose_swapcontext(from: Context, to: Context) -> *mut c_void {
    static REAL: crate::table::Real = crate::table::Real::new("swapcontext\0", "");
    crate::look_up_early!(REAL.get());
    let me = Greenlet::current();
    let own = me.map(mask::of);
    set_of(from).save(me);
    go_to(to);
    if let Some(own) = own {
        mask::show_in_kernel(own);
        set_of(from).will_be(own);
    }
    REAL.get()
}

crate::tail_call!(
    /// Hook of `swapcontext`: saves one mask and restores another.
    swapcontext = choose_swapcontext
);
crate::hook_row! { swapcontext "Signal", "never", [] }

/// libc's getcontext(3), of a place here, with the thread's mask.
unsafe extern "C" fn get(context: Context) -> c_int {
    static REAL: crate::table::Real = crate::table::Real::new("getcontext\0", "");
    crate::look_up_early!(REAL.get());
    type Get = unsafe extern "C" fn(Context) -> c_int;
    // SAFETY: libc's function, with the program's context. Nobody goes to that before its
    // registers are the caller's.
    let result = unsafe { core::mem::transmute::<*mut c_void, Get>(REAL.get())(context) };
    if result == 0 {
        let me = Greenlet::current();
        set_of(context).save(me);
        if let Some(g) = me.filter(|_| mask::keeps()) {
            set_of(context).show(mask::of(g));
        }
    }
    result
}

/// Where a context has the general registers.
#[cfg(target_arch = "x86_64")]
const REGISTERS: usize = offset_of!(ucontext_t, uc_mcontext) + offset_of!(libc::mcontext_t, gregs);

/// The offset of one of them.
#[cfg(target_arch = "x86_64")]
const fn register(n: c_int) -> usize {
    REGISTERS + 8 * n as usize
}

/// Hook of `getcontext`: saves the thread's mask.
///
/// # Safety
/// As the libc function's.
#[cfg(target_arch = "x86_64")]
#[no_mangle]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn getcontext() {
    core::arch::naked_asm!(
        "push rdi",
        "call {get}",
        "pop rdi",
        "test eax, eax",
        "jnz 2f",
        // The registers that a function keeps are the caller's again.
        "mov [rdi + {rbx}], rbx",
        "mov [rdi + {rbp}], rbp",
        "mov [rdi + {r12}], r12",
        "mov [rdi + {r13}], r13",
        "mov [rdi + {r14}], r14",
        "mov [rdi + {r15}], r15",
        "mov rcx, [rsp]",
        "mov [rdi + {rip}], rcx",
        "lea rcx, [rsp + 8]",
        "mov [rdi + {rsp}], rcx",
        "2:",
        "ret",
        get = sym get,
        rbx = const register(libc::REG_RBX),
        rbp = const register(libc::REG_RBP),
        r12 = const register(libc::REG_R12),
        r13 = const register(libc::REG_R13),
        r14 = const register(libc::REG_R14),
        r15 = const register(libc::REG_R15),
        rip = const register(libc::REG_RIP),
        rsp = const register(libc::REG_RSP),
    );
}

/// Where a context has the general registers: x0 to x30, sp, pc.
#[cfg(target_arch = "aarch64")]
const REGISTERS: usize = offset_of!(ucontext_t, uc_mcontext) + offset_of!(libc::mcontext_t, regs);
/// Where q0 is, in the first record (`struct fpsimd_context`) of what follows, which is aligned
/// to 16: after regs, sp, pc and pstate.
#[cfg(target_arch = "aarch64")]
const VECTORS: usize = (REGISTERS + 34 * 8).next_multiple_of(16) + 16;

/// As on x86-64.
#[cfg(target_arch = "aarch64")]
#[no_mangle]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn getcontext() {
    core::arch::naked_asm!(
        "stp x29, x30, [sp, #-32]!",
        "str x0, [sp, #16]",
        "bl {get}",
        "mov w1, w0",
        "ldr x0, [sp, #16]",
        "ldp x29, x30, [sp], #32",
        "cbnz w1, 2f",
        "add x2, x0, {registers}",
        "stp x19, x20, [x2, #8 * 19]",
        "stp x21, x22, [x2, #8 * 21]",
        "stp x23, x24, [x2, #8 * 23]",
        "stp x25, x26, [x2, #8 * 25]",
        "stp x27, x28, [x2, #8 * 27]",
        "stp x29, x30, [x2, #8 * 29]",
        "mov x3, sp",
        "stp x3, x30, [x2, #8 * 31]",
        "add x2, x0, {vectors}",
        "stp q8, q9, [x2, #16 * 8]",
        "stp q10, q11, [x2, #16 * 10]",
        "stp q12, q13, [x2, #16 * 12]",
        "stp q14, q15, [x2, #16 * 14]",
        "2:",
        "mov w0, w1",
        "ret",
        get = sym get,
        registers = const REGISTERS,
        vectors = const VECTORS,
    );
}

crate::hook_row! { getcontext "Signal", "never", [] }
