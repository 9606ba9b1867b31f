//! clone(2): the program says what parent and child share.
//!
//! | what is shared | what it is here |
//! |---|---|
//! | no memory | a fork without handlers: the child has one greenlet |
//! | the memory, while the parent waits (CLONE_VFORK) | as [`vfork`] |
//! | the memory | an OS thread or process that is none of ours. It must have a TLS block of its own (CLONE_SETTLS) if it calls libc, else it would be taken for its maker |
//!
//! clone3(2) and fork(2) by syscall(2) are here as well; libc has no functions for
//! them.

use super::{fork, vfork};
use crate::doorway;
use crate::settings;
use crate::table::Group;
use core::ffi::{c_int, c_void};
use hub::program_memory::readable;
use hub::{hub as scheduler, time as clock};
use libc::pid_t;

/// What the child calls.
type Function = unsafe extern "C-unwind" fn(*mut c_void) -> c_int;

crate::hooks! {
    Subprocess "CLONE_VFORK: blocking section" fn clone(function: Option<Function>, stack: *mut c_void, flags: c_int, argument: *mut c_void, parent_id: *mut pid_t, tls: *mut c_void, child_id: *mut pid_t) -> pid_t = clone_, also [__clone];
}

/// Whether the flags make a copy of the process.
pub fn copies(flags: c_int) -> bool {
    flags & (libc::CLONE_VM | libc::CLONE_SETTLS) == 0 && settings::patched(Group::Subprocess)
}

fn shares_files(flags: c_int) -> bool {
    flags & libc::CLONE_FILES != 0
}

/// What the child of a copy begins with; a copy of it is in the child.
struct Start {
    function: Function,
    argument: *mut c_void,
    shares_files: bool,
}

unsafe extern "C-unwind" fn begin(start: *mut c_void) -> c_int {
    // SAFETY: `clone_` has passed it; the frame that it is in was copied.
    unsafe {
        let Start { function, argument, shares_files } = start.cast::<Start>().read();
        fork::first_in_copy(shares_files);
        let code = function(argument);
        // libc ends the thread only. That ends the process with the last of its
        // threads, but there are some of ours.
        while scheduler::active() {
            let Some(shim) = doorway::enter_any() else { break };
            let _ = scheduler::sleep_until(shim.greenlet, clock::after(clock::MILLISECOND));
        }
        libc::_exit(code)
    }
}

unsafe fn clone_(
    function: Option<Function>,
    stack: *mut c_void,
    flags: c_int,
    argument: *mut c_void,
    parent_id: *mut pid_t,
    tls: *mut c_void,
    child_id: *mut pid_t,
) -> pid_t {
    // SAFETY: the program's own call, here and below.
    let call = |function, argument| unsafe {
        real::clone(function, stack, flags, argument, parent_id, tls, child_id)
    };
    match function {
        Some(f) if copies(flags) => {
            let shares_files = shares_files(flags);
            let mut start = Start { function: f, argument, shares_files };
            fork::copied(shares_files, || call(Some(begin), (&raw mut start).cast()))
        }
        _ if waits_for_sharer(flags) => {
            let lent = vfork::lend(0, 0);
            let pid = call(function, argument);
            let errno = doorway::errno();
            vfork::take_back(lent, pid);
            doorway::set_errno(errno);
            pid
        }
        _ => call(function, argument),
    }
}

/// The child has the caller's memory and TLS block, and the caller waits until it has
/// executed a program or is gone.
fn waits_for_sharer(flags: c_int) -> bool {
    const SHARED: c_int = libc::CLONE_VM | libc::CLONE_VFORK;
    flags & (SHARED | libc::CLONE_SETTLS | libc::CLONE_THREAD) == SHARED
}

/// A copy made by syscall(2); `call` makes it, and returns in the child as well.
pub fn raw(flags: c_int, call: impl FnOnce() -> pid_t) -> pid_t {
    fork::copied(shares_files(flags), call)
}

/// The flags of a clone3(2) that copies the process, without another stack.
pub fn flags_of(arguments: usize, size: usize) -> Option<c_int> {
    /// Up to `stack_size`; CLONE_ARGS_SIZE_VER0 is 64.
    const READ: usize = 56;
    if size < 64 || !readable(arguments as *const u8, READ) {
        return None;
    }
    // SAFETY: the kernel can read it, so can we; linux/sched.h, struct clone_args.
    let (flags, stack) = unsafe {
        let words = arguments as *const u64;
        (words.read_unaligned(), words.add(5).read_unaligned())
    };
    // The flags beyond 32 bits say nothing about what is shared.
    (stack == 0 && copies(flags as c_int)).then_some(flags as c_int)
}
