//! What is recorded, while the program goes on: for whoever asks over the control
//! socket, and for the dump's signal.
//!
//! A program that records nothing can be made to, for a while ([`begin`], [`finish`]): its
//! greenlets get their ledgers then, with the hub at rest. Calls that had begun before are
//! not known; what they wait for is.
//!
//! All of it runs on the OS thread that answers ([`crate::control`]).

use super::census::Copied;
use super::clock::{self, Scale};
use super::document::Document;
use super::output::{Kind, Sink};
use super::summary::{self, Form};
use super::{census, holders, ledger, modules, places, timeline, CENSUS, TIMELINE, WANTED};
use crate::greenlet::Greenlet;
use crate::hub::lend;
use crate::time::{self, SECOND};
use core::sync::atomic::{AtomicU8, Ordering};

/// How long the hub is waited for.
const PATIENCE: u64 = 2 * SECOND;

/// What is recorded only for somebody who asks.
static BORROWED: AtomicU8 = AtomicU8::new(0);

fn bit(kind: Kind) -> u8 {
    match kind {
        Kind::Timeline => TIMELINE,
        Kind::Report | Kind::Trace => CENSUS,
    }
}

/// The census as it is now; `None`: the hub cannot be had.
pub(super) fn copy() -> Option<Copied> {
    lend::borrow(PATIENCE, |_| Copied::take())
}

/// Write it.
pub(super) fn write(out: &mut Document, kind: Kind, form: Form, copied: &Copied, deadline: u64) {
    let counted = copied.counted();
    match kind {
        Kind::Timeline => timeline::write(out, counted.lives, "running", 0, deadline),
        Kind::Report | Kind::Trace => summary::write(out, form, &counted, "running", 0, deadline),
    }
}

/// Whether something of this kind is recorded.
pub fn records(kind: Kind) -> bool {
    super::asked(bit(kind))
}

/// Where `g` was made: the stack of that call as far as it was noted, the innermost return
/// address first.
pub(crate) fn made_at(g: &Greenlet) -> Vec<usize> {
    let place = ledger::of(g).filter(|l| l.id.get() == g.id()).map_or(0, |l| l.made.get());
    match places::get(place) {
        Some(place) => place.frames().collect(),
        None => Some(g.made_at.get()).filter(|at| *at != 0).into_iter().collect(),
    }
}

/// How a lock was taken.
pub(crate) struct Taken {
    /// By which greenlet.
    pub by: u32,
    /// How long ago, in nanoseconds.
    pub ago: u64,
    /// The stack, the innermost return address first.
    pub at: Vec<usize>,
}

/// How the lock at `address` was taken, by `owner` (0: by whoever holds it), if that was noted.
pub(crate) fn taken(address: usize, owner: u32) -> Option<Taken> {
    if !super::on() {
        return None;
    }
    let held = match owner {
        0 => holders::held(address),
        owner => holders::held_by(address, owner),
    }?;
    Some(Taken {
        by: held.by.id,
        ago: Scale::now().span(clock::now().saturating_sub(held.since)),
        at: places::get(held.by.place).map_or(Vec::new(), |p| p.frames().collect()),
    })
}

/// Write what there is of a kind to a peer, as JSON.
pub fn answer(fd: i32, kind: Kind) -> Result<(), &'static str> {
    let patience = time::after(5 * SECOND);
    let copied = copy().ok_or("the hub has not answered")?;
    modules::refresh(patience);
    let mut sink = Sink::of(fd);
    let mut out = Document::begin(&mut sink, patience).ok_or("a report is being written")?;
    write(&mut out, kind, Form::Json, &copied, patience);
    let _ = out.end();
    Ok(())
}

/// Record something of this kind from now on, that nobody has asked for yet.
pub fn begin(kind: Kind) -> Result<(), &'static str> {
    if kind == Kind::Timeline && !timeline::start() {
        return Err("there is no memory for a timeline");
    }
    if BORROWED.load(Ordering::Relaxed) != 0 {
        return Err("another recording is being made; ask again when it is over");
    }
    let first = !super::on();
    lend::borrow(PATIENCE, |lent| {
        if kind == Kind::Timeline {
            timeline::forget();
        }
        if !super::asked(CENSUS | TIMELINE) {
            census::clear();
            if first {
                holders::clear();
            }
            lent.for_each(|g| ledger::attach(g, lent, first));
        }
        BORROWED.fetch_or(bit(kind), Ordering::Relaxed);
        WANTED.fetch_or(bit(kind).into(), Ordering::Release);
    })
    .ok_or("the hub has not answered")
}

/// Nobody asks any more.
pub fn finish() {
    let borrowed = BORROWED.swap(0, Ordering::Relaxed);
    WANTED.fetch_and(!u16::from(borrowed), Ordering::Release);
}

/// In the child of a fork nobody has asked.
pub(super) fn after_fork() {
    finish();
}
