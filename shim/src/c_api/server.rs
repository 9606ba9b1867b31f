//! `gev_server`: a greenlet for each connection of a listening socket.

use super::greenlet::{errno_of, may_spawn};
use super::object::{get, Kind, Object};
use super::timeout::limit;
use super::{fail, null, pool, rim, Span};
use crate::fd::known::{self, Known};
use crate::fd::making;
use core::ffi::{c_int, c_void};
use hub::greenlet::Greenlet;
use hub::server::{DescriptorListener, StreamServer};
use hub::Raw;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// Handles a connection; the server closes it afterwards.
type Handler = unsafe extern "C-unwind" fn(c_int, *mut c_void);

pub type Handle = Object<StreamServer<DescriptorListener>>;

/// # Safety
/// `pool` is null or the program's; the handler may be called with `arg`.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_server_new(
    listener: c_int,
    handler: Option<Handler>,
    arg: *mut c_void,
    pool: *mut pool::Handle,
) -> *mut Handle {
    let _rim = rim();
    let Some(handler) = handler else { return null(libc::EINVAL) };
    if listener < 0 {
        return null(libc::EBADF);
    }
    // SAFETY: not negative; it is only copied.
    let listener = match unsafe { BorrowedFd::borrow_raw(listener) }
        .try_clone_to_owned()
        .and_then(DescriptorListener::new)
    {
        Ok(listener) => listener,
        Err(e) => return null(super::fd::errno_of(&e)),
    };
    let (arg, kind) = (Raw(arg), kind_of(listener.as_fd()));
    let handle = move |connection: OwnedFd, ()| {
        let arg = arg;
        if let Some(g) = Greenlet::current().filter(|g| g.enter_briefly()) {
            g.set_routine(handler as usize);
            g.leave_shim();
        }
        // It was accepted in our code, past the hooks. What it has of the listener's
        // settings is not known.
        making::made(connection.as_raw_fd(), Known::fresh(kind, false));
        // SAFETY: by this function's contract.
        unsafe { handler(connection.as_raw_fd(), arg.0) };
        drop(connection);
    };
    let mut server = StreamServer::new(listener, handle);
    // SAFETY: null or the program's handle.
    if let Some(pool) = unsafe { pool.as_ref() } {
        match pool.bounded() {
            Some(bounded) => server = server.with_pool(bounded.clone()),
            None => return null(libc::EINVAL),
        }
    }
    Object::handle(Kind::Other, server)
}

/// What the connections of a listener are.
fn kind_of(listener: BorrowedFd) -> known::Kind {
    let (mut protocol, mut size) = (0 as c_int, size_of::<c_int>() as libc::socklen_t);
    // SAFETY: the kernel writes an int.
    unsafe {
        let (fd, at) = (listener.as_raw_fd(), (&raw mut protocol).cast());
        libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_PROTOCOL, at, &mut size);
    }
    match protocol {
        libc::IPPROTO_TCP => known::Kind::Tcp,
        _ => known::Kind::Socket,
    }
}

/// # Safety
/// Nobody uses it any more.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_server_free(server: *mut Handle) {
    let _rim = rim();
    // SAFETY: by this function's contract.
    unsafe { Object::free(server) };
}

fn start(server: &StreamServer<DescriptorListener>) -> c_int {
    if !may_spawn() {
        return fail(libc::EPERM);
    }
    server.try_start().map_or_else(|e| fail(errno_of(e)), |()| 0)
}

#[no_mangle]
pub extern "C-unwind" fn gev_server_start(server: *mut Handle) -> c_int {
    let _rim = rim();
    start(get!(server))
}

#[no_mangle]
pub extern "C-unwind" fn gev_server_stop(server: *mut Handle, timeout: Span) -> c_int {
    let _rim = rim();
    let span = limit(timeout).unwrap_or(core::time::Duration::MAX);
    get!(server).stop(Some(span));
    0
}

#[no_mangle]
pub extern "C-unwind" fn gev_server_serve_forever(server: *mut Handle) -> c_int {
    let _rim = rim();
    let server = get!(server);
    let started = start(server);
    if started == 0 {
        server.serve_forever();
    }
    started
}
