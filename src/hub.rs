//! The hub: who runs next.
//!
//! Vocabulary: a *greenlet* is a thread of the program; the *hub* is the run
//! queue, the timers and the reactor; a *carrier* is an OS thread that drives
//! the hub. The hub is data: everything here takes what it needs from the
//! [`Carrier`] that holds it, so that the hub can be handed to another one.
//!
//! # Where code runs
//!
//! The program's first thread keeps its own stack and TLS block: it is the
//! *root*. When it parks, it resumes a coroutine that drives the hub; that
//! coroutine resumes the other greenlets, and suspends when the root's turn
//! comes. (Running `main` on a stack of ours instead would change what
//! `getrlimit`, stack growth, `/proc/self/maps` and garbage collectors see,
//! for every program, threads or not.)
//!
//! ```text
//!   OS thread's own stack      hub's stack            greenlets' stacks
//!   root ──resume──▶ drive() ──resume──▶ greenlet
//!        ◀─suspend──          ◀─suspend──
//! ```
//!
//! # Thread pointer
//!
//! A greenlet's TLS block is loaded when it is resumed. The hub does not load
//! its own on each pass: choosing the next greenlet touches no thread-local.
//! Only before it calls into mio, malloc's growth or the program does it load
//! its own ([`Carrier::load_own`]), in which the library's thread-local word
//! is null, so that hooks entered from there pass straight through.
//!
//! # Fairness
//!
//! The run queue is first in, first out. Every so many switches the hub looks
//! at the clock, expires timers and polls the reactor without waiting; "so
//! many" adapts so that it happens about every [`LOOK_AROUND`].

use crate::arch;
use crate::deadlock;
use crate::greenlet::{Coroutine, Entry, Greenlet, Phase, Yielder};
use crate::reactor::{FdWaiter, Reactor};
use crate::run_queue::RunQueue;
use crate::sys::{self, Errno};
use crate::thread_ids;
use crate::time::{self, MILLISECOND, NEVER};
use crate::timers::Timers;
use crate::tls;
use crate::unit::{self, Stack};
use crate::wait::{Reason, Section, Wake};
use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

/// How often timers and descriptors are looked at while greenlets keep the
/// hub busy.
const LOOK_AROUND: u64 = MILLISECOND;
/// Switches between two looks at the clock, at most.
const MOST_SWITCHES: u32 = 64;
/// The hub's own stack: mio, an allocation, a report.
const HUB_STACK: usize = 256 * 1024;

/// Run queue, timers, reactor, and the list of all greenlets.
pub struct Hub {
    run: RunQueue,
    timers: UnsafeCell<Timers<&'static Greenlet>>,
    reactor: UnsafeCell<Option<Reactor>>,
    /// Greenlets made runnable by OS threads that do not hold the hub, newest
    /// first.
    inject: AtomicPtr<Greenlet>,
    /// Set while the holder waits in the kernel: injectors must ring the bell.
    sleeping: AtomicBool,
    /// Set by [`signals_noted`].
    signals: AtomicBool,
    bell: AtomicU32,
    all: Cell<*const Greenlet>,
    first: Cell<*const Greenlet>,
    modules_changed: AtomicBool,
    switches_left: Cell<u32>,
    interval: Cell<u32>,
    looked: Cell<u64>,
    next_id: Cell<u32>,
    switches: Cell<u64>,
}

// SAFETY: all but the atomics is touched by the hub's holder only.
unsafe impl Sync for Hub {}

static HUB: Hub = Hub {
    run: RunQueue::new(),
    timers: UnsafeCell::new(Timers::new()),
    reactor: UnsafeCell::new(None),
    inject: AtomicPtr::new(ptr::null_mut()),
    sleeping: AtomicBool::new(false),
    signals: AtomicBool::new(false),
    bell: AtomicU32::new(u32::MAX),
    all: Cell::new(ptr::null()),
    first: Cell::new(ptr::null()),
    modules_changed: AtomicBool::new(false),
    switches_left: Cell::new(MOST_SWITCHES),
    interval: Cell::new(MOST_SWITCHES),
    looked: Cell::new(0),
    next_id: Cell::new(0),
    switches: Cell::new(0),
};

