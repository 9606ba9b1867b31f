//! The hub: who runs next.
//!
//! Vocabulary: a *greenlet* is a thread of the program; the *hub* is the run
//! queue, the timers and the reactor; a *carrier* is an OS thread that drives
//! the hub. The hub is data: everything here takes what it needs from the
//! [`Carrier`] that holds it, so that the hub can be given to another one.
//!
//! # Where code runs
//!
//! The program's first thread keeps its own stack and TLS block: it is the
//! *root*. (Running `main` on a stack of ours instead would change what
//! `getrlimit`, stack growth, `/proc/self/maps` and garbage collectors see,
//! for every program, threads or not.) Every other greenlet is a coroutine.
//!
//! Each carrier runs the loop of [`drive`] on a stack of its own. The first
//! carrier is the OS thread that the program came with. Its loop has a stack that
//! we made, since the root has its native one.
//!
//! All stacks are equals: whoever leaves stores where it can be taken up, and goes
//! on with another one ([`crate::arch::swap`]).
//!
//! ```text
//!   greenlet ──swap──▶ the next one in the run queue     the usual way
//!   greenlet ──swap──▶ the carrier's loop ──swap──▶ ...  timers, descriptors,
//!                                     nobody runnable, the hub goes elsewhere
//! ```
//!
//! A greenlet of the native API has no stack and no TLS block before its first turn
//! ([`units`]), which comes in its place in the run queue like any.
//!
//! corosensei makes a greenlet's first frames, and its first turn is its
//! coroutine's: the loop resumes it, and it returns if it ends in that turn. When
//! it first leaves it suspends itself, and leaves a point behind that `swap` can
//! take up ([`crate::arch::suspend_by`]). From then on its coroutine is not resumed any
//! more; it is reset when the greenlet has ended.
//!
//! A greenlet that waits can be taken up by any carrier, the root as well: its
//! stack is memory like others'.
//!
//! # Carriers
//!
//! One carrier holds the hub; normally it is the only one that does anything.
//! The others ([`carrier`]) exist because of *blocking sections* ([`section`])
//! and of greenlets that compute for long ([`monitor`]): there the greenlet
//! stays on its carrier, off the hub, and the hub goes on elsewhere. The states
//! and transitions are in [`handoff`].
//!
//! # Thread pointer
//!
//! A greenlet's TLS block is loaded when it is resumed. The hub does not load
//! its own on each pass: choosing the next greenlet touches no thread-local.
//! Only before it calls into mio, malloc's growth or the program, or gives the
//! hub away, does it load its carrier's own ([`Carrier::load_own`]), in which the library's thread-local word
//! is null, so that hooks entered from there pass straight through.
//!

mod behind;
pub mod blocked_sites;
pub mod carrier;
pub mod clock_watch;
pub mod computes;
pub mod debugger;
mod drive;
mod fork;
pub mod handoff;
mod join;
pub mod lend;
mod look;
mod maker;
pub mod monitor;
pub mod os_thread;
mod park;
pub(crate) mod preempt;
pub mod section;
pub mod set_ids;
mod spawn;
pub mod standing;
pub(crate) mod task;
mod units;
pub mod watch;

use crate::greenlet::{Greenlet, Phase};
use crate::reactor::Reactor;
use crate::run_queue::RunQueue;
use crate::sys;
use crate::thread_ids;
use crate::time;
use crate::timers::Timers;
use crate::wait::Reason;
use behind::Behind;
use carrier::Carrier;
use core::cell::{Cell, UnsafeCell};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use look::Look;

pub use fork::{after_copy, after_fork, forks};
pub use join::{detach, join, JoinError};
pub use park::{
    after_wait, handler_ran, in_hub, interrupt, interrupt_from_hub, park, pause_until, schedule,
    signals_noted, sleep_until, tick, wait_fds, yield_now,
};
pub use preempt::{
    call_in, call_in_if_computing, call_in_self, exec_failed, hold_for_exec, settle, TURN_SIGNAL,
};
pub(crate) use section::rejoin;
pub use section::{as_program, blocking, interrupt_any_call, interrupt_call, set_ceiling};
pub use spawn::{root_ended, spawn, Spawn, SpawnError, StackSource};

