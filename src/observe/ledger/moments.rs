//! What the hub tells at each moment of a greenlet's life, as its ledger has it.
//!
//! All but [`woken`] is called with the hub, or on the greenlet itself.

use super::{home, of, State, Waker};
use crate::greenlet::{Greenlet, Phase};
use crate::hub;
use crate::hub::lend::Lent;
use crate::observe::call::{self, Current};
use crate::observe::why::Why;
use crate::observe::{asked, census, clock, holders, peers, places, timeline, CENSUS, TIMELINE};
use crate::wait::{Reason, Wake};
use core::sync::atomic::Ordering;

#[cold]
pub(in crate::observe) fn leaving(g: &'static Greenlet) {
    let Some(l) = of(g) else { return };
    let reason = g.reason();
    let state = match reason {
        Reason::None | Reason::Yield => State::Queued,
        _ => State::Waiting,
    };
    l.stops(state, reason, clock::now());
}

#[cold]
pub(in crate::observe) fn resumed(g: &'static Greenlet) {
    if let Some(l) = of(g) {
        l.goes_on(clock::now());
    }
}

#[cold]
pub(in crate::observe) fn woken(g: &Greenlet, how: Wake) {
    let Some(l) = of(g) else { return };
    let waker = match (how, Greenlet::current()) {
        (Wake::TimedOut, _) => Waker::default(),
        // The hub chooses with the block of whoever ran last still loaded.
        (_, Some(by)) => match of(by).filter(|b| b.state() == State::Running) {
            Some(b) => {
                let (why, address) = l.why.get();
                if why.has_holder() && l.holder.get() == Waker::default() && by.in_shim() {
                    // When it began to wait the lock was on its way to this one, which is
                    // releasing it now.
                    l.holder.set(holders::of(address as usize));
                }
                Waker { id: b.id.get(), place: b.call.get().place }
            }
            None => Waker::default(),
        },
        (_, None) if hub::in_hub() => Waker::default(),
        (_, None) => Waker { id: Waker::FOREIGN, place: 0 },
    };
    l.woken_by.store(waker.id, Ordering::Relaxed);
    l.woken_in.store(u32::from(waker.place), Ordering::Relaxed);
    l.woken_at.store(clock::now(), Ordering::Release);
}

#[cold]
pub(in crate::observe) fn section(g: &'static Greenlet, reason: Reason) {
    if let Some(l) = of(g) {
        l.stops(State::InSection, reason, clock::now());
    }
}

#[cold]
pub(in crate::observe) fn section_over(g: &'static Greenlet) {
    let Some(l) = of(g) else { return };
    // Else it has queued for the hub, and is running.
    if l.state() == State::InSection {
        let now = clock::now();
        l.woken_at.store(now, Ordering::Relaxed);
        l.woken_by.store(0, Ordering::Relaxed);
        l.goes_on(now);
    }
}

#[cold]
pub(in crate::observe) fn queueing(g: &'static Greenlet) {
    let Some(l) = of(g) else { return };
    let now = clock::now();
    match l.state() {
        State::InSection => {
            l.woken_by.store(0, Ordering::Relaxed);
            l.woken_at.store(now, Ordering::Relaxed);
        }
        _ => l.stops(State::Queued, Reason::None, now),
    }
}

#[cold]
pub(in crate::observe) fn spawned(creator: &'static Greenlet, new: &'static Greenlet) {
    let now = clock::now();
    if let Some(l) = creator.ledger.get().is_null().then(home::take_early).flatten() {
        // The first thread has just become a greenlet.
        creator.ledger.set(l);
        l.id.set(creator.id());
        census::born(l, creator, None);
    }
    if new.ledger.get().is_null() {
        let Some(l) = home::make() else { return };
        new.ledger.set(l);
    }
    let Some(l) = of(new) else { return };
    l.begin(new.id(), new.stack().base, now);
    let place = of(creator).map_or(0, |c| match c.call.get() {
        Current { hook, .. } if hook.is_null() => {
            places::find_wait(call::of_wait(Why::None), c.base.get())
        }
        call => call.place,
    });
    l.made.set(place);
    l.woken_by.store(creator.id(), Ordering::Relaxed);
    l.woken_in.store(u32::from(place), Ordering::Relaxed);
    census::born(l, new, Some(Waker { id: creator.id(), place }));
}

/// Begin an account of `g`, which is alive for long. With the hub at rest, before anything
/// is recorded. `all`: nothing was recorded until now, and what its account says is old.
pub(in crate::observe) fn attach(g: &'static Greenlet, lent: &Lent, all: bool) {
    if g.phase() != Phase::Alive {
        return;
    }
    let fresh = g.ledger.get().is_null();
    if fresh {
        let Some(l) = home::make() else { return };
        g.ledger.set(l);
    }
    let Some(l) = of(g) else { return };
    let now = clock::now();
    if fresh || all {
        let base = g.stack().base;
        l.begin(g.id(), base, now);
        l.made.set(0);
        let reason = g.reason();
        let (state, woken) = match hub::off_hub(g) {
            Some(_) if reason == Reason::None => (State::Running, 0),
            Some(_) => (State::InSection, 0),
            None if lent.runs(g) => (State::Running, 0),
            None if g.is_waiting() => (State::Waiting, 0),
            None => (State::Queued, now),
        };
        let (why, word) = l.set_reason(reason);
        l.peer.set(peers::of_elsewhere(why, word));
        l.set_state(state);
        l.woken_at.store(woken, Ordering::Relaxed);
        l.woken_by.store(0, Ordering::Relaxed);
    }
    l.row.set(0);
    census::adopt(l, g, Some(Waker::default()));
}

#[cold]
pub(in crate::observe) fn moved_in(g: &'static Greenlet) {
    if let Some(l) = of(g) {
        l.base.set(g.stack().base);
    }
}

#[cold]
pub(in crate::observe) fn ended(g: &'static Greenlet) {
    let Some(l) = of(g) else { return };
    let now = clock::now();
    // A root that has ended is parked for ever; it has not left by itself.
    l.stops(State::Waiting, Reason::Last, now);
    if asked(TIMELINE) {
        timeline::last_run(l, l.run_from(), now);
    }
    if asked(CENSUS | TIMELINE) {
        census::ended(l, g, now);
    }
}
