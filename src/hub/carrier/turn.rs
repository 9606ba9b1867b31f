//! A carrier's word: how the hub comes to a carrier that waits for it.
//!
//! ```text
//!                  give                   the carrier takes it
//!   ASLEEP, AWAKE ──────▶ GIVEN ──────────────────────────────▶ AWAKE
//!        │                              the same, if it is ripe
//!        └─── offer ────▶ OFFERED ────────────────────────────▶ AWAKE
//!                            │          the offerer takes it back
//!                            └────────────────────────────────▶ AWAKE
//!   AWAKE ◀──────────────▶ ASLEEP   the carrier, around its sleep
//! ```
//!
//! AWAKE says that the carrier will look at its word again by itself: it is on
//! its way to sleep and looks once more, or it was woken and has not come yet.
//! So it need not be woken, which is the dear part of a hand-over: where
//! processors sleep, a wake-up costs the waker microseconds and comes tens of
//! microseconds later. Going to sleep is one atomic step from AWAKE, and whoever
//! finds ASLEEP wakes; so nothing is missed. Who takes an offer back has woken the
//! carrier when it offered, if that was asleep; so AWAKE is right there, too.
//!
//! # Offers
//!
//! The greenlet that begins a section cannot know how long its call will take, and
//! most calls are over before another OS thread has even come to run. So it only
//! offers the hub: if the call is back before the carrier has taken it, it has
//! never moved. (Go's `sysmon` takes a processor from a system call for the same
//! reason after 20 µs and not at once.) While others are runnable the carrier takes
//! an offer as soon as it sees it; else it lets it ripen for [`PATIENCE`], so that a
//! carrier which is awake from the call before does not come between.
//!
//! # On watch
//!
//! The holder that has nothing to do may lie down *with* the hub, so that others can
//! take it without waking it ([`watch`](crate::hub::watch)):
//!
//! ```text
//!          the holder          somebody takes the hub
//!   AWAKE ───────────▶ RESTS ◀───────────────────────▶ WATCHES ────▶ AWAKE
//!     ▲                  │        and leaves it there again     it gets up
//!     └──────────────────┘ it gets up, and has the hub          without the hub
//! ```
//! Nobody gives or offers it anything meanwhile: it is not in the pool.
//!
//! A thing that is given is meant for that carrier, on which a greenlet may wait for
//! its turn; it is not taken back.

use crate::sys;
use crate::time::{self, MICROSECOND, NEVER};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

pub(in crate::hub) const ASLEEP: u32 = 0;
pub(in crate::hub) const AWAKE: u32 = 1;
pub(in crate::hub) const GIVEN: u32 = 2;
pub(in crate::hub) const OFFERED: u32 = 3;
pub(in crate::hub) const RESTS: u32 = 4;
pub(in crate::hub) const WATCHES: u32 = 5;

/// How long an offer stands before it is taken, if nobody is runnable: about what it
/// takes to wake an OS thread.
const PATIENCE: u64 = 20 * MICROSECOND;

/// How long whoever is given the hub soon looks for it before it sleeps: what it takes
/// to wake the holder.
const MOMENT: u64 = 50 * MICROSECOND;

/// Looks at the word between two looks at the clock.
const SPINS: u32 = 20;

/// Whether there is another processor for whoever waits without sleeping.
static OTHER_PROCESSOR: AtomicBool = AtomicBool::new(false);

/// Learn how many processors there are.
pub(in crate::hub) fn set_processors(processors: u32) {
    OTHER_PROCESSOR.store(processors > 1, Ordering::Relaxed);
}

/// Whether, and how, the hub comes to a carrier.
pub(in crate::hub) struct Turn {
    word: AtomicU32,
    /// When an offer is ripe.
    ripe: AtomicU64,
}

impl Turn {
    pub(super) const fn new() -> Self {
        Turn { word: AtomicU32::new(AWAKE), ripe: AtomicU64::new(0) }
    }

    /// The hub is the carrier's.
    pub(super) fn give(&self) {
        self.tell(GIVEN);
    }

    /// The hub is the carrier's, unless it is taken back in time. `idle`: nobody is
    /// runnable.
    pub(super) fn offer(&self, idle: bool) {
        let ripe = if idle { time::after(PATIENCE) } else { 0 };
        self.ripe.store(ripe, Ordering::Relaxed);
        self.tell(OFFERED);
    }

    fn tell(&self, what: u32) {
        if self.word.swap(what, Ordering::AcqRel) == ASLEEP {
            sys::futex_wake(self.word.as_ptr(), 1);
        }
    }

    /// Whoever has offered has the hub again. False: the carrier was faster.
    pub(super) fn take_back(&self) -> bool {
        self.change(OFFERED, AWAKE)
    }

