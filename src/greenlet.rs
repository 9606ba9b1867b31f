//! The greenlet: one thread of the program as the hub sees it.
//!
//! # Life
//!
//! ```text
//!            spawn                 entry returns, or is unwound
//!   Free ───────────▶ Alive ───────────────────────────────▶ Ended
//!    ▲                                                          │
//!    └────────────── detached, or joined and collected ─────────┘
//! ```
//!
//! # Whose code is running (`context`)
//!
//! | value | meaning | left by |
//! |---|---|---|
//! | `PROGRAM` | the program's own code; may be taken off its turn | its next hook: → `SHIM` |
//! | `SHIM` | our code on the program's behalf; hooks entered now pass through | end of the hook: → `PROGRAM` |
//!
//! Whether the greenlet that runs has the hub is a second word, `link`; both
//! together, and who changes what when, are in [`crate::hub::handoff`].
//!
//! # Its other concepts
//!
//! | file | what |
//! |---|---|
//! | `turn.rs` | the two words above, as hooks, the monitor and sections change them |
//! | `claim.rs` | a wait (`wake`), and who ends it |
//! | `tenancy.rs` | its memory (`unit`) |
//! | `detail.rs` | what more reports say about its waits |
//! | `offsets.rs` | where a debugger finds it |

use crate::arch::FpControl;
use crate::hub::carrier::Carrier;
use crate::hub::computes::Account;
use crate::hub::handoff::HELD;
use crate::hub::standing::{Waits, BASE};
use crate::observe;
use crate::timers::NO_SLOT;
use crate::unit::Stack;
use crate::wait::{Reason, Wake};
use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU8, Ordering};

pub use detail::{detail_of_fd, detail_of_lock, Detail, Told};

pub(crate) use detail::{fd_of, lock_of};

mod claim;
mod detail;
pub(crate) mod offsets;
mod processor_time;
mod tenancy;
mod turn;

/// A greenlet's first function: a pthread start routine that may be unwound.
pub type Entry = unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void;

pub(crate) type Coroutine = corosensei::Coroutine<(), (), (), Stack>;
pub(crate) type Yielder = corosensei::Yielder<(), ()>;

/// `context`: the program's own code runs.
pub const PROGRAM: u8 = 0;
/// `context`: our code runs on the program's behalf.
pub const SHIM: u8 = 1;

/// Where a greenlet is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// In no use.
    Free,
    /// Spawned, not ended.
    Alive,
    /// Ended, its value not collected.
    Ended,
}

/// Words that a layer above the hub keeps in a greenlet (the shim: its
/// cancellation state and the like). Zero in a fresh greenlet.
pub const EXTENSION_WORDS: usize = 12;

