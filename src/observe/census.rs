//! The census: every wait counted, by place and kind, by greenlet, by lock.
//!
//! Tables of fixed size, in memory that the kernel gives page by page as it is
//! used. Whoever has the hub writes; whoever writes the report reads what
//! is there (a count may be one behind its sum).

use super::call::Current;
use super::clock::{self, Scale};
use super::decode;
use super::histogram::Histogram;
use super::ledger::{Ledger, Waker};
use super::places::Number;
use super::why::{Why, KINDS};
use super::{asked, holders, CENSUS, TIMELINE};
use crate::greenlet::Greenlet;
use crate::hub;
use core::cell::UnsafeCell;
use core::ptr;

/// Rows of waits; what comes after that many is counted in row 0.
pub const SITES: usize = 4096;
/// Rows of greenlets: the first [`GROUPS`] for those that found no row of their own, by where
/// they were made; then one each.
pub const LIVES: usize = 4096;
/// See [`LIVES`].
pub const GROUPS: usize = 256;
/// Rows of contended locks; what comes after that many is counted in row 0.
pub const LOCKS: usize = 2048;
/// Bytes kept of the text that says what the longest wait was for.
pub const EXAMPLE: usize = 96;
const STEPS: usize = 16;

/// Waits at one place, for one kind of reason.
#[derive(Clone)]
pub struct Site {
    used: bool,
    /// Where.
    pub place: Number,
    /// For what kind of thing.
    pub why: Why,
    /// How long.
    pub waits: Histogram,
    /// The sum of the times in the run queue after them, in ticks.
    pub delayed: u64,
    /// The call of the longest wait, as text.
    pub example: [u8; EXAMPLE],
    /// Its length.
    pub example_length: usize,
    /// The greenlet whose it was.
    pub example_id: u32,
}

/// One greenlet, or several that were made at one place.
#[derive(Clone)]
pub struct Life {
    used: bool,
    /// How many it stands for.
    pub greenlets: u64,
    /// Its id (of several the first one's).
    pub id: u32,
    greenlet: *const Greenlet,
    name: [u8; 16],
    /// Who made it, and where.
    pub creator: Waker,
    /// The address of its start routine; 0: the first thread.
    pub start: usize,
    /// When it was made.
    pub born: u64,
    /// When it ended; 0: it has not.
    pub ended: u64,
    /// How long it has waited, whatever for.
    pub waits: Histogram,
    /// Count and sum of its waits for each kind.
    pub by_kind: [(u64, u64); KINDS],
    /// How often it has run, how long in all, and at longest.
    pub runs: (u64, u64, u64),
    /// The call that ended the longest run.
    pub longest_run: Number,
    /// How often it has queued, how long in all, and at longest.
    pub queued: (u64, u64, u64),
}

/// A lock that somebody has waited for, at one pair of places.
#[derive(Clone)]
pub struct Contended {
    used: bool,
    /// Which.
    pub address: u64,
    /// Its kind.
    pub why: Why,
    /// Where it was waited for.
    pub waiter: Number,
    /// Where whoever held it had taken it.
    pub holder: Number,
    /// How many waits, their sum, and the longest, in ticks.
    pub waits: (u64, u64, u64),
    /// Who held it at the longest one.
    pub holder_id: u32,
}

struct Tables {
    sites: [Site; SITES],
    lives: [Life; LIVES],
    next_life: usize,
    locks: [Contended; LOCKS],
    queue: Histogram,
}

struct Cells(UnsafeCell<Tables>);
// SAFETY: written by whoever has the hub, which one OS thread has at a time.
unsafe impl Sync for Cells {}

static TABLES: Cells = Cells(UnsafeCell::new(Tables {
    sites: [const {
        Site {
            used: false,
            place: 0,
            why: Why::None,
            waits: Histogram::NEW,
            delayed: 0,
            example: [0; EXAMPLE],
            example_length: 0,
            example_id: 0,
        }
    }; SITES],
    lives: [const { Life::NEW }; LIVES],
    next_life: 0,
    locks: [const {
        Contended {
            used: false,
            address: 0,
            why: Why::None,
            waiter: 0,
            holder: 0,
            waits: (0, 0, 0),
            holder_id: 0,
        }
    }; LOCKS],
    queue: Histogram::NEW,
}));

