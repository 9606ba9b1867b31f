// rule: Rust's Mutex, Condvar, RwLock, Barrier and Once, built on futexes, work between std::thread threads
// one-thread: yes
use std::sync::{Arc, Barrier, Condvar, Mutex, Once, OnceLock, RwLock};
use std::thread;
use std::time::{Duration, Instant};

fn main() {
    let count = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let count = count.clone();
            thread::spawn(move || {
                for i in 0..1000 {
                    let mut g = count.lock().unwrap();
                    let seen = *g;
                    if i % 50 == 0 {
                        thread::yield_now();
                    }
                    *g = seen + 1;
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().unwrap());
    println!("count {}", count.lock().unwrap());

    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let players: Vec<_> = (0..3)
        .map(|me| {
            let pair = pair.clone();
            thread::spawn(move || {
                for _ in 0..300 {
                    let mut turn = pair.1.wait_while(pair.0.lock().unwrap(), |t| *t % 3 != me).unwrap();
                    *turn += 1;
                    pair.1.notify_all();
                }
            })
        })
        .collect();
    players.into_iter().for_each(|t| t.join().unwrap());
    println!("turns {}", pair.0.lock().unwrap());

    let t0 = Instant::now();
    let (guard, r) = pair
        .1
        .wait_timeout_while(pair.0.lock().unwrap(), Duration::from_millis(50), |_| true)
        .unwrap();
    drop(guard);
    assert!(r.timed_out() && t0.elapsed() >= Duration::from_millis(50));

    let rw = Arc::new(RwLock::new(0));
    let both: Vec<_> = (0..6)
        .map(|n| {
            let rw = rw.clone();
            thread::spawn(move || {
                for i in 0..200 {
                    if n % 2 == 0 {
                        let mut w = rw.write().unwrap();
                        let seen = *w;
                        if i % 20 == 0 {
                            thread::yield_now();
                        }
                        *w = seen + 1;
                    } else {
                        let r = rw.read().unwrap();
                        let seen = *r;
                        thread::yield_now();
                        assert_eq!(*r, seen);
                    }
                }
            })
        })
        .collect();
    both.into_iter().for_each(|t| t.join().unwrap());
    println!("written {}", rw.read().unwrap());

    let barrier = Arc::new(Barrier::new(4));
    let leaders: usize = (0..4)
        .map(|_| {
            let barrier = barrier.clone();
            thread::spawn(move || (0..50).filter(|_| barrier.wait().is_leader()).count())
        })
        .collect::<Vec<_>>()
        .into_iter()
        .map(|t| t.join().unwrap())
        .sum();
    println!("leaders {leaders}");

    static ONCE: Once = Once::new();
    static CELL: OnceLock<u32> = OnceLock::new();
    thread::scope(|s| {
        for _ in 0..5 {
            s.spawn(|| {
                ONCE.call_once(|| {
                    thread::sleep(Duration::from_millis(30));
                    println!("once");
                });
                assert_eq!(*CELL.get_or_init(|| 5), 5);
            });
        }
    });

    // A panic poisons the lock and is handed to whoever joins.
    let poisoned = Arc::new(Mutex::new(()));
    let own = poisoned.clone();
    std::panic::set_hook(Box::new(|_| {}));
    let r = thread::spawn(move || {
        let _g = own.lock().unwrap();
        panic!("on purpose");
    })
    .join();
    println!("{:?}", r.unwrap_err().downcast_ref::<&str>());
    assert!(poisoned.is_poisoned());
}
