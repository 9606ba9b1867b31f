//! How much processor time a greenlet has had.
//!
//! The kernel counts for OS threads, and a greenlet is on one and then on another. Two ways:
//!
//! * As long as nobody asks for a thread's clock, a switch costs nothing for it: the monitor
//!   samples who runs ([`Account::guess`]), and time off the hub is counted exactly, since the OS thread is
//!   the greenlet's alone then. Reports say "about".
//! * From the first time on that the program asks ([`Greenlet::clock`]), every switch reads the
//!   clock of the OS thread, when a greenlet goes on and when it leaves (in between it
//!   stays on that OS thread, whatever becomes of the hub). The guess is what it begins with.
//!
//!   It goes on where its OS thread was when the last one left there: one look a switch, and what
//!   the hub takes in between is the next one's, as what the kernel does for a call is its caller's.
//!
//! Either way the sum only grows.

use super::Greenlet;
use crate::hub::carrier::Carrier;
use crate::observe;
use crate::time;
use core::cell::Cell;
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// A greenlet's account; in nanoseconds.
pub(crate) struct Account {
    /// What it has had, but for what follows.
    sum: AtomicU64,
    /// What its OS thread had when the greenlet went on there; 0: not looked at.
    run_from: AtomicU64,
    /// What its OS thread had when the hub was taken off it; 0: it was not.
    away_from: Cell<u64>,
    /// What getrusage(2) has told of it: in all, and of that in the kernel.
    told: Cell<(u64, u64)>,
}

impl Account {
    pub(super) const fn new() -> Self {
        Account {
            sum: AtomicU64::new(0),
            run_from: AtomicU64::new(0),
            away_from: Cell::new(0),
            told: Cell::new((0, 0)),
        }
    }

    /// Of a new thread.
    pub(super) fn clear(&self) {
        self.sum.store(0, Ordering::Relaxed);
        self.run_from.store(0, Ordering::Relaxed);
        self.away_from.set(0);
        self.told.set((0, 0));
    }

    /// Of the thread that an OS thread has brought along: it has had all the time of that.
    pub(super) fn adopt(&self) {
        self.sum.store(time::processor_time_here(), Ordering::Relaxed);
    }

    /// In the child of a fork, whose time begins at nothing.
    pub(crate) fn after_fork(&self) {
        let exact = self.run_from.load(Ordering::Relaxed) != 0;
        self.clear();
        self.run_from.store(exact.into(), Ordering::Relaxed);
    }

    /// The monitor has seen it run, probably for `span`, and nobody counts. (It may have left
    /// a moment ago; then the switch would have counted that as well.)
    pub(crate) fn guess(&self, span: u64) {
        self.sum.fetch_add(span, Ordering::Relaxed);
    }

    /// It goes on, on the calling OS thread, which had `left_at` when the last one left it.
    #[cold]
    pub(crate) fn run_begins(&self, left_at: &Cell<u64>) {
        if self.run_from.load(Ordering::Relaxed) == 0 {
            let from = match left_at.replace(0) {
                0 => time::processor_time_here().max(1),
                at => at,
            };
            self.run_from.store(from, Ordering::Relaxed);
        }
    }

    /// It is about to leave the calling OS thread, for which `left_at` is.
    #[cold]
    pub(crate) fn run_ends(&self, left_at: &Cell<u64>) {
        let (from, here) = (self.run_from.swap(0, Ordering::Relaxed), time::processor_time_here());
        if from != 0 {
            self.sum.fetch_add(here.saturating_sub(from), Ordering::Relaxed);
        }
        left_at.set(here);
    }
}

impl Greenlet {
    /// From here on it computes on the OS thread `tid`, off the hub.
    pub(super) fn counts_from(&self, tid: u32) {
        self.processor.away_from.set(time::processor_time(tid));
    }

    /// It is back: what it has computed off the hub, if it did.
    pub(super) fn counted(&self) -> Option<u64> {
        let account = &self.processor;
        let had = self.had_since(account.away_from.replace(0))?;
        if account.run_from.load(Ordering::Relaxed) == 0 {
            account.sum.fetch_add(had, Ordering::Relaxed);
        }
        Some(had)
    }

    /// What it has computed since the hub was taken off it; `None`: it was not. For the hub's
    /// holder, or whom it is lent to.
    pub(crate) fn computed_off_hub(&self) -> Option<u64> {
        self.had_since(self.processor.away_from.get())
    }

