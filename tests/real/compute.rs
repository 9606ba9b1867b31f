//! Programs whose threads compute: OpenMP teams that spin or sleep between
//! loops, `std::async`, workers that spin for work, OpenBLAS under the
//! interpreter.

use super::bench::Place;
use super::run::{same, Ended, PATIENCE};
use super::Case;

const PYTHON: &str = "/usr/bin/python3";

fn done(ended: &Ended) -> Result<(), String> {
    match ended.stdout.ends_with(b"done\n") {
        true => Ok(()),
        false => Err("it did not come to its end".into()),
    }
}

pub fn cases() -> Vec<Case> {
    let program = |name: &str, source: &'static str, compiler: &str, flags: &'static [&str]| {
        Case::new(format!("compute/{name}"), &[compiler], move |place| {
            let binary = place.compile(source, flags)?;
            same(place, PATIENCE, |mode| place.command(mode, &binary), done)
        })
    };
    let mut all = vec![
        program("cpp_async", "tests/real/own/async.cpp", "g++", &["-std=c++17"]),
        program("rust_work_stealing", "tests/real/own/work_stealing.rs", "rustc", &[]),
        Case::new("compute/numpy_threads", &[PYTHON], numpy),
    ];
    for policy in ["active", "passive"] {
        for threads in ["4", "16"] {
            let name = format!("compute/openmp_{policy}_{threads}");
            all.push(Case::new(name, &["gcc"], move |place| openmp(place, policy, threads)));
        }
    }
    all
}

/// With the active policy a team's threads spin between two loops.
fn openmp(place: &Place, policy: &str, threads: &str) -> Result<(), String> {
    let binary = place.compile("tests/real/own/openmp.c", &["-fopenmp"])?;
    let command = |mode| {
        let mut c = place.command(mode, &binary);
        c.env("OMP_WAIT_POLICY", policy).env("OMP_NUM_THREADS", threads);
        c
    };
    same(place, PATIENCE, command, done)
}

fn numpy(place: &Place) -> Result<(), String> {
    let script = place.source("tests/real/own/numpy_threads.py");
    let command = |mode| {
        let mut c = place.command(mode, PYTHON);
        c.arg("-B").arg(&script).env("OPENBLAS_NUM_THREADS", "4");
        c
    };
    same(place, PATIENCE, command, done)
}
