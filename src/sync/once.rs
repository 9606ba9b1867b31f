//! One-time initialisation in a 32-bit word.
//!
//! | word | meaning |
//! |---|---|
//! | 0 | not done |
//! | 1 + 4·generation | being done, by a thread of that fork generation |
//! | 2 | done (glibc's value, too) |
//!
//! A process that was forked while another thread was initialising does not
//! have that thread: a word of an earlier generation counts as "not done".
//! An initialiser that is unwound (C++ exception, cancellation) leaves "not
//! done", and the next caller tries again.

use crate::parking_lot;
use crate::time::NEVER;
use crate::wait::Reason;
use core::sync::atomic::{AtomicU32, Ordering};

const NOT_DONE: u32 = 0;
const DOING: u32 = 1;
const DONE: u32 = 2;
const GENERATION: u32 = 4;

static FORKS: AtomicU32 = AtomicU32::new(0);

/// In the child of a fork: what others were doing is not being done.
pub fn after_fork() {
    FORKS.fetch_add(GENERATION, Ordering::Relaxed);
}

/// Whether the initialisation has been done.
#[inline(always)]
pub fn is_done(word: &AtomicU32) -> bool {
    word.load(Ordering::Acquire) == DONE
}

/// Become the one who initialises, or wait until it is done. `Some`: the
/// caller must initialise and then [`Turn::done`]; dropping the turn gives up.
pub fn begin(word: &AtomicU32) -> Option<Turn<'_>> {
    let doing = DOING | FORKS.load(Ordering::Relaxed);
    loop {
        let seen = word.load(Ordering::Acquire);
        if seen == DONE {
            return None;
        }
        if seen == doing {
            let key = word.as_ptr() as usize;
            let busy = || word.load(Ordering::Acquire) == doing;
            parking_lot::park(key, 0, Reason::Once(key), NEVER, busy, || ());
            continue;
        }
        if word.compare_exchange(seen, doing, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            return Some(Turn { word, then: NOT_DONE });
        }
    }
}

/// The duty to initialise.
#[derive(Debug)]
pub struct Turn<'a> {
    word: &'a AtomicU32,
    then: u32,
}

impl Turn<'_> {
    /// It is done: let the others go on.
    pub fn done(mut self) {
        self.then = DONE;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.word.store(self.then, Ordering::Release);
        parking_lot::unpark_all(self.word.as_ptr() as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn one_thread_initialises_and_all_see_it() {
        let (word, count) = (AtomicU32::new(0), AtomicUsize::new(0));
        std::thread::scope(|s| {
            for _ in 0..8 {
                s.spawn(|| {
                    if let Some(turn) = begin(&word) {
                        std::thread::sleep(std::time::Duration::from_millis(5));
                        count.fetch_add(1, Ordering::SeqCst);
                        turn.done();
                    }
                    assert_eq!(count.load(Ordering::SeqCst), 1);
                });
            }
        });
        assert!(is_done(&word));
    }

    #[test]
    fn giving_up_lets_the_next_one_try() {
        let word = AtomicU32::new(0);
        drop(begin(&word));
        assert!(!is_done(&word));
        begin(&word).unwrap().done();
        assert!(is_done(&word) && begin(&word).is_none());
    }
}
