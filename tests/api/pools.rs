//! Groups, pools, greenlet-local values and OS threads for blocking work.

use crate::case::{case, Case};
use geventrs::event::Event;
use geventrs::local::Local;
use geventrs::pool::{Group, Pool, PoolFull};
use geventrs::threadpool::ThreadPool;
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("a_group_is_left_at_the_end_however_that_came", group_left),
    case("a_greenlet_is_added_once_and_not_when_it_has_ended", group_add),
    case("a_member_that_kills_its_group_dies_too", group_kills_itself),
    case("who_comes_to_a_group_that_is_killed_is_killed", killed_while_it_grows),
    case("a_pool_never_runs_more_than_its_size", pool_limit),
    case("a_pool_gives_places_back_when_greenlets_are_killed", pool_killed),
    case("a_full_pool_is_waited_for_and_the_wait_can_be_killed", pool_full),
    case("a_member_applies_to_its_own_full_pool", pool_apply_inside),
    case("apply_async_does_not_wait_and_joins", pool_apply_async),
    Case {
        name: "map_gives_the_first_panic_and_the_others_go_on",
        run: map_panics,
        signal: 0,
        stderr: &["failed with panic: 2"],
    },
    case("a_greenlet_that_is_discarded_makes_room_and_lives_on", discarded),
    case("try_spawn_gives_back_what_there_is_no_room_for", try_spawn),
    case("imap_yields_in_order_and_runs_ahead_no_further_than_allowed", imap_ahead),
    case("imap_unordered_yields_as_they_end", imap_unordered),
    case("an_imap_that_is_dropped_starts_no_more", imap_dropped),
    case("a_local_is_each_greenlets_own_and_ends_with_it", local_ends),
    case("a_local_may_use_itself_while_it_is_used", local_nested),
    case("destructors_of_locals_use_locals_and_wait", local_ends_with_locals),
    Case {
        name: "a_local_s_destructor_that_panics_ends_nobody",
        run: local_panics,
        signal: 0,
        stderr: &["a local's destructor"],
    },
    case("a_thread_pool_blocks_without_stopping_the_others", threads_block),
    case("a_thread_pool_has_no_more_threads_than_allowed", threads_limit),
    Case {
        name: "a_panic_in_a_task_comes_out_of_get",
        run: threads_panic,
        signal: 0,
        stderr: &["panicked at", "bad task"],
    },
    Case {
        name: "a_task_s_value_that_panics_when_it_is_dropped_ends_no_thread",
        run: threads_value_panics,
        signal: 0,
        stderr: &["a value's destructor"],
    },
    case("an_os_threads_many_wake_ups_are_all_heard", threads_many),
    case("a_wait_for_a_task_can_be_killed_and_the_task_goes_on", threads_killed),
];

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

const LONG: Duration = Duration::from_secs(3600);

// ---- groups and pools ----

fn group_left() {
    let group = Group::new();
    assert!(group.is_empty() && group.join(None));
    let value = group.spawn(|| 1);
    let killed = group.spawn(|| geventrs::sleep(LONG));
    let unstarted = group.spawn(|| ());
    unstarted.kill_nowait();
    assert_eq!(group.len(), 3);
    geventrs::yield_now();
    assert_eq!(group.len(), 1);
    killed.kill(None);
    assert!(group.join(None) && group.is_empty());
    assert_eq!(value.get().unwrap(), 1);
}

fn group_add() {
    let group = Group::new();
    let g = geventrs::spawn(|| geventrs::sleep(ms(5)));
    group.add(&g);
    group.add(&g);
    group.clone().add(&g);
    assert_eq!(group.len(), 1);
    assert!(group.join(None));
    group.add(&g);
    assert!(group.is_empty() && group.join(Some(Duration::ZERO)));
    let pool = Pool::new(1);
    pool.add(&g);
    assert_eq!(pool.free_count(), 1);
}

fn group_kills_itself() {
    let group = Group::new();
    let other = group.spawn(|| geventrs::sleep(LONG));
    let member = group.clone();
    let killer = group.spawn(move || {
        member.kill(None);
        unreachable!("it is a member itself");
    });
    assert!(group.join(None));
    assert!(other.exception().unwrap().is_exit() && killer.exception().unwrap().is_exit());
}