#[allow(clippy::mut_from_ref)]
fn tables() -> &'static mut Tables {
    // SAFETY: callers have the hub (or are the only thread), and none keeps the
    // reference while it calls another function of this module.
    unsafe { &mut *TABLES.0.get() }
}

fn mix(word: u64) -> usize {
    (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
}

/// The row of a table (row 0 excepted) that `is` the wanted one or free, near `hash`; else 0.
fn find<T>(rows: &[T], hash: usize, is: impl Fn(&T) -> bool, used: impl Fn(&T) -> bool) -> usize {
    for step in 0..STEPS {
        let at = 1 + (hash + step) % (rows.len() - 1);
        if !used(&rows[at]) || is(&rows[at]) {
            return at;
        }
    }
    0
}

fn count(sums: &mut (u64, u64, u64), ticks: u64) -> bool {
    sums.0 += 1;
    sums.1 += ticks;
    let longest = ticks > sums.2;
    if longest {
        sums.2 = ticks;
    }
    longest
}

/// A wait is over.
pub(super) fn waited(l: &Ledger, call: &Current, why: (Why, u64), waited: u64, delay: u64) {
    let t = tables();
    let (kind, word) = why;
    let hash = mix(u64::from(call.place) << 8 | kind as u64);
    let is = |s: &Site| s.place == call.place && s.why == kind;
    let site = &mut t.sites[find(&t.sites, hash, is, |s| s.used)];
    (site.used, site.place, site.why) = (true, call.place, kind);
    site.delayed += delay;
    if site.waits.add(waited) {
        site.example_id = l.id.get();
        site.example_length = decode::call(call, l.last_wait(), &mut site.example);
    }
    let life = &mut t.lives[usize::from(l.row.get())];
    life.waits.add(waited);
    let sums = &mut life.by_kind[kind as usize];
    (sums.0, sums.1) = (sums.0 + 1, sums.1 + waited);
    if kind.has_holder() {
        let holder = l.holder();
        let hash = mix(word ^ u64::from(call.place) << 48 ^ u64::from(holder.place) << 32);
        let is = |c: &Contended| {
            (c.address, c.waiter, c.holder) == (word, call.place, holder.place) && c.why == kind
        };
        let lock = &mut t.locks[find(&t.locks, hash, is, |c| c.used)];
        (lock.used, lock.address, lock.why) = (true, word, kind);
        (lock.waiter, lock.holder) = (call.place, holder.place);
        if count(&mut lock.waits, waited) {
            lock.holder_id = holder.id;
        }
    }
}

/// A run is over, in the call that is under way.
pub(super) fn ran(l: &Ledger, ticks: u64) {
    let life = &mut tables().lives[usize::from(l.row.get())];
    if count(&mut life.runs, ticks) {
        life.longest_run = l.call.get().place;
    }
}

/// It has been in the run queue for so long.
pub(super) fn queued(l: &Ledger, ticks: u64) {
    let t = tables();
    t.queue.add(ticks);
    count(&mut t.lives[usize::from(l.row.get())].queued, ticks);
}

/// A greenlet is made: it gets a row.
pub(super) fn born(l: &Ledger, g: &'static Greenlet, creator: Option<Waker>) {
    if asked(CENSUS | TIMELINE) {
        adopt(l, g, creator);
    }
}

/// [`born`], whatever is asked for.
pub(super) fn adopt(l: &Ledger, g: &'static Greenlet, creator: Option<Waker>) {
    let t = tables();
    let place = creator.map_or(0, |c| c.place);
    let row = if l.row.get() != 0 && creator.is_none() {
        // The first thread had one before it was a greenlet.
        usize::from(l.row.get())
    } else if GROUPS + t.next_life < LIVES {
        t.next_life += 1;
        GROUPS + t.next_life - 1
    } else {
        let groups = &t.lives[..GROUPS];
        find(groups, mix(u64::from(place)), |r| r.creator.place == place, |r| r.used)
    };
    let life = &mut t.lives[row];
    l.row.set(row as u16);
    life.greenlets += u64::from(creator.is_some() || !life.used);
    if !life.used || creator.is_none() {
        life.used = true;
        life.id = g.id();
        life.creator = creator.unwrap_or_default();
        life.start = g.routine();
        life.born = clock::now();
        life.greenlet = if row < GROUPS { ptr::null() } else { g };
        life.name = g.name();
    }
}

/// It is known now which function of the program's `g` runs.
pub(super) fn routine_known(g: &Greenlet) {
    let Some(l) = super::ledger::of(g) else { return };
    if let Some(life) = tables().lives.get_mut(usize::from(l.row.get())) {
        if life.id == g.id() {
            life.start = g.routine();
        }
    }
}

/// The first thread, which is no greenlet yet, has waited: it gets a row.
pub(super) fn first_thread(l: &Ledger) {
    if !asked(CENSUS | TIMELINE) || l.row.get() != 0 {
        return;
    }
    let t = tables();
    if t.next_life == 0 {
        t.next_life = 1;
        l.row.set(GROUPS as u16);
        let life = &mut t.lives[GROUPS];
        (life.used, life.greenlets, life.born) = (true, 1, clock::now());
        life.id = std::process::id();
        life.name[..4].copy_from_slice(b"main");
    }
}

/// A greenlet has ended.
pub(super) fn ended(l: &Ledger, g: &Greenlet, now: u64) {
    let life = &mut tables().lives[usize::from(l.row.get())];
    if ptr::eq(life.greenlet, g) {
        life.greenlet = ptr::null();
        life.name = g.name();
        life.ended = now;
    }
}

impl Life {
    const NEW: Life = Life {
        used: false,
        greenlets: 0,
        id: 0,
        greenlet: ptr::null(),
        name: [0; 16],
        creator: Waker { id: 0, place: 0 },
        start: 0,
        born: 0,
        ended: 0,
        waits: Histogram::NEW,
        by_kind: [(0, 0); KINDS],
        runs: (0, 0, 0),
        longest_run: 0,
        queued: (0, 0, 0),
    };

    /// Its name, as it is now or was at its end.
    pub fn name(&self) -> [u8; 16] {
        // SAFETY: null or a greenlet, which is never freed.
        unsafe { self.greenlet.as_ref() }.map_or(self.name, Greenlet::name)
    }

    /// Whether it stands for those that found no row of their own.
    pub fn is_group(&self) -> bool {
        self.greenlets > 1
    }
}

/// What has been counted so far.
pub struct Counted<'a> {
    /// Waits by place and kind.
    pub sites: &'a [Site],
    /// Greenlets.
    pub lives: &'a [Life],
    /// Contended locks.
    pub locks: &'a [Contended],
    /// Times in the run queue.
    pub queue: &'a Histogram,
    /// Waits that go on, as they were at one moment; `None`: they are to be looked at.
    ongoing: Option<&'a [Ongoing]>,
}

