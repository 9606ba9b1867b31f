//! The tables of `docs/unhooked.md`: names left to libc, why, and which of them
//! can wait all the same. The page is the only list; `geventrs check` and
//! `geventrs hooks --all` carry its text, and the audit (`tests/audit`) holds it
//! against the library and against libc.
//!
//! A name may end or begin with `*`: a family that has one reason.

use std::collections::BTreeMap;

/// The heading above the table of functions that can wait.
const WAITS: &str = "## What can wait";
/// The heading above the table of functions that compute.
const COMPUTING: &str = "## Computing";
/// The heading above the table of what other functions of libc's call.
const WITHIN: &str = "## Within other functions";
/// How the second cell of that table begins for calls that wait for nothing
/// but a file system.
pub const DISK: &str = "The disk";

/// One table: names and families, and what is said of them.
#[derive(Default)]
pub struct Table(BTreeMap<String, String>);

impl Table {
    /// What is said of a function, by its name or its family.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).or_else(|| self.family(name)).map(String::as_str)
    }

    fn family(&self, name: &str) -> Option<&String> {
        self.0.iter().find(|(family, _)| matches(family, name)).map(|(_, reason)| reason)
    }

    /// All names and families with what is said of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, reason)| (name.as_str(), reason.as_str()))
    }
}

/// Whether a name belongs to a family.
pub fn matches(family: &str, name: &str) -> bool {
    match (family.strip_prefix('*'), family.strip_suffix('*')) {
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (Some(_), Some(_)) => name.contains(family.trim_matches('*')),
        (None, None) => name == family,
    }
}

/// The page.
#[derive(Default)]
pub struct Unhooked {
    /// Why a function is not hooked.
    pub reasons: Table,
    /// Functions that compute: what else they may do is limited.
    pub computing: Table,
    /// What a function that is not hooked can wait for.
    pub waits: Table,
    /// What other functions of libc's call, and need not answer for.
    pub within: Table,
    /// What is wrong with the page itself.
    pub faults: Vec<String>,
}

impl Unhooked {
    /// Read the page's text: every table row whose first cell holds names in
    /// backquotes; its second cell is the reason, or what they wait for.
    pub fn parse(text: &str) -> Self {
        let mut page = Unhooked::default();
        let mut heading = "";
        for (number, line) in text.lines().enumerate() {
            if line.starts_with("## ") {
                heading = line;
            }
            let Some(row) = line.trim().strip_prefix('|').and_then(|r| r.strip_suffix('|')) else {
                continue;
            };
            let (names, cell) = row.split_once('|').unwrap_or((row, ""));
            let table = match heading {
                WAITS => &mut page.waits,
                COMPUTING => &mut page.computing,
                WITHIN => &mut page.within,
                _ => &mut page.reasons,
            };
            // The text between an odd backquote and the next.
            for name in names.split('`').skip(1).step_by(2) {
                if cell.trim().is_empty() {
                    page.faults.push(format!("line {}: nothing about {name}", number + 1));
                }
                if table.0.insert(name.to_owned(), cell.trim().to_owned()).is_some() {
                    page.faults.push(format!("line {}: {name} is there twice", number + 1));
                }
            }
        }
        page
    }

    /// Why a function is not hooked, or what it is known to wait for.
    pub fn about(&self, name: &str) -> Option<&str> {
        let tables = [&self.reasons, &self.waits, &self.within, &self.computing];
        tables.into_iter().find_map(|table| table.get(name))
    }
}

#[cfg(test)]
mod tests {

    #[test]
    fn a_page_has_four_kinds_of_tables_and_families() {
        let page = super::Unhooked::parse(
            "## Threads\n| f | r |\n|---|---|\n| `a` `b` | because |\n\n## What can wait\n\
             | `c*` | The disk: all of it. |\n## Computing\n| `*_l` | Computes. |\n\
             ## Within other functions\n| `malloc` | A lock. |\n| `malloc` | |\n",
        );
        assert_eq!(page.reasons.get("b"), Some("because"));
        assert_eq!(page.reasons.get("c"), None);
        assert_eq!(page.waits.get("chmod"), Some("The disk: all of it."));
        assert_eq!(page.about("strcoll_l"), Some("Computes."));
        assert!(page.within.get("malloc").is_some());
        assert_eq!(page.faults.len(), 2);
    }
}
