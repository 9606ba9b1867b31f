//! getcontext(3), setcontext(3), swapcontext(3): the mask in a context.
//!
//! As with siglongjmp(3) (see [`jump`](super::jump)): libc saves and restores the
//! kernel's mask, which is the carrier's, in the first word of the context's signal
//! set. The thread's own is kept in the set's last words, and comes into force
//! before libc goes over to the context. These hooks leave no frame.
//!
//! A function of makecontext(3) that returns goes to its successor (`uc_link`) by a
//! call inside libc: the thread's mask stays as it is then.

use super::jump::{restore, Saved};
use core::ffi::c_void;
use hub::greenlet::Greenlet;
use libc::ucontext_t;

macro_rules! context {
    ($(#[doc = $doc:expr])* $name:ident = $choose:ident, $saves:expr, $goes:expr) => {
        extern "C" fn $choose(first: *mut ucontext_t, second: *mut ucontext_t) -> *mut c_void {
            static REAL: $crate::table::Real =
                $crate::table::Real::new(concat!(stringify!($name), "\0"), "");
            $crate::look_up_early!(REAL.get());
            let (saves, goes): (fn(_, _) -> Option<_>, fn(_, _) -> Option<_>) = ($saves, $goes);
            if let Some(context) = saves(first, second) {
                set_of(context).save(Greenlet::current());
            }
            if let Some(context) = goes(first, second) {
                restore(set_of(context));
            }
            REAL.get()
        }
        $crate::tail_call!($(#[doc = $doc])* $name = $choose);
        $crate::hook_row! { $name "Signal", "never", [] }
    };
}

type Context = *mut ucontext_t;

/// The signal set of a context.
fn set_of(context: Context) -> Saved {
    // SAFETY: the program's context, as the three functions take it.
    unsafe { Saved::new((&raw mut (*context).uc_sigmask).cast()) }
}

context!(
    /// Hook of `getcontext`: saves the thread's mask.
    getcontext = choose_getcontext, |first: Context, _: Context| Some(first), |_, _| None
);
context!(
    /// Hook of `setcontext`: restores the thread's mask.
    setcontext = choose_setcontext, |_: Context, _: Context| None, |first, _| Some(first)
);
context!(
    /// Hook of `swapcontext`: saves one mask and restores another.
    swapcontext = choose_swapcontext, |first: Context, _: Context| Some(first), |_, second| Some(second)
);
