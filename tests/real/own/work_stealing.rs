//! Workers that share ranges of work and spin for more before they sleep, as
//! rayon's do; results come through a channel.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Condvar, Mutex};
use std::thread;

struct Pool {
    tasks: Mutex<Vec<(u64, u64)>>,
    more: Condvar,
    queued: AtomicUsize,
    finished: AtomicUsize,
}

fn primes(from: u64, to: u64) -> usize {
    (from..to).filter(|&n| n > 1 && (2..).take_while(|d| d * d <= n).all(|d| n % d != 0)).count()
}

fn main() {
    const TASKS: usize = 200;
    let pool = Arc::new(Pool {
        tasks: Mutex::new(vec![]),
        more: Condvar::new(),
        queued: AtomicUsize::new(0),
        finished: AtomicUsize::new(0),
    });
    let (results, all) = mpsc::channel();
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let (pool, results) = (pool.clone(), results.clone());
            thread::spawn(move || loop {
                for _ in 0..10_000 {
                    if pool.queued.load(Ordering::Acquire) != 0 {
                        break;
                    }
                    std::hint::spin_loop();
                }
                let mut tasks = pool.tasks.lock().unwrap();
                let (from, to) = loop {
                    if let Some(task) = tasks.pop() {
                        pool.queued.fetch_sub(1, Ordering::AcqRel);
                        break task;
                    }
                    if pool.finished.load(Ordering::Acquire) == TASKS {
                        return;
                    }
                    tasks = pool.more.wait(tasks).unwrap();
                };
                drop(tasks);
                results.send(primes(from, to)).unwrap();
                if pool.finished.fetch_add(1, Ordering::AcqRel) + 1 == TASKS {
                    let _held = pool.tasks.lock().unwrap();
                    pool.more.notify_all();
                }
            })
        })
        .collect();
    for i in 0..TASKS as u64 {
        pool.tasks.lock().unwrap().push((i * 3000, (i + 1) * 3000));
        pool.queued.fetch_add(1, Ordering::AcqRel);
        pool.more.notify_one();
    }
    drop(results);
    let found: usize = all.iter().sum();
    for w in workers {
        w.join().unwrap();
    }
    println!("{found} primes below {}", TASKS * 3000);
    println!("done");
}