/// An OS thread that drives the hub.
struct Carrier {
    drive: UnsafeCell<Option<Coroutine>>,
    yielder: Cell<*const Yielder>,
    root: Cell<*const Greenlet>,
    own_tp: Cell<*mut u8>,
    loaded: Cell<*mut u8>,
    /// Floating-point modes and flags of the greenlet that ran last.
    fp_control: Cell<u64>,
}

// SAFETY: touched by its own OS thread only.
unsafe impl Sync for Carrier {}

static CARRIER: Carrier = Carrier {
    drive: UnsafeCell::new(None),
    yielder: Cell::new(ptr::null()),
    root: Cell::new(ptr::null()),
    own_tp: Cell::new(ptr::null_mut()),
    loaded: Cell::new(ptr::null_mut()),
    fp_control: Cell::new(0),
};

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
    /// A greenlet's wait was interrupted and all is unlinked: run what was
    /// meant for it. In our code, on the greenlet.
    pub interrupted: fn(&'static Greenlet),
}

static CALLBACKS: AtomicPtr<Callbacks> = AtomicPtr::new(ptr::null_mut());

/// Install the callbacks; once, before the first greenlet.
pub fn set_callbacks(callbacks: &'static Callbacks) {
    CALLBACKS.store(ptr::from_ref(callbacks).cast_mut(), Ordering::Release);
}

fn callbacks() -> Option<&'static Callbacks> {
    // SAFETY: null or a static.
    unsafe { CALLBACKS.load(Ordering::Acquire).as_ref() }
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

/// Switches made so far.
pub fn switches() -> u64 {
    HUB.switches.get()
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
        HUB.modules_changed.store(true, Ordering::Relaxed);
        HUB.switches_left.set(0);
    }
}

/// The running greenlet, if it runs our code and so holds the hub.
#[inline(always)]
pub fn holder() -> Option<&'static Greenlet> {
    Greenlet::current().filter(|g| g.in_shim())
}

/// Why a greenlet could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// The calling OS thread is not one that drives the hub.
    Foreign,
    /// No memory, address space or descriptors: EAGAIN of pthread_create.
    Resources,
    /// The C library lacks what greenlets need; the text says what.
    Unsupported(&'static str),
}

impl core::fmt::Display for SpawnError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            SpawnError::Foreign => "another OS thread drives the hub; spawn from its greenlets",
            SpawnError::Resources => "no memory or descriptors for another greenlet",
            SpawnError::Unsupported(why) => why,
        })
    }
}

impl std::error::Error for SpawnError {}

/// Where a new greenlet's stack comes from.
#[derive(Clone, Copy, Debug)]
pub enum StackSource {
    /// At least so many bytes, from a slab.
    Size(usize),
    /// The caller's memory, which outlives the greenlet.
    Given {
        /// Lowest address.
        base: usize,
        /// Length in bytes.
        size: usize,
    },
}

/// What a new greenlet is to be.
#[derive(Clone, Copy, Debug)]
pub struct Spawn {
    /// Its first function.
    pub entry: Entry,
    /// The function's argument.
    pub arg: *mut c_void,
    /// Its stack.
    pub stack: StackSource,
    /// The guard size to report; the real guard is a page.
    pub guard: usize,
    /// Whether nobody will join it.
    pub detached: bool,
    /// Its name; empty: its creator's.
    pub name: [u8; 16],
}

