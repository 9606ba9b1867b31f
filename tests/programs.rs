//! Every program of `tests/c` behaves the same with the library preloaded as
//! natively: the native run of the same binary is the oracle.
//!
//! Programs are `tests/c/<group>/<name>.c`, `.cpp` or `.rs`, one behaviour a
//! file.  The `//` lines at the top of a file direct the harness:
//!
//! | line | meaning |
//! | --- | --- |
//! | `// rule: sentence` | the rule (POSIX, a man page) it guards; mandatory |
//! | `// source: pages` | where the rule stands, for the table of conformance; those that the rule names unless said |
//! | `// args: a b` | its arguments |
//! | `// cflags: -Dx` | flags for the compiler, before the source |
//! | `// libs: -lfoo` | flags for the compiler, after the source |
//! | `// env: K=V K2=V2` | its environment, in both runs |
//! | `// timeout: seconds` | for each run; 20 unless said |
//! | `// exit: N`, `// exit: signal N` | how the native run ends; 0 unless said |
//! | `// stdin: text` | its input (`\n`, `\t`, `\\`); none unless said |
//! | `// stderr: ignore` | stderr may differ; else it must be the same |
//! | `// one-thread: yes` | preloaded, it never has a second OS thread |
//! | `// native: skip reason` | only run preloaded; it checks itself |
//! | `// glibc: 2.N` | it calls what older ones lack, or do wrong natively: ignored there |
//! | `// gcc: N` | it includes what older ones lack: ignored there |
//! | `// pending: reason` | what the library lacks for it to pass: listed with the reason, run with `--include-ignored` |
//! | `// variant: name flags` | also build with these flags, as `group/file@name` |
//!
//! A run's directory is empty and its own.  The preloaded run has
//! `GEVENTRS_TEST_PRELOADED=1` in its environment.  `GEVENTRS_LIB` names
//! another library than `target/release/libgeventrs.so`, and
//! `GEVENTRS_TEST_ROOT` the root directory of another system, in which the
//! programs are compiled and run (`tests/debian` sees to what must be mounted
//! there). `GEVENTRS_TEST_PROCESSOR` names another processor (`tests/aarch64`):
//! its compiler makes the programs, and an emulator runs them. What does not
//! work there natively is not compared, and said. `GEVENTRS_TEST_CFLAGS` are flags
//! that every C and C++ program is compiled with, before its own:
//! `-O2 -D_FORTIFY_SOURCE=3`.
//!
//! `cargo test --test programs -- thread/` runs one group, and
//! `-- --exact thread/detach` one program.

mod support;

use libtest_mimic::{Arguments, Trial};
use std::sync::Arc;

fn main() {
    let mut args = Arguments::from_args();
    // Many programs wait more than they work, but some measure time: keep to
    // what the smallest machine does at once.
    args.test_threads.get_or_insert(2);

    let layout = Arc::new(support::Layout::new());
    let page = layout.clone();
    // The page is of this checkout, whatever the programs run on.
    let table = layout.system.is_none().then(|| {
        Trial::test(support::conformance::TRIAL, move || {
            support::conformance::check(&page).map_err(Into::into)
        })
    });
    let trials = layout
        .programs()
        .into_iter()
        .map(|program| {
            let layout = layout.clone();
            let directives = program.directives.as_ref().ok();
            let why = directives.and_then(|d| {
                let pending = d.pending.as_ref().map(|why| format!("pending: {why}"));
                layout.lacks(d).or(pending)
            });
            let trial = Trial::test(program.name.clone(), move || {
                program.test(&layout).map_err(Into::into)
            });
            match why {
                Some(why) => trial.with_kind(why).with_ignored_flag(true),
                None => trial,
            }
        })
        .chain(table)
        .collect();
    libtest_mimic::run(&args, trials).exit();
}
