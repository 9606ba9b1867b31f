//! The API for C: its programs (`tests/c_api/*.c`) and its examples
//! (`examples/c_api`), built against an installed tree as a user would, by
//! `pkg-config`, and each run twice: with the library linked only, and preloaded as
//! well. Both must give the same.
//!
//! The library is `target/release/libgeventrs.so`, or what `GEVENTRS_LIB` names.

mod installed;
mod outputs;
#[path = "../support/examples.rs"]
mod printed;
mod run;
#[path = "../support/to_end.rs"]
mod to_end;

use installed::Tree;
use libtest_mimic::{Arguments, Failed, Trial};
use run::{Mode, Program};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn main() {
    let mut args = Arguments::from_args();
    args.test_threads.get_or_insert(2);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tree = match args.list {
        true => Ok(Tree::nowhere()),
        false => Tree::install(root),
    };
    let tree = Arc::new(tree);
    let mut trials = Vec::new();
    for source in sources(&root.join("tests/c_api")) {
        for mode in [Mode::Linked, Mode::Preloaded] {
            trials.push(trial(&tree, &source, mode, check));
        }
    }
    for source in sources(&root.join("examples/c_api")) {
        for mode in [Mode::Linked, Mode::Preloaded] {
            trials.push(trial(&tree, &source, mode, outputs::example));
        }
    }
    let page = tree.clone();
    trials.push(Trial::test("install/every_function_has_a_page", move || {
        installed::every_function_has_a_page(ready(&page)?)
    }));
    let called = tree.clone();
    trials.push(Trial::test("install/every_function_is_called_by_a_test", move || {
        installed::every_function_is_called(ready(&called)?)
    }));
    let header = tree.clone();
    trials.push(Trial::test("install/the_header_compiles_in_strict_dialects", move || {
        installed::the_header_compiles_in_strict_dialects(ready(&header)?)
    }));
    let page = tree.clone();
    trials.push(Trial::test("install/pages_are_well_formed", move || {
        installed::pages_are_well_formed(ready(&page)?)
    }));
    let tool = tree.clone();
    trials.push(Trial::test(
        "install/the_tool_has_pages_completions_and_commands_for_gdb",
        move || installed::the_tool_has_pages_completions_and_commands_for_gdb(ready(&tool)?),
    ));
    let all = tree.clone();
    trials.push(Trial::test("install/uninstall_leaves_nothing", move || {
        installed::uninstall_leaves_nothing(ready(&all)?)
    }));
    libtest_mimic::run(&args, trials).exit();
}

fn ready(tree: &Result<Tree, String>) -> Result<&Tree, Failed> {
    tree.as_ref().map_err(|e| e.clone().into())
}

/// The programs of a directory.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("the directory is there");
    let mut all: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    all.retain(|p| p.extension().is_some_and(|e| e == "c" || e == "cc"));
    all.sort();
    all
}

type Judge = fn(&Program, Mode) -> Result<(), Failed>;

fn trial(tree: &Arc<Result<Tree, String>>, source: &Path, mode: Mode, judge: Judge) -> Trial {
    let group = match source.parent().and_then(Path::parent).and_then(Path::file_name) {
        Some(name) if name == "examples" => "examples/",
        _ => "",
    };
    let stem = source.file_stem().expect("a file").to_string_lossy();
    let name = format!("{group}{stem}/{}", mode.name());
    let (tree, source) = (tree.clone(), source.to_owned());
    Trial::test(name, move || judge(&Program::build(ready(&tree)?, &source)?, mode))
}

/// A test program says nothing and ends with 0.
fn check(program: &Program, mode: Mode) -> Result<(), Failed> {
    let output = program.run(mode)?;
    if output.status.success() && output.stderr.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
    .into())
}
