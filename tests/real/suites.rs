//! Programs that come with test suites of their own: each suite is run natively
//! and preloaded, and the outcomes are compared case by case.
//!
//! `tests/real/suites/setup` installs them from PyPI; Debian's CPython brings its own, which
//! `tests/setup` installs. What `tests/run` does is a
//! part that takes a minute or two; `GEVENTRS_TEST_LONG=1` runs the suites as a
//! whole (a quarter of an hour).

use super::run::run;
use super::Case;
use crate::real::bench::Mode;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// One suite, run by pytest, or with Debian's interpreter by `suites/outcomes.py`.
struct Suite {
    /// What it is an example of, and its name.
    name: &'static str,
    /// Debian's interpreter and its modules, instead of those that setup has installed.
    debian: bool,
    /// Where its tests are, under `target/suites`; none: in the packages.
    sources: Option<&'static str>,
    /// What is run always.
    part: &'static [&'static str],
    /// What is run when there is time.
    whole: &'static [&'static str],
}

const SUITES: &[Suite] = &[
    Suite {
        name: "language_runtime/cpython",
        debian: false,
        sources: None,
        part: &[
            "test.test_queue",
            "test.test_thread",
            "test.test_threading_local",
            "test.test_sched",
        ],
        whole: &[
            "test.test_queue",
            "test.test_thread",
            "test.test_threading",
            "test.test_threading_local",
            "test.test_threadedtempfile",
            "test.test_sched",
            "test.test_selectors",
            "test.test_socketserver",
            "test.test_poll",
            "test.test_select",
            "test.test_subprocess",
            "test.test_fork1",
            "test.test_wait4",
            "test.test_signal",
            "test.test_epoll",
            "test.test_httpservers",
            "test.test_faulthandler",
        ],
    },
    Suite {
        name: "language_runtime/cpython_pools",
        debian: true,
        sources: None,
        part: &[
            "test.test_concurrent_futures.ThreadPoolExecutorTest",
            "test.test_concurrent_futures.ThreadPoolAsCompletedTest",
            "test.test_concurrent_futures.ProcessPoolForkProcessPoolExecutorTest",
        ],
        // Together with asyncio's and multiprocessing's in one process the rest hangs
        // natively; see docs/compatibility.md for what is run by hand.
        whole: &[
            "test.test_concurrent_futures.ThreadPoolExecutorTest",
            "test.test_concurrent_futures.ThreadPoolAsCompletedTest",
            "test.test_concurrent_futures.ProcessPoolForkProcessPoolExecutorTest",
        ],
    },
    Suite {
        name: "database/zodb",
        debian: false,
        sources: None,
        part: &["ZODB.tests.testMappingStorage"],
        whole: &[
            "ZODB.tests.testMappingStorage",
            "ZODB.tests.testMVCCMappingStorage",
            "ZODB.tests.testFileStorage",
            "ZODB.tests.testThreadedShutdown",
        ],
    },
    Suite {
        name: "http_server/waitress",
        debian: false,
        sources: Some("waitress"),
        part: &["tests/test_functional.py", "tests/test_task.py", "tests/test_trigger.py"],
        whole: &["tests"],
    },
    Suite {
        name: "download/s3transfer",
        debian: false,
        sources: Some("s3transfer"),
        part: &["tests/functional/test_download.py", "tests/unit/test_futures.py"],
        whole: &["tests/functional", "tests/unit"],
    },
    Suite {
        name: "compression/zstandard",
        debian: false,
        sources: Some("zstandard"),
        part: &[
            "tests/test_compressor_multi_compress_to_buffer.py",
            "tests/test_decompressor_multi_decompress_to_buffer.py",
            "tests/test_compressor_stream_reader.py",
            "tests/test_compressor_stream_writer.py",
        ],
        whole: &["tests"],
    },
    Suite {
        name: "mail_server/aiosmtpd",
        debian: false,
        sources: None,
        part: &["aiosmtpd.tests.test_handlers", "aiosmtpd.tests.test_lmtp"],
        whole: &[
            "aiosmtpd.tests.test_handlers",
            "aiosmtpd.tests.test_lmtp",
            "aiosmtpd.tests.test_server",
            "aiosmtpd.tests.test_smtp",
        ],
    },
];

