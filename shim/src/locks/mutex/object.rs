//! A mutex's own bytes, and what each step of locking does to them.
//!
//! `pthread_mutex_t` as glibc lays it out (its static initialisers fix `kind`):
//!
//! ```text
//!   0 lock   the word of `hub::sync::word_lock`
//!   4 count  depth of a recursive mutex
//!   8 owner  the holder's thread id
//!  12 users  1 while held (pthread_mutex_destroy looks)
//!  16 kind   type and flags
//!  20 waiters  how many wait for a condition with it (pthread_mutex_destroy asks); glibc
//!            has an adaptive mutex's spins there
//! ```
//!
//! Nothing here decides whose a mutex is, or calls libc.

use crate::doorway;
use crate::locks::robust;
use core::ffi::c_int;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use hub::sync::word_lock;
use hub::tls;
use hub::wait::Reason;

pub(in crate::locks) const TYPE: i32 = 3;
pub(in crate::locks) const RECURSIVE: i32 = 1;
pub(in crate::locks) const ERRORCHECK: i32 = 2;
pub(in crate::locks) const ROBUST: i32 = 16;
const INHERIT: i32 = 32;
const CEILING: i32 = 64;
pub(in crate::locks) const INHERIT_OR_CEILING: i32 = INHERIT | CEILING;
pub(in crate::locks) const SHARED: i32 = 128;
/// Everything but the two flags about lock elision, which change nothing.
const MATTERS: i32 = 0xff;

/// glibc's object, as far as we use it.
#[repr(C)]
pub struct Mutex {
    pub(in crate::locks) lock: AtomicU32,
    count: AtomicU32,
    pub(in crate::locks) owner: AtomicU32,
    users: AtomicU32,
    pub(super) kind: AtomicI32,
    waiters: AtomicU32,
}

impl Mutex {
    pub(super) fn reason(&self) -> Reason {
        Reason::Mutex(self as *const Self as usize, self.owner.load(Ordering::Relaxed))
    }

    /// Whether the object is libc's business.
    #[inline(always)]
    pub fn is_libcs(&self) -> bool {
        self.kind.load(Ordering::Relaxed) & (SHARED | CEILING) != 0
    }

    /// Whether it has priority inheritance.
    pub(in crate::locks) fn inherits(&self) -> bool {
        self.kind() & INHERIT != 0
    }

    /// Whether it has a priority ceiling. (One that was destroyed has every flag, and libc says
    /// EINVAL.)
    pub(in crate::locks) fn has_ceiling(&self) -> bool {
        let kind = self.kind();
        kind & CEILING != 0 && kind >= 0
    }

    /// Whether other processes may have it.
    pub(super) fn is_shared(&self) -> bool {
        self.kind() & SHARED != 0
    }

    /// Whether it checks its holder's mistakes.
    pub(super) fn is_errorcheck(&self) -> bool {
        self.kind() & TYPE == ERRORCHECK
    }

    /// glibc's type and flags.
    pub(in crate::locks) fn kind(&self) -> i32 {
        self.kind.load(Ordering::Relaxed)
    }

    pub(super) fn is_robust(&self) -> bool {
        self.kind.load(Ordering::Relaxed) & ROBUST != 0
    }

    /// Whether the owner field names the caller.
    #[inline(always)]
    pub(in crate::locks) fn held_by_caller(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == tls::tid()
    }

    #[inline(always)]
    fn taken(&self) {
        self.owner.store(tls::tid(), Ordering::Relaxed);
        self.users.store(1, Ordering::Relaxed);
    }

    /// What a caller that already holds the mutex gets; `None`: go on and wait
    /// (a normal mutex waits for itself, as POSIX has it).
    pub(super) fn relock(&self, trying: bool) -> Option<c_int> {
        if self.is_robust() {
            return robust::held_by_caller(self).then(|| self.relock_held(trying))?;
        }
        if !self.held_by_caller() || self.lock.load(Ordering::Relaxed) == 0 {
            return None;
        }
        self.relock_held(trying)
    }

    /// As [`Mutex::relock`], of a caller that surely holds it.
    pub(in crate::locks) fn relock_held(&self, trying: bool) -> Option<c_int> {
        match self.kind.load(Ordering::Relaxed) & TYPE {
            RECURSIVE => {
                let depth = self.count.load(Ordering::Relaxed);
                if depth == u32::MAX {
                    return Some(libc::EAGAIN);
                }
                self.count.store(depth + 1, Ordering::Relaxed);
                Some(0)
            }
            // glibc tells a robust one and one with priority inheritance in both forms.
            ERRORCHECK if !trying || self.kind() & (ROBUST | INHERIT) != 0 => Some(libc::EDEADLK),
            _ => None,
        }
    }

