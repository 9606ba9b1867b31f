//! Three greenlets sleep 3, 2 and 1 seconds: whoever sleeps least ends first,
//! and all three are done after 3 seconds, not 6. Prints that foo, bar and eat
//! start, and that eat, bar and foo end, in this order.
//!
//!     cargo run --release --example sleep_order

use std::time::Duration;

fn main() {
    let greenlets = [("foo", 3), ("bar", 2), ("eat", 1)].map(|(name, seconds)| {
        geventrs::spawn(move || {
            println!("{name} start");
            geventrs::sleep(Duration::from_secs(seconds));
            println!("{name} end");
        })
    });
    geventrs::joinall(&greenlets, None);
}
