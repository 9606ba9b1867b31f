//! pthread_mutex_lock(3) and its family.
//!
//! `pthread_mutex_t` as glibc lays it out (its static initialisers fix `kind`):
//!
//! ```text
//!   0 lock   the word of `hub::sync::word_lock`
//!   4 count  depth of a recursive mutex
//!   8 owner  the holder's thread id
//!  12 users  1 while held (pthread_mutex_destroy looks)
//!  16 kind   type and flags
//! ```
//!
//! | kind | whose |
//! |---|---|
//! | normal, recursive, errorcheck, adaptive; priority inheritance | ours |
//! | robust, private to the process | ours, with [`super::robust`] |
//! | robust, process-shared | [`super::robust_shared`]'s |
//! | process-shared, priority ceiling | libc's, waited for in a blocking section |
//! | process-shared with priority inheritance | libc's, asked again and again |
//!
//! Answers are glibc's: EDEADLK, EPERM, EBUSY, EAGAIN (depth), EINVAL (time),
//! ETIMEDOUT, EOWNERDEAD, ENOTRECOVERABLE. Locking is no cancellation point
//! and is not interrupted by signals.

use super::{attempt, deadline, robust, robust_shared, shared};
use crate::doorway;
use crate::thread::patched;
use core::ffi::c_int;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use hub::sync::word_lock;
use hub::wait::{Reason, Section, Wake};
use hub::{sys, tls};
use libc::{clockid_t, pthread_mutex_t, pthread_mutexattr_t, timespec};

crate::hooks! {
    Thread "never" fn pthread_mutex_init(mutex: *mut pthread_mutex_t, attr: *const pthread_mutexattr_t) -> c_int = init, also [__pthread_mutex_init];
    Thread "parking lot" fn pthread_mutex_lock(mutex: *mut pthread_mutex_t) -> c_int = lock, also [__pthread_mutex_lock];
    Thread "never" fn pthread_mutex_trylock(mutex: *mut pthread_mutex_t) -> c_int = try_lock, also [__pthread_mutex_trylock], version "GLIBC_2.34";
    Thread "parking lot" fn pthread_mutex_timedlock(mutex: *mut pthread_mutex_t, until: *const timespec) -> c_int = timed_lock, version "GLIBC_2.34";
    Thread "parking lot" fn pthread_mutex_clocklock(mutex: *mut pthread_mutex_t, clock: clockid_t, until: *const timespec) -> c_int = clock_lock, version "GLIBC_2.34";
    Thread "never" fn pthread_mutex_unlock(mutex: *mut pthread_mutex_t) -> c_int = unlock, also [__pthread_mutex_unlock];
    Thread "blocking section" fn pthread_mutex_setprioceiling(mutex: *mut pthread_mutex_t, ceiling: c_int, old: *mut c_int) -> c_int = set_ceiling, version "GLIBC_2.34";
}

/// glibc's object, as far as we use it.
#[repr(C)]
pub struct Mutex {
    pub(super) lock: AtomicU32,
    count: AtomicU32,
    pub(super) owner: AtomicU32,
    users: AtomicU32,
    kind: AtomicI32,
}

pub(super) const TYPE: i32 = 3;
pub(super) const RECURSIVE: i32 = 1;
pub(super) const ERRORCHECK: i32 = 2;
pub(super) const ROBUST: i32 = 16;
const INHERIT: i32 = 32;
const CEILING: i32 = 64;
pub(super) const INHERIT_OR_CEILING: i32 = INHERIT | CEILING;
pub(super) const SHARED: i32 = 128;
/// Everything but the two flags about lock elision, which change nothing.
const MATTERS: i32 = 0xff;

impl Mutex {
    fn reason(&self) -> Reason {
        Reason::Mutex(self as *const Self as usize, self.owner.load(Ordering::Relaxed))
    }

    /// Whether the object is libc's business.
    #[inline(always)]
    pub fn is_libcs(&self) -> bool {
        self.kind.load(Ordering::Relaxed) & (SHARED | CEILING) != 0
    }

    /// Whether it has priority inheritance.
    pub(super) fn inherits(&self) -> bool {
        self.kind() & INHERIT != 0
    }

    /// glibc's type and flags.
    pub(super) fn kind(&self) -> i32 {
        self.kind.load(Ordering::Relaxed)
    }

    fn is_robust(&self) -> bool {
        self.kind.load(Ordering::Relaxed) & ROBUST != 0
    }

    #[inline(always)]
    fn held_by_caller(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == tls::tid()
    }

