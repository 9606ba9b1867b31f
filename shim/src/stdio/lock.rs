//! The lock of a stream, waited for without stopping the others.
//!
//! It is glibc's own, inside the `FILE`: recursive, and owned by a thread
//! pointer, of which every greenlet has its own. So calls that libc makes inside
//! of libc, OS threads that are no greenlets, and our hooks all exclude each
//! other. A hook that finds it taken waits in the parking lot under the stream's
//! address; our own releases wake one such waiter. Where libc itself releases
//! it (a call that passed straight through and took long), nobody is woken:
//! waiters look again by themselves.
//!
//! With one carrier, a waiter runs only when the holder parks, and a thread that
//! reads or writes one line after the other parks with the lock. So a release
//! that wakes a waiter gives up its turn: the lock is free when the waiter runs.
//!
//! Waiting for a stream's lock is no cancellation point, and no signal ends it.

use super::file::File;
use crate::doorway::{self, Shim};
use crate::table::Group;
use core::cell::Cell;
use core::ffi::c_int;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use hub::hub as scheduler;
use hub::parking_lot::{self, Parked};
use hub::time::{self as clock, MILLISECOND};
use hub::wait::{Reason, Wake};
use libc::FILE;

crate::hooks! {
    Sys "lock" fn flockfile(stream: *mut FILE) = flockfile_, also [_IO_flockfile];
    Sys "never" fn ftrylockfile(stream: *mut FILE) -> c_int = ftrylockfile_, also [_IO_ftrylockfile];
    Sys "never" fn funlockfile(stream: *mut FILE) = funlockfile_, also [_IO_funlockfile];
}

/// `__fsetlocking(3)`: the program does the locking.
const USER_LOCK: c_int = 0x8000;
/// In `flags2`: single characters are locked, too. glibc sets it at its first
/// `pthread_create`.
const NEED_LOCK: c_int = 0x80;

/// The stream's lock: glibc's recursive lock, owned by a thread pointer.
#[repr(C)]
pub struct Lock {
    word: Cell<c_int>,
    count: Cell<c_int>,
    owner: AtomicPtr<u8>,
}

impl Lock {
    #[inline(always)]
    fn is_free_for_me(&self) -> bool {
        let owner = self.owner.load(Ordering::Relaxed);
        // SAFETY: no arguments.
        owner.is_null() || owner as usize == unsafe { libc::pthread_self() } as usize
    }
}

impl File {
    /// Nobody but the calling thread holds the lock, and libc takes it for
    /// single characters, too.
    #[inline(always)]
    pub fn is_quiet(&self) -> bool {
        if self.flags2.get() & NEED_LOCK == 0 {
            return false;
        }
        // SAFETY: a stream's lock lives as long as the stream.
        let Some(lock) = (unsafe { self.lock.get().as_ref() }) else {
            return true;
        };
        lock.is_free_for_me() || self.has(USER_LOCK)
    }

    /// Whether calls take the lock at all.
    pub fn is_locked_by_calls(&self) -> bool {
        !self.has(USER_LOCK) && !self.lock.get().is_null()
    }

    /// Whether another thread holds the lock now.
    pub fn is_held_by_another(&self) -> bool {
        // SAFETY: as above.
        unsafe { self.lock.get().as_ref() }.is_some_and(|lock| !lock.is_free_for_me())
    }

    /// Whether the calling thread holds the lock.
    pub fn is_mine(&self) -> bool {
        // SAFETY: as above; no arguments.
        let (lock, me) = unsafe { (self.lock.get().as_ref(), libc::pthread_self()) };
        lock.is_some_and(|lock| lock.owner.load(Ordering::Relaxed) as usize == me as usize)
    }

    /// From here on there is more than one thread: what glibc does to every
    /// stream at its own first `pthread_create`.
    pub fn need_lock(&self) {
        self.flags2.set(self.flags2.get() | NEED_LOCK);
    }

    /// In the child of a fork: whoever held the lock is gone.
    pub fn reset_lock(&self) {
        // SAFETY: as above; the child has one thread.
        if let Some(lock) = unsafe { self.lock.get().as_ref() } {
            lock.count.set(0);
            lock.owner.store(core::ptr::null_mut(), Ordering::Relaxed);
            lock.word.set(0);
        }
    }
}

/// How soon a waiter looks whether libc has released the lock, at first and at
/// last.
const FIRST_LOOK: u64 = 2 * MILLISECOND;
const LAST_LOOK: u64 = 32 * MILLISECOND;

/// Greenlets that wait for any stream's lock.
static WAITERS: AtomicUsize = AtomicUsize::new(0);

/// Take the lock of `file`, waiting if another thread has it.
pub fn take(shim: &Shim, file: &File) {
    file.need_lock();
    // SAFETY: an open stream, here and below.
    if unsafe { real::ftrylockfile(file.stream()) } != 0 {
        wait(shim, file);
    }
}

#[cold]
fn wait(_shim: &Shim, file: &File) {
    let key = file.stream() as usize;
    let mut look = FIRST_LOOK;
    WAITERS.fetch_add(1, Ordering::Relaxed);
    loop {
        // SAFETY: as above.
        let taken = || unsafe { real::ftrylockfile(file.stream()) } != 0;
        let until = clock::after(look);
        match parking_lot::park(key, 0, Reason::Mutex(key, 0), until, taken, || ()) {
            Parked::Invalid => break,
            Parked::Ended(Wake::TimedOut) => look = (look * 2).min(LAST_LOOK),
            Parked::Ended(Wake::Notified | Wake::Interrupted) => {}
        }
    }
    WAITERS.fetch_sub(1, Ordering::Relaxed);
}

/// Release the lock of `file`, once.
pub fn release(shim: &Shim, file: &File) {
    // SAFETY: an open stream whose lock the caller has.
    unsafe { real::funlockfile(file.stream()) };
    if WAITERS.load(Ordering::Relaxed) != 0 {
        wake(shim, file);
    }
}

#[cold]
fn wake(shim: &Shim, file: &File) {
    // It can be taken more than once.
    if file.is_mine() {
        return;
    }
    if parking_lot::unpark_one(file.stream() as usize) {
        scheduler::yield_now(shim.greenlet);
    }
}

/// In the child of a fork: nobody waits.
pub fn after_fork() {
    WAITERS.store(0, Ordering::Relaxed);
}

unsafe fn flockfile_(stream: *mut FILE) {
    // SAFETY: the program's open stream.
    unsafe {
        if scheduler::active() && !File::of(stream).is_quiet() {
            if let Some(shim) = doorway::enter(Group::Sys) {
                return take(&shim, File::of(stream));
            }
        }
        real::flockfile(stream)
    }
}

unsafe fn ftrylockfile_(stream: *mut FILE) -> c_int {
    // SAFETY: the program's open stream. What is done under this lock is done
    // by single characters, too.
    unsafe {
        if scheduler::active() {
            File::of(stream).need_lock();
        }
        real::ftrylockfile(stream)
    }
}

unsafe fn funlockfile_(stream: *mut FILE) {
    // SAFETY: the program's open stream, whose lock it has.
    unsafe {
        if WAITERS.load(Ordering::Relaxed) != 0 {
            if let Some(shim) = doorway::enter(Group::Sys) {
                return release(&shim, File::of(stream));
            }
        }
        real::funlockfile(stream)
    }
}
