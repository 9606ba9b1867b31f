//! Events, locks, queues, time-outs and kills between greenlets.

use crate::case::{case, Case};
use geventrs::event::{AsyncResult, Event};
use geventrs::lock::{Mutex, RLock, Semaphore};
use geventrs::queue::{Channel, GetError, PriorityQueue, PutError, Queue};
use geventrs::timeout::{with_timeout, Expired, Timeout};
use geventrs::{Greenlet, GreenletExit, Waitable};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("an_event_wakes_all_in_the_order_of_their_coming", event_order),
    case("who_waits_when_an_event_is_set_is_told_though_it_is_cleared", event_cleared),
    case("an_os_thread_sets_an_event_for_a_greenlet_and_back", event_threads),
    case("an_async_result_is_got_by_many", async_result_many),
    case("a_semaphore_serves_in_the_order_of_coming", semaphore_order),
    case("a_semaphore_waiter_that_times_out_leaves_the_line", semaphore_time_out),
    case("a_killed_semaphore_waiter_takes_no_unit_with_it", semaphore_killed),
    case("a_unit_handed_to_a_killed_greenlet_is_not_lost", semaphore_given_and_killed),
    case("an_rlock_is_its_owners_until_the_last_guard", rlock_depth),
    case("a_mutex_is_held_across_waits_and_freed_by_unwinding", mutex_unwinds),
    case("a_bounded_queue_makes_the_putter_wait", queue_bounded),
    case("getters_and_putters_are_served_in_order", queue_order),
    case("a_queue_shut_down_ends_waiting_gets_and_puts", queue_shutdown),
    case("a_killed_putter_takes_its_item_back", queue_killed_putter),
    case("a_peek_waits_and_takes_nothing", queue_peek),
    case("a_priority_queue_lets_waiting_items_in_by_priority", priority_bounded),
    case("join_waits_for_all_tasks", queue_join),
    case("a_channel_hands_over_from_each_to_each", channel_meets),
    case("queues_work_between_os_threads_and_greenlets", queue_threads),
    case("a_kill_unwinds_and_runs_destructors", kill_unwinds),
    case("a_greenlet_killed_before_it_began_never_does", kill_unstarted),
    case("a_kill_with_a_time_out_gives_up", kill_gives_up),
    case("a_kill_ends_every_kind_of_wait", kill_every_wait),
    case("a_destructor_may_wait_while_a_kill_unwinds", kill_waits_in_drop),
    case("killing_oneself_unwinds_at_once", kill_oneself),
    case("an_os_thread_kills_a_greenlet", kill_from_thread),
    case("killall_ends_all_at_once", kill_all),
    case("a_kill_of_an_ended_greenlet_does_nothing", kill_ended),
    case("links_are_called_in_order_and_get_waits_for_them", links_in_order),
    Case {
        name: "a_panic_in_a_link_is_reported_and_ends_nothing",
        run: link_panics,
        signal: 0,
        stderr: &["link failed with panic: bad link"],
    },
    case("a_time_out_unwinds_from_every_kind_of_wait", timeout_every_wait),
    case("nested_time_outs_are_told_apart", timeout_nested),
    case("a_time_out_that_was_cancelled_does_not_come", timeout_cancelled),
    case("what_came_in_time_is_not_lost_to_a_time_out", timeout_late),
    case("a_time_out_is_its_greenlets_own", timeout_own),
    Case {
        name: "an_uncaught_time_out_ends_its_greenlet",
        run: timeout_uncaught,
        signal: 0,
        stderr: &["failed with panic: timed out after 5ms"],
    },
    case("wait_and_iwait_take_whatever_is_ready_first", wait_mixed),
    case("an_abandoned_iwait_leaves_nothing_behind", iwait_dropped),
    case("spawn_later_waits_first", later),
    case("the_greenlets_and_what_they_wait_for_are_told", told),
    Case {
        name: "a_late_kill_whose_payload_panics_ends_nothing",
        run: kill_late_payload,
        signal: 0,
        stderr: &["panicked at", "bad payload"],
    },
    case("handles_and_objects_are_send_and_sync", send_and_sync),
    case("idle_waits_until_the_others_do", idle_waits),
];

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

const LONG: Duration = Duration::from_secs(3600);

type Log<T> = Arc<std::sync::Mutex<Vec<T>>>;

fn note<T>(log: &Log<T>, item: T) {
    log.lock().unwrap().push(item);
}

