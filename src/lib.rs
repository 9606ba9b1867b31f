//! **geventrs**: gevent for native programs.
//!
//! This crate is the hub: greenlets (stackful coroutines with a TLS block of
//! their own), a run queue, timers, a reactor and a parking lot, and on top of
//! them an API with gevent's names. It knows nothing of interposition; the
//! `shim` crate makes `libgeventrs.so` from it, which puts unmodified programs
//! on the hub by `LD_PRELOAD`.
//!
//! ```
//! use std::time::Duration;
//!
//! let naps = [("foo", 30), ("bar", 20), ("eat", 10)].map(|(name, ms)| {
//!     geventrs::spawn(move || {
//!         println!("{name} start");
//!         geventrs::sleep(Duration::from_millis(ms));
//!         println!("{name} end");
//!     })
//! });
//! geventrs::joinall(&naps, None); // after 30 ms: eat, bar and foo have ended
//! ```
//!
//! # One hub, one OS thread
//!
//! A process has one hub. The OS thread that first calls [`spawn`] drives it,
//! and what that thread runs becomes the *root* greenlet. One greenlet runs at
//! a time, until it waits in a function of this crate: greenlets need no locks
//! against each other between two waits, and a greenlet that computes, or
//! blocks in an ordinary system call, holds up the others. (Under the preload
//! library every blocking call of libc is a wait in this sense.) If the OS
//! thread ends before its greenlets, they do not run any more.
//!
//! Any other OS thread is *no greenlet*. There,
//!
//! * [`spawn`] panics and [`Builder::spawn`] returns [`SpawnError::Foreign`];
//! * [`Greenlet::join`], [`Greenlet::get`], [`joinall`], [`sleep`], [`select`]
//!   and [`wait_fd`] work, and block the OS thread;
//! * [`getcurrent`] returns `None`.
//!
//! So it is on every OS thread before the first [`spawn`].
//!
//! # A greenlet is a thread to std
//!
//! Each greenlet has its own TLS block, so a `thread_local!` has one value per
//! greenlet, initialised and destroyed with it; [`std::thread::current`] and
//! its id are the greenlet's; whether it panics is its own affair. The
//! destructors of its thread-locals run right after its function has returned
//! and [`Greenlet::ready`] has become true.
//!
//! std's locks know greenlets as different threads, but wait in the kernel: a
//! greenlet that waits for a `Mutex`, a channel or a `stdout().lock()` that
//! another one holds across a wait stops the hub for good. Hold them between
//! waits only.
//!
//! The preload library is another hub. In a program that uses this crate *and*
//! `std::thread` it would make greenlets of those threads, and the two hubs
//! know nothing of each other: do not preload it there.
//!
//! # Inside
//!
//! The modules below are the machinery that this crate shares with the preload
//! library. They are public for that reason alone, are not meant for programs,
//! and their callers have duties that the compiler does not check; they are
//! hidden here (`cargo doc --document-private-items` with
//! `RUSTDOCFLAGS="-Z unstable-options --document-hidden-items"` shows them).
//!
//! Layers, each using only those before it:
//!
//! `arch` → `sys` `time` → `tls` → `unit` `greenlet` → `run_queue` `timers`
//! `reactor` → `hub` → `parking_lot` → the API.
#![allow(clippy::missing_transmute_annotations)]

mod api;
mod debugger_tables;
mod doorway;
mod thread_ids;
mod thread_keys;

#[doc(hidden)]
pub mod arch;
#[doc(hidden)]
pub mod deadlock;
#[doc(hidden)]
pub mod greenlet;
#[doc(hidden)]
pub mod hub;
#[doc(hidden)]
pub mod libpthread;
pub mod parking_lot;
#[doc(hidden)]
pub mod raw_lock;
#[doc(hidden)]
pub mod reactor;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod run_queue;
#[doc(hidden)]
pub mod settings;
#[doc(hidden)]
pub mod stack_trace;
pub mod sync;
#[doc(hidden)]
pub mod sys;
#[doc(hidden)]
pub mod time;
#[doc(hidden)]
pub mod timers;
#[doc(hidden)]
pub mod tls;
#[doc(hidden)]
pub mod unit;
#[doc(hidden)]
pub mod wait;

pub use api::{
    getcurrent, joinall, select, sleep, spawn, wait_fd, yield_now, Builder, Current, Greenlet,
    Interest, Selected, Waitable,
};
pub use hub::SpawnError;
