//! What the kernel keeps for each OS thread, and a thread may change for itself:
//! credentials, capabilities, no_new_privs, filters, namespaces, the nice value, the
//! personality and others.
//!
//! A new thread has its creator's; what one changes afterwards is its own, and that of the
//! threads that it makes. [`hub::hub::standing`] sees to that: who makes such a call is
//! given an OS thread that it shares with nobody, makes it there, and runs on such from then
//! on. So every call that changes something must come here ([`change`]), as a libc function
//! and as a number of syscall(2). Calls that only read go to the kernel as they are: the
//! OS thread that they are made on has what the caller has.
//!
//! | file | which calls |
//! |---|---|
//! | [`numbers`] | those of which libc has no function, and the sieve for syscall(2) |
//! | [`process_control`], [`timer_slack`], [`death_signal`] | prctl(2), option by option |
//! | [`credentials`] | setfsuid(2), capset(2) |
//! | [`namespaces`] | unshare(2), setns(2), personality(2) |
//! | [`keys`], `x86` | protection keys; iopl(2), ioperm(2), arch_prctl(2); ptrace(2) as the tracer |
//! | [`nice`] | getpriority(2), setpriority(2), nice(3), ioprio_set(2) |
//! | [`scheduling`] | the sched_ functions that take a thread's id |
//! | [`thread_id`] | calls that take the id of a thread, which of a greenlet the kernel does not know |
//! | [`record`] | what is remembered and told, and not applied |
//!
//! What the program does by a `syscall` instruction of its own is not seen.

pub mod credentials;
pub mod death_signal;
pub mod keys;
pub mod namespaces;
pub mod nice;
pub mod numbers;
pub mod process_control;
pub mod record;
pub mod scheduling;
pub mod thread_id;
pub mod timer_slack;
#[cfg(target_arch = "x86_64")]
pub mod x86;

use crate::doorway::{self, errno, set_errno};
use hub::hub::standing;

pub use hub::hub::standing::What;

/// Make a call that changes what the kernel keeps for the calling OS thread alone; `changed`
/// says from its result whether it has. Keeps the call's `errno`.
pub fn change<R>(what: What, call: impl FnOnce() -> R, changed: impl FnOnce(&R) -> bool) -> R {
    // On an OS thread that is no greenlet, and before the first thread is made, the kernel
    // does the right thing by itself.
    let Some(shim) = doorway::enter_any() else { return call() };
    let mut errno_after = 0;
    let call = || {
        let result = call();
        errno_after = errno();
        result
    };
    let result = standing::change(shim.greenlet, what, call, changed);
    set_errno(errno_after);
    result
}

/// [`change`] by a call that reports errors as -1.
pub fn change_or_fail<R: Copy + Into<i64>>(what: What, call: impl FnOnce() -> R) -> R {
    change(what, call, |&result| result.into() != -1)
}
