//! What a debugger needs to find the greenlets of a stopped process, or of a
//! core file: one table, exported by the library, as glibc's `_thread_db_*` are. It
//! is data of the release build, and asks for no debugging information.
//!
//! `src/bin/geventrs/gdb/greenlets.py` reads it.

use super::HUB;
use crate::arch;
use crate::greenlet::offsets;
use crate::hub::carrier;
use crate::wait;
use core::ffi::{c_char, c_void};

/// The table. A later version has another mark, or more fields behind these.
#[repr(C)]
#[derive(Debug)]
pub struct Table {
    /// `gevdbg1`.
    mark: [u8; 8],
    /// The size of this table in bytes.
    size: u32,
    _reserved: u32,
    /// Where the list of all greenlets begins, which greenlet was resumed last,
    /// and which carrier holds the hub: addresses of pointers.
    all: *const c_void,
    running: *const c_void,
    carrier: *const c_void,
    /// The registers that a stack was left with, as words from the stored stack
    /// pointer upwards: their names with commas. The stack pointer itself is then
    /// behind them.
    saved: *const c_char,
    /// What the reasons of waits are called, in the order of their tags: a text
    /// each, ended by a line feed. `%d`, `%u` stand for the 32 bits behind the
    /// tag, `%x` for the word at 8, `%t` for the 32 bits at 16, `%s` for the text whose
    /// address is at 8 and whose length at 16.
    reasons: *const c_char,
    /// Distances in a greenlet's block.
    next: u32,
    id: u32,
    name: u32,
    wake: u32,
    link: u32,
    home: u32,
    phase: u32,
    sp: u32,
    reason: u32,
    entry: u32,
    parent: u32,
    /// Of an OS thread's id in a carrier.
    carrier_tid: u32,
    /// `link`: it runs without the hub.
    away: u32,
    /// `wake`: it waits, and its wait is over.
    waiting: u32,
    claimed: u32,
    /// `phase`: it has begun and not ended (a byte).
    alive: u32,
}

// SAFETY: addresses of statics; nothing here is written.
unsafe impl Sync for Table {}

/// The table, for the library to export.
pub const TABLE: Table = Table {
    mark: *b"gevdbg1\0",
    size: size_of::<Table>() as u32,
    _reserved: 0,
    all: (&raw const HUB.all).cast(),
    running: (&raw const HUB.running).cast(),
    carrier: (&raw const HUB.carrier).cast(),
    saved: arch::SAVED_BY_SWAP.as_ptr(),
    reasons: wait::FORMATS.as_ptr(),
    next: offsets::NEXT as u32,
    id: offsets::ID as u32,
    name: offsets::NAME as u32,
    wake: offsets::WAKE as u32,
    link: offsets::LINK as u32,
    home: offsets::HOME as u32,
    phase: offsets::PHASE as u32,
    sp: offsets::SP as u32,
    reason: offsets::REASON as u32,
    entry: offsets::ENTRY as u32,
    parent: offsets::PARENT as u32,
    carrier_tid: carrier::TID_OFFSET as u32,
    away: super::handoff::AWAY,
    waiting: offsets::WAITING,
    claimed: offsets::CLAIMED,
    alive: offsets::ALIVE as u32,
};
