//! OS threads for what blocks.

use super::support::{is_killed, log, ms, with, Case, SOON};
use geventrs::threadpool::ThreadPool;
use geventrs::timeout::with_timeout;
use geventrs::{sleep, yield_now};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;

pub const CASES: &[Case] = &[
    ("threadpool", |l| {
        let pool = ThreadPool::new(2);
        log!(l, "{:?}", pool.map([1, 2, 3], |n| n * 2).unwrap());
        log!(l, "{} {}", pool.spawn(|| 4).get().unwrap(), pool.apply(|| 6).unwrap());
        pool.join(None);
        log!(l, "{}", pool.maxsize());
    }),
    ("threadpool_error", |l| {
        let p = ThreadPool::new(1);
        let bad = || -> () { resume_unwind(Box::new("no")) };
        let applied = p.apply(bad).is_err();
        log!(l, "{applied} {} {}", p.spawn(bad).get().is_err(), p.apply(|| 1).unwrap());
    }),
    ("threadpool_does_not_stop_others", |l| {
        let p = ThreadPool::new(1);
        let slow = p.spawn(|| thread::sleep(ms(200)));
        l.spawn("ran");
        sleep(ms(10));
        log!(l, "{}", slow.ready());
        slow.wait(None);
        log!(l, "{}", slow.ready());
    }),
    ("threadpool_full", |l| {
        let p = ThreadPool::new(1);
        drop(p.spawn(|| thread::sleep(ms(200))));
        let g = with(l, &p, |l, p| l.say(p.spawn(|| "second").get().unwrap()));
        sleep(ms(10));
        l.say("meanwhile");
        g.join(None);
        log!(l, "{}", p.size());
    }),
    ("threadpool_kill", |l| {
        let p = ThreadPool::new(3);
        p.map(0..3, |n| n).unwrap();
        p.kill(None);
        log!(l, "{} {}", p.size(), p.apply(|| 1).unwrap());
    }),
    ("threadpool_join", |l| {
        let (p, done) = (ThreadPool::new(2), Arc::new(AtomicUsize::new(0)));
        for _ in 0..2 {
            let done = done.clone();
            drop(p.spawn(move || {
                thread::sleep(ms(50));
                done.fetch_add(1, Ordering::Relaxed)
            }));
        }
        p.join(None);
        log!(l, "{}", done.load(Ordering::Relaxed));
    }),
    ("threadpool_wait_killed", |l| {
        let (p, done) = (ThreadPool::new(1), Arc::new(AtomicUsize::new(0)));
        let theirs = done.clone();
        let slow = p.spawn(move || {
            thread::sleep(ms(100));
            theirs.fetch_add(1, Ordering::Relaxed)
        });
        let g = with(l, &(), move |l, ()| {
            let killed = is_killed(|| drop(slow.get()));
            log!(l, "killed {killed}");
        });
        yield_now();
        g.kill(None);
        p.join(None);
        log!(l, "{}", done.load(Ordering::Relaxed));
    }),
    ("threadpool_timeout", |l| {
        let p = ThreadPool::new(1);
        let slow = p.spawn(|| thread::sleep(ms(200)));
        let ended = with_timeout(SOON.unwrap(), || {
            slow.wait(None);
            l.say("not reached");
        });
        assert!(ended.is_err());
        log!(l, "{}", slow.ready());
        slow.get().unwrap();
    }),
    ("threadpool_default", |l| {
        let p = geventrs::threadpool::default_pool();
        log!(l, "{} {}", p.maxsize(), p.apply(|| 3).unwrap());
    }),
];