/// Make the calling OS thread the hub's carrier and what it runs the root
/// greenlet. Does nothing if that has happened. On return the root is in our
/// code (as after [`Greenlet::enter_shim`]) if this call has made it.
#[cold]
fn start() -> Result<&'static Greenlet, SpawnError> {
    if !CARRIER.root.get().is_null() {
        return Err(SpawnError::Foreign);
    }
    sys::init();
    // SAFETY: getauxval only reads.
    arch::init(unsafe { libc::getauxval(libc::AT_HWCAP2) } as u64);
    unit::init().map_err(SpawnError::Unsupported)?;
    let resources = |_| SpawnError::Resources;
    let own_tp = unit::map_block().map_err(resources)?;
    let stack = unit::map_stack(HUB_STACK).map_err(resources)?;
    let reactor = Reactor::new().map_err(resources)?;
    HUB.bell.store(reactor.bell() as u32, Ordering::Relaxed);
    // SAFETY: nobody else knows the hub yet.
    unsafe { *HUB.reactor.get() = Some(reactor) };
    let root: &'static Greenlet = Box::leak(Box::new(Greenlet::new()));
    let mut name = [0u8; 16];
    // SAFETY: PR_GET_NAME writes at most 16 bytes.
    unsafe {
        let _ = crate::syscall!(libc::SYS_prctl, libc::PR_GET_NAME, name.as_mut_ptr());
    }
    let length = name.iter().position(|&b| b == 0).unwrap_or(15);
    root.begin_root(tls::tid(), &name[..length]);
    CARRIER.own_tp.set(own_tp);
    CARRIER.loaded.set(root.tp());
    CARRIER.root.set(root);
    // SAFETY: as above.
    unsafe {
        *CARRIER.drive.get() = Some(Coroutine::with_stack(stack, |yielder, ()| {
            CARRIER.yielder.set(yielder);
            drive(&CARRIER)
        }))
    };
    HUB.enlist(root);
    HUB.first.set(root);
    // SAFETY: getpid has no arguments.
    HUB.next_id.set(thread_ids::first_of(unsafe { libc::getpid() } as u32));
    sys::announce_threads();
    LIVE.store(1, Ordering::Relaxed);
    arch::set_current(ptr::from_ref(root).cast_mut().cast());
    Ok(root)
}

/// Make a greenlet. It runs when its turn comes, not before the caller waits.
///
/// The caller is a greenlet in our code; if no greenlet exists yet, the
/// calling OS thread becomes the hub's carrier, and is in our code afterwards.
///
/// # Safety
/// `entry(arg)` must be sound to call on another stack and TLS block.
pub unsafe fn spawn(spawn: &Spawn) -> Result<&'static Greenlet, SpawnError> {
    let creator = match Greenlet::current() {
        Some(g) => g,
        None => start()?,
    };
    debug_assert!(creator.in_shim());
    HUB.refresh_modules();
    let size = match spawn.stack {
        StackSource::Size(size) => size,
        StackSource::Given { .. } => 0,
    };
    let id = HUB.next_id();
    let g = unit::take(size, id).map_err(|_| SpawnError::Resources)?;
    let stack = match spawn.stack {
        StackSource::Size(_) => g.unit_stack(),
        StackSource::Given { base, size } => {
            let top = (base + size) & !63;
            Stack { base: top, limit: (base + 15) & !15, guard: 0 }
        }
    };
    g.begin(id, spawn.entry, spawn.arg, stack);
    g.detached.set(spawn.detached);
    g.fp_control.set(arch::fp_control());
    g.set_asked_guard(spawn.guard);
    g.set_name(&if spawn.name[0] == 0 { creator.name() } else { spawn.name });
    // SAFETY: a free greenlet's coroutine is touched by nobody else.
    unsafe { *g.coroutine.get() = Some(Coroutine::with_stack(stack, move |y, ()| body(g, y))) };
    HUB.enlist(g);
    LIVE.fetch_add(1, Ordering::Relaxed);
    if let Some(c) = callbacks() {
        (c.at_spawn)(creator, g);
    }
    HUB.run.push(g);
    Ok(g)
}

/// What [`arch::thread_base`] returns when the greenlet was unwound.
static UNWOUND: u8 = 0;

