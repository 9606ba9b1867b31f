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
//! share without the hub is [`POOL`], and each one's `word`.
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

use super::{callbacks, drive, HUB};
use crate::greenlet::Greenlet;
use crate::observe;
use crate::raw_lock::RawLock;
use crate::sys;
use crate::time::{self, NEVER, SECOND};
use crate::unit::{self, Stack};
use crate::{arch, syscall, tls};
use core::cell::Cell;
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};

/// A carrier's own stack: mio, an allocation, a report, a signal's handler.
pub(super) const STACK: usize = 256 * 1024;
/// How long a carrier stays idle before it ends.
const IDLE: u64 = 5 * SECOND;
/// Carriers at most, whatever waits: near the kernel's default limits, a
/// thread's creation fails anyhow.
const MOST: u32 = 30_000;

const WAITS: u32 = 0;
const GIVEN: u32 = 1;

/// Words that the layer above keeps in a carrier, also from one OS thread of it to
/// the next.
pub const EXTENSION_WORDS: usize = 2;

/// pthread_create(3).
pub type CreateThread = unsafe fn(
    *mut libc::pthread_t,
    *const libc::pthread_attr_t,
    crate::greenlet::Entry,
    *mut c_void,
) -> c_int;

static CREATE: AtomicUsize = AtomicUsize::new(0);

/// How OS threads are made: where `pthread_create` itself makes greenlets, by
/// the function under it.
pub fn set_create(create: CreateThread) {
    CREATE.store(create as usize, Ordering::Relaxed);
}

/// pthread_attr_setsigmask_np(3) of glibc 2.32; 0: there is none.
type SetMask = unsafe extern "C" fn(*mut libc::pthread_attr_t, *const libc::sigset_t) -> c_int;
static SET_MASK: AtomicUsize = AtomicUsize::new(0);

/// Make an OS thread on `stack`. It starts with all signals blocked (before glibc
/// 2.32 with its maker's mask): they are for those who run the program, and a
/// carrier is ready for them only when it is known as one. `None`: there is none to
/// be had.
pub(crate) fn create_thread(
    stack: Stack,
    main: crate::greenlet::Entry,
    arg: *mut c_void,
) -> Option<libc::pthread_t> {
    extern "C" {
        fn pthread_create(
            thread: *mut libc::pthread_t,
            attr: *const libc::pthread_attr_t,
            main: crate::greenlet::Entry,
            arg: *mut c_void,
        ) -> c_int;
    }
    let mut attr = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut thread = 0;
    // SAFETY: the stack is ours for ever, and no thread is on it; a stored word
    // is a function of that type.
    let made = unsafe {
        libc::pthread_attr_init(attr.as_mut_ptr());
        let (limit, size) = (stack.limit as *mut c_void, stack.base - stack.limit);
        libc::pthread_attr_setstack(attr.as_mut_ptr(), limit, size);
        // It allocates from the program's malloc.
        let made = super::as_program(|| {
            let set_mask = SET_MASK.load(Ordering::Relaxed);
            if set_mask != 0 {
                let mut all = MaybeUninit::<libc::sigset_t>::uninit();
                libc::sigfillset(all.as_mut_ptr());
                core::mem::transmute::<usize, SetMask>(set_mask)(attr.as_mut_ptr(), all.as_ptr());
            }
            match CREATE.load(Ordering::Relaxed) {
                0 => pthread_create(&mut thread, attr.as_ptr(), main, arg),
                f => core::mem::transmute::<usize, CreateThread>(f)(
                    &mut thread,
                    attr.as_ptr(),
                    main,
                    arg,
                ),
            }
        });
        super::as_program(|| libc::pthread_attr_destroy(attr.as_mut_ptr()));
        made
    };
    (made == 0).then_some(thread)
}

/// Where a debugger finds a carrier's OS thread.
pub(super) const TID_OFFSET: usize = core::mem::offset_of!(Carrier, tid);

/// An OS thread that can hold the hub. Never freed.
#[repr(C, align(64))]
pub struct Carrier {
    pub(super) own_tp: Cell<*mut u8>,
    pub(super) loaded: Cell<*mut u8>,
    /// The floating-point modes and flags that are loaded are those with which this
    /// greenlet left, the last one to leave; null: its own.
    pub(super) left_last: Cell<*const Greenlet>,
    /// Where its loop goes on, while it runs the root.
    pub(super) loop_sp: Cell<*mut u8>,
    /// Whether it has been given the hub.
    word: AtomicU32,
    next: Cell<*const Carrier>,
    all_next: Cell<*const Carrier>,
    thread: Cell<libc::pthread_t>,
    stack: Cell<Stack>,
    /// The OS thread that the program came with, or that a fork has left.
    pub(super) permanent: Cell<bool>,
    tid: AtomicU32,
    /// A request for the turn of what it runs is on its way: see
    /// [`preempt`](super::preempt).
    pub(super) asked: AtomicBool,
    /// The TLS block that libc knows its OS thread by; null: none (yet).
    known_by: AtomicPtr<u8>,
    /// See [`EXTENSION_WORDS`]; zero at first.
    pub extension: [AtomicUsize; EXTENSION_WORDS],
}

