//! Compares native pthreads with the same binaries run under
//! `LD_PRELOAD=libgeventrs.so`. See benches/README.md.

mod blocking;
mod child;
mod compile;
mod crowd;
mod echo;
mod observe;
mod options;
mod setup;
mod simple;
mod stats;
mod table;

use clap::Parser;
use options::Options;
use setup::Setup;
use table::Row;

fn main() {
    if let Err(error) = compare(&Options::parse()) {
        eprintln!("compare: {error}");
        std::process::exit(1);
    }
}

fn compare(options: &Options) -> Result<(), String> {
    let chosen = options.chosen(&names())?;
    let setup = Setup::new(options)?;
    compile::compile_all(&setup.dir)?;
    setup.check_library()?;
    let mut rows = Vec::new();
    for name in chosen {
        eprintln!("{name} …");
        rows.extend(measure(name, &setup));
    }
    print!("{}", table::markdown(&rows));
    match &options.json {
        Some(path) => std::fs::write(path, table::json(&rows))
            .map_err(|error| format!("{}: {error}", path.display())),
        None => Ok(()),
    }
}

/// The works by name, in the order of the table.
fn names() -> Vec<&'static str> {
    let simple = simple::WORKS.iter().map(|work| work.name);
    let simple = simple.chain(blocking::NAMES).chain(crowd::NAMES);
    simple.chain([echo::NAME]).chain(observe::NAMES).collect()
}

fn measure(name: &str, setup: &Setup) -> Vec<Row> {
    if let Some(work) = simple::WORKS.iter().find(|work| work.name == name) {
        return vec![simple::measure(work, setup)];
    }
    if blocking::NAMES.contains(&name) {
        return vec![blocking::measure(name, setup)];
    }
    if observe::NAMES.contains(&name) {
        return vec![observe::measure(name, setup)];
    }
    match name {
        echo::NAME => echo::measure(setup),
        _ => vec![crowd::measure(name, setup)],
    }
}
