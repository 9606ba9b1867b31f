//! Mutexes with a priority ceiling (PTHREAD_PRIO_PROTECT).
//!
//! The word is glibc's, since libc's own functions make and read it, and an OS thread or a
//! process without us may have the mutex as well: the ceiling in the upper bits, below it 0
//! (free), 1 (held) or 2 (held, and others may wait). Who may lock it is said by
//! [`lent_priority`]. One that is private is waited for in the parking lot, one that processes
//! share in the kernel, in a blocking section.

use super::Mutex;
use crate::doorway;
use crate::locks::{attempt, deadline};
use crate::thread::lent_priority;
use core::ffi::c_int;
use core::sync::atomic::Ordering;
use hub::hub as scheduler;
use hub::parking_lot::{self, Parked};
use hub::sys;
use hub::wait::Wake;
use libc::{clockid_t, timespec};

/// PTHREAD_MUTEX_PRIO_CEILING_SHIFT
const SHIFT: u32 = 19;
const CEILING: u32 = !0 << SHIFT;
const FREE: u32 = 0;
const HELD: u32 = 1;
const AWAITED: u32 = 2;

fn of(word: u32) -> c_int {
    (word >> SHIFT) as c_int
}

/// How long a lock may wait.
#[derive(Clone, Copy)]
pub(super) struct Until {
    /// The clock of `at`.
    pub clock: clockid_t,
    /// Null: for ever.
    pub at: *const timespec,
}

/// What a caller that holds it gets; `None`: it does not, or its type does not say.
fn relock(m: &Mutex) -> Option<c_int> {
    if !m.held_by_caller() {
        return None;
    }
    // A trylock is told, too.
    if m.is_errorcheck() {
        return Some(libc::EDEADLK);
    }
    m.relock_held(false)
}

/// pthread_mutex_lock(3) and its timed forms.
///
/// # Safety
/// `until` has the program's own argument.
pub(super) unsafe fn lock(m: &Mutex, until: Until) -> c_int {
    if let Some(answer) = relock(m) {
        return answer;
    }
    crate::locks::take_turns();
    let mut lent = None;
    loop {
        let free = m.lock.load(Ordering::Relaxed) & CEILING;
        let refused = lend(&mut lent, of(free));
        if refused != 0 {
            return refused;
        }
        // SAFETY: by the contract.
        match unsafe { take(m, free, Some(until)) } {
            Ok(true) => return m.obtained(),
            // Its ceiling is another by now.
            Ok(false) => {}
            Err(e) => {
                lent_priority::change(lent, None);
                return e;
            }
        }
    }
}

/// pthread_mutex_trylock(3).
pub(super) fn try_lock(m: &Mutex) -> c_int {
    if let Some(answer) = relock(m) {
        return answer;
    }
    let mut lent = None;
    loop {
        let free = m.lock.load(Ordering::Relaxed) & CEILING;
        let refused = lend(&mut lent, of(free));
        if refused != 0 {
            return refused;
        }
        match m.lock.compare_exchange(free, free | HELD, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => return m.obtained(),
            Err(now) if now & CEILING != free => {}
            Err(_) => {
                lent_priority::change(lent, None);
                attempt::failed();
                return libc::EBUSY;
            }
        }
    }
}

/// Let the caller have this ceiling, and not the one that it had at its last attempt.
fn lend(lent: &mut Option<c_int>, ceiling: c_int) -> c_int {
    if lent_priority::own().is_some_and(|own| own > ceiling) {
        if lent.is_some() {
            lent_priority::change(*lent, None);
        }
        return libc::EINVAL;
    }
    let before = lent.replace(ceiling);
    lent_priority::change(before, Some(ceiling))
}

/// Take the word while its ceiling is that of `free`. False: it has another. `until` `None`: for
/// ever.
unsafe fn take(m: &Mutex, free: u32, until: Option<Until>) -> Result<bool, c_int> {
    let exchange =
        |from, to| m.lock.compare_exchange(from, to, Ordering::Acquire, Ordering::Relaxed);
    if exchange(free, free | HELD).is_ok() {
        return Ok(true);
    }
    // Often the holder only has to have its turn.
    if let Some(shim) = doorway::enter_any() {
        scheduler::yield_now(shim.greenlet);
    }
    loop {
        // Who comes after a wait cannot know whether others wait.
        match exchange(free, free | AWAITED) {
            Ok(_) => return Ok(true),
            Err(now) if now & CEILING != free => return Ok(false),
            Err(now) if now == free | HELD => {
                if exchange(now, free | AWAITED).is_err() {
                    continue;
                }
            }
            Err(_) => {}
        }
        // SAFETY: by the caller's contract.
        unsafe { wait(m, free | AWAITED, until)? };
    }
}

