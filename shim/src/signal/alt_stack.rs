//! sigaltstack(2): a greenlet's own, and the carrier's in the kernel.
//!
//! The kernel keeps one alternate stack per OS thread, and every greenlet of a
//! carrier would share it. So from the first thread on the kernel has one of
//! ours for each carrier, and each greenlet's own is remembered here. The kernel builds a
//! signal's frame on ours and calls our handler there; [`move_frame`] then
//! moves the frame to where the program asked for it (the greenlet's own
//! alternate stack, or the stack that was interrupted), and ours is free again
//! before the program's handler runs, which may therefore park, be interrupted
//! in turn, or leave by siglongjmp(3).
//!
//! Without that, a greenlet that has used its stack up could not tell anybody.
//!
//! ```text
//!   kernel's frame on our stack:  | return address | ucontext | siginfo | fp state | <- top
//!                                 ^ moved as a whole, at the same offset modulo 64
//! ```

use super::word;
use crate::doorway::set_errno;
use crate::ending;
use crate::settings;
use crate::table::Group;
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicBool, Ordering};
use hub::arch;
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::hub::carrier::Carrier;
use hub::unit;
use libc::{siginfo_t, stack_t, ucontext_t};

crate::hooks! {
    Signal "never" fn sigaltstack(new: *const stack_t, old: *mut stack_t) -> c_int = set;
}

/// Our stack: the kernel's frame (AVX-512 state takes 2.7 KB, more to come),
/// our handler, a report.
const SIZE: usize = 128 * 1024;
/// The smallest that the kernel takes (`MINSIGSTKSZ`).
#[cfg(target_arch = "x86_64")]
const SMALLEST: usize = 2048;
#[cfg(target_arch = "aarch64")]
const SMALLEST: usize = 5120;
/// Whether the kernel has our stacks. Each carrier has its own: the end of it
/// is in the carrier's extension.
static INSTALLED: AtomicBool = AtomicBool::new(false);
const TOP_WORD: usize = 1;

/// <linux/signal.h>: the stack counts as none while a handler runs on it.
const SS_AUTODISARM: c_int = 1 << 31;

const NONE: stack_t =
    stack_t { ss_sp: core::ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };

/// Whether the kernel has our stack.
pub fn installed() -> bool {
    INSTALLED.load(Ordering::Relaxed)
}

/// Give the kernel our stack, and keep the one that it had as `first`'s. False
/// if there is no memory, or this runs on that very stack.
pub fn install(first: &Greenlet) -> bool {
    let Some(old) = scheduler::carrier().and_then(give) else { return false };
    if old.ss_flags & libc::SS_DISABLE == 0 {
        remember(first, old);
    }
    INSTALLED.store(true, Ordering::Relaxed);
    true
}

/// Callback of the hub: the caller is the new carrier `c`.
pub fn carrier_made(c: &Carrier) {
    if installed() {
        // Without, a greenlet that uses its stack up here dies without a word.
        let _ = give(c);
    }
}

/// Give the kernel the stack of `c`, the caller's carrier; the one that it had.
fn give(c: &Carrier) -> Option<stack_t> {
    let known = c.extension[TOP_WORD].load(Ordering::Relaxed);
    let top = if known != 0 { known } else { unit::map_stack(SIZE).ok()?.base };
    c.extension[TOP_WORD].store(top, Ordering::Release);
    let new = stack_t { ss_sp: (top - SIZE) as *mut c_void, ss_flags: 0, ss_size: SIZE };
    let mut old = NONE;
    // SAFETY: the stack is mapped for good; `old` is writable.
    let done = unsafe { hub::syscall!(libc::SYS_sigaltstack, &raw const new, &raw mut old) };
    done.is_ok().then_some(old)
}

/// The end of the stack of ours that holds `address`; 0: none does.
fn top_over(address: usize) -> usize {
    let mut top = 0;
    scheduler::carrier::any(|c| {
        let end = c.extension[TOP_WORD].load(Ordering::Acquire);
        let holds = end != 0 && (end - SIZE..end).contains(&address);
        if holds {
            top = end;
        }
        holds
    });
    top
}

/// The carrier is gone (a child of fork(2) that has no greenlet).
pub fn forget_carrier() {
    INSTALLED.store(false, Ordering::Relaxed);
}

fn remember(g: &Greenlet, stack: stack_t) {
    forget(g);
    g.extension[word::ALT_STACK].set(Box::into_raw(Box::new(stack)) as usize);
}

