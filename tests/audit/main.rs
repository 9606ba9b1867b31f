//! The audit of the hook table: what `libgeventrs.so` exports is what its
//! rows say, and the API for C as its header declares it; and nothing that libc offers besides has been forgotten.
//!
//! Run against `target/release/libgeventrs.so`, or the library that
//! `GEVENTRS_LIB` names. A name that is to be left to libc goes into
//! `docs/unhooked.md` with its reason.

#[cfg(target_arch = "x86_64")]
mod code;
mod elf;
mod entry_points;
#[cfg(target_arch = "x86_64")]
mod image;
#[cfg(target_arch = "x86_64")]
mod reach;
#[cfg(target_arch = "x86_64")]
mod surface;
#[cfg(target_arch = "x86_64")]
mod system_calls;
#[path = "../../src/bin/geventrs/unhooked.rs"]
mod unhooked;

use elf::{c_library, Library, Row, Symbol};
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use unhooked::Unhooked;

/// Everything that is compared.
struct Audit {
    ours: Library,
    /// What libc offers to programs, library by library.
    libc: Vec<Vec<Symbol>>,
    /// The libraries' files.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    paths: Vec<PathBuf>,
    /// All names that are hooked.
    hooked: BTreeSet<String>,
    unhooked: Unhooked,
    /// The functions that `include/geventrs.h` declares.
    declared: BTreeSet<String>,
}

/// The names after `GEV_API` in the header.
fn declared(header: &str) -> BTreeSet<String> {
    let name = |declaration: &str| {
        let before = declaration.split('(').next()?;
        before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().map(str::to_owned)
    };
    header.lines().filter(|line| line.starts_with("GEV_API")).filter_map(name).collect()
}

