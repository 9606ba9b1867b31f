//! setuid(2) and its kin in a program with threads.
//!
//! POSIX: they change the whole process; the kernel changes the calling thread. So
//! libc sends a signal (33) to each thread that it knows, whose handler makes the
//! system call, and sends it again until each has marked that in its control block. It
//! finds the block through the thread pointer, and a carrier has a greenlet's loaded:
//! the mark would go there, and libc would wait for ever.
//!
//! So libc's handler is called from one of ours, which loads the block that libc
//! knows the OS thread by. (To libc the caller is none of its threads, so its own OS
//! thread gets the signal as well, and does the same twice.) The program's first thread is
//! one of libc's. Where it calls on another OS thread than the first, libc would leave out the first,
//! which it takes for the caller's: so it calls as the carrier that it is on
//! ([`as_os_thread`]).

use super::carrier::{self, Carrier};
use super::HUB;
use crate::greenlet::Greenlet;
use crate::{arch, syscall};
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicUsize, Ordering};

/// glibc's SIGSETXID.
const SIGNAL: usize = 33;

/// libc's handler; 0: it has none yet.
static HANDLER: AtomicUsize = AtomicUsize::new(0);

/// Put ours before libc's handler, which it has installed with the first OS thread
/// that it made (before 2.34, at its start).
pub(super) fn init() {
    // The kernel's own layout: handler, flags, restorer, mask.
    let mut action = [0usize; 4];
    let ours = handler as *const () as usize;
    // SAFETY: the kernel writes and reads our words; the restorer stays libc's.
    unsafe {
        let asked = syscall!(libc::SYS_rt_sigaction, SIGNAL, 0, action.as_mut_ptr(), 8);
        let none = [libc::SIG_DFL, libc::SIG_IGN, ours].contains(&action[0]);
        if asked.is_err() || none || action[1] & libc::SA_SIGINFO as usize == 0 {
            return;
        }
        HANDLER.store(action[0], Ordering::Relaxed);
        // Nothing else may run on this OS thread under that block.
        let action = [ours, action[1], action[2], usize::MAX];
        let _ = syscall!(libc::SYS_rt_sigaction, SIGNAL, action.as_ptr(), 0, 8);
    }
}

/// The block that libc knows the calling OS thread by, if that is a carrier.
fn known_by() -> Option<*mut u8> {
    // SAFETY: takes nothing.
    let tid = unsafe { syscall!(libc::SYS_gettid) }.ok()? as u32;
    let mut found = None;
    carrier::any(|c: &Carrier| {
        let this = c.tid() == tid;
        if this {
            found = Some(c.known_by());
        }
        this
    });
    found.filter(|tp| !tp.is_null())
}

/// Make a call of that kind, which answers with 0 or with -1 and `errno`, for the running
/// greenlet `g`, which is in our code. Its `errno` is that of the call.
pub fn as_os_thread(g: &'static Greenlet, call: impl FnOnce() -> c_int) -> c_int {
    let here = HUB.carrier();
    if !g.is_root() || here.is_first() {
        return call();
    }
    here.load_own();
    let result = call();
    // SAFETY: the address is that of the running TLS block, here and below.
    let errno = unsafe { *libc::__errno_location() };
    here.load(g.tp());
    if result != 0 {
        // SAFETY: as above.
        unsafe { *libc::__errno_location() = errno };
    }
    result
}

unsafe extern "C" fn handler(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    type Handler = unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);
    let loaded = arch::thread_pointer();
    let known = known_by().unwrap_or(loaded);
    // SAFETY: libc's handler of this signal; a complete block of this OS thread's,
    // which nobody else has loaded for what the handler touches (its own fields);
    // what was loaded is loaded again before anything else can run here.
    unsafe {
        if known != loaded {
            arch::set_thread_pointer(known);
        }
        core::mem::transmute::<usize, Handler>(HANDLER.load(Ordering::Relaxed))(
            signal, info, context,
        );
        if known != loaded {
            arch::set_thread_pointer(loaded);
        }
    }
}
