//! The first thread's wait ends with a handler that ran on another greenlet: the kernel
//! prefers a process's first thread, and programs count on it (an interpreter's main
//! thread must see EINTR).

use super::pending::SI_TKILL;
use super::{bit, mask, word};
use core::ffi::c_int;
use core::sync::atomic::{AtomicU8, Ordering};
use hub::greenlet::{Greenlet, Phase};
use hub::hub as scheduler;
use libc::siginfo_t;

/// The handler, which is counted already, runs on `g`; natively it would have run
/// on the first thread and ended that one's wait.
pub(super) fn interrupt(g: &'static Greenlet, signal: c_int, flags: c_int, info: &siginfo_t) {
    let Some(first) = scheduler::first() else { return };
    if core::ptr::eq(first, g)
        || info.si_code == SI_TKILL
        || first.phase() != Phase::Alive
        || mask::of(first) & bit(signal) != 0
    {
        return;
    }
    if !first.is_waiting() {
        if first.is_away() {
            // Perhaps in a call: only the hub's holder knows where.
            let how = if flags & libc::SA_RESTART == 0 { ENDS } else { RESTARTS };
            FIRST_CALL.fetch_max(how, Ordering::SeqCst);
            scheduler::signals_noted();
        }
        return;
    }
    // Off the hub, where a handler does not wait for it, waking is done as any OS
    // thread does it.
    let entered = g.enter_shim();
    note_restart(first, flags);
    scheduler::interrupt(first);
    if entered {
        g.leave_shim();
    }
}

fn note_restart(g: &Greenlet, flags: c_int) {
    if flags & libc::SA_RESTART == 0 {
        g.extension[word::NO_RESTART].set(1);
    }
}

/// What [`interrupt`] wants done to the first thread's call in the kernel.
static FIRST_CALL: AtomicU8 = AtomicU8::new(NOTHING);

const NOTHING: u8 = 0;
/// A signal came with SA_RESTART: calls that restart for nobody end.
const RESTARTS: u8 = 1;
/// A signal came without: every call that a signal ends does.
const ENDS: u8 = 2;

/// On the hub: what [`interrupt`] wanted done.
pub(super) fn end_its_call() {
    if let (how @ RESTARTS.., Some(first)) =
        (FIRST_CALL.swap(NOTHING, Ordering::SeqCst), scheduler::first())
    {
        match how {
            ENDS => drop(scheduler::interrupt_any_call(first)),
            _ => scheduler::call_in(first),
        }
    }
}

pub(super) fn after_fork() {
    FIRST_CALL.store(NOTHING, Ordering::SeqCst);
}