/// A wait that goes on.
pub struct Ongoing {
    /// Who waits.
    pub id: u32,
    /// Since when, in ticks.
    pub since: u64,
    /// Where.
    pub place: Number,
    /// For what kind of thing.
    pub why: Why,
    /// Who could end it: whoever holds the lock and where he has taken it, or the thread whose end
    /// is waited for; 0: nobody is known.
    pub on: Waker,
    /// Since when the lock is held, in ticks; 0: not known, or no lock.
    pub held_since: u64,
    example: [u8; EXAMPLE],
    example_length: usize,
}

impl Ongoing {
    /// The call, as text.
    pub fn example(&self) -> &[u8] {
        &self.example[..self.example_length]
    }

    /// `at_rest`: the caller has the hub, and locks may be asked who holds them.
    fn of(life: &Life, at_rest: bool) -> Option<Ongoing> {
        // SAFETY: null or a greenlet, which is never freed.
        let g = unsafe { life.greenlet.as_ref() }?;
        let l = super::ledger::of(g)?;
        let (since, call, wait) = l.ongoing().filter(|_| l.id.get() == life.id)?;
        let (on, held_since) = match (wait.0, wait.1) {
            (Why::Join, id) => (Waker { id: id as u32, place: 0 }, 0),
            (why, address) if why.has_holder() => match holders::held(address as usize) {
                Some(held) => (held.by, held.since),
                // It was taken before anything was recorded.
                None if at_rest => (Waker { id: hub::owner_of(g.reason()), place: 0 }, 0),
                None => (Waker::default(), 0),
            },
            _ => (Waker::default(), 0),
        };
        // It may have begun before anybody wanted to know.
        let since = match at_rest && g.is_waiting() {
            true => since.min(Scale::now().tick(g.since.get())),
            false => since,
        };
        let mut example = [0; EXAMPLE];
        let example_length = decode::call(&call, wait, &mut example);
        Some(Ongoing {
            id: life.id,
            since,
            place: call.place,
            why: wait.0,
            on,
            held_since,
            example,
            example_length,
        })
    }
}

