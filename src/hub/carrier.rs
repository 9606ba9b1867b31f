//! Carriers: the OS threads that can hold the hub, and the pool of those that
//! do not.
//!
//! # States of a carrier
//!
//! ```text
//!            take, give                     its greenlet begins a section,
//!   idle ───────────────▶ holds the hub ────────────────────────────────▶ away
//!    ▲ │                     │       ▲      or the monitor takes the hub    │
//!    │ │ nobody needs it     │       │                                      │
//!    │ ▼ for a while         │       └──────────────────────────────────────┘
//!    │ ended                 │         its greenlet queues, and is given the hub
//!    └───────────────────────┘
//!      the next greenlet is at home elsewhere
//! ```
//!
//! A carrier that does not hold the hub touches nothing of it. What carriers
//! share without the hub is the pool ([`pool`]), and each one's `word`.
//!
//! The first carrier is the OS thread that the program came with. The others
//! are threads of libc's, so that setuid(2) and the like reach them, on stacks
//! that we made: in the child of a fork libc uses again the stacks of threads
//! that are gone, and the caller may run on a carrier's.
//!
//! # Counting OS threads
//!
//! `sys::one_os_thread` compares libc's count of threads with the one that
//! means "all of ours wait". Both ways out of step (a carrier that libc has
//! counted and we have not, one that we count no more and libc still does) make
//! them differ, which is the careful answer.

mod pool;
pub(super) mod turn;

pub(crate) use pool::count_thread;
pub use pool::{alive, any_away};
pub(super) use pool::{
    any_heir, any_idle, begin_away, change_standing, end_away, end_left, make_one, one_only,
    queue_for_hub, queueing, rest, several, take, take_first, take_idle, take_of,
    take_unrestricted, uncount_thread,
};

use super::{callbacks, drive, os_thread, standing, HUB};
use crate::arch::FpControl;
use crate::greenlet::Greenlet;
use crate::observe;
use crate::time::{NEVER, SECOND};
use crate::unit::Stack;
use crate::{arch, syscall};
use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use turn::Turn;

/// A carrier's own stack: mio, an allocation, a report, a signal's handler.
pub(super) const STACK: usize = 256 * 1024;
/// How long a carrier stays idle before it ends.
const IDLE: u64 = 5 * SECOND;
/// How long, at most, until one that is kept looks whether it still is.
const MOST_IDLE: u64 = 600 * SECOND;
/// Words that the layer above keeps in a carrier, also from one OS thread of it to
/// the next.
pub const EXTENSION_WORDS: usize = 2;

/// Where a debugger finds a carrier's OS thread.
pub(super) const TID_OFFSET: usize = core::mem::offset_of!(Carrier, tid);

/// An OS thread that can hold the hub. Never freed.
#[repr(C, align(64))]
pub struct Carrier {
    pub(super) own_tp: Cell<*mut u8>,
    pub(super) loaded: Cell<*mut u8>,
    /// The floating-point modes and flags that are loaded: those with which a greenlet last
    /// left there, or ended. (Not that greenlet: it may have gone on elsewhere since.)
    pub(super) fp_control: Cell<FpControl>,
    /// Whom it may run: see [`standing`].
    standing: AtomicU32,
    /// Its OS thread is not one to wait on for the others: it has a seccomp filter, or other files.
    pub(super) restricted: AtomicBool,
    /// Its OS thread has made a child, which may have asked for a signal when that ends
    /// (PR_SET_PDEATHSIG).
    is_parent: AtomicBool,
    /// The processor time that its OS thread had when a greenlet last left there, if that is
    /// counted, and the next one has not begun; else 0.
    pub(super) left_at: Cell<u64>,
    /// Where its loop goes on, while it runs the root.
    pub(super) loop_sp: Cell<*mut u8>,
    /// Whether the hub is on its way to it.
    turn: Turn,
    next: Cell<*const Carrier>,
    all_next: Cell<*const Carrier>,
    thread: Cell<libc::pthread_t>,
    stack: Cell<Stack>,
    /// The OS thread that the program came with, or that a fork has left.
    pub(super) permanent: Cell<bool>,
    /// It was told to end rather than given the hub: see `pool::end_left`.
    to_end: AtomicBool,
    tid: AtomicU32,
    /// A request for the turn of what it runs is on its way: see
    /// [`preempt`](super::preempt).
    pub(super) asked: AtomicBool,
    /// One has found the greenlet that runs on it in our code, on its way off the hub.
    pub(super) missed: AtomicBool,
    /// The TLS block that libc knows its OS thread by; null: none (yet).
    known_by: AtomicPtr<u8>,
    /// The greenlet that runs its own code on its OS thread without the hub, which it has
    /// left by itself or which was taken off it; null: none. Changed by the hub's holder.
    pub(super) off_hub: AtomicPtr<Greenlet>,
    /// See [`EXTENSION_WORDS`]; zero at first.
    pub extension: [AtomicUsize; EXTENSION_WORDS],
}