/// Run queue, timers, reactor, and the list of all greenlets.
pub struct Hub {
    run: RunQueue,
    behind: Behind,
    timers: UnsafeCell<Timers<&'static Greenlet>>,
    reactor: UnsafeCell<Option<Reactor>>,
    /// Greenlets made runnable by OS threads that do not hold the hub, newest
    /// first.
    inject: AtomicPtr<Greenlet>,
    /// Set while the holder waits in the kernel: injectors must ring the bell.
    sleeping: AtomicBool,
    /// Set by [`signals_noted`].
    signals: AtomicBool,
    /// A handler of ours has run since the hub began to wait ([`handler_ran`]).
    handled: AtomicBool,
    bell: AtomicU32,
    all: Cell<*const Greenlet>,
    first: Cell<*const Greenlet>,
    modules_changed: AtomicBool,
    /// When that was noted.
    modules_noted: AtomicU64,
    /// A dlclose has ended since the last look; so many are under way.
    modules_closed: AtomicBool,
    closing: AtomicU32,
    look: Look,
    next_id: Cell<u32>,
    switches: AtomicU64,
    /// Who holds the hub.
    carrier: AtomicPtr<Carrier>,
    /// The greenlet that was resumed last.
    running: AtomicPtr<Greenlet>,
    /// Light greenlets whose first turn has come and for which no unit was free.
    without_unit: RunQueue,
    /// The light greenlet that begins has taken the last free unit, and others want one.
    took_last_unit: Cell<bool>,
    /// The greenlet that has left its stack for good; the loop collects it.
    departed: Cell<*const Greenlet>,
    /// Whom the carrier that is given the hub runs first; null: it chooses.
    destined: Cell<*const Greenlet>,
    /// Those whose turn came when no carrier of their standing was there.
    stranded: RunQueue,
}

// SAFETY: all but the atomics is touched by the hub's holder only.
unsafe impl Sync for Hub {}

static HUB: Hub = Hub {
    run: RunQueue::new(),
    behind: Behind::new(),
    timers: UnsafeCell::new(Timers::new()),
    reactor: UnsafeCell::new(None),
    inject: AtomicPtr::new(ptr::null_mut()),
    sleeping: AtomicBool::new(false),
    signals: AtomicBool::new(false),
    handled: AtomicBool::new(false),
    bell: AtomicU32::new(u32::MAX),
    all: Cell::new(ptr::null()),
    first: Cell::new(ptr::null()),
    modules_changed: AtomicBool::new(false),
    modules_noted: AtomicU64::new(0),
    modules_closed: AtomicBool::new(false),
    closing: AtomicU32::new(0),
    look: Look::new(),
    next_id: Cell::new(0),
    switches: AtomicU64::new(0),
    carrier: AtomicPtr::new(ptr::null_mut()),
    running: AtomicPtr::new(ptr::null_mut()),
    without_unit: RunQueue::new(),
    took_last_unit: Cell::new(false),
    departed: Cell::new(ptr::null()),
    destined: Cell::new(ptr::null()),
    stranded: RunQueue::new(),
};

impl Hub {
    /// The hub's holder. For the holder itself: the carrier that it is on.
    #[inline(always)]
    fn carrier(&self) -> &'static Carrier {
        // SAFETY: set before the first greenlet is made; carriers live for ever.
        unsafe { &*self.carrier.load(Ordering::Acquire) }
    }
}

/// The OS thread that `g` runs on at this moment, if it does. Only a hint: for any OS thread, also
/// without the hub.
pub fn runs_on(g: &Greenlet) -> Option<u32> {
    g.away_on().or_else(|| {
        let tid = HUB.carrier().tid();
        (ptr::eq(HUB.running.load(Ordering::Acquire), g) && HUB.carrier().tid() == tid)
            .then_some(tid)
    })
}

/// Greenlets alive. While it is at most one there is nothing to schedule, and
/// every hook passes straight through.
static LIVE: AtomicU32 = AtomicU32::new(0);

