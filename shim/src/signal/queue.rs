//! Pending signals of which several may wait, or that carry a value: the
//! real-time signals, and what `pthread_sigqueue` sends.
//!
//! Everything else is one bit a signal. The queue is of fixed size, as the
//! kernel's is limited (RLIMIT_SIGPENDING), because signal handlers put into
//! it: no allocation, no lock, one atomic word a slot. Pages of it that were never
//! used are not there.

use core::cell::UnsafeCell;
use core::ffi::c_int;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use libc::siginfo_t;

/// The first signal that queues; the two below SIGRTMIN are libc's own.
pub const FIRST_QUEUED: c_int = 32;
/// How many are kept.
pub(super) const SLOTS: usize = 16_384;

/// A slot's word: `FREE` → `BUSY` (being filled) → the signal, and above it its
/// place in the order → `FREE`.
const FREE: u64 = 0;
const BUSY: u64 = 1 << SIGNAL_BITS;
const SIGNAL_BITS: u32 = 8;

/// Whom a signal waits for: a greenlet's address, or [`PROCESS`].
pub type Owner = usize;
/// Any greenlet of the process.
pub const PROCESS: Owner = 0;

struct Slot {
    word: AtomicU64,
    owner: AtomicUsize,
}

impl Slot {
    /// The signal in it, and its place in the order.
    fn signal(&self) -> Option<(c_int, u64)> {
        let word = self.word.load(Ordering::Acquire);
        let signal = word & (BUSY - 1);
        (signal != 0).then_some((signal as c_int, word >> SIGNAL_BITS))
    }
}

struct Infos([UnsafeCell<MaybeUninit<siginfo_t>>; SLOTS]);
// SAFETY: one is written while its slot is BUSY, by the one who made it so, and
// read while there is a signal in it by the carrier's own code.
unsafe impl Sync for Infos {}

static QUEUE: [Slot; SLOTS] =
    [const { Slot { word: AtomicU64::new(FREE), owner: AtomicUsize::new(PROCESS) } }; SLOTS];
static INFOS: Infos = Infos([const { UnsafeCell::new(MaybeUninit::zeroed()) }; SLOTS]);
/// Slots from here on were never used.
static USED: AtomicUsize = AtomicUsize::new(0);
/// How many are in it, or about to be.
static COUNT: AtomicUsize = AtomicUsize::new(0);
static ORDER: AtomicU64 = AtomicU64::new(0);

/// Put a signal at the end. False: the queue is full.
pub fn put(owner: Owner, info: &siginfo_t) -> bool {
    let free = |slot: &Slot| {
        slot.word.load(Ordering::Relaxed) == FREE
            && slot.word.compare_exchange(FREE, BUSY, Ordering::Acquire, Ordering::Relaxed).is_ok()
    };
    // Most often those that were in use are all free, or all full.
    let used = USED.load(Ordering::Relaxed);
    let from = if COUNT.load(Ordering::Relaxed) < used { 0 } else { used };
    let Some(at) = (from..SLOTS).find(|&at| free(&QUEUE[at])) else { return false };
    COUNT.fetch_add(1, Ordering::Relaxed);
    USED.fetch_max(at + 1, Ordering::Relaxed);
    // SAFETY: the slot is ours while it is BUSY.
    unsafe { (*INFOS.0[at].get()).write(*info) };
    QUEUE[at].owner.store(owner, Ordering::Relaxed);
    let order = ORDER.fetch_add(1, Ordering::Relaxed);
    let word = order << SIGNAL_BITS | info.si_signo as u64;
    QUEUE[at].word.store(word, Ordering::SeqCst);
    true
}

/// The signals that wait: their slots, owners, numbers, and places in the order.
fn waiting() -> impl Iterator<Item = (usize, Owner, c_int, u64)> {
    let used = match COUNT.load(Ordering::SeqCst) {
        0 => 0,
        _ => USED.load(Ordering::SeqCst),
    };
    (0..used).filter_map(|at| {
        let (signal, order) = QUEUE[at].signal()?;
        Some((at, QUEUE[at].owner.load(Ordering::Relaxed), signal, order))
    })
}

fn of(owner: Owner, signal: c_int) -> impl Iterator<Item = (usize, u64)> {
    waiting()
        .filter(move |(_, o, s, _)| *o == owner && (signal == 0 || *s == signal))
        .map(|(at, _, _, order)| (at, order))
}

fn free(at: usize) {
    QUEUE[at].word.store(FREE, Ordering::Release);
    COUNT.fetch_sub(1, Ordering::Relaxed);
}

/// Whether a signal waits for `owner`.
pub fn holds(owner: Owner, signal: c_int) -> bool {
    of(owner, signal).next().is_some()
}

/// Take the first of a signal. On the carrier, in our code or its handler's.
pub fn take(owner: Owner, signal: c_int) -> Option<siginfo_t> {
    let (at, _) = of(owner, signal).min_by_key(|(_, order)| *order)?;
    // SAFETY: there is a signal in it, and only the carrier's own code empties slots.
    let info = unsafe { (*INFOS.0[at].get()).assume_init() };
    free(at);
    Some(info)
}

/// The signals that wait for somebody in particular, with the owner. In our code.
pub fn owned() -> impl Iterator<Item = (Owner, c_int)> {
    waiting()
        .filter(|(_, owner, _, _)| *owner != PROCESS)
        .map(|(_, owner, signal, _)| (owner, signal))
}

/// What waits for `owner` of a signal, in its order. In our code, or where nobody else empties
/// slots.
pub fn for_each_of(owner: Owner, signal: c_int, mut f: impl FnMut(&siginfo_t)) {
    let mut from = 0;
    let next = |from| of(owner, signal).filter(|(_, o)| *o >= from).min_by_key(|(_, o)| *o);
    while let Some((at, order)) = next(from) {
        // SAFETY: there is a signal in it.
        f(unsafe { (*INFOS.0[at].get()).assume_init_ref() });
        from = order + 1;
    }
}

/// These signals wait for nobody any more. In our code.
pub fn discard(signals: u64) {
    waiting()
        .filter(|(_, _, signal, _)| signals & 1 << (signal - 1) != 0)
        .for_each(|(at, ..)| free(at));
}

/// The owner is gone.
pub fn forget(owner: Owner) {
    of(owner, 0).for_each(|(at, _)| free(at));
}

/// Nothing waits any more, in the child of a fork.
pub fn clear() {
    let used = USED.load(Ordering::Relaxed);
    QUEUE[..used].iter().for_each(|slot| slot.word.store(FREE, Ordering::Release));
    COUNT.store(0, Ordering::Relaxed);
}
