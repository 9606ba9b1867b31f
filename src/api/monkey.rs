//! Making std, and every library of the program, cooperative: its threads, sleeps,
//! locks, sockets and pipes wait as greenlets do from then on, without LD_PRELOAD.
//!
//! gevent: `gevent.monkey`.
//!
//! The hooks are a crate of their own, `geventrs-monkey`, because they define libc's
//! functions (`read`, `pthread_create`, ...) in the program's executable, where the
//! loader finds them before libc's, for the executable and its libraries alike. A
//! program that wants them depends on it and says so once:
//!
//! ```
//! use geventrs_monkey as _; // links the hooks in
//!
//! fn main() {
//!     geventrs::monkey::patch_all().expect("it is the first thing");
//!     let threads: Vec<_> = (0..1000)
//!         .map(|_| std::thread::spawn(|| std::thread::sleep(std::time::Duration::from_millis(50))))
//!         .collect(); // a thousand greenlets, which end together
//!     threads.into_iter().for_each(|t| t.join().unwrap());
//! }
//! ```
//!
//! (The other way, to run the program again with the library preloaded, would bring a
//! second hub into it, of which the greenlets of [`spawn`](crate::spawn()) knew nothing.
//! Here there is one hub, and `std::thread::spawn` and `geventrs::spawn` make the same
//! greenlets.)
//!
//! Until [`patch_all`] is called the hooks pass everything on to libc.
//!
//! A kill or a time-out does not end a patched call of std's, since nothing may unwind
//! through libc's functions; it waits for the greenlet's next wait in this crate.

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};
use std::cell::Cell;

/// What the crate of the hooks offers.
#[doc(hidden)]
#[derive(Debug)]
pub struct Hooks {
    /// Patch the groups of a list.
    pub patch: fn(&str) -> Result<(), PatchError>,
    /// Whether a group is patched; `None`: there is no such group.
    pub is_patched: fn(&str) -> Option<bool>,
}

static HOOKS: AtomicPtr<Hooks> = AtomicPtr::new(ptr::null_mut());

/// The hooks are linked in.
#[doc(hidden)]
pub fn register(hooks: &'static Hooks) {
    HOOKS.store(ptr::from_ref(hooks).cast_mut(), Ordering::Release);
}

fn hooks() -> Option<&'static Hooks> {
    // SAFETY: null or a static.
    unsafe { HOOKS.load(Ordering::Acquire).as_ref() }
}

/// Why nothing was patched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchError {
    /// The program does not link `geventrs-monkey`.
    NotLinked,
    /// There are threads or greenlets already.
    TooLate,
    /// `libgeventrs.so` is in the process: it has hooks and a hub of its own.
    Preloaded,
    /// There is no such group, or the list is empty.
    UnknownGroup,
}

impl core::fmt::Display for PatchError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            PatchError::NotLinked => "the crate geventrs-monkey is not linked in",
            PatchError::TooLate => "there are threads or greenlets already",
            PatchError::Preloaded => "libgeventrs.so is preloaded",
            PatchError::UnknownGroup => "no such group of functions",
        })
    }
}

impl std::error::Error for PatchError {}

/// Makes everything cooperative. To be called first in `main`; a second call does
/// nothing.
///
/// gevent: `gevent.monkey.patch_all`.
///
/// # Errors
/// See [`PatchError`]; nothing was changed then.
///
/// ```
/// use geventrs::monkey::{patch_all, PatchError};
/// // This program does not link the hooks.
/// assert_eq!(patch_all(), Err(PatchError::NotLinked));
/// ```
pub fn patch_all() -> Result<(), PatchError> {
    patch("all")
}

/// Makes some groups of functions cooperative: a list of gevent's names with commas,
/// as in `GEVENTRS_PATCH`; `"-dns"` is all but that. What is patched stays so.
///
/// gevent: `gevent.monkey.patch_socket` and the like.
///
/// # Errors
/// See [`PatchError`].
///
/// ```
/// # use geventrs::monkey::{patch, PatchError};
/// assert_eq!(patch("time,thread"), Err(PatchError::NotLinked));
/// ```
pub fn patch(groups: &str) -> Result<(), PatchError> {
    let hooks = hooks().ok_or(PatchError::NotLinked)?;
    (hooks.patch)(groups)
}

/// Whether a group (`"socket"`), or all of them (`"all"`), is patched by these hooks.
///
/// gevent: `gevent.monkey.is_module_patched`.
///
/// ```
/// assert!(!geventrs::monkey::is_patched("socket"));
/// ```
pub fn is_patched(group: &str) -> bool {
    hooks().and_then(|hooks| (hooks.is_patched)(group)).unwrap_or(false)
}

std::thread_local! {
    static NATIVE: Cell<bool> = const { Cell::new(false) };
}

/// Have `f` make OS threads, patched or not.
pub(super) fn natively<R>(f: impl FnOnce() -> R) -> R {
    let before = NATIVE.replace(true);
    let result = f();
    NATIVE.set(before);
    result
}

/// Whether the caller wants an OS thread.
#[doc(hidden)]
pub fn wants_native() -> bool {
    NATIVE.get()
}