// SAFETY: cells are touched by the carrier's own OS thread, or by the holder of
// the hub while the carrier waits to be given it, or under the pool's lock.
unsafe impl Sync for Carrier {}

/// Make the calling OS thread the first carrier.
pub(super) fn adopt(own_tp: *mut u8) -> &'static Carrier {
    let c = Carrier::make(Stack::NONE);
    c.own_tp.set(own_tp);
    c.loaded.set(arch::thread_pointer());
    c.permanent.set(true);
    c.note_tid();
    os_thread::init();
    pool::adopted();
    HUB.carrier.store(ptr::from_ref(c).cast_mut(), Ordering::Release);
    c
}

/// Give the hub to `to`, which waits for it. The caller does not have it any
/// more, and its OS thread must not have a TLS block loaded that `to` may load.
pub(super) fn give(to: &'static Carrier) {
    HUB.carrier.store(ptr::from_ref(to).cast_mut(), Ordering::Release);
    to.turn.give();
}

/// [`give`], but the caller may be faster than `to` and [`take_back`] the hub.
/// `idle`: nobody is runnable, so that there is no hurry.
pub(super) fn offer(to: &'static Carrier, idle: bool) {
    HUB.carrier.store(ptr::from_ref(to).cast_mut(), Ordering::Release);
    to.turn.offer(idle);
}

/// Who has [`offer`]ed the hub to `to` takes it back, to the carrier `home`, the
/// caller's. False: it is too late.
pub(super) fn take_back(to: &'static Carrier, home: &'static Carrier) -> bool {
    let back = to.turn.take_back();
    if back {
        HUB.carrier.store(ptr::from_ref(home).cast_mut(), Ordering::Release);
        rest(to);
    }
    back
}

/// Whether `f` says so of any carrier that was ever made. Callable in a signal
/// handler.
pub fn any(mut f: impl FnMut(&Carrier) -> bool) -> bool {
    let mut at = ALL.load(Ordering::Acquire) as *const Carrier;
    // SAFETY: carriers live for ever, and are linked before they are published.
    while let Some(c) = unsafe { at.as_ref() } {
        if f(c) {
            return true;
        }
        at = c.all_next.get();
    }
    false
}

/// The block that libc knows the first OS thread by.
pub(super) fn first_known_by() -> Option<*mut u8> {
    let mut found = None;
    any(|c| {
        let first = c.permanent.get() && c.tid() != 0;
        if first {
            found = Some(c.known_by());
        }
        first
    });
    found
}

/// The carrier whose OS thread has the kernel's id `tid`.
pub(super) fn of_tid(tid: u32) -> Option<&'static Carrier> {
    let mut found = ptr::null();
    any(|c| {
        if c.tid() == tid {
            found = ptr::from_ref(c);
        }
        c.tid() == tid
    });
    // SAFETY: null or a carrier; they live for ever.
    unsafe { found.as_ref() }
}

