//! Compiles benches/c/*.c into target/benches and makes the file they read.

use std::path::{Path, PathBuf};
use std::process::Command;

pub fn compile_all(dir: &Path) -> Result<(), String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/c");
    let failed = |error: std::io::Error| format!("{}: {error}", sources.display());
    std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    for entry in std::fs::read_dir(&sources).map_err(failed)? {
        let source = entry.map_err(failed)?.path();
        if source.extension().is_some_and(|extension| extension == "c") {
            compile(&source, &dir.join(source.file_stem().unwrap_or_default()))?;
        }
    }
    let bytes: Vec<u8> = (0..1 << 20).map(|i| (i % 251) as u8).collect();
    let file = input_file(dir);
    std::fs::write(&file, bytes).map_err(|error| format!("{}: {error}", file.display()))
}

/// The 1 MiB file which the work on small blocks reads.
pub fn input_file(dir: &Path) -> PathBuf {
    dir.join("blocks.input")
}

fn compile(source: &Path, program: &Path) -> Result<(), String> {
    let mut gcc = Command::new("gcc");
    gcc.args(["-O2", "-pthread", "-Wall", "-Wextra", "-o"]).arg(program).arg(source);
    let status = gcc.status().map_err(|error| format!("gcc: {error}"))?;
    if !status.success() {
        return Err(format!("gcc failed on {}", source.display()));
    }
    Ok(())
}
