//! CPython with `threading` and what builds on it.

use super::run::{run, same, PATIENCE};
use super::Case;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Debian's interpreter and, where it is another one, the PATH's.
fn interpreters() -> Vec<(&'static str, PathBuf)> {
    let system = PathBuf::from("/usr/bin/python3");
    let mut all = vec![("debian", system.clone())];
    // What comes first in the PATH may be a shell script that starts the
    // interpreter (pyenv): ask the interpreter itself.
    let first = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .env_remove("LD_PRELOAD")
        .output()
        .map(|o| PathBuf::from(String::from_utf8_lossy(&o.stdout).trim()));
    let real = |p: &Path| p.canonicalize().ok();
    if let Ok(first) = first {
        if first.is_file() && real(&first) != real(&system) {
            all.push(("path", first));
        }
    }
    all
}

/// The directory of the scripts, found at run time: a new one is a new case.
fn scripts() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/python");
    let mut all: Vec<PathBuf> = std::fs::read_dir(&dir)
        .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
        .map(|e| e.expect("directory entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "py"))
        .collect();
    all.sort();
    all
}

/// OS threads that the preloaded run of `threads_500` may have: carriers come
/// and go, but far fewer than the threads of the program.
const FEW: usize = 20;

pub fn cases() -> Vec<Case> {
    let mut all = vec![];
    for (which, interpreter) in interpreters() {
        let program = interpreter.display().to_string();
        for script in scripts() {
            let stem = script.file_stem().expect("a name").to_string_lossy().into_owned();
            let interpreter = interpreter.clone();
            all.push(Case::new(format!("python/{which}/{stem}"), &[&program], move |place| {
                same(
                    place,
                    PATIENCE,
                    |mode| {
                        // Each run finds the directory as the other did.
                        place.clear();
                        let mut c = place.command(mode, &interpreter);
                        c.arg("-B").arg(&script);
                        c
                    },
                    |_| Ok(()),
                )
            }));
        }
        let own = interpreter.clone();
        all.push(Case::new(format!("python/{which}/thread_count"), &[&program], move |place| {
            let script = place.source("tests/real/python/threads_500.py");
            let count = |mode| {
                let ended = run(place.command(mode, &own).arg("-B").arg(&script), b"", PATIENCE)?;
                Ok::<_, String>(ended.success("threads_500")?.max_threads)
            };
            let counts: Vec<usize> =
                place.modes().iter().map(|&m| count(m)).collect::<Result<_, _>>()?;
            match counts[..] {
                [native, ..] if native < 100 => Err(format!("{native} threads seen natively")),
                [_, preloaded] if preloaded > FEW => Err(format!("{preloaded} OS threads")),
                _ => Ok(()),
            }
        }));
    }
    all
}
