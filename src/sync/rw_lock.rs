//! A read-write lock in two 32-bit words.
//!
//! | word | contents |
//! |---|---|
//! | `state` | number of readers; [`WRITER`]: a writer holds it; [`READERS_WAIT`]: readers are parked |
//! | `writers` | number of writers that wait |
//!
//! Readers park on the address of `state`, writers on that of `writers`.
//!
//! By default readers come in whenever no writer holds the lock, as glibc's
//! default kind has it: they may take it recursively. With `prefer_writers`
//! (glibc's `PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP`) a waiting writer
//! keeps new readers out.
//!
//! No wake-up is lost: a waiter announces itself (`READERS_WAIT`, `writers`)
//! and then looks at the state under its bucket's lock; a releaser changes the
//! state and then looks for announcements, and wakes under the bucket's lock.

use super::TimedOut;
use crate::parking_lot::{self, Parked};
use crate::wait::{Reason, Wake};
use core::sync::atomic::{AtomicU32, Ordering};

/// A writer holds the lock.
pub const WRITER: u32 = 1 << 31;
const READERS_WAIT: u32 = 1 << 30;
const READERS: u32 = READERS_WAIT - 1;

/// The two words of a lock.
#[derive(Clone, Copy, Debug)]
pub struct RwLock<'a> {
    /// Readers, writer, flag.
    pub state: &'a AtomicU32,
    /// Waiting writers.
    pub writers: &'a AtomicU32,
    /// Whether waiting writers keep new readers out.
    pub prefer_writers: bool,
    /// The address that those who wait are told to wait for: that of the program's object.
    pub told: usize,
}

