//! `GEVENTRS_TIMELINE`: who ran, queued and waited when, in a ring that keeps the
//! newest part.
//!
//! A record holds one whole turn: the run before, the wait, the time in the queue. The
//! file is in the trace-event format that Chrome's and Perfetto's viewers read; it is made at
//! the end.

use super::census::Life;
use super::clock::{self, Scale};
use super::decode;
use super::document::{Comma, Document, Json};
use super::frames;
use super::holders::Held;
use super::ledger::{Ledger, State, Waker};
use super::output;
use super::peers::Peer;
use super::places::{self, Number};
use super::text::{Name, Text};
use super::why::Why;
use crate::syscall;
use core::cell::UnsafeCell;
use core::fmt::Write;
use core::sync::atomic::{AtomicU64, Ordering};

/// Records kept.
const RECORDS: usize = 1 << 17;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A run, then a wait or a section or nothing, then the queue.
    Turn,
    /// A greenlet's last run.
    LastRun,
    /// A lock was held.
    Held,
    /// A carrier got the hub.
    Hub,
}

#[derive(Clone, Copy)]
struct Body {
    kind: Kind,
    state: State,
    why: Why,
    place: Number,
    waker: Waker,
    id: u32,
    carrier: u32,
    run_from: u64,
    since: u64,
    woken: u64,
    now: u64,
    word: u64,
    text: &'static str,
    peer: Peer,
}

const EMPTY: Body = Body {
    kind: Kind::Turn,
    state: State::Running,
    why: Why::None,
    place: 0,
    waker: Waker { id: 0, place: 0 },
    id: 0,
    carrier: 0,
    run_from: 0,
    since: 0,
    woken: 0,
    now: 0,
    word: 0,
    text: "",
    peer: 0,
};

struct Record {
    /// One more than its number, when it is whole.
    whole: AtomicU64,
    body: UnsafeCell<Body>,
}

// SAFETY: each number is written by the one who has drawn it. A reader, or a writer that
// has come round, may meet an unfinished one: its number says so before and after.
unsafe impl Sync for Record {}

/// The ring, mapped when a timeline is asked for.
static RING: AtomicU64 = AtomicU64::new(0);
static NEXT: AtomicU64 = AtomicU64::new(0);
/// The number of the first record that counts.
static FIRST: AtomicU64 = AtomicU64::new(0);

/// The numbers of the records that are there, and how many there were before them.
fn kept() -> (core::ops::Range<u64>, u64) {
    let (first, end) = (FIRST.load(Ordering::Relaxed), NEXT.load(Ordering::Acquire));
    let from = first.max(end.saturating_sub(RECORDS as u64));
    (from..end, from - first)
}

/// Map the ring. False: there is no memory.
pub fn start() -> bool {
    if ring().is_some() {
        return true;
    }
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    let size = RECORDS * size_of::<Record>();
    // SAFETY: a fresh anonymous mapping.
    match unsafe { crate::syscall!(libc::SYS_mmap, 0, size, access, kind, -1isize, 0) } {
        Ok(at) => {
            RING.store(at as u64, Ordering::Release);
            true
        }
        Err(_) => false,
    }
}

fn ring() -> Option<&'static [Record]> {
    let at = RING.load(Ordering::Acquire) as *const Record;
    // SAFETY: null, or the mapping, which stays; zeroes are records that are not whole.
    (!at.is_null()).then(|| unsafe { core::slice::from_raw_parts(at, RECORDS) })
}

#[inline]
fn push(body: Body) {
    let Some(ring) = ring() else { return };
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let record = &ring[number as usize % RECORDS];
    record.whole.store(0, Ordering::Relaxed);
    core::sync::atomic::fence(Ordering::Release);
    // SAFETY: the number is this caller's.
    unsafe { record.body.get().write(body) };
    record.whole.store(number + 1, Ordering::Release);
}

/// A greenlet goes on.
#[allow(clippy::too_many_arguments)]
pub(super) fn turn(
    l: &Ledger,
    run_from: u64,
    since: u64,
    woken: u64,
    now: u64,
    state: State,
    waker: Waker,
) {
    let (why, word, text, peer) = l.last_wait();
    let place = l.call.get().place;
    let (id, carrier) = (l.id.get(), l.carrier.get());
    let kind = Kind::Turn;
    push(Body {
        kind,
        state,
        why,
        place,
        waker,
        id,
        carrier,
        run_from,
        since,
        woken,
        now,
        word,
        text,
        peer,
    });
}

/// A greenlet has ended.
pub(super) fn last_run(l: &Ledger, run_from: u64, now: u64) {
    let (id, carrier) = (l.id.get(), l.carrier.get());
    push(Body { kind: Kind::LastRun, id, carrier, run_from, since: now, now, ..EMPTY });
}

