//! The works with very many threads.

use crate::child::{self, Output};
use crate::setup::{Place, Setup, Side};
use crate::stats::{median, rotate};
use crate::table::{number, ratio, thousands, Cell, Columns, Row};
use std::time::Duration;

pub const NAMES: [&str; 3] = ["million-cond", "million-sleep", "wakeups"];

const MOST_BYTES: f64 = 9216.0;
const MOST_LATE_MS: f64 = 20.0;
const GUARD_MB: u64 = 1500;
/// Rounds of `wakeups`, each of which takes seconds.
const ROUNDS: usize = 3;

pub fn measure(name: &str, setup: &Setup) -> Row {
    match name {
        "million-cond" => million(name, "cond", setup),
        "million-sleep" => million(name, "sleep", setup),
        _ => wakeups(name, setup),
    }
}

/// Runs each side once, pinned.
fn million(name: &str, mode: &str, setup: &Setup) -> Row {
    let (count, sleep) = if setup.quick { (10_000, 2) } else { (1_000_000, 20) };
    let run = |side| {
        let args = [count.to_string(), mode.into(), sleep.to_string(), GUARD_MB.to_string()];
        let mut job = setup.job("million", &args, side, Place::Pinned);
        job.limit = Duration::from_secs(240);
        child::run(&job).and_then(|output| Crowd::new(&output))
    };
    let mut notes = Vec::new();
    let native = run(Side::Native).map(|crowd| crowd.cell("native", &mut notes));
    let preloaded = run(Side::Preloaded);
    let met = preloaded.as_ref().is_ok_and(|crowd| crowd.complete && crowd.bytes <= MOST_BYTES);
    let preloaded = preloaded.map(|crowd| crowd.cell("preloaded", &mut notes));
    let mut cell = |side: Result<Cell, String>, label| {
        side.unwrap_or_else(|error| Cell::median(Err(error), label, &mut notes))
    };
    let native = cell(native, "native");
    let preloaded = cell(preloaded, "preloaded");
    Row {
        work: format!("{name} ({})", thousands(count.into())),
        unit: "bytes per thread".into(),
        pinned: Columns { ratio: ratio(&native, &preloaded), native, preloaded },
        bar: format!("all alive, ≤ {MOST_BYTES} B"),
        met,
        unpinned: None,
        notes,
    }
}

/// What `million` printed.
struct Crowd {
    created: f64,
    errno: f64,
    guard: f64,
    complete: bool,
    bytes: f64,
    own_bytes: f64,
    create_seconds: f64,
    seconds: f64,
}

impl Crowd {
    fn new(output: &Output) -> Result<Self, String> {
        let late = output.metric("late")?;
        Ok(Crowd {
            created: output.metric("created")?,
            errno: output.metric("errno")?,
            guard: output.metric("guard")?,
            complete: output.metric("complete")? == 1.0 && late == 0.0,
            bytes: output.metric("bytes_per_thread")?,
            own_bytes: output.metric("own_bytes_per_thread")?,
            create_seconds: output.metric("create_s")?,
            seconds: output.metric("seconds")?,
        })
    }

    fn cell(&self, label: &str, notes: &mut Vec<String>) -> Cell {
        let end = match self {
            Crowd { complete: true, .. } => "all joined".into(),
            Crowd { guard: 1.0, .. } => "stopped by the memory guard".into(),
            Crowd { errno: 0.0, .. } => "not all asleep in time".into(),
            _ => then_failed(self.errno),
        };
        notes.push(format!(
            "{label}: {} threads, {end}; {:.0} B each in RSS and page tables; \
             created in {:.2} s, {:.2} s in all",
            thousands(self.created),
            self.own_bytes,
            self.create_seconds,
            self.seconds
        ));
        let text = format!("{} ({} threads)", thousands(self.bytes), thousands(self.created));
        Cell { text, value: Some(self.bytes), samples: vec![self.bytes] }
    }
}

fn then_failed(errno: f64) -> String {
    format!("then {}", std::io::Error::from_raw_os_error(errno as i32))
}

fn wakeups(name: &str, setup: &Setup) -> Row {
    let (native, preloaded) = if setup.quick { (2_000, 2_000) } else { (20_000, 100_000) };
    let mut notes = Vec::new();
    let mut columns = |place| {
        let sides = [(Side::Native, native), (Side::Preloaded, preloaded)];
        let rounds = setup.runs.min(ROUNDS);
        let mut results =
            rotate(rounds, &sides, |&(side, count)| lateness(setup, side, place, count));
        let preloaded = late_cell(results.pop().expect("two sides"), "preloaded", &mut notes);
        let native = late_cell(results.pop().expect("two sides"), "native", &mut notes);
        Columns { native, preloaded, ratio: None }
    };
    let pinned = columns(Place::Pinned);
    let unpinned = columns(Place::Unpinned);
    let counts = [native, preloaded].map(|count| thousands(count.into()));
    Row {
        work: format!("{name} (native {}, preloaded {})", counts[0], counts[1]),
        unit: "ms late: p50 / p99 / max".into(),
        met: pinned.preloaded.value.is_some_and(|p99| p99 < MOST_LATE_MS),
        pinned,
        bar: format!("p99 < {MOST_LATE_MS} ms"),
        unpinned: Some(unpinned),
        notes,
    }
}

/// p50, p99 and max. The time allowed for creating the threads grows until it
/// suffices.
fn lateness(setup: &Setup, side: Side, place: Place, count: u32) -> Result<[f64; 3], String> {
    let mut unready = 0.0;
    for seconds in [2, 4, 8, 16] {
        let args = [count.to_string(), seconds.to_string()];
        let mut job = setup.job("wakeups", &args, side, place);
        job.limit = Duration::from_secs(60);
        let output = child::run(&job)?;
        let created = output.metric("created")?;
        if created < count.into() {
            let end = then_failed(output.metric("errno")?);
            return Err(format!("{} threads, {end}", thousands(created)));
        }
        unready = output.metric("unready")?;
        if unready == 0.0 {
            let [p50, p99, max] = ["p50_ms", "p99_ms", "max_ms"].map(|name| output.metric(name));
            return Ok([p50?, p99?, max?]);
        }
    }
    Err(format!("{unready} threads did not sleep after 16 s"))
}

fn late_cell(runs: Result<Vec<[f64; 3]>, String>, label: &str, notes: &mut Vec<String>) -> Cell {
    let runs = match runs {
        Ok(runs) => runs,
        Err(error) => return Cell::median(Err(error), label, notes),
    };
    let column = |i: usize| runs.iter().map(|run| run[i]).collect::<Vec<f64>>();
    let [p50, p99, max] = [0, 1, 2].map(|i| median(&column(i)).map_or("–".into(), number));
    let text = format!("{p50} / {p99} / {max}");
    Cell { text, value: median(&column(1)), samples: column(1) }
}
