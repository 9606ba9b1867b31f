//! Timers on a thread's processor clock: timer_create(2) and its family.
//!
//! The kernel counts for OS threads. So it is given a timer that is never armed, whose number
//! the program has, and this file keeps the times: the monitor looks at the clock whenever it
//! might have come so far ([`look`]), and sends what the kernel would send.
//!
//! As with the kernel's there is one signal of a timer at a time: after it was sent nothing is,
//! until somebody has taken it ([`taken`]); then the periods that have passed meanwhile are
//! its overruns, and the next one begins.
//!
//! Everything here is atomic: the program's calls, the monitor and signal handlers meet.
//!
//! Of libc's own making, and so the kernel's, are timers with SIGEV_THREAD.

use super::{action, bit, mask, pending, send};
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use hub::greenlet::{Greenlet, Phase};
use hub::hub as scheduler;
use hub::hub::clock_watch;
use hub::time as clock;
use libc::{itimerspec, siginfo_t, timespec};

/// How many there can be.
const SLOTS: usize = 256;
const FREE: c_int = -1;
const BUSY: c_int = -2;
/// Not armed.
const NEVER: u64 = 0;
/// `si_code` of a timer's signal.
const SI_TIMER: c_int = -2;

/// One timer.
pub struct Timer {
    /// The kernel's number of it; `FREE`, or `BUSY` while it is made.
    id: AtomicI32,
    /// Whose clock.
    of: AtomicPtr<Greenlet>,
    /// That one's id: its memory is used again.
    of_id: AtomicU32,
    /// For whom the signal is; null: for the process.
    to: AtomicPtr<Greenlet>,
    to_id: AtomicU32,
    /// The signal; 0: none is sent.
    signal: AtomicI32,
    value: AtomicPtr<c_void>,
    /// What the clock shows when it expires; [`NEVER`].
    end: AtomicU64,
    /// 0: once.
    period: AtomicU64,
    /// Its signal has been sent, and not been taken.
    sent: AtomicBool,
    overruns: AtomicI32,
}

static TIMERS: [Timer; SLOTS] = [const {
    Timer {
        id: AtomicI32::new(FREE),
        of: AtomicPtr::new(core::ptr::null_mut()),
        of_id: AtomicU32::new(0),
        to: AtomicPtr::new(core::ptr::null_mut()),
        to_id: AtomicU32::new(0),
        signal: AtomicI32::new(0),
        value: AtomicPtr::new(core::ptr::null_mut()),
        end: AtomicU64::new(NEVER),
        period: AtomicU64::new(0),
        sent: AtomicBool::new(false),
        overruns: AtomicI32::new(0),
    }
}; SLOTS];

/// One more than the highest ever used.
static USED: AtomicU32 = AtomicU32::new(0);

/// Whether there never was one.
pub fn unused() -> bool {
    USED.load(Ordering::Relaxed) == 0
}

fn used() -> &'static [Timer] {
    &TIMERS[..USED.load(Ordering::Acquire) as usize]
}

/// The timer that has this number, if it is one of these.
pub fn find(id: c_int) -> Option<&'static Timer> {
    used().iter().find(|t| id >= 0 && t.id.load(Ordering::Acquire) == id)
}

/// What a timer is to send.
#[derive(Clone, Copy)]
pub struct Event {
    /// 0: nothing.
    pub signal: c_int,
    /// `sigev_value`.
    pub value: *mut c_void,
    /// To which thread; `None`: to the process.
    pub to: Option<&'static Greenlet>,
}