/// The thread has ended, or wants no alternate stack any more.
pub fn forget(g: &Greenlet) {
    let old = g.extension[word::ALT_STACK].replace(0) as *mut stack_t;
    if !old.is_null() {
        // SAFETY: boxed by `remember`.
        drop(unsafe { Box::from_raw(old) });
    }
}

/// A greenlet's own alternate stack.
fn of(g: &Greenlet) -> Option<stack_t> {
    // SAFETY: null or boxed by `remember`; changed by its own thread only.
    unsafe { (g.extension[word::ALT_STACK].get() as *const stack_t).as_ref().copied() }
}

/// Where a handler with these flags runs that is called from `here`: the end of the
/// greenlet's own alternate stack, or `None`: where it is called.
pub fn end_for(g: &Greenlet, flags: c_int, here: usize) -> Option<usize> {
    let own = of(g).filter(|own| flags & libc::SA_ONSTACK != 0 && !holds(own, here))?;
    Some((own.ss_sp as usize + own.ss_size) & !15)
}

/// A handler begins that runs at the address of `here`: a stack that is to be
/// disarmed meanwhile is the greenlet's no more. What [`arm`] wants when the handler
/// has returned (if it does not, the stack stays disarmed, as in the kernel).
pub fn disarm(g: &Greenlet, here: usize) -> usize {
    match of(g) {
        Some(own) if own.ss_flags & SS_AUTODISARM != 0 && holds(&own, here) => {
            g.extension[word::ALT_STACK].replace(0)
        }
        _ => 0,
    }
}

/// See [`disarm`].
pub fn arm(g: &Greenlet, disarmed: usize) {
    if disarmed != 0 {
        forget(g);
        g.extension[word::ALT_STACK].set(disarmed);
    }
}

/// Whether `address` is on the greenlet's own alternate stack.
pub fn on_own(g: &Greenlet, address: usize) -> bool {
    of(g).is_some_and(|own| holds(&own, address))
}

fn holds(stack: &stack_t, address: usize) -> bool {
    let start = stack.ss_sp as usize;
    (start + 1..=start + stack.ss_size).contains(&address)
}

unsafe fn set(new: *const stack_t, old: *mut stack_t) -> c_int {
    let ours = installed() && settings::patched(Group::Signal);
    let Some(g) = Greenlet::current().filter(|_| ours && scheduler::live() != 0) else {
        // SAFETY: the program's own call; what the kernel has read is readable.
        return unsafe {
            let result = real::sigaltstack(new, old);
            if let (0, Some(new)) = (result, new.as_ref()) {
                if new.ss_flags & libc::SS_DISABLE == 0 {
                    ending::alternate_stack(new.ss_size);
                }
            }
            result
        };
    };
    let own = of(g);
    let here = 0u8;
    let on_it = on_own(g, &raw const here as usize);
    let mut given = NONE;
    // SAFETY: a bad address of the program's ends the copy; the target is our own.
    if !new.is_null() && !unsafe { copy(&raw mut given, new) } {
        return refused(libc::EFAULT);
    }
    let new = (!new.is_null()).then_some(given);
    if let Some(new) = new {
        let error = match new.ss_flags {
            _ if on_it => libc::EPERM,
            flags => match flags & !SS_AUTODISARM {
                libc::SS_DISABLE => 0,
                0 | libc::SS_ONSTACK if new.ss_size < SMALLEST => libc::ENOMEM,
                0 | libc::SS_ONSTACK => 0,
                _ => libc::EINVAL,
            },
        };
        if error != 0 {
            return refused(error);
        }
    }
    match new {
        Some(new) if new.ss_flags & libc::SS_DISABLE != 0 => forget(g),
        Some(new) => remember(g, stack_t { ss_flags: new.ss_flags & SS_AUTODISARM, ..new }),
        None => {}
    }
    let mut had = own.unwrap_or(NONE);
    if on_it {
        had.ss_flags |= libc::SS_ONSTACK;
    }
    // SAFETY: as above, the other way round. (Linux has set the new one then, too.)
    if !old.is_null() && !unsafe { copy(old, &raw const had) } {
        return refused(libc::EFAULT);
    }
    0
}

/// # Safety
/// Where the addresses are the program's, they may be bad; our stack is installed.
unsafe fn copy(to: *mut stack_t, from: *const stack_t) -> bool {
    // SAFETY: by the contract.
    unsafe { arch::copy_guarded(to.cast(), from.cast(), size_of::<stack_t>()) }
}

fn refused(error: c_int) -> c_int {
    set_errno(error);
    -1
}

/// Whether the kernel built this frame on our stack.
pub fn on_ours(context: *const c_void) -> bool {
    top_over(context as usize) != 0
}

