//! Ordinary code with `std::thread`, `std::net` and `std::sync`, made cooperative by one
//! line: a thousand threads are greenlets, and the kernel sees a handful. Prints that and
//! what else has been seen to hold.
//!
//!     cargo run --release --example monkey

use geventrs_monkey as _; // links the hooks in
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{mpsc, Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How many threads the kernel knows of.
fn os_threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

fn main() -> std::io::Result<()> {
    geventrs::monkey::patch_all().expect("nothing has run before");

    // A thousand threads that sleep at the same time.
    let start = Instant::now();
    let most = Arc::new(Mutex::new(0));
    let all = Arc::new(Barrier::new(1000));
    let threads: Vec<_> = (0..1000)
        .map(|_| {
            let (most, all) = (most.clone(), all.clone());
            thread::spawn(move || {
                if all.wait().is_leader() {
                    *most.lock().unwrap() = os_threads();
                }
                thread::sleep(Duration::from_millis(100));
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().unwrap());
    println!("a thousand threads, few of the kernel's: {}", *most.lock().unwrap() < 20);
    println!("they slept at the same time: {}", start.elapsed() < Duration::from_secs(20));

    // A server with a thread per connection, and greenlets that call it with std's
    // blocking sockets.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
        }
    });
    let (tell, told) = mpsc::channel();
    let clients: Vec<_> = (0..100u8)
        .map(|n| {
            let tell = tell.clone();
            geventrs::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(&[n; 100]).unwrap();
                let mut back = [0; 100];
                stream.read_exact(&mut back).unwrap();
                tell.send(back == [n; 100]).unwrap();
            })
        })
        .collect();
    geventrs::joinall(&clients, None);
    println!("{} of 100 got their own bytes back", told.try_iter().filter(|&well| well).count());

    // What is to block for real still does, on threads of the kernel's.
    let pool = geventrs::threadpool::ThreadPool::new(2);
    let id = || thread::current().id();
    println!("a pool's threads are others: {}", pool.apply(id).unwrap() != id());
    println!("patched: {}", geventrs::monkey::is_patched("all"));
    Ok(())
}
