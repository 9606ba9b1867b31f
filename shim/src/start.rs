//! The library's first moments.
//!
//! Hooks may be entered before this constructor runs (from `.preinit_array`
//! and other libraries' constructors): the settings are empty until then, so
//! they pass straight to libc.

use hub::hub::Callbacks;

static CALLBACKS: Callbacks = Callbacks {
    at_exit: crate::thread::end::at_exit,
    at_spawn: crate::signal::thread_made,
    choose: crate::signal::deliver::choose,
    interrupted: crate::signal::deliver::interrupted,
};

extern "C" fn constructor() {
    hub::sys::init();
    crate::dns::state::init();
    hub::hub::set_callbacks(&CALLBACKS);
    crate::settings::init();
    crate::fd::known::init();
    crate::process::fork::init();
}

#[used]
#[link_section = ".init_array"]
static CONSTRUCTOR: extern "C" fn() = constructor;
