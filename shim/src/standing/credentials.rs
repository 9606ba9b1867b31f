//! Credentials of one thread: setfsuid(2), setfsgid(2), capset(2), capget(2).
//!
//! `setuid` and its kin are libc's, which sets them for the whole process: each OS thread makes
//! the system call, and libc ends the process if their answers differ. So those that are left of
//! threads with other credentials, which have ended, must be gone before. The same by number are
//! one thread's ([`numbers`](super::numbers)).

use super::thread_id::{named, Named};
use super::{change, change_or_fail, What};
use core::ffi::c_int;
use hub::hub::set_ids::as_os_thread;
use hub::hub::standing::{self, os_thread_like};
use hub::program_memory::readable;
use libc::{gid_t, uid_t};

/// Functions that go to libc when the OS threads that are left of ended threads are gone.
macro_rules! of_process {
    ($($name:ident ($($arg:ident : $ty:ty),*) = $body:ident;)*) => {
        crate::hooks! {
            Thread "never" fn setfsuid(uid: uid_t) -> c_int = set_user;
            Thread "never" fn setfsgid(gid: gid_t) -> c_int = set_group;
            Thread "never" fn capset(header: *mut Header, data: *const u32) -> c_int = set_capabilities;
            Thread "never" fn capget(header: *mut Header, data: *mut u32) -> c_int = get_capabilities;
            $(Thread "never" fn $name($($arg: $ty),*) -> c_int = $body;)*
        }
        $(unsafe fn $body($($arg: $ty),*) -> c_int {
            // SAFETY: the program's own call.
            for_all(|| unsafe { real::$name($($arg),*) })
        })*
    };
}

of_process! {
    setuid(uid: uid_t) = setuid_;
    setgid(gid: gid_t) = setgid_;
    seteuid(uid: uid_t) = seteuid_;
    setegid(gid: gid_t) = setegid_;
    setreuid(real: uid_t, effective: uid_t) = setreuid_;
    setregid(real: gid_t, effective: gid_t) = setregid_;
    setresuid(real: uid_t, effective: uid_t, saved: uid_t) = setresuid_;
    setresgid(real: gid_t, effective: gid_t, saved: gid_t) = setresgid_;
    setgroups(count: usize, groups: *const gid_t) = setgroups_;
}

/// Make such a call.
fn for_all(call: impl FnOnce() -> c_int) -> c_int {
    let Some(shim) = crate::doorway::enter_any() else { return call() };
    standing::end_those_left();
    as_os_thread(shim.greenlet, call)
}

/// Before a call that all OS threads of the process answer.
pub fn end_those_left() {
    if let Some(_shim) = crate::doorway::enter_any() {
        standing::end_those_left();
    }
}

/// `struct __user_cap_header_struct` of linux/capability.h.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Header {
    version: u32,
    pid: c_int,
}

/// The calls report no errors, but the value that was there before. This one is nobody's,
/// and asks.
const ASK: u32 = u32::MAX;

/// Set one of the two by `call`, unless it is so already.
fn set(id: u32, call: impl Fn(u32) -> c_int) -> c_int {
    let before = call(ASK);
    if id == ASK || before as u32 == id {
        return before;
    }
    change(What::Attributes, || (call(id), call(ASK)), |(before, after)| before != after).0
}

unsafe fn set_user(uid: uid_t) -> c_int {
    // SAFETY: takes a number.
    set(uid, |uid| unsafe { real::setfsuid(uid) })
}

unsafe fn set_group(gid: gid_t) -> c_int {
    // SAFETY: as above.
    set(gid, |gid| unsafe { real::setfsgid(gid) })
}

/// Make `call` with the header that the kernel understands, if it is about a thread of
/// ours whose id it does not know.
unsafe fn with_header(header: *mut Header, call: impl FnOnce(*mut Header) -> c_int) -> c_int {
    if !readable(header.cast(), size_of::<Header>()) {
        return call(header);
    }
    // SAFETY: the kernel can read it; the version it also writes.
    unsafe {
        let pid = match named((*header).pid) {
            Named::Caller => 0,
            Named::Other(g) => os_thread_like(g) as c_int,
            Named::Kernels => return call(header),
        };
        let mut own = Header { version: (*header).version, pid };
        let result = call(&mut own);
        if own.version != (*header).version {
            (*header).version = own.version;
        }
        result
    }
}

unsafe fn set_capabilities(header: *mut Header, data: *const u32) -> c_int {
    // SAFETY: the program's own arguments, here and below. (Of another thread than the
    // caller the kernel sets none.)
    unsafe {
        with_header(header, |header| {
            change_or_fail(What::Attributes, || real::capset(header, data))
        })
    }
}

unsafe fn get_capabilities(header: *mut Header, data: *mut u32) -> c_int {
    // SAFETY: as above.
    unsafe { with_header(header, |header| real::capget(header, data)) }
}

/// Of linux/capability.h.
pub const CAP_SYS_ADMIN: u32 = 21;
/// As above.
pub const CAP_SYS_NICE: u32 = 23;

/// Whether the calling OS thread has a capability, one of the first 32, in effect.
pub fn has_capability(capability: u32) -> bool {
    const VERSION_3: u32 = 0x2008_0522;
    // Version and process; effective, permitted and inheritable, twice.
    let (mut header, mut sets) = ([VERSION_3, 0], [0u32; 6]);
    // SAFETY: both objects are what capget(2) wants.
    let asked = unsafe { hub::syscall!(libc::SYS_capget, header.as_mut_ptr(), sets.as_mut_ptr()) };
    asked.is_ok() && sets[0] >> capability & 1 != 0
}
