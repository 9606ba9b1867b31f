//! `accept`, `accept4`.
//!
//! There is no form of accept(2) that does not wait, and the program's
//! O_NONBLOCK is not ours to set: the socket is polled just before the call,
//! with no turn of another greenlet between. (Another process that shares the
//! socket can still be quicker; then the call waits for the next connection.)

use crate::doorway::{self, returned, Shim};
use crate::fd::known::{self, Kind, Known};
use crate::fd::wait::Wait;
use crate::fd::{making, probe};
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::c_int;
use hub::hub as scheduler;
use hub::reactor::READ;
use hub::sys::Errno;
use hub::wait::Reason;
use libc::{sockaddr, socklen_t};

crate::hooks! {
    Socket "readiness" fn accept(fd: c_int, peer: *mut sockaddr, length: *mut socklen_t) -> c_int = accept_;
    Socket "readiness" fn accept4(fd: c_int, peer: *mut sockaddr, length: *mut socklen_t, flags: c_int) -> c_int = accept4_;
}

/// What is known of a connection, from what is known of the listening socket:
/// it inherits the time-outs (but not O_NONBLOCK).
fn fresh(listener: Known, flags: c_int) -> Known {
    let kind = match listener.kind() {
        Kind::Tcp => Kind::Tcp,
        _ => Kind::Socket,
    };
    Known::fresh(kind, listener.is_examined() && flags & libc::SOCK_NONBLOCK == 0)
}

/// Wait until accept(2) will not.
fn ready(shim: &Shim, fd: c_int) -> Result<(), Errno> {
    let mut wait = Wait::new(shim, fd, READ, Reason::Accept(fd));
    let mut vain = wait.in_vain();
    let result = loop {
        if !vain && probe::poll(fd, libc::POLLIN) != 0 {
            break Ok(());
        }
        vain = false;
        // A socket that does not listen is refused at once.
        if wait.is_unpollable() || probe::option(fd, libc::SO_ACCEPTCONN) != Some(1) {
            break Ok(());
        }
        if let Err(e) = wait.park() {
            break Err(e);
        }
    };
    if result.is_err() {
        wait.finish();
    }
    result
}

/// The call has been made: the next connection is for the next waiter.
fn pass_on(shim: &Shim, fd: c_int) {
    scheduler::with_reactor(|r, run| r.table.pass_on(fd, READ, run));
    crate::fd::wait::served(shim);
}

unsafe fn accept_(fd: c_int, peer: *mut sockaddr, length: *mut socklen_t) -> c_int {
    // SAFETY: the program's own call.
    unsafe { accept_with(fd, 0, || real::accept(fd, peer, length)) }
}

unsafe fn accept4_(fd: c_int, peer: *mut sockaddr, length: *mut socklen_t, flags: c_int) -> c_int {
    // SAFETY: the program's own call.
    unsafe { accept_with(fd, flags, || real::accept4(fd, peer, length, flags)) }
}

unsafe fn accept_with(fd: c_int, flags: c_int, call: impl Fn() -> c_int) -> c_int {
    let listener = known::get(fd);
    let accepted = match doorway::enter(Group::Socket) {
        None => call(),
        Some(shim) => {
            cancel::point(&shim);
            if let Err(e) = ready(&shim, fd) {
                return returned(Err(e)) as c_int;
            }
            // Another process may take the connection first; then this waits.
            let accepted = scheduler::as_program(&call);
            if accepted >= 0 {
                scheduler::with_reactor(|r, run| r.forget(accepted, run));
                known::set(accepted, fresh(known::get(fd), flags));
            }
            pass_on(&shim, fd);
            return accepted;
        }
    };
    making::made(accepted, fresh(listener, flags));
    accepted
}