/// A greenlet from its first to its last instruction, on its own stack.
fn body(g: &'static Greenlet, yielder: &Yielder) {
    g.yielder.set(yielder);
    arch::set_current(ptr::from_ref(g).cast_mut().cast());
    arch::set_fp_control(g.fp_control.get());
    tls::enter();
    let mut buffer = [0usize; arch::UNWIND_BUF_WORDS];
    let unwound = (&raw const UNWOUND).cast_mut().cast::<c_void>();
    let entry = g.entry.get().expect("a greenlet has an entry");
    g.leave_shim();
    // SAFETY: by `spawn`'s contract; the buffer outlives the call.
    let value =
        unsafe { arch::thread_base(entry, g.arg.get(), buffer.as_mut_ptr().cast(), unwound) };
    if value != unwound {
        g.value.set(value);
    }
    end_of_thread(g);
    CARRIER.fp_control.set(arch::fp_control());
}

/// What happens on a greenlet after its start routine, up to its last switch.
fn end_of_thread(g: &'static Greenlet) {
    match callbacks() {
        Some(c) => (c.at_exit)(g),
        // SAFETY: on the ending thread's own block, outside our code.
        None => unsafe {
            tls::run_destructors();
            crate::thread_keys::run_destructors();
        },
    }
    if LIVE.load(Ordering::Relaxed) == 1 {
        // POSIX: the process exits with 0 when its last thread has ended.
        // SAFETY: the program's exit handlers run as program code.
        unsafe { libc::exit(0) }
    }
    g.enter_shim();
}

/// The root greenlet has ended (its `pthread_exit` has run through all
/// frames): go on without it, and exit with 0 after the last one.
pub fn root_ended(g: &'static Greenlet) -> ! {
    end_of_thread(g);
    HUB.ended(g);
    g.begin_wait(Reason::Last);
    loop {
        leave(g);
    }
}

impl Hub {
    fn next_id(&self) -> u32 {
        let id = self.next_id.get();
        self.next_id.set(thread_ids::after(id));
        id
    }

    fn enlist(&self, g: &'static Greenlet) {
        let first = self.all.replace(g);
        g.all_prev.set(ptr::null());
        g.all_next.set(first);
        // SAFETY: listed greenlets are alive.
        if let Some(f) = unsafe { first.as_ref() } {
            f.all_prev.set(g);
        }
    }

    fn delist(&self, g: &Greenlet) {
        let (prev, next) = (g.all_prev.get(), g.all_next.get());
        // SAFETY: listed greenlets are alive.
        unsafe {
            match prev.as_ref() {
                Some(p) => p.all_next.set(next),
                None => self.all.set(next),
            }
            if let Some(n) = next.as_ref() {
                n.all_prev.set(prev);
            }
        }
    }

    /// The greenlet runs no more: collect it, or tell who joins it.
    fn ended(&self, g: &'static Greenlet) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
        g.set_phase(Phase::Ended);
        if g.detached.get() {
            self.collect(g);
            return;
        }
        // SAFETY: a joiner is alive while it waits.
        if let Some(j) = unsafe { g.joiner.get().as_ref() } {
            if j.claim(Wake::Notified) {
                self.run.push(j);
            }
        }
    }

    /// Give the memory of an ended greenlet back.
    fn collect(&self, g: &'static Greenlet) {
        self.delist(g);
        g.set_phase(Phase::Free);
        if !g.is_root() {
            unit::give_back(g);
        }
    }

    /// Move what other OS threads have made runnable to the run queue.
    #[inline(always)]
    fn drain_inject(&self) {
        if self.inject.load(Ordering::Relaxed).is_null() {
            return;
        }
        let mut newest: *const Greenlet = self.inject.swap(ptr::null_mut(), Ordering::Acquire);
        let mut oldest: *const Greenlet = ptr::null();
        // SAFETY: an injected greenlet is claimed and parked.
        unsafe {
            while let Some(g) = newest.as_ref() {
                newest = g.next.replace(oldest);
                oldest = g;
            }
            while let Some(g) = oldest.as_ref() {
                oldest = g.next.get();
                self.run.push(g);
            }
        }
    }

    /// Make the owners of due timers runnable.
    fn expire(&self, now: u64) {
        // SAFETY: holder only, and nothing in the loop comes back here.
        let timers = unsafe { &mut *self.timers.get() };
        while let Some(g) = timers.pop_due(now) {
            if g.claim(Wake::TimedOut) {
                self.run.push(g);
            }
        }
    }