fn seen<T: Clone>(log: &Log<T>) -> Vec<T> {
    log.lock().unwrap().clone()
}

/// `n` greenlets that run `f` with their number and then note it; they have
/// begun.
fn each<F>(n: usize, log: &Log<usize>, f: F) -> Vec<Greenlet<()>>
where
    F: Fn(usize) + Send + Sync + 'static,
{
    let f = Arc::new(f);
    let all = (0..n).map(|i| {
        let (log, f) = (log.clone(), f.clone());
        geventrs::spawn(move || {
            f(i);
            note(&log, i);
        })
    });
    let all = all.collect();
    geventrs::yield_now();
    all
}

/// Counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

// ---- events ----

fn event_order() {
    static EVENT: Event = Event::new();
    let log = Log::default();
    let all = each(5, &log, |_| assert!(EVENT.wait(None)));
    assert!(seen(&log).is_empty());
    EVENT.set();
    geventrs::joinall(&all, None);
    assert_eq!(seen(&log), [0, 1, 2, 3, 4]);
    assert!(EVENT.wait(Some(Duration::ZERO)));
}

fn event_cleared() {
    static EVENT: Event = Event::new();
    let log = Log::default();
    let all = each(3, &log, |_| assert!(EVENT.wait(None)));
    EVENT.set();
    EVENT.clear();
    geventrs::joinall(&all, None);
    assert!(!EVENT.wait(Some(ms(1))));
}

fn event_threads() {
    static THERE: Event = Event::new();
    static BACK: Event = Event::new();
    let g = geventrs::spawn(|| {
        assert!(THERE.wait(None));
        BACK.set();
    });
    let thread = std::thread::spawn(|| {
        std::thread::sleep(ms(20));
        assert!(!BACK.wait(Some(ms(1))));
        THERE.set();
        assert!(BACK.wait(None));
    });
    g.get().unwrap();
    thread.join().unwrap();
}

fn async_result_many() {
    static RESULT: AsyncResult<String> = AsyncResult::new();
    let log = Log::default();
    let all = each(3, &log, |_| assert_eq!(RESULT.get(None).unwrap(), "here"));
    assert!(!RESULT.ready() && RESULT.get(Some(ms(1))).is_err());
    RESULT.set("here".into()).unwrap();
    geventrs::joinall(&all, None);
    assert_eq!(seen(&log).len(), 3);
    assert!(RESULT.set_error("late").is_err() && RESULT.successful());
}

// ---- locks ----

fn semaphore_order() {
    static LOCK: Semaphore = Semaphore::new(1);
    let mine = LOCK.acquire();
    let log = Log::default();
    let all = each(4, &log, |_| {
        let _permit = LOCK.acquire();
        geventrs::yield_now();
    });
    drop(mine);
    // It was handed over: the former holder stands at the end of the line.
    assert!(LOCK.try_acquire().is_none());
    let again = LOCK.acquire();
    assert_eq!(seen(&log), [0, 1, 2, 3]);
    drop(again);
    geventrs::joinall(&all, None);
    assert_eq!(LOCK.counter(), 1);
}

fn semaphore_time_out() {
    static NONE: Semaphore = Semaphore::new(0);
    let log = Log::default();
    let all = each(3, &log, |i| match i {
        1 => assert!(NONE.acquire_timeout(ms(5)).is_none()),
        _ => NONE.acquire().forget(),
    });
    all[1].join(None);
    NONE.release();
    NONE.release();
    geventrs::joinall(&all, None);
    assert_eq!((seen(&log), NONE.counter()), (vec![1, 0, 2], 0));
    NONE.release();
    assert_eq!(NONE.wait(None), 1);
}

fn semaphore_killed() {
    static NONE: Semaphore = Semaphore::new(0);
    let log = Log::default();
    let all = each(2, &log, |_| NONE.acquire().forget());
    assert!(all[0].kill(None));
    NONE.release();
    all[1].join(None);
    assert_eq!((seen(&log), NONE.counter()), (vec![1], 0));
}

fn semaphore_given_and_killed() {
    static LOCK: Semaphore = Semaphore::new(0);
    let log = Log::default();
    let all = each(1, &log, |_| {
        let _permit = LOCK.acquire();
        geventrs::sleep(LONG);
    });
    // Handed over, then killed, before it runs: it takes the unit, and dies at
    // its next wait, whose unwinding releases it.
    LOCK.release();
    all[0].kill(None);
    assert_eq!((seen(&log), LOCK.counter()), (vec![], 1));
}

