//! `GEVENTRS_TRACE`: a line for each call that waited, or for each call.
//!
//! A call leaves a record of fixed size in a ring; lines are made of them and written
//! by the monitor's OS thread a few milliseconds later, so that a slow terminal or
//! a full pipe keeps nobody waiting. A caller that finds the ring full writes itself, if the
//! file takes it at once, else the line is lost, and counted.

use super::call::{Current, Hook, ARGUMENTS};
use super::clock::{self, Scale};
use super::decode;
use super::output::{self, Kind, Sink, Target};
use super::peers::Peer;
use super::text::Text;
use super::why::Why;
use crate::greenlet::Greenlet;
use crate::raw_lock::RawLock;
use crate::time::{self, MILLISECOND, SECOND};
use core::cell::UnsafeCell;
use core::fmt::Write;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

const RECORDS: usize = 4096;
/// Bytes of a record for what had to be read from the program's memory.
const MEMORY: usize = 96;
/// The longest line.
const LINE: usize = 512;

struct Record {
    /// One more than its number in the sequence, when it is whole.
    whole: AtomicU64,
    body: UnsafeCell<Body>,
}

struct Body {
    hook: *const Hook,
    id: u32,
    errno: i32,
    name: [u8; 16],
    arguments: [u64; ARGUMENTS],
    /// `None`: it was unwound.
    result: Option<u64>,
    now: u64,
    waited: u64,
    delayed: u64,
    longest: (Why, u64, u64),
    text: &'static str,
    peer: Peer,
    memory: [u8; MEMORY],
    memory_length: usize,
}

// SAFETY: a record is written by the one who has reserved it and read, when it is
// whole, under the writer's lock.
unsafe impl Sync for Record {}

static RING: [Record; RECORDS] = [const {
    Record {
        whole: AtomicU64::new(0),
        body: UnsafeCell::new(Body {
            hook: ptr::null(),
            id: 0,
            errno: 0,
            name: [0; 16],
            arguments: [0; ARGUMENTS],
            result: None,
            now: 0,
            waited: 0,
            delayed: 0,
            longest: (Why::None, 0, 0),
            text: "",
            peer: 0,
            memory: [0; MEMORY],
            memory_length: 0,
        }),
    }
}; RECORDS];
/// The next record's number, and the first one that is not written out.
static HEAD: AtomicU64 = AtomicU64::new(0);
static TAIL: AtomicU64 = AtomicU64::new(0);
static LOST: AtomicU64 = AtomicU64::new(0);

/// What is wanted of a trace.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Calls that did not wait as well.
    pub all: bool,
    /// A bit for each group that is shown.
    pub groups: u32,
    /// Only calls that waited (or, with `all`, took) at least so many nanoseconds.
    pub at_least: u64,
    /// Only this greenlet's; 0: all.
    pub id: u32,
    /// Only greenlets of this name; empty: all.
    pub name: [u8; 16],
}

static ALL: AtomicBool = AtomicBool::new(false);
static GROUPS: AtomicU32 = AtomicU32::new(u32::MAX);
static AT_LEAST: AtomicU64 = AtomicU64::new(0);
static ID: AtomicU32 = AtomicU32::new(0);
static NAME: AtomicUsize = AtomicUsize::new(0);

/// Choose what is shown; before the first call.
pub fn set_filter(filter: &Filter) {
    ALL.store(filter.all, Ordering::Relaxed);
    GROUPS.store(filter.groups, Ordering::Relaxed);
    AT_LEAST.store(filter.at_least, Ordering::Relaxed);
    ID.store(filter.id, Ordering::Relaxed);
    if filter.name[0] != 0 {
        let name: &'static [u8; 16] = Box::leak(Box::new(filter.name));
        NAME.store(ptr::from_ref(name) as usize, Ordering::Relaxed);
    }
}

