//! From the spawn to the first turn: a greenlet has no stack and no thread-locals yet,
//! and is one all the same.

use crate::case::{case, Case};
use geventrs::event::Event;
use geventrs::os::{fork, waitpid, Fork};
use geventrs::util::{format_run_info, greenlets};
use geventrs::{Builder, Greenlet, SpawnError};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub const CASES: &[Case] = &[
    case("who_has_not_begun_is_seen", seen),
    case("who_is_killed_before_never_begins_and_ends_as_a_greenlet", killed),
    case("all_begin_in_their_place_among_those_who_go_on", in_order),
    case("those_who_do_not_wait_run_on_the_same_stacks", same_stacks),
    case("those_who_wait_have_stacks_of_their_own", own_stacks),
    case("thread_locals_are_new_on_a_used_stack", new_thread_locals),
    case("stacks_of_other_sizes_are_others", sizes),
    case("the_spawn_fails_where_there_is_no_room_and_no_first_turn_does", no_room),
    case("after_a_fork_only_the_parents_begin", forked),
    case("stacks_are_made_while_others_compute", while_others_compute),
    case("closures_of_all_sizes_arrive_whole", closures),
];

/// About where the caller's stack ends: the same for all who run on one, one after
/// another.
fn stack() -> usize {
    let here = 0u8;
    std::hint::black_box(&raw const here) as usize & !0xffff
}

fn seen() {
    let parent = Builder::new().name("parent");
    let parent = parent
        .spawn(|| {
            let child = Builder::new().name("child").spawn(|| 5).unwrap();
            let me = geventrs::getcurrent().unwrap().id();
            let all = greenlets();
            let info = all.iter().find(|info| info.id == child.id()).expect("it is in the list");
            assert_eq!((info.name.as_str(), info.parent_id), ("child", me));
            assert_eq!(child.parent_id(), me);
            assert!(!child.ready() && !info.is_current);
            let text = format_run_info();
            let line = format!("<Greenlet \"child\" {}> waits for runnable", child.id());
            let (_, behind) = text.split_once(&line).expect("and in the tree");
            assert!(!behind.trim_start().starts_with('#'), "it has no stack: {text}");
            child.set_name("renamed");
            assert!(greenlets().iter().any(|info| info.name == "renamed"));
            assert_eq!(geventrs::hub::live(), 3);
            child
        })
        .unwrap();
    let child = parent.get().unwrap();
    assert_eq!(child.get().unwrap(), 5);
    geventrs::yield_now();
    assert_eq!((greenlets().len(), geventrs::hub::live()), (1, 1));
}

fn killed() {
    /// Tells by whom it was dropped.
    struct Dropped(Arc<Mutex<Vec<u32>>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.lock().unwrap().push(geventrs::getcurrent().unwrap().id());
        }
    }
    let by = Arc::new(Mutex::new(Vec::new()));
    let captured = Dropped(by.clone());
    let g = geventrs::spawn(move || {
        let _captured = captured;
        unreachable!()
    });
    let linked = Arc::new(AtomicUsize::new(0));
    let count = linked.clone();
    g.link_exception(move |e| {
        assert!(e.is_exit());
        count.fetch_add(1, Ordering::Relaxed);
    });
    g.kill_nowait();
    assert!(!g.ready(), "it ends in its turn");
    assert!(g.join(None));
    assert!(g.exception().unwrap().is_exit());
    assert_eq!(linked.load(Ordering::Relaxed), 1);
    assert_eq!(*by.lock().unwrap(), [g.id()], "what it held is dropped on itself");
}

fn in_order() {
    static EVENT: Event = Event::new();
    let log = Arc::new(Mutex::new(Vec::new()));
    let noting = |name: &'static str| {
        let log = log.clone();
        move || log.lock().unwrap().push(name)
    };
    let note = noting("woken");
    let waits = geventrs::spawn(move || {
        EVENT.wait(None);
        note();
    });
    let (first, second) = (noting("begins its turn"), noting("and goes on"));
    geventrs::yield_now();
    let a = geventrs::spawn(noting("a"));
    EVENT.set();
    let yields = geventrs::spawn(move || {
        first();
        geventrs::yield_now();
        second();
    });
    let b = geventrs::spawn(noting("b"));
    geventrs::joinall(&[waits, a, yields, b], None);
    let order = ["a", "woken", "begins its turn", "b", "and goes on"];
    assert_eq!(*log.lock().unwrap(), order);
}

