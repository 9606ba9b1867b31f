//! Greenlets that compute for milliseconds between their calls leave the hub by
//! themselves, and run beside each other: what holds for objects must hold then as well.
//! (`models` has the reference models for such greenlets, too.)

use crate::case::{case, Case};
use geventrs::event::{AsyncResult, Event};
use geventrs::lock::{RLock, Semaphore};
use geventrs::pool::Pool;
use geventrs::queue::{Channel, Queue};
use geventrs::timeout::with_timeout;
use geventrs::Greenlet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("units_are_conserved", units_are_conserved),
    case("items_are_conserved", items_are_conserved),
    case("events_and_results_come_once", events_and_results_come_once),
    case("a_pool_keeps_its_bound", a_pool_keeps_its_bound),
    case("streams_lose_no_byte", streams_lose_no_byte),
    case("idle_waits_for_them", idle_waits_for_them),
];

const WORKERS: u64 = 6;
const TURNS: u64 = 60;

/// Use the processor for so long. (At least: others use it as well.)
pub fn compute(span: Duration) {
    let start = Instant::now();
    while start.elapsed() < span {
        std::hint::spin_loop();
    }
}

/// Mostly between one and three milliseconds, now and then hardly at all.
fn compute_some(numbers: &mut Numbers) {
    match numbers.below(8) {
        0 => {}
        _ => compute(Duration::from_micros(1000 + numbers.below(2000))),
    }
}

struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
}

/// `f` on several greenlets, each with numbers of its own.
fn workers(f: fn(u64, &mut Numbers)) -> Vec<Greenlet<()>> {
    (0..WORKERS).map(|i| geventrs::spawn(move || f(i, &mut Numbers(i)))).collect()
}

fn all_well(greenlets: Vec<Greenlet<()>>) {
    geventrs::joinall(&greenlets, None);
    greenlets.into_iter().for_each(|g| g.get().unwrap());
}

fn units_are_conserved() {
    const UNITS: usize = 2;
    static UNIT: Semaphore = Semaphore::new(UNITS);
    static OWNED: RLock = RLock::new();
    static HOLDERS: AtomicUsize = AtomicUsize::new(0);
    static OWNERS: AtomicUsize = AtomicUsize::new(0);
    let all = workers(|_, numbers| {
        for _ in 0..TURNS {
            compute_some(numbers);
            let short = Duration::from_micros(numbers.below(3000));
            let permit = match numbers.below(4) {
                0 => UNIT.acquire_timeout(short),
                1 => with_timeout(short, || UNIT.acquire()).ok(),
                2 => UNIT.try_acquire(),
                _ => Some(UNIT.acquire()),
            };
            if let Some(_permit) = permit {
                assert!(HOLDERS.fetch_add(1, Ordering::SeqCst) < UNITS);
                compute_some(numbers);
                HOLDERS.fetch_sub(1, Ordering::SeqCst);
            }
            let _outer = OWNED.acquire();
            let _inner = OWNED.acquire();
            assert_eq!(OWNERS.fetch_add(1, Ordering::SeqCst), 0);
            compute_some(numbers);
            OWNERS.fetch_sub(1, Ordering::SeqCst);
        }
    });
    // Some are killed wherever they are.
    for i in 0..TURNS {
        let victim = geventrs::spawn(move || {
            let mut numbers = Numbers(i + 1000);
            loop {
                let _permit = UNIT.acquire();
                compute_some(&mut numbers);
                // (To take a unit that is there is no wait.)
                geventrs::yield_now();
            }
        });
        geventrs::sleep(Duration::from_micros(i * 100));
        assert!(victim.kill(None));
    }
    all_well(all);
    assert_eq!((UNIT.counter(), HOLDERS.load(Ordering::SeqCst)), (UNITS, 0));
}

fn items_are_conserved() {
    static QUEUE: Queue<u64> = Queue::bounded(3);
    static CHANNEL: Channel<u64> = Channel::new();
    static GOT: AtomicU64 = AtomicU64::new(0);
    static PUT: AtomicU64 = AtomicU64::new(0);
    let getters = workers(|_, numbers| loop {
        let item = match numbers.below(3) {
            0 => QUEUE.get_timeout(Duration::from_micros(numbers.below(3000))),
            1 => QUEUE.get_nowait(),
            _ => QUEUE.get(),
        };
        let Ok(item) = item else {
            if QUEUE.is_shutdown() {
                return;
            }
            compute_some(numbers);
            continue;
        };
        compute_some(numbers);
        CHANNEL.put(item).unwrap();
        QUEUE.task_done().unwrap();
    });
    let ends = workers(|_, numbers| {
        while let Ok(item) = CHANNEL.get() {
            compute_some(numbers);
            GOT.fetch_add(item, Ordering::SeqCst);
        }
    });
    all_well(workers(|i, numbers| {
        for n in 0..TURNS {
            let item = i * TURNS + n;
            let done = match numbers.below(3) {
                0 => QUEUE.put_timeout(item, Duration::from_micros(numbers.below(3000))),
                1 => QUEUE.put_nowait(item),
                _ => QUEUE.put(item),
            };
            if done.is_ok() {
                PUT.fetch_add(item, Ordering::SeqCst);
            }
            compute_some(numbers);
        }
    }));
    assert!(QUEUE.join(None));
    QUEUE.shutdown(false);
    all_well(getters);
    CHANNEL.shutdown();
    all_well(ends);
    assert_eq!(GOT.load(Ordering::SeqCst), PUT.load(Ordering::SeqCst));
}

