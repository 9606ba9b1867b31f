//! The account of one greenlet: what it is doing, since when, and why.
//!
//! ```text
//!              leaving (waits)           woken            resumed
//!   Running ──────────────────▶ Waiting ─ ─ ─ ─▶ (queues) ───────▶ Running
//!      │       section                          │
//!      ├──────────────────────▶ InSection ─ ─ ─ ┘
//!      │       leaving (yields), queueing (has run without the hub)
//!      └──────────────────────▶ Queued ──────────────────────────▶ Running
//! ```
//! Being woken is a time and a name in the ledger, not a state: any OS thread may
//! wake, and only whoever has the hub changes a state.
//!
//! Ledgers are made with the first greenlets that are observed, are kept by the
//! greenlet's memory when it is used again, and are never freed.

use super::call::{self, Current, Lock};
use super::peers::{self, Peer};
use super::places::{self, Number};
use super::why::{self, Why};
use super::{asked, census, clock, hogs, holders, timeline, trace, CENSUS, TIMELINE, TRACE};
use crate::greenlet::Greenlet;
use crate::hub;
use crate::wait::Reason;
use core::cell::Cell;
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicU8, Ordering};

pub use home::{after_fork, early, start, EARLY_ADDRESS};

pub(super) use moments::{
    attach, ended, leaving, moved_in, queueing, resumed, section, section_over, spawned, woken,
};

mod home;
mod moments;

/// What a greenlet is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// It runs, with the hub or without.
    Running,
    /// It waits, or has been woken and queues.
    Waiting,
    /// It is in a blocking section.
    InSection,
    /// It is runnable.
    Queued,
}

/// Who has ended a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waker {
    /// The greenlet's id; 0: the hub (a timer, a descriptor); [`Waker::FOREIGN`]: an
    /// OS thread that is no greenlet.
    pub id: u32,
    /// In which call.
    pub place: Number,
}

impl Waker {
    /// An OS thread that is no greenlet.
    pub const FOREIGN: u32 = u32::MAX;
}

/// The account of one greenlet. Cells belong to the OS thread that runs the
/// greenlet, and to the holder of the hub while it is not running.
#[repr(C)]
pub struct Ledger {
    // Written by the hooks' entries, in assembly.
    site: Cell<usize>,
    sp: Cell<usize>,
    /// Where its stack begins; depths are counted from there.
    pub base: Cell<usize>,
    /// We are at work on it: what is called meanwhile is not observed.
    pub busy: Cell<bool>,
    /// The last call's hook, site and depth, and its place.
    #[allow(clippy::type_complexity)]
    pub last_place: Cell<((*const super::call::Hook, usize, usize), Number)>,
    /// Site and depth of the last call that came from the program itself.
    pub outer_entry: Cell<(usize, usize)>,
    /// The call that is under way.
    pub call: Cell<Current>,
    /// Its greenlet's id.
    pub id: Cell<u32>,
    /// Where it was made.
    pub made: Cell<Number>,
    /// Its row in the census.
    pub row: Cell<u16>,
    /// The OS thread that it runs on, or ran on last.
    pub carrier: Cell<u32>,
    state: AtomicU8,
    since: Cell<u64>,
    run_from: AtomicU64,
    why: Cell<(Why, u64)>,
    text: Cell<&'static str>,
    peer: Cell<Peer>,
    holder: Cell<Waker>,
    woken_at: AtomicU64,
    woken_by: AtomicU32,
    woken_in: AtomicU32,
}

/// Where the entries' assembly finds what it writes.
pub const SITE: usize = offset_of!(Ledger, site);
/// See [`SITE`].
pub const SP: usize = offset_of!(Ledger, sp);

/// Ticks of a run that the monitor may have noticed (a slice is a millisecond at least).
const LONG_RUN: u64 = 1_000_000;

impl Ledger {
    const fn new() -> Self {
        Ledger {
            site: Cell::new(0),
            sp: Cell::new(0),
            base: Cell::new(0),
            busy: Cell::new(false),
            last_place: Cell::new(((ptr::null(), 0, 0), 0)),
            outer_entry: Cell::new((0, 0)),
            call: Cell::new(Current::NONE),
            id: Cell::new(0),
            made: Cell::new(0),
            row: Cell::new(0),
            carrier: Cell::new(0),
            state: AtomicU8::new(State::Running as u8),
            since: Cell::new(0),
            run_from: AtomicU64::new(0),
            why: Cell::new((Why::None, 0)),
            text: Cell::new(""),
            peer: Cell::new(0),
            holder: Cell::new(Waker { id: 0, place: 0 }),
            woken_at: AtomicU64::new(0),
            woken_by: AtomicU32::new(0),
            woken_in: AtomicU32::new(0),
        }
    }