/// The trace's file, and a buffer for lines.
struct Writer {
    target: Option<Target>,
    sink: Sink,
    lines: [u8; LINES],
}
/// Lines are written in pieces of at most so many bytes.
const LINES: usize = 16 * 1024;
static WRITER: RawLock<Writer> =
    RawLock::shared(Writer { target: None, sink: Sink::NONE, lines: [0; LINES] });

/// Where lines are to go, in each process.
pub fn set_target(target: Target) {
    WRITER.lock().target = Some(target);
}

/// Where lines go in this one.
pub fn set_sink(sink: Sink) {
    WRITER.lock().sink = sink;
}

fn name_of(g: Option<&Greenlet>) -> [u8; 16] {
    match g {
        Some(g) => g.name(),
        None => {
            let mut name = [0; 16];
            name[..4].copy_from_slice(b"main");
            name
        }
    }
}

/// A call is over. In program code.
pub(super) fn call_over(call: &Current, hook: &Hook, result: Option<(u64, i32)>) {
    if call.waited == 0 && !ALL.load(Ordering::Relaxed) {
        return;
    }
    if GROUPS.load(Ordering::Relaxed) & (1 << hook.group_bit) == 0 {
        return;
    }
    let g = Greenlet::current();
    let name = name_of(g);
    let only = ID.load(Ordering::Relaxed);
    if only != 0 && only != g.map_or(0, Greenlet::id) {
        return;
    }
    // SAFETY: null or a leaked name.
    if let Some(only) = unsafe { (NAME.load(Ordering::Relaxed) as *const [u8; 16]).as_ref() } {
        if name != *only {
            return;
        }
    }
    let Some(number) = reserve() else {
        LOST.fetch_add(1, Ordering::Relaxed);
        return;
    };
    let record = &RING[number as usize % RECORDS];
    // SAFETY: reserved for this caller, and not whole.
    let body = unsafe { &mut *record.body.get() };
    body.hook = hook;
    body.id = g.map_or(0, Greenlet::id);
    body.name = name;
    body.arguments = call.arguments;
    body.result = result.map(|r| r.0);
    body.errno = result.map_or(0, |r| r.1);
    body.waited = call.waited;
    body.delayed = call.delayed;
    body.longest = call.longest;
    body.text = call.text;
    body.peer = call.peer;
    body.memory_length = 0;
    if hook.reads_memory {
        // The memory may be another thing's when the line is made.
        let kept = hook.parameters.len().min(ARGUMENTS);
        let mut out = Text::new(&mut body.memory);
        decode::arguments(&mut out, hook, &call.arguments[..kept]);
        body.memory_length = out.length();
    }
    body.now = clock::now();
    if call.waited == 0 {
        // What it took in all, for `min=`.
        body.longest.2 = body.now.saturating_sub(call.entered);
    }
    record.whole.store(number + 1, Ordering::Release);
    if !crate::hub::active() {
        // The monitor sleeps while there is one thread.
        flush(0);
    }
}

fn reserve() -> Option<u64> {
    for attempt in 0..2 {
        let mut head = HEAD.load(Ordering::Relaxed);
        while head - TAIL.load(Ordering::Acquire) < RECORDS as u64 {
            match HEAD.compare_exchange_weak(head, head + 1, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return Some(head),
                Err(other) => head = other,
            }
        }
        if attempt == 0 {
            // In our code nobody takes the hub off us while we have the lock.
            let g = Greenlet::current().filter(|g| g.enter_shim());
            flush(0);
            if let Some(g) = g {
                g.leave_shim();
            }
        }
    }
    None
}

/// Whether there is something to be written.
pub fn pending() -> bool {
    HEAD.load(Ordering::Relaxed) != TAIL.load(Ordering::Relaxed)
}

