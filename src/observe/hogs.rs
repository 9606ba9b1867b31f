//! Long runs: who runs for long without a wait, and what the stack is in the
//! middle of it.
//!
//! The monitor tells of each greenlet that has run for a slice, with the hub or off it
//! ([`suspect`]), and looks
//! again at every turn of its loop ([`look`]) until that run is over. A run that
//! goes on for longer than `GEVENTRS_MAX_BLOCKING_TIME` is reported on stderr, as gevent's
//! monitor does it, again when it has doubled; for the census the longest are kept.

use super::clock::Scale;
use super::ledger::{self, State};
use super::text::Name;
use super::{asked, clock, modules, CENSUS, WATCH};
use crate::greenlet::Greenlet;
use crate::hub::task::{self, Blocked};
use crate::raw_lock::RawLock;
use crate::report::say;
use crate::stack_trace::Trace;
use crate::time::MILLISECOND;
use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering};

/// Runs kept.
const MOST: usize = 32;
/// Frames kept of each.
const FRAMES: usize = 32;
/// Runs that are looked at at the same time.
const SUSPECTS: usize = 64;

/// One run.
#[derive(Clone, Copy)]
pub struct Hog {
    /// The greenlet.
    pub id: u32,
    /// Its name.
    pub name: [u8; 16],
    /// How long it had run when it was seen last, in ticks.
    pub span: u64,
    /// How often it was looked at.
    pub looks: u32,
    /// At how many of these looks it was blocked in the kernel, in no hooked call.
    pub blocked: u32,
    /// In which system call it was so last.
    pub call: i64,
    /// The tick at which it began.
    run: u64,
    frames: [usize; FRAMES],
    length: usize,
}

impl Hog {
    const NONE: Hog = Hog {
        id: 0,
        name: [0; 16],
        span: 0,
        looks: 0,
        blocked: 0,
        call: 0,
        run: 0,
        frames: [0; FRAMES],
        length: 0,
    };

    /// Its stack, the innermost return address first.
    pub fn frames(&self) -> impl Iterator<Item = usize> + '_ {
        self.frames[..self.length].iter().copied()
    }
}

static HOGS: RawLock<[Hog; MOST]> = RawLock::shared([Hog::NONE; MOST]);

/// A run that is going on.
#[derive(Clone, Copy)]
struct Suspect {
    greenlet: *const Greenlet,
    run: u64,
    /// The OS thread.
    tid: u32,
    /// The next report is due when it has lasted so long, in nanoseconds.
    report_at: u64,
}

struct Suspects([Suspect; SUSPECTS]);
// SAFETY: greenlets are never freed.
unsafe impl Send for Suspects {}

const NOBODY: Suspect = Suspect { greenlet: ptr::null(), run: 0, tid: 0, report_at: 0 };
static SUSPECTS_NOW: RawLock<Suspects> = RawLock::shared(Suspects([NOBODY; SUSPECTS]));

/// `GEVENTRS_MAX_BLOCKING_TIME` in nanoseconds.
static LONGEST: AtomicU64 = AtomicU64::new(u64::MAX);

/// Report runs of more than so many nanoseconds.
pub fn set_longest(span: u64) {
    LONGEST.store(span, Ordering::Relaxed);
}

/// `g` has run for a slice on the OS thread `tid`. On the monitor.
pub(crate) fn suspect(g: &'static Greenlet, tid: u32) {
    if !asked(CENSUS | WATCH) {
        return;
    }
    let Some(l) = ledger::of(g) else { return };
    let run = l.run_from();
    let mut suspects = SUSPECTS_NOW.lock();
    let known = |s: &Suspect| ptr::eq(s.greenlet, g) && s.run == run;
    if suspects.0.iter().any(known) {
        return;
    }
    if let Some(free) = suspects.0.iter_mut().find(|s| s.greenlet.is_null()) {
        let report_at = LONGEST.load(Ordering::Relaxed);
        *free = Suspect { greenlet: g, run, tid, report_at };
    }
}

/// [`suspect`], if it has run for `span` nanoseconds.
pub(crate) fn suspect_after(g: &'static Greenlet, tid: u32, span: u64) {
    let Some(l) = ledger::of(g) else { return };
    if Scale::now().span(clock::now().saturating_sub(l.run_from())) >= span {
        suspect(g, tid);
    }
}

/// Calls its second argument with the stack of an OS thread, if that can be had.
type TakeStack = dyn Fn(u32, &mut dyn FnMut(&Trace));

