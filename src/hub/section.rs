//! Blocking sections: a greenlet makes a call that really blocks, and the hub
//! goes on without it.
//!
//! ```text
//!   the greenlet's carrier              another carrier
//!   in our code, has the hub
//!   takes a carrier ──────────offer──▶  drives the hub
//!   the call, as program code               ·
//!   queues for the hub  ─────inject──▶  its turn comes
//!   has the hub again   ◀──────give───  idle
//! ```
//! A call that is back before the other carrier has come to run finds its offer
//! still there, and takes the hub back: it has not moved. If the other carrier has
//! found nothing to do, the hub is at rest ([`watch`](super::watch)), and is taken past
//! it. Both would be unjust to others if somebody made one call after the other; so who
//! takes the hub like that looks whether anybody else has something to do, and lets them
//! go first.
//!
//! The states are those of [`handoff`](super::handoff). The greenlet keeps its
//! stack, its OS thread and its TLS block all the while, so `errno` and the
//! owners of libc's locks are right.

use super::carrier::{self, Carrier};
use super::park::{inject, is_interrupt_due, yield_now};
use super::{active, holder, preempt, watch, HUB};
use crate::greenlet::Greenlet;
use crate::observe;
use crate::parking_lot;
use crate::time::{self, NEVER};
use crate::wait::{Reason, Section};
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

/// Carriers at most for calls that end by themselves, and for greenlets that
/// compute.
const CEILING: u32 = 64;
static CARRIERS: AtomicU32 = AtomicU32::new(CEILING);

/// Choose how many carriers there may be, the first one included (at least 2).
pub fn set_ceiling(carriers: u32) {
    CARRIERS.store(carriers.max(2), Ordering::Relaxed);
}

/// How many carriers there may be for what ends by itself.
pub(super) fn ceiling() -> u32 {
    CARRIERS.load(Ordering::Relaxed)
}

/// Greenlets that wait for a carrier.
static QUEUE: AtomicU32 = AtomicU32::new(0);

fn queue_key() -> usize {
    QUEUE.as_ptr() as usize
}

