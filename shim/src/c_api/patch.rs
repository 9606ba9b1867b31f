//! `gev_patch`: libc's own functions wait as greenlets do from here on.

use super::{fail, rim};
use crate::settings;
use crate::table::Group;
use core::ffi::{c_char, c_int, CStr};
use hub::hub as scheduler;

/// # Safety
/// A string.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_patch(groups: *const c_char) -> c_int {
    let _rim = rim();
    if groups.is_null() {
        return fail(libc::EINVAL);
    }
    let mut unknown = false;
    // SAFETY: by this function's contract.
    let list = unsafe { CStr::from_ptr(groups) }.to_bytes();
    let wanted = settings::parse_patch(list, |_| unknown = true);
    if unknown || list.trim_ascii().is_empty() {
        return fail(libc::EINVAL);
    }
    let known = |group: &Group| settings::patched(*group);
    let new = Group::ALL.iter().any(|(group, _)| wanted >> *group as u32 & 1 != 0 && !known(group));
    // Threads that were made unpatched are none of ours, and locks that they wait
    // for are the kernel's.
    hub::sys::init();
    if new && (scheduler::active() || !hub::sys::one_os_thread()) {
        return fail(libc::EBUSY);
    }
    settings::patch(wanted);
    0
}

#[no_mangle]
pub extern "C-unwind" fn gev_patch_all() -> c_int {
    // SAFETY: a string.
    unsafe { gev_patch(c"all".as_ptr()) }
}

/// # Safety
/// A string.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_is_patched(group: *const c_char) -> c_int {
    if group.is_null() {
        return fail(libc::EINVAL);
    }
    // SAFETY: by this function's contract.
    let name = unsafe { CStr::from_ptr(group) }.to_bytes();
    match Group::ALL.iter().find(|(_, known)| known.as_bytes() == name) {
        Some((group, _)) => settings::patched(*group) as c_int,
        None if name == b"all" => Group::ALL.iter().all(|(g, _)| settings::patched(*g)) as c_int,
        None => fail(libc::EINVAL),
    }
}
