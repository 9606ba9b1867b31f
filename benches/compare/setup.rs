//! What all works share: the library, the directories, the CPUs.

use crate::child::{self, Job};
use crate::options::Options;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Clone, Copy, PartialEq)]
pub enum Side {
    Native,
    Preloaded,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Pinned,
    Unpinned,
}

pub struct Setup {
    /// Where the compiled programs are: target/benches.
    pub dir: PathBuf,
    pub library: PathBuf,
    pub runs: usize,
    pub quick: bool,
    pub cpu: usize,
    /// The CPU of the echo client; `cpu` again if there is only one.
    pub other_cpu: usize,
}

impl Setup {
    pub fn new(options: &Options) -> Result<Self, String> {
        let cpus = child::allowed_cpus();
        if !cpus.contains(&options.cpu) {
            return Err(format!("CPU {} is not among the usable {cpus:?}", options.cpu));
        }
        let other_cpu = cpus.into_iter().find(|&cpu| cpu != options.cpu);
        let target = target_dir();
        child::raise_open_files();
        Ok(Setup {
            dir: target.join("benches"),
            library: library(&target)?,
            runs: options.runs(),
            quick: options.quick,
            cpu: options.cpu,
            other_cpu: other_cpu.unwrap_or(options.cpu),
        })
    }

    /// A run of `program` (of benches/c) on `side` at `place`.
    pub fn job(&self, program: &str, args: &[String], side: Side, place: Place) -> Job {
        Job {
            program: self.dir.join(program),
            args: args.to_vec(),
            preload: (side == Side::Preloaded).then(|| self.library.clone()),
            cpu: (place == Place::Pinned).then_some(self.cpu),
            env: Vec::new(),
            limit: Duration::from_secs(20),
        }
    }

    /// ld.so goes on without a library it cannot load; the comparison must not.
    pub fn check_library(&self) -> Result<(), String> {
        let job = self.job("trivial", &[], Side::Preloaded, Place::Pinned);
        let output = child::run(&job);
        let said = output.map_or_else(|error| error, |output| output.stderr);
        if said.contains("cannot be preloaded") {
            return Err(format!("{} cannot be preloaded", self.library.display()));
        }
        Ok(())
    }
}

fn target_dir() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into());
    here.join(target)
}

/// The absolute path of the library, which must exist.
fn library(target: &Path) -> Result<PathBuf, String> {
    let named = std::env::var_os("GEVENTRS_LIB").map(PathBuf::from);
    let path = named.unwrap_or_else(|| target.join("release/libgeventrs.so"));
    let absolute = path.canonicalize().map_err(|error| {
        format!("{}: {error} (run `cargo build --release` or set GEVENTRS_LIB)", path.display())
    })?;
    let text = absolute.to_string_lossy();
    if text.contains([' ', ':']) {
        return Err(format!("LD_PRELOAD cannot name a path with a space or colon: {text}"));
    }
    Ok(absolute)
}
