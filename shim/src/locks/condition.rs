//! pthread_cond_wait(3) and its family.
//!
//! `pthread_cond_t` is all zeros when statically initialised. Its first word
//! counts our waiters; the flags (process-shared, clock) are where this glibc's
//! pthread_cond_init puts them. The 2.2.5 forms of these functions have the
//! same object size and initialiser, so the unversioned hooks serve them, too:
//! with the newer form of every real function, also of those that initialise
//! and destroy (the old ones keep a pointer to another object in the first
//! word, clear nothing else, and free what it points to).
//!
//! A condition variable that processes share is libc's, and waited for in a
//! blocking section.
//!
//! Waiting is a cancellation point; the mutex is locked again before cleanup
//! handlers run. Signals end no wait (a spurious return is allowed, and made).

use super::{deadline, mutex, robust_shared};
use crate::doorway;
use crate::table::Group;
use crate::thread::{cancel, patched};
use core::ffi::c_int;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::parking_lot::{self, Parked};
use hub::time::{self as clock, MILLISECOND, NEVER};
use hub::wait::{Reason, Wake};
use libc::{clockid_t, pthread_cond_t, pthread_mutex_t, timespec};

crate::hooks! {
    Thread "parking lot" fn pthread_cond_wait(cond: *mut pthread_cond_t, mutex: *mut pthread_mutex_t) -> c_int = wait, version "GLIBC_2.3.2";
    Thread "parking lot" fn pthread_cond_timedwait(cond: *mut pthread_cond_t, mutex: *mut pthread_mutex_t, until: *const timespec) -> c_int = timed_wait, version "GLIBC_2.3.2";
    Thread "parking lot" fn pthread_cond_clockwait(cond: *mut pthread_cond_t, mutex: *mut pthread_mutex_t, clock: clockid_t, until: *const timespec) -> c_int = clock_wait, version "GLIBC_2.34";
    Thread "never" fn pthread_cond_init(cond: *mut pthread_cond_t, attr: *const libc::pthread_condattr_t) -> c_int = init_, version "GLIBC_2.3.2";
    Thread "never" fn pthread_cond_destroy(cond: *mut pthread_cond_t) -> c_int = destroy, version "GLIBC_2.3.2";
    Thread "never" fn pthread_cond_signal(cond: *mut pthread_cond_t) -> c_int = signal, version "GLIBC_2.3.2";
    Thread "never" fn pthread_cond_broadcast(cond: *mut pthread_cond_t) -> c_int = broadcast, version "GLIBC_2.3.2";
}

/// The words of glibc's object.
#[repr(C)]
struct Condition {
    waiters: AtomicU32,
    _glibc: [AtomicU32; WORDS - 1],
}

const WORDS: usize = size_of::<pthread_cond_t>() / size_of::<u32>();
const SHARED: u32 = 1;
const MONOTONIC: u32 = 2;

/// Which of the words after the first is `__wrefs`, with the flags: bit 0
/// process-shared, bit 1 CLOCK_MONOTONIC. glibc 2.41, and what has its repair of
/// lost wake-ups, have two words less before it.
static FLAGS: AtomicUsize = AtomicUsize::new(8);

/// Learn where this glibc keeps the flags: the only word that pthread_cond_init(3)
/// does not leave zero. Before there are threads.
pub fn init() {
    let mut attr = MaybeUninit::<libc::pthread_condattr_t>::uninit();
    let mut cond = libc::PTHREAD_COND_INITIALIZER;
    // SAFETY: our own objects, initialised in this order; the condition
    // variable's words are integers.
    let words = unsafe {
        libc::pthread_condattr_init(attr.as_mut_ptr());
        libc::pthread_condattr_setclock(attr.as_mut_ptr(), libc::CLOCK_MONOTONIC);
        libc::pthread_cond_init(&mut cond, attr.as_ptr());
        libc::pthread_condattr_destroy(attr.as_mut_ptr());
        (&raw const cond).cast::<[u32; WORDS]>().read()
    };
    match words[1..].iter().position(|&word| word == MONOTONIC) {
        Some(i) => FLAGS.store(i, Ordering::Relaxed),
        None => hub::report::say(format_args!(
            "this C library hides the flags of condition variables: timed waits may err"
        )),
    }
}

