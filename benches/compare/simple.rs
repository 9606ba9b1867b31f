//! The works which are one program with a number of repetitions.

use crate::child;
use crate::compile::input_file;
use crate::setup::{Place, Setup, Side};
use crate::stats::{rotate, Samples};
use crate::table::{ratio, Cell, Columns, Row};

pub struct Work {
    pub name: &'static str,
    program: &'static str,
    arg: &'static str,
    kind: Kind,
    bar: Bar,
}

enum Kind {
    /// ns per operation, each side with as many as fill the time of a run.
    PerOp,
    /// Wall clock of the whole process, the same repetitions on both sides.
    Total,
    /// 200 runs of the trivial program.
    StartUp,
}

enum Bar {
    /// The ratio is at least this.
    Ratio(f64),
    /// The preloaded number is at most this much greater, in the work's unit.
    Added(f64),
}

const fn work(
    name: &'static str,
    program: &'static str,
    arg: &'static str,
    kind: Kind,
    bar: Bar,
) -> Work {
    Work { name, program, arg, kind, bar }
}

pub const WORKS: [Work; 13] = [
    work("handoff", "handoff", "", Kind::PerOp, Bar::Ratio(25.0)),
    work("semaphore", "sem_pingpong", "", Kind::PerOp, Bar::Ratio(20.0)),
    work("pipe", "fd_pingpong", "pipe", Kind::PerOp, Bar::Ratio(2.0)),
    work("socketpair", "fd_pingpong", "socketpair", Kind::PerOp, Bar::Ratio(2.0)),
    work("create-join", "create_join", "", Kind::PerOp, Bar::Ratio(60.0)),
    work("yield", "yield", "", Kind::PerOp, Bar::Ratio(8.0)),
    work("mutex-alone", "mutex", "1", Kind::PerOp, Bar::Ratio(1.0)),
    work("mutex-beside", "mutex", "2", Kind::PerOp, Bar::Ratio(1.0)),
    work("copy", "blocks", "copy", Kind::Total, Bar::Ratio(0.97)),
    work("pread", "blocks", "pread", Kind::Total, Bar::Ratio(0.97)),
    work("section", "section", "fsync", Kind::PerOp, Bar::Added(15_000.0)),
    work("section-waiting", "section", "wait", Kind::PerOp, Bar::Added(15_000.0)),
    work("startup", "spawn", "", Kind::StartUp, Bar::Added(1.0)),
];

const FIRST_COUNT: u64 = 1000;
const START_UPS: u64 = 200;

pub fn measure(work: &Work, setup: &Setup) -> Row {
    let mut notes = Vec::new();
    let pinned = columns(work, setup, Place::Pinned, &mut notes);
    let unpinned = columns(work, setup, Place::Unpinned, &mut notes);
    let (bar, met) = judge(work, &pinned);
    if let (Bar::Added(_), Some(added)) = (&work.bar, added(&pinned)) {
        notes.push(format!("preloading adds {added:.3} {}", unit(&work.kind)));
    }
    Row {
        work: work.name.into(),
        unit: unit(&work.kind).into(),
        pinned,
        bar,
        met,
        unpinned: Some(unpinned),
        notes,
    }
}

fn unit(kind: &Kind) -> &'static str {
    match kind {
        Kind::PerOp => "ns",
        Kind::Total => "ms in all",
        Kind::StartUp => "ms",
    }
}

fn judge(work: &Work, columns: &Columns) -> (String, bool) {
    match work.bar {
        Bar::Ratio(least) => {
            (format!("≥ {least}×"), columns.ratio.is_some_and(|ratio| ratio >= least))
        }
        Bar::Added(most) => {
            let within = added(columns).is_some_and(|added| added <= most);
            (format!("≤ +{most} {}", unit(&work.kind)), within)
        }
    }
}

fn added(columns: &Columns) -> Option<f64> {
    Some(columns.preloaded.value? - columns.native.value?)
}

fn columns(work: &Work, setup: &Setup, place: Place, notes: &mut Vec<String>) -> Columns {
    let [native, preloaded] = samples(work, setup, place);
    let label = if place == Place::Pinned { "" } else { "unpinned " };
    let native = Cell::median(native, &format!("{label}native"), notes);
    let preloaded = Cell::median(preloaded, &format!("{label}preloaded"), notes);
    let ratio = ratio(&native, &preloaded);
    Columns { native, preloaded, ratio }
}

fn samples(work: &Work, setup: &Setup, place: Place) -> [Samples; 2] {
    let native = count(work, setup, Side::Native, place);
    let preloaded = match work.kind {
        Kind::PerOp => count(work, setup, Side::Preloaded, place),
        Kind::Total | Kind::StartUp => native.clone(),
    };
    let sides = [(Side::Native, native), (Side::Preloaded, preloaded)];
    let results = rotate(setup.runs, &sides, |(side, count)| {
        value(work, setup, *side, place, count.clone()?)
    });
    results.try_into().expect("two sides")
}

/// How many repetitions take the time of one run.
fn count(work: &Work, setup: &Setup, side: Side, place: Place) -> Result<u64, String> {
    let target = match work.kind {
        Kind::StartUp => {
            return Ok(if setup.quick { START_UPS / 10 } else { START_UPS });
        }
        _ if setup.quick => 0.05,
        Kind::Total => 0.8,
        Kind::PerOp => 0.4,
    };
    let mut count = FIRST_COUNT;
    loop {
        let output =
            child::run(&setup.job(work.program, &args(work, setup, side, count), side, place))?;
        let seconds = output.metric("ns_per_op")? * count as f64 / 1e9;
        let fitting = count as f64 * target / seconds.max(1e-9);
        if seconds >= target / 5.0 {
            return Ok(fitting.max(1.0) as u64);
        }
        count = fitting.min(count as f64 * 50.0) as u64;
    }
}

fn value(work: &Work, setup: &Setup, side: Side, place: Place, count: u64) -> Result<f64, String> {
    let args = args(work, setup, side, count);
    match work.kind {
        Kind::PerOp => {
            child::run(&setup.job(work.program, &args, side, place))?.metric("ns_per_op")
        }
        Kind::Total => Ok(child::run(&setup.job(work.program, &args, side, place))?.seconds * 1e3),
        // The program which starts the others is itself never preloaded.
        Kind::StartUp => {
            child::run(&setup.job(work.program, &args, Side::Native, place))?.metric("ms_per_start")
        }
    }
}

fn args(work: &Work, setup: &Setup, side: Side, count: u64) -> Vec<String> {
    let path = |path: &std::path::Path| path.display().to_string();
    let mut args = vec![count.to_string()];
    match work.kind {
        Kind::PerOp => args.push(work.arg.into()),
        Kind::Total => args.extend([work.arg.into(), path(&input_file(&setup.dir))]),
        Kind::StartUp => args.push(path(&setup.dir.join("trivial"))),
    }
    if matches!(work.kind, Kind::StartUp) && side == Side::Preloaded {
        args.push(path(&setup.library));
    }
    args
}
