//! fork(2), _Fork(3).
//!
//! libc's `fork` runs our handlers; its hook notes whose the child is ([`children`]). `_Fork`
//! runs none.

use super::children;
use crate::doorway::{self, Shim};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use libc::pid_t;

crate::hooks! {
    Subprocess "never" fn _Fork() -> pid_t = plain_fork;
    Subprocess "never" fn fork() -> pid_t = with_handlers, also [__fork];
}

/// The greenlet that forks and has stepped into our code for it: so it has the
/// hub, whose data the child copies, and keeps it until the copy is made.
static FORKING: AtomicPtr<Greenlet> = AtomicPtr::new(ptr::null_mut());

/// The last of the handlers before the copy is made.
extern "C" fn before() {
    if let Some(g) = Greenlet::current().filter(|g| g.enter_shim()) {
        // fork(3) takes malloc's locks and those of stdio next.
        loop {
            scheduler::settle(g);
            if !crate::stdio::all_streams::settle(g) {
                break;
            }
        }
        FORKING.store(ptr::from_ref(g).cast_mut(), Ordering::Relaxed);
        scheduler::carrier::makes_child();
    }
}

/// Step out again, if [`before`] has stepped in: the first of the handlers
/// after the copy.
extern "C" fn after() {
    let Some(greenlet) = Greenlet::current() else { return };
    if ptr::eq(FORKING.load(Ordering::Relaxed), greenlet) {
        FORKING.store(ptr::null_mut(), Ordering::Relaxed);
        drop(Shim { greenlet });
    }
}

/// In the child: only the caller is left.
extern "C" fn in_child() {
    in_copy(false);
}

/// [`in_child`]; `shares_files`: parent and child have one table of descriptors.
fn in_copy(shares_files: bool) {
    #[cfg(not(geventrs_linked))]
    crate::allocator::after_fork();
    scheduler::after_copy(shares_files);
    hub::observe::after_fork(shares_files);
    hub::deadlock::after_fork();
    hub::sync::once::after_fork();
    crate::locks::robust_list::after_fork();
    crate::stdio::all_streams::after_fork();
    crate::signal::fault::after_fork();
    crate::signal::deliver::after_fork();
    crate::standing::death_signal::after_fork();
    if let Some(g) = Greenlet::current() {
        crate::signal::mask::after_fork(g);
        crate::standing::record::after_fork(g);
    }
    after();
}

/// Register the handlers; from the library's constructor, so that of all they
/// are the nearest to the fork itself.
pub fn init() {
    // SAFETY: the handlers stay loaded as long as the process lives.
    unsafe { libc::pthread_atfork(Some(before), Some(after), Some(in_child)) };
}

unsafe fn with_handlers() -> pid_t {
    children::begins();
    // SAFETY: the program's own call.
    let pid = unsafe { real::fork() };
    children::made(pid);
    pid
}

unsafe fn plain_fork() -> pid_t {
    // SAFETY: the program's own call.
    copied(false, || unsafe { real::_Fork() })
}

/// Copy the process by `copy`, which knows nothing of handlers (it returns 0 in
/// the child, if at all there: [`clone`](super::clone) goes on elsewhere, and calls
/// [`first_in_copy`]). Keeps the call's `errno`.
pub fn copied(shares_files: bool, copy: impl FnOnce() -> pid_t) -> pid_t {
    crate::fd::known::all_shared();
    before();
    children::begins();
    let pid = copy();
    children::made(pid);
    let errno = doorway::errno();
    if pid == 0 {
        in_copy(shares_files);
    } else {
        after();
    }
    doorway::set_errno(errno);
    pid
}

/// In the child of a copy that does not return there.
pub fn first_in_copy(shares_files: bool) {
    in_copy(shares_files);
}