impl Condition {
    #[inline(always)]
    fn flags(&self) -> u32 {
        // `init` stores an index of this array; the check costs less than
        // saying so to the compiler.
        self._glibc.get(FLAGS.load(Ordering::Relaxed)).map_or(0, |f| f.load(Ordering::Relaxed))
    }

    #[inline(always)]
    fn is_libcs(&self) -> bool {
        self.flags() & SHARED != 0
    }

    fn clock(&self) -> clockid_t {
        if self.flags() & MONOTONIC != 0 {
            libc::CLOCK_MONOTONIC
        } else {
            libc::CLOCK_REALTIME
        }
    }

    fn key(&self) -> usize {
        self as *const Self as usize
    }
}

unsafe fn init_(cond: *mut pthread_cond_t, attr: *const libc::pthread_condattr_t) -> c_int {
    // SAFETY: the program's own call.
    unsafe { real::pthread_cond_init(cond, attr) }
}

unsafe fn destroy(cond: *mut pthread_cond_t) -> c_int {
    // SAFETY: the program's own call.
    unsafe { real::pthread_cond_destroy(cond) }
}

unsafe fn wait(cond: *mut pthread_cond_t, m: *mut pthread_mutex_t) -> c_int {
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_cond_wait(cond, m) };
    }
    // SAFETY: the program's objects, here and below.
    unsafe { wait_until(cond, m, NEVER, || real::pthread_cond_wait(cond, m)) }
}

unsafe fn timed_wait(
    cond: *mut pthread_cond_t,
    m: *mut pthread_mutex_t,
    until: *const timespec,
) -> c_int {
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_cond_timedwait(cond, m, until) };
    }
    // SAFETY: as above.
    unsafe {
        match deadline((*cond.cast::<Condition>()).clock(), until) {
            Ok(end) => wait_until(cond, m, end, || real::pthread_cond_timedwait(cond, m, until)),
            Err(e) => e,
        }
    }
}

unsafe fn clock_wait(
    cond: *mut pthread_cond_t,
    m: *mut pthread_mutex_t,
    clock: clockid_t,
    until: *const timespec,
) -> c_int {
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_cond_clockwait(cond, m, clock, until) };
    }
    // SAFETY: as above.
    unsafe {
        match deadline(clock, until) {
            Ok(end) => {
                wait_until(cond, m, end, || real::pthread_cond_clockwait(cond, m, clock, until))
            }
            Err(e) => e,
        }
    }
}

/// Wait until signalled or `deadline`; `call` is the program's own call.
///
/// # Safety
/// Both objects are valid, and the caller holds the mutex.
unsafe fn wait_until(
    cond: *mut pthread_cond_t,
    m: *mut pthread_mutex_t,
    deadline: u64,
    call: impl FnOnce() -> c_int,
) -> c_int {
    // SAFETY: the objects have glibc's layout.
    let (c, held) = unsafe { (&*cond.cast::<Condition>(), &*m.cast::<mutex::Mutex>()) };
    let ours = held.inherits() || held.has_ceiling() || robust_shared::is_ours(held);
    let held_by_libc = held.is_libcs() && !ours;
    if !held.is_libcs() || held.has_ceiling() {
        let refused = mutex::may_unlock(held);
        if refused != 0 {
            return refused;
        }
    }
    if c.is_libcs() && held_by_libc {
        // SAFETY: by the caller's contract.
        return unsafe { wait_in_kernel(cond, call) };
    }
    let shim = doorway::enter_any();
    if let Some(shim) = &shim {
        cancel::point(shim);
    }
    let lent = !held.is_libcs();
    if lent {
        held.lent_to_condition();
    }
    let wake = if c.is_libcs() {
        // SAFETY: by the caller's contract.
        unsafe { nap(m, deadline) }
    } else {
        let announce = || {
            c.waiters.fetch_add(1, Ordering::Relaxed);
            true
        };
        // SAFETY: by the caller's contract.
        let release = || unsafe {
            mutex::unlock_inside(m);
        };
        let reason = Reason::Condition(c.key());
        match parking_lot::park(c.key(), 0, reason, deadline, announce, release) {
            Parked::Ended(Wake::Notified) | Parked::Invalid => Wake::Notified,
            Parked::Ended(early) => {
                c.waiters.fetch_sub(1, Ordering::Relaxed);
                early
            }
        }
    };
    // The mutex's own hooks step in by themselves.
    let greenlet = shim.as_ref().map(|s| s.greenlet);
    drop(shim);
    // SAFETY: by the caller's contract.
    let relocked = unsafe { mutex::lock_inside(m) };
    if lent {
        held.back_from_condition();
    }
    if wake == Wake::Interrupted {
        if let Some(shim) = greenlet.and_then(|_| doorway::enter_any()) {
            cancel::point(&shim);
        }
    }
    match (relocked, wake) {
        (0, Wake::TimedOut) => libc::ETIMEDOUT,
        (answer, _) => answer,
    }
}