// SAFETY: cells are touched by the carrier's own OS thread, or by the holder of
// the hub while the carrier waits to be given it, or under the pool's lock.
unsafe impl Sync for Carrier {}

struct Pool {
    /// Those that wait, the last to come first.
    idle: *const Carrier,
    /// Those whose OS thread ends or has ended.
    ended: *const Carrier,
    /// All that were ever made.
    all: *const Carrier,
    /// Carriers alive, the first one included.
    alive: u32,
    /// OS threads of ours that libc counts.
    counted: u32,
    /// Greenlets that run without the hub.
    away: u32,
}

// SAFETY: carriers live for ever, and are reached under the lock.
unsafe impl Send for Pool {}

static POOL: RawLock<Pool> = RawLock::shared(Pool {
    idle: ptr::null(),
    ended: ptr::null(),
    all: ptr::null(),
    alive: 0,
    counted: 0,
    away: 0,
});

/// Whether any greenlet runs without the hub (a hint).
static ANY_AWAY: AtomicBool = AtomicBool::new(false);

/// Whether there is, or was a moment ago, more than one greenlet. Changed by
/// the hub's holder only.
static SEVERAL: AtomicBool = AtomicBool::new(false);

impl Pool {
    fn tell(&self) {
        ANY_AWAY.store(self.away != 0, Ordering::Relaxed);
        let several = SEVERAL.load(Ordering::Relaxed);
        sys::expect_threads(if self.away == 0 { 1 + self.counted } else { 0 }, several);
    }
}

/// Whether any greenlet runs without the hub.
pub fn any_away() -> bool {
    ANY_AWAY.load(Ordering::Relaxed)
}

/// How many carriers are alive, the first one included.
pub fn alive() -> u32 {
    POOL.lock().alive
}

/// One greenlet more runs without the hub. Before the hub moves.
pub(super) fn begin_away() {
    let mut pool = POOL.lock();
    pool.away += 1;
    pool.tell();
}

/// One greenlet has the hub again, and calls this.
pub(super) fn end_away() {
    let mut pool = POOL.lock();
    pool.away -= 1;
    pool.tell();
}

/// libc counts one more OS thread of ours that is no carrier.
pub(crate) fn count_thread() {
    let mut pool = POOL.lock();
    pool.counted += 1;
    pool.tell();
}

/// A second greenlet is made. With the hub.
#[inline(always)]
pub(super) fn several() {
    if !SEVERAL.load(Ordering::Relaxed) {
        tell_several(true);
    }
}

/// The caller is the only greenlet: said now and then, not at each thread's end.
pub(super) fn one_only() {
    if SEVERAL.load(Ordering::Relaxed) {
        tell_several(false);
    }
}

#[cold]
fn tell_several(several: bool) {
    SEVERAL.store(several, Ordering::Relaxed);
    POOL.lock().tell();
}

/// Make the calling OS thread the first carrier.
pub(super) fn adopt(own_tp: *mut u8) -> &'static Carrier {
    let c = Carrier::make(Stack::NONE);
    c.own_tp.set(own_tp);
    c.loaded.set(arch::thread_pointer());
    c.permanent.set(true);
    c.note_tid();
    // SAFETY: a look-up by name.
    let set_mask =
        unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"pthread_attr_setsigmask_np".as_ptr()) };
    SET_MASK.store(set_mask as usize, Ordering::Relaxed);
    POOL.lock().alive += 1;
    HUB.carrier.store(ptr::from_ref(c).cast_mut(), Ordering::Release);
    c
}

/// An idle carrier. It waits for the hub.
pub(super) fn take_idle() -> Option<&'static Carrier> {
    let mut pool = POOL.lock();
    // SAFETY: carriers live for ever.
    let c = unsafe { pool.idle.as_ref() }?;
    pool.idle = c.next.get();
    Some(c)
}

/// Whether an idle carrier is there at this moment.
pub(super) fn any_idle() -> bool {
    !POOL.lock().idle.is_null()
}

/// An idle carrier, or a new one while there are fewer than `ceiling`. It waits
/// for the hub.
pub(super) fn take(ceiling: u32) -> Option<&'static Carrier> {
    take_idle().or_else(|| make_one(ceiling))
}

