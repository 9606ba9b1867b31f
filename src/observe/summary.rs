//! `GEVENTRS_REPORT`: the census as JSON, as a table, or as folded stacks.
//!
//! JSON is for `geventrs report`, which looks up functions and lines and computes tables
//! from it; docs/tool.md describes its members. The table and the folded stacks that are
//! written here know no more than the dynamic symbols do.

use super::census::{Contended, Counted, Life, Site};
use super::clock::{self, Scale};
use super::document::{Comma, Document, Json};
use super::frames;
use super::histogram::Histogram;
use super::ledger::Waker;
use super::output::{self, Kind};
use super::places::{self, Number};
use super::text::Name;
use super::why::Why;
use super::{hogs, modules};
use crate::hub::blocked_sites;
use crate::time::{MILLISECOND, SECOND};
use core::fmt::Write;

/// How a report is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For programs.
    Json,
    /// For people.
    Table,
    /// One line a stack, for flame graphs.
    Folded,
}

/// Write it. `how`: how the process ends, or `running`.
pub fn write(
    out: &mut Document,
    form: Form,
    counted: &Counted,
    how: &str,
    ended: u64,
    deadline: u64,
) {
    match form {
        Form::Json => json(out, counted, how, ended, deadline),
        Form::Table => table(out, counted, how),
        Form::Folded => folded(out, counted),
    }
}

fn histogram(out: &mut Document, h: &Histogram, scale: &Scale) {
    let span = |ticks| scale.span(ticks);
    let _ = write!(
        out,
        "{{\"count\":{},\"total\":{},\"longest\":{},\"p50\":{},\"p99\":{},\"histogram\":[",
        h.count,
        span(h.total),
        span(h.longest),
        span(h.percentile(50)),
        span(h.percentile(99)),
    );
    for (n, (middle, count)) in h.filled().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(out, "{comma}[{},{count}]", span(middle));
    }
    let _ = out.write_str("]}");
}

fn sums(out: &mut Document, name: &str, sums: (u64, u64, u64), scale: &Scale) {
    let _ = write!(
        out,
        "\"{name}\":{{\"count\":{},\"total\":{},\"longest\":{}}}",
        sums.0,
        scale.span(sums.1),
        scale.span(sums.2)
    );
}

fn waker(out: &mut Document, name: &str, w: Waker) {
    let _ = write!(out, "\"{name}\":{{\"greenlet\":{},\"place\":{}}}", w.id, w.place);
}

fn command_line(out: &mut Document) {
    let mut text = [0u8; 512];
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: a terminated path; our own buffer and descriptor.
    let n = unsafe {
        let path = c"/proc/self/cmdline".as_ptr();
        match crate::syscall!(libc::SYS_openat, libc::AT_FDCWD, path, flags) {
            Ok(fd) => {
                let n = crate::syscall!(libc::SYS_read, fd, text.as_mut_ptr(), text.len());
                let _ = crate::syscall!(libc::SYS_close, fd);
                n.unwrap_or(0)
            }
            Err(_) => 0,
        }
    };
    let _ = out.write_str("[");
    for (k, word) in text[..n].split_inclusive(|b| *b == 0).enumerate() {
        let word = word.strip_suffix(b"\0").unwrap_or(word);
        let _ = write!(out, "{}{}", if k == 0 { "" } else { "," }, Json(word));
    }
    let _ = out.write_str("]");
}

