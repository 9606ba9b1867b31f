//! Groups and pools.

use super::support::{log, ms, Case, LONG, SOON, ZERO};
use geventrs::event::Event;
use geventrs::pool::{Group, Pool};
use geventrs::{sleep, yield_now, GreenletExit};
use std::panic::resume_unwind;
use std::sync::Arc;

pub const CASES: &[Case] = &[
    ("group", |l| {
        let group = Group::new();
        let x = group.spawn(|| sleep(LONG));
        let (log, y) = (l.clone(), "y");
        group.spawn(move || log.say(y));
        log!(l, "{}", group.len());
        log!(l, "{} {}", group.join(Some(ms(10))), group.len());
        group.kill(None);
        log!(l, "{} {} {}", group.len(), x.ready(), group.join(None));
    }),
    ("group_map", |l| {
        let square = |n: u32| {
            (n..4).for_each(|_| (0..9).for_each(|_| yield_now()));
            n * n
        };
        let group = Group::new();
        log!(l, "{:?}", group.map([1, 2, 3], square).unwrap());
        let ordered = group.imap([1, 2, 3], None, square);
        log!(l, "{:?}", ordered.map(Result::unwrap).collect::<Vec<_>>());
        let unordered = group.imap_unordered([1, 2, 3], None, square);
        log!(l, "{:?}", unordered.map(Result::unwrap).collect::<Vec<_>>());
        let bad = |n: u32| if n == 2 { resume_unwind(Box::new(GreenletExit)) } else { n };
        let some = group.imap([1, 2, 3], None, bad);
        log!(l, "{:?}", some.map(|r| r.unwrap_or(0)).collect::<Vec<_>>());
    }),
    ("group_kill_unstarted", |l| {
        let (group, log) = (Group::new(), l.clone());
        group.spawn(move || log.say("never"));
        group.kill(None);
        log!(l, "{}", group.len());
    }),
    ("group_add", |l| {
        let group = Group::new();
        group.add(&l.spawn("x"));
        log!(l, "{}", group.len());
        group.join(None);
        log!(l, "{}", group.len());
    }),
    ("group_discard", |l| {
        let group = Group::new();
        let x = group.spawn(|| sleep(LONG));
        group.discard(&x);
        log!(l, "{} {}", group.len(), group.join(SOON));
    }),
    ("pool_full", |l| {
        let pool = Pool::new(2);
        log!(l, "{} {} {}", pool.free_count(), pool.is_full(), pool.wait_available(ZERO));
        let end = Arc::new(Event::new());
        let a = pool.spawn(|| sleep(ms(50)));
        let ends = end.clone();
        let b = pool.spawn(move || ends.wait(None));
        log!(l, "{} {} {}", pool.free_count(), pool.is_full(), pool.wait_available(ZERO));
        log!(l, "{}", pool.try_spawn(|| ()).is_err());
        let log = l.clone();
        pool.spawn(move || log.say("c"));
        log!(l, "{} {}", a.ready(), b.ready());
        end.set();
        pool.join(None);
        log!(l, "{}", pool.len());
    }),
    ("pool_apply_inside", |l| {
        let pool = Pool::new(1);
        let inner = pool.clone();
        log!(l, "{}", pool.apply(move || inner.apply(|| 5).unwrap()).unwrap());
    }),
    ("pool_imap_maxsize", |l| {
        let log = l.clone();
        let mut it = Pool::new(1).imap(0..4, Some(1), move |n| {
            log!(log, "f {n}");
            n
        });
        (0..8).for_each(|_| yield_now());
        log!(l, "{}", it.next().unwrap().unwrap());
        (0..8).for_each(|_| yield_now());
        log!(l, "{:?}", it.map(Result::unwrap).collect::<Vec<_>>());
    }),
    ("callbacks", |l| {
        let (group, log) = (Group::new(), l.clone());
        group.apply_cb(|| 3, move |v| log!(log, "callback {v}")).get().unwrap();
        log!(l, "{:?}", group.map_async([1, 2], |n| n + 1).get().unwrap().unwrap());
    }),
];
