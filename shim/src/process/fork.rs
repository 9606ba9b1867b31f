//! fork(2), _Fork(3), vfork(2).
//!
//! `_Fork` runs no handlers, so it has a hook. `vfork` would let the child run
//! on the parent's stack and stop the carrier meanwhile: with more than one
//! greenlet it becomes `fork`.

use crate::doorway;
use core::ffi::c_void;
use hub::hub as scheduler;
use libc::pid_t;

crate::hooks! {
    Subprocess "never" fn _Fork() -> pid_t = plain_fork;
}

/// In the child: only the caller is left.
extern "C" fn in_child() {
    let shim = doorway::enter_any();
    scheduler::after_fork();
    hub::deadlock::after_fork();
    hub::sync::once::after_fork();
    crate::locks::robust_list::after_fork();
    crate::signal::fault::after_fork();
    crate::signal::deliver::after_fork();
    if let Some(g) = hub::greenlet::Greenlet::current() {
        crate::signal::mask::after_fork(g);
    }
    drop(shim);
}

/// Register the handler; from the library's constructor.
pub fn init() {
    // SAFETY: the handler stays loaded as long as the process lives.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}

unsafe fn plain_fork() -> pid_t {
    crate::fd::known::all_shared();
    // SAFETY: the program's own call.
    let pid = unsafe { real::_Fork() };
    if pid == 0 {
        in_child();
    }
    pid
}

static VFORK: crate::table::Real = crate::table::Real::new("vfork\0", "\0");
static FORK: crate::table::Real = crate::table::Real::new("fork\0", "\0");

extern "C" fn choose_vfork() -> *mut c_void {
    if scheduler::active() {
        FORK.get()
    } else {
        VFORK.get()
    }
}

crate::tail_call!(
    /// Hook of `vfork`: becomes `fork` when there are threads.
    vfork = choose_vfork
);
crate::tail_call!(
    /// Hook of `__vfork`; as `vfork`.
    __vfork = choose_vfork
);
crate::hook_row! { vfork "Subprocess", "never", ["__vfork"] }
