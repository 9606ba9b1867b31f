//! The parking lot: who waits for which address.
//!
//! Every lock of the program keeps its state in its own bytes; only when
//! somebody must wait does the lock's address become a key here. A waiter is a
//! greenlet, or an OS thread that is none (libc makes some of its own); both
//! sleep and wake by the same calls.
//!
//! # Rules
//!
//! * `validate` and `before_sleep` run under the bucket's lock resp. right
//!   after it; neither may park.
//! * Whoever unlinks a waiter has claimed it and makes it runnable.
//! * A waiter that timed out or was interrupted unlinks itself; until then it
//!   stays linked, and wakers pass over it, so no wake-up is lost on it.

mod bucket;

use crate::greenlet::Greenlet;
use crate::hub;
use crate::sys;
use crate::wait::{Reason, Wake};
use bucket::{bucket, Bucket, Waiter, LOT, SLEEPS, WOKEN};
use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

/// How [`park`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parked {
    /// `validate` said no: nothing was waited for.
    Invalid,
    /// It waited, and this ended it.
    Ended(Wake),
}

/// Wait on `key` until [`unpark`] chooses this waiter, `deadline` comes or the
/// wait is interrupted. `tag` is what [`unpark`]'s filter sees.
///
/// A greenlet must be in our code and hold the hub; an OS thread that is no
/// greenlet just sleeps.
#[inline]
pub fn park(
    key: usize,
    tag: u32,
    reason: Reason,
    deadline: u64,
    validate: impl FnOnce() -> bool,
    before_sleep: impl FnOnce(),
) -> Parked {
    let current = hub::holder();
    let waiter = Waiter {
        key: Cell::new(key),
        tag,
        prev: Cell::new(ptr::null()),
        next: Cell::new(ptr::null()),
        linked: Cell::new(false),
        greenlet: current.map_or(ptr::null(), |g| g),
        word: AtomicU32::new(SLEEPS),
    };
    {
        let mut bucket = bucket(key).lock();
        if !validate() {
            return Parked::Invalid;
        }
        if let Some(g) = current {
            g.begin_wait(reason);
        }
        bucket.push(&waiter);
    }
    before_sleep();
    let wake = match current {
        Some(g) => hub::park(g, deadline),
        None => sleep_here(&waiter, deadline),
    };
    if wake != Wake::Notified {
        let wake = leave(&waiter, key, wake);
        return Parked::Ended(match current {
            Some(g) => hub::after_wait(g, wake),
            None => wake,
        });
    }
    Parked::Ended(Wake::Notified)
}

/// An OS thread sleeps on its waiter's word.
#[cold]
fn sleep_here(waiter: &Waiter, deadline: u64) -> Wake {
    loop {
        if waiter.word.load(Ordering::Acquire) == WOKEN {
            return Wake::Notified;
        }
        match sys::futex_wait(&waiter.word, SLEEPS, deadline) {
            Err(libc::ETIMEDOUT) => return Wake::TimedOut,
            Err(libc::EINTR) => return Wake::Interrupted,
            _ => {}
        }
    }
}

/// Unlink a waiter that was not woken through its key. If a waker was faster
/// after all (possible for OS threads only), the wake-up counts; so does
/// having been moved from the key `parked_on` to another one.
#[cold]
fn leave(waiter: &Waiter, parked_on: usize, wake: Wake) -> Wake {
    loop {
        // A requeue may move the waiter to another key meanwhile.
        let key = waiter.key.get();
        let mut bucket = bucket(key).lock();
        if waiter.key.get() != key {
            continue;
        }
        if waiter.linked.get() {
            bucket.unlink(waiter);
            return if key == parked_on { wake } else { Wake::Notified };
        }
        return Wake::Notified;
    }
}

/// Claim a linked waiter; the caller unlinks it under the same lock.
#[inline(always)]
fn claim(w: &Waiter) -> bool {
    // SAFETY: a linked waiter's greenlet is alive.
    match unsafe { w.greenlet.as_ref() } {
        Some(g) => g.claim(Wake::Notified),
        None => true,
    }
}

/// Make a claimed and unlinked waiter go on. For an OS thread the waiter is
/// gone once its word says so; the futex call then names an address only.
#[inline(always)]
fn release(greenlet: *const Greenlet, word: *const AtomicU32) {
    // SAFETY: a claimed greenlet waits for exactly this call; the OS thread's
    // waiter is alive until its word is stored.
    unsafe {
        match greenlet.as_ref() {
            Some(g) => hub::schedule(g),
            None => {
                (*word).store(WOKEN, Ordering::Release);
                sys::futex_wake(word.cast(), 1);
            }
        }
    }
}

/// Wake up to `count` waiters on `key` that `filter` accepts by their tag, the
/// longest-waiting first. Returns how many. `left` is called under the
/// bucket's lock with whether others still wait on the key.
#[inline]
pub fn unpark(
    key: usize,
    count: usize,
    filter: impl Fn(u32) -> bool,
    left: impl FnOnce(bool),
) -> usize {
    let mut woken = 0;
    let mut others = false;
    let mut bucket = bucket(key).lock();
    let mut at = bucket.first;
    // SAFETY: linked waiters are alive while the lock is held; what is needed
    // after `release` is read before it.
    while let Some(w) = unsafe { at.as_ref() } {
        at = w.next.get();
        if w.key.get() != key {
            continue;
        }
        if woken == count || !filter(w.tag) {
            others = true;
            if woken == count {
                break;
            }
            continue;
        }
        if claim(w) {
            bucket.unlink(w);
            woken += 1;
            release(w.greenlet, &w.word);
        }
    }
    left(others);
    woken
}

