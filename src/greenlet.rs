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
//! # Its memory (`unit`)
//!
//! A thread of pthread_create's is the *resident* of a unit ([`crate::unit`]): it has
//! its stack and its TLS block for life, since its `pthread_t` is that block's address.
//! A greenlet of the native API is *light* ([`crate::light`]): a control block alone,
//! until its first turn.
//!
//! ```text
//!                 spawn            first turn             has ended
//!   light: Free ─────────▶ no unit ──────────▶ has a unit ─────────▶ Free
//!                            │  ▲     (tenant of its resident)
//!       none ready           ▼  │ one is
//!                     waits for a unit ([`crate::hub::units`])
//! ```
//! A resident whose unit has a tenant is `Free` meanwhile.
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
//! # One wait (`wake`)
//!
//! ```text
//!            begin_wait                    claim (one wins)
//!   RUNNING ────────────▶ WAITING ──────────────────────────▶ CLAIMED
//!      ▲                     │ cancel_wait (found nothing to   │
//!      │                     │ wait for; claims lost)          │ scheduled by
//!      └─────────────────────┘                                 │ the claimer
//!      └───────────────────────────────────────────────────────┘ resumed
//! ```
//! Between `begin_wait` and the moment it is off its stack, the greenlet holds
//! the hub; a claimer elsewhere can only put it on the inject queue, which the
//! hub's holder reads. So no greenlet is ever resumed while it still runs.

use crate::arch::FpControl;
use crate::hub::carrier::Carrier;
use crate::hub::handoff::{self, ASKED, AWAY, HELD};
use crate::observe;
use crate::sys;
use crate::time::NEVER;
use crate::timers::{Slot, NO_SLOT};
use crate::unit::Stack;
use crate::wait::{Reason, Wake};
use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::marker::PhantomData;
use core::ptr;
use core::sync::atomic::{compiler_fence, AtomicBool, AtomicU32, AtomicU64, AtomicU8, Ordering};

/// A greenlet's first function: a pthread start routine that may be unwound.
pub type Entry = unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void;

pub(crate) type Coroutine = corosensei::Coroutine<(), (), (), Stack>;
pub(crate) type Yielder = corosensei::Yielder<(), ()>;

/// `context`: the program's own code runs.
pub const PROGRAM: u8 = 0;
/// `context`: our code runs on the program's behalf.
pub const SHIM: u8 = 1;

const RUNNING: u32 = 0;
const WAITING: u32 = 1;
const CLAIMED: u32 = 2;

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

/// A text that says more about a wait, up to a zero: see [`Greenlet::tell`].
pub type Detail = [u8; 64];

/// The text of a wait that is about a descriptor: no name begins so.
pub fn detail_of_fd(fd: i32) -> Detail {
    let mut detail = [0; size_of::<Detail>()];
    detail[0] = FD_MARK;
    detail[1..5].copy_from_slice(&fd.to_ne_bytes());
    detail
}

/// The descriptor of such a text.
pub(crate) fn fd_of(detail: &Detail) -> Option<i32> {
    let bytes = detail[1..5].try_into().ok()?;
    (detail[0] == FD_MARK).then(|| i32::from_ne_bytes(bytes))
}

const FD_MARK: u8 = 1;