fn rlock_depth() {
    static LOCK: RLock = RLock::new();
    let log = Log::default();
    let outer = LOCK.acquire();
    let all = each(2, &log, |_| {
        let _a = LOCK.acquire();
        geventrs::sleep(ms(1));
        let _b = LOCK.acquire_timeout(ms(1)).expect("its own");
        geventrs::sleep(ms(1));
    });
    let inner = LOCK.try_acquire().unwrap();
    drop(outer);
    geventrs::sleep(ms(5));
    assert!(seen(&log).is_empty() && LOCK.locked());
    drop(inner);
    geventrs::joinall(&all, None);
    assert_eq!(seen(&log), [0, 1]);
    assert!(!LOCK.locked());
}

fn mutex_unwinds() {
    static MUTEX: Mutex<u32> = Mutex::new(0);
    let holds = geventrs::spawn(|| {
        let mut value = MUTEX.lock();
        *value = 1;
        geventrs::sleep(LONG);
        *value = 2;
    });
    geventrs::yield_now();
    assert!(MUTEX.try_lock().is_none() && MUTEX.lock_timeout(ms(1)).is_none());
    let waits = geventrs::spawn(|| *MUTEX.lock());
    geventrs::yield_now();
    assert!(holds.kill(None));
    assert_eq!(waits.get().unwrap(), 1);
    assert_eq!(*MUTEX.lock(), 1);
}

// ---- queues ----

fn queue_bounded() {
    static QUEUE: Queue<u32> = Queue::bounded(2);
    let puts = geventrs::spawn(|| (0..5).for_each(|n| QUEUE.put(n).unwrap()));
    geventrs::yield_now();
    assert!(QUEUE.is_full() && QUEUE.len() == 2 && !puts.ready());
    assert_eq!(QUEUE.put_nowait(9), Err(PutError::Full(9)));
    assert_eq!(QUEUE.put_timeout(9, ms(1)), Err(PutError::Full(9)));
    // The putter's item comes in as room gets free, before its next turn.
    assert_eq!((QUEUE.get(), QUEUE.len()), (Ok(0), 2));
    assert_eq!((1..5).map(|_| QUEUE.get().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(QUEUE.get_nowait(), Err(GetError::Empty));
    assert!(puts.ready());
}

fn queue_order() {
    static QUEUE: Queue<usize> = Queue::bounded(1);
    let log = Log::default();
    let gets = each(4, &log, |i| assert_eq!(QUEUE.get(), Ok(i)));
    (0..4).for_each(|n| QUEUE.put_nowait(n).unwrap());
    // Each is handed its own; none is in the queue for who comes now.
    assert_eq!(QUEUE.get_nowait(), Err(GetError::Empty));
    geventrs::joinall(&gets, None);
    assert_eq!(seen(&log), [0, 1, 2, 3]);
    let puts = each(4, &Log::default(), |i| QUEUE.put(i).unwrap());
    assert_eq!((0..4).map(|_| QUEUE.get().unwrap()).collect::<Vec<_>>(), [0, 1, 2, 3]);
    geventrs::joinall(&puts, None);
}

fn queue_shutdown() {
    static EMPTY: Queue<u32> = Queue::new();
    static FULL: Queue<u32> = Queue::bounded(1);
    FULL.put(1).unwrap();
    let gets = geventrs::spawn(|| EMPTY.get());
    let peeks = geventrs::spawn(|| EMPTY.peek());
    let puts = geventrs::spawn(|| FULL.put(2));
    geventrs::yield_now();
    EMPTY.shutdown(false);
    FULL.shutdown(false);
    assert_eq!(gets.get().unwrap(), Err(GetError::ShutDown));
    assert_eq!(peeks.get().unwrap(), Err(GetError::ShutDown));
    assert_eq!(puts.get().unwrap(), Err(PutError::ShutDown(2)));
    assert_eq!(FULL.iter().collect::<Vec<_>>(), [1]);
    assert_eq!(FULL.unfinished_tasks(), 1, "the refused item was never put");
    let now = Queue::new();
    now.put(1).unwrap();
    now.shutdown(true);
    assert_eq!(now.get(), Err(GetError::ShutDown));
    assert!(now.join(Some(Duration::ZERO)) && now.is_shutdown());
}

fn queue_killed_putter() {
    static QUEUE: Queue<Counted> = Queue::bounded(1);
    let drops = Arc::new(AtomicUsize::new(0));
    QUEUE.put(Counted(drops.clone())).unwrap();
    let second = Counted(drops.clone());
    let puts = geventrs::spawn(move || QUEUE.put(second).is_ok());
    geventrs::yield_now();
    assert!(puts.kill(None));
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    drop(QUEUE.get());
    assert_eq!(drops.load(Ordering::Relaxed), 2);
    assert!(QUEUE.is_empty());
}

fn queue_peek() {
    static QUEUE: Queue<u32> = Queue::new();
    let peeks: Vec<_> = (0..2).map(|_| geventrs::spawn(|| QUEUE.peek())).collect();
    geventrs::yield_now();
    assert_eq!(QUEUE.peek_nowait(), Err(GetError::Empty));
    assert_eq!(QUEUE.peek_timeout(ms(1)), Err(GetError::Empty));
    QUEUE.put(3).unwrap();
    for g in peeks {
        assert_eq!(g.get().unwrap(), Ok(3));
    }
    assert_eq!(QUEUE.len(), 1);
}

fn priority_bounded() {
    static QUEUE: PriorityQueue<u32> = PriorityQueue::bounded(2);
    let puts: Vec<_> = [5, 3, 1, 4].map(|n| geventrs::spawn(move || QUEUE.put(n).unwrap())).into();
    geventrs::yield_now();
    assert_eq!((0..4).map(|_| QUEUE.get().unwrap()).collect::<Vec<_>>(), [3, 1, 4, 5]);
    geventrs::joinall(&puts, None);
}

fn queue_join() {
    static QUEUE: Queue<u64> = Queue::new();
    let done = Arc::new(AtomicUsize::new(0));
    (0..6).for_each(|n| QUEUE.put(n).unwrap());
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let done = done.clone();
            geventrs::spawn(move || {
                for n in &QUEUE {
                    geventrs::sleep(ms(n));
                    done.fetch_add(1, Ordering::Relaxed);
                    QUEUE.task_done().unwrap();
                }
            })
        })
        .collect();
    assert!(!QUEUE.join(Some(ms(1))));
    assert!(QUEUE.join(None));
    assert_eq!(done.load(Ordering::Relaxed), 6);
    assert!(QUEUE.task_done().is_err());
    QUEUE.shutdown(false);
    assert_eq!(geventrs::joinall(&workers, None), [0, 1]);
}

