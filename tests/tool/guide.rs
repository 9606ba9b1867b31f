//! docs/debugging.md: the functions and lines that its output names are those that the tool
//! names today, of the programs that it uses.

use crate::asked::Asked;
use crate::support::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../docs/debugging.md");

/// Paths of the examples' sources without their directory.
fn bare(text: &str) -> String {
    let is_of_path = |c: char| !c.is_whitespace() && !matches!(c, '`' | '(' | '<' | '[');
    let mut rest = text;
    let mut bare = String::new();
    while let Some(at) = rest.find("examples/c/") {
        let (before, after) = rest.split_at(at);
        bare += before.trim_end_matches(is_of_path);
        rest = &after["examples/c/".len()..];
    }
    bare + rest
}

/// What a text says of a file: `flusher at hang.c:18`.
fn places(text: &str, file: &str) -> BTreeSet<String> {
    let text = bare(text);
    let needle = format!(" at {file}:");
    let found = text.match_indices(&needle).map(|(at, _)| {
        let function = text[..at].rsplit([' ', '\n', ',']).next().unwrap_or("");
        let line = text[at + needle.len()..].split(|c: char| !c.is_ascii_digit()).next();
        // Where it computes at the moment is chance.
        let line = line.filter(|_| function != "crunch");
        format!("{function}{needle}{}", line.unwrap_or(""))
    });
    // gdb shows a function with its arguments.
    found.filter(|place| !place.contains(['(', ')'])).collect()
}

/// The example, built as the page says.
fn built(directory: &Path, name: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/c").join(name);
    let program = directory.join(name);
    let mut cc = std::process::Command::new("gcc");
    cc.args(["-g", "-O2", "-pthread"]).arg(source.with_extension("c")).arg("-o").arg(&program);
    assert!(start(&mut cc).wait().unwrap().success());
    program
}

#[track_caller]
fn agrees(file: &str, at_least: usize, said: &str) {
    let told = places(PAGE, file);
    assert!(told.len() >= at_least, "the page shows output of {file}: {told:?}");
    let missing: Vec<_> = told.difference(&places(said, file)).cloned().collect();
    assert!(missing.is_empty(), "the page says {missing:?}, the tool\n{said}");
}

#[test]
fn who_hangs_is_told_as_the_page_shows() {
    let dir = scratch("guide-hang");
    let asked = Asked::start(&dir, &built(&dir, "hang"), &[]);
    let words = ["  flusher  flusher  waits  ", "read fd 4 <- 127.0.0.1:", "(table) held by "];
    asked.says("ps", &words);
    let stacks = asked.says("stacks", &["#0 recv in libgeventrs.so", "to run flusher at "]);
    let locks = asked.says("locks", &["(table)\n", "\"flusher\", which waits in flusher at "]);
    agrees("hang.c", 4, &(stacks + &locks));
}

#[test]
fn a_deadlock_is_proved_as_the_page_shows() {
    let dir = scratch("guide-transfer");
    let program = built(&dir, "transfer");
    let report = dir.join("stuck.json");
    let mut command = run(&["--deadlock", "abort"]);
    command.arg(format!("--report={}", report.display())).arg(&program);
    let ended = output(&mut command);
    assert_eq!(ended.status.code(), Some(97), "{ended:?}");
    let said = String::from_utf8(ended.stderr).unwrap();
    for words in ["deadlock: all 3 threads wait", "(a) held by ", "(b) held by ", "taken "] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
    let report = stdout(&mut tool(&["report", report.to_str().unwrap()]));
    assert!(report.contains("which waits for this one: a deadlock"), "{report}");
    agrees("transfer.c", 8, &(said + &report));
}

#[test]
fn what_is_slow_is_told_as_the_page_shows() {
    let dir = scratch("guide-slow");
    let program = built(&dir, "slow");
    let report = dir.join("slow.json");
    let mut said = String::new();
    // A busy machine may give nobody a processor to take the computing thread's stack with.
    for _ in 0..5 {
        let mut command = run(&[&format!("--report={}", report.display())]);
        assert!(output(command.arg(&program)).status.success());
        said += &stdout(&mut tool(&["report", report.to_str().unwrap(), "--top", "20"]));
        if places(PAGE, "slow.c").is_subset(&places(&said, "slow.c")) {
            break;
        }
    }
    agrees("slow.c", 6, &said);
}