/// Let there be one on the clock of `g`: `make` has the kernel make one, and gives its number.
/// `None`: there are too many; the kernel's own must do.
pub fn make(
    g: &'static Greenlet,
    event: impl FnOnce(c_int) -> Event,
    make: impl FnOnce() -> Result<c_int, c_int>,
) -> Option<Result<(), c_int>> {
    let at = TIMERS.iter().position(|t| {
        t.id.compare_exchange(FREE, BUSY, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    })?;
    let t = &TIMERS[at];
    let id = match make() {
        Ok(id) => id,
        Err(e) => {
            t.id.store(FREE, Ordering::Release);
            return Some(Err(e));
        }
    };
    let event = event(id);
    let pointer = |g: &'static Greenlet| core::ptr::from_ref(g).cast_mut();
    t.of.store(pointer(g), Ordering::Relaxed);
    t.of_id.store(g.id(), Ordering::Relaxed);
    t.to.store(event.to.map_or(core::ptr::null_mut(), pointer), Ordering::Relaxed);
    t.to_id.store(event.to.map_or(0, Greenlet::id), Ordering::Relaxed);
    t.signal.store(event.signal, Ordering::Relaxed);
    t.value.store(event.value, Ordering::Relaxed);
    t.end.store(NEVER, Ordering::Relaxed);
    t.sent.store(false, Ordering::Relaxed);
    t.overruns.store(0, Ordering::Relaxed);
    // From here on its clock counts.
    g.clock_seen();
    USED.fetch_max(at as u32 + 1, Ordering::AcqRel);
    t.id.store(id, Ordering::Release);
    Some(Ok(()))
}

/// timer_delete(2) has been.
pub fn forget(id: c_int) {
    if let Some(t) = find(id) {
        t.end.store(NEVER, Ordering::Relaxed);
        t.id.store(FREE, Ordering::Release);
    }
}

/// The child of a fork has none.
pub fn after_fork() {
    for t in used() {
        t.id.store(FREE, Ordering::Relaxed);
    }
}

fn alive(pointer: &AtomicPtr<Greenlet>, id: &AtomicU32) -> Option<&'static Greenlet> {
    // SAFETY: null or a greenlet, which is never freed.
    let g = unsafe { pointer.load(Ordering::Relaxed).as_ref() }?;
    (g.phase() == Phase::Alive && g.id() == id.load(Ordering::Relaxed)).then_some(g)
}

fn nanoseconds(t: &timespec) -> Option<u64> {
    clock::from_timespec(t)
}

impl Timer {
    fn of(&self) -> Option<&'static Greenlet> {
        alive(&self.of, &self.of_id)
    }

    /// timer_gettime(2).
    pub fn left(&self) -> itimerspec {
        let period = self.period.load(Ordering::Relaxed);
        let end = self.end.load(Ordering::Relaxed);
        let left = match (end, self.of()) {
            (NEVER, _) | (_, None) => 0,
            (end, Some(g)) => {
                let now = g.clock_seen();
                match (now < end, period) {
                    (true, _) => end - now,
                    // It has expired, and its signal is on its way.
                    (false, 0) => 1,
                    (false, period) => period - (now - end) % period,
                }
            }
        };
        itimerspec { it_interval: clock::to_timespec(period), it_value: clock::to_timespec(left) }
    }

    /// timer_settime(2): an error number.
    pub fn set(&self, absolute: bool, new: &itimerspec) -> c_int {
        let (Some(value), Some(period)) =
            (nanoseconds(&new.it_value), nanoseconds(&new.it_interval))
        else {
            return libc::EINVAL;
        };
        let Some(g) = self.of() else { return libc::ESRCH };
        self.end.store(NEVER, Ordering::SeqCst);
        self.sent.store(false, Ordering::SeqCst);
        self.overruns.store(0, Ordering::Relaxed);
        if value == 0 {
            self.period.store(period, Ordering::Relaxed);
            return 0;
        }
        let now = g.clock_seen();
        let end = if absolute { value } else { now.saturating_add(value) };
        self.period.store(period, Ordering::Relaxed);
        self.end.store(end, Ordering::SeqCst);
        clock_watch::look_in(end.saturating_sub(now));
        0
    }

    /// timer_getoverrun(2).
    pub fn overruns(&self) -> c_int {
        self.overruns.load(Ordering::Relaxed)
    }

    /// Its signal has been taken: what was missed since.
    fn taken(&self) -> c_int {
        if !self.sent.load(Ordering::SeqCst) {
            return self.overruns();
        }
        let (end, period) = (self.end.load(Ordering::SeqCst), self.period.load(Ordering::Relaxed));
        let mut missed = 0;
        let mut next = NEVER;
        if let (true, Some(g)) = (period != 0 && end != NEVER, self.of()) {
            let now = g.clock_seen();
            missed = now.saturating_sub(end) / period;
            next = end + (missed + 1) * period;
            clock_watch::look_in(next.saturating_sub(now));
        }
        // (If it has been set anew meanwhile, that holds.)
        let _ = self.end.compare_exchange(end, next, Ordering::SeqCst, Ordering::SeqCst);
        let missed = c_int::try_from(missed).unwrap_or(c_int::MAX);
        self.overruns.store(missed, Ordering::Relaxed);
        self.sent.store(false, Ordering::SeqCst);
        missed
    }

    /// How long it must be waited for, at least; `None`: nothing is to come.
    fn check(&self, id: c_int) -> Option<u64> {
        let end = self.end.load(Ordering::SeqCst);
        if end == NEVER {
            return None;
        }
        if self.sent.load(Ordering::SeqCst) {
            return self.check_descriptor();
        }
        let now = self.of()?.clock_seen();
        if now < end {
            return Some(end - now);
        }
        let signal = self.signal.load(Ordering::Relaxed);
        if !self.sent.swap(true, Ordering::SeqCst) {
            if signal == 0 || action::is_ignored(signal) {
                self.taken();
                return None;
            }
            self.send(id, signal);
        }
        self.check_descriptor()
    }

    /// Whoever takes a signal by a descriptor (signalfd(2)) does not tell.
    fn check_descriptor(&self) -> Option<u64> {
        const PAUSE: u64 = 10 * clock::MILLISECOND;
        let signal = self.signal.load(Ordering::Relaxed);
        if !send::is_watched(signal) {
            return None;
        }
        // (The monitor, which asks, blocks everything.)
        let waits = |waiting: u64| (waiting | pending::of_process()) & bit(signal) != 0;
        if pending::in_kernel().is_ok_and(|waiting| !waits(waiting)) {
            self.taken();
        }
        Some(PAUSE)
    }

    fn send(&self, id: c_int, signal: c_int) {
        let info = self.information(id, signal);
        // SAFETY: our own object, here and below.
        let to_process = || unsafe {
            let pid = hub::syscall!(libc::SYS_getpid).unwrap_or(0);
            let _ = hub::syscall!(libc::SYS_rt_sigqueueinfo, pid, signal, &raw const info);
        };
        // (Where a descriptor may tell of it, too: see `send`.)
        if self.to.load(Ordering::Relaxed).is_null() || send::is_watched(signal) {
            return to_process();
        }
        let Some(g) = alive(&self.to, &self.to_id) else { return };
        let blocked = mask::of(g) & bit(signal) != 0;
        if !blocked && !super::handled(signal) {
            // The default action is the process's.
            return to_process();
        }
        match scheduler::runs_on(g).filter(|_| !blocked) {
            // There its handler has what it interrupts.
            // SAFETY: as above.
            Some(tid) => unsafe {
                let pid = hub::syscall!(libc::SYS_getpid).unwrap_or(0);
                let to = &raw const info;
                let _ = hub::syscall!(libc::SYS_rt_tgsigqueueinfo, pid, tid, signal, to);
            },
            None => pending::note_for(g, signal, &info),
        }
    }

    fn information(&self, id: c_int, signal: c_int) -> siginfo_t {
        let mut info = core::mem::MaybeUninit::<siginfo_t>::zeroed();
        // SAFETY: zeroes are valid; as <signal.h> has the fields: three ints, padding, then the
        // timer, its overruns and the value.
        unsafe {
            let words = info.as_mut_ptr().cast::<c_int>();
            *words = signal;
            *words.add(2) = SI_TIMER;
            *words.add(4) = id;
            *words.add(6).cast::<*mut c_void>() = self.value.load(Ordering::Relaxed);
            info.assume_init()
        }
    }
}