/// While this lives, reports of the greenlet's waits say more: [`Greenlet::tell`].
#[derive(Debug)]
pub struct Told<'a> {
    greenlet: &'static Greenlet,
    before: *const Detail,
    _detail: PhantomData<&'a Detail>,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.greenlet.detail.set(self.before);
    }
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
    /// Has the hub when it runs, or not: see [`handoff`].
    link: AtomicU32,
    /// While it is off the hub: the carrier that it is on.
    pub(crate) home: Cell<*const Carrier>,
    /// To whom it has offered the hub, at the beginning of the section that it is in; null:
    /// to nobody, or it has been back since. Its own.
    pub(crate) offered: Cell<*const Carrier>,
    /// It has taken back what it offered, in the section that it is in. Its own.
    pub(crate) kept_hub: Cell<bool>,
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
    /// See [`EXTENSION_WORDS`]. The first is looked at by every hook.
    pub extension: [Cell<usize>; EXTENSION_WORDS],
    /// Processor time as the monitor has sampled it, in nanoseconds.
    pub(crate) sampled: AtomicU64,
    /// The processor time that its OS thread had when the hub was taken off it.
    away_from: Cell<u64>,
    /// A text that says more about the wait (a name that is looked up), on the
    /// greenlet's own stack; null: none.
    detail: Cell<*const Detail>,
    /// Handlers of signals that the kernel has called on it and that have not
    /// returned.
    handlers: Cell<u32>,
    /// It is in a section whose call an interrupt may end.
    pub(crate) interruptible: Cell<bool>,
    /// That call is to end: see [`crate::hub::interrupt_call`].
    pub(crate) stop: AtomicBool,
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
    /// The size class of that unit ([`crate::unit`]).
    class: Cell<usize>,
    pub(crate) detached: Cell<bool>,
    pub(crate) joiner: Cell<*const Greenlet>,
    pub(crate) value: Cell<*mut c_void>,
    // Of a unit's resident only, for whoever runs in it.
    /// The light greenlet that has the unit; null: none has.
    pub(crate) tenant: Cell<*const Greenlet>,
    pub(crate) coroutine: UnsafeCell<Option<Coroutine>>,
    /// The coroutine's, which it needs once: see [`crate::hub`].
    pub(crate) yielder: Cell<*const Yielder>,
    unit_stack: Cell<Stack>,
    /// The stack that it runs on: the unit's, or one that the program gave.
    stack: Cell<Stack>,
    asked_guard: Cell<usize>,
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

