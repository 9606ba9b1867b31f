//! Where ledgers are: the first thread's, before there is a greenlet, and room for those of
//! greenlets.

use super::{of, Ledger};
use crate::greenlet::Greenlet;
use crate::observe::clock;
use crate::{arch, hub, syscall};
use core::cell::Cell;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

/// The first thread's, before there is a greenlet.
struct Early(Ledger);
// SAFETY: only the first OS thread's code uses it (see `early`), but for the
// words that the entries write, of which the last one's count.
unsafe impl Sync for Early {}
static EARLY: Early = Early(Ledger::new());
static EARLY_THREAD: AtomicUsize = AtomicUsize::new(0);
static EARLY_TAKEN: AtomicU32 = AtomicU32::new(0);

/// Where the entries write on an OS thread that is no greenlet.
pub static EARLY_ADDRESS: AtomicPtr<Ledger> = AtomicPtr::new((&raw const EARLY.0).cast_mut());

/// The calling OS thread is the program's first one.
pub fn start() {
    EARLY_THREAD.store(arch::thread_pointer() as usize, Ordering::Relaxed);
    EARLY.0.run_from.store(clock::now(), Ordering::Relaxed);
}

/// The first thread's ledger, for the first thread before there is a greenlet.
pub fn early() -> Option<&'static Ledger> {
    let first = EARLY_THREAD.load(Ordering::Relaxed) == arch::thread_pointer() as usize;
    (first && hub::live() == 0).then_some(&EARLY.0)
}

/// Room for ledgers, mapped in pieces. With the hub.
struct Room(Cell<(usize, usize)>);
// SAFETY: used by whoever has the hub only.
unsafe impl Sync for Room {}
static ROOM: Room = Room(Cell::new((0, 0)));

/// A fresh ledger. With the hub.
pub(super) fn make() -> Option<&'static Ledger> {
    const PIECE: usize = 128 * 1024;
    const SIZE: usize = size_of::<Ledger>().next_multiple_of(64);
    let (mut at, mut end) = ROOM.0.get();
    if at + SIZE > end {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a fresh anonymous mapping.
        at = unsafe { syscall!(libc::SYS_mmap, 0, PIECE, access, kind, -1isize, 0) }.ok()?;
        end = at + PIECE;
    }
    ROOM.0.set((at + SIZE, end));
    // SAFETY: fresh memory of ours, of the size and alignment.
    unsafe {
        (at as *mut Ledger).write(Ledger::new());
        Some(&*(at as *const Ledger))
    }
}

/// In the child of a fork, where `me` is the first thread, with a new number.
pub fn after_fork(me: Option<&'static Greenlet>) {
    let now = clock::now();
    match me {
        Some(g) => {
            if let Some(l) = of(g) {
                l.id.set(g.id());
                l.run_from.store(now, Ordering::Relaxed);
                l.since.set(now);
            }
        }
        None => start(),
    }
}

/// The first thread's ledger, for its greenlet; once.
pub(super) fn take_early() -> Option<&'static Ledger> {
    (EARLY_TAKEN.swap(1, Ordering::Relaxed) == 0).then_some(&EARLY.0)
}
