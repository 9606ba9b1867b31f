//! Faults end a process as they do natively; a thread that has used up its
//! stack is named on stderr, in one line.
//!
//! The library is the one in `GEVENTRS_LIB`, else the release build's.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

const SIGABRT: i32 = 6;
const SIGSEGV: i32 = 11;

fn library() -> PathBuf {
    let path = match std::env::var_os("GEVENTRS_LIB") {
        Some(path) => std::path::absolute(path).unwrap(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release/libgeventrs.so"),
    };
    assert!(path.is_file(), "{}: cargo build --release", path.display());
    path
}

fn compile(compiler: &str, flags: &[&str], source: &str, name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults").join(source);
    let status = Command::new(compiler).args(flags).arg(source).arg("-o").arg(&program).status();
    assert!(status.expect("a compiler").success());
    program
}

fn c_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    const FLAGS: &[&str] =
        &["-O1", "-Wno-infinite-recursion", "-fno-optimize-sibling-calls", "-pthread"];
    PROGRAM.get_or_init(|| compile("gcc", FLAGS, "overflow.c", "overflow-c"))
}

fn run(program: &Path, arguments: &[&str], preloaded: bool) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).env_remove("LD_PRELOAD");
    if preloaded {
        command.env("LD_PRELOAD", library());
    }
    command.output().expect("the program starts")
}

/// Both runs end by `signal`, or well. The preloaded run's stderr.
fn ends_alike(arguments: &[&str], signal: Option<i32>) -> String {
    let native = run(c_program(), arguments, false);
    let preloaded = run(c_program(), arguments, true);
    assert_eq!(native.status.signal(), signal, "native: {native:?}");
    assert_eq!(preloaded.status, native.status, "preloaded: {preloaded:?}");
    assert_eq!(preloaded.stdout, native.stdout);
    assert!(native.stderr.is_empty());
    String::from_utf8(preloaded.stderr).expect("text")
}

/// The one line, but for the thread's number.
fn assert_names_the_thread(stderr: &str) {
    let (start, end) = ("geventrs: stack overflow in thread ", " \"deep\" (stack of 256 KB)\n");
    let number = stderr.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
    assert!(number.is_some_and(|n| n.parse::<u32>().is_ok()), "{stderr:?}");
}

#[test]
fn an_overflow_names_the_thread_and_dies_of_sigsegv() {
    assert_names_the_thread(&ends_alike(&["overflow"], Some(SIGSEGV)));
}

#[test]
fn a_null_pointer_dies_of_sigsegv_without_a_word() {
    assert_eq!(ends_alike(&["null"], Some(SIGSEGV)), "");
}

#[test]
fn an_overflow_with_a_handler_on_the_same_stack_dies() {
    assert_names_the_thread(&ends_alike(&["handler"], Some(SIGSEGV)));
    assert_names_the_thread(&ends_alike(&["handler", "early"], Some(SIGSEGV)));
}

#[test]
fn a_handler_on_the_threads_alternate_stack_gets_the_overflow() {
    assert_names_the_thread(&ends_alike(&["onstack"], None));
    assert_names_the_thread(&ends_alike(&["onstack", "early"], None));
}

#[test]
fn a_handler_recovers_from_a_null_pointer_by_siglongjmp() {
    assert_eq!(ends_alike(&["recover"], None), "");
    assert_eq!(ends_alike(&["recover", "early"], None), "");
}

#[test]
fn rusts_own_overflow_report_is_printed_and_aborts() {
    let program = compile("rustc", &["-O", "--edition", "2021"], "overflow.rs", "overflow-rs");
    for preloaded in [false, true] {
        let output = run(&program, &[], preloaded);
        assert_eq!(output.status.signal(), Some(SIGABRT), "{output:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("thread 'deep'") && stderr.contains("overflowed its stack"));
        assert_eq!(stderr.contains("geventrs: stack overflow in thread"), preloaded);
    }
}