/// Wake the longest-waiting waiter on `key`. `before` is called under the
/// bucket's lock, before the waiter can run, with its tag; with `None` if
/// nobody waits.
#[inline]
pub fn unpark_one_with(key: usize, before: impl FnOnce(Option<u32>)) -> bool {
    let mut bucket = bucket(key).lock();
    let mut at = bucket.first;
    // SAFETY: as in `unpark`.
    while let Some(w) = unsafe { at.as_ref() } {
        at = w.next.get();
        if w.key.get() == key && claim(w) {
            bucket.unlink(w);
            before(Some(w.tag));
            release(w.greenlet, &w.word);
            return true;
        }
    }
    before(None);
    false
}

/// Wake one waiter on `key`. Returns whether there was one.
#[inline]
pub fn unpark_one(key: usize) -> bool {
    unpark_one_with(key, |_| ())
}

/// Wake all waiters on `key`.
pub fn unpark_all(key: usize) -> usize {
    unpark(key, usize::MAX, |_| true, |_| ())
}

/// Wake up to `wake` waiters on `from` and move up to `requeue` others to `to`,
/// if `validate` (under the lock) agrees: `None` if not. Returns both counts.
pub fn unpark_requeue(
    from: usize,
    to: usize,
    wake: usize,
    requeue: usize,
    validate: impl FnOnce() -> bool,
) -> Option<(usize, usize)> {
    let (source, target) = (bucket(from), bucket(to));
    let same = ptr::eq(source, target);
    // Lock in address order, so that two opposite requeues cannot deadlock.
    let target_first = ptr::from_ref(target) < ptr::from_ref(source);
    let mut onto = (!same && target_first).then(|| target.lock());
    let mut off = source.lock();
    if !same && !target_first {
        onto = Some(target.lock());
    }
    if !validate() {
        return None;
    }
    let (mut woken, mut moved) = (0, 0);
    let mut at = off.first;
    // SAFETY: as in `unpark`; both locks are held.
    while let Some(w) = unsafe { at.as_ref() } {
        at = w.next.get();
        if w.key.get() != from {
            continue;
        }
        if woken < wake {
            if claim(w) {
                off.unlink(w);
                woken += 1;
                release(w.greenlet, &w.word);
            }
        } else if moved < requeue {
            if from != to {
                off.unlink(w);
                w.key.set(to);
                onto.as_mut().unwrap_or(&mut off).push(w);
            }
            moved += 1;
        } else {
            break;
        }
    }
    Some((woken, moved))
}

/// In the child of a fork nobody but the caller exists: forget all waiters.
pub fn after_fork() {
    for bucket in &LOT {
        // SAFETY: the caller is the only thread of the process.
        let used = unsafe { bucket.is_held() || !bucket.peek().first.is_null() };
        // Untouched buckets are pages that the child need not copy.
        if used {
            bucket.reset();
            *bucket.lock() = Bucket { first: ptr::null(), last: ptr::null() };
        }
    }
}

#[cfg(test)]
mod tests {
    //! Waiters here are OS threads: the test harness's threads are no
    //! greenlets. Greenlet waiters are driven by `tests/`.
    use super::*;
    use crate::time;
    use std::sync::atomic::AtomicUsize;

    fn wait_until_parked(key: usize, n: usize) {
        for _ in 0..5000 {
            let b = bucket(key).lock();
            let mut count = 0;
            let mut at = b.first;
            // SAFETY: under the lock.
            while let Some(w) = unsafe { at.as_ref() } {
                count += (w.key.get() == key) as usize;
                at = w.next.get();
            }
            drop(b);
            if count == n {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        panic!("waiters did not come");
    }

    #[test]
    fn invalid_parks_do_not_wait() {
        let ended = park(0x10, 0, Reason::None, time::NEVER, || false, || unreachable!());
        assert_eq!(ended, Parked::Invalid);
    }

    #[test]
    fn a_deadline_ends_a_wait_and_leaves_nobody_behind() {
        let ended = park(0x20, 0, Reason::None, time::after(1_000_000), || true, || ());
        assert_eq!(ended, Parked::Ended(Wake::TimedOut));
        assert!(!unpark_one(0x20));
    }

    #[test]
    fn unpark_wakes_by_count_and_filter() {
        let done = AtomicUsize::new(0);
        std::thread::scope(|s| {
            for tag in 0..4 {
                let done = &done;
                s.spawn(move || {
                    let ended = park(0x30, tag, Reason::None, time::NEVER, || true, || ());
                    assert_eq!(ended, Parked::Ended(Wake::Notified));
                    done.fetch_add(1 << (8 * tag), Ordering::SeqCst);
                });
                wait_until_parked(0x30, tag as usize + 1);
            }
            let mut others = false;
            assert_eq!(unpark(0x30, 1, |tag| tag == 2, |o| others = o), 1);
            assert!(others);
            assert_eq!(unpark(0x30, 1, |_| true, |_| ()), 1);
            wait_until_parked(0x30, 2);
            assert_eq!(unpark_all(0x30), 2);
        });
        assert_eq!(done.load(Ordering::SeqCst), 0x0101_0101);
    }

    #[test]
    fn requeue_moves_waiters_to_the_other_key() {
        std::thread::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| park(0x40, 0, Reason::None, time::NEVER, || true, || ()));
            }
            wait_until_parked(0x40, 3);
            assert_eq!(unpark_requeue(0x40, 0x50, 1, 9, || false), None);
            assert_eq!(unpark_requeue(0x40, 0x50, 1, 9, || true), Some((1, 2)));
            wait_until_parked(0x50, 2);
            assert_eq!(unpark_all(0x40), 0);
            assert_eq!(unpark_all(0x50), 2);
        });
    }
}
