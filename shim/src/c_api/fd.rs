//! Waiting for descriptors.

use super::timeout::{came, limit};
use super::{fail, rim, Span};
use core::ffi::{c_int, c_short};
use core::time::Duration;
use libc::{fd_set, nfds_t, pollfd};
use std::io;

pub fn errno_of(error: &io::Error) -> c_int {
    error.raw_os_error().unwrap_or(libc::EIO)
}

/// Wait for one descriptor; the answer, 0: not in time, or -1.
pub fn wait_one(fd: c_int, events: c_short, span: Option<Duration>) -> c_int {
    let mut asked = [pollfd { fd, events, revents: 0 }];
    if fd < 0 {
        return fail(libc::EBADF);
    }
    match hub::poll_fds(&mut asked, span) {
        Ok(()) if asked[0].revents & libc::POLLNVAL != 0 => fail(libc::EBADF),
        Ok(()) => asked[0].revents as c_int,
        Err(e) => fail(errno_of(&e)),
    }
}

/// What there is on a descriptor now, or -1.
pub fn look(fd: c_int, events: c_short) -> c_int {
    match hub::look_at_fd(fd, events) {
        Ok(found) if found & libc::POLLNVAL != 0 => fail(libc::EBADF),
        Ok(found) => found as c_int,
        Err(e) => fail(e),
    }
}

#[no_mangle]
pub extern "C-unwind" fn gev_wait_fd(fd: c_int, events: c_int, timeout: Span) -> c_int {
    let _rim = rim();
    let Ok(events) = c_short::try_from(events) else { return fail(libc::EINVAL) };
    match wait_one(fd, events, limit(timeout)) {
        0 => fail(came()),
        answer => answer,
    }
}

/// # Safety
/// `fds` has `n` entries.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_poll(fds: *mut pollfd, n: nfds_t, timeout: Span) -> c_int {
    let _rim = rim();
    if fds.is_null() && n != 0 {
        return fail(libc::EFAULT);
    }
    let fds = match n {
        0 => &mut [],
        // SAFETY: by this function's contract.
        n => unsafe { core::slice::from_raw_parts_mut(fds, n as usize) },
    };
    // Negative ones are left out, as poll(2) does.
    let mut asked: Vec<pollfd> = fds.iter().filter(|f| f.fd >= 0).copied().collect();
    asked.iter_mut().for_each(|f| f.revents = 0);
    if let Err(e) = hub::poll_fds(&mut asked, limit(timeout)) {
        return fail(errno_of(&e));
    }
    let mut answers = asked.iter();
    for f in fds.iter_mut() {
        f.revents = if f.fd >= 0 { answers.next().map_or(0, |a| a.revents) } else { 0 };
    }
    match fds.iter().filter(|f| f.revents != 0).count() {
        0 => fail(came()),
        some => some as c_int,
    }
}

/// # Safety
/// The sets are null or the program's.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_select(
    n: c_int,
    reads: *mut fd_set,
    writes: *mut fd_set,
    excepts: *mut fd_set,
    timeout: Span,
) -> c_int {
    let _rim = rim();
    let sets = [
        (reads, libc::POLLIN, libc::POLLIN | libc::POLLHUP | libc::POLLERR),
        (writes, libc::POLLOUT, libc::POLLOUT | libc::POLLHUP | libc::POLLERR),
        (excepts, libc::POLLPRI, libc::POLLPRI),
    ];
    if n < 0 || n as usize > libc::FD_SETSIZE {
        return fail(libc::EINVAL);
    }
    let mut asked: Vec<pollfd> = Vec::new();
    for fd in 0..n {
        let mut events = 0;
        for (set, event, _) in sets {
            // SAFETY: by this function's contract.
            if !set.is_null() && unsafe { libc::FD_ISSET(fd, set) } {
                events |= event;
            }
        }
        if events != 0 {
            asked.push(pollfd { fd, events, revents: 0 });
        }
    }
    if let Err(e) = hub::poll_fds(&mut asked, limit(timeout)) {
        return fail(errno_of(&e));
    }
    if asked.iter().any(|f| f.revents & libc::POLLNVAL != 0) {
        return fail(libc::EBADF);
    }
    let mut found = 0;
    for (set, event, answers) in sets.into_iter().filter(|(set, ..)| !set.is_null()) {
        // SAFETY: as above.
        unsafe { libc::FD_ZERO(set) };
        for f in asked.iter().filter(|f| f.events & event != 0 && f.revents & answers != 0) {
            // SAFETY: as above.
            unsafe { libc::FD_SET(f.fd, set) };
            found += 1;
        }
    }
    if found == 0 {
        return fail(came());
    }
    found
}
