//! Semaphores and locks.

use super::support::{log, with, Case, SOON, ZERO};
use geventrs::lock::{BoundedSemaphore, RLock, Semaphore};
use geventrs::yield_now;
use std::sync::Arc;
use std::time::Duration;

pub const CASES: &[Case] = &[
    ("semaphore", |l| {
        let s = Semaphore::new(2);
        log!(l, "{} {}", s.counter(), s.locked());
        s.acquire().forget();
        log!(l, "{}", s.try_acquire().map(|p| p.forget()).is_some());
        log!(l, "{} {}", s.try_acquire().is_some(), s.locked());
        log!(l, "{}", s.acquire_timeout(Duration::ZERO).is_some());
        s.release();
        log!(l, "{} {} {}", s.counter(), s.wait(None), s.counter());
    }),
    ("semaphore_zero", |l| {
        let s = Arc::new(Semaphore::new(0));
        with(l, &s, |_, s| s.release());
        log!(l, "{}", s.acquire_timeout(Duration::ZERO).map(|p| p.forget()).is_some());
        yield_now();
        log!(l, "{}", s.counter());
    }),
    ("semaphore_nowait", |l| {
        let s = Arc::new(Semaphore::new(0));
        with(l, &s, |_, s| s.release());
        log!(l, "{}", s.try_acquire().is_some());
        yield_now();
        log!(l, "{}", s.counter());
    }),
    ("semaphore_order", |l| {
        let s = Arc::new(Semaphore::new(0));
        let all = ["a", "b", "c"].map(|n| {
            with(l, &s, move |l, s| {
                s.acquire().forget();
                l.say(n);
            })
        });
        yield_now();
        s.release();
        l.say("released");
        s.release();
        s.release();
        geventrs::joinall(&all, None);
        log!(l, "{}", s.counter());
    }),
    ("semaphore_wait", |l| {
        let s = Arc::new(Semaphore::new(0));
        let g = with(l, &s, |l, s| {
            log!(l, "wait {}", (*s).wait(None));
            log!(l, "{}", s.counter());
        });
        yield_now();
        s.release();
        g.join(None);
        let s = &*s;
        log!(l, "{} {}", s.counter(), s.wait(ZERO));
        s.acquire().forget();
        log!(l, "{} {}", s.wait(ZERO), s.wait(SOON));
    }),
    ("semaphore_bounded", |l| {
        let s = BoundedSemaphore::new(1);
        log!(l, "{} {}", s.release().is_err(), s.counter());
        s.acquire().forget();
        s.release().unwrap();
        log!(l, "{}", s.counter());
    }),
    ("rlock", |l| {
        let lock = Arc::new(RLock::new());
        let (outer, inner) = (lock.acquire(), lock.acquire());
        log!(l, "{}", lock.locked());
        with(l, &lock, |l, lock| log!(l, "other {}", lock.try_acquire().is_some())).join(None);
        drop(inner);
        log!(l, "{}", lock.locked());
        drop(outer);
        log!(l, "{}", lock.locked());
    }),
];