impl Audit {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let library = match std::env::var_os("GEVENTRS_LIB") {
            Some(path) => PathBuf::from(path),
            None => root.join("target/release/libgeventrs.so"),
        };
        let ours = Library::read(&library);
        let hooked = ours.rows.iter().flat_map(|row| row.names.iter().cloned()).collect();
        let libc = c_library();
        let paths = libc.iter().map(|library| library.path.clone()).collect();
        let libc = libc
            .into_iter()
            .map(|mut library| {
                library.symbols.retain(|s| s.is_public() && s.is_function);
                library.symbols
            })
            .collect();
        let page = root.join("docs/unhooked.md");
        let page =
            std::fs::read_to_string(&page).unwrap_or_else(|e| panic!("{}: {e}", page.display()));
        let unhooked = Unhooked::parse(&page);
        let header = root.join("include/geventrs.h");
        let header = std::fs::read_to_string(&header)
            .unwrap_or_else(|e| panic!("{}: {e}", header.display()));
        let declared = declared(&header);
        Audit { ours, libc, paths, hooked, unhooked, declared }
    }

    fn in_libc(&self, name: &str) -> bool {
        self.libc.iter().flatten().any(|s| s.name == name)
    }

    /// Hooked, or left out for a stated reason.
    fn settled(&self, name: &str) -> bool {
        self.hooked.contains(name) || self.unhooked.about(name).is_some()
    }

    /// Every exported symbol is a hook of the table or begins with `gev_` (see
    /// [`Audit::api`]), every name of the table is exported, once, and without a version: a program that asks for
    /// `poll@GLIBC_2.2.5` must find ours.
    fn exports(&self) -> Result<(), Failed> {
        let mut wrong = Vec::new();
        let exported: BTreeSet<&str> = self.ours.symbols.iter().map(|s| s.name.as_str()).collect();
        for symbol in &self.ours.symbols {
            // What debuggers read (`hub::debugger`): no program asks for it.
            if symbol.name == "geventrs_debugger" && !symbol.is_function {
                continue;
            }
            if !self.hooked.contains(&symbol.name) && !symbol.name.starts_with("gev_") {
                wrong.push(format!("{} is exported and no hook", symbol.name));
            }
            if let Some(version) = &symbol.version {
                wrong.push(format!("{} is exported with version {version}", symbol.name));
            }
            if !symbol.is_function {
                wrong.push(format!("{} is exported and no function", symbol.name));
            }
        }
        for name in &self.hooked {
            if !exported.contains(name.as_str()) {
                wrong.push(format!("{name} is a row and not exported"));
            }
        }
        let rows = self.ours.rows.iter().flat_map(|row| &row.names).count();
        if rows != self.hooked.len() {
            wrong.push("a name has two rows".to_owned());
        }
        if rows == 0 {
            wrong.push("the library has no hooks".to_owned());
        }
        verdict(&format!("of {}", self.ours.path.display()), wrong)
    }

    /// The API for C is what the header declares, no more and no less, and hides
    /// no function of libc's.
    fn api(&self) -> Result<(), Failed> {
        let symbols = self.ours.symbols.iter().map(|s| s.name.clone());
        let exported: BTreeSet<String> = symbols.filter(|n| n.starts_with("gev_")).collect();
        let mut wrong = Vec::new();
        for name in exported.difference(&self.declared) {
            wrong.push(format!("{name} is exported and not declared in include/geventrs.h"));
        }
        for name in self.declared.difference(&exported) {
            wrong.push(format!("{name} is declared in include/geventrs.h and not exported"));
        }
        for name in self.declared.iter().filter(|name| self.in_libc(name)) {
            wrong.push(format!("{name} is a function of libc's"));
        }
        if self.declared.is_empty() {
            wrong.push("include/geventrs.h declares nothing".to_owned());
        }
        verdict("wrong in the API for C", wrong)
    }

    /// What the library asks of libc is what the oldest supported one has: ld.so
    /// would not load it into any program there.
    fn oldest_glibc(&self) -> Result<(), Failed> {
        const OLDEST: (u32, u32) = (2, 31);
        let newer = |version: &&String| {
            let number = version.strip_prefix("GLIBC_").unwrap_or("9.9");
            let (major, minor) = number.split_once('.').unwrap_or(("9", "9"));
            let minor = minor.split('.').next().unwrap_or("9");
            (major.parse().unwrap_or(9), minor.parse().unwrap_or(9)) > OLDEST
        };
        if self.ours.wants.is_empty() {
            return Err("the library asks for no version of libc's".into());
        }
        let wrong = self.ours.wants.iter().filter(newer).cloned().collect();
        verdict("of libc's versions that the library asks for are newer than 2.31", wrong)
    }

    /// Rows name one of gevent's patch groups.
    fn groups(&self) -> Result<(), Failed> {
        const GROUPS: [&str; 10] = [
            "Thread",
            "Time",
            "Select",
            "Socket",
            "Os",
            "Dns",
            "Subprocess",
            "Signal",
            "File",
            "Sys",
        ];
        let unknown = |row: &&Row| !GROUPS.contains(&row.group.as_str());
        let wrong = self.ours.rows.iter().filter(unknown);
        verdict("in no known group", wrong.map(|row| row.names.join(",")).collect())
    }

    /// A hook that libc has not would never be called, or hide a bug in its
    /// spelling.
    fn names(&self) -> Result<(), Failed> {
        let newer = |name: &str| entry_points::NEWER.split_whitespace().any(|n| n == name);
        let absent = |name: &&String| !self.in_libc(name) && !newer(name);
        let wrong = self.hooked.iter().filter(absent).cloned().collect();
        verdict("hooked, and none of libc's public functions", wrong)
    }

    /// libc offers many functions under several spellings: those must be
    /// hooked, too, or calls by the other name go past us.
    fn spellings(&self) -> Result<(), Failed> {
        let mut wrong = BTreeSet::new();
        for name in &self.hooked {
            for twin in spellings(name) {
                if self.in_libc(&twin) && !self.settled(&twin) {
                    wrong.insert(format!("{twin} ({name} is hooked)"));
                }
            }
        }
        verdict("other spellings of hooked functions", wrong.into_iter().collect())
    }

    /// Whatever it is called, a symbol with a hooked function's address is
    /// that function.
    fn aliases(&self) -> Result<(), Failed> {
        let mut wrong = BTreeSet::new();
        for library in &self.libc {
            let mut at: BTreeMap<u64, &str> = BTreeMap::new();
            for symbol in library.iter().filter(|s| self.hooked.contains(&s.name)) {
                at.insert(symbol.address, &symbol.name);
            }
            for symbol in library.iter().filter(|s| !self.settled(&s.name)) {
                if let Some(name) = at.get(&symbol.address) {
                    wrong.insert(format!("{} (is {name}, which is hooked)", symbol.name));
                }
            }
        }
        verdict("aliases of hooked functions", wrong.into_iter().collect())
    }

    /// Every entry point of a family is hooked, or there is a reason.
    fn family(&self, names: &str) -> Result<(), Failed> {
        let wrong = names
            .split_whitespace()
            .filter(|name| self.in_libc(name) && !self.settled(name))
            .map(str::to_owned)
            .collect();
        verdict("neither hooked nor in docs/unhooked.md", wrong)
    }

    /// The page of reasons is about functions that exist and are not hooked,
    /// and so is its table of those that can wait.
    fn reasons(&self) -> Result<(), Failed> {
        let mut wrong = self.unhooked.faults.clone();
        for (name, _) in self.unhooked.reasons.iter().chain(self.unhooked.waits.iter()) {
            if self.hooked.contains(name) {
                wrong.push(format!("{name} is hooked"));
            }
        }
        let all = [&self.unhooked.waits, &self.unhooked.computing];
        for (name, _) in all.into_iter().flat_map(|table| table.iter()) {
            let known = |s: &Symbol| unhooked::matches(name, &s.name);
            if !self.libc.iter().flatten().any(known) {
                wrong.push(format!("{name} is no function of libc"));
            }
        }
        if !self.unhooked.waits.iter().any(|(_, what)| what.starts_with(unhooked::DISK)) {
            wrong.push("no function is said to wait for the disk".to_owned());
        }
        verdict("wrong in docs/unhooked.md", wrong)
    }
}

