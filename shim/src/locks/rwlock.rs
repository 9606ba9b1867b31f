//! pthread_rwlock_rdlock(3) and its family.
//!
//! `pthread_rwlock_t` as glibc lays it out; its static initialisers fix
//! `flags`. Our two words are its padding, which libc never writes but zeroes
//! when it initialises.
//!
//! ```text
//!  16, 20  state and writers of `hub::sync::rw_lock`
//!  24      the writer's thread id
//!  28      process-shared
//!  48      kind
//! ```
//! Answers are glibc's: EDEADLK to the writer that asks again, EBUSY, EAGAIN
//! (too many readers), EINVAL (time, clock), ETIMEDOUT.

use super::{attempt, deadline, shared};
use crate::doorway;
use crate::thread::patched;
use core::ffi::c_int;
use core::sync::atomic::{AtomicU32, Ordering};
use hub::sync::rw_lock::{RwLock, WRITER};
use hub::tls;
use libc::{clockid_t, pthread_rwlock_t, timespec};

crate::hooks! {
    Thread "parking lot" fn pthread_rwlock_rdlock(lock: *mut pthread_rwlock_t) -> c_int = read, also [__pthread_rwlock_rdlock], version "GLIBC_2.34";
    Thread "never" fn pthread_rwlock_tryrdlock(lock: *mut pthread_rwlock_t) -> c_int = try_read, also [__pthread_rwlock_tryrdlock], version "GLIBC_2.34";
    Thread "parking lot" fn pthread_rwlock_timedrdlock(lock: *mut pthread_rwlock_t, until: *const timespec) -> c_int = timed_read, version "GLIBC_2.34";
    Thread "parking lot" fn pthread_rwlock_clockrdlock(lock: *mut pthread_rwlock_t, clock: clockid_t, until: *const timespec) -> c_int = clock_read, version "GLIBC_2.34";
    Thread "parking lot" fn pthread_rwlock_wrlock(lock: *mut pthread_rwlock_t) -> c_int = write, also [__pthread_rwlock_wrlock], version "GLIBC_2.34";
    Thread "never" fn pthread_rwlock_trywrlock(lock: *mut pthread_rwlock_t) -> c_int = try_write, also [__pthread_rwlock_trywrlock], version "GLIBC_2.34";
    Thread "parking lot" fn pthread_rwlock_timedwrlock(lock: *mut pthread_rwlock_t, until: *const timespec) -> c_int = timed_write, version "GLIBC_2.34";
    Thread "parking lot" fn pthread_rwlock_clockwrlock(lock: *mut pthread_rwlock_t, clock: clockid_t, until: *const timespec) -> c_int = clock_write, version "GLIBC_2.34";
    Thread "never" fn pthread_rwlock_unlock(lock: *mut pthread_rwlock_t) -> c_int = unlock, also [__pthread_rwlock_unlock], version "GLIBC_2.34";
}

/// glibc's object, as far as we use it.
#[repr(C)]
struct Object {
    _glibc: [u32; 4],
    state: AtomicU32,
    writers: AtomicU32,
    writer: AtomicU32,
    shared: AtomicU32,
    _more: [u64; 2],
    flags: AtomicU32,
}

/// PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP
const PREFER_WRITERS: u32 = 2;

impl Object {
    fn lock(&self) -> RwLock<'_> {
        RwLock {
            told: core::ptr::from_ref(self) as usize,
            state: &self.state,
            writers: &self.writers,
            prefer_writers: self.flags.load(Ordering::Relaxed) == PREFER_WRITERS,
        }
    }

    #[inline(always)]
    fn is_libcs(&self) -> bool {
        // A signed byte in glibc's layout.
        self.shared.load(Ordering::Relaxed) & 0xff != 0
    }

    fn is_writer(&self) -> bool {
        self.state.load(Ordering::Relaxed) & WRITER != 0
            && self.writer.load(Ordering::Relaxed) == tls::tid()
    }
}