/// What was interrupted: its stack pointer, below what its function may use
/// without moving it.
unsafe fn interrupted_at(context: *const c_void) -> usize {
    // SAFETY: the kernel's own frame.
    let context = unsafe { &*context.cast::<ucontext_t>() };
    #[cfg(target_arch = "x86_64")]
    return context.uc_mcontext.gregs[libc::REG_RSP as usize] as usize - 128;
    #[cfg(target_arch = "aarch64")]
    return context.uc_mcontext.sp as usize;
}

/// Where the program wants a frame that lies on our stack: on `g`'s own
/// alternate stack if the handler asks for it, else where the signal came.
///
/// # Safety
/// `context` is the kernel's.
pub unsafe fn place(g: &Greenlet, flags: c_int, context: *const c_void) -> usize {
    // SAFETY: by the caller's contract.
    let interrupted = unsafe { interrupted_at(context) };
    match of(g) {
        Some(own) if flags & libc::SA_ONSTACK != 0 && !holds(&own, interrupted) => {
            own.ss_sp as usize + own.ss_size
        }
        _ => interrupted,
    }
}

/// Move the frame so that it ends below `target`, and go on in `next` there.
///
/// # Safety
/// The frame is the kernel's, on our stack; there is room below `target` (else
/// this faults, with the signal blocked, and the kernel ends the process: as
/// it does itself when a frame does not fit).
#[cfg(target_arch = "x86_64")]
pub unsafe fn move_frame(
    target: usize,
    signal: c_int,
    info: *mut siginfo_t,
    context: *mut c_void,
    next: unsafe extern "C-unwind" fn(c_int, *mut siginfo_t, *mut c_void),
) -> ! {
    let start = context as usize - size_of::<usize>();
    let length = top_over(start) - start;
    let to = target - length;
    let to = to - (to.wrapping_sub(start) & 63);
    let delta = to.wrapping_sub(start);
    // SAFETY: by the caller's contract. The only pointer into the frame is the
    // one to the floating-point state; rt_sigreturn takes the frame from where
    // the stack pointer is when `next` has returned to the frame's own return
    // address.
    unsafe {
        core::ptr::copy_nonoverlapping(start as *const u8, to as *mut u8, length);
        let context = (context as usize).wrapping_add(delta) as *mut ucontext_t;
        let state = &raw mut (*context).uc_mcontext.fpregs;
        if !(*state).is_null() {
            *state = (*state as usize).wrapping_add(delta) as *mut _;
        }
        let info = (info as usize).wrapping_add(delta);
        core::arch::asm!(
            "mov rsp, {to}",
            "jmp {next}",
            to = in(reg) to,
            next = in(reg) next,
            in("edi") signal,
            in("rsi") info,
            in("rdx") context,
            options(noreturn)
        )
    }
}

/// As above. The frame starts with siginfo; a frame that is larger than its
/// fixed part names the rest by address.
///
/// # Safety
/// As above.
#[cfg(target_arch = "aarch64")]
pub unsafe fn move_frame(
    target: usize,
    signal: c_int,
    info: *mut siginfo_t,
    context: *mut c_void,
    next: unsafe extern "C-unwind" fn(c_int, *mut siginfo_t, *mut c_void),
) -> ! {
    const EXTRA_MAGIC: u32 = 0x4558_5401;
    let start = info as usize;
    let length = top_over(start) - start;
    let to = (target - length) & !15;
    let delta = to.wrapping_sub(start);
    // SAFETY: by the caller's contract. The records in the context's reserved
    // part are a list of (magic, size) that ends with zeroes.
    unsafe {
        core::ptr::copy_nonoverlapping(start as *const u8, to as *mut u8, length);
        let context = (context as usize).wrapping_add(delta);
        let mcontext = &raw mut (*(context as *mut ucontext_t)).uc_mcontext;
        // `__reserved` is the last field: 4096 bytes, aligned to 16.
        let mut record = (mcontext.add(1) as *mut u8).sub(4096).cast::<u32>();
        while *record != 0 && *record.add(1) != 0 {
            if *record == EXTRA_MAGIC {
                let data = record.add(2).cast::<usize>();
                *data = (*data).wrapping_add(delta);
            }
            record = record.byte_add(*record.add(1) as usize);
        }
        core::arch::asm!(
            "mov sp, {to}",
            "blr {next}",
            "mov x8, #139", // rt_sigreturn
            "svc #0",
            to = in(reg) to,
            next = in(reg) next,
            in("w0") signal,
            in("x1") to,
            in("x2") context,
            options(noreturn)
        )
    }
}