/// Write what there is, as far as the file takes it within `patience` nanoseconds.
/// Never from a place that may be interrupted by the monitor.
pub fn flush(patience: u64) {
    let Some(mut writer) = WRITER.try_lock_until(time::after(patience)) else { return };
    let writer = &mut *writer;
    if !pending() {
        return;
    }
    if let (false, Some(target)) = (writer.sink.is_open(), writer.target) {
        // Another process has the plain name; it was not wanted before the first line.
        match Sink::open(target, Kind::Trace, false) {
            Ok(sink) => writer.sink = sink,
            Err(_) => writer.target = None,
        }
    }
    let scale = Scale::now();
    let deadline = time::after(patience);
    loop {
        let from = TAIL.load(Ordering::Relaxed);
        let mut to = from;
        let head = HEAD.load(Ordering::Acquire);
        let mut out = Text::new(&mut writer.lines);
        while to < head && out.length() + 2 * LINE < LINES {
            let record = &RING[to as usize % RECORDS];
            if record.whole.load(Ordering::Acquire) != to + 1 {
                break;
            }
            // SAFETY: whole, and not reserved again before TAIL has passed it.
            line(&mut out, unsafe { &*record.body.get() }, &scale);
            to += 1;
        }
        let lost = LOST.load(Ordering::Relaxed);
        if lost != 0 && to != from {
            LOST.fetch_sub(lost, Ordering::Relaxed);
            let pid = output::pid();
            let _ = writeln!(out, "{pid} geventrs: {lost} lines lost: nobody took them");
        }
        let length = out.length();
        if to == from {
            return;
        }
        if length != 0 && !writer.sink.ready(deadline) {
            return;
        }
        TAIL.store(to, Ordering::Release);
        writer.sink.write(&writer.lines[..length]);
    }
}

fn line(out: &mut Text, r: &Body, scale: &Scale) {
    // SAFETY: a static.
    let Some(hook) = (unsafe { r.hook.as_ref() }) else { return };
    let waited = scale.span(r.waited);
    let took = if r.waited == 0 { scale.span(r.longest.2) } else { waited };
    if took < AT_LEAST.load(Ordering::Relaxed) {
        return;
    }
    let now = scale.since_start(r.now);
    let pid = output::pid();
    out.decimal(u64::from(pid));
    out.bytes(b".g");
    out.decimal(u64::from(if r.id == 0 { pid } else { r.id }));
    out.bytes(b" \"");
    out.name(&r.name);
    out.bytes(b"\" +");
    out.seconds(now);
    out.bytes(b" ");
    match r.memory_length {
        // A wait of the API's.
        _ if hook.name.is_empty() => {}
        0 => {
            let kept = hook.parameters.len().min(ARGUMENTS);
            decode::arguments(out, hook, &r.arguments[..kept]);
        }
        n => out.bytes(&r.memory[..n]),
    }
    match r.result {
        _ if hook.name.is_empty() => {}
        Some(word) => decode::result(out, hook, word, r.errno),
        None => out.bytes(b" <unwound>"),
    }
    if r.waited != 0 {
        out.bytes(if hook.name.is_empty() { &b"<waited "[..] } else { b" <waited " });
        out.seconds(waited);
        out.bytes(b" s: ");
        decode::reason(out, r.longest.0, r.longest.1, r.text, r.peer);
        let delayed = scale.span(r.delayed);
        if delayed > MILLISECOND {
            out.bytes(b", then queued ");
            out.seconds(delayed);
            out.bytes(b" s");
        }
        out.bytes(b">");
    }
    out.bytes(b"\n");
}

/// The process ends, or becomes another program: the file says so. `leave`: nothing
/// was written that counts, and the name is for the next program.
pub fn finish(leave: bool) {
    if let Some(mut writer) = WRITER.try_lock_until(time::after(SECOND)) {
        match leave && TAIL.load(Ordering::Relaxed) == 0 {
            true => writer.sink.rewind(),
            false => writer.sink.finish_head(Kind::Trace),
        }
    }
}

/// In the child of a fork: the parent writes what is in the ring, and the child opens a
/// file of its own for its first line.
pub fn after_fork(shares_files: bool) {
    TAIL.store(HEAD.load(Ordering::Relaxed), Ordering::Relaxed);
    LOST.store(0, Ordering::Relaxed);
    WRITER.reset();
    WRITER.lock().sink.leave(shares_files);
}