/// For each run; only a hang shall reach it.
const PATIENCE: Duration = Duration::from_secs(300);
const LONG_PATIENCE: Duration = Duration::from_secs(1800);

pub fn cases() -> Vec<Case> {
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/suites");
    let outcomes_py =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/real/suites/outcomes.py");
    let installed = place.join("venv/bin/python").display().to_string();
    let long = std::env::var_os("GEVENTRS_TEST_LONG").is_some();
    let case = |suite: &'static Suite| {
        let python = match suite.debian {
            true => "/usr/bin/python3".to_owned(),
            false => installed.clone(),
        };
        let (place, outcomes_py) = (place.clone(), outcomes_py.clone());
        Case::new(format!("suites/{}", suite.name), &[&python.clone()], move |here| {
            let outcomes = |mode: Mode| {
                here.clear();
                let mut c = here.command(mode, PathBuf::from(&python));
                c.env("PYTHONDONTWRITEBYTECODE", "1");
                let tests = if long { suite.whole } else { suite.part };
                let pytest = [
                    "-m",
                    "pytest",
                    "-q",
                    "-rA",
                    "--tb=short",
                    "-p",
                    "no:cacheprovider",
                    "-o",
                    "addopts=",
                    "--show-capture=no",
                ];
                match suite.sources {
                    _ if suite.debian => {
                        c.arg(&outcomes_py).args(tests);
                    }
                    Some(sources) => {
                        c.args(pytest);
                        let sources = place.join(sources);
                        c.arg("--rootdir").arg(&sources);
                        let path = |p: &&str| sources.join(p);
                        c.args(tests.iter().map(path));
                    }
                    None => {
                        c.args(pytest).arg("--pyargs").args(tests);
                    }
                }
                let ended = run(&mut c, b"", if long { LONG_PATIENCE } else { PATIENCE })?;
                let outcomes = parse(&ended.stdout_text());
                match outcomes.is_empty() {
                    true => Err(format!("no test was run:\n{}", ended.describe())),
                    false => Ok((outcomes, ended)),
                }
            };
            let (native, _) = outcomes(Mode::Native)?;
            if here.bench.native_only {
                return Ok(());
            }
            let (preloaded, ended) = outcomes(Mode::Preloaded)?;
            let mut wrong = Vec::new();
            for name in native.keys().chain(preloaded.keys()) {
                let (n, p) = (native.get(name), preloaded.get(name));
                if n != p {
                    let say = |outcome: Option<&String>| outcome.map_or("absent", |o| o).to_owned();
                    wrong.push(format!("{name}: {}, natively {}", say(p), say(n)));
                }
            }
            wrong.dedup();
            match wrong.is_empty() {
                true => Ok(()),
                false => Err(format!("{}\n{}", wrong.join("\n"), ended.describe())),
            }
        })
    };
    SUITES.iter().map(case).collect()
}

/// The outcome of each test: pytest's lines `PASSED test`, `FAILED test - why`.
/// Where several have one name, all of theirs.
fn parse(output: &str) -> BTreeMap<String, String> {
    const OUTCOMES: [&str; 5] = ["PASSED", "FAILED", "ERROR", "XFAIL", "XPASS"];
    let mut all: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let summary = output.rsplit("short test summary info").next().unwrap_or("");
    for line in summary.lines() {
        let Some((outcome, rest)) = line.split_once(' ') else { continue };
        if OUTCOMES.contains(&outcome) {
            let name = rest.split(" - ").next().unwrap_or(rest);
            all.entry(name.to_owned()).or_default().push(outcome);
        }
    }
    let join = |(name, mut outcomes): (String, Vec<&str>)| {
        outcomes.sort_unstable();
        (name, outcomes.join(" "))
    };
    all.into_iter().map(join).collect()
}
