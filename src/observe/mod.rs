//! What the hub tells about itself: the recording half of the debugging tools.
//!
//! # In one paragraph
//!
//! A few places in the hub and in the hooks call a function of this module when
//! something happens: a greenlet leaves the processor, is woken, goes on; a hooked
//! call begins and ends. While nobody asks for anything each of these calls is a
//! load and a branch that is never taken ([`on`]). When somebody does
//! (`GEVENTRS_TRACE`, `GEVENTRS_REPORT`, `GEVENTRS_TIMELINE`), the same places keep
//! an account of each greenlet, the [`ledger`], and at the end of each wait
//! and of each call one finished entry goes to the consumers.
//!
//! ```text
//!   hook entry ──▶ the call's site, name, arguments ┐
//!   leaving    ──▶ a run ends, a wait begins        │  ledger: one a greenlet,
//!   woken      ──▶ by whom, when                    │  written by whoever has the hub
//!   resumed    ──▶ the wait is over ────────────────┼──▶ census    tables of fixed size
//!   hook exit  ──▶ the call is over ────────────────┘    timeline  ring, newest kept
//!                                                        trace     ring, written out soon
//! ```
//!
//! # Words
//!
//! * A **site** is the return address of the program's call into a hook. A **place** is a site
//!   at one depth of the stack: in practice one chain of callers. Its whole
//!   stack is taken once, when the place is first seen ([`places`]); after that an
//!   event costs a look-up. (Two chains of callers that end in the same
//!   call at the same depth count as one place, shown with the first one's stack.)
//! * A **wait** is what lies between [`leaving`] and being [`woken`]; from there to
//!   [`resumed`] is the **delay**, in the run queue. A blocking section
//!   counts as a wait.
//! * A **run** lies between being resumed and leaving: what a greenlet does in one go,
//!   whether the hub has been taken off it meanwhile or not.
//! * Times are in *ticks* of the processor's clock ([`clock`]); they become
//!   nanoseconds when they are written.
//!
//! # Rules
//!
//! * Off is free. Every point is `if on() { cold(...) }`, inlined.
//! * Nothing here parks, and nothing here calls a hook, the program's malloc or
//!   libc's stdio. Memory is mapped once, of a fixed size, and touched as it is
//!   needed; what finds no room is counted under "others", or is lost and counted.
//! * Files are written by plain system calls ([`output`]). What cannot be
//!   written is dropped.
//! * Files hold raw addresses as (module, offset), with a name where the dynamic symbols tell
//!   one; the command-line tool looks up functions, files and lines.

pub mod call;
pub mod census;
pub mod clock;
mod deadly;
mod decode;
mod document;
mod end;
mod errors;
mod frames;
mod histogram;
pub(crate) mod hogs;
mod holders;
pub mod ledger;
pub mod live;
pub(crate) mod modules;
pub mod output;
pub mod peers;
pub mod places;
mod summary;
mod text;
mod timeline;
pub mod trace;
pub mod wanted;
pub mod why;
pub mod writing_stack;

pub use deadly::{deadly, is_deadly};
pub use end::{after_fork, start, write_now, write_out, End, Wanted};

use crate::greenlet::Greenlet;
use crate::hub;
use crate::wait::{Reason, Wake};
use core::sync::atomic::{AtomicU16, Ordering};

/// [`asked`]: lines of calls.
pub const TRACE: u8 = 1;
/// [`asked`]: the census of waits.
pub const CENSUS: u8 = 2;
/// [`asked`]: the timeline.
pub const TIMELINE: u8 = 4;

/// [`asked`]: reports of long runs.
pub const WATCH: u8 = 8;

/// [`asked`]: where locks are taken and greenlets made, for reports of deadlocks.
pub const SITES: u8 = 16;

/// Somebody's calls wait by themselves ([`Waits`](crate::hub::standing::Waits)): each hook
/// must look whose call it is.
const BY_ITSELF: u16 = 0x80;

/// Who wants to know, a bit each. Zero: nobody, and nothing is recorded. (The lower byte
/// is read by the hooks' entries as well, which are assembly. In it, [`BY_ITSELF`] asks for
/// no record. The upper one holds [`PROCESSOR_TIME`] alone, which concerns no hook.)
pub static WANTED: AtomicU16 = AtomicU16::new(0);

