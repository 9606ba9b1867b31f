//! How a call to a function of libc's is handled: what the hook table and the
//! page of unhooked functions say, in classes.

use crate::hooks::Row;
use crate::unhooked::{matches, Unhooked, DISK};
use serde::Serialize;
use std::collections::BTreeMap;

/// The page is the list.
pub const UNHOOKED: &str = include_str!("../../../docs/unhooked.md");

/// What happens when the call would wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handling {
    /// The greenlet parks on the hub.
    Parks,
    /// As a rule it parks or does not wait; in the case that the table names it
    /// is a blocking section.
    SectionAtTimes,
    /// It goes on on another OS thread, while the hub goes on here.
    Section,
    /// `syscall`: as the call that it is asked for, if that has a hook.
    AsTheCall,
    /// The disk, in place or in a section: a setting says.
    FileIo,
    /// It never waits.
    Instant,
    /// Not hooked; it can wait for a file system, or the loader.
    Disk,
    /// Not hooked; it can wait for somebody.
    PassedBy,
}

impl Handling {
    /// All, in the order in which they are shown.
    pub const ALL: [Handling; 8] = [
        Handling::Parks,
        Handling::SectionAtTimes,
        Handling::Section,
        Handling::AsTheCall,
        Handling::FileIo,
        Handling::Instant,
        Handling::Disk,
        Handling::PassedBy,
    ];

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Handling::Parks => "park on the hub",
            Handling::SectionAtTimes => "park, at times blocking sections",
            Handling::Section => "blocking sections",
            Handling::AsTheCall => "as the system call that is asked for",
            Handling::FileIo => "as GEVENTRS_FILE_IO says",
            Handling::Instant => "hooked, never wait",
            Handling::Disk => "not hooked, wait for a disk or the loader at most",
            Handling::PassedBy => "not hooked, can wait",
        }
    }

    /// The class of a row whose column says `how`.
    fn of(how: &str) -> Handling {
        match how {
            "never" => Handling::Instant,
            "section" | "blocking section" => Handling::Section,
            "as the call" => Handling::AsTheCall,
            "as GEVENTRS_FILE_IO says" => Handling::FileIo,
            how if how.contains("section") => Handling::SectionAtTimes,
            _ => Handling::Parks,
        }
    }
}

/// One function.
pub struct Entry {
    pub handling: Handling,
    /// The patch group, if it is hooked.
    pub group: Option<String>,
    /// The table's words.
    pub how: String,
}

/// How the page's second cell begins for calls that wait while the loader loads something.
const LOADER: &str = "The loader";

/// All functions that something is known of.
pub struct Handlings(BTreeMap<String, Entry>);

impl Handlings {
    pub fn new(rows: Vec<Row>) -> Self {
        let mut all = BTreeMap::new();
        for (name, how) in Unhooked::parse(UNHOOKED).waits.iter() {
            let disk = how.starts_with(DISK) || how.starts_with(LOADER);
            let handling = if disk { Handling::Disk } else { Handling::PassedBy };
            all.insert(name.to_owned(), Entry { handling, group: None, how: how.to_owned() });
        }
        // A library that hooks one of them is newer than the tool.
        for row in rows {
            for name in std::iter::once(row.name).chain(row.aliases) {
                let (group, how) = (Some(row.group.clone()), row.how.clone());
                all.insert(name, Entry { handling: Handling::of(&how), group, how });
            }
        }
        Handlings(all)
    }

    /// A function, by its own name or as one of a family (`getut*`).
    pub fn get(&self, name: &str) -> Option<&Entry> {
        let family = || self.0.iter().find(|(family, _)| matches(family, name)).map(|(_, e)| e);
        self.0.get(name).or_else(family)
    }

    /// Whether the library has a function of this name.
    pub fn is_hooked(&self, name: &str) -> bool {
        self.get(name).is_some_and(|entry| entry.group.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_words_have_classes() {
        let row = |name: &str, how: &str| Row {
            name: name.into(),
            aliases: vec![format!("__{name}")],
            group: "os".into(),
            how: how.into(),
        };
        let all = Handlings::new(vec![
            row("read", "readiness"),
            row("fcntl", "F_SETLKW: blocking section"),
            row("semop", "blocking section"),
            row("close_range", "never"),
        ]);
        let class = |name| all.get(name).map(|e| e.handling);
        assert_eq!(class("__read"), Some(Handling::Parks));
        assert_eq!(class("fcntl"), Some(Handling::SectionAtTimes));
        assert_eq!(class("semop"), Some(Handling::Section));
        assert_eq!(class("close_range"), Some(Handling::Instant));
        assert_eq!(class("strlen"), None);
        // From the page.
        assert_eq!(class("rename"), Some(Handling::Disk));
        assert_eq!(class("rcmd"), Some(Handling::PassedBy));
        assert_eq!(class("getutent_r"), Some(Handling::PassedBy));
        assert!(all.is_hooked("read") && !all.is_hooked("rcmd"));
    }
}
