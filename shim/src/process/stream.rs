//! popen(3) and pclose(3): a shell command at the other end of a pipe.
//!
//! The stream is libc's own, so both are blocking sections: `popen` waits until
//! the shell has been executed, `pclose` until the command has ended, for which
//! another thread may have to feed it. The descriptor of the stream is an
//! inherited, unknown one to the hub; reading and writing it is stdio's matter.
//!
//! Neither is a cancellation point (in glibc; POSIX leaves it open), and signal
//! handlers do not end `pclose`.

use super::environment;
use crate::doorway;
use crate::signal::mask;
use crate::stdio::opening;
use crate::table::Group;
use core::ffi::{c_char, c_int};
use hub::wait::Section;
use libc::FILE;

crate::hooks! {
    Subprocess "section" fn popen(command: *const c_char, mode: *const c_char) -> *mut FILE = open, also [_IO_popen];
    Subprocess "section" fn pclose(stream: *mut FILE) -> c_int = close;
}

unsafe fn open(command: *const c_char, mode: *const c_char) -> *mut FILE {
    hub::hub::carrier::makes_child();
    let Some(shim) = doorway::enter(Group::Subprocess) else {
        // SAFETY: the program's own call, here and below.
        return environment::in_own(|| unsafe { real::popen(command, mode) });
    };
    // SAFETY: as above.
    let call = || unsafe { real::popen(command, mode) };
    // SAFETY: the program's string.
    unsafe {
        shim.section_of("popen", command, Section::Ends, || {
            mask::with_own_in_kernel(shim.greenlet, || environment::in_own(call))
        })
    }
}

unsafe fn close(stream: *mut FILE) -> c_int {
    // SAFETY: the program's open stream.
    unsafe {
        // Its own failure to write out is libc's to report.
        opening::before_closing(stream);
        opening::forget(stream);
        match doorway::enter(Group::Subprocess) {
            Some(shim) => shim.section("pclose", Section::Waits, || real::pclose(stream)),
            None => real::pclose(stream),
        }
    }
}
