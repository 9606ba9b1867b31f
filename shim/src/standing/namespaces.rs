//! unshare(2), setns(2), personality(2).

use super::{change_or_fail, What};
use core::ffi::{c_int, c_ulong};
use hub::greenlet::Greenlet;
use hub::hub as scheduler;

crate::hooks! {
    Thread "never" fn unshare(flags: c_int) -> c_int = unshare_;
    Thread "never" fn setns(fd: c_int, kind: c_int) -> c_int = setns_;
    Thread "never" fn personality(persona: c_ulong) -> c_int = personality_;
}

/// What a thread that is alone in its process shares with nobody, and the kernel refuses
/// to the others (EINVAL).
const OF_THREADS: c_int = libc::CLONE_THREAD | libc::CLONE_SIGHAND | libc::CLONE_VM;

/// Whether the calling thread is the only one of the program's, while the process has OS
/// threads of ours.
fn only_thread() -> bool {
    Greenlet::current().is_some() && scheduler::live() == 1
}

unsafe fn unshare_(flags: c_int) -> c_int {
    let flags = if only_thread() { flags & !OF_THREADS } else { flags };
    let what = match flags & libc::CLONE_FILES {
        0 => What::Attributes,
        _ => What::Files,
    };
    // SAFETY: the program's own call.
    let call = || unsafe { real::unshare(flags) };
    match flags {
        0 => call(),
        _ => change_or_fail(what, call),
    }
}

unsafe fn setns_(fd: c_int, kind: c_int) -> c_int {
    let alone = only_thread();
    change_or_fail(What::Attributes, || {
        if alone {
            // A mount namespace is entered by who shares his directories with nobody, as
            // is true of this thread but for our own OS threads.
            // SAFETY: takes a number.
            let _ = unsafe { hub::syscall!(libc::SYS_unshare, libc::CLONE_FS) };
        }
        // SAFETY: the program's own call.
        unsafe { real::setns(fd, kind) }
    })
}

/// No personality: asks for the present one.
const ASK: c_ulong = 0xffff_ffff;

unsafe fn personality_(persona: c_ulong) -> c_int {
    // SAFETY: takes a number, here and below.
    let call = |persona| unsafe { real::personality(persona) };
    let before = call(ASK);
    if persona == ASK || before as c_ulong & 0xffff_ffff == persona {
        return call(persona);
    }
    change_or_fail(What::Attributes, || call(persona))
}
