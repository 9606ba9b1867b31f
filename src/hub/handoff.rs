//! Who holds the hub: the states, and every legal transition between them.
//!
//! # The greenlet's side: `context` × `link`
//!
//! `context` says whose code runs on the greenlet and is written by the
//! greenlet's own OS thread only. `link` says whether the greenlet that runs
//! has the hub.
//!
//! | context | link | meaning |
//! |---|---|---|
//! | `PROGRAM` | `HELD` | program code; the hub belongs to its carrier, may be taken off |
//! | `SHIM` | `HELD` | our code with the hub (also while parked: then the hub's holder is another) |
//! | any | `ASKED` | the monitor is about to take the hub; the verdict comes within microseconds |
//! | `PROGRAM` | `AWAY` | program code off the hub: a hog, or in a blocking section |
//! | `SHIM` | `AWAY` | has entered a hook, takes back what it offered, or queues for the hub |
//!
//! ```text
//!             enter                        section begins
//!  PROGRAM/HELD ───▶ SHIM/HELD ──────────────────────────────▶ PROGRAM/AWAY
//!       │  ▲  ◀─── leave   ▲                                      │  ▲
//!   ask │  │ refused        │ given the hub            enter       │  │ taken
//!       ▼  │ (in SHIM)      │ or took it back                      │  │
//!          │                └──────────────── SHIM/AWAY ◀──────────┘  │
//!   any/ASKED ────────────────────────────────────────────────────────┘
//!                          (was in PROGRAM)
//! ```
//!
//! # Entering costs no bus lock
//!
//! The greenlet stores `SHIM` and then loads `link`; the monitor stores `ASKED`
//! and then loads `context`. One of the two must see the other's store, which
//! takes a full fence on both sides. The greenlet's fence is a compiler's only:
//! the monitor makes the processors of all OS threads of the process pass a
//! fence, by membarrier(2), between its two steps. A greenlet that finds
//! `ASKED` waits for the verdict; it has stored `SHIM` before, so:
//!
//! * The monitor reads `PROGRAM` after the barrier: the greenlet's next `enter`
//!   comes after the barrier, sees `ASKED` or `AWAY`, and touches nothing of
//!   the hub's. The hub can be taken.
//! * It reads `SHIM`: the greenlet may have passed without seeing `ASKED`. The
//!   request is withdrawn; whoever waits for the verdict goes on.
//!
//! `ASKED` on a greenlet that does not run is refused in the same way: whoever
//! parks is in `SHIM`. One that is resumed meanwhile and reaches `PROGRAM` has
//! the hub, and taking it is right. So a request needs no other check: `HELD`
//! and `PROGRAM` together say that this greenlet runs, and on the holder.
//!
//! # The hub's side
//!
//! The hub has one holder, a carrier, always: `Hub::carrier`. It changes in
//! six places, each time by the one that holds the hub or has just won it: a
//! section begins (an *offer*; a hook of a greenlet that
//! [`computes`](super::computes) ends in the same steps, and its call is the program's code
//! up to the next hook), its call is back before the offer was taken (it is
//! *taken back*), the monitor takes the hub, the holder finds that the next
//! greenlet in the queue is at home on another carrier; and where the holder has
//! nothing to do and lies down with the hub at *rest* ([`watch`](super::watch)), who was
//! away takes it from there, and leaves it there.
//!
//! A carrier's `word` says whether the hub is on its way to it
//! ([`turn`](super::carrier::turn) has its transitions):
//!
//! | `word` | meaning |
//! |---|---|
//! | `ASLEEP` | waits in the kernel: who tells it something wakes it |
//! | `AWAKE` | looks at the word before it sleeps, or holds the hub, or runs a greenlet off it |
//! | `OFFERED` | the hub is between two: its own when it takes it, the offerer's when that takes it back |
//! | `GIVEN` | the hub is its own |
//! | `RESTS` | sleeps on the reactor with the hub, which is its own when it gets up, or whose who takes it |
//! | `WATCHES` | sleeps on the reactor without the hub, which may be left there again |
//!
//! The one step that decides between the offerer and the carrier is a
//! compare-and-swap from `OFFERED` to `AWAKE`. The offerer is the greenlet whose
//! section it is, on its own OS thread, in `SHIM/AWAY`; it remembers to whom it
//! offered (`Greenlet::offered`) until it has the hub again, and tries once. That
//! carrier may have taken the hub, given it away, and been offered it by another
//! greenlet meanwhile; then both greenlets may take the offer back, which is right
//! as well: nobody waits for an offer, and whoever wins has the hub.
//!
//! Both beginnings want our code to run: the monitor may take the hub off a greenlet in
//! `PROGRAM`, also in the middle of them. Who is unwound by a cancellation has
//! stepped out before the hooks that it is in end; so those look whose code runs.
//!
//! A request that reaches a greenlet in `SHIM/AWAY` finds our code, and goes. Who is
//! on its way to the hub looks what there is to do when its hook ends; who is on
//! its way off it looks whether it was asked ([`leave_off_hub`](super::preempt::leave_off_hub)).
//!
//! The tests below walk every interleaving of one greenlet, one monitor and
//! another carrier over this protocol, with stores that stay in their processor's
//! buffer for as long as they like.

use crate::greenlet::Greenlet;
use crate::{sys, syscall};
use core::sync::atomic::{compiler_fence, fence, AtomicBool, Ordering};

/// `link`: has the hub when it runs.
pub const HELD: u32 = 0;
/// `link`: the monitor is deciding.
pub const ASKED: u32 = 1;
/// `link`: runs without the hub.
pub const AWAY: u32 = 2;

/// Whether membarrier(2) cannot be had: entering needs a fence then.
static STRONG_ENTRY: AtomicBool = AtomicBool::new(true);

const MEMBARRIER_PRIVATE_EXPEDITED: usize = 1 << 3;
const MEMBARRIER_REGISTER_PRIVATE_EXPEDITED: usize = 1 << 4;

/// Register for membarrier(2), before there is a second OS thread of ours.
pub(super) fn init() {
    // SAFETY: takes numbers only.
    let registered =
        unsafe { syscall!(libc::SYS_membarrier, MEMBARRIER_REGISTER_PRIVATE_EXPEDITED, 0, 0) };
    STRONG_ENTRY.store(registered.is_err(), Ordering::Relaxed);
}

/// The greenlet's fence between its store and its load.
#[inline(always)]
pub(crate) fn light_fence() {
    compiler_fence(Ordering::SeqCst);
    if STRONG_ENTRY.load(Ordering::Relaxed) {
        fence(Ordering::SeqCst);
    }
}

/// The monitor's fence between its store and its load.
fn heavy_fence() {
    fence(Ordering::SeqCst);
    if !STRONG_ENTRY.load(Ordering::Relaxed) {
        // SAFETY: takes numbers only.
        let done = unsafe { syscall!(libc::SYS_membarrier, MEMBARRIER_PRIVATE_EXPEDITED, 0, 0) };
        if done.is_err() {
            sys::die("membarrier(2) worked once and does not now");
        }
    }
}

/// Ask whether `g` runs program code with the hub. `true`: it does, and stays
/// where it is; the caller has the hub, and calls [`Greenlet::taken`]. Only the
/// monitor calls this.
pub(super) fn ask(g: &Greenlet) -> bool {
    if !g.ask() {
        return false;
    }
    heavy_fence();
    if g.in_shim() {
        g.refuse();
        return false;
    }
    true
}

#[cfg(test)]
mod model;
