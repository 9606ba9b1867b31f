//! Starting the tool, and making programs for it.

use crate::signals::default_signals;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{PoisonError, RwLock};

pub const TOOL: &str = env!("CARGO_BIN_EXE_geventrs");

pub fn library() -> PathBuf {
    if let Some(path) = std::env::var_os("GEVENTRS_LIB") {
        return std::path::absolute(path).unwrap();
    }
    let profile = Path::new(TOOL).parent().unwrap();
    let places = [profile.to_owned(), profile.with_file_name("release")];
    let found = places.iter().map(|p| p.join("libgeventrs.so")).find(|p| p.is_file());
    found.expect("libgeventrs.so: cargo build --release")
}

/// The tool in an environment without settings.
pub fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(TOOL);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GEVENTRS_") || name == "LD_PRELOAD" {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// `geventrs run --lib LIBRARY ARGUMENTS`.
pub fn run(arguments: &[&str]) -> Command {
    let mut command = tool(&["run", "--lib"]);
    command.arg(library()).args(arguments);
    command
}

/// Between fork and exec a child of one test holds what another test's thread
/// has open, and a file that is open for writing cannot be executed: nobody
/// starts a process while a program is being written.
static WRITING: RwLock<()> = RwLock::new(());

pub fn start(command: &mut Command) -> Child {
    default_signals(command);
    // A failed test must not fail the others.
    let _nobody_writes = WRITING.read().unwrap_or_else(PoisonError::into_inner);
    command.spawn().expect("the program starts")
}

pub fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    start(command).wait_with_output().unwrap()
}

pub fn stdout(command: &mut Command) -> String {
    let output = output(command);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The tool must fail with `code` and one line that contains `text`.
#[track_caller]
pub fn fails(command: &mut Command, code: i32, text: &str) {
    let output = output(command);
    let line = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{line}");
    assert!(line.starts_with("geventrs: ") && line.contains(text), "{line:?}");
    assert_eq!((line.lines().count(), output.stdout.len()), (1, 0), "{line:?}");
}

/// A directory for one test.
pub fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tool").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// A directory that every user may search, for one test.
pub fn shared(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("geventrs-tool-{name}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path
}

/// Compile a C program.
pub fn compile(directory: &Path, source: &str, flags: &[&str]) -> PathBuf {
    let binary = directory.join("program");
    compile_to(&binary, source, flags);
    binary
}

/// Compile C to a given file.
pub fn compile_to(binary: &Path, source: &str, flags: &[&str]) {
    let code = binary.with_extension("c");
    fs::write(&code, source).unwrap();
    let mut cc = Command::new("cc");
    cc.arg("-pthread").arg(&code).arg("-o").arg(binary).args(flags);
    assert!(start(&mut cc).wait().unwrap().success());
}

pub fn executable(directory: &Path, name: &str, content: &[u8]) -> String {
    let _nobody_forks = WRITING.write().unwrap_or_else(PoisonError::into_inner);
    let path = directory.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}
