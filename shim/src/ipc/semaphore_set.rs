//! System V's semaphores: `semop`, `semtimedop`.
//!
//! All operations of a call happen at once or not at all. The attempt that does
//! not wait is made with a copy of the operations in which none may wait. (The same
//! call with no time to wait sleeps for the OS thread's timer slack, 50 µs.) What
//! SEM_UNDO is to undo belongs to the process, whichever of its OS threads made the
//! call.
//!
//! semop(2): a signal's handler ends the wait with EINTR, SA_RESTART or not. No
//! cancellation point.

use crate::doorway::{self, returned, Shim};
use crate::kernel_wait;
use crate::signal::alt_stack;
use crate::table::Group;
use crate::thread::cancel::NoPoint;
use core::ffi::c_int;
use hub::arch;
use hub::sys::Errno;
use hub::time::from_timespec;
use libc::{sembuf, size_t, timespec};

crate::hooks! {
    Os "blocking section" fn semop(set: c_int, operations: *mut sembuf, count: size_t) -> c_int = semop_;
    Os "blocking section" fn semtimedop(set: c_int, operations: *mut sembuf, count: size_t, timeout: *const timespec) -> c_int = semtimedop_;
}

unsafe fn semop_(set: c_int, operations: *mut sembuf, count: size_t) -> c_int {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::semop(set, operations, count) };
    };
    // SAFETY: the program's own arguments.
    returned(unsafe { operate(&shim, set, operations, count, core::ptr::null()) }) as c_int
}

unsafe fn semtimedop_(
    set: c_int,
    operations: *mut sembuf,
    count: size_t,
    timeout: *const timespec,
) -> c_int {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::semtimedop(set, operations, count, timeout) };
    };
    // SAFETY: the program's own arguments.
    returned(unsafe { operate(&shim, set, operations, count, timeout) }) as c_int
}

unsafe fn operate(
    shim: &Shim,
    set: c_int,
    operations: *mut sembuf,
    count: size_t,
    timeout: *const timespec,
) -> Result<usize, Errno> {
    // No cancellation points, as semop(2) is none in glibc.
    let _no_point = NoPoint::begin();
    // SAFETY: null or the program's object. The kernel refuses a bad time
    // before it looks at the operations.
    if unsafe { timeout.as_ref() }.is_some_and(|t| from_timespec(t).is_none()) {
        return Err(libc::EINVAL);
    }
    // SAFETY: the program's arguments; the kernel checks the addresses.
    let call = |timeout: *const timespec| unsafe {
        hub::syscall!(libc::SYS_semtimedop, set, operations, count, timeout)
    };
    // (EINTR: a signal came that this thread may well block, while the kernel was about to
    // wait for no time.)
    let would_wait = |e| {
        // SAFETY: as above; the kernel has just read the operations.
        matches!(e, libc::EAGAIN | libc::EINTR) && !unsafe { none_may_wait(operations, count) }
    };
    // SAFETY: the program's arguments.
    let attempt = || unsafe { without_waiting(set, operations, count) };
    kernel_wait::try_then_wait(shim, "semop", would_wait, attempt, || call(timeout))
}

/// The operations, if all can be done at once; else EAGAIN, or rarely EINTR.
unsafe fn without_waiting(
    set: c_int,
    operations: *const sembuf,
    count: size_t,
) -> Result<usize, Errno> {
    let mut copy = [sembuf { sem_num: 0, sem_op: 0, sem_flg: 0 }; FEW];
    let (to, from) = (copy.as_mut_ptr().cast(), operations.cast());
    let copied = (1..=FEW).contains(&count)
        && alt_stack::installed()
        // SAFETY: room for so many; a bad address of the program's ends the copy.
        && unsafe { arch::copy_guarded(to, from, count * size_of::<sembuf>()) };
    // SAFETY: as above; else the kernel checks the addresses.
    unsafe {
        if !copied {
            let no_time = timespec { tv_sec: 0, tv_nsec: 0 };
            return hub::syscall!(libc::SYS_semtimedop, set, operations, count, &raw const no_time);
        }
        for operation in &mut copy[..count] {
            operation.sem_flg |= libc::IPC_NOWAIT as i16;
        }
        hub::syscall!(libc::SYS_semtimedop, set, copy.as_ptr(), count, 0)
    }
}

/// Operations that are copied; programs have one or two.
const FEW: usize = 8;

/// Whether the program itself does not want to wait for any of the operations.
unsafe fn none_may_wait(operations: *const sembuf, count: size_t) -> bool {
    // SAFETY: by the caller's contract.
    let operations = unsafe { core::slice::from_raw_parts(operations, count) };
    operations.iter().all(|o| c_int::from(o.sem_flg) & libc::IPC_NOWAIT != 0)
}