    #[inline(always)]
    fn taken(&self) {
        self.owner.store(tls::tid(), Ordering::Relaxed);
        self.users.store(1, Ordering::Relaxed);
    }

    /// What a caller that already holds the mutex gets; `None`: go on and wait
    /// (a normal mutex waits for itself, as POSIX has it).
    fn relock(&self, trying: bool) -> Option<c_int> {
        if !self.held_by_caller() || self.lock.load(Ordering::Relaxed) == 0 {
            return None;
        }
        self.relock_held(trying)
    }

    /// As [`Mutex::relock`], of a caller that surely holds it.
    pub(super) fn relock_held(&self, trying: bool) -> Option<c_int> {
        match self.kind.load(Ordering::Relaxed) & TYPE {
            RECURSIVE => {
                let depth = self.count.load(Ordering::Relaxed);
                if depth == u32::MAX {
                    return Some(libc::EAGAIN);
                }
                self.count.store(depth + 1, Ordering::Relaxed);
                Some(0)
            }
            ERRORCHECK if !trying => Some(libc::EDEADLK),
            _ => None,
        }
    }

    /// The lock word was obtained: the rest of taking the mutex.
    fn obtained(&self) -> c_int {
        if self.kind.load(Ordering::Relaxed) & TYPE == RECURSIVE {
            self.count.store(1, Ordering::Relaxed);
        }
        if self.is_robust() {
            return robust::obtained(self);
        }
        self.taken();
        0
    }

    /// Wait for the lock word.
    #[cold]
    fn wait(&self, deadline: u64) -> Result<(), c_int> {
        let _shim = doorway::enter_any();
        hub::control::lock_cycles::note();
        word_lock::lock_contended(&self.lock, self.reason(), deadline).map_err(|_| libc::ETIMEDOUT)
    }

