//! System V's message queues: `msgsnd`, `msgrcv`.
//!
//! IPC_NOWAIT is the attempt; its EAGAIN and ENOMSG say that the call would wait
//! (for room, for a message of the wanted type).
//!
//! signal(7): a handler ends the wait with EINTR, SA_RESTART or not. Both are
//! cancellation points.

use crate::doorway::{self, returned};
use crate::kernel_wait;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_long, c_void};
use libc::{size_t, ssize_t};

crate::hooks! {
    Os "blocking section" fn msgsnd(queue: c_int, message: *const c_void, length: size_t, flags: c_int) -> c_int = msgsnd_;
    Os "blocking section" fn msgrcv(queue: c_int, message: *mut c_void, length: size_t, kind: c_long, flags: c_int) -> ssize_t = msgrcv_;
}

unsafe fn msgsnd_(queue: c_int, message: *const c_void, length: size_t, flags: c_int) -> c_int {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::msgsnd(queue, message, length, flags) };
    };
    cancel::point(&shim);
    // SAFETY: the program's arguments; the kernel checks the address.
    let call = |flags| unsafe { hub::syscall!(libc::SYS_msgsnd, queue, message, length, flags) };
    let would_wait = |e| e == libc::EAGAIN && flags & libc::IPC_NOWAIT == 0;
    let attempt = || call(flags | libc::IPC_NOWAIT);
    let answer = kernel_wait::try_then_wait(&shim, "msgsnd", would_wait, attempt, || call(flags));
    returned(kernel_wait::cancellable(&shim, answer)) as c_int
}

unsafe fn msgrcv_(
    queue: c_int,
    message: *mut c_void,
    length: size_t,
    kind: c_long,
    flags: c_int,
) -> ssize_t {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::msgrcv(queue, message, length, kind, flags) };
    };
    cancel::point(&shim);
    // SAFETY: as above.
    let call =
        |flags| unsafe { hub::syscall!(libc::SYS_msgrcv, queue, message, length, kind, flags) };
    // MSG_COPY demands IPC_NOWAIT of the program (msgrcv(2)): ours must not
    // make it valid.
    let waits = flags & (libc::IPC_NOWAIT | libc::MSG_COPY) == 0;
    let would_wait = |e| e == libc::ENOMSG && waits;
    let attempt = || call(if waits { flags | libc::IPC_NOWAIT } else { flags });
    let answer = kernel_wait::try_then_wait(&shim, "msgrcv", would_wait, attempt, || call(flags));
    returned(kernel_wait::cancellable(&shim, answer))
}
