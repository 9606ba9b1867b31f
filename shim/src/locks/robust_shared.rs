//! Robust mutexes that processes share: what happens when their holder, a thread
//! or a whole process, ends.
//!
//! The lock's word is the kernel's (futex(2), "Robust futexes"): the holder's
//! thread id, FUTEX_WAITERS, FUTEX_OWNER_DIED. Every OS thread has told the kernel
//! where its list of held robust mutexes is (set_robust_list(2)). When it ends, the
//! kernel walks the list and releases, with FUTEX_OWNER_DIED, every mutex whose word
//! has that OS thread's id.
//!
//! The kernel knows no greenlet, neither its id nor its list. So to other processes
//! all greenlets of a process are one holder, the *guardian*: the process's first OS
//! thread, which lives as long as the process (a hub's root never leaves it). The
//! word has the guardian's id, and the mutex is in the guardian's list, which
//! glibc has registered and which has glibc's form, since the first thread uses it for
//! itself before there is a second one. If the process dies, however it does,
//! the kernel finds all that its greenlets held. Which of them holds a mutex is
//! said in the owner field, which the kernel does not look at: its own id. When a
//! greenlet ends, its mutexes are released here as the kernel would.
//!
//! Waiting is futex(2)'s FUTEX_WAIT on the word in a blocking section: whoever
//! unlocks wakes it, native process or not.
//!
//! The list is touched by the hub's holder only. (The first thread's own libc
//! calls reach it only while there is no hub.)
//!
//! Limits, all of a process that is killed:
//! - The kernel walks the first 2,048 mutexes of a list (ROBUST_LIST_LIMIT): what
//!   all greenlets of the process hold together.
//! - A waiter that is killed after it was woken, before it could take the mutex,
//!   must not take the wake-up with it: the kernel passes it on if the OS thread's
//!   list says that it is about to take this mutex ([`Intent`]). The first thread
//!   itself cannot say so, since the guardian's list says what others take: its
//!   wake-up is lost then, and other processes' waiters wait for the next unlock.
//! - With priority inheritance the kernel itself looks for the holder; those
//!   mutexes are libc's, and while a process lives the end of a greenlet that holds one is
//!   seen ([`registered_list`](super::registered_list)), but not when it is killed.

use super::attempt;
use super::mutex::{Mutex, INHERIT_OR_CEILING, ROBUST, SHARED};
use super::robust::{self, FUTEX_ID as ID, FUTEX_OWNER_DIED as OWNER_DIED};
use super::robust::{FUTEX_WAITERS as WAITERS, INCONSISTENT, LOST};
use super::robust_list::{Guardian, Intent};
use crate::doorway;
use core::ffi::c_int;
use core::sync::atomic::Ordering;
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::tls;
use libc::{clockid_t, timespec};

/// Whether the mutex is held and released here when the caller is a greenlet.
pub fn is_ours(m: &Mutex) -> bool {
    m.kind() & (ROBUST | SHARED | INHERIT_OR_CEILING) == ROBUST | SHARED
        && Greenlet::current().is_some()
        && Guardian::find().is_some()
}

/// Whether the calling greenlet is the one that holds it.
fn is_callers(g: &Guardian, m: &Mutex) -> bool {
    if m.lock.load(Ordering::Relaxed) & ID != g.id {
        return false;
    }
    // (The first thread may have locked it by libc's own function, before there was a second.)
    robust::holds(m) || tls::tid() == g.id && !robust::held_by_other(m)
}

/// Take it if nobody has it: `Ok` is the answer to the program, `Err` the
/// word. `waiters`: FUTEX_WAITERS if others may wait with the caller.
fn take(g: &Guardian, m: &Mutex, waiters: u32) -> Result<c_int, u32> {
    g.announce(Some(m));
    let mut word = m.lock.load(Ordering::Relaxed);
    let taken = loop {
        if word != 0 && word & OWNER_DIED == 0 {
            break Err(word);
        }
        let new = g.id | waiters | word & WAITERS;
        match m.lock.compare_exchange(word, new, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => break Ok(word & OWNER_DIED != 0),
            Err(now) => word = now,
        }
    };
    let answer = taken.map(|died| {
        if !died && m.owner.load(Ordering::Relaxed) == LOST {
            release_word(m, 0);
            return libc::ENOTRECOVERABLE;
        }
        g.enlist(m);
        robust::hold(m);
        m.taken_by(if died { INCONSISTENT } else { tls::tid() }, died);
        if died {
            libc::EOWNERDEAD
        } else {
            0
        }
    });
    g.announce(None);
    answer
}