fn killed_while_it_grows() {
    struct Respawns(Group);
    impl Drop for Respawns {
        fn drop(&mut self) {
            self.0.spawn(|| unreachable!("it is killed before it begins"));
        }
    }
    let group = Group::new();
    let held = Respawns(group.clone());
    group.spawn(move || {
        let _held = held;
        geventrs::sleep(LONG);
    });
    geventrs::yield_now();
    assert!(group.kill(Some(ms(30_000))));
    // Who comes afterwards lives.
    assert_eq!(group.spawn(|| 1).get().unwrap(), 1);

    // The same of a pool that somebody waits for.
    let pool = Pool::new(1);
    pool.spawn(|| geventrs::sleep(LONG));
    let waits = {
        let pool = pool.clone();
        geventrs::spawn(move || pool.spawn(|| geventrs::sleep(LONG)).get().is_err())
    };
    geventrs::yield_now();
    assert!(pool.kill(Some(ms(30_000))));
    if !waits.join(Some(ms(1000))) {
        // It got its place when the kill was over.
        assert!(pool.kill(Some(ms(30_000))));
    }
    assert!(waits.get().unwrap());
}

fn pool_limit() {
    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let pool = Pool::new(3);
    let work = |n: u64| {
        let now = NOW.fetch_add(1, Ordering::Relaxed) + 1;
        MOST.fetch_max(now, Ordering::Relaxed);
        geventrs::sleep(ms(n % 4));
        NOW.fetch_sub(1, Ordering::Relaxed);
        n
    };
    assert_eq!(pool.map(0..30, work).unwrap(), (0..30).collect::<Vec<_>>());
    let all: Vec<u64> = pool.imap(0..30, None, work).map(Result::unwrap).collect();
    assert_eq!(all, (0..30).collect::<Vec<_>>());
    let mut all: Vec<u64> = pool.imap_unordered(0..30, None, work).map(Result::unwrap).collect();
    all.sort();
    assert_eq!(all, (0..30).collect::<Vec<_>>());
    let all: Vec<_> = (0..10).map(|n| pool.apply_async(move || work(n))).collect();
    assert_eq!(geventrs::joinall(&all, None).len(), 10);
    assert_eq!(MOST.load(Ordering::Relaxed), 3);
    assert_eq!((pool.free_count(), pool.len()), (3, 0));
}

fn pool_killed() {
    let pool = Pool::new(2);
    let a = pool.spawn(|| geventrs::sleep(LONG));
    let b = pool.spawn(|| geventrs::sleep(LONG));
    assert!(pool.is_full() && pool.wait_available(Some(ms(1))) == 0);
    a.kill_nowait(); // it has not begun
    b.kill(None);
    assert_eq!((a.join(None), pool.wait_available(None)), (true, 2));
    for _ in 0..5 {
        pool.spawn(|| ());
    }
    assert!(pool.join(None));
    assert_eq!(pool.free_count(), 2);
}

fn pool_full() {
    let pool = Pool::new(1);
    pool.spawn(|| geventrs::sleep(LONG));
    let other = pool.clone();
    let waits = geventrs::spawn(move || drop(other.spawn(|| unreachable!("there was no room"))));
    geventrs::yield_now();
    assert!(!waits.ready());
    assert!(waits.kill(None));
    assert!(pool.kill(None));
    assert_eq!(pool.apply(|| 1).unwrap(), 1);
    assert_eq!(pool.free_count(), 1);
}

fn pool_apply_inside() {
    let pool = Pool::new(1);
    let inner = pool.clone();
    assert_eq!(pool.apply(move || inner.apply(|| 3).unwrap() + 1).unwrap(), 4);
}

fn pool_apply_async() {
    let pool = Pool::new(1);
    let all: Vec<_> = (0..3).map(|n| pool.apply_async(move || geventrs::sleep(ms(n)))).collect();
    assert_eq!(pool.len(), 3);
    assert!(pool.join(None));
    assert!(all.iter().all(|g| g.ready()));
    let waiting: Vec<_> = (0..3).map(|_| pool.apply_async(|| geventrs::sleep(LONG))).collect();
    geventrs::yield_now();
    assert!(pool.kill(None));
    assert!(waiting.iter().all(|g| g.exception().unwrap().is_exit()));
    assert_eq!(pool.free_count(), 1);
}

