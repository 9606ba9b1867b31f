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
    interrupt_due: crate::signal::deliver::interrupt_due,
    turn_taken: crate::signal::deliver::turn_taken,
    carrier_made: crate::signal::carrier_made,
    hub_taken: crate::signal::mask::hub_taken,
    hub_left: crate::signal::mask::hub_left,
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
    hub::hub::carrier::set_create(crate::thread::create::real::pthread_create);
    crate::settings::init();
    crate::sanitizer::init();
    #[cfg(not(geventrs_linked))]
    crate::c_api::init();
    crate::process::fork::init();
    crate::fd::known::init();
}

#[cfg(not(geventrs_linked))]
extern "C" fn constructor() {
    start();
}

#[cfg(not(geventrs_linked))]
#[used]
#[link_section = ".init_array"]
static CONSTRUCTOR: extern "C" fn() = constructor;
