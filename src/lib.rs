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
//! # One hub
//!
//! A process has one hub. The OS thread that first calls [`spawn()`] drives it,
//! and what that thread runs becomes the *root* greenlet. One greenlet has the
//! hub at a time, until it waits in a function of this crate. One that computes,
//! or blocks in an ordinary system call, for longer than a slice (10 ms) is left
//! on its OS thread, and the hub goes on with the others on another; it queues
//! for the hub at its next call of this crate. So greenlets that compute use
//! several processors, and what they share must be what threads may share, as the
//! compiler demands. (gevent has one greenlet run at a time, always; a greenlet may
//! go on on another OS thread than before here.) If the OS thread that
//! called first ends, the greenlets on it do not run any more.
//!
//! Any other OS thread is *no greenlet*. There,
//!
//! * [`spawn()`] panics and [`Builder::spawn`] returns [`SpawnError::Foreign`], and
//!   so does what starts greenlets: groups, servers, signal handlers;
//! * everything else works, between OS threads and greenlets as well; waits block
//!   the OS thread;
//! * [`getcurrent`] returns `None`.
//!
//! So it is on every OS thread before the first [`spawn()`].
//!
//! # What there is
//!
//! | module | |
//! |---|---|
//! | the crate itself | greenlets: start, wait for, kill; sleeping, descriptors |
//! | [`event`], [`lock`], [`queue`] | telling, excluding, passing on |
//! | [`timeout`] | limits on any code that waits |
//! | [`pool`], [`local`], [`threadpool`] | many greenlets; values of their own; OS threads |
//! | [`socket`], [`server`] | TCP, UDP, Unix sockets, names |
//! | [`subprocess`], [`os`], [`signal`], [`fileobject`] | processes, signals, pipes, terminals |
//! | [`util`], [`backdoor`] | who waits for what; asking from outside |
//! | [`monkey`] | std itself made cooperative |
//!
//! `docs/gevent.md` lists gevent's names beside these.
//!
//! # Wait points
//!
//! Every wait of this crate, and nothing else, is a point where other greenlets
//! run and where a greenlet is unwound: by [`Greenlet::kill`], or when the time
//! of a [`timeout::Timeout`] of its is up. What does not have to wait is none: a
//! queue that has an item gives it out without a switch. Unwinding
//! runs destructors, which may wait themselves; it is not reported by the panic
//! hook; and it needs `panic = "unwind"`, the default.
//!
//! # Zero time-outs
//!
//! A wait with a time-out of zero lets others have a turn, looks again and returns:
//! gevent's `timeout=0`. Who could run before the caller has had a turn then, if turns are
//! short. Behind a turn that took long (a millisecond and more) who is due goes first,
//! and who waits for nothing comes later, perhaps after the wait has returned; in gevent
//! that begins after 5 ms of turns. [`yield_now`], and [`sleep`] with a span of zero, are
//! `gevent.sleep(0)` and go behind all who can run, but for those that have computed for
//! a slice and go on elsewhere. Methods named `_nowait` and `try_` let nobody run:
//! gevent's `block=False`.
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
//! another one holds across a wait keeps everybody waiting for a slice, and an OS
//! thread for itself after that. Better hold them between waits only, or take
//! [`lock::Mutex`] and [`queue::Queue`], which wait as greenlets do.
//!
//! The preload library is another hub. In a program that uses this crate *and*
//! `std::thread` it would make greenlets of those threads, and the two hubs
//! know nothing of each other: do not preload it there. [`monkey`] does it with one.
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
pub mod control;
#[doc(hidden)]
pub mod deadlock;
#[doc(hidden)]
pub mod greenlet;
#[doc(hidden)]
pub mod hub;
#[doc(hidden)]
pub mod libpthread;
#[doc(hidden)]
pub mod light;
#[doc(hidden)]
pub mod modules;
#[doc(hidden)]
pub mod observe;
pub mod parking_lot;
#[doc(hidden)]
pub mod program_memory;
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

pub use api::inspect as util;
pub use api::{
    backdoor, event, fileobject, local, lock, monkey, os, pool, queue, server, signal, socket,
    subprocess, threadpool, timeout,
};
pub use api::{
    getcurrent, idle, iwait, joinall, killall, select, sleep, spawn, spawn_later, try_joinall,
    wait, wait_fd, yield_now, Builder, Current, Exception, Greenlet, GreenletExit, IWait, Interest,
    LinkId, Poll, Selected, Waitable,
};
pub use hub::SpawnError;

#[doc(hidden)]
pub use api::{look_at_fd, poll_fds, recv_fd, set_ending, wait_to_retry, Ending, Raw};
