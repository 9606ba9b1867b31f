//! `libgeventrs.so`: hooks of libc's blocking functions over the geventrs hub.
//!
//! Nothing here decides who runs; that is the `geventrs` crate. A hook
//! translates a libc contract (arguments, errno, object layouts) into the
//! hub's operations and back. [`table`] says how hooks are declared,
//! [`doorway`] when they act.
//!
//! The same sources are the crate `geventrs-monkey` (`linked`).
#![allow(clippy::missing_safety_doc)]
#![allow(clippy::missing_transmute_annotations)]
// libc's signatures are what they are.
#![allow(clippy::too_many_arguments)]
// libc has names like `_Fork`.
#![allow(non_snake_case)]

#[cfg(not(geventrs_linked))]
pub mod allocator;
pub mod by_itself;
#[cfg(not(geventrs_linked))]
pub mod c_api;
pub mod dns;
pub mod doorway;
pub mod ending;
pub mod entry;
pub mod kernel_wait;
#[cfg(geventrs_linked)]
mod linked;
pub mod process;
pub mod raw;
pub mod redhooked;
mod sanitizer;
pub mod settings;
mod start;
#[cfg(not(geventrs_linked))]
mod symbol_versions;
pub mod table;

#[cfg(geventrs_linked)]
pub use linked::patch_all;

pub mod fd;
mod go_program;
pub mod io;
pub mod ipc;
pub mod locks;
pub mod select;
pub mod signal;
pub mod socket;
pub mod standing;
pub mod stdio;
pub mod sys;
pub mod tail_call;
pub mod thread;
pub mod time;
pub mod variadic;
