//! The ways to limit how long something may take: for each what it is about, and
//! then how it has ended.
//!
//!     cargo run --release --example timeouts

use geventrs::event::Event;
use geventrs::queue::Queue;
use geventrs::socket::{TcpListener, UnixStream};
use geventrs::timeout::{with_timeout, Timeout};
use std::io::Read;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(60);

/// Says so when it is dropped.
struct Cleanup(&'static str);

impl Drop for Cleanup {
    fn drop(&mut self) {
        println!("  {} is cleaned up", self.0);
    }
}

fn main() -> std::io::Result<()> {
    println!("a wait with a time-out of its own:");
    println!("  the event came: {}", Event::new().wait(Some(SHORT)));
    println!("  {}", Queue::<u32>::new().get_timeout(SHORT).unwrap_err());

    println!("a call on a socket:");
    let (a, _b) = UnixStream::pair()?;
    a.set_read_timeout(Some(SHORT));
    println!("  {}", (&a).read(&mut [0]).unwrap_err().kind());

    println!("any code that waits, with a value instead:");
    let answer = with_timeout(SHORT, || {
        geventrs::sleep(LONG);
        "the answer"
    });
    println!("  {}", answer.unwrap_or("no answer"));

    println!("several waits under one limit; destructors run:");
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let result = Timeout::new(SHORT).run(|| {
        let _cleanup = Cleanup("the accept loop");
        listener.incoming().count()
    });
    println!("  {}", result.unwrap_err());

    println!("limits in limits are told apart:");
    let outer = with_timeout(LONG, || with_timeout(SHORT, || geventrs::sleep(LONG)).is_err());
    println!("  the inner one came: {outer:?}");
    let outer = with_timeout(SHORT, || with_timeout(LONG, || geventrs::sleep(LONG)));
    println!("  the outer one came: {}", outer.is_err());

    println!("waiting for others, and giving up on them:");
    let workers = [SHORT / 4, LONG].map(|span| {
        geventrs::spawn(move || {
            let _cleanup = Cleanup(if span < LONG { "the quick one" } else { "the slow one" });
            geventrs::sleep(span);
        })
    });
    println!("  ended in time: {:?}", geventrs::joinall(&workers, Some(SHORT)));
    geventrs::killall(&workers, None);
    println!("  ended now: {:?}", geventrs::joinall(&workers, None));
    Ok(())
}
