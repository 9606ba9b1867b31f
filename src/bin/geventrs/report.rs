//! What `geventrs check` has found: its conclusions, as text and as JSON.
//! `docs/tool.md` describes the JSON; a change of meaning needs another
//! [`SCHEMA`].

use crate::handling::Handling;
use crate::system_calls::SystemCalls;
use crate::LIMITS;
use serde::Serialize;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

/// The version of the JSON.
const SCHEMA: u32 = 1;
/// Columns of text.
const WIDTH: usize = 88;

/// One run of the check.
#[derive(Serialize)]
pub struct Report {
    pub schema: u32,
    /// The program, where it was found.
    pub program: String,
    /// The binary that runs for it: a script's interpreter, or itself.
    pub file: Option<String>,
    pub library: String,
    /// Whether it can be run with the library at all.
    pub usable: bool,
    /// If not, why.
    pub reason: Option<String>,
    pub exit_code: u8,
    /// Sentences.
    pub verdict: Vec<String>,
    /// What goes past the library: why the exit code is 1.
    pub limits: Vec<String>,
    /// Why libraries were not looked at, if so.
    pub libraries_unknown: Option<String>,
    /// Libraries that are needed and were not found.
    pub missing: Vec<String>,
    /// What the loader had to say else.
    pub complaints: Vec<String>,
    /// The program, then its libraries in the order of look-up.
    pub objects: Vec<Object>,
}

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Program,
    Library,
    /// One of glibc's own, not looked into.
    Libc,
}

/// One file.
#[derive(Serialize)]
pub struct Object {
    pub name: String,
    pub path: String,
    pub kind: Kind,
    /// Functions that it imports and that are hooked or can wait.
    pub functions: Vec<Named>,
    /// What it imports to make threads.
    pub threads: Vec<String>,
    /// What it imports to load code.
    pub loading: Vec<String>,
    /// Functions of its own that are called like hooks.
    pub own_definitions: Vec<String>,
    /// Linked with `-Bsymbolic`.
    pub symbolic: bool,
    /// Linked with `-z interpose`.
    pub interpose: bool,
    pub system_calls: SystemCalls,
}

/// A function and how it is handled.
#[derive(Serialize)]
pub struct Named {
    pub name: String,
    pub handling: Handling,
    pub group: Option<String>,
    pub how: String,
}

impl Object {
    /// One of glibc's libraries.
    pub fn libc(name: String, path: &Path) -> Self {
        Object {
            name,
            path: path.display().to_string(),
            kind: Kind::Libc,
            functions: Vec::new(),
            threads: Vec::new(),
            loading: Vec::new(),
            own_definitions: Vec::new(),
            symbolic: false,
            interpose: false,
            system_calls: SystemCalls::default(),
        }
    }

    /// Whether its own definitions are used instead of the hooks: a program's
    /// come first in the look-up, a library's only if it looks at itself first.
    fn shadows(&self) -> bool {
        !self.own_definitions.is_empty() && (self.kind == Kind::Program || self.symbolic)
    }

    fn with(&self, handling: Handling) -> Vec<&str> {
        let those = self.functions.iter().filter(|f| f.handling == handling);
        those.map(|f| f.name.as_str()).collect()
    }
}

impl Report {
    pub fn new(program: &OsStr, library: &Path) -> Self {
        Report {
            schema: SCHEMA,
            program: program.display().to_string(),
            file: None,
            library: library.display().to_string(),
            usable: true,
            reason: None,
            exit_code: 0,
            verdict: Vec::new(),
            limits: Vec::new(),
            libraries_unknown: None,
            missing: Vec::new(),
            complaints: Vec::new(),
            objects: Vec::new(),
        }
    }

    /// The program cannot be run with the library.
    pub fn refuse(&mut self, code: u8, reason: String) {
        self.usable = false;
        self.exit_code = code;
        self.reason = Some(reason);
    }

    /// Form the verdict.
    pub fn conclude(&mut self) {
        if let Some(reason) = &self.reason {
            self.verdict = vec![format!("cannot be run with the library: {reason}")];
            return;
        }
        self.limits = self.find_limits();
        let mut verdict = vec![self.threads(), self.handled()];
        verdict.extend(self.limits.iter().cloned());
        if let Some(why) = &self.libraries_unknown {
            verdict.push(format!("its libraries were not looked at: {why}"));
        }
        if self.objects.iter().any(|o| o.loading.iter().any(|n| n == "dlopen")) {
            verdict.push(
                "dlopen is imported: what is loaded so was not looked at, and with RTLD_DEEPBIND \
                 it would go past the hooks"
                    .to_owned(),
            );
        }
        self.verdict = verdict;
        if !self.limits.is_empty() {
            self.exit_code = LIMITS;
        }
    }

