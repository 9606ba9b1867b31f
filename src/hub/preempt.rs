//! Taking turns: a signal makes a greenlet that computes give up its turn.
//!
//! While there are few of them, greenlets that compute get a carrier each and
//! compute in parallel. From [`most`] on they take turns: the monitor sends a
//! signal to the OS thread of the one whose time is up, and the signal's handler
//! yields to the hub. The greenlet stays suspended in the handler's frame and
//! goes on by returning from it, perhaps on another carrier.
//!
//! # What the frame must not bring along
//!
//! A return from a handler sets the OS thread's signal mask and alternate stack
//! to what they were. Both are the carrier's here, not the greenlet's: the mask
//! in the frame is replaced by the one in force, and the alternate stack by one
//! that the kernel refuses, which leaves the carrier's own.
//!
//! # Which signal
//!
//! Number 32: glibc keeps it for the cancellation of threads, offers it to no
//! program, and never sends it to a greenlet, whose cancellation is ours. (If a
//! foreign OS thread is cancelled, glibc installs its own handler, which ignores
//! a signal without a cancellation: then greenlets take no turns any more.)
//!
//! Only greenlets that compute are sent it; one that is blocked in the kernel
//! gets a carrier however many there are, since a signal could end its call.

use super::drive::leave;
use super::park::sleep_until;
use super::{callbacks, HUB};
use crate::arch;
use crate::greenlet::Greenlet;
use crate::syscall;
use crate::time::{self, MILLISECOND};
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicU32, Ordering};

/// The signal's number: see above.
pub const TURN_SIGNAL: c_int = 32;
const SIGNAL: usize = TURN_SIGNAL as usize;

/// Carriers at which greenlets that compute begin to take turns.
static MOST: AtomicU32 = AtomicU32::new(4);

/// Learn how many processors there are, and install the handler. With the
/// monitor.
pub(super) fn init() {
    let mut set = [0u64; 128];
    // SAFETY: the array is writable, of the size that is told.
    let bytes = unsafe { syscall!(libc::SYS_sched_getaffinity, 0, 1024, set.as_mut_ptr()) };
    let processors: u32 = set[..bytes.unwrap_or(8) / 8].iter().map(|word| word.count_ones()).sum();
    MOST.store(2 * processors.max(1) + 1, Ordering::Relaxed);
    // The kernel's own layout: handler, flags, restorer, mask.
    #[cfg(target_arch = "x86_64")]
    let restorer = arch::sigreturn as *const () as usize;
    #[cfg(target_arch = "aarch64")]
    let restorer = 0;
    const SA_RESTORER: usize = 0x0400_0000;
    // SIGNAL is not blocked while the handler runs: it goes on to other
    // greenlets from there.
    let flags = (libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_NODEFER) as usize;
    let flags = flags | if restorer != 0 { SA_RESTORER } else { 0 };
    let action = [handler as *const () as usize, flags, restorer, 0];
    // SAFETY: the kernel reads the action.
    unsafe {
        let _ = syscall!(libc::SYS_rt_sigaction, SIGNAL, action.as_ptr(), 0, 8);
    }
}

/// How many carriers greenlets that compute may have.
pub(super) fn most() -> u32 {
    if is_off() {
        u32::MAX
    } else {
        MOST.load(Ordering::Relaxed)
    }
}

/// Greenlets for whose sake nobody takes turns now.
static OFF: AtomicU32 = AtomicU32::new(0);

/// Whether nobody is to be asked for its turn.
pub(super) fn is_off() -> bool {
    OFF.load(Ordering::Relaxed) != 0
}

/// Let those who wait for their turn go on, each on a carrier of its own, until
/// none is left. They were interrupted anywhere, also where they hold a lock of
/// libc's; `g`, which has the hub, is about to wait for such locks with it (in
/// fork(2)).
pub fn settle(g: &'static Greenlet) {
    if HUB.hogs.is_empty() {
        return;
    }
    OFF.fetch_add(1, Ordering::Relaxed);
    while !HUB.hogs.is_empty() {
        let _ = sleep_until(g, time::after(MILLISECOND));
    }
    OFF.fetch_sub(1, Ordering::Relaxed);
}

/// In the child of a fork.
pub(super) fn after_fork() {
    OFF.store(0, Ordering::Relaxed);
}

/// Ask the greenlet that computes on the OS thread `tid` for its turn.
pub(super) fn ask(tid: u32) {
    // SAFETY: takes numbers only.
    unsafe {
        if let Ok(pid) = syscall!(libc::SYS_getpid) {
            let _ = syscall!(libc::SYS_tgkill, pid, tid, SIGNAL);
        }
    }
}

/// If `g` runs without the hub, let it queue for the hub now and not at its next
/// hook, which may never come: there is something for it to do. With the hub.
pub fn call_in(g: &Greenlet) {
    if let Some(tid) = super::off_hub(g) {
        ask(tid);
    }
}

/// Whether the OS thread `tid` is blocked in the kernel.
pub(super) fn is_blocked(tid: u32) -> bool {
    let mut path = *b"/proc/self/task/0000000000/stat\0";
    let mut digits = tid;
    for place in path[16..26].iter_mut().rev() {
        *place = b'0' + (digits % 10) as u8;
        digits /= 10;
    }
    // The kernel takes no leading zeroes.
    let first = path[16..26].iter().position(|d| *d != b'0').unwrap_or(9);
    path.copy_within(16 + first..32, 16);
    let mut text = [0u8; 256];
    // SAFETY: a terminated path, a buffer of the told size, our own descriptor.
    let read = unsafe {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        match syscall!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags) {
            Ok(fd) => {
                let read = syscall!(libc::SYS_read, fd, text.as_mut_ptr(), text.len());
                let _ = syscall!(libc::SYS_close, fd);
                read.unwrap_or(0)
            }
            Err(_) => 0,
        }
    };
    // "tid (name) S ...": the name may hold brackets of its own.
    let text = &text[..read];
    let state = text.iter().rposition(|b| *b == b')').and_then(|at| text.get(at + 2));
    state.is_some_and(|state| *state != b'R')
}

/// In program code of the greenlet that the monitor means, or, if that has
/// entered a hook or parked meanwhile, anywhere.
unsafe extern "C" fn handler(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    let Some(g) = Greenlet::current() else { return };
    if g.in_handler() || !g.enter_shim() {
        return;
    }
    HUB.hogs.push(g);
    leave(g);
    // Signals that were sent to it while it waited for its turn. A thread that
    // makes no call has no other place for them.
    if let Some(layer) = callbacks() {
        g.count_handler(1);
        (layer.interrupted)(g);
        g.count_handler(-1);
    }
    g.leave_shim();
    let mut mask = 0u64;
    // SAFETY: the kernel's own frame; the mask is its first word here.
    unsafe {
        let context = &mut *context.cast::<libc::ucontext_t>();
        context.uc_stack.ss_flags = c_int::MAX;
        if syscall!(libc::SYS_rt_sigprocmask, libc::SIG_BLOCK, 0, &raw mut mask, 8).is_ok() {
            (&raw mut context.uc_sigmask).cast::<u64>().write(mask);
        }
    }
}
