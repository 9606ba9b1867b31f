//! Greenlets: their order, their ends, and waiting for them.

use super::support::{got, is_killed, log, ms, with, Case, Finally, Log, LONG, SOON, ZERO};
use geventrs::event::{AsyncResult, Event};
use geventrs::queue::Queue;
use geventrs::{sleep, spawn, spawn_later, yield_now, GreenletExit, Waitable};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

pub const CASES: &[Case] = &[
    ("spawn_order", |l| {
        l.spawn("a");
        l.spawn("b");
        l.say("main");
        yield_now();
        l.say("main2");
    }),
    ("yield_round", |l| {
        let all = ["a", "b", "c"].map(|n| {
            with(l, &n, |l, n| {
                for i in 0..3 {
                    log!(l, "{n} {i}");
                    yield_now();
                }
            })
        });
        geventrs::joinall(&all, None);
    }),
    ("spawn_in_greenlet", |l| {
        with(l, &(), |l, ()| {
            l.spawn("child");
            l.say("f");
            yield_now();
            l.say("f2");
        });
        l.spawn("b");
        yield_now();
        l.say("main");
        yield_now();
        l.say("main2");
    }),
    ("join_zero", |l| {
        log!(l, "{}", l.spawn("ran").join(ZERO));
        let g = with(l, &(), |l, ()| {
            l.say("1");
            yield_now();
            l.say("2");
        });
        log!(l, "{}", g.join(ZERO));
        g.join(None);
    }),
    ("joinall_zero", |l| {
        let (a, b, c) = (l.spawn("a"), l.spawn("b"), spawn(|| sleep(LONG)));
        log!(l, "{}", geventrs::joinall(&[a, b, c], ZERO).len());
    }),
    ("wait_zero", |l| {
        let (a, b, c) = (l.spawn("a"), l.spawn("b"), spawn(|| sleep(LONG)));
        log!(l, "{:?}", geventrs::wait(&[a, b, c], ZERO, None));
    }),
    ("kill_unstarted", |l| {
        let g = l.spawn("ran");
        g.kill(None);
        log!(l, "{}", g.ready());
    }),
    ("kill_running", |l| {
        let g = with(l, &(), |l, ()| {
            let killed = is_killed(|| sleep(LONG));
            log!(l, "exit {killed}");
            sleep(ms(1));
            l.say("cleanup");
        });
        yield_now();
        g.kill(None);
        log!(l, "{} {}", g.ready(), g.successful());
        g.kill(None);
    }),
    ("kill_nowait", |l| {
        let g = with(l, &(), |l, ()| {
            let _at_the_end = Finally(l, "finally");
            sleep(LONG);
        });
        yield_now();
        g.kill_nowait();
        log!(l, "{}", g.ready());
        yield_now();
        log!(l, "{}", g.ready());
    }),
    ("kill_timeout", |l| {
        let g = spawn(|| {
            is_killed(|| sleep(LONG));
            sleep(LONG);
        });
        yield_now();
        g.kill(SOON);
        log!(l, "{}", g.ready());
    }),
    ("kill_after_item", |l| {
        let q = Arc::new(Queue::new());
        let g = with(l, &q, |l, q| {
            let killed = is_killed(|| {
                log!(l, "got {}", got(q.get()));
                sleep(LONG);
                l.say("slept");
            });
            log!(l, "{killed}");
        });
        yield_now();
        q.put(1).unwrap();
        g.kill_nowait();
        g.join(None);
        log!(l, "{}", q.len());
    }),
    ("killall", |l| {
        let end = |l: Log, n| {
            let _at_the_end = Finally(l, n);
            sleep(LONG);
        };
        let (a, b) = (with(l, &"a", end), with(l, &"b", end));
        yield_now();
        let all = [a, b, with(l, &"never", end)];
        geventrs::killall(&all, None);
        log!(l, "{} {} {}", all[0].ready(), all[1].ready(), all[2].ready());
    }),
    ("links", |l| {
        let g = spawn(|| 1);
        let (a, b, c, d) = (l.clone(), l.clone(), l.clone(), l.clone());
        g.link(move |_| a.say("link"));
        g.link_value(move |_| b.say("value"));
        g.link_exception(move |_| c.say("exception"));
        let none = g.link(move |_| d.say("unlinked"));
        g.unlink(none);
        g.join(None);
        // gevent's are called on the hub, before who joins goes on; ours on the greenlet.
        sleep(ms(1));
        log!(l, "{}", g.has_links());
    }),
    ("iwait", |l| {
        let (e, g) = (Arc::new(Event::new()), spawn(|| sleep(ms(4))));
        let a = AsyncResult::new();
        with(l, &e, |_, e| {
            sleep(ms(150));
            e.set();
        });
        a.set(1).unwrap();
        let all: [&dyn Waitable; 3] = [&e, &g, &a];
        log!(l, "{:?}", geventrs::iwait(&all, None).collect::<Vec<_>>());
    }),
    ("wait_count", |l| {
        let naps = [400, 1, 150].map(|n| spawn(move || sleep(ms(n))));
        log!(l, "{:?}", geventrs::wait(&naps, None, Some(2)));
    }),
    ("joinall_raise", |l| {
        let long = spawn(|| sleep(LONG));
        let bad = spawn(|| resume_unwind(Box::new(GreenletExit)));
        let both = [long, bad];
        log!(l, "{} {}", geventrs::try_joinall(&both, None).is_err(), both[0].ready());
    }),
    ("idle", |l| {
        with(l, &(), |l, ()| {
            for i in 0..3 {
                log!(l, "{i}");
                yield_now();
            }
        });
        geventrs::idle();
        l.say("idle");
    }),
    ("later_zero", |l| {
        let log = l.clone();
        let later = spawn_later(Duration::ZERO, move || log.say("later"));
        l.spawn("now");
        later.join(None);
    }),
    ("sleep_order", |l| {
        let naps = [("a", 300), ("b", 100), ("c", 0)].map(|(n, span)| {
            with(l, &n, move |l, n| {
                sleep(ms(span));
                l.say(n);
            })
        });
        geventrs::joinall(&naps, None);
    }),
];
