//! What gevent does, done here: each case is the same few lines as in `as_gevent.py`, and
//! logs what that has logged (`as_gevent.txt`).

use crate::case::run;
use geventrs::event::{AsyncResult, Event};
use geventrs::lock::{BoundedSemaphore, RLock, Semaphore};
use geventrs::pool::{Group, Pool};
use geventrs::queue::{Channel, GetError, LifoQueue, PriorityQueue, PutError, Queue};
use geventrs::threadpool::ThreadPool;
use geventrs::timeout::{with_timeout, Timeout};
use geventrs::{sleep, spawn, spawn_later, yield_now, Greenlet, GreenletExit, Waitable};
use libtest_mimic::{Failed, Trial};
use std::fmt::Display;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const EXPECTED: &str = include_str!("as_gevent.txt");
/// Before the name of a case, after `--case`.
pub const GROUP: &str = "as_gevent/";

const ZERO: Option<Duration> = Some(Duration::ZERO);
const SOON: Option<Duration> = Some(Duration::from_millis(2));
const LONG: Duration = Duration::from_secs(3600);

/// What a case has logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn say(&self, words: impl Display) {
        self.0.lock().unwrap().push(words.to_string());
    }

    /// A greenlet that logs.
    fn spawn(&self, words: &'static str) -> Greenlet<()> {
        let log = self.clone();
        spawn(move || log.say(words))
    }
}

macro_rules! log {
    ($log:expr, $($words:tt)*) => { $log.say(format_args!($($words)*)) };
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A greenlet that has the log, and another thing.
fn with<T: Clone + Send + 'static, R: Send + 'static>(
    log: &Log,
    thing: &T,
    f: impl FnOnce(Log, T) -> R + Send + 'static,
) -> Greenlet<R> {
    let (log, thing) = (log.clone(), thing.clone());
    spawn(move || f(log, thing))
}

/// Whether `f` was ended by a kill.
fn is_killed(f: impl FnOnce()) -> bool {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(()) => false,
        Err(payload) if payload.is::<GreenletExit>() => true,
        Err(other) => resume_unwind(other),
    }
}

/// Logs when it is dropped.
struct Finally(Log, &'static str);

impl Drop for Finally {
    fn drop(&mut self) {
        self.0.say(self.1);
    }
}

fn got(result: Result<u32, GetError>) -> String {
    match result {
        Ok(item) => item.to_string(),
        Err(GetError::Empty) => "Empty".into(),
        Err(GetError::ShutDown) => "ShutDown".into(),
    }
}

fn put<T>(result: Result<(), PutError<T>>) -> &'static str {
    match result {
        Ok(()) => "put",
        Err(PutError::Full(_)) => "Full",
        Err(PutError::ShutDown(_)) => "ShutDown",
    }
}

