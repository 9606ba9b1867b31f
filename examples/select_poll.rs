//! Two greenlets poll with `select` for two seconds; a third gets on with
//! things meanwhile. Each says when it has begun, and the two when they have
//! ended: at 2 seconds both, as they poll at the same time.
//!
//!     cargo run --release --example select_poll

use std::time::{Duration, Instant};

fn main() {
    let start = Instant::now();
    let tic = move || format!("at {:.1} seconds", start.elapsed().as_secs_f64());

    let polls = move || {
        println!("Started Polling: {}", tic());
        geventrs::select(&[], &[], &[], Some(Duration::from_secs(2)))
            .expect("no descriptor to fail");
        println!("Ended Polling: {}", tic());
    };
    let gr1 = geventrs::spawn(polls);
    let gr2 = geventrs::spawn(polls);
    let gr3 = geventrs::spawn(move || {
        println!("Hey lets do some stuff while the greenlets poll, {}", tic());
        geventrs::sleep(Duration::from_secs(1));
    });
    geventrs::joinall(&[gr1, gr2, gr3], None);
}