    /// What the OS thread that it is on off the hub has had since it had `from`.
    fn had_since(&self, from: u64) -> Option<u64> {
        // SAFETY: null or a carrier; they live for ever.
        let home = unsafe { self.home.get().as_ref() }.filter(|_| from != 0)?;
        Some(time::processor_time(home.tid()).saturating_sub(from))
    }

    /// About how long it has run, in nanoseconds. For the hub's holder, or whom it is lent to.
    pub(crate) fn processor_time(&self) -> u64 {
        let account = &self.processor;
        let from = match account.run_from.load(Ordering::Relaxed) {
            0 => account.away_from.get(),
            from => from,
        };
        account.sum.load(Ordering::Relaxed) + self.had_since(from).unwrap_or(0)
    }

    /// The processor time of the running greenlet, the caller, in nanoseconds; its OS thread
    /// has had `here`. With the hub or without, also in a handler.
    pub fn clock(&self, here: u64) -> u64 {
        let account = &self.processor;
        let from = account.run_from.load(Ordering::Relaxed);
        if from != 0 {
            return account.sum.load(Ordering::Relaxed) + here.saturating_sub(from);
        }
        let known = self.processor_time();
        account.run_from.store(here.max(1), Ordering::Relaxed);
        account.sum.store(known, Ordering::Relaxed);
        observe::count_processor_time();
        known
    }

    /// The OS thread that it is on off the hub. A hint, for anybody.
    pub(crate) fn away_on(&self) -> Option<u32> {
        // SAFETY: the word lives as long as the greenlet; null or a carrier, which lives for ever.
        unsafe {
            let home = AtomicPtr::from_ptr(self.home.as_ptr().cast::<*mut Carrier>());
            home.load(Ordering::Acquire).as_ref().map(Carrier::tid)
        }
    }

    /// The processor time, for anybody, also in a handler or without the hub; from the first
    /// call on switches are counted. (While it goes on or leaves it may be taken for less
    /// than it has had.)
    pub fn clock_seen(&self) -> u64 {
        observe::count_processor_time();
        if Greenlet::current().is_some_and(|me| core::ptr::eq(me, self)) {
            return self.clock(time::processor_time_here());
        }
        let account = &self.processor;
        let sum = account.sum.load(Ordering::SeqCst);
        let (from, tid) = match account.run_from.load(Ordering::SeqCst) {
            // SAFETY: the word lives as long as the greenlet.
            0 => (
                unsafe { AtomicU64::from_ptr(account.away_from.as_ptr()) }.load(Ordering::SeqCst),
                self.away_on(),
            ),
            from => (from, crate::hub::runs_on(self)),
        };
        let tid = tid.filter(|_| from != 0);
        let since = tid.map_or(0, |tid| time::processor_time(tid).saturating_sub(from));
        // The same stretch must not count twice.
        match account.sum.load(Ordering::SeqCst) {
            now if now == sum => sum + since,
            now => now,
        }
    }

    /// The processor time of another greenlet. For the hub's holder.
    pub fn clock_of_other(&self) -> u64 {
        observe::count_processor_time();
        self.processor_time()
    }

    /// How much of `total`, which it has had, it was in the kernel, where its OS thread
    /// was there for `system` of `all`: about, but neither this nor the rest ever becomes less.
    pub fn in_kernel(&self, total: u64, system: u64, all: u64) -> u64 {
        let told = &self.processor.told;
        let (before, before_system) = told.get();
        let total = total.max(before);
        let share = (u128::from(total) * u128::from(system) / u128::from(all.max(1))) as u64;
        let system = share.clamp(before_system, before_system + (total - before));
        told.set((total, system));
        system
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_part_of_the_time_goes_back() {
        let g = Greenlet::new();
        let mut last = (0, 0);
        for (total, system, all) in
            [(100, 50, 100), (110, 0, 100), (120, 100, 100), (120, 0, 1), (500, 1, 2)]
        {
            let kernel = g.in_kernel(total, system, all);
            assert!(kernel >= last.0 && total - kernel >= last.1);
            last = (kernel, total - kernel);
        }
        assert_eq!(last, (250, 250));
    }

    #[test]
    fn a_clock_counts_what_its_greenlet_has_had() {
        let g = Greenlet::new();
        g.processor.guess(10);
        assert_eq!(g.clock(1_000), 10);
        assert_eq!(g.clock(1_500), 510);
        assert_eq!(g.clock(1_500), 510);
    }
}
