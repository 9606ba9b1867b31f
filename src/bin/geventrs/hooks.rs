//! `geventrs hooks`: what the library hooks, read from the library itself.

use crate::handling::UNHOOKED;
use crate::unhooked::Unhooked;
use crate::{library, print, Failure, FAILED};
use clap::Args;
use object::{Object, ObjectSection};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The section that `shim/src/table.rs` writes: a line per hook, `name,alias,...
/// TAB group TAB how`.
const SECTION: &str = ".geventrs.hooks";

/// List the libc functions that the library hooks
///
/// One line per function, grouped: its name and other spellings with commas, a
/// tab, its patch group, a tab, and how it waits. With --all, then one line per
/// function (or family, with `*`) that is left to libc: its name, a tab, `libc`,
/// a tab, and why, or what it can wait for.
#[derive(Args)]
pub struct Hooks {
    /// Print a Markdown page (docs/hooks.md)
    #[arg(long)]
    markdown: bool,
    /// List the functions that are left to libc, too (docs/unhooked.md)
    #[arg(long, conflicts_with = "markdown")]
    all: bool,
    /// Another library than the installed one
    #[arg(long, value_name = "PATH")]
    lib: Option<PathBuf>,
}

/// One hook.
pub struct Row {
    pub name: String,
    pub aliases: Vec<String>,
    /// Its patch group, in lower case.
    pub group: String,
    /// How it waits.
    pub how: String,
}

/// A group's name, and the text that introduces it on the page.
const GROUPS: [(&str, &str); 10] = [
    ("thread", "Threads, locks, thread-specific data."),
    ("time", "Sleeping."),
    ("select", "Waiting for many descriptors."),
    ("socket", "Sockets."),
    ("os", "`read`, `write` and the like on any descriptor; making and closing them."),
    ("dns", "Names and addresses."),
    ("subprocess", "Child processes."),
    ("signal", "Signals."),
    ("file", "Regular files and locks on them."),
    ("sys", "The standard streams."),
];

impl Hooks {
    pub fn print(self) -> Result<(), Failure> {
        let rows = read(&library::find(self.lib.as_deref())?)?;
        if self.markdown {
            return print(&page(&rows));
        }
        let left = if self.all { left_to_libc(&rows) } else { String::new() };
        print(&(lines(&rows) + &left))
    }
}

/// The table of a library's file, sorted by group and name.
pub fn read(path: &Path) -> Result<Vec<Row>, Failure> {
    let fail = |what: &dyn std::fmt::Display| {
        Failure::new(FAILED, format_args!("{}: {what}", path.display()))
    };
    let bytes = std::fs::read(path).map_err(|e| fail(&e))?;
    let file = object::File::parse(&*bytes).map_err(|e| fail(&e))?;
    let section = file
        .section_by_name(SECTION)
        .ok_or_else(|| fail(&"has no table of hooks: not a libgeventrs.so"))?;
    let text = section.data().map_err(|e| fail(&e))?;
    let mut rows = parse(&String::from_utf8_lossy(text));
    if rows.is_empty() {
        return Err(fail(&"its table of hooks is empty"));
    }
    let place = |r: &Row| GROUPS.iter().position(|(g, _)| *g == r.group);
    rows.sort_by(|a, b| {
        (place(a).is_none(), place(a), &a.group, &a.name).cmp(&(
            place(b).is_none(),
            place(b),
            &b.group,
            &b.name,
        ))
    });
    Ok(rows)
}

/// The linker may put zeros between the lines.
fn parse(text: &str) -> Vec<Row> {
    let row = |line: &str| {
        let mut columns = line.trim_matches('\0').split('\t').map(str::to_owned);
        let names = columns.next()?;
        let mut names = names.split(',').map(str::to_owned);
        let (name, aliases) = (names.next()?, names.collect());
        let group = columns.next()?.to_lowercase();
        Some(Row { name, aliases, group, how: columns.next()? })
    };
    text.lines().filter_map(row).collect()
}

fn lines(rows: &[Row]) -> String {
    rows.iter()
        .map(|r| {
            let names = std::iter::once(&r.name).chain(&r.aliases);
            let names = names.map(String::as_str).collect::<Vec<_>>().join(",");
            format!("{names}\t{}\t{}\n", r.group, r.how)
        })
        .collect()
}

/// The lines of the functions that have no hook.
fn left_to_libc(rows: &[Row]) -> String {
    let page = Unhooked::parse(UNHOOKED);
    let hooked: BTreeSet<&str> = rows
        .iter()
        .flat_map(|r| std::iter::once(&r.name).chain(&r.aliases))
        .map(String::as_str)
        .collect();
    let tables = [&page.waits, &page.within, &page.computing, &page.reasons];
    let mut left: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, why) in tables.into_iter().flat_map(|table| table.iter()) {
        if !hooked.contains(name) {
            left.entry(name).or_insert(why);
        }
    }
    left.into_iter()
        .map(|(name, why)| format!("{name}\tlibc\t{}\n", why.replace('`', "")))
        .collect()
}

fn page(rows: &[Row]) -> String {
    let functions: usize = rows.iter().map(|r| 1 + r.aliases.len()).sum();
    let mut page = format!(
        "# Hooks\n\n\
         <!-- Generated: geventrs hooks --markdown -->\n\n\
         The {functions} symbols of libc that `libgeventrs.so` defines, by patch group \
         (`GEVENTRS_PATCH`). *How it waits* says what parks the calling greenlet; \
         `never`: it does not wait.\n"
    );
    for group in rows.chunk_by(|a, b| a.group == b.group) {
        let name = &group[0].group;
        let about = GROUPS.iter().find(|(g, _)| g == name).map_or("", |(_, about)| about);
        page += &format!(
            "\n## {name}\n\n{about}\n\n| function | other spellings | how it waits |\n|---|---|---|\n"
        );
        for r in group {
            let quoted: Vec<String> = r.aliases.iter().map(|a| format!("`{a}`")).collect();
            page += &format!("| `{}` | {} | {} |\n", r.name, quoted.join(" "), r.how);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_survive_padding_between_them() {
        let rows = parse("read,__read\tOs\tedge\n\0\0\0sleep\tTime\ttimer\n\0\0");
        assert_eq!(lines(&rows), "read,__read\tos\tedge\nsleep\ttime\ttimer\n");
    }

    #[test]
    fn the_page_has_a_table_per_group() {
        let page = page(&parse("read,__read\tOs\tedge\nsleep\tTime\ttimer\n"));
        assert!(page.contains("## os\n") && page.contains("| `read` | `__read` | edge |\n"));
        assert!(page.contains("## time\n") && page.contains("| `sleep` |  | timer |\n"));
    }
}