/// Wait while the word is `awaited`, or less.
unsafe fn wait(m: &Mutex, awaited: u32, until: Option<Until>) -> Result<(), c_int> {
    let (clock, at) = until.map_or((libc::CLOCK_REALTIME, core::ptr::null()), |u| (u.clock, u.at));
    // SAFETY: by the caller's contract.
    let end = unsafe { deadline(clock, at)? };
    if attempt::is_one(end) {
        attempt::failed();
        return Err(libc::ETIMEDOUT);
    }
    let address = m.lock.as_ptr();
    if !m.is_shared() {
        let unchanged = || m.lock.load(Ordering::SeqCst) == awaited;
        let _shim = doorway::enter_any();
        hub::control::lock_cycles::note();
        return match parking_lot::park(address as usize, 0, m.reason(), end, unchanged, || ()) {
            Parked::Ended(Wake::TimedOut) => Err(libc::ETIMEDOUT),
            _ => Ok(()),
        };
    }
    let realtime = if clock == libc::CLOCK_REALTIME { libc::FUTEX_CLOCK_REALTIME } else { 0 };
    let operation = libc::FUTEX_WAIT_BITSET | realtime;
    // SAFETY: the word is the program's; the kernel reads the time.
    let sleep =
        || unsafe { hub::syscall!(libc::SYS_futex, address, operation, awaited, at, 0, u32::MAX) };
    let slept = match doorway::enter_any() {
        Some(shim) => shim.section_on_lock("process-shared mutex", address as usize, sleep),
        None => sleep(),
    };
    match slept {
        Err(libc::ETIMEDOUT) => Err(libc::ETIMEDOUT),
        _ => Ok(()),
    }
}

/// Wake one, or all, who wait for the word.
fn wake(m: &Mutex, all: bool) {
    let address = m.lock.as_ptr();
    if !m.is_shared() {
        let _shim = doorway::enter_any();
        let count = if all { usize::MAX } else { 1 };
        let woken = parking_lot::unpark(address as usize, count, |_| true, |_| ());
        if woken == count || sys::one_os_thread() {
            return;
        }
    }
    let private = if m.is_shared() { 0 } else { libc::FUTEX_PRIVATE_FLAG };
    let count = if all { c_int::MAX } else { 1 };
    // SAFETY: the kernel only compares the address.
    unsafe {
        let _ = hub::syscall!(libc::SYS_futex, address, libc::FUTEX_WAKE | private, count);
    }
}

/// pthread_mutex_unlock(3).
pub(super) fn unlock(m: &Mutex) -> c_int {
    let refused = super::may_unlock(m);
    if refused != 0 {
        return refused;
    }
    if m.leave_level() {
        return 0;
    }
    m.clear_owner(0);
    let held = m.lock.fetch_and(CEILING, Ordering::Release);
    if held & !CEILING > HELD {
        wake(m, false);
    }
    lent_priority::change(Some(of(held)), None)
}

/// pthread_mutex_setprioceiling(3): locks the mutex, whatever the caller's priority.
pub(super) fn set(m: &Mutex, ceiling: c_int, old: Option<&mut c_int>) -> c_int {
    if !lent_priority::PRIORITIES.contains(&ceiling) {
        return libc::EINVAL;
    }
    let mut own = false;
    if m.held_by_caller() {
        if m.is_errorcheck() {
            return libc::EDEADLK;
        }
        own = m.is_recursive();
    }
    let mut free = m.lock.load(Ordering::Relaxed) & CEILING;
    // SAFETY: for ever.
    while !own && unsafe { take(m, free, None) } != Ok(true) {
        free = m.lock.load(Ordering::Relaxed) & CEILING;
    }
    if own {
        let refused = lent_priority::change(Some(of(free)), Some(ceiling));
        if refused != 0 {
            return refused;
        }
    }
    if let Some(old) = old {
        *old = of(free);
    }
    let held = if own { m.lock.load(Ordering::Relaxed) & !CEILING } else { FREE };
    m.lock.store(held | (ceiling as u32) << SHIFT, Ordering::SeqCst);
    // Those who wait look what the ceiling is now.
    wake(m, true);
    0
}