/// Look at all of them. `stack` takes the stack of an OS thread. True: some are still
/// running. On the monitor.
pub(crate) fn look(stack: &TakeStack) -> bool {
    let mut suspects = SUSPECTS_NOW.lock();
    if suspects.0.iter().all(|s| s.greenlet.is_null()) {
        return false;
    }
    let scale = Scale::now();
    let mut some = false;
    for s in &mut suspects.0 {
        // SAFETY: null or a greenlet, which is never freed.
        let Some(g) = (unsafe { s.greenlet.as_ref() }) else { continue };
        let Some(l) = ledger::of(g) else { continue };
        let over = || l.run_from() != s.run || l.state() != State::Running;
        if over() {
            s.greenlet = ptr::null();
            continue;
        }
        some = true;
        let ticks = clock::now().saturating_sub(s.run);
        let span = scale.span(ticks);
        let report = span >= s.report_at;
        let blocked = task::blocked(s.tid).filter(|b| !modules::is_own(b.pc));
        let known = asked(CENSUS) && note(g, s.run, ticks, blocked);
        if let (true, Some(blocked), false) = (report, blocked, over()) {
            tell_blocked(g, span, blocked);
        } else if report || asked(CENSUS) && !known {
            stack(s.tid, &mut |trace| {
                // It may have gone on to something else meanwhile.
                if !over() {
                    if asked(CENSUS) && !known {
                        keep(g, s.run, trace);
                    }
                    if report {
                        tell(g, span, trace);
                    }
                }
            });
        }
        if report {
            s.report_at = s.report_at.saturating_mul(2);
        }
    }
    some
}

fn tell_blocked(g: &Greenlet, span: u64, blocked: Blocked) {
    say(format_args!(
        "geventrs: thread {} \"{}\" has made no hooked call for {} ms and is blocked in system call {}",
        g.id(),
        Name(g.name()),
        span / MILLISECOND,
        blocked.call
    ));
    Trace::print_one(blocked.pc);
}

fn tell(g: &Greenlet, span: u64, trace: &Trace) {
    say(format_args!(
        "geventrs: thread {} \"{}\" has run for {} ms without a wait",
        g.id(),
        Name(g.name()),
        span / MILLISECOND
    ));
    trace.print();
}

/// Count the time, and whether it is blocked. True: there is no need for a stack.
fn note(g: &Greenlet, run: u64, span: u64, blocked: Option<Blocked>) -> bool {
    let mut hogs = HOGS.lock();
    let same = hogs.iter().position(|h| h.id == g.id() && h.run == run && h.span != 0);
    let at = match same {
        Some(at) => at,
        None => {
            let least = (0..MOST).min_by_key(|n| hogs[*n].span).unwrap_or(0);
            if hogs[least].span >= span {
                return true;
            }
            hogs[least] = Hog { id: g.id(), name: g.name(), run, ..Hog::NONE };
            least
        }
    };
    hogs[at].span = hogs[at].span.max(span);
    hogs[at].looks += 1;
    if let Some(blocked) = blocked {
        hogs[at].blocked += 1;
        hogs[at].call = blocked.call;
        // Its stack cannot be taken; where it is, is known.
        if hogs[at].length <= 1 {
            (hogs[at].frames[0], hogs[at].length) = (blocked.pc, 1);
        }
    }
    hogs[at].length > 1 || blocked.is_some()
}

fn keep(g: &Greenlet, run: u64, trace: &Trace) {
    let mut hogs = HOGS.lock();
    let Some(hog) = hogs.iter_mut().find(|h| h.id == g.id() && h.run == run) else { return };
    let mut length = 0;
    trace.each_of_program(|address| {
        if length < FRAMES && !modules::is_own(address) {
            hog.frames[length] = address;
            length += 1;
        }
    });
    hog.length = length;
}

/// The run of `g` that began at `run` is over after `span` ticks.
pub(super) fn over(g_id: u32, run: u64, span: u64) {
    let Some(mut hogs) = HOGS.try_lock_until(0) else { return };
    if let Some(hog) = hogs.iter_mut().find(|h| h.id == g_id && h.run == run && h.span != 0) {
        hog.span = span;
    }
}

/// Call `f` with each, the longest first.
pub fn each(mut f: impl FnMut(&Hog)) {
    let Some(mut hogs) = HOGS.try_lock_until(crate::time::after(crate::time::SECOND)) else {
        return;
    };
    hogs.sort_unstable_by_key(|h| core::cmp::Reverse(h.span));
    hogs.iter().filter(|h| h.span != 0).for_each(&mut f);
}

/// In the child of a fork.
pub fn after_fork() {
    HOGS.reset();
    *HOGS.lock() = [Hog::NONE; MOST];
    SUSPECTS_NOW.reset();
    SUSPECTS_NOW.lock().0 = [NOBODY; SUSPECTS];
}
