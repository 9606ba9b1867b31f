//! aio(7): reads and writes that OS threads of libc's do meanwhile.
//!
//! Those threads are none of ours, and what they wait for stops nobody; functions
//! that they call on completion (SIGEV_THREAD) run on OS threads as well, where
//! hooks pass through. So only the two functions that wait for requests are
//! hooked. A request may be one on a pipe that another thread of the program
//! has to fill: they are sections that may have to wait for other threads.
//!
//! `aio_suspend` is a cancellation point, and nothing but its end ends a
//! section: so it is made of pieces, and acts on a cancellation between them.
//! Signals: EINTR is what libc's own wait reports; a handler that ran elsewhere
//! does not end it.

use crate::doorway;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::{c_int, c_void};
use hub::time::{self as clock, MILLISECOND, NEVER};
use hub::wait::Section;
use libc::{sigevent, timespec};

crate::hooks! {
    Os "section" fn aio_suspend(list: *const *const c_void, count: c_int, limit: *const timespec) -> c_int = suspend, also [aio_suspend64], version "GLIBC_2.34";
    Os "section" fn lio_listio(mode: c_int, list: *const *mut c_void, count: c_int, event: *mut sigevent) -> c_int = begin, also [lio_listio64], version "GLIBC_2.34";
}

/// The longest piece of a wait in `aio_suspend`.
const PIECE: u64 = 50 * MILLISECOND;

unsafe fn suspend(list: *const *const c_void, count: c_int, limit: *const timespec) -> c_int {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::aio_suspend(list, count, limit) };
    };
    cancel::point(&shim);
    // SAFETY: null or the program's object.
    let end = match unsafe { limit.as_ref() } {
        None => NEVER,
        Some(limit) => match clock::from_timespec(limit) {
            Some(span) => clock::after(span),
            None => {
                drop(shim);
                // SAFETY: as above. libc refuses it.
                return unsafe { real::aio_suspend(list, count, limit) };
            }
        },
    };
    loop {
        let left = end.saturating_sub(clock::now());
        let piece = clock::to_timespec(left.min(PIECE));
        let result = shim.section("aio_suspend", Section::Waits, || {
            // SAFETY: as above, with another limit.
            unsafe { real::aio_suspend(list, count, &piece) }
        });
        if result == 0 {
            return 0;
        }
        cancel::point(&shim);
        if left <= PIECE || doorway::errno() != libc::EAGAIN {
            return result;
        }
    }
}

/// aio.h
const LIO_WAIT: c_int = 0;

unsafe fn begin(
    mode: c_int,
    list: *const *mut c_void,
    count: c_int,
    event: *mut sigevent,
) -> c_int {
    // SAFETY: the program's own call.
    let call = || unsafe { real::lio_listio(mode, list, count, event) };
    match doorway::enter(Group::Os) {
        Some(shim) if mode == LIO_WAIT => {
            cancel::point(&shim);
            shim.section("lio_listio", Section::Waits, call)
        }
        other => {
            drop(other);
            call()
        }
    }
}