fn same_stacks() {
    let all: Vec<_> = (0..10_000).map(|_| geventrs::spawn(stack)).collect();
    let used: BTreeSet<usize> = all.into_iter().map(|g| g.get().unwrap()).collect();
    assert!(used.len() <= 2, "{} stacks", used.len());
}

fn own_stacks() {
    static GO: Event = Event::new();
    let batch = || -> Vec<Greenlet<usize>> {
        let wait = || {
            GO.wait(None);
            stack()
        };
        (0..1000).map(|_| geventrs::spawn(wait)).collect()
    };
    let stacks = |all: Vec<Greenlet<usize>>| -> BTreeSet<usize> {
        geventrs::yield_now();
        GO.set();
        let stacks = all.into_iter().map(|g| g.get().unwrap()).collect();
        GO.clear();
        stacks
    };
    let first = stacks(batch());
    assert_eq!(first.len(), 1000);
    // The next ones get those, and those of ones that do not wait in between.
    let (mut all, between) = (batch(), geventrs::spawn(stack));
    all.push(between);
    let second = stacks(all);
    assert!(second.difference(&first).count() <= 2);
    assert!(second.len() >= 1000);
}

fn new_thread_locals() {
    static ENDS: AtomicUsize = AtomicUsize::new(0);
    struct Counted(Cell<u32>);
    impl Drop for Counted {
        fn drop(&mut self) {
            ENDS.fetch_add(1, Ordering::Relaxed);
        }
    }
    std::thread_local! {
        static PLAIN: Cell<u32> = const { Cell::new(17) };
        static COUNTED: Counted = const { Counted(Cell::new(23)) };
    }
    let all: Vec<_> = (0..1000)
        .map(|_| {
            geventrs::spawn(|| {
                let counted = COUNTED.with(|c| c.0.replace(0));
                (PLAIN.replace(0), counted, geventrs::getcurrent().unwrap().id())
            })
        })
        .collect();
    for g in all {
        let id = g.id();
        assert_eq!(g.get().unwrap(), (17, 23, id));
    }
    geventrs::yield_now();
    assert_eq!(ENDS.load(Ordering::Relaxed), 1000);
    assert_eq!(PLAIN.get(), 17);
}

fn sizes() {
    let deep = |size: usize| {
        let builder = Builder::new().stack_size(size);
        builder
            .spawn(move || {
                fn recurse(left: usize) -> usize {
                    let room = std::hint::black_box([0u8; 1000]);
                    if left < 2000 {
                        return room.len();
                    }
                    recurse(left - 2000).max(room.len())
                }
                recurse(size)
            })
            .unwrap()
    };
    let all: Vec<_> = [64 << 10, 8 << 20, 1 << 20].into_iter().cycle().take(60).map(deep).collect();
    for g in all {
        assert_eq!(g.get().unwrap(), 1000);
    }
}

fn no_room() {
    static GO: Event = Event::new();
    static BEGUN: AtomicUsize = AtomicUsize::new(0);
    geventrs::spawn(|| ()).join(None);
    // Small memory to be had from malloc whatever the limit.
    let mut all = Vec::with_capacity(10_000);
    drop((0..20_000).map(|_| Box::new([0u8; 88])).collect::<Vec<_>>());
    let size: usize = {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').next().unwrap().parse::<usize>().unwrap() * 4096
    };
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls get a valid limit.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_AS, &mut before), 0);
        let limit = libc::rlimit { rlim_cur: (size + (256 << 20)) as u64, ..before };
        assert_eq!(libc::setrlimit(libc::RLIMIT_AS, &limit), 0);
    }
    let refused = loop {
        assert!(all.len() < 10_000);
        let spawned = Builder::new().stack_size(4 << 20).spawn(|| {
            BEGUN.fetch_add(1, Ordering::Relaxed);
            GO.wait(None);
        });
        match spawned {
            Ok(g) => all.push(g),
            Err(e) => break e,
        }
    };
    assert_eq!(refused, SpawnError::Resources);
    assert!(all.len() > 10, "{}", all.len());
    // All that were spawned begin, and wait at the same time, under the same limit.
    geventrs::yield_now();
    assert_eq!(BEGUN.load(Ordering::Relaxed), all.len());
    GO.set();
    geventrs::joinall(&all, None);
    // Room is there again.
    let again = Builder::new().stack_size(4 << 20).spawn(|| 3).unwrap();
    assert_eq!(again.get().unwrap(), 3);
}

