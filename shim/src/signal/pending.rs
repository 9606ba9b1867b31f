//! Signals that wait here, not in the kernel: for the process, noted where their handler
//! could not run, and for one greenlet.
//!
//! Some functions run in a signal's handler, anywhere: those only set bits and put
//! information where nobody else writes. The rest is for the holder of the hub.

use super::{bit, mask, queue, send, word};
use crate::doorway;
use core::cell::UnsafeCell;
use core::ffi::c_int;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use hub::greenlet::{Greenlet, Phase};
use hub::hub as scheduler;
use libc::siginfo_t;

/// `si_code` of tgkill(2).
pub(super) const SI_TKILL: c_int = -6;

/// Notes of process-directed signals: a bit each, as the kernel has it for the
/// standard signals, and what was told with the last of each.
static NOTED: AtomicU64 = AtomicU64::new(0);

/// In [`NOTED`], at the place of a signal that is libc's own: handlers have put
/// signals into the queue that are for one greenlet, and nobody has told it yet.
const FOR_ONE: u64 = bit(32);

/// Greenlets that have signals of their own pending, and those that are to be
/// cancelled wherever they are.
static DIRECTED: AtomicUsize = AtomicUsize::new(0);

/// A bit for each signal whose information is being written.
static WRITING: AtomicU64 = AtomicU64::new(0);

struct Infos(UnsafeCell<[MaybeUninit<siginfo_t>; 65]>);

// SAFETY: written by one signal handler at a time (see `WRITING`) before the
// bit in `NOTED` is set, read by the hub's holder after that.
unsafe impl Sync for Infos {}
static INFOS: Infos = Infos(UnsafeCell::new([const { MaybeUninit::zeroed() }; 65]));

/// Whether anything waits to be delivered.
#[inline(always)]
pub fn noted() -> bool {
    NOTED.load(Ordering::Relaxed) != 0 || DIRECTED.load(Ordering::Relaxed) != 0
}

pub(super) fn note(signal: c_int, info: &siginfo_t) {
    if signal >= queue::FIRST_QUEUED {
        // If the queue is full, one of them still arrives.
        queue::put(queue::PROCESS, info);
    }
    if WRITING.fetch_or(bit(signal), Ordering::Acquire) & bit(signal) == 0 {
        // SAFETY: see `Infos`. A standard signal that is pending already keeps
        // its first information in the kernel, too; which one is kept is
        // unspecified.
        unsafe { (*INFOS.0.get())[signal as usize].write(*info) };
        WRITING.fetch_and(!bit(signal), Ordering::Release);
    }
    NOTED.fetch_or(bit(signal), Ordering::SeqCst);
    scheduler::signals_noted();
}

/// Note a signal that is for `g` alone. In a signal handler, anywhere.
pub(super) fn note_for(g: &'static Greenlet, signal: c_int, info: &siginfo_t) {
    let known = signal < queue::FIRST_QUEUED && queue::holds(owner(g), signal);
    // (If the queue is full, the next one arrives: a timer's signal is no request.)
    if !known && queue::put(owner(g), info) {
        NOTED.fetch_or(FOR_ONE, Ordering::SeqCst);
        scheduler::signals_noted();
    }
}

