//! dlopen(3), dlmopen(3), dlclose(3): new modules bring thread-locals.
//!
//! ld.so gives a new module's static TLS its initial image in the threads that
//! it knows, to which a greenlet belongs from its first dlopen on; the others are ours to
//! see to, before the next of them runs.
//! The hooks of dlopen only leave a note and leave no frame: the loader must
//! see who called, since it searches that object's RUNPATH.

use core::ffi::{c_int, c_void};
use hub::hub as scheduler;

macro_rules! noted {
    ($name:ident, $choose:ident) => {
        extern "C" fn $choose() -> *mut c_void {
            static REAL: $crate::table::Real =
                $crate::table::Real::new(concat!(stringify!($name), "\0"), "");
            $crate::look_up_early!(REAL.get());
            scheduler::modules_changed();
            if let Some(shim) = $crate::doorway::enter_any() {
                scheduler::loads_modules(shim.greenlet);
            }
            REAL.get()
        }
        $crate::tail_call!(
            #[doc = concat!("Hook of `", stringify!($name), "`: notes that modules change.")]
            $name = $choose
        );
        $crate::hook_row! { $name "Thread", "never", [] }
    };
}

noted!(dlopen, choose_dlopen);
noted!(dlmopen, choose_dlmopen);

crate::hooks! {
    Thread "never" fn dlclose(handle: *mut c_void) -> c_int = close, version "GLIBC_2.34";
}

/// dlclose(3) looks for no RUNPATH, so this may have a frame: the images of a
/// module are gone only when the call is over.
unsafe fn close(handle: *mut c_void) -> c_int {
    let _closing = scheduler::ModulesClose::begin();
    // SAFETY: the program's own call.
    unsafe { real::dlclose(handle) }
}
