//! pthread_once(3), call_once(3).
//!
//! The initialiser is the program's code: it may wait, throw, or be cancelled.

use crate::doorway;
use crate::thread::patched;
use core::ffi::c_int;
use core::sync::atomic::AtomicU32;
use hub::sync::once;

type Initialiser = unsafe extern "C-unwind" fn();

crate::hooks! {
    Thread "parking lot" fn pthread_once(control: *mut c_int, init: Initialiser) -> c_int = pthread_once_, also [__pthread_once], version "GLIBC_2.34";
    Thread "parking lot" fn call_once(control: *mut c_int, init: Initialiser) = call_once_, version "GLIBC_2.34";
}

/// Whoever gets the turn runs the initialiser outside our code.
unsafe fn run(control: *mut c_int, init: Initialiser) {
    // SAFETY: the program's object is an aligned int.
    let word = unsafe { AtomicU32::from_ptr(control.cast()) };
    if once::is_done(word) {
        return;
    }
    let turn = {
        let _shim = doorway::enter_any();
        once::begin(word)
    };
    if let Some(turn) = turn {
        let turn = Announce(Some(turn));
        // SAFETY: the program's function. If it is unwound, the turn is given
        // up on the way.
        unsafe { init() };
        turn.done();
    }
}

/// A turn whose end wakes others, which is our code.
struct Announce<'a>(Option<once::Turn<'a>>);

impl Announce<'_> {
    fn done(mut self) {
        let _shim = doorway::enter_any();
        if let Some(turn) = self.0.take() {
            turn.done();
        }
    }
}

impl Drop for Announce<'_> {
    fn drop(&mut self) {
        if let Some(turn) = self.0.take() {
            let _shim = doorway::enter_any();
            drop(turn);
        }
    }
}

unsafe fn pthread_once_(control: *mut c_int, init: Initialiser) -> c_int {
    // SAFETY: the program's own call, here and below.
    unsafe {
        if !patched() {
            return real::pthread_once(control, init);
        }
        run(control, init);
    }
    0
}

unsafe fn call_once_(control: *mut c_int, init: Initialiser) {
    // SAFETY: as above.
    unsafe {
        if !patched() {
            return real::call_once(control, init);
        }
        run(control, init);
    }
}