fn channel_meets() {
    static CHANNEL: Channel<usize> = Channel::new();
    assert_eq!(CHANNEL.put_nowait(1), Err(PutError::Full(1)));
    assert_eq!(CHANNEL.get_nowait(), Err(GetError::Empty));
    let log = Log::default();
    let puts = each(3, &log, |i| CHANNEL.put(i).unwrap());
    assert!(seen(&log).is_empty());
    assert_eq!((CHANNEL.get(), CHANNEL.get_nowait()), (Ok(0), Ok(1)));
    geventrs::yield_now();
    assert_eq!(seen(&log), [0, 1]);
    assert_eq!(CHANNEL.get(), Ok(2));
    geventrs::joinall(&puts, None);
    let gets = each(2, &Log::default(), |i| assert_eq!(CHANNEL.get(), Ok(i)));
    CHANNEL.put_nowait(0).unwrap();
    CHANNEL.put(1).unwrap();
    gets.into_iter().for_each(|g| g.get().unwrap());
    let waits = geventrs::spawn(|| CHANNEL.get());
    geventrs::yield_now();
    CHANNEL.shutdown();
    assert_eq!(waits.get().unwrap(), Err(GetError::ShutDown));
}

fn queue_threads() {
    static THERE: Queue<u32> = Queue::bounded(3);
    static BACK: Channel<u32> = Channel::new();
    const N: u32 = 2_000;
    let thread = std::thread::spawn(|| {
        for n in &THERE {
            BACK.put(n * 2).unwrap();
        }
    });
    let puts = geventrs::spawn(|| {
        (0..N).for_each(|n| THERE.put(n).unwrap());
        THERE.shutdown(false);
    });
    let gets = geventrs::spawn(|| (0..N).all(|n| BACK.get() == Ok(n * 2)));
    assert!(gets.get().unwrap());
    puts.get().unwrap();
    thread.join().unwrap();
}

// ---- kills ----

