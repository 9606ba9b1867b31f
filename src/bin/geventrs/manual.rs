//! `geventrs man` and `geventrs completions`: generated from the command line's
//! own description, so that they cannot be out of date.

use crate::{print, Arguments, Failure, FAILED};
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use geventrs::settings::SETTINGS;
use std::path::{Path, PathBuf};

/// Print the manual page (`geventrs man | man -l -`)
#[derive(Args)]
pub struct Man {
    /// The page of one command, such as `run`
    command: Option<String>,
    /// Write all pages to a directory, as geventrs.1, geventrs-run.1 and so on
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

impl Man {
    pub fn execute(self) -> Result<(), Failure> {
        let mut tool = Arguments::command();
        tool.build();
        if let Some(directory) = &self.dir {
            return write_all(&tool, directory);
        }
        let command = match &self.command {
            None => &tool,
            Some(name) => tool.find_subcommand(name).ok_or_else(|| {
                Failure::new(crate::USAGE, format!("no such command: {name} (see --help)"))
            })?,
        };
        print(&String::from_utf8_lossy(&page(command)))
    }
}

fn write_all(tool: &clap::Command, directory: &Path) -> Result<(), Failure> {
    let fail = |path: &Path, e| Failure::new(FAILED, format!("{}: {e}", path.display()));
    std::fs::create_dir_all(directory).map_err(|e| fail(directory, e))?;
    let commands = tool.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help");
    for command in std::iter::once(tool).chain(commands) {
        let path = directory.join(format!("{}.1", name(command)));
        std::fs::write(&path, page(command)).map_err(|e| fail(&path, e))?;
    }
    Ok(())
}

/// `geventrs-run`.
fn name(command: &clap::Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn page(command: &clap::Command) -> Vec<u8> {
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = clap_mangen::Man::new(command.clone()).render(&mut text);
    if command.get_name() == "geventrs" {
        text.extend_from_slice(environment().as_bytes());
    }
    text
}

/// The settings, and what else the tool reads, in the manual's language.
fn environment() -> String {
    let line = |text: &str| text.replace('\\', "\\\\").replace('-', "\\-").replace('`', "");
    let mut text = String::from(
        ".SH ENVIRONMENT\n\
         The library reads these when it is loaded, also without the tool \
         (LD_PRELOAD=libgeventrs.so); the options of geventrs\\-run(1) set them.\n",
    );
    let entry = |name: &str, what: &str| format!(".TP\n.B {name}\n{}\n", line(what));
    for s in SETTINGS {
        let what = format!("{}. Values: {}. Default: {}.", s.effect, s.values, s.default);
        text += &entry(s.name, &what);
    }
    text += ".PP\nBesides:\n";
    text += &entry("NO_COLOR", "If it is set and not empty, the tool uses no colours.");
    text += &entry(
        "XDG_RUNTIME_DIR",
        "The sockets of programs are there, in a directory geventrs; without it in /tmp.",
    );
    text + ".SH SEE ALSO\ngeventrs\\-run(1), geventrs(3), gevent's documentation\n"
}

/// Print a completion script for a shell
#[derive(Args)]
#[command(
    after_help = "Example:\n  geventrs completions bash > ~/.local/share/bash-completion/completions/geventrs"
)]
pub struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub fn execute(self) -> Result<(), Failure> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "geventrs", &mut text);
        print(&String::from_utf8_lossy(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No line is taken for a request of roff's that is none.
    #[test]
    fn the_manual_lists_the_settings() {
        let text = environment();
        for s in SETTINGS {
            assert!(text.contains(&format!(".TP\n.B {}\n", s.name)), "{text}");
        }
        let requests = text.lines().filter(|l| l.starts_with(['.', '\'']));
        let known =
            |l: &str| matches!(l, ".TP" | ".PP") || l.starts_with(".B ") || l.starts_with(".SH ");
        assert!(requests.into_iter().all(known), "{text}");
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_options_of_run_are_the_settings() {
        let tool = Arguments::command();
        let run = tool.find_subcommand("run").unwrap();
        let mut options: Vec<_> = run
            .get_arguments()
            .filter_map(|a| Some(format!("--{}", a.get_long()?)))
            .filter(|o| o != "--help")
            .collect();
        let mut flags: Vec<_> = SETTINGS.iter().map(|s| s.flag.to_owned()).collect();
        options.sort();
        flags.sort();
        assert_eq!(options, flags);
        // Each says which variable it sets.
        for s in SETTINGS {
            let mut arguments = run.get_arguments();
            let argument = arguments.find(|a| s.flag.strip_prefix("--") == a.get_long()).unwrap();
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(s.name), "{} does not name {}", s.flag, s.name);
        }
    }
}
