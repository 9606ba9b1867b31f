//! Events and asynchronous results.

use super::support::{log, with, Case, LONG, SOON, ZERO};
use geventrs::event::{AsyncResult, Event};
use geventrs::yield_now;
use std::sync::Arc;

pub const CASES: &[Case] = &[
    ("event_wait_zero", |l| {
        let e = Event::new();
        l.spawn("ran");
        log!(l, "{}", e.wait(ZERO));
        e.set();
        l.spawn("ran2");
        log!(l, "{}", e.wait(ZERO));
        log!(l, "{}", e.wait(None));
        yield_now();
    }),
    ("event_wait_zero_set", |l| {
        let e = Arc::new(Event::new());
        with(l, &e, |_, e| e.set());
        log!(l, "{}", e.wait(ZERO));
    }),
    ("event_set_order", |l| {
        let e = Arc::new(Event::new());
        for n in ["a", "b", "c"] {
            with(l, &e, move |l, e| {
                e.wait(None);
                l.say(n);
            });
        }
        yield_now();
        e.set();
        l.say("set");
        l.spawn("new");
        yield_now();
        l.say("main");
        yield_now();
        l.say("main2");
    }),
    ("event_set_clear", |l| {
        let e = Arc::new(Event::new());
        let all =
            ["a", "b"].map(|n| with(l, &e, move |l, e| log!(l, "{n} {}", e.wait(Some(LONG)))));
        yield_now();
        e.set();
        e.clear();
        geventrs::joinall(&all, None);
    }),
    ("event_time_out", |l| {
        let e = Event::new();
        log!(l, "{} {}", e.wait(SOON), e.is_set());
    }),
    ("async_basic", |l| {
        let r = Arc::new(AsyncResult::new());
        log!(l, "{}", r.get_nowait().is_err());
        log!(l, "{} {}", r.wait(ZERO), r.ready());
        for n in ["a", "b"] {
            with(l, &r, move |l, r| log!(l, "{n} {}", r.get(None).unwrap()));
        }
        yield_now();
        r.set(7).unwrap();
        l.say("set");
        yield_now();
        yield_now();
        log!(l, "{} {} {}", r.value().unwrap(), r.ready(), r.successful());
    }),
    ("async_get_zero", |l| {
        let r = Arc::new(AsyncResult::new());
        with(l, &r, |_, r| r.set(3).unwrap());
        log!(l, "{}", r.get(ZERO).unwrap());
    }),
    ("async_error", |l| {
        let r = AsyncResult::<u32>::new();
        r.set_error("x").unwrap();
        log!(l, "err {}", r.get(None).unwrap_err());
        log!(l, "{} {} {}", r.successful(), r.ready(), r.value().is_none());
    }),
];