fn kill_unwinds() {
    let drops = Arc::new(AtomicUsize::new(0));
    let (outer, inner) = (Counted(drops.clone()), Counted(drops.clone()));
    let g = geventrs::spawn(move || {
        let _outer = outer;
        let deeper = move || {
            let _inner = inner;
            geventrs::sleep(LONG);
        };
        deeper();
        unreachable!("it was killed");
    });
    geventrs::yield_now();
    assert!(g.kill(None));
    assert_eq!(drops.load(Ordering::Relaxed), 2);
    assert!(g.ready() && !g.successful() && g.exception().unwrap().is_exit());
    assert!(g.get().unwrap_err().is::<GreenletExit>());
}

fn kill_unstarted() {
    let drops = Arc::new(AtomicUsize::new(0));
    let counted = Counted(drops.clone());
    let g = geventrs::spawn(move || {
        let _counted = counted;
        unreachable!("it was killed first");
    });
    g.kill_nowait();
    assert!(!g.ready());
    assert!(g.join(None));
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    let g = geventrs::spawn_later(LONG, || unreachable!("never"));
    assert!(g.kill(None));
}

fn kill_gives_up() {
    let g = geventrs::spawn(|| {
        for _ in 0..2 {
            let caught = catch_unwind(|| geventrs::sleep(LONG));
            assert!(caught.unwrap_err().is::<GreenletExit>());
        }
        geventrs::sleep(LONG);
    });
    geventrs::yield_now();
    assert!(!g.kill(Some(ms(5))));
    assert!(!g.kill(Some(ms(5))));
    assert!(g.kill(Some(LONG)));
}

fn ignore<T>(_: T) {}

/// Every kind of wait; none ends by itself.
fn all_waits() -> Vec<Box<dyn Fn() + Send>> {
    let (reader, writer) = std::io::pipe().unwrap();
    let fd = std::os::fd::AsRawFd::as_raw_fd(&reader);
    std::mem::forget((reader, writer));
    static FULL: Queue<u32> = Queue::bounded(1);
    let _ = FULL.put_nowait(1);
    vec![
        Box::new(|| geventrs::sleep(LONG)),
        Box::new(|| loop {
            geventrs::yield_now();
        }),
        Box::new(move || ignore(geventrs::wait_fd(fd, geventrs::Interest::Read, None))),
        Box::new(move || ignore(geventrs::select(&[fd], &[], &[], None))),
        Box::new(|| ignore(Event::new().wait(None))),
        Box::new(|| ignore(AsyncResult::<()>::new().get(None))),
        Box::new(|| ignore(Semaphore::new(0).acquire())),
        Box::new(|| ignore(Semaphore::new(0).wait(None))),
        Box::new(|| ignore(Queue::<u32>::new().get())),
        Box::new(|| ignore(Queue::<u32>::new().peek())),
        Box::new(|| ignore(FULL.put(1))),
        Box::new(|| ignore(FULL.join(None))),
        Box::new(|| ignore(Channel::new().put(1))),
        Box::new(|| ignore(geventrs::spawn(|| geventrs::sleep(LONG)).join(None))),
        Box::new(|| ignore(geventrs::spawn(|| geventrs::sleep(LONG)).get())),
        Box::new(|| ignore(geventrs::wait(&[&Event::new()], None, None))),
        Box::new(geventrs::idle),
    ]
}

fn kill_every_wait() {
    for (i, wait) in all_waits().into_iter().enumerate() {
        let g = geventrs::spawn(wait);
        geventrs::sleep(ms(2));
        assert!(!g.ready() || i == 16, "wait {i} has ended");
        assert!(g.kill(Some(ms(5000))), "wait {i} goes on");
    }
}

