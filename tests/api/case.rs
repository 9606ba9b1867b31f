//! Cases that run in a process of their own, since a process has one hub: the
//! test program starts itself with `--case NAME`. There `main`'s thread is no
//! greenlet until the case spawns.

#[path = "../support/to_end.rs"]
mod to_end;

use libtest_mimic::{Arguments, Failed, Trial};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

/// What a case does, and what its process must show.
pub struct Case {
    pub name: &'static str,
    pub run: fn(),
    /// The signal that ends the process; 0: it exits with 0.
    pub signal: i32,
    /// What must be on stderr; empty: nothing at all.
    pub stderr: &'static [&'static str],
}

pub const fn case(name: &'static str, run: fn()) -> Case {
    Case { name, run, signal: 0, stderr: &[] }
}

/// The whole test program: groups of cases with their names, each case in its
/// process, and `others`.
pub fn main(groups: &[(&'static str, &'static [Case])], others: Vec<Trial>) {
    let words: Vec<String> = std::env::args().collect();
    let all = groups.iter().flat_map(|(group, cases)| {
        cases.iter().map(move |case| (format!("{group}/{}", case.name), case))
    });
    if words.get(1).is_some_and(|w| w == "--case") {
        let (_, case) = all.into_iter().find(|c| c.0 == words[2]).expect("a case of this name");
        return (case.run)();
    }
    let mut args = Arguments::from_args();
    args.test_threads.get_or_insert(2);
    let mut trials: Vec<Trial> =
        all.map(|(name, case)| Trial::test(name.clone(), move || check(&name, case))).collect();
    trials.extend(others);
    libtest_mimic::run(&args, trials).exit();
}

/// Run a command to its end, which must come in time.
pub fn run(command: &mut Command) -> Result<Output, Failed> {
    to_end::run(command.env("RUST_BACKTRACE", "0"))
}

fn check(name: &str, case: &Case) -> Result<(), Failed> {
    let output = run(Command::new(std::env::current_exe()?).args(["--case", name]))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let ended = match case.signal {
        0 => output.status.success(),
        signal => output.status.signal() == Some(signal),
    };
    let said = case.stderr.iter().all(|text| stderr.contains(text));
    let silent = !case.stderr.is_empty() || case.signal != 0 || stderr.is_empty();
    if ended && said && silent {
        return Ok(());
    }
    Err(format!("{}, stderr:\n{stderr}", output.status).into())
}
