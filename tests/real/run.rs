//! Running a program to its end, or as a server for as long as a case needs
//! it; comparing the preloaded run with the native one.

use super::bench::{Mode, Place};
use crate::process::{
    clip, end_group, first_difference, kill_group, tasks, threads_of, Collected, Exit,
};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take unless its case says something else. Ample:
/// the machine may be small and busy, and only a hang shall reach it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a program that has ended left behind.
#[derive(Debug)]
pub struct Ended {
    pub exit: Exit,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// The largest count of OS threads seen; sampled, so a lower bound.
    pub max_threads: usize,
}

impl Ended {
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// An error unless the program ended with exit code 0.
    pub fn success(self, what: &str) -> Result<Ended, String> {
        match self.exit {
            Exit::Code(0) => Ok(self),
            _ => Err(format!("{what}:\n{}", self.describe())),
        }
    }

    pub fn describe(&self) -> String {
        format!(
            "{} (at most {} OS threads seen)\n[stdout]\n{}\n[stderr]\n{}",
            self.exit,
            self.max_threads,
            clip(&self.stdout).trim_end(),
            clip(&self.stderr).trim_end()
        )
    }
}

/// Run a command to its end, in a process group of its own.
pub fn run(command: &mut Command, stdin: &[u8], patience: Duration) -> Result<Ended, String> {
    let mut started = Started::new(command.stdin(match stdin.is_empty() {
        true => Stdio::null(),
        false => Stdio::piped(),
    }))?;
    if let Some(mut pipe) = started.child.stdin.take() {
        let bytes = stdin.to_vec();
        // A program need not read all of its input.
        std::thread::spawn(move || pipe.write_all(&bytes));
    }
    started.wait(patience)
}

/// A program under way; ended with all of its process group when dropped.
pub struct Started {
    child: Child,
    what: String,
    stdout: Collected,
    stderr: Collected,
    max_threads: usize,
    over: bool,
}

impl Started {
    pub fn new(command: &mut Command) -> Result<Started, String> {
        let what = format!("{command:?}");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|e| format!("{what}: {e}"))?;
        Ok(Started {
            stdout: Collected::from(child.stdout.take().expect("piped")),
            stderr: Collected::from(child.stderr.take().expect("piped")),
            child,
            what,
            max_threads: 1,
            over: false,
        })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The OS threads it has now.
    pub fn threads(&self) -> usize {
        threads_of(self.pid(), Duration::from_millis(10))
    }

    /// What it has printed so far.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout.bytes()).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr.bytes()).into_owned()
    }

    /// Wait until `ready` finds what it looks for.
    pub fn wait_for<T>(
        &mut self,
        why: &str,
        mut ready: impl FnMut(&Started) -> Option<T>,
    ) -> Result<T, String> {
        let start = Instant::now();
        loop {
            if let Some(t) = ready(self) {
                return Ok(t);
            }
            let ended = self.child.try_wait().map_err(|e| format!("wait: {e}"))?;
            if ended.is_some() || start.elapsed() > PATIENCE {
                let end = ended.map_or("still running".into(), |s| Exit::from(s).to_string());
                return Err(format!(
                    "waited for {why} of {}: {end}\n[stdout]\n{}\n[stderr]\n{}\n{}",
                    self.what,
                    self.stdout(),
                    self.stderr(),
                    tasks(self.pid())
                ));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Wait until it listens on a port of loopback.
    pub fn wait_listening(&mut self, port: u16) -> Result<(), String> {
        self.wait_for("a listening socket", |_| TcpStream::connect(("127.0.0.1", port)).ok())
            .map(drop)
    }

    /// Wait for its end.
    pub fn wait(mut self, patience: Duration) -> Result<Ended, String> {
        let start = Instant::now();
        let exit = loop {
            if let Some(status) = self.child.try_wait().map_err(|e| format!("wait: {e}"))? {
                break status.into();
            }
            self.max_threads = self.max_threads.max(self.threads());
            if start.elapsed() > patience {
                let at = tasks(self.pid());
                return Err(format!(
                    "timed out after {patience:?}: {}\n{at}[stdout]\n{}\n[stderr]\n{}",
                    self.what,
                    clip(&self.stdout.bytes()),
                    clip(&self.stderr.bytes())
                ));
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        self.over = true;
        // The pipes close with the last process that holds them.
        let patience = Instant::now() + Duration::from_secs(10);
        while !(self.stdout.at_end() && self.stderr.at_end()) {
            if Instant::now() > patience {
                // The group outlives its leader while it has members, so this
                // is still that group.
                kill_group(self.pid());
                return Err(format!("{}: ended, a child kept its output open", self.what));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(Ended {
            exit,
            stdout: self.stdout.bytes(),
            stderr: self.stderr.bytes(),
            max_threads: self.max_threads,
        })
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if !self.over {
            end_group(&mut self.child);
        }
    }
}

/// An error unless a run was as the oracle's.
pub fn compare(native: &Ended, preloaded: &Ended) -> Result<(), String> {
    let mut wrong = vec![];
    if native.exit != preloaded.exit {
        wrong.push(format!("ended with {}, natively {}", preloaded.exit, native.exit));
    }
    for (what, n, p) in [
        ("stdout", &native.stdout, &preloaded.stdout),
        ("stderr", &native.stderr, &preloaded.stderr),
    ] {
        if n != p {
            wrong.push(format!("{what} differs, {}", first_difference(n, p)));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "{}\n--- native: {}\n--- preloaded: {}",
            wrong.join("\n"),
            native.describe(),
            preloaded.describe()
        )),
    }
}

/// Run what `build` makes in each mode; the preloaded run must be as the
/// native one, which must be `good`.
pub fn same(
    place: &Place,
    patience: Duration,
    build: impl Fn(Mode) -> Command,
    good: impl Fn(&Ended) -> Result<(), String>,
) -> Result<(), String> {
    let mut native = None;
    for &mode in place.modes() {
        let ended = run(&mut build(mode), b"", patience).map_err(|e| format!("{mode:?}: {e}"))?;
        match &native {
            None => {
                good(&ended).map_err(|e| {
                    format!("the native run is wrong already: {e}\n{}", ended.describe())
                })?;
                native = Some(ended);
            }
            Some(native) => compare(native, &ended)?,
        }
    }
    Ok(())
}

/// A port of loopback that nobody listens on. Another process could take it
/// before the server that it is for does; servers that can choose a port
/// themselves do not need this.
pub fn free_port() -> u16 {
    let l = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback");
    l.local_addr().expect("a bound socket").port()
}
