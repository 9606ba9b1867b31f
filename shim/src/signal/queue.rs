//! Pending signals of which several may wait, or that carry a value: the
//! real-time signals, and what `pthread_sigqueue` sends.
//!
//! Everything else is one bit a signal. The queue is of fixed size, as the
//! kernel's is limited (RLIMIT_SIGPENDING), because signal handlers put into
//! it: no allocation, no lock, one atomic state a slot.

use core::cell::UnsafeCell;
use core::ffi::c_int;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, AtomicU8, AtomicUsize, Ordering};
use libc::siginfo_t;

/// The first signal that queues; the two below SIGRTMIN are libc's own.
pub const FIRST_QUEUED: c_int = 32;
const SLOTS: usize = 256;

const FREE: u8 = 0;
const BUSY: u8 = 1;
const FULL: u8 = 2;

/// Whom a signal waits for: a greenlet's address, or [`PROCESS`].
pub type Owner = usize;
/// Any greenlet of the process.
pub const PROCESS: Owner = 0;

struct Slot {
    /// `FREE` → `BUSY` (being filled) → `FULL` → `FREE`.
    state: AtomicU8,
    owner: AtomicUsize,
    order: AtomicU64,
    info: UnsafeCell<MaybeUninit<siginfo_t>>,
}

// SAFETY: `info` is written between BUSY and FULL, by the one who made it
// BUSY, and read while FULL by the carrier's own code.
unsafe impl Sync for Slot {}

static QUEUE: [Slot; SLOTS] = [const {
    Slot {
        state: AtomicU8::new(FREE),
        owner: AtomicUsize::new(PROCESS),
        order: AtomicU64::new(0),
        info: UnsafeCell::new(MaybeUninit::zeroed()),
    }
}; SLOTS];
static ORDER: AtomicU64 = AtomicU64::new(0);

/// Put a signal at the end. False: the queue is full.
pub fn put(owner: Owner, info: &siginfo_t) -> bool {
    for slot in &QUEUE {
        let free = slot.state.compare_exchange(FREE, BUSY, Ordering::Acquire, Ordering::Relaxed);
        if free.is_ok() {
            // SAFETY: the slot is ours while it is BUSY.
            unsafe { (*slot.info.get()).write(*info) };
            slot.owner.store(owner, Ordering::Relaxed);
            slot.order.store(ORDER.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
            slot.state.store(FULL, Ordering::Release);
            return true;
        }
    }
    false
}

fn of(owner: Owner, signal: c_int) -> impl Iterator<Item = (&'static Slot, siginfo_t)> {
    QUEUE
        .iter()
        .filter(move |slot| {
            slot.state.load(Ordering::Acquire) == FULL
                && slot.owner.load(Ordering::Relaxed) == owner
        })
        // SAFETY: FULL, and only the carrier's own code empties slots.
        .map(|slot| (slot, unsafe { (*slot.info.get()).assume_init() }))
        .filter(move |(_, info)| signal == 0 || info.si_signo == signal)
}

/// Whether a signal waits for `owner`.
pub fn holds(owner: Owner, signal: c_int) -> bool {
    of(owner, signal).next().is_some()
}

/// Take the first of a signal. On the carrier, in our code or its handler's.
pub fn take(owner: Owner, signal: c_int) -> Option<siginfo_t> {
    let (slot, info) = of(owner, signal).min_by_key(|(s, _)| s.order.load(Ordering::Relaxed))?;
    slot.state.store(FREE, Ordering::Release);
    Some(info)
}

/// The signals that wait for somebody in particular, with the owner. In our code.
pub fn owned() -> impl Iterator<Item = (Owner, c_int)> {
    QUEUE.iter().filter(|slot| slot.state.load(Ordering::Acquire) == FULL).filter_map(|slot| {
        let owner = slot.owner.load(Ordering::Relaxed);
        // SAFETY: as in `of`.
        let info = unsafe { (*slot.info.get()).assume_init() };
        (owner != PROCESS).then_some((owner, info.si_signo))
    })
}

/// The owner is gone.
pub fn forget(owner: Owner) {
    of(owner, 0).for_each(|(slot, _)| slot.state.store(FREE, Ordering::Release));
}

/// Nothing waits any more.
pub fn clear() {
    QUEUE.iter().for_each(|slot| slot.state.store(FREE, Ordering::Release));
}