/// Wait with libc's own function on a condition variable that processes share,
/// with a mutex that is libc's as well.
///
/// A cancellation cannot reach libc there. Whoever requests it wakes all who wait
/// ([`wake_cancelled`]): POSIX allows spurious returns. One that comes in the
/// moment before the waiter is known to libc acts at its next wake-up.
unsafe fn wait_in_kernel(cond: *mut pthread_cond_t, call: impl FnOnce() -> c_int) -> c_int {
    let Some(shim) = doorway::enter(Group::Thread) else { return call() };
    cancel::point(&shim);
    let word = &shim.greenlet.extension[AWAITED];
    word.set(cond as usize);
    let result = shim.section_on_lock("process-shared condition variable", cond as usize, call);
    word.set(0);
    if cancel::is_due(shim.greenlet) {
        // POSIX: who is cancelled takes no signal away from the others.
        // SAFETY: the program's object.
        unsafe { real::pthread_cond_signal(cond) };
        cancel::point(&shim);
    }
    result
}

/// Extension word: the address of the shared condition variable that the
/// greenlet waits for in a section, or 0.
const AWAITED: usize = 11;

/// The greenlet was asked to end: let it return from [`wait_in_kernel`].
pub fn wake_cancelled(target: &Greenlet) {
    let cond = target.extension[AWAITED].get() as *mut pthread_cond_t;
    if !cond.is_null() {
        // SAFETY: the program keeps the object while somebody waits for it.
        unsafe { real::pthread_cond_broadcast(cond) };
    }
}

/// One turn of a wait on a condition variable that processes share, with a mutex
/// that libc could not release or lock again as we do: one of ours (private, or
/// robust), or one with priority inheritance or a ceiling. It ends after a moment, spuriously,
/// which POSIX allows.
unsafe fn nap(m: *mut pthread_mutex_t, deadline: u64) -> Wake {
    // SAFETY: by the caller's contract.
    unsafe { mutex::unlock_inside(m) };
    let soon = clock::after(MILLISECOND);
    match hub::hub::holder() {
        Some(g) => {
            let reason = Reason::Retry("process-shared condition variable");
            let wake = scheduler::pause_until(g, reason, deadline.min(soon));
            if wake == Wake::TimedOut && clock::now() < deadline {
                return Wake::Notified;
            }
            wake
        }
        None => {
            let span = clock::to_timespec(MILLISECOND);
            // SAFETY: sleeps.
            unsafe {
                let _ = hub::syscall!(libc::SYS_nanosleep, &raw const span, 0);
            }
            if clock::now() < deadline {
                Wake::Notified
            } else {
                Wake::TimedOut
            }
        }
    }
}

unsafe fn signal(cond: *mut pthread_cond_t) -> c_int {
    // SAFETY: the object has glibc's layout.
    let c = unsafe { &*cond.cast::<Condition>() };
    if !patched() || c.is_libcs() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_cond_signal(cond) };
    }
    if c.waiters.load(Ordering::Relaxed) != 0 {
        let _shim = doorway::enter_any();
        parking_lot::unpark_one_with(c.key(), |waiter| {
            if waiter.is_some() {
                c.waiters.fetch_sub(1, Ordering::Relaxed);
            }
        });
    }
    0
}

unsafe fn broadcast(cond: *mut pthread_cond_t) -> c_int {
    // SAFETY: as above.
    let c = unsafe { &*cond.cast::<Condition>() };
    if !patched() || c.is_libcs() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_cond_broadcast(cond) };
    }
    if c.waiters.load(Ordering::Relaxed) != 0 {
        let _shim = doorway::enter_any();
        let woken = parking_lot::unpark_all(c.key());
        c.waiters.fetch_sub(woken as u32, Ordering::Relaxed);
    }
    0
}
