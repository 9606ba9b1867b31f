//! The hooks in a Rust program's own executable: `geventrs::monkey`.
//!
//! The crate `geventrs-monkey` is these sources without the preload library's
//! allocator, API for C and constructor. All that runs before `main` is that the
//! hooks make themselves known; until they are asked to act, they pass everything on.

use crate::settings;
use crate::table::Group;
use core::sync::atomic::{AtomicBool, Ordering};
use hub::hub as scheduler;
use hub::monkey::{Hooks, PatchError};

static HOOKS: Hooks = Hooks { patch, is_patched };

extern "C" fn register() {
    hub::monkey::register(&HOOKS);
}

#[used]
#[link_section = ".init_array"]
static REGISTER: extern "C" fn() = register;

/// See [`hub::monkey::patch_all`].
///
/// # Errors
/// As that.
pub fn patch_all() -> Result<(), PatchError> {
    patch("all")
}

fn patch(groups: &str) -> Result<(), PatchError> {
    let mut unknown = false;
    let wanted = settings::parse_patch(groups.as_bytes(), |_| unknown = true);
    if unknown || groups.trim_ascii().is_empty() {
        return Err(PatchError::UnknownGroup);
    }
    let known = |group: Group| settings::patched(group);
    if Group::ALL.iter().all(|(group, _)| wanted >> *group as u32 & 1 == 0 || known(*group)) {
        return Ok(());
    }
    // SAFETY: a look-up by name, behind this executable.
    if unsafe { !libc::dlsym(libc::RTLD_NEXT, c"gev_version".as_ptr()).is_null() } {
        return Err(PatchError::Preloaded);
    }
    hub::sys::init();
    if scheduler::live() > 1 || !hub::sys::one_os_thread() {
        return Err(PatchError::TooLate);
    }
    static STARTED: AtomicBool = AtomicBool::new(false);
    if !STARTED.swap(true, Ordering::AcqRel) {
        crate::start::start();
    }
    settings::patch(wanted);
    Ok(())
}

fn is_patched(group: &str) -> Option<bool> {
    if group == "all" {
        return Some(Group::ALL.iter().all(|(group, _)| settings::patched(*group)));
    }
    let found = Group::ALL.iter().find(|(_, name)| *name == group);
    found.map(|(group, _)| settings::patched(*group))
}