/// One thread of the program. Lives in its unit (or, for the greenlet that an
/// OS thread brought along, in a leaked box) and is never freed.
///
/// Fields in [`Cell`]s belong to the holder of the hub.
#[repr(C, align(64))]
pub struct Greenlet {
    // Touched by every switch.
    pub(crate) next: Cell<*const Greenlet>,
    tp: Cell<*mut u8>,
    /// Where its stack is taken up ([`crate::arch::swap`]), while it does not run.
    /// Null until it first leaves it (and, for the root, has left it).
    pub(crate) sp: Cell<*mut u8>,
    /// Floating-point modes and flags when it left; those that it starts with, its
    /// creator's, before.
    pub(crate) fp_control: Cell<FpControl>,
    wake: AtomicU32,
    context: AtomicU8,
    root: Cell<bool>,
    /// How its calls wait. The layer above looks at it.
    pub waits: Cell<Waits>,
    /// Has the hub when it runs, or not: see [`crate::hub::handoff`].
    link: AtomicU32,
    /// On which carriers it may run: see [`crate::hub::standing`].
    pub(crate) standing: Cell<u32>,
    /// While it is off the hub: the carrier that it is on.
    pub(crate) home: Cell<*const Carrier>,
    /// What it will touch first when it is taken up; null: it has not said. A hint.
    pub(crate) near: Cell<*const u8>,
    outcome: Cell<Wake>,
    phase: Cell<Phase>,
    // Touched by waits.
    timer_index: Cell<u32>,
    pub(crate) reason: Cell<Reason>,
    /// When it left the processor last, as [`crate::time::coarse`] had it.
    pub(crate) since: Cell<u64>,
    /// How often it has left the processor.
    pub(crate) switches: Cell<u64>,
    /// It was to be interrupted and did not wait: its next wait asks the layer
    /// above whether it still is.
    pub(crate) missed_interrupt: AtomicBool,
    /// The API has left a kill for it since it was made. Cleared by itself only.
    pub(crate) kill_asked: AtomicBool,
    /// It has taken back what it offered, in the section that it is in. Its own.
    pub(crate) kept_hub: Cell<bool>,
    /// The size class of its unit ([`crate::unit`]).
    class: Cell<u32>,
    /// See [`EXTENSION_WORDS`]. The first is looked at by every hook.
    pub extension: [Cell<usize>; EXTENSION_WORDS],
    /// Its processor time.
    pub(crate) processor: processor_time::Account,
    /// Whether it computes between its calls.
    pub(crate) computes: Account,
    /// A text that says more about the wait (a name that is looked up), on the
    /// greenlet's own stack; null: none.
    detail: Cell<*const Detail>,
    /// Handlers of signals that the kernel has called on it and that have not
    /// returned; and [pins](Greenlet::pin).
    handlers: Cell<u32>,
    /// It is in a section whose call an interrupt may end.
    pub(crate) interruptible: AtomicBool,
    /// It is in a section of the kind `Section::UnwindsReading`.
    pub(crate) unwinds_reading: AtomicBool,
    /// That call is to end: see [`crate::hub::interrupt_call`].
    pub(crate) stop: AtomicBool,
    pub(crate) detached: Cell<bool>,
    // Touched at birth and death.
    /// Its account, if it is observed; see [`observe::ledger`].
    pub ledger: Cell<*const observe::ledger::Ledger>,
    id: Cell<u32>,
    /// The id of the greenlet that made it; 0: none has.
    pub(crate) parent: Cell<u32>,
    /// See [`Spawn::made_at`](crate::hub::Spawn).
    pub(crate) made_at: Cell<usize>,
    pub(crate) entry: Cell<Option<Entry>>,
    pub(crate) arg: Cell<*mut c_void>,
    pub(crate) all_next: Cell<*const Greenlet>,
    pub(crate) all_prev: Cell<*const Greenlet>,
    name: Cell<[u8; 16]>,
    /// In whose unit it runs: itself, or, if it is light, the resident of the unit
    /// that it has been given. Null: a light one before its first turn; a root.
    unit: Cell<*const Greenlet>,
    pub(crate) joiner: Cell<*const Greenlet>,
    pub(crate) value: Cell<*mut c_void>,
    // Touched by sections.
    /// To whom it has offered the hub, at the beginning of the section that it is in; null:
    /// to nobody, or it has been back since. Its own.
    pub(crate) offered: Cell<*const Carrier>,
    // Of a unit's resident only, for whoever runs in it.
    /// The light greenlet that has the unit; null: none has.
    pub(crate) tenant: Cell<*const Greenlet>,
    pub(crate) coroutine: UnsafeCell<Option<Coroutine>>,
    /// The coroutine's, which it needs once: see [`crate::hub`].
    pub(crate) yielder: Cell<*const Yielder>,
    unit_stack: Cell<Stack>,
    /// The stack that it runs on: the unit's, or one that the program gave.
    stack: Cell<Stack>,
    /// What its creator asked for: the guard in pages; the stack in units of
    /// [`tenancy::STACK_UNIT`], 0: nothing.
    asked_guard: Cell<u32>,
    asked_stack: Cell<u32>,
    /// See [`Greenlet::set_routine`]; 0: its entry.
    routine: Cell<usize>,
}

// SAFETY: cells are touched by the hub's holder only, one OS thread at a time;
// what others touch is atomic.
unsafe impl Sync for Greenlet {}