/// All carriers, for [`any`]: published under the pool's lock.
static ALL: AtomicUsize = AtomicUsize::new(0);

impl Carrier {
    fn make(stack: Stack) -> &'static Carrier {
        let c: &'static Carrier = Box::leak(Box::new(Carrier {
            own_tp: Cell::new(ptr::null_mut()),
            loaded: Cell::new(ptr::null_mut()),
            fp_control: Cell::new(FpControl::NONE),
            standing: AtomicU32::new(standing::BASE),
            restricted: AtomicBool::new(false),
            is_parent: AtomicBool::new(false),
            left_at: Cell::new(0),
            loop_sp: Cell::new(ptr::null_mut()),
            turn: Turn::new(),
            next: Cell::new(ptr::null()),
            all_next: Cell::new(ptr::null()),
            thread: Cell::new(0),
            stack: Cell::new(stack),
            permanent: Cell::new(false),
            to_end: AtomicBool::new(false),
            tid: AtomicU32::new(0),
            asked: AtomicBool::new(false),
            missed: AtomicBool::new(false),
            known_by: AtomicPtr::new(ptr::null_mut()),
            off_hub: AtomicPtr::new(ptr::null_mut()),
            extension: [const { AtomicUsize::new(0) }; EXTENSION_WORDS],
        }));
        pool::list(c, |c| ALL.store(ptr::from_ref(c) as usize, Ordering::Release));
        c
    }

    /// Make its OS thread. False: there is none to be had.
    fn start(&'static self) -> bool {
        let this = ptr::from_ref(self).cast_mut().cast();
        let made = os_thread::create(self.stack.get(), carrier_main, this);
        self.thread.set(made.unwrap_or(0));
        made.is_some()
    }

    /// Note the kernel's id and libc's block of the calling OS thread, whose carrier
    /// this is from here on.
    fn note_tid(&self) {
        self.known_by.store(arch::thread_pointer(), Ordering::Relaxed);
        // SAFETY: takes nothing.
        let tid = unsafe { syscall!(libc::SYS_gettid) };
        self.asked.store(false, Ordering::Relaxed);
        self.left_at.set(0);
        self.tid.store(tid.unwrap_or(0) as u32, Ordering::Relaxed);
    }

    /// The TLS block that libc knows its OS thread by.
    pub(super) fn known_by(&self) -> *mut u8 {
        self.known_by.load(Ordering::Relaxed)
    }

    /// The kernel's id of its OS thread.
    pub fn tid(&self) -> u32 {
        self.tid.load(Ordering::Relaxed)
    }

    /// Whom it may run: see [`standing`].
    #[inline(always)]
    pub(super) fn standing(&self) -> u32 {
        self.standing.load(Ordering::Relaxed)
    }

    /// See the field.
    #[inline(always)]
    pub(super) fn is_restricted(&self) -> bool {
        self.restricted.load(Ordering::Relaxed)
    }

    /// Whether its OS thread is the process's first, as the kernel sees it.
    pub(super) fn is_first(&self) -> bool {
        self.permanent.get()
    }

    /// Whether `tp` is the thread pointer of its own TLS block.
    pub(super) fn owns(&self, tp: *mut u8) -> bool {
        self.own_tp.get() == tp
    }

    /// Whether, and how, the hub comes to it.
    pub(super) fn turn(&self) -> &Turn {
        &self.turn
    }

    /// Wait to be given the hub. False: nobody has wanted it for `span` nanoseconds.
    pub(super) fn wait(&self, span: u64) -> bool {
        self.turn.wait(span)
    }

    /// Wait for the hub for as long as it takes. `soon`: its holder has nothing else to do
    /// than to give it.
    pub(super) fn wait_for_turn(&self, soon: bool) {
        if soon {
            self.turn.expect();
        }
        self.turn.wait(NEVER);
    }

    /// Load the carrier's own TLS block, before anything that uses
    /// thread-locals or may enter a hook.
    #[inline(always)]
    pub(super) fn load_own(&self) {
        self.load(self.own_tp.get());
    }

    /// Load a greenlet's TLS block.
    #[inline(always)]
    pub(super) fn load(&self, tp: *mut u8) {
        if self.loaded.get() != tp {
            self.loaded.set(tp);
            // SAFETY: a complete block that no other OS thread has loaded: the
            // hub has one holder, and this is it.
            unsafe { arch::set_thread_pointer(tp) };
        }
    }
}

