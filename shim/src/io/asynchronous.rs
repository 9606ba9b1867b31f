//! aio(7): reads and writes that OS threads of libc's do meanwhile.
//!
//! Those threads are none of ours, and what they wait for stops nobody; functions
//! that they call on completion (SIGEV_THREAD) run on OS threads as well, where
//! hooks pass through. So only the two functions that wait for requests are
//! hooked. A request may be one on a pipe that another thread of the program
//! has to fill: they are sections that may have to wait for other threads.
//!
//! `aio_suspend` is a cancellation point; a cancellation ends libc's wait with
//! EINTR, and acts then. What signals do is libc's answer as well; a handler that
//! ran elsewhere does not end the wait.

use crate::doorway;
use crate::table::Group;
use crate::thread::cancel::{self, NoPoint};
use core::ffi::{c_int, c_void};
use hub::wait::Section;
use libc::{sigevent, timespec};

crate::hooks! {
    Os "section" fn aio_suspend(list: *const *const c_void, count: c_int, limit: *const timespec) -> c_int = suspend, also [aio_suspend64], version "GLIBC_2.34";
    Os "section" fn lio_listio(mode: c_int, list: *const *mut c_void, count: c_int, event: *mut sigevent) -> c_int = begin, also [lio_listio64], version "GLIBC_2.34" or "GLIBC_2.4";
}

unsafe fn suspend(list: *const *const c_void, count: c_int, limit: *const timespec) -> c_int {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::aio_suspend(list, count, limit) };
    };
    if cancel::is_due(shim.greenlet) {
        // A request that is done is told of nevertheless, as in glibc.
        let at_once = timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: as above.
        if unsafe { real::aio_suspend(list, count, &at_once) } == 0 {
            return 0;
        }
        cancel::point(&shim);
    }
    // SAFETY: as above.
    let result = shim.section("aio_suspend", Section::Waits, || unsafe {
        real::aio_suspend(list, count, limit)
    });
    if result != 0 {
        cancel::point(&shim);
    }
    result
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
            let _no_point = NoPoint::begin();
            shim.section("lio_listio", Section::Waits, call)
        }
        other => {
            drop(other);
            call()
        }
    }
}
