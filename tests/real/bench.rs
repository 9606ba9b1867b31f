//! Where things are: the library, the sources, a directory for each case, the
//! binaries that cases compile.

use crate::process::Scratch;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Whether a run has the library preloaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    Native,
    Preloaded,
}

/// What all cases share.
pub struct Bench {
    pub root: PathBuf,
    pub build: PathBuf,
    pub library: PathBuf,
    pub native_only: bool,
}

impl Bench {
    pub fn new() -> Bench {
        let build = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let library = match std::env::var_os("GEVENTRS_LIB") {
            // The programs run in directories of their own.
            Some(p) => std::path::absolute(p).expect("GEVENTRS_LIB is a path"),
            None => build.with_file_name("release").join("libgeventrs.so"),
        };
        Bench {
            root: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
            build: build.join("real"),
            library,
            native_only: std::env::var_os("GEVENTRS_TEST_NATIVE_ONLY").is_some(),
        }
    }

    pub fn check_library(&self) -> Result<(), String> {
        match self.native_only || self.library.is_file() {
            true => Ok(()),
            false => Err(format!(
                "the library {} does not exist: build it first (cargo build --release), \
                 or name it in GEVENTRS_LIB",
                self.library.display()
            )),
        }
    }

    /// An empty directory for a case, gone when the case is over.
    pub fn place(&self, case: &str) -> Result<Place<'_>, String> {
        let dir = self.build.join(format!("{}.{}", case.replace('/', "."), std::process::id()));
        Ok(Place { bench: self, scratch: Scratch::new(dir)? })
    }
}

/// A case's own directory, and through it the bench.
pub struct Place<'a> {
    pub bench: &'a Bench,
    scratch: Scratch,
}

impl Place<'_> {
    pub fn dir(&self) -> &Path {
        &self.scratch.0
    }

    /// Empties the directory, so that the next run finds it as the last did.
    pub fn clear(&self) {
        for entry in std::fs::read_dir(self.dir()).into_iter().flatten().flatten() {
            let path = entry.path();
            let _ = match path.is_dir() {
                true => std::fs::remove_dir_all(&path),
                false => std::fs::remove_file(&path),
            };
        }
    }

    /// A file of the repository.
    pub fn source(&self, path: &str) -> PathBuf {
        self.bench.root.join(path)
    }

    /// The modes to run in, in their order.
    pub fn modes(&self) -> &'static [Mode] {
        match self.bench.native_only {
            true => &[Mode::Native],
            false => &[Mode::Native, Mode::Preloaded],
        }
    }

    /// A command in the case's directory with an environment that is the same
    /// for everybody but for PATH, and with or without the library.
    pub fn command(&self, mode: Mode, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut c = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        c.current_dir(self.dir())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.dir())
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC");
        // What rustup's and pyenv's stand-ins need to find the real program.
        for name in ["RUSTUP_HOME", "CARGO_HOME", "PYENV_ROOT", "PYENV_VERSION"] {
            if let Some(v) = std::env::var_os(name) {
                c.env(name, v);
            }
        }
        if mode == Mode::Preloaded {
            c.env("LD_PRELOAD", &self.bench.library);
        }
        c
    }

    /// Compile a source of the repository into the case's directory.
    pub fn compile(&self, source: &str, flags: &[&str]) -> Result<PathBuf, String> {
        let source = self.source(source);
        let binary = self.dir().join(source.file_stem().expect("a source has a name"));
        let mut c = match source.extension().and_then(|e| e.to_str()) {
            Some("rs") => {
                let mut c = Command::new("rustc");
                c.args(["-O", "--edition", "2021", "--crate-name", "program"]);
                c
            }
            ext => {
                let mut c = Command::new(if ext == Some("c") { "gcc" } else { "g++" });
                c.args(["-O2", "-g", "-pthread", "-Wall"]);
                c
            }
        };
        c.args(flags).arg(&source).arg("-o").arg(&binary);
        c.env_remove("LD_PRELOAD").stdin(Stdio::null());
        let out = c.output().map_err(|e| format!("{c:?}: {e}"))?;
        match out.status.success() {
            true => Ok(binary),
            false => {
                Err(format!("does not compile: {c:?}\n{}", String::from_utf8_lossy(&out.stderr)))
            }
        }
    }
}

/// Where a command is, as the shell would find it.
pub fn find_command(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|p| p.is_file());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|p| p.is_file())
}
