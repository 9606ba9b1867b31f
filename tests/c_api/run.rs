//! Building and running one program.

use crate::installed::Tree;
use crate::to_end;
use libtest_mimic::Failed;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As it was built.
    Linked,
    /// With the library in LD_PRELOAD besides.
    Preloaded,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Mode::Linked => "linked",
            Mode::Preloaded => "preloaded",
        }
    }
}

pub struct Program {
    binary: PathBuf,
    library: PathBuf,
}

/// One at a time: both runs of a program are of one binary.
static BUILD: Mutex<()> = Mutex::new(());

impl Program {
    /// A source with `GEV_WEAK` is not linked with the library.
    pub fn build(tree: &Tree, source: &Path) -> Result<Program, Failed> {
        let _one = BUILD.lock();
        let directory = tree.root().join("target/c_api");
        let parent = source.parent().and_then(|p| p.parent()).and_then(|p| p.file_name());
        let group = parent.expect("a source lies in the tree").to_string_lossy().into_owned();
        let binary = directory.join(group).join(source.file_stem().expect("a file"));
        std::fs::create_dir_all(binary.parent().expect("it has one"))?;
        let program = Program { binary, library: tree.library() };
        let modified = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
        let fresh = modified(&program.binary);
        // The installed header is new in each run of the tests.
        if fresh > modified(&tree.prefix.join("include/geventrs.h")) && fresh > modified(source) {
            return Ok(program);
        }
        let plus = source.extension().is_some_and(|e| e == "cc");
        let weak = std::fs::read_to_string(source)?.contains("#define GEV_WEAK");
        let mut compiler = Command::new(if plus { "g++" } else { "gcc" });
        compiler.args(["-O1", "-g", "-pthread", "-Wall", "-Wextra", "-Werror"]);
        compiler.arg("-I").arg(tree.root().join("tests/c"));
        compiler.args(tree.flags(&["--cflags"])?).arg(source).arg("-o").arg(&program.binary);
        if !weak {
            compiler.args(tree.flags(&["--libs"])?);
            compiler.arg(format!("-Wl,-rpath,{}", tree.prefix.join("lib").display()));
        }
        let output = compiler.env_remove("LD_PRELOAD").output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(program)
    }

    pub fn name(&self) -> String {
        self.binary.file_name().expect("a file").to_string_lossy().into_owned()
    }

    pub fn run(&self, mode: Mode) -> Result<Output, Failed> {
        let mut command = Command::new(&self.binary);
        command.env_remove("LD_PRELOAD").env_remove("GEVENTRS_TEST_PRELOADED");
        if mode == Mode::Preloaded {
            command.env("LD_PRELOAD", &self.library).env("GEVENTRS_TEST_PRELOADED", "1");
        }
        to_end::run(&mut command)
    }
}