    /// The lock word was obtained: the rest of taking the mutex.
    pub(super) fn obtained(&self) -> c_int {
        if self.is_recursive() {
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
    pub(super) fn wait(&self, deadline: u64) -> Result<(), c_int> {
        let _shim = doorway::enter_any();
        hub::control::lock_cycles::note();
        word_lock::lock_contended(&self.lock, self.reason(), deadline).map_err(|_| libc::ETIMEDOUT)
    }

    /// A mutex that is counted like glibc's was taken. `again`: who held it before
    /// died, and is still counted.
    pub(in crate::locks) fn taken_by(&self, owner: u32, again: bool) {
        self.count.store(1, Ordering::Relaxed);
        self.owner.store(owner, Ordering::Relaxed);
        if !again {
            self.users.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// It is given up, with this mark as its owner. A dead holder stays counted.
    pub(in crate::locks) fn left_to(&self, owner: u32, dead: bool) {
        self.owner.store(owner, Ordering::Relaxed);
        if !dead {
            self.users.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(in crate::locks) fn set_taken(&self) {
        self.taken();
    }

    /// Whether it counts how often its holder has locked it.
    #[inline]
    pub(in crate::locks) fn is_recursive(&self) -> bool {
        self.kind.load(Ordering::Relaxed) & TYPE == RECURSIVE
    }

    /// The holder is about to wait for a condition with it.
    #[inline(always)]
    pub(in crate::locks) fn lent_to_condition(&self) {
        // The lock orders these; no bus lock.
        self.waiters.store(self.waiters.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// The holder has it back from such a wait.
    #[inline(always)]
    pub(in crate::locks) fn back_from_condition(&self) {
        self.waiters.store(self.waiters.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Relaxed);
    }

    /// Whether a thread that waits for a condition will lock it again.
    pub(super) fn is_lent(&self) -> bool {
        self.waiters.load(Ordering::Relaxed) != 0
    }

    /// Leave one level of a recursive mutex; true if levels remain.
    #[inline]
    pub(in crate::locks) fn leave_level(&self) -> bool {
        if !self.is_recursive() {
            return false;
        }
        let depth = self.count.load(Ordering::Relaxed).wrapping_sub(1);
        self.count.store(depth, Ordering::Relaxed);
        depth != 0
    }

    /// Say that nobody (or `mark`, of [`robust`]) is the owner.
    #[inline(always)]
    pub(in crate::locks) fn clear_owner(&self, mark: u32) {
        self.owner.store(mark, Ordering::Relaxed);
        self.users.store(0, Ordering::Relaxed);
    }

    /// Neither type nor flags to look at.
    #[inline(always)]
    pub(super) fn is_normal(&self) -> bool {
        self.kind.load(Ordering::Relaxed) & MATTERS == 0
    }

    /// Take a normal mutex if it is free. `local` as in [`word_lock::try_lock`].
    #[inline(always)]
    pub(super) fn try_take(&self, local: bool) -> bool {
        let taken = word_lock::try_lock(&self.lock, local);
        if taken {
            self.taken();
        }
        taken
    }

    /// [`Mutex::try_take`] of the only thread that there is ([`hub::sys::alone`]).
    #[inline(always)]
    pub(super) fn try_take_alone(&self) -> bool {
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
    pub(super) fn release(&self, local: bool) -> bool {
        self.clear_owner(0);
        word_lock::try_unlock(&self.lock, local)
    }

    /// Release the word after the owner's fields were cleared.
    #[inline(always)]
    pub(in crate::locks) fn release_word(&self) {
        if !word_lock::try_unlock(&self.lock, false) {
            self.wake_next();
        }
    }

    /// (Apart, so that [`super::unlock`] needs no frame.)
    #[cold]
    #[inline(never)]
    pub(super) fn wake_and_succeed(&self) -> c_int {
        self.wake_next();
        0
    }

    #[cold]
    #[inline(never)]
    pub(super) fn wake_next(&self) {
        let _shim = doorway::enter_any();
        word_lock::unlock_contended(&self.lock);
    }
}

/// EPERM for a checked mutex that the caller does not hold. (The kernel checks those with
/// priority inheritance, of whatever type.)
pub(in crate::locks) fn may_unlock(m: &Mutex) -> c_int {
    let kind = m.kind.load(Ordering::Relaxed);
    let checked = matches!(kind & TYPE, RECURSIVE | ERRORCHECK) || kind & INHERIT != 0;
    if kind & ROBUST != 0 {
        return if robust::held_by_caller(m) { 0 } else { libc::EPERM };
    }
    if checked && (!m.held_by_caller() || m.lock.load(Ordering::Relaxed) == 0) {
        return libc::EPERM;
    }
    0
}
