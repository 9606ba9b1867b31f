//! Who a thread is: names, ids. (Signals sent to it: `signal::send`; its clock: [`super::processor_clock`].)
//!
//! A greenlet's thread id is its own and unknown to the kernel, so whatever
//! would hand it to the kernel is answered here.

use super::{find, first_name, patched};
use core::ffi::{c_char, c_int, c_ulong};
use hub::greenlet::Greenlet;
use libc::{pid_t, pthread_t};

crate::hooks! {
    Thread "never" fn gettid() -> pid_t = gettid_;
}

crate::plain_hooks! {
    Thread "never" fn pthread_setname_np(thread: pthread_t, name: *const c_char) -> c_int = set_name;
    Thread "never" fn pthread_getname_np(thread: pthread_t, name: *mut c_char, size: usize) -> c_int = get_name;
}

/// The kernel's limit of a name, with its zero.
const NAME: usize = 16;

unsafe fn set_name(thread: pthread_t, name: *const c_char) -> c_int {
    // SAFETY: the program's own arguments, here and below.
    unsafe {
        let Some(g) = find(thread).filter(|g| !g.is_root()) else {
            if let Some(g) = find(thread) {
                let bytes = core::ffi::CStr::from_ptr(name).to_bytes();
                g.set_name(bytes);
                if bytes.len() < NAME && first_name::set(bytes) {
                    return 0;
                }
            }
            return plain::pthread_setname_np(thread, name);
        };
        let name = core::ffi::CStr::from_ptr(name).to_bytes();
        if name.len() >= NAME {
            return libc::ERANGE;
        }
        g.set_name(name);
    }
    0
}

unsafe fn get_name(thread: pthread_t, name: *mut c_char, size: usize) -> c_int {
    // SAFETY: as above.
    unsafe {
        let Some(g) = find(thread) else {
            return plain::pthread_getname_np(thread, name, size);
        };
        let own = if g.is_root() { first_name::get() } else { Some(g.name()) };
        let Some(own) = own else { return plain::pthread_getname_np(thread, name, size) };
        if size < NAME {
            return libc::ERANGE;
        }
        core::ptr::copy_nonoverlapping(own.as_ptr().cast(), name, NAME);
    }
    0
}

/// prctl(2) with PR_SET_NAME or PR_GET_NAME; `call` is the kernel's.
pub unsafe fn name_of_caller(option: c_int, name: c_ulong, call: impl FnOnce() -> c_int) -> c_int {
    let me = Greenlet::current().filter(|_| patched());
    let is_first = me.is_some_and(Greenlet::is_root);
    // SAFETY: as above; PR_GET_NAME's buffer has 16 bytes by contract.
    unsafe {
        match (option, me.filter(|_| !is_first)) {
            (libc::PR_SET_NAME, None) if is_first => {
                let name = core::ffi::CStr::from_ptr(name as *const c_char).to_bytes();
                match first_name::set(&name[..name.len().min(NAME - 1)]) {
                    true => 0,
                    false => call(),
                }
            }
            (libc::PR_GET_NAME, None) if is_first => match first_name::get() {
                Some(own) => {
                    core::ptr::copy_nonoverlapping(own.as_ptr(), name as *mut u8, NAME);
                    0
                }
                None => call(),
            },
            (libc::PR_SET_NAME, Some(g)) => {
                let name = core::ffi::CStr::from_ptr(name as *const c_char).to_bytes();
                g.set_name(name);
                0
            }
            (libc::PR_GET_NAME, Some(g)) => {
                core::ptr::copy_nonoverlapping(g.name().as_ptr(), name as *mut u8, NAME);
                0
            }
            _ => call(),
        }
    }
}

/// Whether the calling thread is not, or not for ever, the OS thread that it runs on.
pub fn is_greenlet() -> bool {
    Greenlet::current().is_some() && patched()
}

/// The calling thread's id, also for `syscall(SYS_gettid)`.
pub unsafe fn gettid_() -> pid_t {
    match Greenlet::current().filter(|_| patched()) {
        Some(g) => g.id() as pid_t,
        // SAFETY: no arguments.
        None => unsafe { real::gettid() },
    }
}
