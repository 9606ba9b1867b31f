//! POSIX's message queues: `mq_send`, `mq_receive` and their timed forms.
//!
//! On Linux a queue's number is a descriptor, and epoll tells when there is a
//! message or room (mq_overview(7)). The attempt that does not wait is the call
//! with a deadline that has passed: ETIMEDOUT says that it would wait, and EAGAIN
//! that the program has set O_NONBLOCK. Then the greenlet parks.
//!
//! A queue that somebody waits for in the kernel sends no notification
//! (mq_notify(3)), and a parked greenlet does not wait there. So once this process
//! has asked for a notification, its receivers wait in blocking sections. (A
//! notification that another process has asked for may be sent although a greenlet
//! here waits.)
//!
//! Deadlines are CLOCK_REALTIME's. signal(7): EINTR, or waited for again
//! under SA_RESTART. All are cancellation points.

use crate::doorway::{self, returned, Shim};
use crate::fd::wait::Wait;
use crate::kernel_wait;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_char, c_int, c_uint};
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};
use hub::reactor::{READ, WRITE};
use hub::sys::Errno;
use hub::time as clock;
use hub::wait::{Reason, Section};
use libc::{sigevent, size_t, ssize_t, timespec};

crate::hooks! {
    Os "readiness" fn mq_send(queue: c_int, message: *const c_char, length: size_t, priority: c_uint) -> c_int = mq_send_, version "GLIBC_2.34";
    Os "readiness" fn mq_timedsend(queue: c_int, message: *const c_char, length: size_t, priority: c_uint, until: *const timespec) -> c_int = mq_timedsend_, version "GLIBC_2.34";
    Os "readiness" fn mq_receive(queue: c_int, message: *mut c_char, length: size_t, priority: *mut c_uint) -> ssize_t = mq_receive_, version "GLIBC_2.34";
    Os "readiness" fn mq_timedreceive(queue: c_int, message: *mut c_char, length: size_t, priority: *mut c_uint, until: *const timespec) -> ssize_t = mq_timedreceive_, version "GLIBC_2.34";
    Os "never" fn mq_notify(queue: c_int, how: *const sigevent) -> c_int = mq_notify_, version "GLIBC_2.34";
}

/// This process has asked for a notification.
static NOTIFIED: AtomicBool = AtomicBool::new(false);

unsafe fn mq_notify_(queue: c_int, how: *const sigevent) -> c_int {
    if !how.is_null() {
        NOTIFIED.store(true, Ordering::Relaxed);
    }
    // SAFETY: the program's own call.
    unsafe { real::mq_notify(queue, how) }
}

/// A time that has passed: mq_receive(3) waits for nothing then.
const PAST: timespec = timespec { tv_sec: 0, tv_nsec: 0 };

/// `call` with a deadline is the system call.
unsafe fn transfer(
    shim: &Shim,
    queue: c_int,
    direction: u8,
    until: *const timespec,
    call: impl Fn(*const timespec) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    cancel::point(shim);
    // SAFETY: null or the program's object. The kernel refuses a bad time first.
    let deadline = match unsafe { until.as_ref() } {
        None => clock::NEVER,
        Some(at) => match clock::from_timespec(at) {
            Some(at) => clock::deadline_on(libc::CLOCK_REALTIME, at),
            None => return Err(libc::EINVAL),
        },
    };
    let (reason, in_kernel) = match direction {
        READ => (Reason::Read(queue), NOTIFIED.load(Ordering::Relaxed)),
        _ => (Reason::Write(queue), false),
    };
    let mut wait = Wait::new(shim, queue, direction, reason).until(deadline);
    let result = loop {
        match call(&PAST) {
            Err(libc::ETIMEDOUT) if clock::now() >= deadline => break Err(libc::ETIMEDOUT),
            Err(libc::ETIMEDOUT) if in_kernel => {
                let answer = shim.section("mq_receive", Section::Waits, || call(until));
                break kernel_wait::cancellable(shim, answer);
            }
            Err(libc::ETIMEDOUT) => {}
            answer => break answer,
        }
        if let Err(e) = wait.park() {
            break Err(e);
        }
    };
    wait.finish();
    result
}

unsafe fn send(
    shim: &Shim,
    queue: c_int,
    message: *const c_char,
    length: size_t,
    priority: c_uint,
    until: *const timespec,
) -> c_int {
    // SAFETY: the program's arguments; the kernel checks the addresses.
    let call = |until: *const timespec| unsafe {
        hub::syscall!(libc::SYS_mq_timedsend, queue, message, length, priority, until)
    };
    // SAFETY: the program's own arguments.
    returned(unsafe { transfer(shim, queue, WRITE, until, call) }) as c_int
}

unsafe fn receive(
    shim: &Shim,
    queue: c_int,
    message: *mut c_char,
    length: size_t,
    priority: *mut c_uint,
    until: *const timespec,
) -> ssize_t {
    // SAFETY: as above.
    let call = |until: *const timespec| unsafe {
        hub::syscall!(libc::SYS_mq_timedreceive, queue, message, length, priority, until)
    };
    // SAFETY: as above.
    returned(unsafe { transfer(shim, queue, READ, until, call) })
}

unsafe fn mq_send_(
    queue: c_int,
    message: *const c_char,
    length: size_t,
    priority: c_uint,
) -> c_int {
    // SAFETY: the program's own call, here and in the hooks below.
    unsafe {
        match doorway::enter(Group::Os) {
            Some(shim) => send(&shim, queue, message, length, priority, ptr::null()),
            None => real::mq_send(queue, message, length, priority),
        }
    }
}

unsafe fn mq_timedsend_(
    queue: c_int,
    message: *const c_char,
    length: size_t,
    priority: c_uint,
    until: *const timespec,
) -> c_int {
    // SAFETY: see `mq_send_`.
    unsafe {
        match doorway::enter(Group::Os) {
            Some(shim) => send(&shim, queue, message, length, priority, until),
            None => real::mq_timedsend(queue, message, length, priority, until),
        }
    }
}

unsafe fn mq_receive_(
    queue: c_int,
    message: *mut c_char,
    length: size_t,
    priority: *mut c_uint,
) -> ssize_t {
    // SAFETY: see `mq_send_`.
    unsafe {
        match doorway::enter(Group::Os) {
            Some(shim) => receive(&shim, queue, message, length, priority, ptr::null()),
            None => real::mq_receive(queue, message, length, priority),
        }
    }
}

unsafe fn mq_timedreceive_(
    queue: c_int,
    message: *mut c_char,
    length: size_t,
    priority: *mut c_uint,
    until: *const timespec,
) -> ssize_t {
    // SAFETY: see `mq_send_`.
    unsafe {
        match doorway::enter(Group::Os) {
            Some(shim) => receive(&shim, queue, message, length, priority, until),
            None => real::mq_timedreceive(queue, message, length, priority, until),
        }
    }
}