impl Greenlet {
    /// A greenlet in no use.
    pub fn new() -> Self {
        Greenlet {
            next: Cell::new(ptr::null()),
            tp: Cell::new(ptr::null_mut()),
            sp: Cell::new(ptr::null_mut()),
            fp_control: Cell::new(FpControl::default()),
            wake: AtomicU32::new(RUNNING),
            context: AtomicU8::new(PROGRAM),
            root: Cell::new(false),
            link: AtomicU32::new(HELD),
            home: Cell::new(ptr::null()),
            offered: Cell::new(ptr::null()),
            kept_hub: Cell::new(false),
            outcome: Cell::new(Wake::Notified),
            phase: Cell::new(Phase::Free),
            coroutine: UnsafeCell::new(None),
            timer_index: Cell::new(NO_SLOT),
            reason: Cell::new(Reason::None),
            since: Cell::new(0),
            switches: Cell::new(0),
            sampled: AtomicU64::new(0),
            away_from: Cell::new(0),
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
            handlers: Cell::new(0),
            interruptible: Cell::new(false),
            stop: AtomicBool::new(false),
            missed_interrupt: AtomicBool::new(false),
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

    /// Say more about the waits to come, until the result is dropped. In our code, both
    /// times.
    pub fn tell<'a>(&'static self, detail: &'a Detail) -> Told<'a> {
        Told { greenlet: self, before: self.detail.replace(detail), _detail: PhantomData }
    }

    /// What more there is to say about its wait. The caller has the hub.
    pub(crate) fn detail(&self) -> Option<Detail> {
        // SAFETY: null, or on the stack of a frame that clears it with the hub.
        unsafe { self.detail.get().as_ref() }.copied()
    }

    /// Its first function.
    pub(crate) fn entry_point(&self) -> usize {
        self.entry.get().map_or(0, |f| f as usize)
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

    /// The stack that it runs on ([`Stack::NONE`] for a root, and for one that has
    /// no unit yet).
    pub fn stack(&self) -> Stack {
        self.resident().map_or(Stack::NONE, |r| r.stack.get())
    }

    /// The stack of its own unit, used or not.
    pub(crate) fn unit_stack(&self) -> Stack {
        self.resident().map_or(Stack::NONE, |r| r.unit_stack.get())
    }

    /// The resident of the unit that it runs in, which may be itself.
    pub(crate) fn resident(&self) -> Option<&'static Greenlet> {
        // SAFETY: null or a unit's, which stays mapped.
        unsafe { self.unit.get().as_ref() }
    }

    /// Whether it gets its unit at its first turn.
    pub(crate) fn is_light(&self) -> bool {
        !ptr::eq(self.unit.get(), self) && !self.is_root()
    }

    /// A light greenlet is given a unit, by its resident.
    pub(crate) fn move_in(&self, resident: &'static Greenlet) {
        debug_assert!(self.is_light() && self.unit.get().is_null());
        debug_assert!(resident.tenant.get().is_null());
        resident.tenant.set(self);
        resident.stack.set(resident.unit_stack.get());
        resident.asked_guard.set(crate::unit::GUARD);
        self.unit.set(resident);
        self.tp.set(resident.tp.get());
    }

    /// A light greenlet that has ended gives its unit up.
    pub(crate) fn move_out(&self) -> Option<&'static Greenlet> {
        let resident = self.resident();
        if let Some(resident) = resident {
            resident.tenant.set(ptr::null());
        }
        self.unit.set(ptr::null());
        self.tp.set(ptr::null_mut());
        resident
    }

    /// The size class of its unit.
    pub(crate) fn class(&self) -> usize {
        self.class.get()
    }

    /// The guard size that its creator asked for (attributes must tell it).
    pub fn asked_guard(&self) -> usize {
        self.resident().map_or(0, |r| r.asked_guard.get())
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

    /// It is the resident of a new unit. (It has its place there.)
    pub(crate) fn set_unit(&mut self, tp: *mut u8, stack: Stack, class: usize) {
        self.unit.set(self);
        self.tp.set(tp);
        self.unit_stack.set(stack);
        self.class.set(class);
    }

    /// Let a free resident have another stack than its unit's for its next thread.
    pub(crate) fn set_stack(&self, stack: Stack) {
        self.stack.set(stack);
    }

    /// A free light greenlet will get a unit of that size class.
    pub(crate) fn set_class(&self, class: usize) {
        self.class.set(class);
    }

    /// Make a free greenlet ready for a new thread.
    pub(crate) fn begin(&self, id: u32, entry: Entry, arg: *mut c_void) {
        debug_assert_eq!(self.phase.get(), Phase::Free);
        self.id.set(id);
        self.entry.set(Some(entry));
        self.arg.set(arg);
        self.value.set(ptr::null_mut());
        self.joiner.set(ptr::null());
        self.sp.set(ptr::null_mut());
        self.reason.set(Reason::None);
        self.since.set(crate::time::coarse());
        self.switches.set(0);
        self.sampled.store(0, Ordering::Relaxed);
        self.away_from.set(0);
        self.detail.set(ptr::null());
        self.wake.store(RUNNING, Ordering::Relaxed);
        // A new greenlet starts inside our code, on its way to the entry.
        self.context.store(SHIM, Ordering::Relaxed);
        self.handlers.set(0);
        self.missed_interrupt.store(false, Ordering::Relaxed);
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
        self.set_name(name);
    }

    /// Nobody will run on its stack any more: let corosensei forget it.
    pub(crate) fn forget_stack(&self) {
        let Some(resident) = self.resident() else { return };
        // SAFETY: the coroutine is touched at birth and at the end only, by the
        // holder of the hub.
        unsafe {
            if let Some(mut c) = (*resident.coroutine.get()).take() {
                c.force_reset();
            }
        }
    }

    /// The timers were forgotten (in the child of a fork).
    pub(crate) fn timer_cleared(&self) {
        self.timer_index.set(NO_SLOT);
    }

    pub(crate) fn set_asked_guard(&self, guard: usize) {
        self.asked_guard.set(guard);
    }

    /// In the child of a fork the calling thread is the first thread.
    pub(crate) fn set_id(&self, id: u32) {
        self.id.set(id);
    }

    /// The doorway of every hook: false if our code is running already, and
    /// then the hook must pass straight through. On `true` the caller has the
    /// hub: if that has moved on, this waits for its turn.
    #[inline(always)]
    pub fn enter_shim(&self) -> bool {
        if self.context.load(Ordering::Relaxed) != PROGRAM {
            return false;
        }
        self.context.store(SHIM, Ordering::Relaxed);
        handoff::light_fence();
        if self.link.load(Ordering::Acquire) != HELD {
            return self.enter_slow();
        }
        true
    }

    /// Back into our code, for those who have stepped out of it for a while: on
    /// return the caller has the hub, also in a signal's handler.
    pub fn reenter_shim(&self) {
        if self.in_shim() {
            return;
        }
        self.context.store(SHIM, Ordering::Relaxed);
        handoff::light_fence();
        if self.link.load(Ordering::Acquire) != HELD && self.verdict() == AWAY {
            crate::hub::rejoin(self);
        }
    }

    /// For a few instructions on words that several greenlets use: step in if
    /// this greenlet has the hub and will keep it; [`Greenlet::leave_shim`] after
    /// them. False changes nothing, and waits for nothing.
    #[inline(always)]
    pub fn enter_briefly(&self) -> bool {
        if self.context.load(Ordering::Relaxed) != PROGRAM {
            return false;
        }
        self.context.store(SHIM, Ordering::Relaxed);
        handoff::light_fence();
        if self.link.load(Ordering::Acquire) != HELD {
            self.leave_shim();
            return false;
        }
        true
    }

    /// Program code counts as ours until [`Greenlet::leave_shim`], with the hub or
    /// without: nobody asks for its turn, and signals are noted. For what touches
    /// nothing of the hub's and waits for nobody who needs it.
    #[inline(always)]
    pub fn pass_for_shim(&self) {
        self.context.store(SHIM, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
    }

    /// The monitor has asked for the hub, or taken it, or a section is on.
    #[cold]
    #[inline(never)]
    fn enter_slow(&self) -> bool {
        if self.verdict() == AWAY {
            if self.handlers.get() != 0 {
                // What the handler has interrupted may hold libc's locks, for
                // which the hub's holder may wait: it must not wait for the
                // hub. Off the hub a call may block for real.
                self.context.store(PROGRAM, Ordering::Relaxed);
                return false;
            }
            crate::hub::rejoin(self);
        }
        true
    }

    /// The link, after the monitor has decided.
    fn verdict(&self) -> u32 {
        loop {
            match self.link.load(Ordering::Acquire) {
                ASKED => {
                    let _ = sys::futex_wait(&self.link, ASKED, NEVER);
                }
                other => return other,
            }
        }
    }

    /// The way out of a hook.
    #[inline(always)]
    pub fn leave_shim(&self) {
        self.context.store(PROGRAM, Ordering::Release);
    }

    /// Whether it runs without the hub, or queues for it.
    pub fn is_away(&self) -> bool {
        self.link.load(Ordering::Acquire) == AWAY
    }

    /// First step of [`handoff::ask`].
    pub(crate) fn ask(&self) -> bool {
        self.link.compare_exchange(HELD, ASKED, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    /// The monitor leaves the hub to it.
    pub(crate) fn refuse(&self) {
        self.link.store(HELD, Ordering::Release);
        sys::futex_wake(self.link.as_ptr(), 1);
    }

    /// The monitor has taken the hub; the greenlet stays on `home`.
    pub(crate) fn taken(&self, home: &Carrier) {
        self.home.set(home);
        self.since.set(crate::time::coarse());
        self.away_from.set(crate::time::processor_time(home.tid()));
        self.link.store(AWAY, Ordering::Release);
        sys::futex_wake(self.link.as_ptr(), 1);
    }

    /// A section begins: it stays on `home`, off the hub. It counts as our code
    /// until the hub has been given away: whoever interrupts it before that must
    /// not queue for a hub that nobody has.
    pub(crate) fn begin_section(&self, home: &Carrier) {
        self.home.set(home);
        // A request that is under way is refused: this is our code.
        while self.link.compare_exchange(HELD, AWAY, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            self.verdict();
        }
    }

    /// It has the hub again.
    pub(crate) fn rejoined(&self) {
        if self.away_from.get() != 0 {
            self.sampled.store(self.processor_time(), Ordering::Relaxed);
            self.away_from.set(0);
        }
        self.home.set(ptr::null());
        self.offered.set(ptr::null());
        self.link.store(HELD, Ordering::Release);
    }

    /// About how long it has run, in nanoseconds: as the monitor has sampled it, and
    /// exactly for the time off the hub.
    pub(crate) fn processor_time(&self) -> u64 {
        let from = self.away_from.get();
        // SAFETY: null or a carrier; they live for ever.
        let away = match unsafe { self.home.get().as_ref() } {
            Some(home) if from != 0 => crate::time::processor_time(home.tid()).saturating_sub(from),
            _ => 0,
        };
        self.sampled.load(Ordering::Relaxed) + away
    }

    /// A handler that the kernel has called begins on it (`1`) or returns (`-1`).
    pub fn count_handler(&self, change: i32) {
        self.handlers.set(self.handlers.get().wrapping_add_signed(change));
    }

    /// Whether a handler that the kernel has called on it has not returned.
    pub fn in_handler(&self) -> bool {
        self.handlers.get() != 0
    }

    /// All handlers on it were left by a jump.
    pub fn forget_handlers(&self) {
        self.handlers.set(0);
    }

    /// Whether our code runs on this greenlet's behalf.
    pub fn in_shim(&self) -> bool {
        self.context.load(Ordering::Relaxed) != PROGRAM
    }

    /// Start a wait. From here on it can be claimed.
    #[inline(always)]
    pub fn begin_wait(&self, reason: Reason) {
        self.reason.set(reason);
        self.wake.store(WAITING, Ordering::Release);
    }

    /// End a wait that turned out to be needless. False if somebody has
    /// claimed it meanwhile: then it must be parked, for it will be scheduled.
    pub fn cancel_wait(&self) -> bool {
        sys::cas_u32(&self.wake, WAITING, RUNNING, sys::one_os_thread()) == WAITING
    }

    /// Whether it waits and nobody has claimed the wake-up.
    pub fn is_waiting(&self) -> bool {
        self.wake.load(Ordering::Acquire) == WAITING
    }

    /// Try to be the one who ends the wait; the winner must schedule it.
    #[inline(always)]
    pub fn claim(&self, how: Wake) -> bool {
        if sys::one_os_thread() {
            // As in `raw_lock`: claims come from our own code only.
            if self.wake.load(Ordering::Relaxed) != WAITING {
                return false;
            }
            self.wake.store(CLAIMED, Ordering::Relaxed);
        } else if sys::cas_u32(&self.wake, WAITING, CLAIMED, false) != WAITING {
            return false;
        }
        self.outcome.set(how);
        observe::woken(self, how);
        true
    }

    /// Whether its wait was ended by what it waits for, and it has not run yet.
    pub fn is_claimed_notified(&self) -> bool {
        self.wake.load(Ordering::Acquire) == CLAIMED && self.outcome.get() == Wake::Notified
    }

    /// The resumed greenlet takes note of how its wait ended.
    #[inline(always)]
    pub(crate) fn end_wait(&self) -> Wake {
        self.wake.store(RUNNING, Ordering::Relaxed);
        self.reason.set(Reason::None);
        self.outcome.get()
    }
}

/// Where a debugger finds things: see [`crate::hub::debugger`].
pub(crate) mod offsets {
    use super::Greenlet;
    use core::mem::offset_of;

    pub(crate) const NEXT: usize = offset_of!(Greenlet, all_next);
    pub(crate) const ID: usize = offset_of!(Greenlet, id);
    pub(crate) const NAME: usize = offset_of!(Greenlet, name);
    pub(crate) const WAKE: usize = offset_of!(Greenlet, wake);
    pub(crate) const LINK: usize = offset_of!(Greenlet, link);
    pub(crate) const HOME: usize = offset_of!(Greenlet, home);
    pub(crate) const PHASE: usize = offset_of!(Greenlet, phase);
    pub(crate) const SP: usize = offset_of!(Greenlet, sp);
    pub(crate) const REASON: usize = offset_of!(Greenlet, reason);
    pub(crate) const ENTRY: usize = offset_of!(Greenlet, entry);
    pub(crate) const PARENT: usize = offset_of!(Greenlet, parent);
    pub(crate) const WAITING: u32 = super::WAITING;
    pub(crate) const CLAIMED: u32 = super::CLAIMED;
    pub(crate) const ALIVE: u8 = super::Phase::Alive as u8;
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

impl Slot for &'static Greenlet {
    #[inline(always)]
    fn set_index(self, index: u32) {
        self.timer_index.set(index);
    }
    #[inline(always)]
    fn index(self) -> u32 {
        self.timer_index.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_claim_wins_and_the_others_lose() {
        let g = Greenlet::new();
        assert!(!g.claim(Wake::Notified), "nothing to claim before a wait");
        g.begin_wait(Reason::Sleep);
        assert!(g.is_waiting());
        assert!(g.claim(Wake::TimedOut));
        assert!(!g.claim(Wake::Notified));
        assert!(!g.cancel_wait());
        assert_eq!(g.end_wait(), Wake::TimedOut);
        assert!(!g.claim(Wake::Notified));
    }

    #[test]
    fn a_cancelled_wait_cannot_be_claimed() {
        let g = Greenlet::new();
        g.begin_wait(Reason::Sleep);
        assert!(g.cancel_wait());
        assert!(!g.claim(Wake::Notified));
    }

    #[test]
    fn hooks_do_not_nest() {
        let g = Greenlet::new();
        assert!(g.enter_shim());
        assert!(!g.enter_shim());
        g.leave_shim();
        assert!(g.enter_shim());
    }

    #[test]
    fn names_are_cut_as_the_kernel_cuts_them() {
        let g = Greenlet::new();
        g.set_name(b"a name of more than fifteen bytes");
        assert_eq!(&g.name(), b"a name of more \0");
    }
}