impl RwLock<'_> {
    fn read_key(&self) -> usize {
        self.state.as_ptr() as usize
    }

    fn write_key(&self) -> usize {
        self.writers.as_ptr() as usize
    }

    fn keeps_readers_out(&self, state: u32) -> bool {
        state & WRITER != 0 || (self.prefer_writers && self.writers.load(Ordering::SeqCst) != 0)
    }

    /// Share the lock if that is possible now. `None`: too many readers.
    pub fn try_read(&self) -> Option<bool> {
        let mut state = self.state.load(Ordering::SeqCst);
        loop {
            if self.keeps_readers_out(state) {
                return Some(false);
            }
            if state & READERS == READERS {
                return None;
            }
            match self.state.compare_exchange_weak(
                state,
                state + 1,
                Ordering::SeqCst,
                Ordering::SeqCst,
            ) {
                Ok(_) => return Some(true),
                Err(now) => state = now,
            }
        }
    }

    /// Share the lock, waiting until `deadline`. `Ok(false)`: too many readers.
    pub fn read(&self, deadline: u64) -> Result<bool, TimedOut> {
        loop {
            match self.try_read() {
                Some(true) => return Ok(true),
                None => return Ok(false),
                Some(false) => {}
            }
            let blocked = || {
                let state = self.state.fetch_or(READERS_WAIT, Ordering::SeqCst);
                self.keeps_readers_out(state)
            };
            let key = self.read_key();
            let parked =
                parking_lot::park(key, 0, Reason::RwLockRead(self.told), deadline, blocked, || ());
            if parked == Parked::Ended(Wake::TimedOut) {
                return Err(TimedOut);
            }
        }
    }

    /// Own the lock if it is free.
    pub fn try_write(&self) -> bool {
        let mut state = self.state.load(Ordering::SeqCst);
        while state & !READERS_WAIT == 0 {
            match self.state.compare_exchange_weak(
                state,
                state | WRITER,
                Ordering::SeqCst,
                Ordering::SeqCst,
            ) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Own the lock, waiting until `deadline`.
    pub fn write(&self, deadline: u64) -> Result<(), TimedOut> {
        if self.try_write() {
            return Ok(());
        }
        self.writers.fetch_add(1, Ordering::SeqCst);
        let result = loop {
            if self.try_write() {
                break Ok(());
            }
            let taken = || self.state.load(Ordering::SeqCst) & !READERS_WAIT != 0;
            let key = self.write_key();
            let parked =
                parking_lot::park(key, 0, Reason::RwLockWrite(self.told), deadline, taken, || ());
            if parked == Parked::Ended(Wake::TimedOut) {
                break Err(TimedOut);
            }
        };
        let others = self.writers.fetch_sub(1, Ordering::SeqCst) - 1;
        if result.is_err() && others == 0 && self.prefer_writers {
            // Readers were kept out for this writer's sake.
            self.wake_readers();
        }
        result
    }

    fn wake_readers(&self) -> usize {
        if self.state.fetch_and(!READERS_WAIT, Ordering::SeqCst) & READERS_WAIT == 0 {
            return 0;
        }
        parking_lot::unpark_all(self.read_key())
    }

    fn wake_writer(&self) -> bool {
        self.writers.load(Ordering::SeqCst) != 0 && parking_lot::unpark_one(self.write_key())
    }

    /// Give up a share.
    pub fn unlock_read(&self) {
        let state = self.state.fetch_sub(1, Ordering::SeqCst) - 1;
        if state & (READERS | WRITER) == 0 && !self.wake_writer() {
            self.wake_readers();
        }
    }

    /// Give up ownership.
    pub fn unlock_write(&self) {
        self.state.fetch_and(!WRITER, Ordering::SeqCst);
        if self.prefer_writers {
            if !self.wake_writer() {
                self.wake_readers();
            }
        } else if self.wake_readers() == 0 {
            self.wake_writer();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{self, NEVER};
    use std::cell::UnsafeCell;

    struct Shared(AtomicU32, AtomicU32, UnsafeCell<[u64; 2]>);
    // SAFETY: the lock guards the cell.
    unsafe impl Sync for Shared {}

    fn exercise(prefer_writers: bool) {
        let s = Shared(AtomicU32::new(0), AtomicU32::new(0), UnsafeCell::new([0; 2]));
        let shared = &s;
        std::thread::scope(|scope| {
            for i in 0..4 {
                scope.spawn(move || {
                    let lock =
                        RwLock { state: &shared.0, writers: &shared.1, prefer_writers, told: 0 };
                    for n in 0..3_000 {
                        if (n + i) % 4 == 0 {
                            lock.write(NEVER).unwrap();
                            // SAFETY: owned.
                            unsafe {
                                (*shared.2.get())[0] += 1;
                                std::hint::spin_loop();
                                (*shared.2.get())[1] += 1;
                            }
                            lock.unlock_write();
                        } else {
                            assert!(lock.read(NEVER).unwrap());
                            // SAFETY: shared.
                            let [a, b] = unsafe { *shared.2.get() };
                            assert_eq!(a, b);
                            lock.unlock_read();
                        }
                    }
                });
            }
        });
        assert_eq!(s.2.into_inner(), [3_000, 3_000]);
        assert_eq!(s.0.into_inner() & !READERS_WAIT, 0);
        assert_eq!(s.1.into_inner(), 0);
    }

    #[test]
    fn readers_never_see_half_a_write() {
        exercise(false);
        exercise(true);
    }

    #[test]
    fn a_waiting_writer_keeps_readers_out_only_if_preferred() {
        for prefer_writers in [false, true] {
            let (state, writers) = (AtomicU32::new(0), AtomicU32::new(0));
            let lock = RwLock { state: &state, writers: &writers, prefer_writers, told: 0 };
            assert_eq!(lock.try_read(), Some(true));
            std::thread::scope(|s| {
                s.spawn(|| lock.write(time::after(300 * time::MILLISECOND)));
                while writers.load(Ordering::SeqCst) == 0 {
                    std::thread::yield_now();
                }
                assert_eq!(lock.try_read(), Some(!prefer_writers));
            });
            // The writer has given up; readers come in again.
            assert_eq!(lock.try_read(), Some(true));
        }
    }
}