/// How glibc spells one function in several ways.
fn spellings(name: &str) -> Vec<String> {
    let bare = name.trim_start_matches('_');
    let bare = bare.strip_suffix("_chk").unwrap_or(bare);
    let bare = bare.strip_suffix("64").unwrap_or(bare);
    let mut all = Vec::new();
    for prefix in ["", "_", "__", "__libc_", "_IO_", "__isoc99_", "__isoc23_", "__pthread_"] {
        for suffix in
            ["", "64", "_chk", "64_chk", "_2", "64_2", "_np", "_nocancel", "_unlocked", "_time64"]
        {
            let spelling = format!("{prefix}{bare}{suffix}");
            if spelling != name {
                all.push(spelling);
            }
        }
    }
    all
}

fn verdict(what: &str, wrong: Vec<String>) -> Result<(), Failed> {
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{} {what}:\n  {}", wrong.len(), wrong.join("\n  ")).into())
}

fn main() {
    let args = Arguments::from_args();
    let audit = Arc::new(Audit::new());
    let check = |name: &str, check: fn(&Audit) -> Result<(), Failed>| {
        let audit = audit.clone();
        Trial::test(name, move || check(&audit))
    };
    let family = |name: &str, names: &'static str| {
        let audit = audit.clone();
        Trial::test(format!("family_{name}_is_hooked_or_has_a_reason"), move || audit.family(names))
    };
    let mut trials = vec![
        check("the_oldest_glibc_has_what_is_asked_of_it", Audit::oldest_glibc),
        check("exports_are_the_rows_without_versions", Audit::exports),
        check("the_api_for_c_is_what_the_header_declares", Audit::api),
        check("rows_name_a_patch_group", Audit::groups),
        check("hooks_are_functions_of_libc", Audit::names),
        check("no_other_spelling_is_forgotten", Audit::spellings),
        check("no_alias_is_forgotten", Audit::aliases),
        check("reasons_are_for_unhooked_functions", Audit::reasons),
        family("threads", entry_points::THREADS),
        family("locks", entry_points::LOCKS),
        family("time", entry_points::TIME),
        family("select", entry_points::SELECT),
        family("socket", entry_points::SOCKET),
        family("fd_io", entry_points::FD_IO),
        family("dns", entry_points::DNS),
        family("subprocess", entry_points::SUBPROCESS),
        family("sys", entry_points::SYS),
        family("stdio", entry_points::STDIO),
        family("ipc", entry_points::IPC),
    ];
    #[cfg(target_arch = "x86_64")]
    trials.extend([
        check("what_may_wait_is_hooked_or_has_a_reason", surface::settled),
        check("code_is_read_right", surface::known),
    ]);
    libtest_mimic::run(&args, trials).exit();
}