/// The id of the thread that has the lock at `at` to itself; 0: none has.
///
/// # Safety
/// A lock is there.
pub unsafe fn writer_of(at: usize) -> u32 {
    // SAFETY: by the caller's contract.
    let object = unsafe { &*(at as *const Object) };
    match object.state.load(Ordering::Relaxed) & WRITER {
        0 => 0,
        _ => object.writer.load(Ordering::Relaxed),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Read,
    Write,
}

/// Lock one side, waiting until the given time (null: for ever).
unsafe fn acquire(
    lock: *mut pthread_rwlock_t,
    side: Side,
    clock: clockid_t,
    until: *const timespec,
) -> c_int {
    // SAFETY: the program's objects, here and below.
    let o = unsafe { &*lock.cast::<Object>() };
    attempt::begins();
    if o.is_libcs() {
        // SAFETY: as above.
        return unsafe { acquire_libcs(lock, side, clock, until) };
    }
    // SAFETY: as above.
    let end = match unsafe { deadline(clock, until) } {
        Ok(end) => end,
        Err(e) => return e,
    };
    if o.is_writer() {
        return libc::EDEADLK;
    }
    if attempt::is_one(end) {
        // SAFETY: as above.
        let answer = unsafe {
            match side {
                Side::Read => try_read(lock),
                Side::Write => try_write(lock),
            }
        };
        return if answer == libc::EBUSY { libc::ETIMEDOUT } else { answer };
    }
    super::take_turns();
    let _shim = doorway::enter_any();
    if o.state.load(Ordering::Relaxed) != 0 {
        // It may have to wait.
        hub::control::lock_cycles::note();
    }
    let result = match side {
        Side::Read => o.lock().read(end),
        Side::Write => o.lock().write(end).map(|()| {
            o.writer.store(tls::tid(), Ordering::Relaxed);
            true
        }),
    };
    match result {
        Ok(true) => 0,
        Ok(false) => libc::EAGAIN,
        Err(_) => libc::ETIMEDOUT,
    }
}

/// A lock that other processes share.
unsafe fn acquire_libcs(
    lock: *mut pthread_rwlock_t,
    side: Side,
    clock: clockid_t,
    until: *const timespec,
) -> c_int {
    // SAFETY: as above, in all forms.
    let call = || unsafe {
        match (side, until.is_null(), clock) {
            (Side::Read, true, _) => real::pthread_rwlock_rdlock(lock),
            (Side::Write, true, _) => real::pthread_rwlock_wrlock(lock),
            (Side::Read, _, libc::CLOCK_REALTIME) => real::pthread_rwlock_timedrdlock(lock, until),
            (Side::Write, _, libc::CLOCK_REALTIME) => real::pthread_rwlock_timedwrlock(lock, until),
            (Side::Read, ..) => real::pthread_rwlock_clockrdlock(lock, clock, until),
            (Side::Write, ..) => real::pthread_rwlock_clockwrlock(lock, clock, until),
        }
    };
    let Some(shim) = doorway::enter(crate::table::Group::Thread) else { return call() };
    // glibc refuses a bad time before it looks at the lock.
    // SAFETY: the program's object.
    if let Err(e) = unsafe { deadline(clock, until) } {
        return e;
    }
    // SAFETY: as above.
    let attempt = || unsafe {
        let answer = match side {
            Side::Read => real::pthread_rwlock_tryrdlock(lock),
            Side::Write => real::pthread_rwlock_trywrlock(lock),
        };
        (answer != libc::EBUSY).then_some(answer)
    };
    shared::wait(&shim, "process-shared read-write lock", lock as usize, attempt, call)
}

macro_rules! passes_unless_patched {
    ($name:ident($lock:ident $(, $arg:ident : $ty:ty)*) => $real:ident, $body:expr) => {
        unsafe fn $name($lock: *mut pthread_rwlock_t $(, $arg: $ty)*) -> c_int {
            // SAFETY: the program's own call and objects.
            unsafe {
                if !patched() {
                    return real::$real($lock $(, $arg)*);
                }
                $body
            }
        }
    };
}

const FOREVER: *const timespec = core::ptr::null();

passes_unless_patched!(read(lock) => pthread_rwlock_rdlock,
    acquire(lock, Side::Read, libc::CLOCK_REALTIME, FOREVER));
passes_unless_patched!(write(lock) => pthread_rwlock_wrlock,
    acquire(lock, Side::Write, libc::CLOCK_REALTIME, FOREVER));
passes_unless_patched!(timed_read(lock, until: *const timespec) => pthread_rwlock_timedrdlock,
    acquire(lock, Side::Read, libc::CLOCK_REALTIME, until));
passes_unless_patched!(timed_write(lock, until: *const timespec) => pthread_rwlock_timedwrlock,
    acquire(lock, Side::Write, libc::CLOCK_REALTIME, until));
passes_unless_patched!(clock_read(lock, clock: clockid_t, until: *const timespec) => pthread_rwlock_clockrdlock,
    acquire(lock, Side::Read, clock, until));
passes_unless_patched!(clock_write(lock, clock: clockid_t, until: *const timespec) => pthread_rwlock_clockwrlock,
    acquire(lock, Side::Write, clock, until));

fn busy() -> c_int {
    attempt::failed();
    libc::EBUSY
}

unsafe fn try_read(lock: *mut pthread_rwlock_t) -> c_int {
    // SAFETY: the program's object.
    let o = unsafe { &*lock.cast::<Object>() };
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_rwlock_tryrdlock(lock) };
    }
    attempt::begins();
    if o.is_libcs() {
        // SAFETY: the program's own call.
        let answer = unsafe { real::pthread_rwlock_tryrdlock(lock) };
        return if answer == libc::EBUSY { busy() } else { answer };
    }
    match o.lock().try_read() {
        Some(true) => 0,
        Some(false) => busy(),
        None => libc::EAGAIN,
    }
}

unsafe fn try_write(lock: *mut pthread_rwlock_t) -> c_int {
    // SAFETY: the program's object.
    let o = unsafe { &*lock.cast::<Object>() };
    if !patched() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_rwlock_trywrlock(lock) };
    }
    attempt::begins();
    if o.is_libcs() {
        // SAFETY: the program's own call.
        let answer = unsafe { real::pthread_rwlock_trywrlock(lock) };
        return if answer == libc::EBUSY { busy() } else { answer };
    }
    if !o.lock().try_write() {
        return busy();
    }
    o.writer.store(tls::tid(), Ordering::Relaxed);
    0
}

unsafe fn unlock(lock: *mut pthread_rwlock_t) -> c_int {
    // SAFETY: the program's object.
    let o = unsafe { &*lock.cast::<Object>() };
    if !patched() || o.is_libcs() {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_rwlock_unlock(lock) };
    }
    let _shim = doorway::enter_any();
    if o.state.load(Ordering::Relaxed) & WRITER != 0 {
        o.writer.store(0, Ordering::Relaxed);
        o.lock().unlock_write();
    } else {
        o.lock().unlock_read();
    }
    0
}