    /// A mutex that is counted like glibc's was taken. `again`: who held it before
    /// died, and is still counted.
    pub(super) fn taken_by(&self, owner: u32, again: bool) {
        self.count.store(1, Ordering::Relaxed);
        self.owner.store(owner, Ordering::Relaxed);
        if !again {
            self.users.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// It is given up, with this mark as its owner. A dead holder stays counted.
    pub(super) fn left_to(&self, owner: u32, dead: bool) {
        self.owner.store(owner, Ordering::Relaxed);
        if !dead {
            self.users.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(super) fn set_taken(&self) {
        self.taken();
    }

    /// Leave one level of a recursive mutex; true if levels remain.
    #[inline]
    pub(super) fn leave_level(&self) -> bool {
        if self.kind.load(Ordering::Relaxed) & TYPE != RECURSIVE {
            return false;
        }
        let depth = self.count.load(Ordering::Relaxed).wrapping_sub(1);
        self.count.store(depth, Ordering::Relaxed);
        depth != 0
    }

    /// Say that nobody (or `mark`, of [`super::robust`]) is the owner.
    #[inline(always)]
    pub(super) fn clear_owner(&self, mark: u32) {
        self.owner.store(mark, Ordering::Relaxed);
        self.users.store(0, Ordering::Relaxed);
    }

    /// Neither type nor flags to look at.
    #[inline(always)]
    fn is_normal(&self) -> bool {
        self.kind.load(Ordering::Relaxed) & MATTERS == 0
    }

    /// Take a normal mutex if it is free. `local` as in [`word_lock::try_lock`].
    #[inline(always)]
    fn try_take(&self, local: bool) -> bool {
        let taken = word_lock::try_lock(&self.lock, local);
        if taken {
            self.taken();
        }
        taken
    }

    /// [`Mutex::try_take`] of the only thread that there is ([`sys::alone`]).
    #[inline(always)]
    fn try_take_alone(&self) -> bool {
        let taken = word_lock::try_lock(&self.lock, true);
        if taken {
            self.owner.store(tls::known_tid(), Ordering::Relaxed);
            self.users.store(1, Ordering::Relaxed);
        }
        taken
    }

    /// Release a normal mutex if nobody waits for it; if somebody does,
    /// [`Mutex::wake_next`] does the rest.
    #[inline(always)]
    fn release(&self, local: bool) -> bool {
        self.clear_owner(0);
        word_lock::try_unlock(&self.lock, local)
    }

    /// Release the word after the owner's fields were cleared.
    #[inline(always)]
    pub(super) fn release_word(&self) {
        if !word_lock::try_unlock(&self.lock, false) {
            self.wake_next();
        }
    }

    /// (Apart, so that [`unlock`] needs no frame.)
    #[cold]
    #[inline(never)]
    fn wake_and_succeed(&self) -> c_int {
        self.wake_next();
        0
    }

    #[cold]
    #[inline(never)]
    fn wake_next(&self) {
        let _shim = doorway::enter_any();
        word_lock::unlock_contended(&self.lock);
    }
}

/// libc marks every robust mutex as process-shared, since the kernel wakes its
/// waiters at a thread's end; one that is private to the process is ours.
unsafe fn init(mutex: *mut pthread_mutex_t, attr: *const pthread_mutexattr_t) -> c_int {
    // SAFETY: the program's own call and objects.
    unsafe {
        let result = real::pthread_mutex_init(mutex, attr);
        let m = &*mutex.cast::<Mutex>();
        if result == 0 && patched() && !attr.is_null() && m.is_robust() {
            let mut shared = 0;
            libc::pthread_mutexattr_getpshared(attr, &mut shared);
            if shared == libc::PTHREAD_PROCESS_PRIVATE {
                m.kind.fetch_and(!SHARED, Ordering::Relaxed);
            }
        }
        result
    }
}

#[inline(always)]
unsafe fn lock(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: the program's object has glibc's layout.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_lock(mutex) };
    }
    if m.is_normal() && sys::alone() && m.try_take_alone() {
        return 0;
    }
    // SAFETY: as above.
    unsafe { lock_beside(mutex) }
}

/// Where there are other threads. (Apart, so that the path above needs no
/// stack frame.)
#[inline(never)]
unsafe fn lock_beside(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    attempt::begins();
    if m.is_normal() && doorway::briefly(|local| m.try_take(local)) {
        super::take_turns();
        return 0;
    }
    // SAFETY: as above.
    unsafe { lock_slow(mutex, libc::CLOCK_REALTIME, core::ptr::null()) }
}

/// Lock a mutex from within another hook (a condition variable's).
///
/// # Safety
/// `mutex` is a valid mutex.
#[inline(always)]
pub unsafe fn lock_inside(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as above.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if m.is_normal() && m.try_take(sys::one_os_thread()) {
        return 0;
    }
    // SAFETY: as above.
    unsafe { lock_slow(mutex, libc::CLOCK_REALTIME, core::ptr::null()) }
}

/// All that is not an uncontended normal mutex.
unsafe fn lock_slow(
    mutex: *mut pthread_mutex_t,
    clock: clockid_t,
    until: *const timespec,
) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if m.is_libcs() {
        // SAFETY: as in `lock`.
        return unsafe {
            if robust_shared::is_ours(m) {
                robust_shared::lock(m, clock, until)
            } else {
                lock_libcs(mutex, clock, until)
            }
        };
    }
    if let Some(answer) = m.relock(false) {
        return answer;
    }
    super::take_turns();
    if m.is_robust() && robust::is_lost(m) {
        return libc::ENOTRECOVERABLE;
    }
    if !word_lock::try_lock(&m.lock, false) {
        // The time is looked at only if there is something to wait for.
        // SAFETY: the program's object.
        match unsafe { deadline(clock, until) } {
            Ok(d) if attempt::is_one(d) => {
                attempt::failed();
                return libc::ETIMEDOUT;
            }
            Ok(d) => {
                if let Err(e) = m.wait(d) {
                    return e;
                }
            }
            Err(e) => return e,
        }
    }
    m.obtained()
}

/// A mutex that libc and the kernel own.
unsafe fn lock_libcs(
    mutex: *mut pthread_mutex_t,
    clock: clockid_t,
    until: *const timespec,
) -> c_int {
    // SAFETY: the program's own call in all three forms.
    let call = || unsafe {
        match (until.is_null(), clock) {
            (true, _) => real::pthread_mutex_lock(mutex),
            (_, libc::CLOCK_REALTIME) => real::pthread_mutex_timedlock(mutex, until),
            _ => real::pthread_mutex_clocklock(mutex, clock, until),
        }
    };
    let Some(shim) = doorway::enter(crate::table::Group::Thread) else { return call() };
    // SAFETY: the program's mutex.
    let attempt = || unsafe {
        let answer = real::pthread_mutex_trylock(mutex);
        (answer != libc::EBUSY).then_some(answer)
    };
    // SAFETY: as in `lock`.
    if !unsafe { &*mutex.cast::<Mutex>() }.inherits() {
        return shared::wait(&shim, "process-shared mutex", attempt, call);
    }
    // The kernel looks for the holder's thread by the id in the lock's word, and
    // knows no greenlet's.
    // SAFETY: the program's object.
    let end = match unsafe { deadline(clock, until) } {
        Ok(end) => end,
        Err(e) => return e,
    };
    loop {
        match shared::ask_again(&shim, "process-shared mutex", end, attempt) {
            Ok(answer) => return answer,
            Err(Wake::TimedOut) => return libc::ETIMEDOUT,
            Err(_) => {}
        }
    }
}

unsafe fn try_lock(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_trylock(mutex) };
    }
    attempt::begins();
    if robust_shared::is_ours(m) {
        return robust_shared::try_lock(m);
    }
    if m.is_libcs() {
        // SAFETY: the program's own call.
        let answer = unsafe { real::pthread_mutex_trylock(mutex) };
        if answer == libc::EBUSY {
            attempt::failed();
        }
        return answer;
    }
    if let Some(answer) = m.relock(true) {
        return answer;
    }
    if m.is_robust() && robust::is_lost(m) {
        return libc::ENOTRECOVERABLE;
    }
    if word_lock::try_lock(&m.lock, false) {
        return m.obtained();
    }
    attempt::failed();
    libc::EBUSY
}

