//! `gev_event`: a flag that any number wait for.

use super::object::{get, kept, Kind, Object};
use super::timeout::limit;
use super::{in_time, rim, Span};
use core::ffi::c_int;
use hub::event::Event;

pub type Handle = Object<Event>;

#[no_mangle]
pub extern "C-unwind" fn gev_event_new() -> *mut Handle {
    let _rim = rim();
    Object::handle(Kind::Event, Event::new())
}

/// # Safety
/// Nobody uses it any more.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_event_free(event: *mut Handle) {
    let _rim = rim();
    // SAFETY: by this function's contract.
    unsafe { Object::free(event) };
}

#[no_mangle]
pub extern "C-unwind" fn gev_event_set(event: *mut Handle) -> c_int {
    let _rim = rim();
    kept!(event).set();
    0
}

#[no_mangle]
pub extern "C-unwind" fn gev_event_clear(event: *mut Handle) -> c_int {
    get!(event).clear();
    0
}

#[no_mangle]
pub extern "C-unwind" fn gev_event_is_set(event: *const Handle) -> c_int {
    get!(event).is_set() as c_int
}

#[no_mangle]
pub extern "C-unwind" fn gev_event_wait(event: *mut Handle, timeout: Span) -> c_int {
    let _rim = rim();
    in_time(get!(event).wait(limit(timeout)))
}
