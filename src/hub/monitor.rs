//! The monitor: nobody keeps the hub for himself.
//!
//! An OS thread of ours looks every quarter of a slice whether the hub has made
//! a switch. If one greenlet has run program code for a whole slice, it is left
//! where it is, and the hub moves to another carrier ([`handoff::ask`]); at its
//! next hook the greenlet queues for the hub. What blocks where no hook can see
//! it (a system call instruction of the program's own, a lock inside libc) is
//! found in the same way. From a number of greenlets that compute on, they take
//! turns ([`preempt`]).
//!
//! While the hub waits in the kernel, or one greenlet is alive, the monitor
//! sleeps, and nothing wakes it but the hub's next work.

use super::{
    active, blocked_sites, carrier, clock_watch, computes, handoff, maker, os_thread, preempt,
    standing, task, HUB,
};
use crate::control;
use crate::control::lock_cycles::Due;
use crate::greenlet::Greenlet;
use crate::observe;
use crate::report::say;
use crate::time::{self, MILLISECOND, SECOND};
use crate::{arch, sys, tls, unit};
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

static SLICE: AtomicU64 = AtomicU64::new(10 * MILLISECOND);
static HANDOFF: AtomicBool = AtomicBool::new(true);
static STARTED: AtomicBool = AtomicBool::new(false);

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;
static STATE: AtomicU32 = AtomicU32::new(AWAKE);

/// Looks at a hub that waits before the monitor sleeps, too.
const QUIET_LOOKS: u32 = 2;
const STACK: usize = 64 * 1024;

/// How long a greenlet may keep the hub, in nanoseconds (at least a
/// millisecond).
pub fn set_slice(span: u64) {
    SLICE.store(span.max(MILLISECOND), Ordering::Relaxed);
}

/// Whether the hub leaves a greenlet that keeps it for longer than a slice.
/// Without, one greenlet runs at a time, always, and the monitor only reports.
pub fn set_handoff(on: bool) {
    HANDOFF.store(on, Ordering::Relaxed);
}

/// See [`set_handoff`].
pub(super) fn hands_off() -> bool {
    HANDOFF.load(Ordering::Relaxed)
}

/// Make the monitor's OS thread, once a process. (That also tells libc, at a
/// moment when none of its functions is at work, that there are threads.)
pub(super) fn start() {
    if STARTED.load(Ordering::Relaxed) {
        return;
    }
    STARTED.store(true, Ordering::Relaxed);
    let Ok(stack) = unit::map_stack(STACK + crate::tls::block_size()) else { return };
    // But not libc's own, 32 and 33: setuid(2) waits for every OS thread.
    let (all, mut before) = (!(3u64 << 31), 0u64);
    let change = |how, set: *const u64, old: *mut u64| {
        // SAFETY: null or our own words.
        unsafe {
            let _ = crate::syscall!(libc::SYS_rt_sigprocmask, how, set, old, 8);
        }
    };
    // Signals are for those who run the program: the thread starts with all
    // blocked.
    change(libc::SIG_SETMASK, &all, &mut before);
    let made = os_thread::create(stack, monitor, ptr::null_mut());
    maker::start();
    control::start();
    change(libc::SIG_SETMASK, &before, ptr::null_mut());
    if made.is_some() {
        carrier::count_thread();
    }
    // Not before: libc's first pthread_create installs what setuid(2) needs, and
    // takes from the same flag that it is the first.
    sys::announce_threads();
    // SAFETY: the running thread's own block.
    unsafe { tls::tell_threads(arch::thread_pointer()) };
    preempt::init();
    super::set_ids::init();
}

/// Whether it is there.
pub(super) fn is_started() -> bool {
    STARTED.load(Ordering::Relaxed)
}

/// The hub has work.
#[inline(always)]
pub(super) fn rouse() {
    if STATE.load(Ordering::Relaxed) == ASLEEP {
        wake();
    }
}

/// Clocks are to be looked at sooner than it would come to that.
pub(super) fn rouse_for_clocks() {
    wake();
}

#[cold]
fn wake() {
    STATE.store(AWAKE, Ordering::SeqCst);
    sys::futex_wake(STATE.as_ptr(), 1);
}

/// In the child of a fork there is none; the next thread that is made starts
/// one.
pub(super) fn after_fork() {
    maker::after_fork();
    control::after_fork();
    clock_watch::after_fork();
    STARTED.store(false, Ordering::Relaxed);
    STATE.store(AWAKE, Ordering::Relaxed);
}

/// What is worth a report where the hub is left to those who keep it.
static LONG: AtomicU64 = AtomicU64::new(100 * MILLISECOND);

/// Report greenlets that keep the hub for more than `span` nanoseconds, where it is
/// left to them.
pub fn set_longest(span: u64) {
    LONG.store(span, Ordering::Relaxed);
}