fn json(out: &mut Document, c: &Counted, how: &str, ended: u64, deadline: u64) {
    let scale = Scale::now();
    output::head(out, Kind::Report, ended);
    let _ = write!(
        out,
        ",\"state\":{},\"span\":{},\n\"command\":",
        Json(how.as_bytes()),
        scale.since_start(clock::now())
    );
    command_line(out);
    let _ = out.write_str(",\n\"run_queue\":");
    histogram(out, c.queue, &scale);
    let _ = out.write_str(",\n\"waits\":[");
    let mut comma = Comma::new();
    for s in c.sites.iter().filter(|s| s.is_used()) {
        let _ = write!(
            out,
            "{}{{\"place\":{},\"why\":\"{}\",\"delayed\":{},\"example\":{},\"greenlet\":{},\"waits\":",
            comma.next(),
            s.place,
            s.why.name(),
            scale.span(s.delayed),
            Json(&s.example[..s.example_length]),
            s.example_id,
        );
        histogram(out, &s.waits, &scale);
        let _ = out.write_str("}");
    }
    let _ = out.write_str("],\n\"waiting\":[");
    comma = Comma::new();
    let now = clock::now();
    c.each_ongoing(|o| {
        let _ = write!(
            out,
            "{}{{\"greenlet\":{},\"place\":{},\"why\":\"{}\",\"example\":{},\"for\":{},",
            comma.next(),
            o.id,
            o.place,
            o.why.name(),
            Json(o.example()),
            scale.span(now.saturating_sub(o.since)),
        );
        waker(out, "on", o.on);
        let held = match o.held_since {
            0 => 0,
            since => scale.span(now.saturating_sub(since)),
        };
        let _ = write!(out, ",\"held\":{held}}}");
    });
    let _ = out.write_str("],\n\"greenlets\":[");
    comma = Comma::new();
    for l in c.lives.iter().filter(|l| l.is_used()) {
        let _ = out.write_str(comma.next());
        life(out, l, &scale, deadline);
    }
    let _ = out.write_str("],\n\"locks\":[");
    comma = Comma::new();
    for l in c.locks.iter().filter(|l| l.is_used()) {
        let _ = out.write_str(comma.next());
        lock(out, l, &scale);
    }
    let _ = out.write_str("],\n\"hogs\":[");
    comma = Comma::new();
    hogs::each(|hog| {
        let _ = write!(
            out,
            "{}{{\"greenlet\":{},\"name\":\"{}\",\"span\":{},\"looks\":{},\"blocked\":{},\"call\":{},\"frames\":[",
            comma.next(),
            hog.id,
            Name(hog.name),
            scale.span(hog.span),
            hog.looks,
            hog.blocked,
            hog.call
        );
        let mut inner = Comma::new();
        for address in hog.frames() {
            let _ = out.write_str(inner.next());
            frames::frame(out, address, deadline);
        }
        let _ = out.write_str("]}");
    });
    let _ = out.write_str("],\n\"blocked_outside\":[");
    comma = Comma::new();
    blocked_sites::for_each(|address, times| {
        let _ = write!(out, "{}{{\"times\":{times},\"frame\":", comma.next());
        frames::frame(out, address, deadline);
        let _ = out.write_str("}");
    });
    let _ = out.write_str("],\n\"modules\":");
    modules::list(out, deadline);
    let _ = out.write_str(",\n\"places\":[");
    comma = Comma::new();
    for (number, place) in places::all() {
        let _ = out.write_str(comma.next());
        frames::place(out, number, place, deadline);
    }
    let _ = out.write_str("]}\n");
}

fn life(out: &mut Document, l: &Life, scale: &Scale, deadline: u64) {
    let _ = write!(
        out,
        "{{\"id\":{},\"name\":\"{}\",\"greenlets\":{},\"ended\":{},",
        l.id,
        Name(l.name()),
        l.greenlets,
        l.ended != 0
    );
    waker(out, "creator", l.creator);
    let _ = out.write_str(",\"start\":");
    match l.start {
        0 => {
            let _ = out.write_str("null");
        }
        // As if it were a return address, which lies behind its call.
        at => frames::frame(out, at + 1, deadline),
    }
    let _ = out.write_str(",\"waits\":");
    histogram(out, &l.waits, scale);
    let _ = out.write_str(",\"by_why\":{");
    let kinds = Why::ALL.iter().zip(&l.by_kind).filter(|(_, k)| k.0 != 0);
    for (n, (why, (count, total))) in kinds.enumerate() {
        let comma = if n == 0 { "" } else { "," };
        let (name, total) = (why.name(), scale.span(*total));
        let _ = write!(out, "{comma}\"{name}\":{{\"count\":{count},\"total\":{total}}}");
    }
    let _ = out.write_str("},");
    sums(out, "runs", l.runs, scale);
    let _ = write!(out, ",\"longest_run_place\":{},", l.longest_run);
    sums(out, "queued", l.queued, scale);
    let _ = out.write_str("}");
}

fn lock(out: &mut Document, l: &Contended, scale: &Scale) {
    let _ = write!(
        out,
        "{{\"lock\":{},\"why\":\"{}\",\"waiter\":{},\"holder\":{},\"holder_greenlet\":{},",
        l.address,
        l.why.name(),
        l.waiter,
        l.holder,
        l.holder_id
    );
    sums(out, "waits", l.waits, scale);
    let _ = out.write_str("}");
}

/// Nanoseconds, with the unit that fits.
struct Span(u64);

impl core::fmt::Display for Span {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            n if n >= SECOND => write!(f, "{}.{:02} s", n / SECOND, n % SECOND / (SECOND / 100)),
            n if n >= MILLISECOND => {
                write!(f, "{}.{:02} ms", n / MILLISECOND, n % MILLISECOND / (MILLISECOND / 100))
            }
            n => write!(f, "{}.{} us", n / 1000, n % 1000 / 100),
        }
    }
}