/// A pool carrier's OS thread. ("C-unwind" for the reason that
/// [`drive::first_carrier`] has.)
unsafe extern "C-unwind" fn carrier_main(this: *mut c_void) -> *mut c_void {
    // SAFETY: `start` passes a carrier.
    let c = unsafe { &*this.cast::<Carrier>() };
    c.own_tp.set(arch::thread_pointer());
    c.loaded.set(arch::thread_pointer());
    c.note_tid();
    // SAFETY: the name is a string.
    unsafe {
        let _ = syscall!(libc::SYS_prctl, libc::PR_SET_NAME, c"geventrs".as_ptr());
    }
    if let Some(layer) = callbacks() {
        (layer.carrier_made)(c);
    }
    let mut span = IDLE;
    loop {
        if c.wait(if c.permanent.get() { NEVER } else { span }) {
            if c.to_end.swap(false, Ordering::Relaxed) {
                c.tid.store(0, Ordering::Relaxed);
                return ptr::null_mut();
            }
            taken(c);
            drive::drive(c);
            span = IDLE;
        } else if pool::retire(c) {
            c.tid.store(0, Ordering::Relaxed);
            return ptr::null_mut();
        } else {
            // It is kept for somebody who may have changed nothing for an hour.
            span = (2 * span).min(MOST_IDLE);
        }
    }
}

/// The calling greenlet, if it is one, makes a child of the process: its OS thread stays for
/// as long as the process.
pub fn makes_child() {
    if let Some(g) = Greenlet::current() {
        let c = super::home(g).unwrap_or_else(|| HUB.carrier());
        c.is_parent.store(true, Ordering::Relaxed);
    }
}

/// The calling carrier has got the hub.
pub(super) fn taken(c: &'static Carrier) {
    c.missed.store(false, Ordering::Relaxed);
    HUB.take_in_stranded();
    observe::hub_taken(c.tid());
    if let Some(layer) = callbacks() {
        (layer.hub_taken)(c);
    }
}

/// The calling carrier is about to give the hub away: see
/// [`Callbacks::hub_left`](super::Callbacks::hub_left).
pub(super) fn leaves(c: &'static Carrier, stays: Option<&'static Greenlet>) {
    if let Some(layer) = callbacks() {
        (layer.hub_left)(c, stays);
    }
}

/// In the child of a fork: only the calling OS thread exists, and it has the
/// hub. `me` runs on it.
pub(super) fn after_fork(me: Option<&Greenlet>) {
    pool::reset_lock();
    if let Some(g) = me {
        // SAFETY: null or a carrier; they live for ever.
        if let Some(home) = unsafe { g.home.get().as_ref() } {
            // It has forked without the hub, in a signal's handler.
            HUB.carrier.store(ptr::from_ref(home).cast_mut(), Ordering::Relaxed);
        }
        // Also if the monitor was asking just then: it is not there to decide.
        g.rejoined();
    }
    let c = HUB.carrier();
    c.permanent.set(true);
    // The others' ids may be given to other threads here.
    any(|other| {
        other.tid.store(0, Ordering::Relaxed);
        other.off_hub.store(ptr::null_mut(), Ordering::Relaxed);
        false
    });
    c.note_tid();
    standing::after_fork(me);
    c.standing.store(standing::BASE, Ordering::Relaxed);
    c.restricted.store(false, Ordering::Relaxed);
    c.is_parent.store(false, Ordering::Relaxed);
    pool::only_one();
}