    fn change(&self, from: u32, to: u32) -> bool {
        self.word.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The carrier waits for the hub. False: nobody has wanted it for `span`.
    pub(super) fn wait(&self, span: u64) -> bool {
        loop {
            match self.word.load(Ordering::Acquire) {
                // (A failed change means: taken back, or it is ours now. Look again.)
                GIVEN if self.change(GIVEN, AWAKE) => return true,
                OFFERED if self.is_ripe() && self.change(OFFERED, AWAKE) => return true,
                OFFERED => self.let_ripen(),
                AWAKE => {
                    let _ = self.change(AWAKE, ASLEEP);
                }
                ASLEEP => {
                    let until = if span == NEVER { NEVER } else { time::after(span) };
                    let late = sys::futex_wait(&self.word, ASLEEP, until) == Err(libc::ETIMEDOUT);
                    if late && self.word.load(Ordering::Acquire) == ASLEEP {
                        return false;
                    }
                }
                _ => {}
            }
        }
    }

    /// The holder, whose word this is, lies down with the hub.
    pub(in crate::hub) fn lie_down(&self) {
        self.word.store(RESTS, Ordering::Release);
    }

    /// It gets up. False: the hub is not here.
    pub(in crate::hub) fn get_up(&self) -> bool {
        self.change(RESTS, AWAKE)
    }

    /// It gets up without the hub. False: it is here again.
    pub(in crate::hub) fn leave_watch(&self) -> bool {
        self.change(WATCHES, AWAKE)
    }

    /// Take the hub that rests here. False: it does not.
    pub(in crate::hub) fn take_hub(&self) -> bool {
        self.change(RESTS, WATCHES)
    }

    /// Leave the hub here. False: nobody is on watch here.
    pub(in crate::hub) fn leave_hub(&self) -> bool {
        self.word.compare_exchange(WATCHES, RESTS, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    /// Whether somebody is on watch here, without the hub.
    pub(in crate::hub) fn watches(&self) -> bool {
        self.word.load(Ordering::Acquire) == WATCHES
    }

    /// What is given within a moment is not slept for: this OS thread would be woken by
    /// one that has just been woken itself. Only if there is another processor.
    pub(super) fn expect(&self) {
        if !OTHER_PROCESSOR.load(Ordering::Relaxed) {
            return;
        }
        let until = time::after(MOMENT);
        while time::now() < until {
            for _ in 0..SPINS {
                if self.word.load(Ordering::Relaxed) == GIVEN {
                    return;
                }
                core::hint::spin_loop();
            }
        }
    }

    fn is_ripe(&self) -> bool {
        let ripe = self.ripe.load(Ordering::Relaxed);
        ripe == 0 || time::now() >= ripe
    }

    /// Until the offer is ripe or gone. With one processor the offerer must get it
    /// meanwhile.
    fn let_ripen(&self) {
        if !OTHER_PROCESSOR.load(Ordering::Relaxed) {
            let _ = sys::futex_wait(&self.word, OFFERED, self.ripe.load(Ordering::Relaxed));
            return;
        }
        for _ in 0..SPINS {
            if self.word.load(Ordering::Relaxed) != OFFERED {
                return;
            }
            core::hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_taken_back_once_and_only_before_it_is_taken() {
        let turn = Turn::new();
        turn.offer(true);
        assert!(turn.take_back());
        assert!(!turn.take_back());
        turn.offer(false);
        assert!(turn.wait(NEVER));
        assert!(!turn.take_back());
    }

    #[test]
    fn what_is_given_is_not_taken_back() {
        let turn = Turn::new();
        turn.give();
        assert!(!turn.take_back());
        assert!(turn.wait(NEVER));
    }

    #[test]
    fn the_hub_is_taken_past_a_sleeper_and_left_there_again() {
        let turn = Turn::new();
        assert!(!turn.take_hub() && !turn.leave_hub() && !turn.watches());
        turn.lie_down();
        assert!(turn.take_hub() && turn.watches());
        assert!(!turn.take_hub() && !turn.get_up());
        assert!(turn.leave_hub() && !turn.watches());
        assert!(!turn.leave_watch() && turn.get_up());
        turn.lie_down();
        assert!(turn.take_hub() && turn.leave_watch());
        assert!(!turn.leave_hub() && !turn.get_up() && !turn.leave_watch());
    }

    #[test]
    fn who_is_not_wanted_stops_waiting() {
        assert!(!Turn::new().wait(1));
    }

    #[test]
    fn an_offer_that_nobody_takes_back_is_taken() {
        for idle in [false, true] {
            let turn = Turn::new();
            std::thread::scope(|s| {
                let carrier = s.spawn(|| turn.wait(NEVER));
                turn.offer(idle);
                assert!(carrier.join().unwrap());
            });
        }
    }

    #[test]
    fn every_offer_has_one_owner_in_the_end() {
        const OFFERS: u32 = 20_000;
        let turn = Turn::new();
        let (took, taken) = std::sync::mpsc::channel();
        std::thread::scope(|s| {
            let carrier = s.spawn(|| {
                let mut count = 0;
                while turn.wait(NEVER) && took.send(()).is_ok() {
                    count += 1;
                }
                count
            });
            let mut back = 0;
            for i in 0..OFFERS {
                turn.offer(i % 3 == 0);
                match turn.take_back() {
                    true => back += 1,
                    false => taken.recv().unwrap(),
                }
            }
            drop(taken);
            turn.give();
            assert_eq!(back + carrier.join().unwrap(), OFFERS);
        });
    }
}
