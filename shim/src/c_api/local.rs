//! `gev_local`: a pointer that each greenlet has for itself.

use super::object::{get, Kind, Object};
use super::{null, rim};
use core::ffi::{c_int, c_void};
use core::ptr;
use hub::local::Local;
use std::cell::Cell;

type Destroy = unsafe extern "C-unwind" fn(*mut c_void);

/// A greenlet's value; destroyed with it.
struct Slot(Cell<*mut c_void>, Option<Destroy>);

impl Drop for Slot {
    fn drop(&mut self) {
        let value = self.0.get();
        if let (Some(destroy), false) = (self.1, value.is_null()) {
            // SAFETY: the program has asked for this call.
            unsafe { destroy(value) };
        }
    }
}

pub struct Own(Local<Slot>, Option<Destroy>);

pub type Handle = Object<Own>;

#[no_mangle]
pub extern "C-unwind" fn gev_local_new(destroy: Option<Destroy>) -> *mut Handle {
    let _rim = rim();
    let local = Local::new(move || Slot(Cell::new(ptr::null_mut()), destroy));
    Object::handle(Kind::Other, Own(local, destroy))
}

/// # Safety
/// Nobody uses it any more.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_local_free(local: *mut Handle) {
    let _rim = rim();
    // SAFETY: by this function's contract.
    unsafe { Object::free(local) };
}

#[no_mangle]
pub extern "C-unwind" fn gev_local_get(local: *const Handle) -> *mut c_void {
    get!(local, null(libc::EINVAL)).0.with(|slot| slot.0.get())
}

#[no_mangle]
pub extern "C-unwind" fn gev_local_set(local: *mut Handle, value: *mut c_void) -> c_int {
    let _rim = rim();
    let own = get!(local);
    own.0.set(Slot(Cell::new(value), own.1));
    0
}
