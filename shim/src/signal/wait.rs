//! Waiting for signals: sigwait(3), sigwaitinfo(2), sigtimedwait(2), pause(2),
//! sigsuspend(2).
//!
//! A signal that every greenlet blocks is pending in the kernel; a signalfd
//! tells the reactor when. All are cancellation points.

use super::action::to_bits;
use super::directed::{self, Target};
use super::{deliver, mask, pending, processor_timer, restarts, word};
use crate::doorway::{self, set_errno, Shim};
use crate::table::Group;
use core::ffi::c_int;
use hub::hub as scheduler;
use hub::reactor::{FdWaiter, READ};
use hub::time::{self as clock, MILLISECOND, NEVER};
use hub::wait::{Reason, Wake};
use libc::{siginfo_t, sigset_t, timespec};

crate::hooks! {
    Signal "signalfd" fn sigwait(set: *const sigset_t, signal: *mut c_int) -> c_int = wait;
    Signal "signalfd" fn sigwaitinfo(set: *const sigset_t, info: *mut siginfo_t) -> c_int = wait_info;
    Signal "signalfd" fn sigtimedwait(set: *const sigset_t, info: *mut siginfo_t, span: *const timespec) -> c_int = timed_wait;
    Signal "a handler" fn pause() -> c_int = pause_;
    Signal "a handler" fn sigsuspend(set: *const sigset_t) -> c_int = suspend, also [__sigsuspend];
}

/// Wait for one of `set`; the signal and what is told with it.
fn take(shim: &Shim, set: u64, deadline: u64) -> Result<(c_int, siginfo_t), c_int> {
    let g = shim.greenlet;
    let mut fd: Option<c_int> = None;
    let result = loop {
        if let Some((signal, mut info)) = pending::take_one_of(g, set) {
            processor_timer::taken(&mut info);
            break Ok((signal, info));
        }
        match pending::take_from_kernel(set) {
            Ok(mut info) => {
                let signal = info.si_signo;
                match directed::target(&info) {
                    Target::Greenlet(other) if !core::ptr::eq(other, g) => {
                        // Another thread's alone: the kernel does not know.
                        pending::send_to(other, signal, &info);
                        continue;
                    }
                    Target::Nobody => continue,
                    _ => {
                        processor_timer::taken(&mut info);
                        break Ok((signal, info));
                    }
                }
            }
            Err(libc::EAGAIN) | Err(libc::EINTR) => {}
            Err(e) => break Err(e),
        }
        if clock::now() >= deadline {
            break Err(libc::EAGAIN);
        }
        if fd.is_none() {
            // SAFETY: makes a descriptor.
            fd = unsafe {
                hub::syscall!(
                    libc::SYS_signalfd4,
                    -1isize,
                    &raw const set,
                    8,
                    libc::SFD_CLOEXEC | libc::SFD_NONBLOCK
                )
            }
            .ok()
            .map(|fd| fd as c_int);
        }
        g.extension[word::AWAITED].set(set as usize);
        let wake = match fd {
            Some(fd) => {
                let waiter = [FdWaiter::shared(g, fd, READ)];
                scheduler::wait_fds(g, &waiter, Reason::Signal, deadline).unwrap_or(Wake::Notified)
            }
            // No descriptor to be had: look again every few milliseconds.
            None => {
                let soon = clock::after(5 * MILLISECOND).min(deadline);
                scheduler::pause_until(g, Reason::Signal, soon)
            }
        };
        g.extension[word::AWAITED].set(0);
        // A signal of the set that was sent to this thread alone interrupts,
        // too, and is no EINTR.
        if wake == Wake::Interrupted && pending::pending_for(g) & set == 0 {
            break Err(libc::EINTR);
        }
    };
    if let Some(fd) = fd {
        scheduler::with_reactor(|r, run| r.forget(fd, run));
        // SAFETY: made above.
        unsafe {
            let _ = hub::syscall!(libc::SYS_close, fd);
        }
    }
    result
}

/// The waits that report an error number through `errno`.
unsafe fn take_info(shim: &Shim, set: u64, info: *mut siginfo_t, deadline: u64) -> c_int {
    crate::thread::cancel::point(shim);
    match take(shim, set, deadline) {
        Ok((signal, found)) => {
            // SAFETY: null or the program's object.
            if let Some(info) = unsafe { info.as_mut() } {
                *info = found;
                // As libc does, for raise(3)'s sake.
                if info.si_code == pending::SI_TKILL {
                    info.si_code = libc::SI_USER;
                }
            }
            signal
        }
        Err(e) => {
            restarts(shim, false);
            set_errno(e);
            -1
        }
    }
}

unsafe fn wait(set: *const sigset_t, signal: *mut c_int) -> c_int {
    let Some(shim) = doorway::enter_for_signals(Group::Signal) else {
        // SAFETY: the program's own call, here and below.
        return unsafe { real::sigwait(set, signal) };
    };
    crate::thread::cancel::point(&shim);
    // SAFETY: the program's objects, here and below.
    let bits = to_bits(unsafe { &*set });
    loop {
        match take(&shim, bits, NEVER) {
            Ok((found, _)) => {
                // SAFETY: as above.
                unsafe { *signal = found };
                return 0;
            }
            // sigwait is not interrupted.
            Err(libc::EINTR) => {
                restarts(&shim, true);
            }
            Err(e) => return e,
        }
    }
}

unsafe fn wait_info(set: *const sigset_t, info: *mut siginfo_t) -> c_int {
    let Some(shim) = doorway::enter_for_signals(Group::Signal) else {
        // SAFETY: as above.
        return unsafe { real::sigwaitinfo(set, info) };
    };
    // SAFETY: as above.
    unsafe { take_info(&shim, to_bits(&*set), info, NEVER) }
}

unsafe fn timed_wait(set: *const sigset_t, info: *mut siginfo_t, span: *const timespec) -> c_int {
    let Some(shim) = doorway::enter_for_signals(Group::Signal) else {
        // SAFETY: as above.
        return unsafe { real::sigtimedwait(set, info, span) };
    };
    // SAFETY: as above.
    unsafe {
        let deadline = match span.as_ref() {
            None => NEVER,
            Some(span) => match clock::from_timespec(span) {
                Some(span) => clock::after(span),
                None => {
                    set_errno(libc::EINVAL);
                    return -1;
                }
            },
        };
        take_info(&shim, to_bits(&*set), info, deadline)
    }
}

unsafe fn pause_() -> c_int {
    let Some(shim) = doorway::enter_for_signals(Group::Signal) else {
        // SAFETY: no arguments.
        return unsafe { real::pause() };
    };
    crate::thread::cancel::point(&shim);
    scheduler::pause_until(shim.greenlet, Reason::Signal, NEVER);
    restarts(&shim, false);
    set_errno(libc::EINTR);
    -1
}

unsafe fn suspend(set: *const sigset_t) -> c_int {
    let Some(shim) = doorway::enter_for_signals(Group::Signal) else {
        // SAFETY: as above.
        return unsafe { real::sigsuspend(set) };
    };
    crate::thread::cancel::point(&shim);
    let g = shim.greenlet;
    let before = mask::of(g);
    // SAFETY: as above.
    mask::set(g, to_bits(unsafe { &*set }));
    if pending::pending_for(g) & !mask::of(g) != 0 {
        deliver::interrupted(g);
    } else {
        scheduler::pause_until(g, Reason::Signal, NEVER);
    }
    // If the thread is cancelled its cleanup handlers run with the call's mask.
    restarts(&shim, false);
    mask::set(g, before);
    set_errno(libc::EINTR);
    -1
}