/// A lock that was held is free.
pub(super) fn held(l: &Ledger, address: usize, held: Held) {
    let now = clock::now();
    /// Shorter ones would push out the rest.
    const WORTH_IT: u64 = 5_000;
    if now.saturating_sub(held.since) < WORTH_IT {
        return;
    }
    push(Body {
        kind: Kind::Held,
        id: l.id.get(),
        place: held.by.place,
        run_from: held.since,
        now,
        word: address as u64,
        ..EMPTY
    });
}

/// The carrier on the OS thread `tid` has got the hub.
pub(super) fn hub(tid: u32) {
    push(Body { kind: Kind::Hub, carrier: tid, now: clock::now(), ..EMPTY });
}

/// Call `f` with each record, the oldest first.
fn each(mut f: impl FnMut(u64, &Body)) {
    let Some(ring) = ring() else { return };
    for number in kept().0 {
        let record = &ring[number as usize % RECORDS];
        if record.whole.load(Ordering::Acquire) != number + 1 {
            continue;
        }
        // SAFETY: whole; it is looked at again after the copy.
        let body = unsafe { record.body.get().read_volatile() };
        core::sync::atomic::fence(Ordering::Acquire);
        if record.whole.load(Ordering::Relaxed) == number + 1 {
            f(number, &body);
        }
    }
}

/// Microseconds with three digits, the format's unit.
struct Us(u64);

impl core::fmt::Display for Us {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// The format's process numbers of the three groups of tracks.
const GREENLETS: u32 = 1;
const CARRIERS: u32 = 2;
const LOCKS: u32 = 3;

/// Writes events.
struct Events<'a, 'b> {
    out: &'a mut Document<'b>,
    comma: Comma,
    scale: Scale,
}

impl Events<'_, '_> {
    /// A span on a track. `more`: further members, each with a comma before it.
    fn span(&mut self, track: (u32, u64), name: &[u8], class: &str, span: (u64, u64), more: &str) {
        let (from, to) = (self.scale.since_start(span.0), self.scale.since_start(span.1));
        let _ = write!(
            self.out,
            "{}{{\"ph\":\"X\",\"pid\":{},\"tid\":{},\"name\":{},\"cat\":\"{class}\",\"ts\":{},\"dur\":{}{more}}}",
            self.comma.next(),
            track.0,
            track.1,
            Json(name),
            Us(from),
            Us(to.saturating_sub(from)),
        );
    }

    fn flow(&mut self, phase: &str, id: u64, track: (u32, u64), at: u64) {
        let _ = write!(
            self.out,
            "{}{{\"ph\":\"{phase}\",\"pid\":{},\"tid\":{},\"name\":\"wakes\",\"cat\":\"wake\",\"id\":{id},\"ts\":{}{}}}",
            self.comma.next(),
            track.0,
            track.1,
            Us(self.scale.since_start(at)),
            if phase == "f" { ",\"bp\":\"e\"" } else { "" },
        );
    }

    fn name(&mut self, what: &str, track: (u32, u64), name: &[u8]) {
        let _ = write!(
            self.out,
            "{}{{\"ph\":\"M\",\"pid\":{},\"tid\":{},\"name\":\"{what}\",\"args\":{{\"name\":{}}}}}",
            self.comma.next(),
            track.0,
            track.1,
            Json(name),
        );
    }

    fn turn(&mut self, number: u64, b: &Body) {
        let track = (GREENLETS, u64::from(b.id));
        let mut buffer = [0; 160];
        let mut text = Text::new(&mut buffer);
        let _ = write!(text, ",\"args\":{{\"carrier\":{},\"place\":{}}}", b.carrier, b.place);
        let n = text.length();
        let args = core::str::from_utf8(&buffer[..n]).unwrap_or("");
        if b.run_from < b.since {
            self.span(track, b"running", "running", (b.run_from, b.since), args);
            self.on_carrier(b, b"", (b.run_from, b.since));
        }
        if matches!(b.state, State::Waiting | State::InSection) {
            let mut words = [0; 128];
            let mut text = Text::new(&mut words);
            decode::reason(&mut text, b.why, b.word, b.text, b.peer);
            let name = text.length();
            let class = if b.state == State::InSection { "section" } else { b.why.name() };
            self.span(track, &words[..name], class, (b.since, b.woken), args);
            if b.state == State::InSection {
                self.on_carrier(b, &words[..name], (b.since, b.woken));
            }
        }
        if b.woken < b.now {
            self.span(track, b"runnable", "runnable", (b.woken, b.now), "");
        }
        let woken_by_greenlet =
            b.waker.id != 0 && b.waker.id != Waker::FOREIGN && b.waker.id != b.id;
        if woken_by_greenlet && b.state == State::Waiting {
            self.flow("s", number, (GREENLETS, u64::from(b.waker.id)), b.woken);
            self.flow("f", number, track, b.now);
        }
    }