/// Bytes from the beginning on which a hook that waits touches.
pub(crate) const WARM: usize = 2 * LINE;
/// Where that begins which the first turn needs.
pub(crate) const BIRTH: usize = core::mem::offset_of!(Greenlet, id);
/// A line of the processor's caches.
pub(crate) const LINE: usize = 64;
const _: () = assert!(core::mem::offset_of!(Greenlet, extension) + size_of::<usize>() <= WARM);
// A crowd of them fills the memory's bandwidth: no line more without need.
const _: () = assert!(size_of::<Greenlet>() == 8 * LINE);

impl Greenlet {
    /// A greenlet in no use.
    pub fn new() -> Self {
        Greenlet {
            next: Cell::new(ptr::null()),
            tp: Cell::new(ptr::null_mut()),
            sp: Cell::new(ptr::null_mut()),
            fp_control: Cell::new(FpControl::default()),
            wake: AtomicU32::new(claim::RUNNING),
            context: AtomicU8::new(PROGRAM),
            root: Cell::new(false),
            waits: Cell::new(Waits::InHub),
            link: AtomicU32::new(HELD),
            standing: Cell::new(BASE),
            home: Cell::new(ptr::null()),
            near: Cell::new(ptr::null()),
            offered: Cell::new(ptr::null()),
            kept_hub: Cell::new(false),
            outcome: Cell::new(Wake::Notified),
            phase: Cell::new(Phase::Free),
            coroutine: UnsafeCell::new(None),
            timer_index: Cell::new(NO_SLOT),
            reason: Cell::new(Reason::None),
            since: Cell::new(0),
            switches: Cell::new(0),
            processor: processor_time::Account::new(),
            computes: Account::new(),
            detail: Cell::new(ptr::null()),
            id: Cell::new(0),
            parent: Cell::new(0),
            made_at: Cell::new(0),
            detached: Cell::new(false),
            joiner: Cell::new(ptr::null()),
            entry: Cell::new(None),
            arg: Cell::new(ptr::null_mut()),
            yielder: Cell::new(ptr::null()),
            value: Cell::new(ptr::null_mut()),
            all_next: Cell::new(ptr::null()),
            all_prev: Cell::new(ptr::null()),
            name: Cell::new([0; 16]),
            unit: Cell::new(ptr::null()),
            tenant: Cell::new(ptr::null()),
            unit_stack: Cell::new(Stack::NONE),
            stack: Cell::new(Stack::NONE),
            class: Cell::new(0),
            asked_guard: Cell::new(0),
            asked_stack: Cell::new(0),
            routine: Cell::new(0),
            handlers: Cell::new(0),
            interruptible: AtomicBool::new(false),
            unwinds_reading: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            missed_interrupt: AtomicBool::new(false),
            kill_asked: AtomicBool::new(false),
            ledger: Cell::new(ptr::null()),
            extension: [const { Cell::new(0) }; EXTENSION_WORDS],
        }
    }

