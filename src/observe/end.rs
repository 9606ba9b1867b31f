//! From the settings to the files: the beginning, the end, and the child of a fork.

use super::document::Document;
use super::output::{self, Kind, Sink, Target};
use super::summary::{self, Form};
use super::{
    census, clock, frames, hogs, holders, ledger, live, modules, places, timeline, trace,
    writing_stack, CENSUS, SITES, TIMELINE, TRACE, WANTED, WATCH,
};
use crate::greenlet::Greenlet;
use crate::raw_lock::RawLock;
use crate::report::say;
use crate::time::{self, SECOND};
use core::sync::atomic::{AtomicU32, Ordering};

/// What the settings ask for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// `GEVENTRS_TRACE`.
    pub trace: Option<(trace::Filter, Target)>,
    /// `GEVENTRS_REPORT`.
    pub report: Option<Target>,
    /// `GEVENTRS_TIMELINE`.
    pub timeline: Option<Target>,
    /// `GEVENTRS_MAX_BLOCKING_TIME` in nanoseconds.
    pub longest_run: Option<u64>,
    /// `GEVENTRS_DEADLOCK` asks for reports.
    pub sites: bool,
}

impl Wanted {
    /// Nothing is asked for.
    pub fn is_nothing(&self) -> bool {
        let files = self.trace.is_none() && self.report.is_none() && self.timeline.is_none();
        files && self.longest_run.is_none() && !self.sites
    }
}

struct Files {
    wanted: Wanted,
    report: Sink,
    timeline: Sink,
}

static FILES: RawLock<Files> = RawLock::shared(Files {
    wanted: Wanted { trace: None, report: None, timeline: None, longest_run: None, sites: false },
    report: Sink::NONE,
    timeline: Sink::NONE,
});

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End<'a> {
    /// It does not: somebody wants to see what there is.
    Not,
    /// It becomes another program, if that can be executed.
    Exec,
    /// It ends in the ordinary way, and this is how.
    Exit(&'a str),
    /// It dies of a signal; the loader must not be asked anything.
    Signal(i32),
}

/// A file that cannot be opened gets one line.
fn complain(setting: &str, target: Target, errno: i32) {
    say(format_args!(
        "geventrs: {setting}: cannot write to {}: {}",
        core::str::from_utf8(target.path).unwrap_or("?"),
        super::errors::name(errno)
    ));
}

/// The plain name of a target, if that is for us; it can be claimed again later.
fn first(target: Target, kind: Kind) -> Sink {
    match Sink::open(target, kind, true) {
        Ok(sink) => sink,
        Err(Some(errno)) => {
            complain(kind.setting(), target, errno);
            Sink::NONE
        }
        Err(None) => Sink::NONE,
    }
}

/// Begin, on the program's first thread. True if there will be something to write at the
/// end.
pub fn start(wanted: &Wanted) -> bool {
    let mut what = 0;
    output::know_yourself();
    clock::start();
    modules::know_yourself();
    let mut files = FILES.lock();
    files.wanted = *wanted;
    if let Some((filter, target)) = wanted.trace {
        trace::set_filter(&filter);
        trace::set_target(target);
        trace::set_sink(first(target, Kind::Trace));
        what |= TRACE;
    }
    if let Some(target) = wanted.report {
        files.report = first(target, Kind::Report);
        what |= CENSUS;
    }
    if let Some(target) = wanted.timeline {
        if timeline::start() {
            files.timeline = first(target, Kind::Timeline);
            what |= TIMELINE;
        }
    }
    if let Some(span) = wanted.longest_run {
        hogs::set_longest(span);
        what |= WATCH;
    }
    if wanted.sites {
        what |= SITES;
    }
    places::start();
    if what != 0 {
        ledger::start();
        WANTED.fetch_or(what.into(), Ordering::Release);
    }
    let files = what & !(WATCH | SITES) != 0;
    if files {
        writing_stack::start();
    }
    files
}

const OPEN: u32 = 0;
const CLOSING: u32 = 1;
const CLOSED: u32 = 2;
static STATE: AtomicU32 = AtomicU32::new(OPEN);

/// Write everything out. Called where the process ends, on any thread, perhaps in a
/// signal's handler; also when it only may end (exec). Takes little of the caller's stack.
pub fn write_out(end: End) {
    if super::asked(TRACE | CENSUS | TIMELINE) && output::is_me() {
        // Before anything else is claimed: who waits for the stack must not have what
        // the one on it waits for.
        writing_stack::call(|| once(end));
    }
}

/// [`write_out`], unless another has done it. On the stack for it.
fn once(end: End) {
    let last = matches!(end, End::Exit(_) | End::Signal(_));
    if last {
        // Of several that end at once one writes; the others must not end before.
        if STATE.compare_exchange(OPEN, CLOSING, Ordering::AcqRel, Ordering::Acquire).is_err() {
            let deadline = time::after(5 * SECOND);
            while STATE.load(Ordering::Acquire) == CLOSING && time::now() < deadline {
                let _ = crate::sys::futex_wait(&STATE, CLOSING, deadline);
            }
            return;
        }
    }
    // Nobody takes the hub off us in the middle, if we have it.
    let held = Greenlet::current().filter(|g| g.enter_briefly());
    if let End::Signal(_) = end {
        frames::no_loader();
    }
    write_files(end);
    if let Some(g) = held {
        g.leave_shim();
    }
    if last {
        STATE.store(CLOSED, Ordering::Release);
        crate::sys::futex_wake(STATE.as_ptr(), i32::MAX);
    }
}

