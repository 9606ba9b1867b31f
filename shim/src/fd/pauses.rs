//! Pauses between tries, for what nothing announces: a file lock, room in a
//! listener's queue or in a datagram's receiver.

use hub::time::{MICROSECOND, MILLISECOND};

/// The first and the longest pause between two tries.
const LEAST_PAUSE: u64 = 200 * MICROSECOND;
const MOST_PAUSE: u64 = 5 * MILLISECOND;

/// Pauses that grow, for what nothing announces.
pub struct Pauses(u64);

impl Pauses {
    /// Begin with the shortest.
    pub fn new() -> Self {
        Pauses(LEAST_PAUSE)
    }

    /// The next pause in nanoseconds.
    pub fn longer(&mut self) -> u64 {
        let now = self.0;
        self.0 = (now * 2).min(MOST_PAUSE);
        now
    }
}

impl Default for Pauses {
    fn default() -> Self {
        Self::new()
    }
}