    /// The site and the stack pointer of the last hook's entry.
    pub fn entry(&self) -> (usize, usize) {
        (self.site.get(), self.sp.get())
    }

    /// What a hook's entry notes, for one that cannot.
    pub fn set_entry(&self, site: usize, sp: usize) {
        self.site.set(site);
        self.sp.set(sp);
    }

    /// What its last wait was for: a kind, its word, its text if it has one, and
    /// who is at the other end of its descriptor.
    pub fn last_wait(&self) -> (Why, u64, &'static str, Peer) {
        let (why, word) = self.why.get();
        (why, word, self.text.get(), self.peer.get())
    }

    /// Who held what it waited for last, when it began to wait.
    pub fn holder(&self) -> Waker {
        self.holder.get()
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        match self.state.load(Ordering::Relaxed) {
            n if n == State::Running as u8 => State::Running,
            n if n == State::Waiting as u8 => State::Waiting,
            n if n == State::InSection as u8 => State::InSection,
            _ => State::Queued,
        }
    }

    fn set_state(&self, state: State) {
        self.state.store(state as u8, Ordering::Relaxed);
    }

    /// When its run began. Any thread may look.
    pub fn run_from(&self) -> u64 {
        self.run_from.load(Ordering::Relaxed)
    }

    /// The wait that it is in: since when, in which call, for what. Any thread may look; what
    /// changes meanwhile is no wait.
    #[allow(clippy::type_complexity)]
    pub fn ongoing(&self) -> Option<(u64, Current, (Why, u64, &'static str, Peer))> {
        let at = || (self.state(), self.since.get(), self.woken_at.load(Ordering::Acquire));
        let before = at();
        let waits = matches!(before.0, State::Waiting | State::InSection) && before.2 == 0;
        if !waits {
            return None;
        }
        // Copied as bytes: half of another text would be none.
        let call = core::mem::MaybeUninit::<Current>::uninit();
        let (mut call, mut text) = (call, core::mem::MaybeUninit::<&'static str>::uninit());
        // SAFETY: from cells of the same types.
        unsafe {
            ptr::copy_nonoverlapping(self.call.as_ptr(), call.as_mut_ptr(), 1);
            ptr::copy_nonoverlapping(self.text.as_ptr(), text.as_mut_ptr(), 1);
        }
        let (why, word) = self.why.get();
        core::sync::atomic::fence(Ordering::Acquire);
        if at() != before {
            return None;
        }
        // SAFETY: it has not changed in between.
        let (call, text) = unsafe { (call.assume_init(), text.assume_init()) };
        Some((before.1, call, (why, word, text, self.peer.get())))
    }

    fn begin(&self, id: u32, base: usize, now: u64) {
        self.base.set(base);
        self.busy.set(false);
        self.call.set(Current::NONE);
        self.id.set(id);
        self.set_state(State::Queued);
        self.since.set(now);
        self.run_from.store(now, Ordering::Relaxed);
        self.woken_at.store(now, Ordering::Relaxed);
    }

    fn set_reason(&self, reason: Reason) -> (Why, u64) {
        let (why, word) = why::of(reason);
        self.why.set((why, word));
        self.text.set(match reason {
            Reason::Section(text) | Reason::Retry(text) | Reason::Api(text) => text,
            _ => "",
        });
        (why, word)
    }

    /// It does not run any more, from `now` on.
    fn stops(&self, state: State, reason: Reason, now: u64) {
        self.since.set(now);
        self.set_state(state);
        let (why, word) = self.set_reason(reason);
        if state != State::Queued && why != Why::Last {
            self.place_of_its_own(why);
        }
        self.peer.set(peers::of(why, word));
        self.holder.set(match why.has_holder() {
            // One that is handed over is held by somebody who has not gone on yet, and so was
            // not seen taking it.
            true => match holders::of(word as usize) {
                Waker { id: 0, .. } => Waker { id: hub::owner_of(reason), place: 0 },
                seen => seen,
            },
            false => Waker::default(),
        });
        if asked(CENSUS) {
            let span = now - self.run_from();
            census::ran(self, span);
            if span > LONG_RUN {
                hogs::over(self.id.get(), self.run_from(), span);
            }
        }
        if state == State::Queued {
            self.woken_at.store(now, Ordering::Relaxed);
            self.woken_by.store(self.id.get(), Ordering::Relaxed);
        }
    }

    /// A wait begins: if no hooked call has begun it, its place is that of its stack.
    fn place_of_its_own(&self, why: Why) {
        // SAFETY: a cell of this thread's.
        if unsafe { (*self.call.as_ptr()).hook.is_null() } {
            let place = places::find_wait(call::of_wait(why), self.base.get());
            self.call.set(Current { place, ..Current::NONE });
        }
    }

    /// A wait is over, which no hooked call had begun.
    fn wait_of_its_own_is_over(&self) {
        let call = self.call.get();
        if call.hook.is_null() {
            if asked(TRACE) {
                trace::call_over(&call, call::of_wait(call.longest.0), Some((0, 0)));
            }
            self.call.set(Current::NONE);
        }
    }

    /// It runs again.
    fn goes_on(&self, now: u64) {
        if self.state() == State::Running {
            // It has run without the hub, which was at rest when it came back.
            self.has_called(now);
            self.carrier.set(hub::carrier().map_or(0, |c| c.tid()));
            return;
        }
        let since = self.since.get();
        let woken = match self.woken_at.swap(0, Ordering::Acquire) {
            0 => now,
            at => at.clamp(since, now.max(since)),
        };
        let delay = now.saturating_sub(woken);
        let state = self.state();
        self.set_state(State::Running);
        let waited = match state {
            State::Waiting | State::InSection => woken - since,
            State::Queued | State::Running => 0,
        };
        let waker = Waker {
            id: self.woken_by.load(Ordering::Relaxed),
            place: self.woken_in.load(Ordering::Relaxed) as Number,
        };
        if matches!(state, State::Waiting | State::InSection) {
            self.count(self.why.get(), waited, delay);
        }
        if asked(CENSUS) {
            census::queued(self, delay);
        }
        if asked(TIMELINE) {
            timeline::turn(self, self.run_from(), since, woken, now, state, waker);
        }
        self.run_from.store(now, Ordering::Relaxed);
        self.carrier.set(hub::carrier().map_or(0, |c| c.tid()));
        if state != State::Queued {
            self.wait_of_its_own_is_over();
        }
    }

    /// It has computed off the hub until this call, which need not wait for the hub: that ends
    /// a run that is worth telling of. Else one that computes for long between two calls would
    /// look like one that never calls anything.
    fn has_called(&self, now: u64) {
        let span = now.saturating_sub(self.run_from());
        if span < LONG_RUN {
            return;
        }
        if asked(CENSUS) {
            census::ran(self, span);
            hogs::over(self.id.get(), self.run_from(), span);
        }
        if asked(TIMELINE) {
            timeline::last_run(self, self.run_from(), now);
        }
        self.run_from.store(now, Ordering::Relaxed);
    }

    /// It has waited.
    fn count(&self, why: (Why, u64), waited: u64, delay: u64) {
        let mut call = self.call.get();
        call.waited += waited;
        call.delayed += delay;
        if waited >= call.longest.2 {
            call.longest = (why.0, why.1, waited);
            call.text = self.text.get();
            call.peer = self.peer.get();
        }
        self.call.set(call);
        if asked(CENSUS) {
            census::waited(self, &call, why, waited, delay);
        }
    }

    /// The real call may have waited, with nobody to be scheduled meanwhile.
    pub fn waited_in_the_kernel(&self) {
        /// What any system call may take counts for nothing.
        const WORTH_IT: u64 = 20_000;
        let now = clock::now();
        let call = self.call.get();
        let waited = now - call.entered;
        if call.entered != 0 && waited > WORTH_IT {
            self.why.set((Why::Alone, 0));
            self.peer.set(0);
            self.text.set("");
            if self.id.get() == 0 {
                census::first_thread(self);
            }
            self.count((Why::Alone, 0), waited, 0);
            if asked(TIMELINE) {
                let from = self.run_from();
                let nobody = Waker::default();
                timeline::turn(self, from, call.entered, now, now, State::Waiting, nobody);
            }
            self.run_from.store(now, Ordering::Relaxed);
        }
    }

    /// The call that is under way has taken or released the lock at `address`.
    pub fn lock_changed(&self, how: Lock, address: usize) {
        match how {
            Lock::Takes => holders::takes(address, self.id.get(), self.call.get().place),
            Lock::Shares => holders::shares(address, self.id.get(), self.call.get().place),
            Lock::Releases => {
                if let Some(held) = holders::releases(address, self.id.get()) {
                    if asked(TIMELINE) {
                        timeline::held(self, address, held);
                    }
                }
            }
            Lock::Lends | Lock::No => {}
        }
    }
}

/// A greenlet's ledger.
#[inline(always)]
pub fn of(g: &Greenlet) -> Option<&'static Ledger> {
    // SAFETY: null or a ledger, which is never freed.
    unsafe { g.ledger.get().as_ref() }
}