fn write_files(end: End) {
    let mut buffer = [0; 16];
    let mut text = super::text::Text::new(&mut buffer);
    let _ = match end {
        End::Not => core::fmt::Write::write_str(&mut text, "running"),
        End::Exec => core::fmt::Write::write_str(&mut text, "exec"),
        End::Exit(how) => core::fmt::Write::write_str(&mut text, how),
        End::Signal(n) => core::fmt::Write::write_fmt(&mut text, format_args!("signal {n}")),
    };
    let length = text.length();
    let how = core::str::from_utf8(&buffer[..length]).unwrap_or("");
    let ended = if end == End::Not { 0 } else { output::ended_now() };
    let patience = time::after(2 * SECOND);
    if super::asked(TRACE) {
        trace::flush(SECOND);
        if end != End::Not {
            trace::finish(end == End::Exec);
        }
    }
    if !super::asked(CENSUS | TIMELINE) {
        return;
    }
    let Some(mut files) = FILES.try_lock_until(patience) else { return };
    let files = &mut *files;
    // A child that has done nothing leaves no files.
    let nothing =
        census::counted().queue.count == 0 && census::counted().sites.iter().all(|s| !s.is_used());
    if end == End::Exec && census::is_trifling() {
        // A wrapper such as env(1): the name is for the program that it becomes.
        files.report.rewind();
        files.timeline.rewind();
        return;
    }
    modules::refresh(patience);
    if let Some(target) = files.wanted.report {
        if reopen(&mut files.report, target, Kind::Report, nothing) {
            let form = form_of(target);
            files.report.rewind();
            if let Some(mut out) = Document::begin(&mut files.report, patience) {
                summary::write(&mut out, form, &census::counted(), how, ended, patience);
                let whole = out.end();
                tell(whole, Kind::Report.setting(), target);
            }
        }
    }
    if let Some(target) = files.wanted.timeline {
        if reopen(&mut files.timeline, target, Kind::Timeline, nothing) {
            files.timeline.rewind();
            if let Some(mut out) = Document::begin(&mut files.timeline, patience) {
                timeline::write(&mut out, census::counted().lives, how, ended, patience);
                let whole = out.end();
                tell(whole, Kind::Timeline.setting(), target);
            }
        }
    }
}

/// Open a file that had another owner when the process began.
fn reopen(sink: &mut Sink, target: Target, kind: Kind, nothing: bool) -> bool {
    if !sink.is_open() && !nothing {
        if let Ok(opened) = Sink::open(target, kind, false) {
            *sink = opened;
        }
    }
    sink.is_open()
}

fn tell(whole: bool, setting: &str, target: Target) {
    if !whole && !target.path.is_empty() {
        say(format_args!(
            "geventrs: {setting}: {} is not complete: it could not be written",
            core::str::from_utf8(target.path).unwrap_or("?")
        ));
    }
}

fn form_of(target: Target) -> Form {
    match target.path {
        b"" => Form::Table,
        path if path.ends_with(b".txt") => Form::Table,
        path if path.ends_with(b".folded") => Form::Folded,
        _ => Form::Json,
    }
}

/// Write reports and timelines as they are now; the program goes on. On the OS thread of
/// ours that answers, which has a table of descriptors of its own.
pub fn write_now() {
    if !super::asked(CENSUS | TIMELINE) || !output::is_me() {
        return;
    }
    let patience = time::after(2 * SECOND);
    let Some(copied) = live::copy() else { return };
    let Some(mut files) = FILES.try_lock_until(patience) else { return };
    if STATE.load(Ordering::Acquire) != OPEN {
        // The process ends, and writes all of it.
        return;
    }
    modules::refresh(patience);
    let files = &mut *files;
    let write = |sink: &mut Sink, target: Option<Target>, kind: Kind| {
        let Some(target) = target else { return };
        let Some(mut own) = sink.here(target, kind) else {
            return complain(kind.setting(), target, libc::ENOENT);
        };
        own.rewind();
        if let Some(mut out) = Document::begin(&mut own, patience) {
            live::write(&mut out, kind, form_of(target), &copied, patience);
            let whole = out.end();
            tell(whole, kind.setting(), target);
        }
        own.close();
    };
    write(&mut files.report, files.wanted.report, Kind::Report);
    write(&mut files.timeline, files.wanted.timeline, Kind::Timeline);
}

/// In the child of a fork: it has files of its own, as soon as it has something to write.
/// `shares_files`: parent and child have one table of descriptors.
pub fn after_fork(shares_files: bool) {
    if !super::on() {
        return;
    }
    live::after_fork();
    let (before, me) = (output::pid(), Greenlet::current());
    output::know_yourself();
    STATE.store(OPEN, Ordering::Relaxed);
    super::document::after_fork();
    writing_stack::after_fork();
    modules::after_fork();
    hogs::after_fork();
    FILES.reset();
    let mut files = FILES.lock();
    files.report.leave(shares_files);
    files.timeline.leave(shares_files);
    trace::after_fork(shares_files);
    timeline::forget();
    census::after_fork(me);
    ledger::after_fork(me);
    let now = me.map_or(output::pid(), Greenlet::id);
    holders::after_fork(before, now);
}