fn kill_waits_in_drop() {
    struct Waits(Arc<AtomicUsize>);
    impl Drop for Waits {
        fn drop(&mut self) {
            geventrs::sleep(ms(20));
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let ends = Arc::new(AtomicUsize::new(0));
    let waits = Waits(ends.clone());
    let g = geventrs::spawn(move || {
        let _waits = waits;
        let _limit = Timeout::new(ms(1)).start();
        geventrs::sleep(LONG);
    });
    geventrs::yield_now();
    assert!(!g.kill(Some(ms(1))));
    // A second one while it unwinds changes nothing.
    assert!(g.kill(None));
    assert_eq!(ends.load(Ordering::Relaxed), 1);
    assert!(g.exception().unwrap().is_exit());
}

fn kill_oneself() {
    static ME: AsyncResult<Greenlet<()>> = AsyncResult::new();
    let g = geventrs::spawn(|| {
        ME.get(None).unwrap().kill(None);
        unreachable!("it is dead");
    });
    ME.set(g).unwrap();
    let me = ME.get(None).unwrap();
    assert!(me.join(None) && me.exception().unwrap().is_exit());
}

fn kill_from_thread() {
    let waits = all_waits();
    let n = waits.len();
    let all: Vec<_> = waits.into_iter().map(geventrs::spawn).collect();
    geventrs::sleep(ms(5));
    let all = Arc::new(all);
    let thread = {
        let all = all.clone();
        std::thread::spawn(move || geventrs::killall(&all, Some(ms(20_000))))
    };
    assert_eq!(geventrs::joinall(&all, Some(ms(20_000))).len(), n);
    assert!(thread.join().unwrap());
    // Again and again, at any moment of a wait.
    for _ in 0..300 {
        let g = Arc::new(geventrs::spawn(|| loop {
            geventrs::sleep(Duration::from_micros(20));
            geventrs::yield_now();
        }));
        let other = g.clone();
        let thread = std::thread::spawn(move || other.kill_nowait());
        assert!(g.join(Some(ms(20_000))));
        thread.join().unwrap();
    }
}

fn kill_all() {
    let drops = Arc::new(AtomicUsize::new(0));
    let all: Vec<_> = (0..1000)
        .map(|_| {
            let counted = Counted(drops.clone());
            geventrs::spawn(move || {
                let _counted = counted;
                geventrs::sleep(LONG);
            })
        })
        .collect();
    geventrs::yield_now();
    assert!(geventrs::killall(&all, None));
    assert_eq!(drops.load(Ordering::Relaxed), 1000);
    assert!(geventrs::killall::<()>(&[], None));
}

fn kill_ended() {
    let g = geventrs::spawn(|| 1);
    g.join(None);
    assert!(g.kill(None));
    assert_eq!(g.get().unwrap(), 1);
    // Its memory is another greenlet's now, which lives on.
    let old = geventrs::spawn(|| ());
    old.join(None);
    let next = geventrs::spawn(|| geventrs::sleep(ms(20)));
    geventrs::yield_now();
    old.kill_nowait();
    next.get().unwrap();
}

// ---- links ----

fn links_in_order() {
    let log = Log::default();
    let g = geventrs::spawn(|| 5);
    for i in 0..3 {
        let log = log.clone();
        g.link(move |outcome| {
            geventrs::sleep(ms(5));
            note(&log, *outcome.unwrap() + i);
        });
    }
    g.link_exception(|_| unreachable!("it had a value"));
    let unlinked = g.link_value(|_| unreachable!("it was unlinked"));
    assert!(g.unlink(unlinked) && !g.unlink(unlinked));
    assert!(g.join(None) && seen(&log).is_empty());
    assert_eq!(*g.value().unwrap(), 5);
    {
        // Too late to be called there, so here.
        let late = geventrs::spawn(|| 1);
        late.join(None);
        let log = log.clone();
        late.link_value(move |v| note(&log, *v));
    }
    assert_eq!(seen(&log), [1]);
    assert_eq!(g.get().unwrap(), 5);
    assert_eq!(seen(&log), [1, 5, 6, 7]);
    let killed = geventrs::spawn(|| ());
    killed.link_exception(|e| assert!(e.is_exit()));
    killed.link_value(|_| unreachable!("it was killed"));
    killed.kill(None);
}

fn link_panics() {
    let log = Log::default();
    let g = geventrs::spawn(|| 5);
    g.link(|_| panic!("bad link"));
    let other = log.clone();
    g.link(move |_| note(&other, 1));
    assert_eq!(g.get().unwrap(), 5);
    assert_eq!(seen(&log), [1]);
}

// ---- time-outs ----

fn timeout_every_wait() {
    for (i, wait) in all_waits().into_iter().enumerate() {
        if i == 16 {
            continue; // nobody else runs, so idle ends at once
        }
        let g = geventrs::spawn(move || {
            let expired = with_timeout(ms(5), wait).unwrap_err();
            assert_eq!(expired.span(), ms(5));
            // It is over: later waits are not concerned.
            geventrs::sleep(ms(7));
        });
        assert!(g.join(Some(ms(10_000))), "wait {i} goes on");
        g.get().unwrap();
    }
    // On the root, and on an OS thread that is no greenlet.
    assert!(with_timeout(ms(5), || geventrs::sleep(LONG)).is_err());
    let thread = std::thread::spawn(|| {
        let all = all_waits();
        let waits = [0, 3, 4, 6, 8].map(|i| &all[i]);
        waits.iter().all(|wait| with_timeout(ms(5), wait).is_err())
    });
    assert!(thread.join().unwrap());
}

fn timeout_nested() {
    let (short, long) = (ms(10), ms(10_000));
    let result = with_timeout(short, || {
        let inner = with_timeout(long, || geventrs::sleep(LONG));
        unreachable!("the outer one came first: {inner:?}");
    });
    assert_eq!(result.unwrap_err().span(), short);
    let result = with_timeout(long, || with_timeout(short, || geventrs::sleep(LONG)));
    assert_eq!(result.unwrap().unwrap_err().span(), short);
    // Of the same span: the one that was started first comes first.
    let outer = with_timeout(short, || {
        geventrs::sleep(ms(1));
        let _ = with_timeout(short, || geventrs::sleep(LONG));
        unreachable!()
    });
    assert!(outer.is_err());
    // Both due at once, the inner one first.
    let mut inner_seen = false;
    let outer = with_timeout(ms(20), || {
        inner_seen = with_timeout(ms(5), || {
            std::thread::sleep(ms(30)); // no wait point
            geventrs::sleep(LONG);
        })
        .is_err();
        geventrs::yield_now();
        unreachable!("the outer one is due as well")
    });
    assert!(inner_seen && outer.is_err());
}

fn timeout_cancelled() {
    let start = Instant::now();
    assert_eq!(with_timeout(ms(20), || 1).unwrap(), 1);
    let limit = Timeout::new(ms(20)).start();
    assert!(limit.is_pending());
    drop(limit);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        with_timeout(ms(20), || std::panic::resume_unwind(Box::new(7u8)))
    }));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&7u8));
    geventrs::sleep(ms(40));
    geventrs::spawn(|| geventrs::sleep(ms(1))).get().unwrap();
    assert!(start.elapsed() >= ms(40));
}

