//! The ends of a process, where what was recorded is written out: exit(3) and its
//! kin, signals, exec.
//!
//! * `exit`, and the return from `main`: a handler that was registered before any of the
//!   program's, so it is called after all of them.
//! * `quick_exit`: likewise, by at_quick_exit(3).
//! * `_exit`, `_Exit`, exit_group(2) by `syscall`: hooks.
//! * A signal whose default action ends the process: while something is recorded the
//!   kernel has our handler for it, where the program has none; the program is told
//!   that it is SIG_DFL. The handler writes, and lets the default action happen.
//! * exec: [`exec`](crate::process::exec) writes before it.
//!
//! SIGKILL leaves what had been written until then.

use crate::signal::{action, fault};
use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};
use hub::observe::{self, writing_stack, End};
use libc::siginfo_t;

crate::hooks! {
    Subprocess "never" fn _exit(status: c_int) = exit_, also [_Exit];
}

extern "C" {
    fn __cxa_atexit(f: extern "C" fn(*mut c_void), arg: *mut c_void, module: *mut c_void) -> c_int;
    fn at_quick_exit(f: extern "C" fn()) -> c_int;
}

extern "C" fn at_exit(_: *mut c_void) {
    observe::write_out(End::Exit("exit"));
}

extern "C" fn at_quick_exit_() {
    observe::write_out(End::Exit("quick_exit"));
}

unsafe fn exit_(status: c_int) {
    observe::write_out(End::Exit("_exit"));
    // SAFETY: the program's own call.
    unsafe { real::_exit(status) }
}

static WATCHED: AtomicBool = AtomicBool::new(false);

/// An alternate stack of the program's has no room for the kernel's frame and [`dying`].
static ALTERNATE_IS_SMALL: AtomicBool = AtomicBool::new(false);
/// What `dying` takes before it is on the stack for writing, and the double of it.
const OWN_FRAMES: usize = 512;

/// Whether the default action of `signal` is to be preceded by [`dying`].
pub fn precedes(signal: c_int) -> bool {
    WATCHED.load(Ordering::Relaxed) && observe::is_deadly(signal)
}

/// `sa_flags` of [`dying`]: on the alternate stack, since what is interrupted may have no
/// room (it may be the stack's end that is); unless that has none.
pub fn flags() -> c_int {
    match ALTERNATE_IS_SMALL.load(Ordering::Relaxed) {
        true => libc::SA_SIGINFO,
        false => libc::SA_SIGINFO | libc::SA_ONSTACK,
    }
}

/// The kernel has got an alternate stack of the program's, of `size` bytes. For a frame that
/// does not fit it sends SIGSEGV, which the default action would not have done.
pub fn alternate_stack(size: usize) {
    if !WATCHED.load(Ordering::Relaxed) {
        return;
    }
    // SAFETY: getauxval only reads.
    let frame = match unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) } as usize {
        // Before Linux 5.14: with AVX-512.
        0 => 4096,
        frame => frame,
    };
    if size < frame + OWN_FRAMES && !ALTERNATE_IS_SMALL.swap(true, Ordering::Relaxed) {
        action::renew(observe::deadly());
    }
}

/// The kernel's handler for such a signal. It may have little room, and so does nothing there.
pub unsafe extern "C-unwind" fn dying(signal: c_int, info: *mut siginfo_t, _: *mut c_void) {
    // SAFETY: the kernel's own arguments.
    writing_stack::call(|| unsafe {
        fault::overflow(signal, info);
        observe::write_out(End::Signal(signal));
        fault::die_of(signal, info);
    });
}

/// Something is recorded: be there at the end. From the library's constructor, when no
/// handler of the program's is registered.
pub fn start() {
    // SAFETY: the functions stay loaded as long as the process lives.
    unsafe {
        __cxa_atexit(at_exit, ptr::null_mut(), ptr::null_mut());
        at_quick_exit(at_quick_exit_);
    }
    WATCHED.store(true, Ordering::Relaxed);
    for signal in observe::deadly() {
        // SAFETY: what is ignored stays ignored.
        unsafe {
            let mut now: libc::sigaction = core::mem::zeroed();
            if action::real::sigaction(signal, ptr::null(), &mut now) == 0
                && now.sa_sigaction == libc::SIG_DFL
            {
                action::real::sigaction(signal, &action::for_kernel(signal, &now), ptr::null_mut());
            }
        }
    }
}
