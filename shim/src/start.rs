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

extern "C" fn constructor() {
    hub::sys::init();
    crate::locks::condition::init();
    crate::dns::state::init();
    hub::hub::set_callbacks(&CALLBACKS);
    hub::set_ending(&crate::thread::cancel::CANCELLATION);
    hub::hub::carrier::set_create(crate::thread::create::real::pthread_create);
    crate::settings::init();
    crate::c_api::init();
    // First: its handlers are the last before a fork, and the first after it.
    crate::process::fork::init();
    crate::fd::known::init();
}

#[used]
#[link_section = ".init_array"]
static CONSTRUCTOR: extern "C" fn() = constructor;