fn timeout_late() {
    static QUEUE: Queue<u32> = Queue::new();
    let g = geventrs::spawn(|| {
        let _limit = Timeout::new(ms(5)).start();
        let got = QUEUE.get();
        let raised = catch_unwind(geventrs::yield_now);
        assert!(raised.unwrap_err().is::<Expired>());
        got
    });
    geventrs::yield_now();
    QUEUE.put(1).unwrap();
    std::thread::sleep(ms(10)); // nobody runs meanwhile
    assert_eq!(g.get().unwrap(), Ok(1));
}

fn timeout_own() {
    let limited = geventrs::spawn(|| with_timeout(ms(5), || geventrs::sleep(LONG)).is_err());
    let free = geventrs::spawn(|| {
        geventrs::sleep(ms(30));
        // Made under a time-out, a greenlet is not limited by it.
        with_timeout(ms(5), || geventrs::spawn(|| geventrs::sleep(ms(30)))).unwrap()
    });
    assert!(limited.get().unwrap());
    free.get().unwrap().get().unwrap();
}

fn timeout_uncaught() {
    let g = geventrs::spawn(|| {
        let _limit = Timeout::new(ms(5)).start();
        geventrs::sleep(LONG);
    });
    g.join(None);
    assert!(g.exception().unwrap().is_timeout());
    assert!(g.get().unwrap_err().is::<Expired>());
}

// ---- several objects ----

fn wait_mixed() {
    let (event, result) = (Event::new(), AsyncResult::new());
    let slow = geventrs::spawn(|| geventrs::sleep(LONG));
    let quick = geventrs::spawn(|| geventrs::sleep(ms(30)));
    let shared = Arc::new((event, result));
    let other = shared.clone();
    let sets = geventrs::spawn(move || {
        geventrs::sleep(ms(10));
        other.1.set(1).unwrap();
        other.0.set();
    });
    let semaphore = Semaphore::new(0);
    let both: [&dyn Waitable; 2] = [&semaphore, &slow];
    assert_eq!(geventrs::wait(&both, Some(ms(1)), None), [0usize; 0]);
    semaphore.release();
    assert_eq!(geventrs::wait(&both, None, Some(1)), [0]);
    assert_eq!(semaphore.counter(), 1);
    let all: [&dyn Waitable; 4] = [&slow, &quick, &shared.0, &shared.1];
    assert_eq!(geventrs::wait(&all, Some(ms(1)), None), [0usize; 0]);
    assert_eq!(geventrs::wait(&all, None, Some(2)), [3, 2]);
    let mut iter = geventrs::iwait(&all, Some(ms(5000)));
    assert_eq!((iter.next(), iter.next()), (Some(2), Some(3)), "ready from the start");
    assert_eq!(iter.next(), Some(1));
    drop(iter);
    assert_eq!(geventrs::wait(&all, Some(ms(1)), None), [1, 2, 3]);
    assert_eq!(geventrs::wait::<Event>(&[], None, None), [0usize; 0]);
    sets.get().unwrap();
    slow.kill(None);
}