/// What the layer above wants to be told.
pub struct Callbacks {
    /// The greenlet's start routine has returned or was unwound: run what
    /// POSIX wants run at the end of a thread. On the greenlet, as program
    /// code.
    pub at_exit: fn(&'static Greenlet),
    /// A greenlet is made: creator and the new one. In our code.
    pub at_spawn: fn(&'static Greenlet, &'static Greenlet),
    /// Signals have been noted (see [`signals_noted`]): choose who takes them.
    /// On the hub; may [`interrupt_from_hub`].
    pub choose: fn(),
    /// The process was stopped (SIGSTOP) and goes on, and the kernel has ended the hub's
    /// wait because of that: it would have ended some of the greenlets'. On the hub; may
    /// [`interrupt_from_hub`].
    pub continued: fn(),
    /// Timers on processor clocks may have come so far ([`clock_watch`]). On the monitor's OS
    /// thread; waits for nothing.
    pub look_at_clocks: fn(),
    /// A greenlet's wait was interrupted and all is unlinked: run what was
    /// meant for it. In our code, on the greenlet.
    pub interrupted: fn(&'static Greenlet),
    /// Whether there is still something to interrupt a greenlet for that is about
    /// to wait: [`Callbacks::interrupted`] would do something, or what waited for
    /// that would. In our code, on the greenlet.
    pub interrupt_due: fn(&'static Greenlet) -> bool,
    /// A greenlet that computes, or blocks where no hook is, has been asked for its
    /// turn and has the hub again: run what was meant for it. True: a call that it
    /// was in is to end with EINTR. In our code, on the greenlet.
    pub turn_taken: fn(&'static Greenlet) -> bool,
    /// A greenlet off the hub is in a system call of those that [`interrupt_call`]
    /// was asked to end, and that a cancelled thread may leave by unwinding: may do so,
    /// or return. On the greenlet, in a signal's handler, as program code.
    pub call_stopped: fn(&'static Greenlet),
    /// The calling OS thread is a new carrier.
    pub carrier_made: fn(&'static Carrier),
    /// The calling carrier has got the hub.
    pub hub_taken: fn(&'static Carrier),
    /// The calling carrier is about to give the hub away: it will rest, or run this
    /// greenlet without it. (Not told of one from which the monitor takes the hub.)
    pub hub_left: fn(&'static Carrier, Option<&'static Greenlet>),
    /// Whether a carrier that sleeps since it had the hub could have it again as it is.
    pub may_rest: fn(&'static Carrier) -> bool,
    /// The id of the thread that holds what somebody waits for; 0: none, or not
    /// known. The hub is at rest.
    pub owner_of: fn(Reason) -> u32,
}

static CALLBACKS: AtomicPtr<Callbacks> = AtomicPtr::new(ptr::null_mut());

/// Install the callbacks; once, before the first greenlet.
pub fn set_callbacks(callbacks: &'static Callbacks) {
    CALLBACKS.store(ptr::from_ref(callbacks).cast_mut(), Ordering::Release);
}

/// Whether there are any: the hooks are in this process, over this hub.
pub(crate) fn has_callbacks() -> bool {
    callbacks().is_some()
}

fn callbacks() -> Option<&'static Callbacks> {
    // SAFETY: null or a static.
    unsafe { CALLBACKS.load(Ordering::Acquire).as_ref() }
}

/// The id of the thread that holds what a greenlet waits for at this moment; 0:
/// none, or not known. The hub is at rest.
pub(crate) fn owner_of(reason: Reason) -> u32 {
    callbacks().map_or(0, |c| (c.owner_of)(reason))
}

/// See [`Carrier`]; of the holder, the caller.
pub(crate) fn left_at() -> &'static Cell<u64> {
    &HUB.carrier().left_at
}

/// Whether there is something to schedule: more than one greenlet is alive.
#[inline(always)]
pub fn active() -> bool {
    LIVE.load(Ordering::Relaxed) > 1
}

/// How many greenlets are alive (0 before the first spawn).
pub fn live() -> u32 {
    LIVE.load(Ordering::Relaxed)
}

/// Whether another greenlet than the running one can run, as far as is known without
/// looking at timers and descriptors. The caller has the hub.
pub fn others_are_runnable() -> bool {
    !HUB.nobody_is_runnable()
}

/// Switches made so far.
pub fn switches() -> u64 {
    HUB.switches.load(Ordering::Relaxed)
}

/// The process's first thread as the program sees it: the root, and in the
/// child of a fork the greenlet that called it.
pub fn first() -> Option<&'static Greenlet> {
    // SAFETY: null or a greenlet, which is never freed.
    unsafe { HUB.first.get().as_ref() }
}

/// Whether a thread id is one that the hub gives.
#[inline(always)]
pub fn is_greenlet_id(id: u32) -> bool {
    thread_ids::is_greenlets(id)
}

/// Modules with thread-locals may have come or gone: look before the next
/// greenlet runs.
pub fn modules_changed() {
    if live() != 0 {
        HUB.modules_noted.store(time::now(), Ordering::Relaxed);
        HUB.modules_changed.store(true, Ordering::Relaxed);
        HUB.look.soon();
    }
}

/// Modules are being unloaded until this is dropped.
#[derive(Debug)]
pub struct ModulesClose(());

impl ModulesClose {
    /// Before the loader is called.
    pub fn begin() -> Self {
        HUB.closing.fetch_add(1, Ordering::Release);
        ModulesClose(())
    }
}

impl Drop for ModulesClose {
    fn drop(&mut self) {
        HUB.modules_closed.store(true, Ordering::Relaxed);
        // In the child of a fork only those of the caller would count.
        let less = |n: u32| n.checked_sub(1);
        let _ = HUB.closing.fetch_update(Ordering::Release, Ordering::Relaxed, less);
        modules_changed();
    }
}

/// The greenlet `g`, which is in our code, is about to load modules, whose
/// constructors use their thread-locals on it.
pub fn loads_modules(g: &'static Greenlet) {
    if let Some(first) = carrier::first_known_by() {
        // SAFETY: a greenlet's block, and that of an OS thread whose stack libc has
        // not made.
        unsafe { crate::tls::show_to_libc(g.tp(), first) };
    }
}

/// The running greenlet, if it runs our code and so has the hub.
#[inline(always)]
pub fn holder() -> Option<&'static Greenlet> {
    Greenlet::current().filter(|g| g.in_shim())
}

/// Work with the reactor. `f` must not park and not come back here.
#[inline]
pub fn with_reactor<R>(f: impl FnOnce(&mut Reactor, &RunQueue) -> R) -> R {
    // SAFETY: holder only, by the contract above.
    match unsafe { &mut *HUB.reactor.get() } {
        Some(r) => f(r, &HUB.run),
        None => sys::die("the hub has no reactor"),
    }
}

/// The carrier that holds the hub: the caller's own, if it has the hub.
pub fn carrier() -> Option<&'static Carrier> {
    // SAFETY: null or a carrier; they live for ever.
    unsafe { HUB.carrier.load(Ordering::Acquire).as_ref() }
}

/// The carrier on which `g` runs without the hub. The caller has the hub, or is `g`.
pub fn home(g: &Greenlet) -> Option<&'static Carrier> {
    // SAFETY: null or a carrier; they live for ever.
    unsafe { g.home.get().as_ref() }
}

/// The kernel's id of the OS thread on which `g` runs without the hub. The
/// caller has the hub, so `g` cannot get it back meanwhile.
pub fn off_hub(g: &Greenlet) -> Option<u32> {
    home(g).map(Carrier::tid)
}

/// Call `f` for every greenlet that exists, newest first.
pub fn for_each(mut f: impl FnMut(&'static Greenlet)) {
    let mut at = HUB.all.get();
    // SAFETY: listed greenlets are alive; `f` does not end any.
    while let Some(g) = unsafe { at.as_ref() } {
        at = g.all_next.get();
        f(g);
    }
}

/// Call `f` for the process's first greenlet, if it is alive, and then as
/// [`for_each`], until `f` says no.
pub fn for_each_until(mut f: impl FnMut(&'static Greenlet) -> bool) {
    // SAFETY: null or a greenlet; they are never unmapped.
    let first = unsafe { HUB.first.get().as_ref() };
    if first.is_some_and(|g| g.phase() == Phase::Alive && !f(g)) {
        return;
    }
    let mut at = HUB.all.get();
    // SAFETY: as above.
    while let Some(g) = unsafe { at.as_ref() } {
        at = g.all_next.get();
        if !f(g) {
            return;
        }
    }
}

/// Whether the hub's own descriptors include `fd`.
pub fn owns_fd(fd: i32) -> bool {
    // SAFETY: the reactor's descriptors change in `start` and `after_fork`
    // only, when no other OS thread can look.
    unsafe { &*HUB.reactor.get() }.as_ref().is_some_and(|r| r.own_fds().contains(&fd))
}

/// The hub's own descriptors, if it has any.
pub fn own_fds() -> Option<[i32; 3]> {
    // SAFETY: as in `owns_fd`.
    unsafe { &*HUB.reactor.get() }.as_ref().map(|r| r.own_fds())
}
