//! Queues and channels.

use super::support::{got, log, put, with, Case, SOON, ZERO};
use geventrs::queue::{Channel, LifoQueue, PriorityQueue, Queue};
use geventrs::yield_now;
use std::sync::Arc;
use std::time::Duration;

pub const CASES: &[Case] = &[
    ("queue_nowait", |l| {
        let q = Queue::bounded(1);
        log!(l, "{}", got(q.get_nowait()));
        q.put_nowait(1).unwrap();
        log!(l, "{}", put(q.put_nowait(2)));
        log!(l, "{} {} {}", q.len(), q.is_full(), q.is_empty());
    }),
    ("queue_get_zero", |l| {
        let q = Arc::new(Queue::new());
        with(l, &q, |_, q| q.put(5).unwrap());
        log!(l, "{}", got(q.get_timeout(Duration::ZERO)));
        yield_now();
        log!(l, "{}", q.len());
    }),
    ("queue_put_zero", |l| {
        let q = Arc::new(Queue::bounded(1));
        q.put(1).unwrap();
        with(l, &q, |_, q| q.get().unwrap());
        log!(l, "{}", put(q.put_timeout(2, Duration::ZERO)));
    }),
    ("queue_getters", |l| {
        let q = Arc::new(Queue::new());
        let all = ["a", "b", "c"].map(|n| with(l, &q, move |l, q| log!(l, "{n} {}", got(q.get()))));
        yield_now();
        for i in 0..3 {
            q.put(i).unwrap();
        }
        geventrs::joinall(&all, None);
    }),
    ("queue_putters", |l| {
        let q = Arc::new(Queue::bounded(1));
        let all = ["a", "b", "c"].map(|n| {
            with(l, &q, move |l, q| {
                q.put(n).unwrap();
                log!(l, "put {n}");
            })
        });
        yield_now();
        for _ in 0..3 {
            l.say(q.get().unwrap());
            yield_now();
            yield_now();
        }
        geventrs::joinall(&all, None);
    }),
    ("queue_peek", |l| {
        let q = Arc::new(Queue::new());
        q.put(1).unwrap();
        log!(l, "{} {} {} {}", got(q.peek()), got(q.peek()), got(q.get()), q.len());
        log!(l, "{}", got(q.peek_nowait()));
        let g = with(l, &q, |l, q| log!(l, "peeked {}", got(q.peek())));
        yield_now();
        q.put(9).unwrap();
        g.join(None);
        log!(l, "{}", q.len());
    }),
    ("queue_orders", |l| {
        let (lifo, least) = (LifoQueue::new(), PriorityQueue::new());
        (1..=3).for_each(|i| lifo.put(i).unwrap());
        [3, 1, 2].into_iter().for_each(|i| least.put(i).unwrap());
        let q = &lifo;
        log!(l, "{} {} {} {}", got(q.get()), got(q.peek()), got(q.get()), got(q.get()));
        let q = &least;
        log!(l, "{} {} {} {}", got(q.get()), got(q.peek()), got(q.get()), got(q.get()));
    }),
    ("queue_shutdown", |l| {
        let q = Queue::new();
        q.put(1).unwrap();
        q.shutdown(false);
        log!(l, "{}", put(q.put(2)));
        log!(l, "{} {} {}", got(q.get()), got(q.get()), got(q.get_nowait()));
    }),
    ("queue_shutdown_wakes", |l| {
        let (full, empty) = (Arc::new(Queue::bounded(1)), Arc::new(Queue::new()));
        full.put(0).unwrap();
        let putter = with(l, &full, |l, q| log!(l, "p {}", put(q.put(1))));
        let getter = with(l, &empty, |l, q| log!(l, "g {}", got(q.get())));
        yield_now();
        full.shutdown(false);
        empty.shutdown(false);
        geventrs::joinall(&[putter, getter], None);
        log!(l, "{}", full.len());
    }),
    ("queue_shutdown_immediate", |l| {
        let q = Queue::new();
        q.put(1).unwrap();
        q.put(2).unwrap();
        q.shutdown(true);
        log!(l, "{}", got(q.get()));
        log!(l, "{} {} {}", q.len(), q.unfinished_tasks(), q.join(SOON));
    }),
    ("queue_tasks", |l| {
        let q = Queue::new();
        q.put(1).unwrap();
        log!(l, "{} {}", q.unfinished_tasks(), q.join(SOON));
        q.get().unwrap();
        q.task_done().unwrap();
        log!(l, "{} {}", q.join(ZERO), q.unfinished_tasks());
        log!(l, "{}", q.task_done().is_err());
    }),
    ("channel", |l| {
        let c = Arc::new(Channel::new());
        let g = with(l, &c, |l, c| {
            c.put(1).unwrap();
            l.say("put");
        });
        yield_now();
        log!(l, "{}", c.balance());
        log!(l, "{}", got(c.get()));
        g.join(None);
        log!(l, "{}", c.balance());
        log!(l, "{}", put(c.put_nowait(1)));
        log!(l, "{}", got(c.get_nowait()));
        let g = with(l, &c, |l, c| log!(l, "got {}", got(c.get())));
        yield_now();
        log!(l, "{}", c.balance());
        c.put_nowait(4).unwrap();
        g.join(None);
        log!(l, "{}", c.balance());
    }),
];