fn map_panics() {
    std::panic::set_hook(Box::new(|_| ()));
    let done = Arc::new(AtomicUsize::new(0));
    let also = done.clone();
    let group = Group::new();
    let result = group.map(0..5, move |n| {
        if n >= 2 && n % 2 == 0 {
            panic!("{n}");
        }
        also.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(result.unwrap_err().downcast_ref::<String>().unwrap(), "2");
    group.join(None);
    assert_eq!(done.load(Ordering::Relaxed), 3);
}

fn discarded() {
    let pool = Pool::new(1);
    let g = pool.spawn(|| geventrs::sleep(ms(20)));
    assert!(pool.discard(&g) && !pool.discard(&g));
    assert_eq!((pool.free_count(), pool.len()), (1, 0));
    assert!(pool.kill(None) && !g.ready());
    g.get().unwrap();
    assert_eq!(pool.free_count(), 1);
}

fn try_spawn() {
    let pool = Pool::new(1);
    let one = pool.try_spawn(|| 1).unwrap();
    let PoolFull(again) = pool.try_spawn(|| 2).unwrap_err();
    assert_eq!(one.get().unwrap(), 1);
    assert_eq!(pool.try_spawn(again).unwrap().get().unwrap(), 2);
}

fn imap_ahead() {
    let begun = Arc::new(AtomicUsize::new(0));
    let also = begun.clone();
    let group = Group::new();
    let mut values = group.imap(0.., Some(3), move |n: u64| {
        also.fetch_add(1, Ordering::Relaxed);
        geventrs::sleep(ms(5 - n % 5));
        n
    });
    geventrs::sleep(ms(30));
    assert_eq!(begun.load(Ordering::Relaxed), 3);
    assert_eq!(
        (0..7).map(|_| values.next().unwrap().unwrap()).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4, 5, 6]
    );
    geventrs::sleep(ms(30));
    assert_eq!(begun.load(Ordering::Relaxed), 10);
    drop(values);
    geventrs::sleep(ms(10));
    assert_eq!(begun.load(Ordering::Relaxed), 10);
}

fn imap_unordered() {
    let group = Group::new();
    let naps = group.imap_unordered([60, 1, 30], None, |n| {
        geventrs::sleep(ms(n));
        n
    });
    assert_eq!(naps.map(Result::unwrap).collect::<Vec<_>>(), [1, 30, 60]);
    assert_eq!(group.imap_unordered([0u8; 0], None, |n| n).count(), 0);
    assert_eq!(group.imap([0u8; 0], None, |n| n).count(), 0);
}

fn imap_dropped() {
    let pool = Pool::new(1);
    let begun = Arc::new(AtomicUsize::new(0));
    let also = begun.clone();
    let mut values = pool.imap_unordered(0..100, None, move |_| {
        also.fetch_add(1, Ordering::Relaxed);
        geventrs::sleep(ms(1));
    });
    values.next().unwrap().unwrap();
    drop(values);
    assert!(pool.join(Some(ms(5000))));
    assert!(begun.load(Ordering::Relaxed) < 5);
}

// ---- locals ----

fn local_ends() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let made = drops.clone();
    let local = Arc::new(Local::new(move || (Counted(made.clone()), Cell::new(0))));
    let all: Vec<_> = (1..=4)
        .map(|i| {
            let local = local.clone();
            geventrs::spawn(move || {
                local.with(|l| l.1.set(i));
                geventrs::sleep(ms(1));
                local.with(|l| l.1.get())
            })
        })
        .collect();
    let seen: Vec<_> = all.into_iter().map(|g| g.get().unwrap()).collect();
    assert_eq!(seen, [1, 2, 3, 4]);
    geventrs::yield_now();
    assert_eq!(drops.load(Ordering::Relaxed), 4);
    assert_eq!(local.with(|l| l.1.get()), 0);
    local.clear();
    assert_eq!(drops.load(Ordering::Relaxed), 5);
}

fn local_nested() {
    let local = Local::new(|| 1);
    local.with(|outer| {
        local.set(2);
        assert_eq!((*outer, local.get()), (1, 2));
        local.clear();
        assert_eq!((*outer, local.get()), (1, 1));
    });
    assert_eq!(local.get(), 1);
}

// ---- OS threads ----

fn threads_block() {
    let pool = ThreadPool::new(4);
    let ticks = geventrs::spawn(|| {
        let mut ticks = 0;
        loop {
            geventrs::sleep(ms(5));
            ticks += 1;
            if ticks == 4 {
                return ticks;
            }
        }
    });
    let start = Instant::now();
    let tasks: Vec<_> = (0..4)
        .map(|i| {
            pool.spawn(move || {
                assert!(geventrs::getcurrent().is_none());
                std::thread::sleep(ms(100));
                i
            })
        })
        .collect();
    assert_eq!(ticks.get().unwrap(), 4);
    assert!(tasks.iter().all(|t| !t.ready()), "they sleep still");
    assert_eq!(geventrs::wait(&tasks, None, Some(1)).len(), 1);
    let values: Vec<_> = tasks.into_iter().map(|t| t.get().unwrap()).collect();
    assert_eq!(values, [0, 1, 2, 3]);
    assert!(start.elapsed() < ms(390), "at the same time");
}