    fn find_limits(&self) -> Vec<String> {
        let mut limits = Vec::new();
        for o in self.objects.iter().filter(|o| o.kind != Kind::Libc) {
            let name = &o.name;
            if o.system_calls.decoded > 0 {
                limits.push(format!(
                    "{name}: {} in its own code, unseen by any hook",
                    counted(o.system_calls.decoded, "system call instruction")
                ));
            }
            let passed = o.with(Handling::PassedBy);
            if !passed.is_empty() {
                limits.push(format!("{name}: can wait without a hook: {}", passed.join(" ")));
            }
            if o.shadows() {
                let own = o.own_definitions.join(" ");
                limits.push(format!("{name}: has definitions of its own, before the hooks: {own}"));
            }
            if o.loading.iter().any(|n| n == "dlmopen") {
                limits.push(format!("{name}: dlmopen makes name spaces without the library"));
            }
            if o.threads.iter().any(|n| n.ends_with("clone")) {
                limits.push(format!("{name}: threads made by clone are no greenlets"));
            }
        }
        for name in &self.missing {
            limits.push(format!("{name} is not found: the program will not start"));
        }
        limits.extend(self.complaints.iter().map(|line| format!("the loader says: {line}")));
        if self.libraries_unknown.is_some() {
            limits.push("only the program itself was looked at".to_owned());
        }
        limits
    }

    /// Who makes threads.
    fn threads(&self) -> String {
        let making = |o: &&Object| o.threads.iter().any(|n| !n.ends_with("clone"));
        let makers: Vec<&Object> = self.objects.iter().filter(making).collect();
        if makers.iter().any(|o| o.kind == Kind::Program) {
            return "makes threads, which will be greenlets".to_owned();
        }
        if makers.is_empty() {
            return "makes no threads: it runs as without the library".to_owned();
        }
        let names: Vec<&str> = makers.iter().map(|o| o.name.as_str()).collect();
        format!("makes threads only by {}; they will be greenlets", names.join(", "))
    }

    fn handled(&self) -> String {
        let count = |handling| {
            let names: BTreeSet<&str> =
                self.objects.iter().flat_map(|o| o.with(handling)).collect();
            names.len()
        };
        format!(
            "of the functions it calls, {} park on the hub, {} become blocking sections, {} do at \
             times",
            count(Handling::Parks),
            count(Handling::Section),
            count(Handling::SectionAtTimes),
        )
    }

    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("names and numbers");
        text.push('\n');
        text
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for o in self.objects.iter().filter(|o| o.kind != Kind::Libc) {
            text += &o.text();
        }
        let file = self.file.as_deref().filter(|f| *f != self.program);
        let through = file.map(|f| format!(" (runs {f})")).unwrap_or_default();
        text += &format!("{}{through}:\n", self.program);
        for sentence in &self.verdict {
            text += &format!("  {sentence}\n");
        }
        text
    }
}

impl Object {
    fn text(&self) -> String {
        let mut text = format!("{}\n", self.path);
        for handling in Handling::ALL {
            let names = self.with(handling);
            if names.is_empty() {
                continue;
            }
            text += &format!("  {} ({})", handling.title(), names.len());
            // The others are for JSON.
            if matches!(handling, Handling::Instant | Handling::Disk) {
                text += "\n";
            } else {
                text += ":\n";
                text += &wrapped(&names);
            }
        }
        if self.system_calls.possible > 0 {
            text += &format!(
                "  {} of its own ({} places hold the bytes)\n",
                counted(self.system_calls.decoded, "system call instruction"),
                self.system_calls.possible
            );
            for place in self.system_calls.first.iter().filter(|p| p.decoded) {
                text += &format!("    {} in {}\n", place.address, place.inside);
            }
        }
        text + "\n"
    }
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Words in indented lines.
fn wrapped(words: &[&str]) -> String {
    let mut text = String::new();
    let mut column = WIDTH;
    for word in words {
        if column + 1 + word.len() > WIDTH {
            text += if text.is_empty() { "    " } else { "\n    " };
            column = 4;
        } else {
            text += " ";
            column += 1;
        }
        text += word;
        column += word.len();
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped() {
        let long = "x".repeat(60);
        assert_eq!(wrapped(&["a", "b"]), "    a b\n");
        assert_eq!(wrapped(&[&long, &long]), format!("    {long}\n    {long}\n"));
    }
}
