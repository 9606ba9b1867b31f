//! The pool: the carriers that do not hold the hub, and how many there are.

use super::{Carrier, STACK};
use crate::hub::standing;
use crate::raw_lock::RawLock;
use crate::unit;
use crate::{sys, tls};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Carriers at most, whatever waits: near the kernel's default limits, a
/// thread's creation fails anyhow.
const MOST: u32 = 30_000;

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

/// Carriers whose greenlets queue for the hub.
static QUEUEING: AtomicU32 = AtomicU32::new(0);

/// How many carriers wait to be given the hub back: they compute nothing.
pub(in crate::hub) fn queueing() -> u32 {
    QUEUEING.load(Ordering::Relaxed)
}

/// The caller's carrier is one of them while `wait` runs.
pub(in crate::hub) fn queue_for_hub(wait: impl FnOnce()) {
    QUEUEING.fetch_add(1, Ordering::Relaxed);
    wait();
    QUEUEING.fetch_sub(1, Ordering::Relaxed);
}

/// One greenlet more runs without the hub. Before the hub moves.
pub(in crate::hub) fn begin_away() {
    let mut pool = POOL.lock();
    pool.away += 1;
    pool.tell();
}

/// One greenlet has the hub again, and calls this.
pub(in crate::hub) fn end_away() {
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

/// libc counts one less of these, or soon will.
pub(in crate::hub) fn uncount_thread() {
    let mut pool = POOL.lock();
    pool.counted -= 1;
    pool.tell();
}

/// A second greenlet is made. With the hub.
#[inline(always)]
pub(in crate::hub) fn several() {
    if !SEVERAL.load(Ordering::Relaxed) {
        tell_several(true);
    }
}

/// The caller is the only greenlet: said now and then, not at each thread's end.
pub(in crate::hub) fn one_only() {
    if SEVERAL.load(Ordering::Relaxed) {
        tell_several(false);
    }
}

#[cold]
fn tell_several(several: bool) {
    SEVERAL.store(several, Ordering::Relaxed);
    POOL.lock().tell();
}

impl Pool {
    /// Take the first idle carrier that is `wanted`.
    fn take(&mut self, wanted: impl Fn(&Carrier) -> bool) -> Option<&'static Carrier> {
        let mut link = &raw mut self.idle;
        // SAFETY: carriers live for ever; the list changes under the lock.
        while let Some(c) = unsafe { (*link).as_ref() } {
            if wanted(c) {
                // SAFETY: points into the pool or a carrier.
                unsafe { *link = c.next.get() };
                return Some(c);
            }
            link = c.next.as_ptr();
        }
        None
    }

    /// Whether any idle carrier is `wanted`.
    fn has(&self, wanted: impl Fn(&Carrier) -> bool) -> bool {
        let mut at = self.idle;
        // SAFETY: carriers live for ever; the list changes under the lock.
        while let Some(c) = unsafe { at.as_ref() } {
            if wanted(c) {
                return true;
            }
            at = c.next.get();
        }
        false
    }
}

/// An idle carrier of this standing. It waits for the hub.
pub(in crate::hub) fn take_of(standing: u32) -> Option<&'static Carrier> {
    POOL.lock().take(|c| c.standing() == standing)
}

/// An idle carrier whose OS thread can wait for everybody: of the first standing, or else
/// any that is not restricted.
pub(in crate::hub) fn take_unrestricted() -> Option<&'static Carrier> {
    let mut pool = POOL.lock();
    pool.take(|c| c.standing() == standing::BASE && !c.is_restricted())
        .or_else(|| pool.take(|c| !c.is_restricted()))
}

/// The first carrier, if it is idle and of this standing.
pub(in crate::hub) fn take_first(standing: u32) -> Option<&'static Carrier> {
    POOL.lock().take(|c| c.is_first() && c.standing() == standing)
}

/// An idle carrier that can have the hub of one whose greenlet goes away and is of this
/// standing: it can run those who stay behind.
pub(in crate::hub) fn take_idle(standing: u32) -> Option<&'static Carrier> {
    let mut pool = POOL.lock();
    if standing::is_sole(standing) {
        // Nobody stays behind.
        return pool.take(|c| c.standing() == standing::BASE).or_else(|| pool.take(|_| true));
    }
    pool.take(|c| c.standing() == standing)
}

/// Whether [`take_idle`] would find one at this moment.
pub(in crate::hub) fn any_heir(standing: u32) -> bool {
    let sole = standing::is_sole(standing);
    POOL.lock().has(|c| sole || c.standing() == standing)
}

/// Whether an idle carrier of this standing is there at this moment.
pub(in crate::hub) fn any_idle(standing: u32) -> bool {
    POOL.lock().has(|c| c.standing() == standing)
}

/// [`take_idle`], or a new carrier while there are fewer than `ceiling`. It waits
/// for the hub. The caller's OS thread is of this standing.
pub(in crate::hub) fn take(standing: u32, ceiling: u32) -> Option<&'static Carrier> {
    take_idle(standing).or_else(|| make_one(standing, ceiling))
}

