//! The files' contents. `docs/tool.md` describes the members.

use crate::words::system_call;
use crate::{processes, Failure, FAILED, USAGE};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What both kinds of file begin with.
#[derive(Deserialize)]
struct Head {
    geventrs: String,
    version: u32,
    pid: u32,
    ended: String,
    #[serde(default)]
    state: String,
}

/// Times of one thing: how many, and nanoseconds.
#[derive(Clone, Deserialize, Serialize)]
pub struct Times {
    pub count: u64,
    pub total: u64,
    pub longest: u64,
    #[serde(default)]
    pub p50: u64,
    #[serde(default)]
    pub p99: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub histogram: Vec<(u64, u64)>,
}

/// Waits at one place.
#[derive(Deserialize, Serialize)]
pub struct Wait {
    pub place: u32,
    pub why: String,
    pub delayed: u64,
    pub example: String,
    pub greenlet: u32,
    pub waits: Times,
}

/// A wait that was going on.
#[derive(Deserialize, Serialize)]
pub struct Waiting {
    pub greenlet: u32,
    pub place: u32,
    pub why: String,
    pub example: String,
    #[serde(rename = "for")]
    pub span: u64,
    /// Who could end it, and where he has taken the lock.
    #[serde(default)]
    pub on: At,
    /// For how long he has had it; 0: not known.
    #[serde(default)]
    pub held: u64,
}

impl Waiting {
    /// Whether the call is known, and has no time-out.
    pub fn is_endless(&self) -> bool {
        let call = self.example.split('(').next().unwrap_or("");
        self.place != 0 && !call.contains("timed") && !call.contains("clock")
    }
}

/// Count and sum of one kind.
#[derive(Deserialize, Serialize)]
pub struct Sum {
    pub count: u64,
    pub total: u64,
}

/// A greenlet and a place of its.
#[derive(Clone, Copy, Default, Deserialize, Serialize)]
pub struct At {
    pub greenlet: u32,
    pub place: u32,
}

/// One greenlet, or those that were made at one place and found no row of their own.
#[derive(Deserialize, Serialize)]
pub struct Life {
    pub id: u32,
    pub name: String,
    pub greenlets: u64,
    pub ended: bool,
    pub creator: At,
    pub start: Option<RawFrame>,
    pub waits: Times,
    pub by_why: BTreeMap<String, Sum>,
    pub runs: Times,
    pub longest_run_place: u32,
    pub queued: Times,
}

/// A lock that somebody has waited for.
#[derive(Deserialize, Serialize)]
pub struct Lock {
    pub lock: u64,
    pub why: String,
    pub waiter: u32,
    pub holder: u32,
    pub holder_greenlet: u32,
    pub waits: Times,
}

/// A long run.
#[derive(Deserialize)]
pub struct Hog {
    pub greenlet: u32,
    pub name: String,
    pub span: u64,
    /// How often the monitor has looked, how often of those it was blocked in the kernel, and in
    /// which system call the last time (-1: a page fault).
    #[serde(default)]
    pub looks: u32,
    #[serde(default)]
    pub blocked: u32,
    #[serde(default)]
    pub call: i64,
    pub frames: Vec<RawFrame>,
}

impl Hog {
    /// The call that goes past the hooks and that it was blocked in for most of the time.
    pub fn blocked_in(&self) -> Option<String> {
        (self.blocked > self.looks / 2).then(|| system_call(self.call))
    }
}

/// Where somebody was found blocked in no hooked call.
#[derive(Deserialize)]
pub struct Outside {
    pub times: u64,
    pub frame: RawFrame,
}

/// A call and its stack, the innermost return address first.
#[derive(Deserialize)]
pub struct Place {
    pub id: u32,
    pub call: String,
    pub frames: Vec<RawFrame>,
}

/// A return address: module (-1: none), address in it, and what the dynamic symbols say.
#[derive(Clone, Deserialize, Serialize)]
#[serde(from = "Written", into = "(i64, u64)")]
pub struct RawFrame {
    pub module: i64,
    pub address: u64,
    pub name: Option<(String, u64)>,
}

/// A frame as it is written: two members or four.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Named(i64, u64, String, u64),
    Bare(i64, u64),
}

impl From<Written> for RawFrame {
    fn from(written: Written) -> Self {
        match written {
            Written::Named(module, address, name, offset) => {
                RawFrame { module, address, name: Some((name, offset)) }
            }
            Written::Bare(module, address) => RawFrame { module, address, name: None },
        }
    }
}

impl From<RawFrame> for (i64, u64) {
    fn from(frame: RawFrame) -> Self {
        (frame.module, frame.address)
    }
}

