//! The tables of `docs/unhooked.md`: names left to libc, why, and which of them
//! can wait all the same. The page is the only list; `geventrs check` carries
//! its text, and the audit (`tests/audit`) holds it against the library.

use std::collections::BTreeMap;

/// The heading above the table of functions that can wait.
const WAITS: &str = "## What can wait";
/// How the second cell of that table begins for calls that wait for nothing
/// but a file system.
pub const DISK: &str = "The disk";

/// Names with their reasons.
#[derive(Default)]
pub struct Unhooked {
    /// Why a function is not hooked.
    pub reasons: BTreeMap<String, String>,
    /// What a function that is not hooked can wait for.
    pub waits: BTreeMap<String, String>,
    /// What is wrong with the page itself.
    pub faults: Vec<String>,
}

impl Unhooked {
    /// Read the page's text: every table row whose first cell holds names in
    /// backquotes; its second cell is the reason, or what they wait for.
    pub fn parse(text: &str) -> Self {
        let mut page = Unhooked::default();
        let mut waits = false;
        for (number, line) in text.lines().enumerate() {
            if line.starts_with("## ") {
                waits = line.starts_with(WAITS);
            }
            let Some(row) = line.trim().strip_prefix('|').and_then(|r| r.strip_suffix('|')) else {
                continue;
            };
            let (names, cell) = row.split_once('|').unwrap_or((row, ""));
            let table = if waits { &mut page.waits } else { &mut page.reasons };
            // The text between an odd backquote and the next.
            for name in names.split('`').skip(1).step_by(2) {
                if cell.trim().is_empty() {
                    page.faults.push(format!("line {}: nothing about {name}", number + 1));
                }
                if table.insert(name.to_owned(), cell.trim().to_owned()).is_some() {
                    page.faults.push(format!("line {}: {name} is there twice", number + 1));
                }
            }
        }
        page
    }
}