fn threads_limit() {
    static NOW: AtomicUsize = AtomicUsize::new(0);
    let pool = ThreadPool::new(2);
    assert_eq!(pool.size(), 0);
    let most = pool
        .map(0..20, |_| {
            let now = NOW.fetch_add(1, Ordering::SeqCst) + 1;
            std::thread::sleep(ms(2));
            NOW.fetch_sub(1, Ordering::SeqCst);
            now
        })
        .unwrap();
    assert!(most.iter().all(|&n| n <= 2));
    assert!(pool.size() <= 2 && pool.join(None) && pool.unfinished() == 0);
}

fn threads_panic() {
    let pool = ThreadPool::new(1);
    let task = pool.spawn(|| -> u8 { panic!("bad task") });
    assert_eq!(task.get().unwrap_err().downcast_ref::<&str>(), Some(&"bad task"));
    assert_eq!(pool.apply(|| 1).unwrap(), 1, "the thread goes on");
}

fn threads_many() {
    let pool = ThreadPool::new(3);
    let all: Vec<_> = (0..20)
        .map(|i| {
            let pool = pool.clone();
            geventrs::spawn(move || {
                (0..100).map(|n| pool.apply(move || n * i).unwrap()).sum::<usize>()
            })
        })
        .collect();
    for (i, g) in all.into_iter().enumerate() {
        assert_eq!(g.get().unwrap(), i * 4950);
    }
    assert!(pool.join(None));
}

fn threads_killed() {
    static DONE: Event = Event::new();
    let pool = ThreadPool::new(1);
    let inner = pool.clone();
    let (tell, told) = std::sync::mpsc::channel();
    let waits = geventrs::spawn(move || {
        inner.apply(move || {
            told.recv().unwrap();
            DONE.set();
        })
    });
    geventrs::sleep(ms(5));
    assert!(waits.kill(None));
    assert!(!DONE.is_set());
    tell.send(()).unwrap();
    assert!(DONE.wait(None));
    assert!(pool.join(None));
}

/// Calls it when dropped.
struct AtEnd(fn());

impl Drop for AtEnd {
    fn drop(&mut self) {
        self.0();
    }
}

fn local_ends_with_locals() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    static FIRST: OnceLock<Local<AtEnd>> = OnceLock::new();
    static SECOND: OnceLock<Local<AtEnd>> = OnceLock::new();
    // Its destructor asks for another, which is made then, and waits.
    FIRST.get_or_init(|| {
        Local::new(|| {
            AtEnd(|| {
                SECOND.get().unwrap().with(|_| ());
                assert_eq!(geventrs::spawn(|| 5).get().unwrap(), 5);
                COUNT.fetch_add(1, Ordering::Relaxed);
            })
        })
    });
    SECOND.get_or_init(|| Local::new(|| AtEnd(|| _ = COUNT.fetch_add(10, Ordering::Relaxed))));
    geventrs::spawn(|| FIRST.get().unwrap().with(|_| ())).join(None);
    while COUNT.load(Ordering::Relaxed) != 11 {
        geventrs::yield_now();
    }
}

fn local_panics() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let bad = Arc::new(Local::new(|| AtEnd(|| panic!("a local's destructor"))));
    let counted = dropped.clone();
    let good = Arc::new(Local::new(move || Counted(counted.clone())));
    geventrs::spawn(move || {
        bad.with(|_| ());
        good.with(|_| ());
    })
    .join(None);
    while dropped.load(Ordering::Relaxed) == 0 {
        geventrs::yield_now();
    }
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn threads_value_panics() {
    let (pool, gate) = (ThreadPool::new(1), Arc::new(Event::new()));
    let theirs = gate.clone();
    drop(pool.spawn(move || {
        theirs.wait(None);
        AtEnd(|| panic!("a value's destructor"))
    }));
    gate.set();
    assert!(pool.join(None));
    assert_eq!((pool.apply(|| 3).unwrap(), pool.size()), (3, 1));
}
