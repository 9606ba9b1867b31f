//! syslog(3): messages for the system's log.
//!
//! The message goes through a datagram socket of libc's to a service that may
//! be behind, and with LOG_PERROR and LOG_CONS to a terminal: nothing that the
//! hub could wait for, so it is a blocking section. The service needs nothing
//! from this program.
//!
//! May be a cancellation point (pthreads(7)), and is one of libc's: a request that is
//! pending acts before the message is sent; one that comes while the service takes none
//! ends the call from within ([`cancel::Inside`]), and libc releases its lock.

use crate::doorway;
use crate::table::Group;
use crate::thread::cancel;
use crate::variadic::VaList;
use core::ffi::{c_char, c_int};
use hub::wait::Section;

crate::hooks! {
    Sys "section" fn vsyslog(priority: c_int, format: *const c_char, list: *mut VaList) = log;
    Sys "section" fn __vsyslog_chk(priority: c_int, flag: c_int, format: *const c_char, list: *mut VaList) = log_checked;
}

crate::variadic!("section" syslog after 2 = log);
crate::variadic!("section" __syslog_chk after 3 = log_checked);

fn send(call: impl FnOnce()) {
    match doorway::enter(Group::Sys) {
        Some(shim) => {
            cancel::point(&shim);
            shim.section("syslog", Section::Unwinds, call);
        }
        None => call(),
    }
}

unsafe extern "C-unwind" fn log(priority: c_int, format: *const c_char, list: *mut VaList) {
    // SAFETY: the program's own call.
    send(|| unsafe { real::vsyslog(priority, format, list) });
}

unsafe extern "C-unwind" fn log_checked(
    priority: c_int,
    flag: c_int,
    format: *const c_char,
    list: *mut VaList,
) {
    // SAFETY: the program's own call.
    send(|| unsafe { real::__vsyslog_chk(priority, flag, format, list) });
}
