//! A producer and three consumers share a queue of two places: the producer
//! waits when they fall behind, and `join` returns when all work is done. Prints
//! who has done which job, and in the end how many each has done.
//!
//!     cargo run --release --example producer_consumer

use geventrs::queue::Queue;
use std::sync::Arc;
use std::time::Duration;

fn main() {
    let jobs = Arc::new(Queue::bounded(2));
    let consumers: Vec<_> = ["ann", "bob", "cid"]
        .into_iter()
        .map(|name| {
            let jobs = jobs.clone();
            geventrs::spawn(move || {
                let mut done = 0;
                for job in &*jobs {
                    geventrs::sleep(Duration::from_millis(20));
                    println!("{name} has done job {job}");
                    done += 1;
                    jobs.task_done().expect("a task for each item");
                }
                done
            })
        })
        .collect();
    for job in 1..=9 {
        jobs.put(job).expect("nobody shuts it down yet");
    }
    println!("all jobs are given, {} are waiting", jobs.len());
    jobs.join(None);
    jobs.shutdown(false);
    let done: Vec<u32> = consumers.into_iter().map(|g| g.get().expect("no panic")).collect();
    println!("done: {done:?}");
}
