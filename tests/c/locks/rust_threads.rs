// rule: Rust's mpsc channels, park/unpark, thread_local!, names, scoped threads and Builder work on std::thread threads
// one-thread: yes
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

static DROPS: AtomicUsize = AtomicUsize::new(0);
struct Local(Cell<u32>);
impl Drop for Local {
    fn drop(&mut self) {
        DROPS.fetch_add(1, Ordering::SeqCst);
    }
}
thread_local!(static LOCAL: Local = const { Local(Cell::new(7)) });

fn main() {
    let (tx, rx) = mpsc::channel();
    for n in 0..4u64 {
        let tx = tx.clone();
        thread::spawn(move || (0..500).for_each(|i| tx.send(n * 1000 + i).unwrap()));
    }
    drop(tx);
    println!("sum {}", rx.iter().sum::<u64>());

    let (tx, rx) = mpsc::sync_channel(0);
    let t = thread::spawn(move || (0..100).for_each(|i| tx.send(i).unwrap()));
    assert_eq!(rx.iter().collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
    t.join().unwrap();
    let (tx, rx) = mpsc::channel::<()>();
    let t0 = Instant::now();
    assert!(rx.recv_timeout(Duration::from_millis(50)).is_err());
    assert!(t0.elapsed() >= Duration::from_millis(50));
    drop(tx);

    // A park may end early, but not for ever.
    let t0 = Instant::now();
    while t0.elapsed() < Duration::from_millis(50) {
        thread::park_timeout(Duration::from_millis(50));
    }
    let flag = std::sync::Arc::new(AtomicUsize::new(0));
    let own = flag.clone();
    let parked = thread::spawn(move || {
        while own.load(Ordering::SeqCst) == 0 {
            thread::park();
        }
    });
    thread::sleep(Duration::from_millis(30));
    flag.store(1, Ordering::SeqCst);
    parked.thread().unpark();
    parked.join().unwrap();
    // A token left beforehand lets the next park through.
    thread::current().unpark();
    thread::park();

    for n in 0..20 {
        thread::spawn(move || {
            LOCAL.with(|l| {
                assert_eq!(l.0.get(), 7);
                l.0.set(n);
                thread::yield_now();
                assert_eq!(l.0.get(), n);
            })
        })
        .join()
        .unwrap();
    }
    println!("drops {}", DROPS.load(Ordering::SeqCst));

    let mut numbers = vec![1, 2, 3, 4];
    thread::scope(|s| {
        for n in numbers.iter_mut() {
            s.spawn(move || {
                thread::yield_now();
                *n *= 10;
            });
        }
    });
    println!("{numbers:?}");

    let named = thread::Builder::new()
        .name("worker".into())
        .stack_size(512 * 1024)
        .spawn(|| {
            println!("{:?}", thread::current().name());
            thread::current().id()
        })
        .unwrap();
    assert_ne!(named.join().unwrap(), thread::current().id());
    assert!(thread::available_parallelism().unwrap().get() >= 1);
}