    /// The greenlet whose code runs on this OS thread; `None` on a thread that
    /// is no greenlet, and in the hub.
    #[inline(always)]
    pub fn current() -> Option<&'static Greenlet> {
        // SAFETY: the word is null or a greenlet, which is never freed.
        unsafe { crate::arch::current().cast::<Greenlet>().as_ref() }
    }

    /// Its thread id: what the thread's control block says, unique among the
    /// process's threads. The first thread's is the process id.
    pub fn id(&self) -> u32 {
        self.id.get()
    }

    /// The id of the greenlet that made it; 0: none has.
    pub fn parent(&self) -> u32 {
        self.parent.get()
    }

    /// Its thread pointer; [`crate::tls::pthread_of`] makes its `pthread_t` of it.
    #[inline(always)]
    pub fn tp(&self) -> *mut u8 {
        self.tp.get()
    }

    /// Whether it runs on the stack that its OS thread came with.
    #[inline(always)]
    pub fn is_root(&self) -> bool {
        self.root.get()
    }

    /// Where it is in its life.
    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        self.phase.set(phase);
    }

    /// What it waits for.
    pub fn reason(&self) -> Reason {
        self.reason.get()
    }

    /// The function that it was made to run.
    pub(crate) fn routine(&self) -> usize {
        match self.routine.get() {
            0 => self.entry.get().map_or(0, |f| f as usize),
            routine => routine,
        }
    }

    /// The function that it was made to run, for who looks at it: its entry is one of ours, which
    /// only calls that. The caller has the hub.
    pub fn set_routine(&'static self, routine: usize) {
        self.routine.set(routine);
        crate::observe::routine_known(self);
    }

    /// Its name as the kernel would hold it: at most 15 bytes and a zero.
    pub fn name(&self) -> [u8; 16] {
        self.name.get()
    }

    /// Name it; longer names are cut to 15 bytes.
    pub fn set_name(&self, name: &[u8]) {
        let mut copy = [0; 16];
        let len = name.len().min(15);
        copy[..len].copy_from_slice(&name[..len]);
        self.name.set(copy);
    }

    /// Give it another's name, which [`name`](Self::name) has told.
    pub(crate) fn take_name(&self, name: [u8; 16]) {
        debug_assert_eq!(name[15], 0);
        self.name.set(name);
    }

    /// The value that it ended with.
    pub fn value(&self) -> *mut c_void {
        self.value.get()
    }

    /// Set the value that it will end with, when it is unwound.
    pub fn set_value(&self, value: *mut c_void) {
        self.value.set(value);
    }

    /// Whether nobody will join it.
    pub fn is_detached(&self) -> bool {
        self.detached.get()
    }

    /// Make a free greenlet ready for a new thread.
    pub(crate) fn begin(&self, id: u32, entry: Entry, arg: *mut c_void) {
        debug_assert_eq!(self.phase.get(), Phase::Free);
        self.id.set(id);
        self.entry.set(Some(entry));
        self.routine.set(0);
        self.arg.set(arg);
        self.value.set(ptr::null_mut());
        self.joiner.set(ptr::null());
        self.sp.set(ptr::null_mut());
        self.reason.set(Reason::None);
        self.since.set(crate::time::coarse());
        self.switches.set(0);
        self.processor.clear();
        self.computes.clear();
        self.detail.set(ptr::null());
        self.wake.store(claim::RUNNING, Ordering::Relaxed);
        // A new greenlet starts inside our code, on its way to the entry.
        self.context.store(SHIM, Ordering::Relaxed);
        self.handlers.set(0);
        self.missed_interrupt.store(false, Ordering::Relaxed);
        self.kill_asked.store(false, Ordering::Relaxed);
        for word in &self.extension {
            word.set(0);
        }
        self.phase.set(Phase::Alive);
    }

    /// Turn a fresh greenlet into the one that the calling OS thread runs.
    pub(crate) fn begin_root(&self, id: u32, name: &[u8]) {
        self.id.set(id);
        self.tp.set(crate::arch::thread_pointer());
        self.root.set(true);
        self.context.store(SHIM, Ordering::Relaxed);
        self.phase.set(Phase::Alive);
        self.processor.adopt();
        self.set_name(name);
    }

    /// Whether its wait has a deadline. For the hub's holder.
    pub fn has_deadline(&self) -> bool {
        self.timer_index.get() != NO_SLOT
    }

    /// The timers were forgotten (in the child of a fork).
    pub(crate) fn timer_cleared(&self) {
        self.timer_index.set(NO_SLOT);
    }

    /// In the child of a fork the calling thread is the first thread.
    pub(crate) fn set_id(&self, id: u32) {
        self.id.set(id);
    }
}

impl Default for Greenlet {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Greenlet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Greenlet")
            .field("id", &self.id.get())
            .field("phase", &self.phase.get())
            .field("reason", &self.reason.get())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_as_the_kernel_cuts_them() {
        let g = Greenlet::new();
        g.set_name(b"a name of more than fifteen bytes");
        assert_eq!(&g.name(), b"a name of more \0");
    }
}