/// Tell the greenlets what [`note_for`] has noted for them. With the hub.
pub(super) fn tell_owners(interrupt: impl Fn(&'static Greenlet) -> bool) {
    if NOTED.fetch_and(!FOR_ONE, Ordering::SeqCst) & FOR_ONE == 0 {
        return;
    }
    for (owner, signal) in queue::owned() {
        // SAFETY: an owner that is not the process is a greenlet; they live for ever.
        let g: &'static Greenlet = unsafe { &*(owner as *const Greenlet) };
        let known = directed_at(g).load(Ordering::Relaxed) & bit(signal) as usize != 0;
        if g.phase() == Phase::Alive && !known {
            pend(g, signal);
            if takes(g) & bit(signal) != 0 {
                interrupt(g);
                scheduler::call_in(g);
            }
        }
    }
}

/// The signals that wait for `g` alone. (Atomic: its own OS thread may add one in
/// [`super::deliver::arrived`] while it queues for the hub.)
fn directed_at(g: &Greenlet) -> &AtomicUsize {
    // SAFETY: the word lives as long as the greenlet, and is touched here only.
    unsafe { AtomicUsize::from_ptr(g.extension[word::PENDING].as_ptr()) }
}

/// Let a signal wait for `g`, which is the caller or cannot run now.
pub(super) fn pend(g: &Greenlet, signal: c_int) {
    if directed_at(g).fetch_or(bit(signal) as usize, Ordering::Relaxed) == 0 {
        DIRECTED.fetch_add(1, Ordering::Relaxed);
    }
}

/// What is told with a signal of tgkill(2): nothing else is kept of one.
pub(super) fn of_tgkill(signal: c_int) -> siginfo_t {
    send::information(signal, SI_TKILL, core::ptr::null_mut())
}

/// Take a pending signal away; its information.
fn take(g: &Greenlet, signal: c_int, directed: bool) -> siginfo_t {
    if directed {
        let taken = queue::take(owner(g), signal);
        if !queue::holds(owner(g), signal) {
            let others = !(bit(signal) as usize);
            if directed_at(g).fetch_and(others, Ordering::Relaxed) & others == 0 {
                DIRECTED.fetch_sub(1, Ordering::Relaxed);
            }
        }
        return taken.unwrap_or_else(|| of_tgkill(signal));
    }
    // SAFETY: see `Infos`.
    let info = unsafe { (*INFOS.0.get())[signal as usize].assume_init() };
    // First the bit: a handler may put another one into the queue meanwhile.
    NOTED.fetch_and(!bit(signal), Ordering::SeqCst);
    let Some(queued) = queue::take(queue::PROCESS, signal) else { return info };
    if queue::holds(queue::PROCESS, signal) {
        NOTED.fetch_or(bit(signal), Ordering::SeqCst);
    }
    queued
}

fn owner(g: &Greenlet) -> queue::Owner {
    core::ptr::from_ref(g) as usize
}

/// A signal of `set` that waits for `g` or the process, without running its
/// handler: for sigwait.
pub fn take_one_of(g: &Greenlet, set: u64) -> Option<(c_int, siginfo_t)> {
    tell_owners(scheduler::interrupt);
    let set = set & !FOR_ONE;
    let own = directed_at(g).load(Ordering::Relaxed) as u64 & set;
    let shared = NOTED.load(Ordering::SeqCst) & set;
    let (bits, directed) = if own != 0 { (own, true) } else { (shared, false) };
    if bits == 0 {
        return None;
    }
    let signal = bits.trailing_zeros() as c_int + 1;
    Some((signal, take(g, signal, directed)))
}

/// Give the signals of `set` that wait here, for the process or for a greenlet of `whose`, to
/// `give`, until it does not want one. With the hub.
pub(super) fn hand_over(
    set: u64,
    give: impl Fn(c_int, &siginfo_t) -> bool,
    whose: impl Fn(&Greenlet) -> bool,
) {
    let hand = |g: &'static Greenlet, directed: bool, waiting: u64| {
        let mut waiting = waiting & set & !FOR_ONE;
        while waiting != 0 {
            let signal = waiting.trailing_zeros() as c_int + 1;
            let info = take(g, signal, directed);
            if !give(signal, &info) {
                // It goes to the end of those like it, and waits on.
                if directed {
                    send_to(g, signal, &info);
                } else {
                    note(signal, &info);
                }
                return;
            }
            let left =
                if directed { directed_at(g).load(Ordering::Relaxed) as u64 } else { of_process() };
            waiting &= left | !bit(signal);
        }
    };
    tell_owners(scheduler::interrupt);
    scheduler::for_each(|g| {
        if whose(g) {
            hand(g, true, directed_at(g).load(Ordering::Relaxed) as u64);
        }
    });
    if let Some(first) = scheduler::first() {
        hand(first, false, of_process());
    }
}

/// What is pending in the kernel for the calling OS thread: its own, and the process's.
pub(super) fn in_kernel() -> Result<u64, hub::sys::Errno> {
    let mut set = 0u64;
    // SAFETY: writes one word.
    unsafe { hub::syscall!(libc::SYS_rt_sigpending, &raw mut set, 8) }.map(|_| set)
}

/// Signals that wait here, not in the kernel, for `g`.
pub fn pending_for(g: &Greenlet) -> u64 {
    (directed_at(g).load(Ordering::Relaxed) as u64 | NOTED.load(Ordering::SeqCst)) & !FOR_ONE
}

