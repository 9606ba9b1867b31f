//! `connect`.
//!
//! The one call that needs the program's O_NONBLOCK flipped: it is set, the
//! connection is begun, and it is as before when anybody else runs. Then the
//! end of the handshake is waited for and SO_ERROR tells the outcome
//! (connect(2), EINPROGRESS).

use crate::doorway::{self, returned, Shim};
use crate::fd::known::Kind;
use crate::fd::pauses::Pauses;
use crate::fd::probe;
use crate::fd::wait::Wait;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::c_int;
use hub::reactor::WRITE;
use hub::sys::Errno;
use hub::wait::Reason;
use libc::{sockaddr, socklen_t};

crate::hooks! {
    Socket "readiness" fn connect(fd: c_int, to: *const sockaddr, length: socklen_t) -> c_int = connect_, also [__connect];
}

unsafe fn connect_(fd: c_int, to: *const sockaddr, length: socklen_t) -> c_int {
    let Some(shim) = doorway::enter(Group::Socket) else {
        // SAFETY: the program's own call.
        return unsafe { real::connect(fd, to, length) };
    };
    cancel::point(&shim);
    match probe::status_flags(fd) {
        Ok(flags) if flags & libc::O_NONBLOCK == 0 && can_wait(fd) => {
            // SAFETY: as above.
            returned(unsafe { wait_for(&shim, fd, to, length, flags) }) as c_int
        }
        // SAFETY: as above; this does not wait.
        _ => unsafe { real::connect(fd, to, length) },
    }
}

/// Only connections are waited for; a datagram socket just notes the address.
fn can_wait(fd: c_int) -> bool {
    crate::fd::known::get(fd).kind() == Kind::Tcp
        || matches!(probe::option(fd, libc::SO_TYPE), Some(t) if t != libc::SOCK_DGRAM)
}

/// One attempt that does not wait.
unsafe fn begin(
    fd: c_int,
    to: *const sockaddr,
    length: socklen_t,
    flags: c_int,
) -> Result<usize, Errno> {
    let saved = doorway::errno();
    // SAFETY: the program's own call between two changes of the flag, the
    // second of which undoes the first.
    unsafe {
        hub::syscall!(libc::SYS_fcntl, fd, libc::F_SETFL, flags | libc::O_NONBLOCK)?;
        let result = match real::connect(fd, to, length) {
            0 => Ok(0),
            _ => Err(doorway::errno()),
        };
        let _ = hub::syscall!(libc::SYS_fcntl, fd, libc::F_SETFL, flags);
        doorway::set_errno(saved);
        result
    }
}

unsafe fn wait_for(
    shim: &Shim,
    fd: c_int,
    to: *const sockaddr,
    length: socklen_t,
    flags: c_int,
) -> Result<usize, Errno> {
    let mut wait = Wait::new(shim, fd, WRITE, Reason::Connect(fd));
    let mut pauses = Pauses::new();
    let result = loop {
        // SAFETY: the program's own arguments.
        match unsafe { begin(fd, to, length, flags) } {
            // The queue of a Unix socket's listener is full. Nothing tells
            // when there is room.
            Err(libc::EAGAIN) => {
                if let Err(e) = wait.pause(pauses.longer()) {
                    break Err(e);
                }
            }
            Err(libc::EINPROGRESS | libc::EALREADY) => {
                // SAFETY: as above.
                break unsafe { established(&mut wait, to, length) };
            }
            other => break other,
        }
    };
    wait.finish();
    result
}

/// Wait for the end of the handshake, and ask how it was.
unsafe fn established(
    wait: &mut Wait,
    to: *const sockaddr,
    length: socklen_t,
) -> Result<usize, Errno> {
    loop {
        match wait.park() {
            Ok(()) => {}
            // SO_SNDTIMEO: it goes on without us.
            Err(libc::EAGAIN) => return Err(libc::EINPROGRESS),
            Err(e) => return Err(e),
        }
        if wait.is_unpollable() || probe::poll(wait.fd, libc::POLLOUT) != 0 {
            // A socket of the internet families is told its outcome by another
            // connect, and can be used for the next attempt after that only.
            // SAFETY: the kernel has read the address before.
            let family = unsafe { (*to).sa_family } as c_int;
            if matches!(family, libc::AF_INET | libc::AF_INET6) {
                // SAFETY: the program's own call, which does not wait now.
                return unsafe { hub::syscall!(libc::SYS_connect, wait.fd, to, length) };
            }
            return match probe::option(wait.fd, libc::SO_ERROR) {
                None | Some(0) => Ok(0),
                Some(e) => Err(e),
            };
        }
    }
}
