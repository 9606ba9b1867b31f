//! What gevent does, done here: each case is the same few lines as in the `.py` file beside
//! its own, and logs what that has logged (the `.txt` file, which `ask.py` writes).

mod backdoors;
mod dns;
mod events;
mod files;
mod greenlets;
mod locals;
mod locks;
mod pools;
mod processes;
mod queues;
mod reports;
mod servers;
mod signals;
mod sockets;
mod support;
mod threadpool;
mod timeouts;

use crate::case::run;
use libtest_mimic::{Failed, Trial};
use std::process::Command;
use support::{Case, Log};

/// Before the name of a case, after `--case`.
pub const GROUP: &str = "as_gevent/";

macro_rules! files {
    ($($name:ident),* $(,)?) => {
        /// The cases of each file, and gevent's answers.
        const FILES: &[(&str, &[Case], &str)] =
            &[$((stringify!($name), $name::CASES, include_str!(concat!(stringify!($name), ".txt")))),*];
    };
}

files!(
    backdoors, dns, events, files, greenlets, locals, locks, pools, processes, queues, reports,
    servers, signals, sockets, threadpool, timeouts,
);

/// Run one, if it has this name; false: there is none.
pub fn run_case(name: &str) -> bool {
    let mut all = FILES.iter().flat_map(|(_, cases, _)| cases.iter());
    let case = name.strip_prefix(GROUP).and_then(|n| all.find(|c| c.0 == n));
    let Some((_, run)) = case else { return false };
    geventrs::spawn(|| ()).join(None);
    let log = Log::default();
    run(&log);
    print!("{}", log.0.lock().unwrap().join("; "));
    true
}

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for &(_, cases, answers) in FILES {
        let one =
            |&(name, _): &Case| Trial::test(format!("{GROUP}{name}"), || check(name, answers));
        trials.extend(cases.iter().map(one));
    }
    trials.push(Trial::test("as_gevent/all", || {
        for (file, cases, answers) in FILES {
            let here: Vec<&str> = cases.iter().map(|(name, _)| *name).collect();
            let there: Vec<&str> =
                answers.lines().filter_map(|l| Some(l.split_once(':')?.0)).collect();
            assert_eq!(here, there, "cases of {file}.rs and {file}.txt");
        }
        Ok(())
    }));
    trials
}

fn check(name: &str, answers: &'static str) -> Result<(), Failed> {
    let told = |line: &'static str| line.strip_prefix(name)?.strip_prefix(": ");
    let expected = answers.lines().find_map(told).ok_or("gevent has not been asked")?;
    let case = format!("{GROUP}{name}");
    let output = run(Command::new(std::env::current_exe()?).args(["--case", &case]))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !output.stderr.is_empty() {
        return Err(format!("{output:?}").into());
    }
    if said != expected {
        return Err(format!("gevent: {expected}\nhere:   {said}").into());
    }
    Ok(())
}