    /// The same on the carrier's track, under the greenlet's number.
    fn on_carrier(&mut self, b: &Body, what: &[u8], span: (u64, u64)) {
        if b.carrier == 0 {
            return;
        }
        let mut name = [0; 160];
        let mut text = Text::new(&mut name);
        let _ = write!(text, "g{}", b.id);
        if !what.is_empty() {
            text.bytes(b": ");
            text.bytes(what);
        }
        let n = text.length();
        let class = if what.is_empty() { "running" } else { "section" };
        self.span((CARRIERS, u64::from(b.carrier)), &name[..n], class, span, "");
    }
}

/// Write the file. `how`: how the process ends.
pub fn write(out: &mut Document, lives: &[Life], how: &str, ended: u64, deadline: u64) {
    output::head(out, output::Kind::Timeline, ended);
    let (kept, lost) = kept();
    let recorded = kept.end - kept.start + lost;
    let _ = write!(
        out,
        ",\"state\":\"{how}\",\"turns_recorded\":{recorded},\"turns_forgotten\":{lost},\"displayTimeUnit\":\"ms\",\n\"traceEvents\":["
    );
    let mut e = Events { out, comma: Comma::new(), scale: Scale::now() };
    for (pid, name) in [(GREENLETS, "greenlets"), (CARRIERS, "carriers"), (LOCKS, "locks held")] {
        e.name("process_name", (pid, 0), name.as_bytes());
    }
    for life in lives.iter().filter(|l| l.is_used() && !l.is_group()) {
        let mut name = [0; 48];
        let mut text = Text::new(&mut name);
        let _ = write!(text, "g{} {}", life.id, Name(life.name()));
        let n = text.length();
        e.name("thread_name", (GREENLETS, u64::from(life.id)), &name[..n]);
    }
    let mut hub: Option<(u32, u64)> = None;
    let mut last = 0;
    // SAFETY: takes nothing.
    let first = unsafe { syscall!(libc::SYS_getpid) }.unwrap_or(0) as u32;
    each(|number, b| {
        // Before there was a hub there was the first thread, not known by its number yet.
        let b = &Body { id: if b.id == 0 { first } else { b.id }, ..*b };
        last = last.max(b.now);
        match b.kind {
            Kind::Turn => e.turn(number, b),
            Kind::LastRun => {
                let track = (GREENLETS, u64::from(b.id));
                e.span(track, b"running", "running", (b.run_from, b.now), "");
                e.on_carrier(b, b"", (b.run_from, b.now));
            }
            Kind::Held => {
                let mut name = [0; 48];
                let mut text = Text::new(&mut name);
                let _ = write!(text, "held by g{}", b.id);
                let n = text.length();
                let mut more = [0; 48];
                let mut text = Text::new(&mut more);
                let _ = write!(text, ",\"args\":{{\"place\":{}}}", b.place);
                let m = text.length();
                let more = core::str::from_utf8(&more[..m]).unwrap_or("");
                e.span((LOCKS, b.word), &name[..n], "held", (b.run_from, b.now), more);
            }
            Kind::Hub => {
                if let Some((tid, since)) = hub.replace((b.carrier, b.now)) {
                    e.span((CARRIERS, 0), carrier_name(tid).as_ref(), "hub", (since, b.now), "");
                }
            }
        }
    });
    if let Some((tid, since)) = hub.filter(|h| h.1 < last) {
        e.span((CARRIERS, 0), carrier_name(tid).as_ref(), "hub", (since, last), "");
    }
    e.name("thread_name", (CARRIERS, 0), b"who holds the hub");
    let _ = out.write_str("],\n\"modules\":");
    super::modules::list(out, deadline);
    let _ = out.write_str(",\n\"places\":[");
    let mut comma = Comma::new();
    for (number, place) in places::all() {
        let _ = out.write_str(comma.next());
        frames::place(out, number, place, deadline);
    }
    let _ = out.write_str("]}\n");
}

struct CarrierName([u8; 16], usize);

impl AsRef<[u8]> for CarrierName {
    fn as_ref(&self) -> &[u8] {
        &self.0[..self.1]
    }
}

fn carrier_name(tid: u32) -> CarrierName {
    let mut name = [0; 16];
    let mut text = Text::new(&mut name);
    let _ = write!(text, "OS {tid}");
    let n = text.length();
    CarrierName(name, n)
}

/// What was recorded so far does not belong to what comes: in the child of a fork, and
/// where a new recording begins.
pub fn forget() {
    FIRST.store(NEXT.load(Ordering::Relaxed), Ordering::Relaxed);
}
