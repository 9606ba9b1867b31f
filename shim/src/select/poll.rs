//! poll(2), ppoll(2), and their fortified forms.
//!
//! Errors are the kernel's: EFAULT, EINVAL (more entries than RLIMIT_NOFILE, an
//! invalid time-out), EINTR. A negative time-out of `poll` means for ever.
//! `ppoll` leaves its time-out as it is, since glibc gives the kernel a copy.

use super::wait::{span_of_milliseconds, span_of_timespec, wait, Source};
use super::{answer, KERNEL_SIGSET};
use crate::doorway;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_short};
use core::ptr;
use hub::reactor::{READ, URGENT, WRITE};
use hub::sys::Errno;
use hub::wait::Reason;
use libc::{nfds_t, pollfd, sigset_t, timespec};

crate::hooks! {
    Select "readiness of descriptors, time" fn poll(fds: *mut pollfd, count: nfds_t, milliseconds: c_int) -> c_int = poll_, also [__poll];
    Select "readiness of descriptors, time" fn ppoll(fds: *mut pollfd, count: nfds_t, span: *const timespec, mask: *const sigset_t) -> c_int = ppoll_;
    Select "readiness of descriptors, time" fn __poll_chk(fds: *mut pollfd, count: nfds_t, milliseconds: c_int, bytes: usize) -> c_int = poll_checked;
    Select "readiness of descriptors, time" fn __ppoll_chk(fds: *mut pollfd, count: nfds_t, span: *const timespec, mask: *const sigset_t, bytes: usize) -> c_int = ppoll_checked;
}

/// The program's array. Only the kernel writes it.
struct PollFds {
    fds: *mut pollfd,
    /// As the kernel counts: its parameter has 32 bits.
    count: u32,
    mask: *const sigset_t,
}

impl PollFds {
    fn new(fds: *mut pollfd, count: nfds_t, mask: *const sigset_t) -> Self {
        PollFds { fds, count: count as u32, mask }
    }
}

/// The directions whose edges may make one of `events` true, or an error or
/// hang-up, which are reported unasked and come as edges of reading and of
/// writing.
fn directions(events: c_short) -> u8 {
    const WRITES: c_short = libc::POLLOUT | libc::POLLWRNORM | libc::POLLWRBAND;
    const URGENTS: c_short = libc::POLLPRI | libc::POLLRDBAND;
    let mut directions = 0;
    if events & WRITES != 0 {
        directions |= WRITE;
    }
    if events & URGENTS != 0 {
        directions |= URGENT;
    }
    if directions & WRITE == 0 || events & !(WRITES | URGENTS) != 0 {
        directions |= READ;
    }
    directions
}

impl Source for PollFds {
    fn look(&mut self) -> Result<usize, Errno> {
        let mut zero = timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the program's own arguments, judged by the kernel. (Not
        // every architecture has a `poll` call.)
        unsafe {
            hub::syscall!(
                libc::SYS_ppoll,
                self.fds,
                self.count,
                &raw mut zero,
                self.mask,
                KERNEL_SIGSET
            )
        }
    }

    fn interests(&self, add: &mut dyn FnMut(i32, u8)) {
        for i in 0..self.count as usize {
            // SAFETY: the kernel has just read and written all of the array.
            let entry = unsafe { self.fds.add(i).read_unaligned() };
            // Negative descriptors are ignored (poll(2)); those that are not
            // open have ended the wait in the look.
            if entry.fd >= 0 {
                add(entry.fd, directions(entry.events));
            }
        }
    }

    fn reason(&self) -> Reason {
        match self.count {
            0 => Reason::Sleep,
            n => Reason::Poll(n),
        }
    }

    fn signal_mask(&self) -> *const sigset_t {
        self.mask
    }
}

unsafe fn poll_(fds: *mut pollfd, count: nfds_t, milliseconds: c_int) -> c_int {
    let Some(shim) = doorway::enter(Group::Select) else {
        // SAFETY: the program's own call.
        return unsafe { real::poll(fds, count, milliseconds) };
    };
    cancel::point(&shim);
    let mut fds = PollFds::new(fds, count, ptr::null());
    answer(wait(&shim, &mut fds, span_of_milliseconds(milliseconds)))
}

unsafe fn ppoll_(
    fds: *mut pollfd,
    count: nfds_t,
    span: *const timespec,
    mask: *const sigset_t,
) -> c_int {
    let Some(shim) = doorway::enter_for_signals(Group::Select) else {
        // SAFETY: the program's own call.
        return unsafe { real::ppoll(fds, count, span, mask) };
    };
    cancel::point(&shim);
    let mut fds = PollFds::new(fds, count, mask);
    // SAFETY: the program's time-out, which glibc reads as well.
    answer(unsafe { span_of_timespec(span) }.and_then(|span| wait(&shim, &mut fds, span)))
}

/// Whether an array of `bytes` holds `count` entries.
fn fits(count: nfds_t, bytes: usize) -> bool {
    (bytes / size_of::<pollfd>()) as nfds_t >= count
}

unsafe fn poll_checked(
    fds: *mut pollfd,
    count: nfds_t,
    milliseconds: c_int,
    bytes: usize,
) -> c_int {
    // SAFETY: the program's own call; libc reports an overflow and aborts.
    unsafe {
        if !fits(count, bytes) {
            return real::__poll_chk(fds, count, milliseconds, bytes);
        }
        poll_(fds, count, milliseconds)
    }
}

unsafe fn ppoll_checked(
    fds: *mut pollfd,
    count: nfds_t,
    span: *const timespec,
    mask: *const sigset_t,
    bytes: usize,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        if !fits(count, bytes) {
            return real::__ppoll_chk(fds, count, span, mask, bytes);
        }
        ppoll_(fds, count, span, mask)
    }
}