    /// Choose who runs next; wait in the kernel while nobody can.
    #[inline(always)]
    fn next(&self, carrier: &Carrier) -> &'static Greenlet {
        loop {
            let left = self.switches_left.get();
            if left == 0 {
                self.look_around(carrier);
            } else {
                self.switches_left.set(left - 1);
            }
            self.drain_inject();
            if self.signals.load(Ordering::Relaxed) {
                self.choose_for_signals(carrier);
            }
            if let Some(g) = self.run.pop() {
                return g;
            }
            self.idle(carrier);
        }
    }

    /// Learn what a dlopen or dlclose has changed, before a block is used again
    /// and before another greenlet runs.
    fn refresh_modules(&self) {
        if self.modules_changed.load(Ordering::Relaxed) {
            self.modules_changed.store(false, Ordering::Relaxed);
            tls::refresh_modules(|copy| unit::for_each_block(copy));
        }
    }

    /// Busy: expire timers and poll without waiting, about every
    /// [`LOOK_AROUND`].
    #[cold]
    fn look_around(&self, carrier: &Carrier) {
        if self.modules_changed.load(Ordering::Relaxed) {
            carrier.load_own();
            self.refresh_modules();
        }
        let now = time::now();
        let since = now - self.looked.get();
        let interval = self.interval.get();
        if since < LOOK_AROUND / 2 && interval < MOST_SWITCHES {
            self.interval.set(interval * 2);
        } else if since > LOOK_AROUND {
            // Count less next time if this many switches took long.
            if since > 2 * LOOK_AROUND && interval > 1 {
                self.interval.set(interval / 2);
            }
            self.looked.set(now);
            self.expire(now);
            carrier.load_own();
            let _ = self.poll(0);
        }
        self.switches_left.set(self.interval.get());
    }

    #[cold]
    fn choose_for_signals(&self, carrier: &Carrier) {
        self.signals.store(false, Ordering::SeqCst);
        carrier.load_own();
        if let Some(c) = callbacks() {
            (c.choose)();
        }
    }

    /// Nobody is runnable.
    fn idle(&self, carrier: &Carrier) {
        carrier.load_own();
        // SAFETY: holder only.
        let next = unsafe { &*self.timers.get() }.next_deadline();
        let now = match next {
            None => 0,
            Some(_) => time::now(),
        };
        self.looked.set(now);
        self.switches_left.set(self.interval.get());
        if next.is_some_and(|d| d <= now) {
            self.expire(now);
            // A steady stream of timers must not starve the descriptors.
            let _ = self.poll(0);
            return;
        }
        // SAFETY: holder only.
        let waiting = unsafe { &*self.reactor.get() }.as_ref().map_or(0, |r| r.table.waiting());
        if next.is_none() && waiting == 0 && sys::one_os_thread() {
            deadlock::found();
        }
        // Announce the sleep, then look once more: an injector that came
        // before the announcement has not rung.
        self.sleeping.store(true, Ordering::SeqCst);
        let deadline =
            if self.inject.load(Ordering::SeqCst).is_null() { next.unwrap_or(NEVER) } else { 0 };
        let result = self.poll(deadline);
        self.sleeping.store(false, Ordering::Relaxed);
        // EINTR needs nothing here: a signal that concerns a greenlet was noted.
        let _ = result;
        if next.is_some() {
            let now = time::now();
            self.looked.set(now);
            self.expire(now);
        }
    }

    fn poll(&self, deadline: u64) -> Result<(), Errno> {
        // SAFETY: holder only; the reactor does not come back here.
        match unsafe { &mut *self.reactor.get() } {
            Some(r) => r.poll(deadline, &self.run),
            None => sys::die("the hub has no reactor"),
        }
    }
}

impl Carrier {
    /// Load the carrier's own TLS block, before anything that uses
    /// thread-locals or may enter a hook.
    #[inline(always)]
    fn load_own(&self) {
        self.load(self.own_tp.get());
    }

    #[inline(always)]
    fn load(&self, tp: *mut u8) {
        if self.loaded.get() != tp {
            self.loaded.set(tp);
            // SAFETY: a complete block that no other OS thread has loaded: the
            // hub has one holder, and this is it.
            unsafe { arch::set_thread_pointer(tp) };
        }
    }
}