/// The signals that end a wait of `g`.
pub(super) fn takes(g: &Greenlet) -> u64 {
    !mask::of(g) | g.extension[word::AWAITED].get() as u64
}

/// Let a signal wait for one greenlet, and end its wait if it can take it.
/// False: the queue is full. In our code.
pub fn send_to(g: &'static Greenlet, signal: c_int, info: &siginfo_t) -> bool {
    let pending = directed_at(g).load(Ordering::Relaxed);
    let queues = signal >= queue::FIRST_QUEUED;
    if pending & bit(signal) as usize != 0 && !queues {
        return true;
    }
    if (queues || info.si_code != SI_TKILL) && !queue::put(owner(g), info) {
        return false;
    }
    pend(g, signal);
    if takes(g) & bit(signal) != 0 {
        scheduler::interrupt(g);
    }
    true
}

/// One more, or one less, waits here for one greenlet that is no signal.
pub fn count_waiting(more: bool) {
    if more {
        DIRECTED.fetch_add(1, Ordering::Relaxed);
    } else {
        DIRECTED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The greenlet is at its end: what was sent to it alone is gone.
pub fn forget(g: &Greenlet) {
    if directed_at(g).swap(0, Ordering::Relaxed) != 0 {
        DIRECTED.fetch_sub(1, Ordering::Relaxed);
        queue::forget(owner(g));
    }
}

/// Take one of `set` out of the kernel, if one waits there for the calling OS thread or for the
/// process. EAGAIN: none does.
pub(super) fn take_from_kernel(set: u64) -> Result<siginfo_t, c_int> {
    let zero = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: our own objects, of which zeroes are valid; does not wait.
    unsafe {
        let mut info: siginfo_t = core::mem::zeroed();
        let (set, to) = (&raw const set, &raw mut info);
        hub::syscall!(libc::SYS_rt_sigtimedwait, set, to, &raw const zero, 8)?;
        Ok(info)
    }
}

/// Discard these signals, for whomever they wait.
pub(super) fn discard(signals: u64) {
    if !noted() {
        return;
    }
    // (In a handler off the hub the others' cannot be looked at. They stay.)
    let shim = doorway::enter_any();
    if shim.is_none() && !Greenlet::current().is_some_and(Greenlet::in_shim) {
        return;
    }
    NOTED.fetch_and(!signals, Ordering::SeqCst);
    queue::discard(signals);
    scheduler::for_each(|g| {
        let before = directed_at(g).fetch_and(!(signals as usize), Ordering::Relaxed);
        if before != 0 && before & !(signals as usize) == 0 {
            DIRECTED.fetch_sub(1, Ordering::Relaxed);
        }
    });
}

/// signal(7), sigaction(3p): what stops the process takes back a pending SIGCONT, and SIGCONT
/// what would stop it. To be called when the process sends itself one.
pub(super) fn generated(signal: c_int) {
    const STOPS: u64 =
        bit(libc::SIGSTOP) | bit(libc::SIGTSTP) | bit(libc::SIGTTIN) | bit(libc::SIGTTOU);
    match signal {
        libc::SIGCONT => discard(STOPS),
        libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => {
            discard(bit(libc::SIGCONT));
        }
        _ => {}
    }
}

/// What waits for `g` alone, each in its order, without taking it away.
pub(super) fn for_each_of(g: &Greenlet, f: impl FnMut(c_int, Option<&siginfo_t>)) {
    let mut f = f;
    let signals = directed_at(g).load(Ordering::Relaxed) as u64;
    for signal in (1..=64).filter(|s| signals & bit(*s) != 0) {
        let mut any = false;
        queue::for_each_of(owner(g), signal, |info| {
            any = true;
            f(signal, Some(info));
        });
        if !any {
            f(signal, None);
        }
    }
}

/// The signals that were noted for the process.
pub(super) fn of_process() -> u64 {
    NOTED.load(Ordering::SeqCst) & !FOR_ONE
}

/// In the child of a fork nothing is pending (fork(2)).
pub fn after_fork() {
    NOTED.store(0, Ordering::SeqCst);
    DIRECTED.store(0, Ordering::Relaxed);
    queue::clear();
    if let Some(g) = Greenlet::current() {
        directed_at(g).store(0, Ordering::Relaxed);
    }
}