/// A report.
#[derive(Deserialize)]
pub struct ReportFile {
    pub pid: u32,
    pub state: String,
    pub span: u64,
    pub command: Vec<String>,
    pub run_queue: Times,
    pub waits: Vec<Wait>,
    #[serde(default)]
    pub waiting: Vec<Waiting>,
    pub greenlets: Vec<Life>,
    pub locks: Vec<Lock>,
    pub hogs: Vec<Hog>,
    pub blocked_outside: Vec<Outside>,
    pub modules: Vec<String>,
    pub places: Vec<Place>,
}

/// A timeline; its events are those of the trace-event format.
#[derive(Deserialize)]
pub struct TimelineFile {
    pub pid: u32,
    pub state: String,
    pub turns_forgotten: u64,
    #[serde(rename = "traceEvents")]
    pub events: Vec<Event>,
    pub modules: Vec<String>,
    pub places: Vec<Place>,
}

/// One event.
#[derive(Deserialize)]
pub struct Event {
    pub ph: String,
    pub pid: u32,
    pub tid: u64,
    pub name: String,
    #[serde(default)]
    pub cat: String,
    #[serde(default)]
    pub ts: f64,
    #[serde(default)]
    pub dur: f64,
    #[serde(default)]
    pub id: u64,
    #[serde(default)]
    pub args: Arguments,
}

/// The members of an event's `args` that are ours.
#[derive(Default, Deserialize)]
pub struct Arguments {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub place: u32,
}

/// Where a recording comes from.
#[derive(clap::Args)]
pub struct Source {
    /// The file
    #[arg(required_unless_present = "now")]
    file: Option<PathBuf>,
    /// Ask the process PID for what it has recorded so far; it goes on
    #[arg(long, value_name = "PID", conflicts_with = "file")]
    now: Option<u32>,
    /// If the process PID records nothing yet, let it do so for this long: 10s, 500ms
    #[arg(long = "for", value_name = "SPAN", requires = "now", value_parser = span)]
    span: Option<Duration>,
    /// Keep what the process PID has told in a file as well
    #[arg(long, value_name = "FILE", requires = "now")]
    save: Option<PathBuf>,
}

/// As the library's settings have it.
fn span(text: &str) -> Result<Duration, &'static str> {
    let span = geventrs::observe::wanted::span(text.as_bytes()).map(Duration::from_nanos);
    span.filter(|s| *s >= Duration::from_millis(1) && *s <= Duration::from_secs(3600))
        .ok_or("no time from 1ms to 3600s")
}

impl Source {
    /// The name and the text of a recording of the kind `kind`.
    fn get(&self, kind: &str) -> Result<(PathBuf, Vec<u8>), Failure> {
        // clap forgets `requires` where the required one conflicts with what is there.
        if self.now.is_none() && (self.span.is_some() || self.save.is_some()) {
            return Err(Failure::new(USAGE, "--for and --save go with --now (see --help)"));
        }
        let (path, text) = match (&self.file, self.now) {
            (_, Some(pid)) => {
                (PathBuf::from(pid.to_string()), processes::recorded(pid, kind, self.span)?)
            }
            (Some(path), None) => (path.clone(), std::fs::read(path).map_err(|e| wrong(path, e))?),
            (None, None) => unreachable!("clap asks for one of them"),
        };
        if let Some(to) = &self.save {
            std::fs::write(to, &text).map_err(|e| wrong(to, e))?;
        }
        Ok((path, text))
    }
}

fn wrong(path: &Path, what: impl std::fmt::Display) -> Failure {
    Failure::new(FAILED, format_args!("{}: {what}", path.display()))
}

/// Read a recording of the kind `kind` ("report", "timeline").
fn read<T: for<'a> Deserialize<'a>>(source: &Source, kind: &str) -> Result<T, Failure> {
    let (path, text) = source.get(kind)?;
    let path = path.as_path();
    let Ok(head) = serde_json::from_slice::<Head>(&text) else {
        let what = match text.starts_with(b"# {\"geventrs\"") {
            true => "is a trace: lines to be read as they are",
            false => "is no file that the library has written, or not a whole one",
        };
        return Err(wrong(path, what));
    };
    if head.geventrs != kind {
        let what = format!("is a {}: see `geventrs {} --help`", head.geventrs, head.geventrs);
        return Err(wrong(path, what));
    }
    if head.version != 1 {
        return Err(wrong(path, "was written by another version of the library"));
    }
    if head.ended.bytes().all(|b| b == b'0') && head.state.is_empty() {
        let what = format!(
            "process {} has not written it: it still runs (ask it: --now {}), or was killed before it could",
            head.pid, head.pid
        );
        return Err(wrong(path, what));
    }
    serde_json::from_slice(&text).map_err(|e| wrong(path, e))
}

/// Read a report.
pub fn report(source: &Source) -> Result<ReportFile, Failure> {
    read(source, "report")
}

/// Read a timeline.
pub fn timeline(source: &Source) -> Result<TimelineFile, Failure> {
    read(source, "timeline")
}