/// Drive the hub for ever.
fn drive(carrier: &'static Carrier) {
    loop {
        let g = HUB.next(carrier);
        HUB.switches.set(HUB.switches.get() + 1);
        carrier.load(g.tp());
        if g.is_root() {
            // SAFETY: set when this coroutine began.
            unsafe { (*carrier.yielder.get()).suspend(()) };
            continue;
        }
        // SAFETY: a runnable greenlet has a coroutine, and the holder of the
        // hub is the only one to resume it.
        let coroutine = unsafe { &mut *g.coroutine.get() };
        let ended = match coroutine {
            Some(c) => matches!(c.resume(()), corosensei::CoroutineResult::Return(())),
            None => sys::die("a runnable greenlet has no stack"),
        };
        if ended {
            *coroutine = None;
            HUB.ended(g);
        }
    }
}

/// Leave the running greenlet's stack; returns when its turn comes again.
#[inline(always)]
fn leave(g: &'static Greenlet) {
    let control = arch::fp_control();
    CARRIER.fp_control.set(control);
    if g.is_root() {
        // SAFETY: the root's carrier has a driving coroutine from `start` on.
        if let Some(c) = unsafe { &mut *CARRIER.drive.get() } {
            c.resume(());
        }
    } else {
        // SAFETY: set when the greenlet began to run; it is running.
        unsafe { (*g.yielder.get()).suspend(()) };
    }
    // The hub computes nothing: what the last to leave had is still loaded.
    if CARRIER.fp_control.get() != control {
        arch::set_fp_control(control);
    }
}

/// Park the running greenlet, which has begun a wait, until it is claimed or
/// `deadline` comes.
#[inline(always)]
pub fn park(g: &'static Greenlet, deadline: u64) -> Wake {
    if deadline != NEVER {
        // SAFETY: holder only.
        unsafe { &mut *HUB.timers.get() }.insert(deadline, g);
    }
    leave(g);
    if deadline != NEVER {
        // SAFETY: holder only.
        unsafe { &mut *HUB.timers.get() }.remove(g);
    }
    g.end_wait()
}

/// Let the others run first.
#[inline]
pub fn yield_now(g: &'static Greenlet) {
    HUB.run.push(g);
    leave(g);
}

/// Calls that never wait, after which the others get a turn: a loop of
/// uncontended locks must not keep the hub for itself.
const CALLS_PER_TURN: u32 = 1024;
static CALLS: AtomicU32 = AtomicU32::new(CALLS_PER_TURN);

/// Count a call that has not waited; true if it is time to [`yield_now`].
#[inline(always)]
pub fn tick() -> bool {
    // Not a read-modify-write: a lost count does no harm.
    let left = CALLS.load(Ordering::Relaxed);
    CALLS.store(left.wrapping_sub(1), Ordering::Relaxed);
    left == 0 && renew_turn()
}

#[cold]
fn renew_turn() -> bool {
    CALLS.store(CALLS_PER_TURN, Ordering::Relaxed);
    active()
}

/// Sleep until `deadline`. Anything but [`Wake::TimedOut`] came early.
pub fn sleep_until(g: &'static Greenlet, deadline: u64) -> Wake {
    pause_until(g, Reason::Sleep, deadline)
}

/// Wait for nothing but an interrupt, until `deadline`.
pub fn pause_until(g: &'static Greenlet, reason: Reason, deadline: u64) -> Wake {
    g.begin_wait(reason);
    let wake = park(g, deadline);
    after_wait(g, wake)
}

/// Make a claimed greenlet runnable. Any OS thread may call this.
#[inline(always)]
pub fn schedule(g: &'static Greenlet) {
    if holder().is_some() {
        HUB.run.push(g);
    } else {
        inject(g);
    }
}