/// Store `free` in the word, and wake one who waits for it, in any process.
fn release_word(m: &Mutex, free: u32) {
    let mut word = m.lock.load(Ordering::Relaxed);
    // FUTEX_WAITERS stays in a mutex whose holder died, as the kernel has it.
    while let Err(now) = m.lock.compare_exchange(
        word,
        if free == 0 { 0 } else { free | word & WAITERS },
        Ordering::Release,
        Ordering::Relaxed,
    ) {
        word = now;
    }
    if word & WAITERS != 0 {
        // SAFETY: the kernel only compares the address.
        unsafe {
            let _ = hub::syscall!(libc::SYS_futex, m.lock.as_ptr(), libc::FUTEX_WAKE, 1);
        }
    }
}

/// pthread_mutex_lock(3), until the given time (null: for ever).
///
/// # Safety
/// `until` is null or the program's object.
pub unsafe fn lock(m: &Mutex, clock: clockid_t, until: *const timespec) -> c_int {
    let Some(g) = Guardian::find() else { return libc::EINVAL };
    let shim = doorway::enter_any();
    if is_callers(&g, m) {
        if let Some(answer) = m.relock_held(false) {
            return answer;
        }
    }
    let mut waiters = 0;
    let mut yielded = false;
    let mut intent = Intent::NONE;
    loop {
        let taken = take(&g, m, waiters);
        intent.done(m);
        let word = match taken {
            Ok(answer) => return answer,
            Err(word) => word,
        };
        // SAFETY: by the contract.
        match unsafe { until.as_ref() } {
            Some(at) if !(0..1_000_000_000).contains(&at.tv_nsec) => return libc::EINVAL,
            // The kernel would refuse it.
            Some(at) if at.tv_sec < 0 => return libc::ETIMEDOUT,
            _ => {}
        }
        if let (false, Some(shim)) = (yielded, &shim) {
            yielded = true;
            scheduler::yield_now(shim.greenlet);
            continue;
        }
        let awaited = word | WAITERS;
        if m.lock.compare_exchange(word, awaited, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            continue;
        }
        waiters = WAITERS;
        let realtime = if clock == libc::CLOCK_REALTIME { libc::FUTEX_CLOCK_REALTIME } else { 0 };
        let operation = libc::FUTEX_WAIT_BITSET | realtime;
        let sleep = || {
            let mut intent = Intent::state(&g, m);
            let address = m.lock.as_ptr();
            // SAFETY: the word is the program's; the kernel reads the time.
            let slept = unsafe {
                hub::syscall!(libc::SYS_futex, address, operation, awaited, until, 0, u32::MAX)
            };
            if slept == Err(libc::ETIMEDOUT) {
                intent.done(m);
            }
            (slept, intent)
        };
        let slept = match &shim {
            Some(shim) => {
                shim.section_on_lock("process-shared mutex", m.lock.as_ptr() as usize, sleep)
            }
            None => sleep(),
        };
        intent = slept.1;
        if slept.0 == Err(libc::ETIMEDOUT) {
            return libc::ETIMEDOUT;
        }
    }
}

/// pthread_mutex_trylock(3).
pub fn try_lock(m: &Mutex) -> c_int {
    let Some(g) = Guardian::find() else { return libc::EINVAL };
    let _shim = doorway::enter_any();
    if is_callers(&g, m) {
        if let Some(answer) = m.relock_held(true) {
            return answer;
        }
    }
    take(&g, m, 0).unwrap_or_else(|_| {
        attempt::failed();
        libc::EBUSY
    })
}

/// pthread_mutex_unlock(3).
pub fn unlock(m: &Mutex) -> c_int {
    let Some(g) = Guardian::find() else { return libc::EINVAL };
    let _shim = doorway::enter_any();
    if !is_callers(&g, m) || robust::is_made_consistent_by_other(m) {
        return libc::EPERM;
    }
    // Unlocked without having been made consistent: lost for good.
    let inconsistent = m.owner.load(Ordering::Relaxed) == INCONSISTENT;
    if m.leave_level() {
        return if inconsistent { libc::ENOTRECOVERABLE } else { 0 };
    }
    robust::let_go(m);
    give_up(&g, m, if inconsistent { LOST } else { 0 }, 0);
    0
}

fn give_up(g: &Guardian, m: &Mutex, owner: u32, free: u32) {
    g.announce(Some(m));
    g.delist(m);
    m.left_to(owner, free == OWNER_DIED);
    release_word(m, free);
    g.announce(None);
}

/// The calling greenlet, which held the mutex, has ended: what the kernel does at
/// the end of an OS thread.
pub fn holder_ended(m: &Mutex) {
    if let Some(g) = Guardian::find() {
        // In the child of a fork it is the parent's.
        if m.lock.load(Ordering::Relaxed) & ID == g.id {
            let owner = m.owner.load(Ordering::Relaxed);
            give_up(&g, m, owner, OWNER_DIED);
        }
    }
}