fn forked() {
    let ran = Arc::new(AtomicUsize::new(0));
    let all: Vec<_> = (0..100)
        .map(|_| {
            let ran = ran.clone();
            geventrs::spawn(move || {
                ran.fetch_add(1, Ordering::Relaxed);
            })
        })
        .collect();
    match fork().unwrap() {
        Fork::Child => {
            let mine: Vec<_> = (0..1000).map(|i| geventrs::spawn(move || i)).collect();
            let sum: usize = mine.into_iter().map(|g| g.get().unwrap()).sum();
            let own = sum == 999 * 1000 / 2 && ran.load(Ordering::Relaxed) == 0;
            std::process::exit(if own && geventrs::hub::live() == 1 { 9 } else { 1 });
        }
        Fork::Parent(pid) => {
            assert_eq!(waitpid(pid, None).unwrap().unwrap().code(), Some(9));
        }
    }
    geventrs::joinall(&all, None);
    assert_eq!(ran.load(Ordering::Relaxed), 100);
}

/// Those who compute lose the hub, also in the midst of malloc and of making a stack.
fn while_others_compute() {
    let computing: Vec<_> = (0..8)
        .map(|i| {
            geventrs::spawn(move || {
                let mut made = 0u64;
                let end = std::time::Instant::now() + std::time::Duration::from_millis(150);
                while std::time::Instant::now() < end {
                    let list: Vec<u64> = (0..100 + i).collect();
                    made += std::hint::black_box(list).len() as u64;
                }
                made
            })
        })
        .collect();
    for round in 0..20 {
        let all: Vec<_> = (0..200u64)
            .map(|i| {
                geventrs::spawn(move || {
                    if i % 3 == 0 {
                        geventrs::sleep(std::time::Duration::from_millis(1 + i % 5));
                    }
                    i * round
                })
            })
            .collect();
        let sum: u64 = all.into_iter().map(|g| g.get().unwrap()).sum();
        assert_eq!(sum, round * 199 * 200 / 2);
    }
    for g in computing {
        assert!(g.get().unwrap() > 0);
    }
}

fn closures() {
    #[derive(Clone, Copy)]
    #[repr(align(64))]
    struct Aligned(u8);
    let (byte, words, many) = (7u8, [1usize, 2], [3u64; 100]);
    let aligned = Aligned(9);
    let text = String::from("text");
    assert_eq!(geventrs::spawn(|| 1).get().unwrap(), 1);
    assert_eq!(geventrs::spawn(move || byte).get().unwrap(), 7);
    assert_eq!(geventrs::spawn(move || words).get().unwrap(), [1, 2]);
    assert_eq!(geventrs::spawn(move || text).get().unwrap(), "text");
    assert_eq!(geventrs::spawn(move || many).get().unwrap(), [3; 100]);
    let at = geventrs::spawn(move || (&raw const aligned as usize % 64, { aligned }.0));
    assert_eq!(at.get().unwrap(), (0, 9));
    // One that is never called is dropped once, large or small.
    let held = Arc::new(());
    for large in [false, true] {
        let (mine, filler) = (held.clone(), [0u64; 50]);
        let impossible = Builder::new().stack_size(usize::MAX);
        let refused = match large {
            false => impossible.spawn(move || drop(mine)).err(),
            true => impossible.spawn(move || drop((mine, std::hint::black_box(filler)))).err(),
        };
        assert_eq!(refused, Some(SpawnError::Resources));
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