#[cold]
fn inject(g: &'static Greenlet) {
    let mut head = HUB.inject.load(Ordering::Relaxed);
    loop {
        g.next.set(head);
        match HUB.inject.compare_exchange_weak(
            head,
            ptr::from_ref(g).cast_mut(),
            Ordering::SeqCst,
            Ordering::Relaxed,
        ) {
            Ok(_) => break,
            Err(h) => head = h,
        }
    }
    if HUB.sleeping.load(Ordering::SeqCst) {
        ring();
    }
}

/// End the hub's wait in the kernel.
fn ring() {
    let one = 1u64;
    // SAFETY: our own eventfd. A full counter rings as well.
    unsafe {
        let _ =
            crate::syscall!(libc::SYS_write, HUB.bell.load(Ordering::Relaxed), &raw const one, 8);
    }
}

/// A signal handler could not run where it arrived and was noted: the hub asks
/// the layer above who shall take it. Callable from a signal handler.
pub fn signals_noted() {
    HUB.signals.store(true, Ordering::SeqCst);
    if HUB.sleeping.load(Ordering::SeqCst) {
        ring();
    }
}

/// Whether the calling code is the hub's own: neither a greenlet's nor that of
/// an OS thread that does not drive the hub.
pub fn in_hub() -> bool {
    arch::thread_pointer() == CARRIER.own_tp.get()
}

/// [`interrupt`] for callbacks that run on the hub.
pub fn interrupt_from_hub(g: &'static Greenlet) -> bool {
    let claimed = g.claim(Wake::Interrupted);
    if claimed {
        HUB.run.push(g);
    }
    claimed
}

/// The end of every interruptible wait, when nothing is linked any more: what
/// interrupted the greenlet (a signal's handler) runs here.
#[inline(always)]
pub fn after_wait(g: &'static Greenlet, wake: Wake) -> Wake {
    if wake == Wake::Interrupted {
        if let Some(c) = callbacks() {
            (c.interrupted)(g);
        }
    }
    wake
}

/// End another greenlet's wait early. False if it does not wait.
pub fn interrupt(g: &'static Greenlet) -> bool {
    if !g.claim(Wake::Interrupted) {
        return false;
    }
    schedule(g);
    true
}

/// Why a greenlet cannot be joined, as pthread_join(3) names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// It is the caller, or waits for the caller to end.
    Deadlock,
    /// It is detached, or another greenlet joins it already.
    Invalid,
    /// It has been collected.
    NoSuch,
    /// It has not ended (by the deadline).
    TimedOut,
    /// The wait was interrupted (a cancellation of the caller).
    Interrupted,
}

/// Wait until `target` has ended, collect it and return its value. A
/// `deadline` of 0 only looks.
pub fn join(
    g: &'static Greenlet,
    target: &'static Greenlet,
    deadline: u64,
) -> Result<*mut c_void, JoinError> {
    if target.phase() == Phase::Free {
        return Err(JoinError::NoSuch);
    }
    if deadline == 0 && target.phase() == Phase::Alive {
        return Err(JoinError::TimedOut);
    }
    if target.detached.get() {
        return Err(JoinError::Invalid);
    }
    if ptr::eq(g, target) || ptr::eq(g.joiner.get(), target) {
        return Err(JoinError::Deadlock);
    }
    if !target.joiner.get().is_null() {
        return Err(JoinError::Invalid);
    }
    if target.phase() == Phase::Alive {
        target.joiner.set(g);
        g.begin_wait(Reason::Join(target.id()));
        let wake = park(g, deadline);
        if target.phase() == Phase::Alive {
            target.joiner.set(ptr::null());
            after_wait(g, wake);
            return Err(match wake {
                Wake::TimedOut => JoinError::TimedOut,
                _ => JoinError::Interrupted,
            });
        }
    }
    let value = target.value();
    HUB.collect(target);
    Ok(value)
}

