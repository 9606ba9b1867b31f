//! epoll_wait(2), epoll_pwait(2), epoll_pwait2(2).
//!
//! The program's epoll descriptor is a file like others: readable while its
//! set has an event. It is registered in the hub's epoll, which gets an edge
//! for every event that joins the inner set. Errors are the kernel's: EBADF,
//! EFAULT, EINVAL (no epoll descriptor, `most` below 1, an invalid time-out),
//! EINTR.
//!
//! A look consumes edge-triggered and one-shot events, and several threads may
//! serve one set. As in the kernel, one of them is woken per edge, and who has
//! found something wakes the next one while there may be more.

use super::wait::{span_of_milliseconds, span_of_timespec, wait, Source};
use super::{answer, KERNEL_SIGSET};
use crate::doorway;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::c_int;
use core::ptr;
use hub::hub as scheduler;
use hub::program_memory;
use hub::reactor::READ;
use hub::sys::Errno;
use hub::wait::Reason;
use libc::{epoll_event, sigset_t, timespec};

crate::hooks! {
    Select "events of the set, time" fn epoll_wait(fd: c_int, events: *mut epoll_event, most: c_int, milliseconds: c_int) -> c_int = wait_;
    Select "events of the set, time" fn epoll_pwait(fd: c_int, events: *mut epoll_event, most: c_int, milliseconds: c_int, mask: *const sigset_t) -> c_int = pwait;
    Select "events of the set, time" fn epoll_pwait2(fd: c_int, events: *mut epoll_event, most: c_int, span: *const timespec, mask: *const sigset_t) -> c_int = pwait2;
}

/// The program's arguments. Only the kernel writes the array.
struct Set {
    fd: c_int,
    events: *mut epoll_event,
    most: c_int,
    mask: *const sigset_t,
    /// Whether the call may wait.
    waits: bool,
}

impl Set {
    fn ask(&self) -> Result<usize, Errno> {
        // SAFETY: the program's own arguments, judged by the kernel.
        unsafe {
            hub::syscall!(
                libc::SYS_epoll_pwait,
                self.fd,
                self.events,
                self.most,
                0,
                self.mask,
                KERNEL_SIGSET
            )
        }
    }

    /// Run the handlers of pending signals that the mask lets through:
    /// `epoll_pwait` does not when it is not to wait.
    fn signals(&self) -> Result<usize, Errno> {
        let mut zero = timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: no descriptors; the mask was read by the kernel before.
        unsafe { hub::syscall!(libc::SYS_ppoll, 0, 0, &raw mut zero, self.mask, KERNEL_SIGSET) }
    }
}

impl Source for Set {
    fn look(&mut self) -> Result<usize, Errno> {
        let found = self.ask();
        scheduler::with_reactor(|r, run| match found {
            Ok(0) => r.table.drained(self.fd, READ),
            // More may be left than fits into the array. After an error, the
            // wake-up was not for this caller.
            _ => r.table.pass_on(self.fd, READ, run),
        });
        if found == Ok(0) && !self.mask.is_null() && self.waits {
            return self.signals();
        }
        found
    }

    fn interests(&self, add: &mut dyn FnMut(i32, u8)) {
        add(self.fd, READ);
    }

    fn reason(&self) -> Reason {
        Reason::Epoll(self.fd)
    }

    fn signal_mask(&self) -> *const sigset_t {
        self.mask
    }

    fn hears_at_once(&self) -> bool {
        false
    }

    fn consumes(&self) -> bool {
        true
    }
}

unsafe fn wait_(fd: c_int, events: *mut epoll_event, most: c_int, milliseconds: c_int) -> c_int {
    let Some(shim) = doorway::enter(Group::Select) else {
        // SAFETY: the program's own call, or mio's in the hub.
        return unsafe { real::epoll_wait(fd, events, most, milliseconds) };
    };
    cancel::point(&shim);
    let mut set = Set { fd, events, most, mask: ptr::null(), waits: true };
    answer(wait(&shim, &mut set, span_of_milliseconds(milliseconds)))
}

unsafe fn pwait(
    fd: c_int,
    events: *mut epoll_event,
    most: c_int,
    milliseconds: c_int,
    mask: *const sigset_t,
) -> c_int {
    let Some(shim) = doorway::enter_for_signals(Group::Select) else {
        // SAFETY: the program's own call.
        return unsafe { real::epoll_pwait(fd, events, most, milliseconds, mask) };
    };
    cancel::point(&shim);
    let mut set = Set { fd, events, most, mask, waits: milliseconds != 0 };
    answer(wait(&shim, &mut set, span_of_milliseconds(milliseconds)))
}

unsafe fn pwait2(
    fd: c_int,
    events: *mut epoll_event,
    most: c_int,
    span: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    let Some(shim) = doorway::enter_for_signals(Group::Select) else {
        // SAFETY: the program's own call.
        return unsafe { real::epoll_pwait2(fd, events, most, span, mask) };
    };
    cancel::point(&shim);
    // glibc leaves the time-out to the kernel: a bad address is EFAULT.
    if !span.is_null() && !program_memory::readable(span.cast(), size_of::<timespec>()) {
        return answer(Err(libc::EFAULT));
    }
    let mut set = Set { fd, events, most, mask, waits: true };
    // SAFETY: null or readable.
    answer(unsafe { span_of_timespec(span) }.and_then(|span| {
        set.waits = span != 0;
        wait(&shim, &mut set, span)
    }))
}
