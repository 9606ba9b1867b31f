//! Terminal lines: `tcdrain`, `tcsendbreak`, `tcsetattr`, and their `ioctl`s.
//!
//! Waiting until what was written has been sent (tcdrain(3)) has no event. Output
//! may have been stopped, and another thread be the one to start it again
//! (tcflow(3)), so it is a section that gets its OS thread in any case. A break
//! takes its time and ends.
//!
//! Signals: a drain gives EINTR, or goes on under SA_RESTART. `tcdrain` is a
//! cancellation point.

use crate::doorway;
use crate::table::Group;
use crate::thread::cancel::{self, NoPoint};
use core::ffi::{c_int, c_ulong};
use hub::wait::Section;
use libc::termios;

crate::hooks! {
    Os "blocking section" fn tcdrain(fd: c_int) -> c_int = tcdrain_;
    Os "blocking section" fn tcsendbreak(fd: c_int, duration: c_int) -> c_int = tcsendbreak_;
    Os "blocking section to drain" fn tcsetattr(fd: c_int, when: c_int, settings: *const termios) -> c_int = tcsetattr_;
}

unsafe fn tcdrain_(fd: c_int) -> c_int {
    // SAFETY: the program's own call, here and below.
    let call = || unsafe { real::tcdrain(fd) };
    let Some(shim) = doorway::enter(Group::Os) else { return call() };
    cancel::point(&shim);
    let result = shim.section_of_fd("tcdrain", fd, Section::Waits, call);
    if result == -1 && doorway::errno() == libc::EINTR {
        cancel::point(&shim);
    }
    result
}

unsafe fn tcsendbreak_(fd: c_int, duration: c_int) -> c_int {
    // SAFETY: see above.
    let call = || unsafe { real::tcsendbreak(fd, duration) };
    match doorway::enter(Group::Os) {
        Some(shim) => shim.section_of_fd("tcsendbreak", fd, Section::Ends, call),
        None => call(),
    }
}

unsafe fn tcsetattr_(fd: c_int, when: c_int, settings: *const termios) -> c_int {
    // SAFETY: see above.
    let call = || unsafe { real::tcsetattr(fd, when, settings) };
    match doorway::enter(Group::Os) {
        Some(shim) if when != libc::TCSANOW => {
            let _no_point = NoPoint::begin();
            shim.section_of_fd("tcsetattr", fd, Section::Waits, call)
        }
        _ => call(),
    }
}

/// asm-generic/ioctls.h: settings of the old kind, changed after a drain.
const TCSETAW: c_ulong = 0x5407;
const TCSETAF: c_ulong = 0x5408;

/// How an `ioctl` on a terminal waits, if it does.
fn section_of(request: c_ulong, argument: usize) -> Option<Section> {
    match request {
        // An argument of 0 sends a break; any other drains.
        libc::TCSBRK if argument == 0 => Some(Section::Ends),
        libc::TCSBRKP => Some(Section::Ends),
        libc::TCSBRK | libc::TCSETSW | libc::TCSETSF | TCSETAW | TCSETAF => Some(Section::Waits),
        _ => None,
    }
}

/// Make an `ioctl`, which waits if it is one of a terminal's that do.
pub fn control(request: c_ulong, argument: usize, call: impl FnOnce() -> c_int) -> c_int {
    let Some(section) = section_of(request, argument) else { return call() };
    match doorway::enter(Group::Os) {
        Some(shim) => {
            let _no_point = NoPoint::begin();
            shim.section("a terminal's ioctl", section, call)
        }
        None => call(),
    }
}