fn events_and_results_come_once() {
    for turn in 0..TURNS {
        let event = Arc::new(Event::new());
        let result = Arc::new(AsyncResult::new());
        let waiters: Vec<_> = (0..WORKERS)
            .map(|i| {
                let (event, result) = (event.clone(), result.clone());
                geventrs::spawn(move || {
                    compute_some(&mut Numbers(turn + i));
                    assert!(event.wait(None));
                    compute_some(&mut Numbers(turn + i + 1));
                    *result.get(None).unwrap()
                })
            })
            .collect();
        let setters: Vec<_> = (0..3)
            .map(|i| {
                let (event, result) = (event.clone(), result.clone());
                geventrs::spawn(move || {
                    compute_some(&mut Numbers(turn + i));
                    event.set();
                    compute_some(&mut Numbers(turn + i + 1));
                    result.set(i).is_ok()
                })
            })
            .collect();
        drop((event, result));
        let set: Vec<bool> = setters.into_iter().map(|g| g.get().unwrap()).collect();
        let winner = set.iter().position(|&first| first).expect("one was the first");
        assert_eq!(set.iter().filter(|&&first| first).count(), 1);
        for waiter in waiters {
            assert_eq!(waiter.get().unwrap(), winner as u64);
        }
    }
}

fn a_pool_keeps_its_bound() {
    const SIZE: usize = 3;
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    let pool = Pool::new(SIZE);
    let one = |i: u64| {
        assert!(ALIVE.fetch_add(1, Ordering::SeqCst) < SIZE);
        compute_some(&mut Numbers(i));
        geventrs::yield_now();
        compute_some(&mut Numbers(i + 1));
        ALIVE.fetch_sub(1, Ordering::SeqCst);
        i * i
    };
    let squares = pool.map(0..TURNS, one).unwrap();
    assert_eq!(squares, (0..TURNS).map(|i| i * i).collect::<Vec<_>>());
    let mut unordered: Vec<u64> =
        pool.imap_unordered(0..TURNS, None, one).map(Result::unwrap).collect();
    unordered.sort_unstable();
    assert_eq!(unordered, squares);
    assert!(pool.join(None));
    assert_eq!((pool.len(), pool.free_count()), (0, SIZE));
}

fn streams_lose_no_byte() {
    use geventrs::socket::UnixStream;
    use std::io::{Read, Write};
    let pairs = (0..WORKERS).map(|i| {
        let (mut a, mut b) = UnixStream::pair().unwrap();
        let echo = geventrs::spawn(move || {
            let (mut numbers, mut buffer) = (Numbers(i), [0; 64]);
            loop {
                match b.read(&mut buffer).unwrap() {
                    0 => return,
                    n => {
                        compute_some(&mut numbers);
                        b.write_all(&buffer[..n]).unwrap();
                    }
                }
            }
        });
        let calls = geventrs::spawn(move || {
            let mut numbers = Numbers(i + 100);
            for n in 0..TURNS {
                let sent = vec![n as u8; 1 + numbers.below(150) as usize];
                a.write_all(&sent).unwrap();
                compute_some(&mut numbers);
                let mut got = vec![0; sent.len()];
                a.read_exact(&mut got).unwrap();
                assert_eq!(got, sent);
            }
        });
        [echo, calls]
    });
    all_well(pairs.flatten().collect());
}

fn idle_waits_for_them() {
    for turn in 0..TURNS {
        let done = Arc::new(Mutex::new(0));
        let all: Vec<_> = (0..3)
            .map(|i| {
                let done = done.clone();
                geventrs::spawn(move || {
                    compute_some(&mut Numbers(turn + i));
                    geventrs::yield_now();
                    compute_some(&mut Numbers(turn + i + 1));
                    *done.lock().unwrap() += 1;
                })
            })
            .collect();
        compute_some(&mut Numbers(turn + 7));
        geventrs::idle();
        assert_eq!(*done.lock().unwrap(), 3);
        all_well(all);
    }
}
