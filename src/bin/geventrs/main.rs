//! The command-line tool: starts programs with the library preloaded, and
//! tells what the library does.
//!
//! Exit codes are env(1)'s: 125 when the tool itself cannot do it, 126 when the
//! program cannot be executed, 127 when it is not found; otherwise the
//! program's own, for it takes the tool's place. `docs/tool.md` has the list.

mod address_space;
mod backtrace;
mod called;
mod check;
mod colours;
mod columns;
mod crate_frames;
mod debug_files;
mod elf;
mod explain;
mod gdb;
mod handling;
mod hooks;
mod library;
mod loader;
mod locks;
mod manual;
mod obstacles;
mod outside;
mod processes;
mod program;
mod ps;
mod recorded;
mod report;
mod run;
mod settings;
mod stacks;
mod symbolize;
mod symbols;
mod system_calls;
mod tcp_peers;
mod top;
// The audit reads the page's other table.
#[allow(dead_code)]
mod unhooked;
mod unix_peers;
mod unwind;
mod words;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use std::fmt::Display;
use std::process::ExitCode;

/// Exit code: all is well.
const SUCCEEDED: u8 = 0;
/// Exit code: `check` has found limits.
const LIMITS: u8 = 1;
/// Exit code: there is nothing to show.
const NOTHING: u8 = 1;
/// Exit code: the command line is wrong.
const USAGE: u8 = 2;
/// Exit code: the process cannot be asked.
const UNREACHABLE: u8 = 3;
/// Exit code: the tool could not do what it was asked.
const FAILED: u8 = 125;
/// Exit code: the program was found and cannot be executed.
const NOT_EXECUTABLE: u8 = 126;
/// Exit code: there is no such program.
const NOT_FOUND: u8 = 127;

/// gevent for native programs: runs the threads of an unmodified program as
/// greenlets on one OS thread.
#[derive(Parser)]
#[command(name = "geventrs", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Run(Box<run::Run>),
    Check(check::Check),
    Ps(ps::Ps),
    Stacks(stacks::Stacks),
    Locks(locks::Locks),
    Top(top::Top),
    Gdb(gdb::Gdb),
    Hooks(hooks::Hooks),
    Report(recorded::Report),
    Timeline(recorded::Timeline),
    Settings(settings::Settings),
    Man(manual::Man),
    Completions(manual::Completions),
    #[command(hide = true)]
    Explain(explain::Explain),
    #[command(hide = true)]
    Symbolize(symbolize::Symbolize),
}

/// A failure, as the user is told of it.
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn new(code: u8, message: impl Display) -> Self {
        Failure { code, message: message.to_string() }
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(e) => {
            if !e.use_stderr() || e.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
                let code = if e.use_stderr() { USAGE } else { SUCCEEDED };
                // Nobody to tell if the terminal is gone.
                let _ = e.print();
                return ExitCode::from(code);
            }
            eprintln!("geventrs: {}", one_line(&e));
            return ExitCode::from(USAGE);
        }
    };
    let result = match arguments.task {
        Task::Run(run) => run.execute().map(|()| SUCCEEDED),
        Task::Check(check) => check.print(),
        Task::Ps(ps) => ps.execute(),
        Task::Stacks(stacks) => stacks.execute(),
        Task::Locks(locks) => locks.execute(),
        Task::Top(top) => top.execute(),
        Task::Gdb(gdb) => gdb.execute().map(|()| SUCCEEDED),
        Task::Man(man) => man.execute().map(|()| SUCCEEDED),
        Task::Completions(completions) => completions.execute().map(|()| SUCCEEDED),
        Task::Explain(explain) => explain.execute().map(|()| SUCCEEDED),
        Task::Hooks(hooks) => hooks.print().map(|()| SUCCEEDED),
        Task::Report(report) => report.execute().map(|()| SUCCEEDED),
        Task::Timeline(timeline) => timeline.execute().map(|()| SUCCEEDED),
        Task::Settings(settings) => settings.print().map(|()| SUCCEEDED),
        Task::Symbolize(symbolize) => symbolize.execute().map(|()| SUCCEEDED),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(Failure { code, message }) => {
            eprintln!("geventrs: {message}");
            ExitCode::from(code)
        }
    }
}

/// What is wrong with the command line, in one line.
fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let mut what = String::new();
    // The usage and tips come after an empty line; lists of what is missing are
    // indented.
    for line in text.lines().take_while(|l| !l.is_empty()) {
        let line = line.trim().trim_start_matches("error: ");
        what += if what.is_empty() { "" } else { " " };
        what += line;
    }
    what + " (see --help)"
}

/// Write to stdout. A reader who has seen enough (`| head`) is no failure.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::{ErrorKind, Write};
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(FAILED, format_args!("stdout: {e}")))
        }
        _ => Ok(()),
    }
}