/// The timer that has sent a signal. Callable in a signal handler.
fn sender(info: &siginfo_t) -> Option<&'static Timer> {
    if info.si_code != SI_TIMER || used().is_empty() {
        return None;
    }
    // SAFETY: within the object; see `Timer::information`.
    find(unsafe { *core::ptr::from_ref(info).cast::<c_int>().add(4) })
}

/// For whom a signal of such a timer is; `None`: of no such timer. `Some(None)`: for the process.
/// Callable in a signal handler.
pub fn target(info: &siginfo_t) -> Option<Option<super::directed::Target>> {
    let t = sender(info)?;
    if t.to.load(Ordering::Relaxed).is_null() {
        return Some(None);
    }
    Some(Some(match alive(&t.to, &t.to_id) {
        Some(g) => super::directed::Target::Greenlet(g),
        None => super::directed::Target::Nobody,
    }))
}

/// Somebody takes the signal, or its handler is about to run: it is told what it has missed.
/// Callable in a signal handler.
pub fn taken(info: &mut siginfo_t) {
    if let Some(t) = sender(info) {
        let missed = t.taken();
        // SAFETY: within the object; see `Timer::information`.
        unsafe { *core::ptr::from_mut(info).cast::<c_int>().add(5) = missed };
    }
}

/// Callback of the hub: it is time to look at the clocks. On the monitor's OS thread.
pub fn look() {
    let next = used().iter().filter_map(|t| {
        let id = t.id.load(Ordering::Acquire);
        (id >= 0).then(|| t.check(id)).flatten()
    });
    if let Some(span) = next.min() {
        clock_watch::look_in(span);
    }
}
