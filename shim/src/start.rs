//! The library's first moments.
//!
//! Hooks may be entered before this constructor runs (from `.preinit_array`
//! and other libraries' constructors): the settings are empty until then, so
//! they pass straight to libc.

use hub::hub::Callbacks;

static CALLBACKS: Callbacks = Callbacks {
    at_exit: crate::thread::end::at_exit,
    at_spawn: crate::thread::create::made,
    choose: crate::signal::deliver::choose,
    continued: crate::signal::continued::ended,
    look_at_clocks: crate::signal::processor_timer::look,
    interrupted: crate::signal::deliver::interrupted,
    interrupt_due: crate::signal::deliver::interrupt_due,
    turn_taken: crate::signal::deliver::turn_taken,
    call_stopped: crate::thread::cancel::call_stopped,
    carrier_made: crate::signal::carrier_made,
    hub_taken: crate::signal::mask::hub_taken,
    hub_left: crate::signal::mask::hub_left,
    may_rest: crate::signal::mask::may_rest,
    owner_of: crate::locks::owner::of,
};

/// Everything that the hooks need before they act. In this order: the first of the
/// handlers of fork(2) are the last before the copy, and the first after it.
pub fn start() {
    hub::sys::init();
    crate::locks::condition::init();
    crate::dns::state::init();
    hub::hub::set_callbacks(&CALLBACKS);
    #[cfg(not(geventrs_linked))]
    hub::set_ending(&crate::thread::cancel::CANCELLATION);
    hub::hub::os_thread::set_create(crate::thread::create::real::pthread_create);
    crate::settings::init();
    crate::sanitizer::init();
    crate::go_program::init();
    #[cfg(not(geventrs_linked))]
    crate::c_api::init();
    crate::process::fork::init();
    crate::fd::known::init();
    #[cfg(not(geventrs_linked))]
    {
        if let Some(library) = library() {
            hub::control::tool::find(&library);
        }
        hub::control::enable();
    }
}

#[cfg(not(geventrs_linked))]
extern "C" fn constructor() {
    // (C: errno is zero when a program begins.)
    let errno = crate::doorway::errno();
    start();
    crate::doorway::set_errno(errno);
}

/// Where this library is.
#[cfg(not(geventrs_linked))]
fn library() -> Option<std::path::PathBuf> {
    use core::ffi::{c_void, CStr};
    use std::os::unix::ffi::OsStrExt;
    let mut info = core::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `info` is writable, and zeroes are valid; the name is a string.
    unsafe {
        let here = constructor as *const c_void;
        if libc::dladdr(here, info.as_mut_ptr()) == 0 {
            return None;
        }
        let name = CStr::from_ptr(info.assume_init().dli_fname);
        Some(std::ffi::OsStr::from_bytes(name.to_bytes()).into())
    }
}

#[cfg(not(geventrs_linked))]
extern "C" fn destructor() {
    hub::control::at_exit();
}

#[cfg(not(geventrs_linked))]
#[used]
#[link_section = ".fini_array"]
static DESTRUCTOR: extern "C" fn() = destructor;

#[cfg(not(geventrs_linked))]
#[used]
#[link_section = ".init_array"]
static CONSTRUCTOR: extern "C" fn() = constructor;

/// For debuggers: see [`hub::hub::debugger`].
#[cfg(not(geventrs_linked))]
#[no_mangle]
#[used]
#[allow(non_upper_case_globals)]
pub static geventrs_debugger: hub::hub::debugger::Table = hub::hub::debugger::TABLE;