/// Let `target` be collected as soon as it ends.
pub fn detach(target: &'static Greenlet) -> Result<(), JoinError> {
    match target.phase() {
        Phase::Free => return Err(JoinError::NoSuch),
        _ if target.detached.get() => return Err(JoinError::Invalid),
        // Somebody joins it already, and will collect it.
        _ if !target.joiner.get().is_null() => {}
        Phase::Alive => target.detached.set(true),
        Phase::Ended => HUB.collect(target),
    }
    Ok(())
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

/// Wait for an edge on any of `waiters` (prepared for `g`). `Err(EPERM)`: one
/// of them is not pollable; other errors are epoll_ctl(2)'s.
pub fn wait_fds(
    g: &'static Greenlet,
    waiters: &[FdWaiter],
    reason: Reason,
    deadline: u64,
) -> Result<Wake, Errno> {
    let linked = with_reactor(|r, _| {
        for (i, w) in waiters.iter().enumerate() {
            // SAFETY: borrowed until this function returns, unlinked before.
            if let Err(e) = unsafe { r.link(w) } {
                waiters[..i].iter().for_each(|w| r.unlink(w));
                return Err(e);
            }
        }
        Ok(())
    });
    linked?;
    g.begin_wait(reason);
    let wake = park(g, deadline);
    with_reactor(|r, _| waiters.iter().for_each(|w| r.unlink(w)));
    Ok(after_wait(g, wake))
}

/// Call something that really blocks or computes on the running greenlet `g`,
/// which is in our code, without stopping the others: the hub goes on with them
/// on another carrier meanwhile. `call` runs as program code, on the greenlet's
/// own stack and TLS block; hooks that it enters act as ever. On return `g` is in
/// our code again. With one greenlet alive it is a plain call.
pub fn blocking<R>(
    g: &'static Greenlet,
    reason: Reason,
    _section: Section,
    call: impl FnOnce() -> R,
) -> R {
    g.reason.set(reason);
    g.leave_shim();
    let result = call();
    g.enter_shim();
    g.reason.set(Reason::None);
    result
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

/// In the child of a fork: only the calling greenlet exists (POSIX). Give the
/// others' memory back, and make a reactor of the child's own.
pub fn after_fork() {
    if live() == 0 {
        return;
    }
    unit::after_fork();
    crate::parking_lot::after_fork();
    HUB.run.clear();
    HUB.inject.store(ptr::null_mut(), Ordering::Relaxed);
    HUB.sleeping.store(false, Ordering::Relaxed);
    // SAFETY: the child has one OS thread, and it is here.
    unsafe { &mut *HUB.timers.get() }.clear();
    let me = Greenlet::current();
    let mut at = HUB.all.replace(ptr::null());
    // SAFETY: listed greenlets are never unmapped.
    while let Some(g) = unsafe { at.as_ref() } {
        at = g.all_next.get();
        if me.is_some_and(|m| ptr::eq(m, g)) {
            continue;
        }
        g.timer_cleared();
        g.set_phase(Phase::Free);
        // SAFETY: nobody runs on its stack any more; what the frames there own
        // is lost, as it is with kernel threads.
        unsafe {
            if let Some(c) = (*g.coroutine.get()).as_mut() {
                c.force_reset();
            }
            *g.coroutine.get() = None;
        }
        if !g.is_root() {
            unit::give_back(g);
        }
    }
    let Some(me) = me else {
        LIVE.store(0, Ordering::Relaxed);
        return;
    };
    HUB.enlist(me);
    HUB.first.set(me);
    // Whoever joined it is gone; its memory may become another greenlet's.
    me.joiner.set(ptr::null());
    // SAFETY: getpid has no arguments. The kernel has stored the child's id in
    // the calling thread's control block; the greenlet follows.
    let pid = unsafe { libc::getpid() } as u32;
    me.set_id(pid);
    HUB.next_id.set(thread_ids::first_of(pid));
    LIVE.store(1, Ordering::Relaxed);
    match Reactor::new() {
        Ok(fresh) => {
            HUB.bell.store(fresh.bell() as u32, Ordering::Relaxed);
            // SAFETY: one OS thread. Dropping the old poll closes the child's
            // copy of its descriptor; the parent's epoll stays as it is.
            unsafe {
                if let Some(old) = (*HUB.reactor.get()).replace(fresh) {
                    old.close();
                }
            }
        }
        Err(_) => sys::die("no descriptors for the hub in the child of a fork"),
    }
}
