//! The table of `docs/unhooked.md`: names left to libc, and why.

use std::collections::BTreeMap;
use std::path::Path;

/// Names with their reasons.
pub struct Unhooked {
    pub reasons: BTreeMap<String, String>,
    /// What is wrong with the page itself.
    pub faults: Vec<String>,
}

impl Unhooked {
    /// Read the page: every table row whose first cell holds names in
    /// backquotes; its second cell is the reason.
    pub fn read(page: &Path) -> Self {
        let text =
            std::fs::read_to_string(page).unwrap_or_else(|e| panic!("{}: {e}", page.display()));
        let mut reasons = BTreeMap::new();
        let mut faults = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let Some(row) = line.trim().strip_prefix('|').and_then(|r| r.strip_suffix('|')) else {
                continue;
            };
            let (names, reason) = row.split_once('|').unwrap_or((row, ""));
            // The text between an odd backquote and the next.
            let names = names.split('`').skip(1).step_by(2);
            for name in names {
                if reason.trim().is_empty() {
                    faults.push(format!("line {}: no reason for {name}", number + 1));
                }
                if reasons.insert(name.to_owned(), reason.trim().to_owned()).is_some() {
                    faults.push(format!("line {}: {name} is there twice", number + 1));
                }
            }
        }
        Unhooked { reasons, faults }
    }

    pub fn has(&self, name: &str) -> bool {
        self.reasons.contains_key(name)
    }
}
