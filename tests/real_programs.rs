//! Programs that other people wrote, and that know nothing of geventrs, do
//! under the preload what they do natively.
//!
//! Each case runs its program twice in this order: natively (the oracle) and
//! with the library preloaded, on loopback and in an empty directory, bounded
//! in time. What both runs print must be the same, unless the case checks the
//! results itself.
//!
//! A case whose program is not installed is listed as `[skipped: reason]` and
//! ignored; where the environment has `CI=true` it fails instead, so that a
//! green run there means that everything ran. `tests/setup` installs all.
//!
//! `GEVENTRS_LIB` names another library than the one `cargo build --release`
//! makes. `GEVENTRS_TEST_NATIVE_ONLY=1` leaves the preloaded halves out: it
//! proves the cases themselves.
//!
//! | module | cases |
//! | --- | --- |
//! | `python` | every `tests/real/python/*.py`, under each CPython there is |
//! | `servers` | proxies, memcached, redis, HTTP servers under load |
//! | `clients` | `wrk`, `curl --parallel`, `redis-benchmark --threads` themselves preloaded |
//! | `compress` | `pigz`, `xz -T`, `sort --parallel` … on 4 threads |
//! | `compute` | OpenMP, `std::async`, work stealing, OpenBLAS under numpy |
//! | `own` | C++ and Rust programs on their standard libraries, the echo example |
//! | `languages` | scripts on the threads of Perl and Ruby |
//! | `neighbours` | other preloads, sanitizers, debuggers and profilers, runtimes with coroutines or collectors |
//! | `harmless` | every `tests/real/harmless/*.sh`: programs that have nothing to gain |
//! | `bad_input` | limits, deadlocks, wrong settings |
//! | `suites` | test suites of programs from PyPI and of CPython, compared case by case |

#[path = "support/process.rs"]
#[allow(dead_code)]
mod process;
mod real;

use libtest_mimic::{Arguments, Trial};
use std::sync::Arc;

fn main() {
    let mut args = Arguments::from_args();
    // The programs have threads of their own, and some bounds are on time.
    args.test_threads.get_or_insert(2);

    let bench = Arc::new(real::bench::Bench::new());
    let skips_fail = std::env::var("CI").is_ok_and(|v| v == "true" || v == "1");
    let trials = real::cases()
        .into_iter()
        .map(|case| match case.missing() {
            Some(what) if skips_fail => Trial::test(case.name, move || {
                Err(format!("skipped, which CI counts as a failure: {what}").into())
            }),
            Some(what) => Trial::test(case.name, || Ok(()))
                .with_kind(format!("skipped: {what}"))
                .with_ignored_flag(true),
            None => {
                let bench = bench.clone();
                let pending = case.pending().filter(|_| !bench.native_only);
                let kind = pending.map(|why| format!("pending: {why}")).unwrap_or_default();
                Trial::test(case.name.clone(), move || {
                    bench.check_library()?;
                    (case.body)(&bench.place(&case.name)?).map_err(Into::into)
                })
                .with_kind(kind)
                .with_ignored_flag(pending.is_some())
            }
        })
        .collect();
    libtest_mimic::run(&args, trials).exit();
}
