//! **geventrs**: gevent for native programs.
//!
//! This crate is the hub: greenlets (stackful coroutines with a TLS block of
//! their own), a run queue, timers, a reactor and a parking lot, and on top of
//! them an API with gevent's names. It knows nothing of interposition; the
//! `shim` crate makes `libgeventrs.so` from it, which puts unmodified programs
//! on the hub by `LD_PRELOAD`.
//!
//! Layers, each using only those before it:
//!
//! `arch` → `sys` `time` → `tls` → `unit` `greenlet` → `run_queue` `timers`
//! `reactor` → `hub` → `parking_lot` → the API.
#![allow(clippy::missing_transmute_annotations)]

pub mod arch;
pub mod deadlock;
pub mod greenlet;
pub mod hub;
pub mod parking_lot;
pub mod raw_lock;
pub mod reactor;
pub mod run_queue;
pub mod sync;
pub mod sys;
pub mod time;
pub mod timers;
pub mod tls;
pub mod unit;
pub mod wait;
