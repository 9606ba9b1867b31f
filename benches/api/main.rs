//! The Rust API beside gevent (from PyPI) and Go, in one run; see benches/README.md.
//!
//! Every figure comes from a process of its own, pinned to one CPU, and the sides take
//! turns.

mod sides;
mod table;
mod works;

use clap::Parser;
use sides::{Side, Tools};
use table::Row;

/// Compare geventrs's Rust API with gevent and Go
#[derive(Parser)]
#[command(name = "api")]
struct Options {
    /// Run only the works whose name begins so (may be repeated)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// Runs of each work on each side; the best counts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,

    /// Few repetitions: tells that all works, not how fast
    #[arg(long)]
    quick: bool,

    /// The CPU of what is measured
    #[arg(long, value_name = "CPU", default_value_t = 0)]
    cpu: usize,

    /// Run a work here and print what it took
    #[arg(long, hide = true, num_args = 2, value_names = ["WORK", "N"])]
    work: Vec<String>,

    /// Given by `cargo bench`; without effect
    #[arg(long, hide = true)]
    bench: bool,
}

/// A work, what is counted, and how long one may take here, in nanoseconds.
struct Work {
    name: &'static str,
    what: &'static str,
    count: u64,
    bar: f64,
}

const WORKS: &[Work] = &[
    Work { name: "spawn_batches", what: "spawn + join, 100 at a time", count: 100_000, bar: 150.0 },
    Work { name: "spawn", what: "spawn + join, 100,000 alive at once", count: 100_000, bar: 150.0 },
    Work { name: "switch", what: "`sleep(0)` ping-pong, a switch", count: 1_000_000, bar: 40.0 },
    Work { name: "event", what: "Event hand-off", count: 1_000_000, bar: 60.0 },
    Work { name: "queue", what: "Queue hand-off", count: 1_000_000, bar: 60.0 },
    Work { name: "semaphore", what: "Semaphore hand-off", count: 1_000_000, bar: 60.0 },
];
const ECHO: &str = "echo";
/// Of the epoll loop's requests a second.
const ECHO_BAR: f64 = 0.95;

fn main() {
    let options = Options::parse();
    let result = match &options.work[..] {
        [work, n] => n.parse().map_err(|e| format!("{n}: {e}")).and_then(|n| works::run(work, n)),
        _ => compare(&options),
    };
    if let Err(error) = result {
        eprintln!("api: {error}");
        std::process::exit(1);
    }
}

fn compare(options: &Options) -> Result<(), String> {
    let names = || WORKS.iter().map(|work| work.name).chain([ECHO]);
    for only in &options.only {
        if !names().any(|name| name.starts_with(only.as_str())) {
            let all: Vec<&str> = names().collect();
            return Err(format!("no work {only}; there are {}", all.join(", ")));
        }
    }
    let wanted = |name: &str| {
        options.only.is_empty() || options.only.iter().any(|only| name.starts_with(only.as_str()))
    };
    let (tools, missing) = Tools::find(options.cpu)?;
    let runs = if options.quick { 1 } else { options.runs };
    let mut rows = Vec::new();
    for work in WORKS.iter().filter(|work| wanted(work.name)) {
        eprintln!("{} …", work.name);
        let count = if options.quick { work.count / 100 } else { work.count };
        let mut best = [f64::INFINITY; 3];
        for _ in 0..runs {
            for (side, best) in Side::ALL.into_iter().zip(&mut best) {
                if let Some(ns) = tools.work(side, work.name, count)? {
                    *best = best.min(ns);
                }
            }
        }
        rows.push(Row::time(work.what, best, work.bar));
    }
    if wanted(ECHO) {
        eprintln!("{ECHO} …");
        let mut best = [0.0f64; 4];
        for _ in 0..runs {
            for (i, side) in Side::ALL.into_iter().enumerate() {
                if let Some(rate) = tools.echo(Some(side), options.quick)? {
                    best[i] = best[i].max(rate);
                }
            }
            if let Some(rate) = tools.echo(None, options.quick)? {
                best[3] = best[3].max(rate);
            }
        }
        rows.extend(Row::echo(best, ECHO_BAR));
    }
    print!("{}", table::markdown(&rows, &missing));
    Ok(())
}