fn long() -> u64 {
    LONG.load(Ordering::Relaxed)
}

/// The shortest slice, however many compute.
const SHORTEST: u64 = MILLISECOND;
/// Without a greenlet that keeps the hub for so long, slices are whole again.
const FORGIVE: u64 = 100 * MILLISECOND;

/// Whole slices after which the hub is taken off somebody who has got no processor.
const STARVED: u64 = 8;

/// How long the maker may take before a greenlet is asked for its turn although it is
/// blocked in a call of its own that would fail.
const LAST_RESORT: u64 = 2 * SECOND;

/// What the monitor has seen.
struct Seen {
    switches: u64,
    since: u64,
    /// The holder's OS thread, and its processor time, then.
    then: (u32, u64),
    quiet: u32,
    /// Switches were made since the last look.
    busy: bool,
    /// How long the hub must have been kept for the next report of it.
    report_at: u64,
    /// The slice is halved so often: where many compute, those behind them in
    /// the queue would wait for one slice each.
    halved: u32,
    /// When the hub was taken off somebody last.
    taken: u64,
    /// When locks are looked at next.
    locks: Due,
    /// When [`Seen::sample`] was called last (0: the hub has waited meanwhile), the holder's
    /// OS thread then, and its processor time.
    sampled: (u64, u32, u64),
}

unsafe extern "C-unwind" fn monitor(_: *mut c_void) -> *mut c_void {
    // SAFETY: the name is a string.
    unsafe {
        let _ = crate::syscall!(libc::SYS_prctl, libc::PR_SET_NAME, c"geventrs-watch".as_ptr());
    }
    let mut seen = Seen {
        switches: 0,
        since: time::now(),
        then: (0, 0),
        quiet: 0,
        busy: false,
        report_at: long(),
        halved: 0,
        taken: 0,
        locks: Due::default(),
        sampled: (0, 0, 0),
    };
    loop {
        let slice = seen.slice();
        // Nothing stores another value than AWAKE while this is awake.
        let _ = sys::futex_wait(&STATE, AWAKE, time::after(slice / 4).min(clock_watch::due()));
        clock_watch::check();
        seen.look(slice);
        if seen.busy && hands_off() {
            look_closer();
        }
        observe::tend();
        if observe::on() {
            let some = computes::tell_of_long_runs(slice);
            if observe::hogs::look(&preempt::with_stack) || some {
                // Until its run is over.
                seen.quiet = 0;
            }
        }
        if seen.quiet >= QUIET_LOOKS {
            sleep(&mut seen.locks);
            seen.quiet = 0;
            seen.since = time::now();
        }
    }
}

/// Switches are made: is it somebody who computes between them?
fn look_closer() {
    let running = || (HUB.running.load(Ordering::Acquire), HUB.switches.load(Ordering::Relaxed));
    let before = running();
    let _ = sys::futex_wait(&STATE, AWAKE, time::after(computes::RUN));
    // SAFETY: null or a greenlet, which is never freed.
    if let Some(g) = unsafe { before.0.as_ref() } {
        if running() == before && !g.in_shim() && !g.is_away() {
            g.computes.seen();
        }
    }
}

/// Until the hub has work.
fn sleep(locks: &mut Due) {
    STATE.store(ASLEEP, Ordering::SeqCst);
    // The hub clears `sleeping` first and looks at the state then.
    if active() && !HUB.sleeping.load(Ordering::SeqCst) {
        STATE.store(AWAKE, Ordering::Relaxed);
        return;
    }
    while STATE.load(Ordering::Acquire) == ASLEEP {
        let _ = sys::futex_wait(&STATE, ASLEEP, locks.at(time::now()).min(clock_watch::due()));
        clock_watch::check();
        locks.check(time::now());
    }
}

impl Seen {
    fn slice(&self) -> u64 {
        (SLICE.load(Ordering::Relaxed) >> self.halved.min(16)).max(SHORTEST)
    }

    /// Whoever runs now is taken to have run since the last sample: for what its OS thread
    /// has had since, if that had the hub then, too; else for as long as samples should be apart.
    fn sample(&mut self, now: u64, slice: u64) {
        if observe::counts_processor_time() {
            return;
        }
        let tid = HUB.carrier().tid();
        let had = time::processor_time(tid);
        let (before, tid_before, had_before) = self.sampled;
        // SAFETY: null or a greenlet, which is never freed.
        let running = unsafe { HUB.running.load(Ordering::Acquire).as_ref() };
        if let (Some(g), true) = (running, before != 0) {
            let span = if tid == tid_before {
                had - had_before.min(had)
            } else {
                (now - before).min(slice / 4)
            };
            g.processor.guess(span);
        }
        self.sampled = (now, tid, had);
    }