type Case = (&'static str, fn(&Log));

const CASES: &[Case] = &[
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
    ("timeout_nested", |l| {
        let outer = with_timeout(LONG, || {
            log!(l, "{}", with_timeout(ms(5), || sleep(LONG)).is_err());
        });
        log!(l, "{}", outer.is_ok());
        let outer = with_timeout(ms(5), || {
            let inner = with_timeout(LONG, || sleep(LONG));
            log!(l, "not reached {}", inner.is_ok());
        });
        log!(l, "{}", outer.is_err());
    }),
    ("timeout_zero_sleep", |l| {
        let ended = with_timeout(Duration::ZERO, || {
            sleep(ms(10));
            l.say("slept");
        });
        log!(l, "{}", ended.is_err());
    }),
    ("timeout_value", |l| {
        let limit = Timeout::new(ms(3));
        log!(l, "{}", limit.run(|| sleep(LONG)).ok().is_none());
        log!(l, "{}", with_timeout(ms(3), || sleep(LONG)).map_or("v", |()| "slept"));
    }),
    ("timeout_pending", |l| {
        let running = Timeout::new(LONG).start();
        log!(l, "{}", running.is_pending());
        drop(running);
        log!(l, "{}", Timeout::never().start().is_pending());
    }),
    ("timeout_once", |l| {
        let running = Timeout::new(ms(3)).start();
        let first = catch_unwind(|| sleep(LONG));
        log!(l, "{} {}", first.is_err(), running.is_pending());
        sleep(ms(5));
        l.say("second");
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
    ("threadpool", |l| {
        let pool = ThreadPool::new(2);
        log!(l, "{:?}", pool.map([1, 2, 3], |n| n * 2).unwrap());
        log!(l, "{} {}", pool.spawn(|| 4).get().unwrap(), pool.apply(|| 6).unwrap());
        pool.join(None);
        log!(l, "{}", pool.maxsize());
    }),
    ("select", |l| {
        use geventrs::{select, Poll};
        use std::io::{Read, Write};
        use std::os::fd::AsRawFd;
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        let (r, w) = (reader.as_raw_fd(), writer.as_raw_fd());
        let now = select(&[r], &[w], &[], ZERO).unwrap();
        log!(l, "{} {}", now.reads.len(), now.writes.len());
        writer.write_all(b"x").unwrap();
        log!(l, "{}", select(&[r], &[], &[], None).unwrap().reads.len());
        l.spawn("ran");
        log!(l, "{}", select(&[], &[], &[], ZERO).unwrap().is_empty());
        let mut poll = Poll::new();
        poll.register(r, Poll::IN);
        log!(l, "{}", poll.poll(ZERO).unwrap()[0].1);
        let _ = reader.read(&mut [0; 1]).unwrap();
        log!(l, "{}", poll.poll(ZERO).unwrap().len());
        drop(writer);
        log!(l, "{}", poll.poll(None).unwrap().len());
        log!(l, "{}", poll.unregister(999));
        drop(reader);
        log!(l, "{}", poll.poll(ZERO).unwrap()[0].1);
        log!(l, "{}", select(&[r], &[], &[], ZERO).unwrap_err().raw_os_error().unwrap());
    }),
    ("poll_zero", |l| {
        use std::os::fd::AsRawFd;
        let (reader, _writer) = std::io::pipe().unwrap();
        l.spawn("ran");
        let mut poll = geventrs::Poll::new();
        poll.register(reader.as_raw_fd(), geventrs::Poll::IN);
        log!(l, "{}", poll.poll(ZERO).unwrap().len());
    }),
    ("socket", |l| {
        use geventrs::socket::{TcpListener, TcpStream};
        use std::io::{Read, Write};
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let g = with(l, &(), move |l, ()| {
            let (mut accepted, _) = listener.accept().unwrap();
            let mut bytes = [0; 10];
            let n = accepted.read(&mut bytes).unwrap();
            log!(l, "{}", String::from_utf8_lossy(&bytes[..n]));
            log!(l, "{}", accepted.read(&mut bytes).unwrap());
        });
        let mut client = TcpStream::connect(address).unwrap();
        client.set_read_timeout(SOON);
        log!(l, "{}", client.read(&mut [0; 1]).is_err());
        client.write_all(b"hello").unwrap();
        drop(client);
        g.join(None);
        let refused = geventrs::socket::create_connection(address, None);
        log!(l, "{}", refused.unwrap_err().raw_os_error().unwrap());
    }),
    ("server", |l| {
        use geventrs::server::StreamServer;
        use geventrs::socket::{TcpListener, TcpStream};
        use std::io::{Read, Write};
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log = l.clone();
        let server = StreamServer::new(listener, move |mut stream: TcpStream, _| {
            let _at_the_end = Finally(log.clone(), "ended");
            let _ = stream.write_all(b"x");
            sleep(LONG);
        })
        .with_pool(Pool::new(2));
        log!(l, "{}", server.is_started());
        server.start();
        log!(l, "{}", server.is_started());
        let mut clients = [0, 1, 2].map(|_| TcpStream::connect(address).unwrap());
        clients[2].set_read_timeout(Some(ms(100)));
        for client in &mut clients {
            log!(l, "{}", client.read(&mut [0; 1]).is_ok());
        }
        server.stop(SOON);
        log!(l, "{}", server.is_started());
    }),
    ("subprocess", |l| {
        use geventrs::subprocess::{call, check_call, check_output, run, Popen};
        use std::process::Stdio;
        let sh = |text: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", text]);
            command
        };
        let mut cat = Command::new("cat");
        cat.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut cat = Popen::new(&mut cat).unwrap();
        let said = cat.communicate(b"in", None).unwrap();
        log!(l, "{} {}", String::from_utf8_lossy(&said.stdout), cat.returncode().unwrap());
        let mut child = Popen::new(&mut sh("exec sleep 3600")).unwrap();
        log!(l, "{} {}", child.poll().unwrap().is_none(), child.wait(SOON).unwrap().is_none());
        child.terminate().unwrap();
        child.wait(None).unwrap();
        log!(l, "{}", child.returncode().unwrap());
        log!(l, "{}", call(&mut sh("exit 3"), None).unwrap().code().unwrap());
        log!(l, "{}", check_call(&mut sh("exit 3"), None).is_err());
        let said = check_output(&mut sh("printf out"), None).unwrap();
        log!(l, "{}", String::from_utf8_lossy(&said));
        log!(l, "{}", run(&mut sh("exec sleep 3600"), b"", SOON).is_err());
    }),
    ("signals", |l| {
        let (log, told) = (l.clone(), Arc::new(Event::new()));
        let tell = told.clone();
        let handler = geventrs::signal::handler(libc::SIGUSR1, move || {
            log.say("signal");
            sleep(ms(1));
            tell.set();
        });
        // SAFETY: no memory.
        unsafe { libc::raise(libc::SIGUSR1) };
        l.say("raised");
        log!(l, "{}", (*told).wait(None));
        drop(handler.unwrap());
    }),
    ("callbacks", |l| {
        let (group, log) = (Group::new(), l.clone());
        group.apply_cb(|| 3, move |v| log!(log, "callback {v}")).get().unwrap();
        log!(l, "{:?}", group.map_async([1, 2], |n| n + 1).get().unwrap().unwrap());
    }),
];

/// Run one, if it has this name; false: there is none.
pub fn run_case(name: &str) -> bool {
    let case = name.strip_prefix(GROUP).and_then(|n| CASES.iter().find(|c| c.0 == n));
    let Some((_, run)) = case else { return false };
    spawn(|| ()).join(None);
    let log = Log::default();
    run(&log);
    print!("{}", log.0.lock().unwrap().join("; "));
    true
}

pub fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = CASES
        .iter()
        .map(|&(name, _)| Trial::test(format!("{GROUP}{name}"), || check(name)))
        .collect();
    trials.push(Trial::test("as_gevent/all", || {
        let here: Vec<&str> = CASES.iter().map(|(name, _)| *name).collect();
        let there: Vec<&str> =
            EXPECTED.lines().filter_map(|l| Some(l.split_once(':')?.0)).collect();
        assert_eq!(here, there, "cases of as_gevent.rs and as_gevent.txt");
        Ok(())
    }));
    trials
}

fn check(name: &str) -> Result<(), Failed> {
    let told = |line: &'static str| line.strip_prefix(name)?.strip_prefix(": ");
    let expected = EXPECTED.lines().find_map(told).ok_or("gevent has not been asked")?;
    let case = format!("{GROUP}{name}");
    let output = run(Command::new(std::env::current_exe()?).args(["--case", &case]))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !output.stderr.is_empty() {
        return Err(format!("{output:?}").into());
    }
    if said != expected {
        return Err(format!("gevent: {expected}\nhere:   {said}").into());
    }
    Ok(())
}
