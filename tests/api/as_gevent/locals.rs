//! Greenlet-local values.

use super::support::{log, with, Case, Finally, LONG};
use geventrs::local::Local;
use geventrs::{sleep, yield_now};
use std::cell::Cell;
use std::sync::Arc;

pub const CASES: &[Case] = &[
    ("local", |l| {
        let local = Arc::new(geventrs::local::Local::new(|| 0));
        local.set(1);
        let other = local.clone();
        with(l, &(), move |l, ()| {
            log!(l, "{}", other.get());
            other.set(2);
        })
        .join(None);
        log!(l, "{}", local.get());
    }),
    ("local_first", |l| {
        let log = l.clone();
        let made = move || {
            log.say("made");
            Cell::new(0)
        };
        let values = Arc::new(Local::new(made));
        values.with(|n| n.set(5));
        with(l, &values, |l, values| log!(l, "{}", values.with(Cell::get))).join(None);
        log!(l, "{}", values.with(Cell::get));
    }),
    ("local_ends", |l| {
        let log = l.clone();
        let values = Arc::new(Local::new(move || Finally(log.clone(), "dropped")));
        let g = with(l, &values, |l, values| {
            values.with(|_| ());
            yield_now();
            l.say("ends");
        });
        g.join(None);
        yield_now();
        l.say("joined");
    }),
    ("local_killed", |l| {
        let log = l.clone();
        let values = Arc::new(Local::new(move || Finally(log.clone(), "dropped")));
        let g = with(l, &values, |_, values| {
            values.with(|_| ());
            sleep(LONG);
        });
        yield_now();
        g.kill(None);
        yield_now();
        l.say("killed");
    }),
    ("local_deleted", |l| {
        let values = Arc::new(Local::new(|| 0));
        values.set(1);
        let g = with(l, &values, |l, values| {
            values.set(2);
            values.clear();
            log!(l, "{}", values.get());
        });
        g.join(None);
        log!(l, "{}", values.get());
    }),
    ("local_not_inherited", |l| {
        let values = Arc::new(Local::new(|| 0));
        let g = with(l, &values, |l, values| {
            values.set(1);
            with(&l, &values, |l, values| log!(l, "{}", values.get())).join(None);
            log!(l, "{}", values.get());
        });
        g.join(None);
    }),
    ("local_two", |l| {
        let (a, b) = (Local::new(|| 0), Local::new(|| 0));
        a.set(1);
        b.set(2);
        log!(l, "{} {}", a.get(), b.get());
    }),
    ("local_across_waits", |l| {
        let values = Arc::new(Local::new(|| 0));
        let all = [0, 1, 2].map(|n| {
            with(l, &values, move |l, values| {
                values.set(n);
                for _ in 0..3 {
                    yield_now();
                    values.set(values.get() + 10);
                }
                log!(l, "{}", values.get());
            })
        });
        geventrs::joinall(&all, None);
    }),
];
