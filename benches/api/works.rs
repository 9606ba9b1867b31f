//! What is measured, on this library's side. Each work is a process of its own and
//! prints how many nanoseconds one operation takes.

use geventrs::event::Event;
use geventrs::lock::Semaphore;
use geventrs::queue::Queue;
use geventrs::server::StreamServer;
use geventrs::socket::{TcpListener, TcpStream};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Instant;

/// Run a work; `n` operations.
pub fn run(name: &str, n: u64) -> Result<(), String> {
    let once: fn(u64) -> f64 = match name {
        "spawn" => spawn,
        "spawn_batches" => spawn_batches,
        "switch" => switch,
        "event" => event,
        "queue" => queue,
        "semaphore" => semaphore,
        "echo" => return echo().map_err(|e| e.to_string()),
        _ => return Err(format!("no work {name}")),
    };
    // The first round makes stacks and grows tables.
    once(n);
    let best = (0..3).map(|_| once(n)).fold(f64::INFINITY, f64::min);
    println!("ns {best}");
    Ok(())
}

fn per(n: u64, start: Instant) -> f64 {
    start.elapsed().as_nanos() as f64 / n as f64
}

/// All are started, and then all are waited for.
fn spawn(n: u64) -> f64 {
    let start = Instant::now();
    let all: Vec<_> = (0..n).map(|_| geventrs::spawn(|| ())).collect();
    geventrs::joinall(&all, None);
    let took = per(n, start);
    drop(all);
    took
}

/// A hundred at a time.
fn spawn_batches(n: u64) -> f64 {
    const BATCH: u64 = 100;
    let start = Instant::now();
    for _ in 0..n / BATCH {
        let all: Vec<_> = (0..BATCH).map(|_| geventrs::spawn(|| ())).collect();
        geventrs::joinall(&all, None);
    }
    per(n, start)
}

/// Two greenlets that give up their turn.
fn switch(n: u64) -> f64 {
    let start = Instant::now();
    let both = [(); 2].map(|()| {
        geventrs::spawn(move || {
            for _ in 0..n / 2 {
                geventrs::yield_now();
            }
        })
    });
    geventrs::joinall(&both, None);
    per(n, start)
}

/// Two greenlets that wait for each other's event.
fn event(n: u64) -> f64 {
    let events: Arc<[Event; 2]> = Arc::default();
    let start = Instant::now();
    let both = [0, 1].map(|me: usize| {
        let events = events.clone();
        geventrs::spawn(move || {
            for _ in 0..n / 2 {
                if me == 0 {
                    events[1].set();
                }
                events[me].wait(None);
                events[me].clear();
                if me == 1 {
                    events[0].set();
                }
            }
        })
    });
    geventrs::joinall(&both, None);
    per(n, start)
}

/// A token goes to and fro in two queues.
fn queue(n: u64) -> f64 {
    let queues: Arc<[Queue<u64>; 2]> = Arc::new([Queue::new(), Queue::new()]);
    let start = Instant::now();
    let both = [0, 1].map(|me: usize| {
        let queues = queues.clone();
        geventrs::spawn(move || {
            for i in 0..n / 2 {
                if me == 0 {
                    queues[1].put(i).expect("open");
                }
                queues[me].get().expect("open");
                if me == 1 {
                    queues[0].put(i).expect("open");
                }
            }
        })
    });
    geventrs::joinall(&both, None);
    per(n, start)
}

/// Two greenlets that release each other's semaphore.
fn semaphore(n: u64) -> f64 {
    let semaphores = Arc::new([Semaphore::new(0), Semaphore::new(0)]);
    let start = Instant::now();
    let both = [0, 1].map(|me: usize| {
        let semaphores = semaphores.clone();
        geventrs::spawn(move || {
            for _ in 0..n / 2 {
                if me == 0 {
                    semaphores[1].release();
                }
                semaphores[me].acquire().forget();
                if me == 1 {
                    semaphores[0].release();
                }
            }
        })
    });
    geventrs::joinall(&both, None);
    per(n, start)
}

/// As all servers here: BBR, which some machines have as their default, holds messages
/// back and costs the kernel more for each. Accepted sockets inherit it.
fn without_bbr(listener: &TcpListener) -> std::io::Result<()> {
    let name = b"reno";
    // SAFETY: the kernel reads the name.
    let set = unsafe {
        libc::setsockopt(
            listener.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_CONGESTION,
            name.as_ptr().cast(),
            name.len() as libc::socklen_t,
        )
    };
    if set == 0 {
        Ok(())
    } else {
        Err(std::io::Error::last_os_error())
    }
}

/// A server; prints `port N` and runs until it is killed.
fn echo() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    without_bbr(&listener)?;
    println!("port {}", listener.local_addr()?.port());
    let server = StreamServer::new(listener, |mut stream: TcpStream, _| {
        let mut buffer = [0; 4096];
        let _ = stream.set_nodelay(true);
        while let Ok(n @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
    });
    server.serve_forever();
    Ok(())
}
