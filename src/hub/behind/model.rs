//! Random programs over [`Behind`], in a time of their own: nobody waits for longer than a
//! few rounds of the longest turns.
//!
//! Each greenlet has a kind: its turns are short, or a millisecond or a few, or it
//! computes until a slice is over; then it yields, or waits for a timer and is due again.
//! Looks come as [`look`](crate::hub::look) has them.

use super::Behind;
use crate::greenlet::Greenlet;
use crate::run_queue::RunQueue;
use crate::wait::{Reason, Wake};
use core::ptr;

/// Microseconds.
const SLICE: u64 = 10_000;
const LOOK_AROUND: u64 = 1_000;
const MOST_SWITCHES: u64 = 64;

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % n
    }
}

/// What a greenlet does in its turns.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    /// Runs for up to so long, and yields.
    Yields(u64),
    /// Runs for up to so long, and sleeps for up to so long.
    Sleeps(u64, u64),
    /// Runs for up to so long, and wakes another one and waits for being woken.
    Wakes(u64),
    /// Is interrupted when a slice is over.
    Computes,
}

struct Model {
    run: RunQueue,
    behind: Behind,
    all: Vec<&'static Greenlet>,
    kinds: Vec<Kind>,
    /// Since when each is runnable; `None`: it waits.
    since: Vec<Option<u64>>,
    /// When each sleeper is due.
    due: Vec<Option<u64>>,
    now: u64,
    looked: u64,
    turns: u64,
    slice_used: bool,
    longest: u64,
    random: Random,
    /// Each turn of a kind is as long as the longest.
    even: bool,
}

impl Model {
    fn new(seed: u64, pool: &[&'static Greenlet]) -> Self {
        let mut random = Random(seed);
        let n = 2 + random.below(pool.len() as u64 - 1) as usize;
        // All kinds, or of two only: the worst are those in which nobody is of another one.
        let kinds_here = if random.below(2) == 0 { 8 } else { 2 };
        let first = random.below(8);
        let spans = [1, 20, 200, 999, 1_500, 4_000, 9_000];
        let kinds = (0..n)
            .map(|_| {
                let span = spans[random.below(spans.len() as u64) as usize];
                match (first + random.below(kinds_here)) % 8 {
                    0..=2 => Kind::Yields(span),
                    3 | 4 => Kind::Sleeps(span, 1 + random.below(5_000)),
                    5 => Kind::Wakes(span),
                    _ => Kind::Computes,
                }
            })
            .collect();
        let all = pool[..n].to_vec();
        let model = Model {
            run: RunQueue::new(),
            behind: Behind::new(),
            kinds,
            since: vec![Some(0); n],
            due: vec![None; n],
            now: 0,
            looked: 0,
            turns: 0,
            slice_used: false,
            longest: 0,
            even: random.below(2) == 0,
            random,
            all,
        };
        model.all.iter().for_each(|g| model.behind.queue(&model.run, g));
        model
    }

    fn wake(&mut self, n: usize) {
        self.since[n] = Some(self.now);
        self.all[n].begin_wait(Reason::Sleep);
        self.all[n].claim(Wake::Notified);
        self.run.push(self.all[n]);
    }

    fn expire(&mut self) {
        for n in 0..self.all.len() {
            if self.due[n].is_some_and(|due| due <= self.now) {
                self.due[n] = None;
                self.wake(n);
            }
        }
    }

    fn look_around(&mut self) {
        let since = self.now - self.looked;
        if since <= LOOK_AROUND && !self.slice_used {
            return;
        }
        let turns = self.turns.max(1);
        let long = self.slice_used || since / turns > LOOK_AROUND;
        self.behind.order(&self.run, long, turns.min(MOST_SWITCHES) as u32);
        self.note();
        self.expire();
    }

    fn note(&mut self) {
        (self.looked, self.turns, self.slice_used) = (self.now, 0, false);
    }

    /// As the hub's loop chooses.
    fn next(&mut self) -> &'static Greenlet {
        loop {
            self.look_around();
            if let Some(g) = self.behind.next().or_else(|| self.run.pop()) {
                return g;
            }
            if self.behind.take_up(&self.run) {
                continue;
            }
            self.note();
            self.expire();
            if !self.run.is_empty() {
                continue;
            }
            if let Some(g) = self.behind.has_hogs().then(|| self.behind.pop_hog()).flatten() {
                return g;
            }
            // Nobody is runnable: those who wait for being woken are, lest all do.
            match self.due.iter().flatten().min() {
                Some(due) => self.now = *due,
                None => (0..self.all.len()).for_each(|n| self.wake(n)),
            }
        }
    }

    fn run_for(&mut self, most: u64) {
        self.now += if self.even { most } else { self.random.below(most + 1) };
    }

    fn turn(&mut self) {
        let g = self.next();
        let n = self.all.iter().position(|a| ptr::eq(*a, g)).expect("one of ours");
        let since = self.since[n].take().expect("who runs was runnable");
        self.longest = self.longest.max(self.now - since);
        self.turns += 1;
        g.end_wait();
        match self.kinds[n] {
            Kind::Yields(span) => {
                self.run_for(span);
                self.since[n] = Some(self.now);
                self.behind.queue(&self.run, g);
            }
            Kind::Sleeps(span, sleep) => {
                self.run_for(span);
                self.due[n] = Some(self.now + self.random.below(sleep + 1));
            }
            Kind::Wakes(span) => {
                self.run_for(span);
                let waits = |m: &usize| self.since[*m].is_none() && self.due[*m].is_none();
                let others = (1..self.all.len()).map(|i| (n + i) % self.all.len());
                if let Some(m) = others.filter(|m| *m != n).find(waits) {
                    self.wake(m);
                }
            }
            Kind::Computes => {
                self.now += SLICE;
                self.since[n] = Some(self.now);
                self.behind.push_hog(g);
                self.slice_used = true;
            }
        }
    }
}

#[test]
fn nobody_waits_for_longer_than_a_few_rounds_of_the_longest_turns() {
    let pool: Vec<&'static Greenlet> =
        (0..12).map(|_| &*Box::leak(Box::new(Greenlet::new()))).collect();
    for seed in 1..=3_000 {
        let mut model = Model::new(seed, &pool);
        (0..2_000).for_each(|_| model.turn());
        // Those who still wait have waited as well.
        for n in 0..model.all.len() {
            if let Some(since) = model.since[n] {
                model.longest = model.longest.max(model.now - since);
            }
        }
        let round = model.all.len() as u64 * SLICE;
        assert!(
            model.longest <= 5 * round,
            "seed {seed}: {} us with {:?}",
            model.longest,
            model.kinds
        );
    }
}