fn iwait_dropped() {
    let event = Arc::new(Event::new());
    for _ in 0..3 {
        let _ = geventrs::iwait(&[event.clone(), event.clone()], Some(ms(1))).next();
    }
    assert_eq!(Arc::strong_count(&event), 1);
    event.set();
    assert_eq!(geventrs::wait(&[&event, &event], None, None), [0, 1]);
}

fn later() {
    let log = Log::default();
    for (i, delay) in [(0, 30), (1, 10), (2, 0)] {
        let log = log.clone();
        drop(geventrs::spawn_later(ms(delay), move || note(&log, i)));
    }
    geventrs::sleep(ms(60));
    assert_eq!(seen(&log), [2, 1, 0]);
}

fn told() {
    static EVENT: Event = Event::new();
    let waits = geventrs::Builder::new().name("waits").spawn(|| EVENT.wait(None)).unwrap();
    geventrs::yield_now();
    let all = geventrs::util::greenlets();
    assert_eq!(all.len(), 2);
    assert!(all[0].is_current && !all[1].is_current);
    assert_eq!((all[1].id, all[1].name.as_str()), (waits.id(), "waits"));
    assert_eq!(all[1].waits_for, "an event");
    assert!(geventrs::util::format_run_info().contains("\"waits\""));
    assert_eq!(std::thread::spawn(geventrs::util::greenlets).join().unwrap(), []);
    EVENT.set();
}

fn kill_late_payload() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("bad payload");
        }
    }
    let g = geventrs::spawn(|| {
        // Asked for while it does not wait, and it waits no more.
        std::thread::sleep(ms(30));
        1
    });
    let g = Arc::new(g);
    let other = g.clone();
    let killer = std::thread::spawn(move || {
        std::thread::sleep(ms(10));
        other.kill_with(Bad, Some(Duration::ZERO))
    });
    g.join(None);
    killer.join().unwrap();
    assert_eq!(g.value(), Some(&1));
}

fn send_and_sync() {
    fn both<T: Send + Sync>() {}
    both::<Greenlet<u8>>();
    both::<Event>();
    both::<AsyncResult<u8>>();
    both::<Semaphore>();
    both::<geventrs::lock::BoundedSemaphore>();
    both::<RLock>();
    // What may be sent, but not shared, is shared by these.
    both::<Mutex<std::cell::Cell<u8>>>();
    both::<Queue<std::cell::Cell<u8>>>();
    both::<Channel<std::cell::Cell<u8>>>();
    both::<geventrs::queue::SimpleQueue<std::cell::Cell<u8>>>();
    both::<geventrs::pool::Pool>();
    both::<geventrs::threadpool::ThreadPool>();
    both::<geventrs::threadpool::ThreadResult<std::cell::Cell<u8>>>();
    both::<geventrs::local::Local<std::rc::Rc<u8>>>();
    both::<geventrs::socket::TcpStream>();
    both::<geventrs::server::StreamServer<geventrs::socket::TcpListener>>();
    both::<Expired>();
}

fn idle_waits() {
    let turns = Arc::new(AtomicUsize::new(0));
    let busy = {
        let turns = turns.clone();
        geventrs::spawn(move || {
            let end = Instant::now() + ms(30);
            while Instant::now() < end {
                turns.fetch_add(1, Ordering::Relaxed);
                geventrs::yield_now();
            }
        })
    };
    geventrs::idle();
    assert!(busy.ready() && turns.load(Ordering::Relaxed) > 10);
    let sleeps = geventrs::spawn(|| geventrs::sleep(ms(200)));
    geventrs::idle();
    assert!(!sleeps.ready());
    sleeps.kill(None);
}
