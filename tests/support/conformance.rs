//! `docs/conformance.md`: every rule that a program of `tests/c` guards, where it
//! stands written, and how the preloaded run compares. Made from the directives of
//! the programs; a trial of `tests/programs.rs` holds the page against them.

use super::{Layout, Program};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The name of the trial, and of the page.
pub const TRIAL: &str = "docs/conformance.md";
/// With this in its environment the trial writes the page.
const WRITE: &str = "GEVENTRS_WRITE_CONFORMANCE";

/// A group's pages, for the rules that name none.
const GROUPS: &[(&str, &str)] = &[
    ("cancel", "pthreads(7)"),
    ("dns", "getaddrinfo(3)"),
    ("exit", "exit(3)"),
    ("handoff", "pthreads(7)"),
    ("io", "POSIX, File and I/O; pipe(7)"),
    ("ipc", "sysvipc(7), mq_overview(7)"),
    ("locks", "POSIX, Threads; futex(2)"),
    ("process", "fork(2), execve(2), wait(2)"),
    ("seed", "select(2), sleep(3)"),
    ("select", "poll(2), select(2), epoll(7)"),
    ("signal", "signal(7)"),
    ("socket", "socket(7), tcp(7), unix(7)"),
    ("stdio", "stdio(3), flockfile(3)"),
    ("sys", "POSIX"),
    ("thread", "POSIX, Threads; pthreads(7)"),
    ("time", "nanosleep(2), clock_nanosleep(2)"),
];

const HEAD: &str = "# Conformance

<!-- Generated from tests/c: docs/generate -->

The rules that the programs of `tests/c` guard, one a row. Each program is compiled once
and run twice, natively and under `libgeventrs.so`; *equal* means that standard output,
standard error and the way in which it ends are the same in both runs, which
`cargo test --release --test programs` checks, and `-- --exact TEST` for one. The programs
also check themselves, and fail in either run.

*Source* is what the rule names, or else the page of its group. *One OS thread*: the
preloaded run never has a second one besides the library's. What is known to differ is in
[compatibility.md](compatibility.md).
";

/// The page as it should be.
fn page(layout: &Layout) -> Result<String, String> {
    let mut groups: BTreeMap<String, BTreeMap<String, Vec<Program>>> = BTreeMap::new();
    for program in layout.programs() {
        let (group, rest) = program.name.split_once('/').expect("group/name");
        let file = rest.split('@').next().expect("a name").to_owned();
        groups.entry(group.into()).or_default().entry(file).or_default().push(program);
    }
    let mut text = HEAD.to_owned();
    for (group, files) in groups {
        let known = GROUPS.iter().find(|(name, _)| *name == group);
        let default = known.map_or("POSIX", |(_, pages)| *pages);
        let _ =
            write!(text, "\n## {group}\n\n| rule | source | test | result |\n|---|---|---|---|\n");
        for (file, programs) in files {
            let d = programs[0]
                .directives
                .as_ref()
                .map_err(|e| format!("{}: {e}", programs[0].source.display()))?;
            let cited = if d.source.is_empty() { cited(&d.rule) } else { d.source.clone() };
            let source = if cited.is_empty() { default } else { &cited };
            let variants: Vec<_> =
                d.variants.iter().map(|(name, _)| format!("`@{name}`")).collect();
            let test = format!("`{group}/{file}` {}", variants.join(" "));
            let result = result(d);
            let rule = d.rule.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*");
            let _ = writeln!(text, "| {rule} | {source} | {} | {result} |", test.trim());
        }
    }
    Ok(text)
}

/// The manual pages that a rule names: `name(3)`, and `name()` for a function.
fn cited(rule: &str) -> String {
    let mut found: Vec<String> = vec![];
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    for (at, _) in rule.match_indices('(') {
        let name = rule[..at].rsplit(|c| !is_name(c)).next().unwrap_or("");
        let section = rule[at + 1..].split(')').next().unwrap_or("");
        let one = match section {
            "" => format!("{name}()"),
            s if s.starts_with(|c: char| matches!(c, '1'..='9')) && s.len() <= 2 => {
                format!("{name}({s})")
            }
            _ => continue,
        };
        if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !found.contains(&one)
        {
            found.push(one);
        }
    }
    found.join(", ")
}

fn result(d: &super::Directives) -> String {
    let mut text = match (&d.pending, &d.skip_native) {
        (Some(why), _) => format!("pending: {why}"),
        (None, Some(why)) => format!("checks itself ({why})"),
        (None, None) => "equal".to_owned(),
    };
    if d.one_thread {
        text += ", one OS thread";
    }
    if d.ignore_stderr {
        text += ", but for stderr";
    }
    if d.glibc != 0 {
        let _ = write!(text, ", from glibc 2.{}", d.glibc);
    }
    text
}

/// The trial: the page is as the programs say.
pub fn check(layout: &Layout) -> Result<(), String> {
    let path = layout.root.join(TRIAL);
    let wanted = page(layout)?;
    if std::env::var_os(WRITE).is_some() {
        return std::fs::write(&path, wanted).map_err(|e| format!("{}: {e}", path.display()));
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    if found == wanted {
        return Ok(());
    }
    let line = found.lines().zip(wanted.lines()).position(|(a, b)| a != b);
    let line = line.unwrap_or_else(|| found.lines().count().min(wanted.lines().count()));
    Err(format!(
        "{TRIAL} does not say what tests/c does, from line {} on: run docs/generate",
        line + 1
    ))
}