    fn look(&mut self, slice: u64) {
        self.busy = false;
        if !active() || HUB.sleeping.load(Ordering::Relaxed) {
            self.quiet += 1;
            self.sampled.0 = 0;
            self.switches = u64::MAX;
            return;
        }
        self.quiet = 0;
        let switches = HUB.switches.load(Ordering::Relaxed);
        let now = time::now();
        time::note(now);
        self.locks.check(now);
        self.sample(now, slice);
        HUB.look.remind(now);
        computes::forget(now, FORGIVE);
        self.busy = switches != self.switches;
        if self.busy {
            (self.switches, self.since, self.report_at) = (switches, now, long());
            let tid = HUB.carrier().tid();
            self.then = (tid, time::processor_time(tid));
            if now > self.taken + FORGIVE {
                self.halved = 0;
            }
            return;
        }
        if now - self.since < slice {
            return;
        }
        // SAFETY: null or a greenlet, which is never freed.
        let Some(g) = (unsafe { HUB.running.load(Ordering::Acquire).as_ref() }) else { return };
        if HANDOFF.load(Ordering::Relaxed) && observe::on() && !g.in_shim() {
            observe::hogs::suspect(g, HUB.carrier().tid());
        }
        if self.is_starved(now, slice) {
            return;
        }
        if HANDOFF.load(Ordering::Relaxed) {
            let attempt = take_the_hub(g, slice);
            if attempt == Attempt::Done {
                self.halved += 1;
                self.taken = now;
            }
            if attempt != Attempt::Later {
                self.since = now;
                let tid = HUB.carrier().tid();
                self.then = (tid, time::processor_time(tid));
            }
        } else if now - self.since >= self.report_at && !g.in_shim() {
            // A longer one is told again, each time twice as long.
            self.report_at *= 2;
            report(g, now - self.since);
        }
    }
}

impl Seen {
    /// Whether the holder has kept the hub only because it got no processor: on a busy
    /// machine everybody would be taken for a hog. Another OS thread would have to
    /// wait for a processor as well, but not for ever.
    fn is_starved(&self, now: u64, slice: u64) -> bool {
        let (tid, then) = self.then;
        now - self.since < STARVED * SLICE.load(Ordering::Relaxed)
            && HUB.carrier().tid() == tid
            && time::processor_time(tid).saturating_sub(then) < slice / 2
            && !task::is_blocked(tid)
    }
}

/// What came of an attempt to end somebody's turn.
#[derive(PartialEq)]
enum Attempt {
    /// It has ended, or is asked to.
    Done,
    /// It was not to be ended: our code runs.
    Refused,
    /// There is no carrier yet: again at the next look.
    Later,
}

/// Move the hub off `g` if it runs program code with it.
fn take_the_hub(g: &'static Greenlet, slice: u64) -> Attempt {
    // Off the hub: it was taken off, and the carrier that was given the hub has not
    // come to run anybody.
    if g.in_shim() || g.is_away() {
        return Attempt::Refused;
    }
    let tid = HUB.carrier().tid();
    let few = preempt::most();
    let standing = HUB.carrier().standing();
    let Some(to) = carrier::take_idle(standing) else {
        let more = standing::carriers(standing::heirs_of(standing)) < few;
        // Blocked where no hook could see it, perhaps until another greenlet
        // does something.
        if !more && !task::is_blocked(tid) {
            preempt::ask(tid);
            return Attempt::Done;
        }
        if let Some(maker) = standing::maker_of(standing::heirs_of(standing)) {
            maker.ask(if more { few } else { u32::MAX });
            // The maker may wait for what somebody holds who waits for his turn. But on a busy
            // machine it is late without that, and the signal would end a call.
            let patience = if task::may_fail(tid) { LAST_RESORT } else { slice };
            if !maker.is_late(patience) {
                return Attempt::Later;
            }
        }
        preempt::ask(tid);
        return Attempt::Done;
    };
    if !handoff::ask(g) {
        carrier::rest(to);
        return Attempt::Refused;
    }
    // From here on this thread has the hub, and `g` waits if it enters a hook.
    carrier::begin_away();
    HUB.carrier().off_hub.store(ptr::from_ref(g).cast_mut(), Ordering::Release);
    g.taken(HUB.carrier());
    HUB.look.slice_used();
    carrier::give(to);
    if !carrier::any_idle(standing) {
        standing::want_carrier(standing);
    }
    if let Some(at) = task::blocked_instruction(tid) {
        blocked_sites::note(at);
    }
    Attempt::Done
}

fn report(g: &Greenlet, span: u64) {
    let name = g.name();
    let end = name.iter().position(|&b| b == 0).unwrap_or(name.len());
    say(format_args!(
        "geventrs: thread {} \"{}\" has kept the hub for {} ms",
        g.id(),
        core::str::from_utf8(&name[..end]).unwrap_or("?"),
        span / MILLISECOND
    ));
    preempt::print_stack(HUB.carrier().tid());
}