/// `main+0x1f < start_thread+0x2d3`: the first frames of a place.
fn stack(out: &mut Document, number: Number, most: usize) {
    let Some(place) = places::get(number) else {
        let _ = out.write_str("(no place known)");
        return;
    };
    for (n, address) in place.frames().take(most).enumerate() {
        let _ = out.write_str(if n == 0 { "" } else { " < " });
        let named = frames::name(address - 1, |name, offset| {
            let _ = write!(out, "{}+{:#x}", String::from_utf8_lossy(name), offset + 1);
        });
        if named.is_none() {
            in_file(out, address);
        }
    }
}

/// `program+0x1380`: an address without a name.
fn in_file(out: &mut Document, address: usize) {
    match modules::find(address, 0) {
        Some((module, offset)) => modules::file_name(module, |file| {
            let _ = write!(out, "{}+{offset:#x}", String::from_utf8_lossy(file));
        }),
        None => {
            let _ = write!(out, "{address:#x}");
        }
    }
}

/// Rows of each table that is written by the library.
const ROWS: usize = 20;

fn table(out: &mut Document, c: &Counted, how: &str) {
    let scale = Scale::now();
    let pid = output::pid();
    let span = Span(scale.since_start(clock::now()));
    let _ = writeln!(out, "geventrs: where process {pid} has waited ({how}, after {span})");
    let mut sites: Vec<&Site> = c.sites.iter().filter(|s| s.is_used()).collect();
    sites.sort_by_key(|s| core::cmp::Reverse(s.waits.total));
    let _ = writeln!(
        out,
        "{:>11} {:>8} {:>10} {:>10} {:>10}  waiting for",
        "total", "times", "p50", "p99", "longest"
    );
    for s in sites.iter().take(ROWS) {
        let h = &s.waits;
        let span = |ticks| Span(scale.span(ticks)).to_string();
        let _ = writeln!(
            out,
            "{:>11} {:>8} {:>10} {:>10} {:>10}  {}",
            span(h.total),
            h.count,
            span(h.percentile(50)),
            span(h.percentile(99)),
            span(h.longest),
            String::from_utf8_lossy(&s.example[..s.example_length]),
        );
        let _ = write!(out, "{:>55}", "at ");
        stack(out, s.place, 4);
        let _ = out.write_str("\n");
    }
    let more = sites.len().saturating_sub(ROWS);
    if more != 0 {
        let _ = writeln!(out, "{more} places more; GEVENTRS_REPORT=FILE keeps all of them");
    }
    let mut waiting = 0;
    let now = clock::now();
    c.each_ongoing(|o| {
        waiting += 1;
        if waiting == 1 {
            let _ = writeln!(out, "still waiting:");
        }
        if waiting <= ROWS {
            let span = Span(scale.span(now.saturating_sub(o.since))).to_string();
            let what = String::from_utf8_lossy(o.example());
            let _ = write!(out, "{span:>11} greenlet {}: {what}", o.id);
            if o.on.id != 0 && o.why.has_holder() {
                let _ = write!(out, ", held by greenlet {}", o.on.id);
            }
            let _ = out.write_str("\n");
        }
    });
    if waiting > ROWS {
        let _ = writeln!(out, "and {} more", waiting - ROWS);
    }
    let q = c.queue;
    let _ = writeln!(
        out,
        "run queue: {} turns, p50 {}, p99 {}, longest {}",
        q.count,
        Span(scale.span(q.percentile(50))),
        Span(scale.span(q.percentile(99))),
        Span(scale.span(q.longest))
    );
}

/// `greenlet;outermost;...;innermost;call [kind] microseconds`.
fn folded(out: &mut Document, c: &Counted) {
    let scale = Scale::now();
    for s in c.sites.iter().filter(|s| s.is_used()) {
        let Some(place) = places::get(s.place) else { continue };
        let mut all = [0usize; places::FRAMES];
        let mut count = 0;
        for (slot, address) in all.iter_mut().zip(place.frames()) {
            *slot = address;
            count += 1;
        }
        for address in all[..count].iter().rev() {
            let named = frames::name(*address - 1, |name, _| {
                let _ = write!(out, "{};", String::from_utf8_lossy(name));
            });
            if named.is_none() {
                in_file(out, *address);
                let _ = out.write_str(";");
            }
        }
        let call = place.hook().map_or("", |h| h.name);
        let _ = writeln!(out, "{call};[{}] {}", s.why.name(), scale.span(s.waits.total) / 1000);
    }
}