/// The program asks for threads' processor time: it is counted at each switch.
const PROCESSOR_TIME: u16 = 0x100;

/// Whether processor time is counted at each switch.
pub(crate) fn counts_processor_time() -> bool {
    WANTED.load(Ordering::Relaxed) & PROCESSOR_TIME != 0
}

/// From here on processor time is counted at each switch.
pub(crate) fn count_processor_time() {
    WANTED.fetch_or(PROCESSOR_TIME, Ordering::Relaxed);
}

/// From here on each hook looks whose call it is.
pub(crate) fn look_whose_calls() {
    WANTED.fetch_or(BY_ITSELF, Ordering::Relaxed);
}

/// Whether somebody's calls wait by themselves.
#[inline(always)]
pub fn looks_whose_calls() -> bool {
    WANTED.load(Ordering::Relaxed) & BY_ITSELF != 0
}

/// Whether anything is recorded, as `wanted` says.
#[inline(always)]
fn records(wanted: u16) -> bool {
    wanted as u8 & !(BY_ITSELF as u8) != 0
}

/// Whether anybody wants to know anything.
#[inline(always)]
pub fn on() -> bool {
    records(WANTED.load(Ordering::Relaxed))
}

/// Whether somebody wants one of `what`.
#[inline(always)]
pub fn asked(what: u8) -> bool {
    WANTED.load(Ordering::Relaxed) as u8 & what != 0
}

/// `g`, which runs and has the hub, is about to leave the processor.
#[inline(always)]
pub(crate) fn leaving(g: &'static Greenlet) {
    let wanted = WANTED.load(Ordering::Relaxed);
    if wanted != 0 {
        if wanted & PROCESSOR_TIME != 0 {
            g.processor.run_ends(hub::left_at());
        }
        if records(wanted) {
            ledger::leaving(g);
        }
    }
}

/// `g` has the hub, and goes on (or begins).
#[inline(always)]
pub(crate) fn resumed(g: &'static Greenlet) {
    let wanted = WANTED.load(Ordering::Relaxed);
    if wanted != 0 {
        if wanted & PROCESSOR_TIME != 0 {
            g.processor.run_begins(hub::left_at());
        }
        if records(wanted) {
            ledger::resumed(g);
        }
    }
}

/// The wait of `g` has been ended. On any OS thread.
#[inline(always)]
pub(crate) fn woken(g: &Greenlet, how: Wake) {
    if on() {
        ledger::woken(g, how);
    }
}

/// `g`, which has the hub, begins a blocking section.
#[inline(always)]
pub(crate) fn section(g: &'static Greenlet, reason: Reason) {
    if on() {
        ledger::section(g, reason);
    }
}

/// The blocking section of `g` is over, and it has the hub.
#[inline(always)]
pub(crate) fn section_over(g: &'static Greenlet) {
    if on() {
        ledger::section_over(g);
    }
}

/// `g`, which runs without the hub, queues for it.
#[inline(always)]
pub(crate) fn queueing(g: &'static Greenlet) {
    if on() {
        ledger::queueing(g);
    }
}

/// The carrier on the OS thread `tid` has got the hub.
#[inline(always)]
pub(crate) fn hub_taken(tid: u32) {
    if asked(TIMELINE) {
        timeline::hub(tid);
    }
}

/// Write out what waits for it. On the monitor, now and then, while there is work.
#[inline(always)]
pub(crate) fn tend() {
    if asked(TRACE) {
        trace::flush(0);
    }
}

/// `new` has been made by `creator`, which runs.
#[inline(always)]
pub(crate) fn spawned(creator: &'static Greenlet, new: &'static Greenlet) {
    if on() {
        ledger::spawned(creator, new);
    }
}

/// It is known now which function of the program's `g` runs.
pub(crate) fn routine_known(g: &'static Greenlet) {
    if asked(CENSUS | TIMELINE) {
        census::routine_known(g);
    }
}

/// The light greenlet `g`, whose turn has come, has a stack now. On the hub.
#[inline(always)]
pub(crate) fn moved_in(g: &'static Greenlet) {
    if on() {
        ledger::moved_in(g);
    }
}

/// `g` has ended. On the hub.
#[inline(always)]
pub(crate) fn ended(g: &'static Greenlet) {
    if on() {
        ledger::ended(g);
    }
}