impl Counted<'_> {
    /// Call `f` with every wait that goes on.
    pub fn each_ongoing(&self, mut f: impl FnMut(&Ongoing)) {
        match self.ongoing {
            Some(copied) => copied.iter().for_each(f),
            None => self.lives.iter().filter_map(|l| Ongoing::of(l, false)).for_each(|o| f(&o)),
        }
    }
}

/// Read the tables, where the process ends.
pub fn counted() -> Counted<'static> {
    let t = tables();
    Counted { sites: &t.sites, lives: &t.lives, locks: &t.locks, queue: &t.queue, ongoing: None }
}

/// The tables as they were at one moment, while the program goes on.
pub struct Copied {
    sites: Vec<Site>,
    lives: Vec<Life>,
    locks: Vec<Contended>,
    queue: Histogram,
    ongoing: Vec<Ongoing>,
}

impl Copied {
    /// Copy what is used. Only with the hub.
    pub fn take() -> Self {
        let t = tables();
        Copied {
            sites: t.sites.iter().filter(|s| s.is_used()).cloned().collect(),
            lives: t.lives.iter().filter(|l| l.is_used()).cloned().collect(),
            locks: t.locks.iter().filter(|l| l.is_used()).cloned().collect(),
            queue: t.queue.clone(),
            ongoing: t.lives.iter().filter_map(|l| Ongoing::of(l, true)).collect(),
        }
    }

    /// Read the copy.
    pub fn counted(&self) -> Counted<'_> {
        Counted {
            sites: &self.sites,
            lives: &self.lives,
            locks: &self.locks,
            queue: &self.queue,
            ongoing: Some(&self.ongoing),
        }
    }
}

/// Whether there was one thread and it has hardly waited.
pub fn is_trifling() -> bool {
    let t = tables();
    t.queue.count == 0 && t.sites.iter().map(|s| s.waits.total).sum::<u64>() < 10_000_000
}

impl Site {
    /// Whether there is anything in it.
    pub fn is_used(&self) -> bool {
        self.used
    }
}

impl Life {
    /// Whether there is anything in it.
    pub fn is_used(&self) -> bool {
        self.used || self.waits.count != 0
    }
}

impl Contended {
    /// Whether there is anything in it.
    pub fn is_used(&self) -> bool {
        self.used
    }
}

/// In the child of a fork: the parent's counts are not the child's.
pub fn after_fork(me: Option<&'static Greenlet>) {
    clear();
    if let Some((g, l)) = me.and_then(|g| Some((g, super::ledger::of(g)?))) {
        l.row.set(0);
        born(l, g, None);
    }
}

/// Forget everything. Only with the hub; greenlets have no rows afterwards.
pub(super) fn clear() {
    let t = tables();
    for s in t.sites.iter_mut().filter(|s| s.used) {
        (s.used, s.waits, s.delayed) = (false, Histogram::NEW, 0);
    }
    for life in t.lives.iter_mut().filter(|l| l.is_used()) {
        *life = Life::NEW;
    }
    for lock in t.locks.iter_mut().filter(|l| l.used) {
        (lock.used, lock.waits) = (false, (0, 0, 0));
    }
    (t.next_life, t.queue) = (0, Histogram::NEW);
}