unsafe fn timed_lock(mutex: *mut pthread_mutex_t, until: *const timespec) -> c_int {
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_timedlock(mutex, until) };
    }
    attempt::begins();
    // SAFETY: as in `lock`.
    unsafe { lock_slow(mutex, libc::CLOCK_REALTIME, until) }
}

unsafe fn clock_lock(
    mutex: *mut pthread_mutex_t,
    clock: clockid_t,
    until: *const timespec,
) -> c_int {
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_clocklock(mutex, clock, until) };
    }
    if !matches!(clock, libc::CLOCK_REALTIME | libc::CLOCK_MONOTONIC) {
        return libc::EINVAL;
    }
    attempt::begins();
    // SAFETY: as in `lock`.
    unsafe { lock_slow(mutex, clock, until) }
}

#[inline(always)]
unsafe fn unlock(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_unlock(mutex) };
    }
    if m.is_normal() && sys::alone() {
        if !m.release(true) {
            return m.wake_and_succeed();
        }
        return 0;
    }
    // SAFETY: as in `lock`.
    unsafe { unlock_beside(mutex) }
}

/// As [`lock_beside`].
#[inline(never)]
unsafe fn unlock_beside(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if m.is_normal() {
        if !doorway::briefly(|local| m.release(local)) {
            m.wake_next();
        }
        return 0;
    }
    // SAFETY: as in `lock`.
    unsafe { unlock_slow(mutex) }
}

/// Unlock a mutex from within another hook.
///
/// # Safety
/// `mutex` is a valid mutex.
#[inline(always)]
pub unsafe fn unlock_inside(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if m.is_normal() {
        if !m.release(sys::one_os_thread()) {
            m.wake_next();
        }
        return 0;
    }
    // SAFETY: as in `lock`.
    unsafe { unlock_slow(mutex) }
}

unsafe fn unlock_slow(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: as in `lock`.
    let m = unsafe { &*mutex.cast::<Mutex>() };
    if m.is_libcs() {
        if robust_shared::is_ours(m) {
            return robust_shared::unlock(m);
        }
        // SAFETY: the program's own call.
        return unsafe { real::pthread_mutex_unlock(mutex) };
    }
    if m.is_robust() {
        return robust::unlock(m);
    }
    let refused = may_unlock(m);
    if refused != 0 {
        return refused;
    }
    if !m.leave_level() {
        m.clear_owner(0);
        m.release_word();
    }
    0
}

/// libc locks the mutex to change its ceiling, and there is no form that only
/// tries.
unsafe fn set_ceiling(mutex: *mut pthread_mutex_t, ceiling: c_int, old: *mut c_int) -> c_int {
    // SAFETY: the program's own call.
    let call = || unsafe { real::pthread_mutex_setprioceiling(mutex, ceiling, old) };
    match doorway::enter(crate::table::Group::Thread) {
        Some(shim) => shim.section("pthread_mutex_setprioceiling", Section::Waits, call),
        None => call(),
    }
}

/// EPERM for a checked mutex that the caller does not hold.
pub(super) fn may_unlock(m: &Mutex) -> c_int {
    let kind = m.kind.load(Ordering::Relaxed);
    let checked = matches!(kind & TYPE, RECURSIVE | ERRORCHECK) || kind & ROBUST != 0;
    if checked && (!m.held_by_caller() || m.lock.load(Ordering::Relaxed) == 0) {
        return libc::EPERM;
    }
    0
}