/// A new carrier, if there are fewer than `ceiling`. It waits for the hub.
/// Allocates from the program's malloc.
pub(super) fn make_one(ceiling: u32) -> Option<&'static Carrier> {
    let mut pool = POOL.lock();
    if pool.alive >= ceiling.min(MOST) {
        return None;
    }
    // SAFETY: carriers live for ever.
    let ended = unsafe { pool.ended.as_ref() };
    if let Some(c) = ended {
        pool.ended = c.next.get();
    }
    pool.alive += 1;
    drop(pool);
    let c = match ended {
        Some(c) => {
            // SAFETY: its thread is at its end and nobody has joined it.
            unsafe { libc::pthread_join(c.thread.get(), ptr::null_mut()) };
            Some(c)
        }
        None => unit::map_stack(STACK + tls::block_size()).ok().map(Carrier::make),
    };
    let started = c.is_some_and(Carrier::start);
    let mut pool = POOL.lock();
    if started {
        pool.counted += 1;
        pool.tell();
        return c;
    }
    pool.alive -= 1;
    None
}

/// A carrier that was taken and not given the hub goes back; so does the holder
/// just before it gives the hub away.
pub(super) fn rest(c: &'static Carrier) {
    let mut pool = POOL.lock();
    c.next.set(pool.idle);
    pool.idle = c;
}

/// Give the hub to `to`, which waits for it. The caller does not have it any
/// more, and its OS thread must not have a TLS block loaded that `to` may load.
pub(super) fn give(to: &'static Carrier) {
    HUB.carrier.store(ptr::from_ref(to).cast_mut(), Ordering::Release);
    to.word.store(GIVEN, Ordering::Release);
    sys::futex_wake(to.word.as_ptr(), 1);
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
            left_last: Cell::new(ptr::null()),
            loop_sp: Cell::new(ptr::null_mut()),
            word: AtomicU32::new(WAITS),
            next: Cell::new(ptr::null()),
            all_next: Cell::new(ptr::null()),
            thread: Cell::new(0),
            stack: Cell::new(stack),
            permanent: Cell::new(false),
            tid: AtomicU32::new(0),
            asked: AtomicBool::new(false),
            known_by: AtomicPtr::new(ptr::null_mut()),
            extension: [const { AtomicUsize::new(0) }; EXTENSION_WORDS],
        }));
        let mut pool = POOL.lock();
        c.all_next.set(pool.all);
        pool.all = c;
        ALL.store(ptr::from_ref(c) as usize, Ordering::Release);
        c
    }

    /// Make its OS thread. False: there is none to be had.
    fn start(&'static self) -> bool {
        let this = ptr::from_ref(self).cast_mut().cast();
        let made = create_thread(self.stack.get(), carrier_main, this);
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

    /// Whether `tp` is the thread pointer of its own TLS block.
    pub(super) fn owns(&self, tp: *mut u8) -> bool {
        self.own_tp.get() == tp
    }

    /// Wait to be given the hub. False: `deadline` came first.
    pub(super) fn wait(&self, deadline: u64) -> bool {
        loop {
            if self.word.load(Ordering::Acquire) == GIVEN {
                self.word.store(WAITS, Ordering::Relaxed);
                return true;
            }
            if sys::futex_wait(&self.word, WAITS, deadline) == Err(libc::ETIMEDOUT) {
                return false;
            }
        }
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

    /// Leave the pool for good, unless somebody has just taken it.
    fn retire(&'static self) -> bool {
        let mut pool = POOL.lock();
        let mut link = &raw mut pool.idle;
        // SAFETY: carriers live for ever; the list changes under the lock.
        while let Some(c) = unsafe { (*link).as_ref() } {
            if ptr::eq(c, self) {
                // SAFETY: points into the pool or a carrier.
                unsafe { *link = c.next.get() };
                self.next.set(pool.ended);
                pool.ended = self;
                pool.alive -= 1;
                pool.counted -= 1;
                pool.tell();
                return true;
            }
            link = c.next.as_ptr();
        }
        false
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
    loop {
        let deadline = if c.permanent.get() { NEVER } else { time::after(IDLE) };
        if c.wait(deadline) {
            taken(c);
            drive::drive(c);
        } else if c.retire() {
            c.tid.store(0, Ordering::Relaxed);
            return ptr::null_mut();
        }
    }
}

/// The calling carrier has got the hub.
pub(super) fn taken(c: &'static Carrier) {
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
    POOL.reset();
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
        false
    });
    c.note_tid();
    let mut pool = POOL.lock();
    // The others' memory is lost: libc cannot join what does not exist.
    pool.idle = ptr::null();
    pool.ended = ptr::null();
    pool.alive = 1;
    pool.counted = 0;
    pool.away = 0;
    SEVERAL.store(false, Ordering::Relaxed);
    pool.tell();
}