/// A carrier for the hub of a greenlet of this standing, as soon as there is one; `None`: none
/// can be made.
fn carrier_for(standing: u32, section: Section) -> Option<&'static Carrier> {
    let most = match section {
        Section::Ends | Section::Unwinds => ceiling(),
        Section::Waits | Section::UnwindsReading => u32::MAX,
    };
    loop {
        if let Some(c) = carrier::take(standing, most) {
            return Some(c);
        }
        if !carrier::any_away() {
            return None;
        }
        QUEUE.fetch_add(1, Ordering::Relaxed);
        let what = Reason::Section("its turn to block (GEVENTRS_CARRIERS)");
        parking_lot::park(queue_key(), 0, what, NEVER, carrier::any_away, || ());
        QUEUE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Back to the hub, also when the call is unwound.
struct Back(&'static Greenlet);

impl Drop for Back {
    fn drop(&mut self) {
        self.0.reenter_shim();
        observe::section_over(self.0);
        self.0.reason.set(Reason::None);
        self.0.interruptible.store(false, Ordering::Relaxed);
        self.0.unwinds_reading.store(false, Ordering::Relaxed);
        self.0.stop.store(false, Ordering::Relaxed);
        if self.0.kept_hub.replace(false) {
            let_others(self.0);
        }
    }
}

/// `g` has kept the hub through its section: others come first if they have something
/// to do.
fn let_others(g: &'static Greenlet) {
    // (A frame of the kernel's is not to be carried elsewhere needlessly.)
    if !g.in_handler() && HUB.others_are_due(time::now()) {
        yield_now(g);
    }
}

/// Call something that really blocks or computes on the running greenlet `g`,
/// which is in our code, without stopping the others: the hub goes on with them
/// on another carrier meanwhile. `call` runs as program code, on the greenlet's
/// own stack and TLS block; hooks that it enters act as ever. On return `g` is in
/// our code again. With one greenlet alive it is a plain call, and so it is if
/// no OS thread can be had.
pub fn blocking<R>(
    g: &'static Greenlet,
    reason: Reason,
    section: Section,
    call: impl FnOnce() -> R,
) -> R {
    begin(g, reason, section);
    let _back = Back(g);
    call()
}

/// The first half of [`blocking`], for what cannot be a closure (vfork(2)); the
/// other half is [`end`].
pub fn begin(g: &'static Greenlet, reason: Reason, section: Section) {
    let standing = g.standing.get();
    let to = if active() { Heir::find(standing, || carrier_for(standing, section)) } else { None };
    g.reason.set(reason);
    observe::section(g, reason);
    g.interruptible.store(section != Section::Ends, Ordering::Relaxed);
    g.unwinds_reading.store(section == Section::UnwindsReading, Ordering::Relaxed);
    g.since.set(time::coarse());
    // What came for it while it was off the hub, and on its way into this hook: it has told
    // nobody to call it in, since it comes by itself, and may block now.
    let due = is_interrupt_due(g);
    let Some(to) = to else { return g.leave_shim() };
    let home = HUB.carrier();
    if !leave_hub(g, home, to) {
        // Who was on watch will be one of those in the pool.
        observe::section_over(g);
        g.missed_interrupt.fetch_or(due, Ordering::Relaxed);
        return begin(g, reason, section);
    }
    if due {
        home.missed.store(true, Ordering::Relaxed);
    }
    preempt::leave_off_hub(g, home);
}

/// Who gets the hub of a greenlet that leaves it.
pub(super) enum Heir {
    /// On watch: it is left there.
    Watches(&'static Carrier),
    /// In the pool: it is offered.
    Waits(&'static Carrier),
}

impl Heir {
    /// Who is on watch, or else whom `other` finds, if a greenlet of this standing goes away.
    pub(super) fn find(
        standing: u32,
        other: impl FnOnce() -> Option<&'static Carrier>,
    ) -> Option<Heir> {
        watch::can_take_over(standing).map(Heir::Watches).or_else(|| other().map(Heir::Waits))
    }
}

/// `g`, which is in our code, leaves the hub to `to`, and stays on its carrier `home`, where
/// [`preempt::leave_off_hub`] is its way out. False: who was on watch has just got up, and `g`
/// has the hub as before.
pub(super) fn leave_hub(g: &'static Greenlet, home: &'static Carrier, to: Heir) -> bool {
    carrier::begin_away();
    carrier::leaves(home, Some(g));
    g.begin_section(home);
    match to {
        Heir::Waits(to) => {
            g.offered.set(to);
            carrier::offer(to, HUB.nobody_is_runnable());
            true
        }
        Heir::Watches(to) => {
            let left = watch::leave_with(to, home);
            if !left {
                g.rejoined();
                carrier::end_away();
                carrier::taken(home);
            }
            left
        }
    }
}

/// See [`begin`].
pub fn end(g: &'static Greenlet) {
    drop(Back(g));
}

/// End the kernel call of a greenlet that is in a section of the kind
/// [`Section::Waits`]: it gets EINTR, whatever SA_RESTART would say. (Likewise of the
/// kind [`Section::Unwinds`], if the layer above has not unwound it.) False: it is in
/// none. The caller has the hub.
///
/// A call that has not quite begun may be missed: ask again while it is
/// [`off_hub`](super::off_hub).
pub fn interrupt_call(g: &'static Greenlet) -> bool {
    g.interruptible.load(Ordering::Relaxed) && interrupt_any_call(g)
}

/// [`interrupt_call`] whatever it is that blocks the greenlet off the hub. False: it
/// is not off the hub.
pub fn interrupt_any_call(g: &'static Greenlet) -> bool {
    match super::off_hub(g) {
        Some(tid) => {
            g.stop.store(true, Ordering::Release);
            preempt::ask(tid);
            true
        }
        None => false,
    }
}

/// Call something of libc's that may take a lock which another greenlet holds
/// (malloc's, the loader's): as program code, which the monitor can help, if the
/// caller is in our code; as it is, elsewhere. No data of the hub's may be
/// borrowed.
pub fn as_program<R>(call: impl FnOnce() -> R) -> R {
    match holder() {
        Some(g) => {
            g.leave_shim();
            let result = call();
            g.reenter_shim();
            result
        }
        None => call(),
    }
}

/// The running greenlet, which is off the hub, has entered our code: queue for
/// the hub, and return with it.
#[cold]
pub(crate) fn rejoin(g: &Greenlet) {
    // SAFETY: greenlets live for ever.
    let g: &'static Greenlet = unsafe { &*ptr::from_ref(g) };
    // SAFETY: set when it left the hub; carriers live for ever.
    let home = unsafe { &*g.home.get() };
    home.off_hub.store(ptr::null_mut(), Ordering::Relaxed);
    // SAFETY: null or a carrier; they live for ever.
    let offered = unsafe { g.offered.get().as_ref() };
    if offered.is_some_and(|to| carrier::take_back(to, home)) || watch::take(home) {
        g.kept_hub.set(true);
    } else {
        observe::queueing(g);
        carrier::queue_for_hub(|| {
            let soon = inject(g);
            home.wait_for_turn(soon);
        });
    }
    g.rejoined();
    carrier::end_away();
    observe::resumed(g);
    HUB.running.store(ptr::from_ref(g).cast_mut(), Ordering::Relaxed);
    HUB.switches.store(HUB.switches.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    carrier::taken(home);
    if QUEUE.load(Ordering::Relaxed) != 0 {
        parking_lot::unpark_one(queue_key());
    }
}