/// A new carrier, if there are fewer than `ceiling` of this standing, which is that of the
/// caller's OS thread. It waits for the hub. Allocates from the program's malloc.
pub(in crate::hub) fn make_one(standing: u32, ceiling: u32) -> Option<&'static Carrier> {
    let mut pool = POOL.lock();
    if pool.alive >= MOST || standing::carriers(standing) >= ceiling {
        return None;
    }
    // SAFETY: carriers live for ever.
    let ended = unsafe { pool.ended.as_ref() };
    if let Some(c) = ended {
        pool.ended = c.next.get();
    }
    pool.alive += 1;
    standing::carrier_came(standing);
    drop(pool);
    let c = match ended {
        Some(c) => {
            join(c);
            Some(c)
        }
        None => unit::map_stack(STACK + tls::block_size()).ok().map(Carrier::make),
    };
    if let Some(c) = c {
        c.standing.store(standing, Ordering::Relaxed);
        c.restricted.store(standing::is_restricted(standing), Ordering::Relaxed);
    }
    let started = c.is_some_and(Carrier::start);
    let mut pool = POOL.lock();
    if started {
        pool.counted += 1;
        pool.tell();
        return c;
    }
    pool.alive -= 1;
    standing::carrier_went(standing);
    None
}

/// Wait until the OS thread of `c` is gone, if nobody has. It is told to end, or at its end.
fn join(c: &Carrier) {
    let thread = c.thread.replace(0);
    if thread != 0 {
        // SAFETY: it is joined here only.
        unsafe { libc::pthread_join(thread, ptr::null_mut()) };
    }
}

/// End the idle carriers whose standing nobody has, and wait until their OS threads are gone.
/// With the hub, which may move meanwhile, and comes back.
pub(in crate::hub) fn end_left() {
    let idle = |c: &Carrier| {
        standing::is_left(c.standing())
            && !c.permanent.get()
            && !c.is_parent.load(Ordering::Relaxed)
    };
    loop {
        let mut pool = POOL.lock();
        let Some(c) = pool.take(idle) else { return };
        pool.alive -= 1;
        pool.counted -= 1;
        standing::carrier_went(c.standing());
        pool.tell();
        drop(pool);
        c.to_end.store(true, Ordering::Relaxed);
        c.turn.give();
        crate::hub::as_program(|| join(c));
        let mut pool = POOL.lock();
        c.next.set(pool.ended);
        pool.ended = c;
    }
}

/// `c`, which is not idle, has another standing from here on. With the hub.
pub(in crate::hub) fn change_standing(c: &'static Carrier, standing: u32) {
    let _pool = POOL.lock();
    standing::carrier_went(c.standing.swap(standing, Ordering::Relaxed));
    standing::carrier_came(standing);
}

/// A carrier that was taken and not given the hub goes back; so does the holder
/// just before it gives the hub away.
pub(in crate::hub) fn rest(c: &'static Carrier) {
    let mut pool = POOL.lock();
    c.next.set(pool.idle);
    pool.idle = c;
}

/// Let `this`, the caller's carrier, leave the pool for good, unless somebody has just
/// taken it. It stays as well if no other one may be there for greenlets of its
/// standing, or if it has made a child.
pub(super) fn retire(this: &'static Carrier) -> bool {
    let mut pool = POOL.lock();
    let standing = this.standing();
    let other = |c: &Carrier| !ptr::eq(c, this) && c.standing() == standing;
    if this.is_parent.load(Ordering::Relaxed) {
        return false;
    }
    if standing::ever_changed() && !standing::is_left(standing) && !pool.has(other) {
        return false;
    }
    if pool.take(|c| ptr::eq(c, this)).is_none() {
        return false;
    }
    this.next.set(pool.ended);
    pool.ended = this;
    pool.alive -= 1;
    pool.counted -= 1;
    standing::carrier_went(standing);
    pool.tell();
    true
}

/// The first carrier is there.
pub(super) fn adopted() {
    POOL.lock().alive += 1;
    standing::carrier_came(standing::BASE);
}

/// List a carrier among all, and publish it.
pub(super) fn list(c: &'static Carrier, publish: impl FnOnce(&'static Carrier)) {
    let mut pool = POOL.lock();
    c.all_next.set(pool.all);
    pool.all = c;
    publish(c);
}

/// In the child of a fork: whoever held the lock is not there.
pub(super) fn reset_lock() {
    POOL.reset();
}

/// In the child of a fork: the calling OS thread is the only one.
pub(super) fn only_one() {
    let mut pool = POOL.lock();
    // The others' memory is lost: libc cannot join what does not exist.
    pool.idle = ptr::null();
    pool.ended = ptr::null();
    pool.alive = 1;
    standing::carrier_came(standing::BASE);
    pool.counted = 0;
    pool.away = 0;
    QUEUEING.store(0, Ordering::Relaxed);
    SEVERAL.store(false, Ordering::Relaxed);
    pool.tell();
}
