//! A program that is being asked: starting it, waiting until it is where it should
//! be, and asking.

use crate::support::*;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ask again and again until there is an answer.
#[track_caller]
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A program that runs under the library. Killed when dropped.
pub struct Asked {
    pub child: Child,
    directory: PathBuf,
}

impl Drop for Asked {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Asked {
    /// Start `program` with its control socket in `directory`.
    pub fn start(directory: &Path, program: &Path, flags: &[&str]) -> Asked {
        let mut command = run(flags);
        command.arg("--").arg(program);
        Asked::start_command(directory, command)
    }

    /// Start a command of the tool's.
    pub fn start_command(directory: &Path, mut command: Command) -> Asked {
        command.env("XDG_RUNTIME_DIR", directory).stdin(Stdio::null()).stdout(Stdio::null());
        Asked { child: start(&mut command), directory: directory.to_owned() }
    }

    pub fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// A command of the tool about it.
    pub fn about(&self, arguments: &[&str]) -> Command {
        let mut command = tool(arguments);
        command.env("XDG_RUNTIME_DIR", &self.directory);
        command
    }

    /// `geventrs COMMAND PID`, if it succeeds.
    pub fn ask(&self, command: &str, more: &[&str]) -> Option<String> {
        let pid = self.pid();
        let answer = output(&mut self.about(&[&[command, &pid], more].concat()));
        let text = String::from_utf8(answer.stdout).unwrap();
        answer.status.success().then_some(text)
    }

    /// `geventrs COMMAND PID`, once all of `words` are in it.
    #[track_caller]
    pub fn says(&self, command: &str, words: &[&str]) -> String {
        let mut last = String::new();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            last = self.ask(command, &[]).unwrap_or_default();
            if words.iter().all(|w| last.contains(w)) {
                return last;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{command} does not say {words:?} but\n{last}");
    }

    /// The greenlet called `name`, by `ps --json`.
    pub fn greenlet(&self, name: &str) -> Option<Value> {
        let text = self.ask("ps", &["--json"])?;
        let process: Value = serde_json::from_str(&text).unwrap();
        process["greenlets"].as_array()?.iter().find(|g| g["name"] == name).cloned()
    }
}

/// The lines that come on a pipe, read to its end by a thread of its own.
pub fn lines_of(pipe: impl std::io::Read + Send + 'static) -> std::sync::mpsc::Receiver<String> {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let _ = tell.send(line);
        }
    });
    told
}

/// Lines until one contains `word`.
#[track_caller]
pub fn lines_until(lines: &std::sync::mpsc::Receiver<String>, word: &str) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                seen.push(line);
                if seen[seen.len() - 1].contains(word) {
                    return seen;
                }
            }
            Err(_) => panic!("no line with {word:?} in {seen:#?}"),
        }
    }
}
