//! Hooks that the `redhook` crate carries.
//!
//! redhook's `hook!` defines the exported function and finds the real one
//! behind a `Once`. Its contract holds a function of which all of this is true:
//!
//! * Nothing unwinds through it: the exported function is `extern "C"` around a
//!   `catch_unwind`, which ends the process when `pthread_exit` or a
//!   cancellation comes through. So it is no cancellation point, waits for
//!   nothing, calls no program code, and does not even step into our code (on
//!   the way out of which a signal's handler may run).
//! * It has one spelling, and one symbol version that matters.
//! * Every libc that we run on has it: redhook panics for one that is absent.
//! * No signal handler may call it: a handler that interrupts the first call
//!   of a function would wait for that call's `Once` for ever.
//!
//! Such rows are listed with [`plain_hooks!`](crate::plain_hooks), all others
//! with [`hooks!`](crate::hooks); both make the same lines of the table. Calls
//! that come before our constructor are safe here, too: `Once` and a look-up
//! that succeeds allocate nothing, and the bodies pass through while no
//! greenlet exists.

/// A list of rows that redhook carries: as in [`hooks!`](crate::hooks), but
/// the real function is `plain::NAME`.
#[macro_export]
macro_rules! plain_hooks {
    ($( $group:ident $how:literal
        fn $name:ident ($($arg:ident : $ty:ty),* $(,)?) -> $ret:ty = $body:path; )*) => {
        $( #[allow(
            missing_docs,
            missing_abi,
            non_camel_case_types,
            static_mut_refs,
            dead_code,
            clippy::undocumented_unsafe_blocks
        )]
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            redhook::hook! {
                unsafe fn $name($($arg: $ty),*) -> $ret => hooked {
                    // SAFETY: the program keeps the function's contract.
                    unsafe { $body($($arg),*) }
                }
            }
            $crate::look_up_early!(redhook::real!($name));
            /// The function under the hook.
            #[inline(always)]
            pub unsafe fn real($($arg: $ty),*) -> $ret {
                // SAFETY: by the caller's contract.
                unsafe { redhook::real!($name)($($arg),*) }
            }
        }
        $crate::hook_row! { $name stringify!($group), $how, [] } )*
        /// The functions under this file's hooks that redhook carries.
        #[allow(unused_imports)]
        mod plain {
            $( pub use super::$name::real as $name; )*
        }
    };
}
