//! The sides: this program, gevent and Go; how each runs a work, and the echo servers'
//! client.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Geventrs,
    Gevent,
    Go,
}

impl Side {
    pub const ALL: [Side; 3] = [Side::Geventrs, Side::Gevent, Side::Go];
}

/// Connections of the echo servers' client.
const CONNECTIONS: u32 = 1000;

/// What there is to run with.
pub struct Tools {
    itself: PathBuf,
    python: Option<PathBuf>,
    go: Option<PathBuf>,
    epoll: PathBuf,
    client: PathBuf,
    cpu: usize,
    other_cpu: usize,
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}: {}", output.status, said.lines().last().unwrap_or("")))
}

/// Kills its process when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Tools {
    /// What there is, and a line for each thing that is missing.
    pub fn find(cpu: usize) -> Result<(Tools, Vec<String>), String> {
        raise_open_files();
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into());
        let dir = here().join(target).join("benches");
        std::fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        let mut missing = Vec::new();
        let mut optional = |what: &str, found: Result<PathBuf, String>| match found {
            Ok(path) => Some(path),
            Err(e) => {
                missing.push(format!("{what} is left out: {e}"));
                None
            }
        };
        let python = optional("gevent", gevent(&dir));
        let go = optional("Go", go(&dir));
        let cpus = std::thread::available_parallelism().map_or(1, |n| n.get());
        let tools = Tools {
            itself: std::env::current_exe().map_err(|e| e.to_string())?,
            python,
            go,
            epoll: compile(&dir, "echo_epoll")?,
            client: compile(&dir, "echo_client")?,
            cpu,
            other_cpu: if cpus > 1 { (cpu + 1) % cpus } else { cpu },
        };
        Ok((tools, missing))
    }

    fn pinned(&self, program: &Path, cpu: usize) -> Command {
        let mut command = Command::new("taskset");
        command.args(["-c", &cpu.to_string()]).arg(program);
        command
    }

    /// What runs a work on a side; `None`: that side is missing.
    fn command(&self, side: Side, work: &str, count: u64) -> Option<Command> {
        let count = count.to_string();
        Some(match side {
            Side::Geventrs => {
                let mut command = self.pinned(&self.itself, self.cpu);
                command.args(["--work", work, &count]);
                command
            }
            Side::Gevent => {
                let mut command = self.pinned(self.python.as_deref()?, self.cpu);
                command.arg(here().join("benches/api/gevent_works.py")).args([work, &count]);
                command
            }
            Side::Go => {
                let mut command = self.pinned(self.go.as_deref()?, self.cpu);
                command.args([work, &count]).env("GOMAXPROCS", "1");
                command
            }
        })
    }

    /// Nanoseconds of one operation.
    pub fn work(&self, side: Side, work: &str, count: u64) -> Result<Option<f64>, String> {
        // gevent takes a hundred times as long for each.
        let count = if side == Side::Gevent { count / 10 } else { count };
        let Some(mut command) = self.command(side, work, count) else { return Ok(None) };
        let said = run(&mut command)?;
        let ns = said.trim().strip_prefix("ns ").and_then(|ns| ns.parse().ok());
        ns.map(Some).ok_or_else(|| format!("{command:?} said {said:?}"))
    }

    /// Requests a second of a side's echo server, or of the epoll loop (`None`).
    pub fn echo(&self, side: Option<Side>, quick: bool) -> Result<Option<f64>, String> {
        let command = match side {
            None => Some(self.pinned(&self.epoll, self.cpu)),
            Some(side) => self.command(side, "echo", 0),
        };
        let Some(mut command) = command else { return Ok(None) };
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let child = command.spawn().map_err(|e| format!("{command:?}: {e}"))?;
        let mut server = Running(child);
        let pid = server.0.id();
        let mut line = String::new();
        let stdout = server.0.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).map_err(|e| e.to_string())?;
        let port = line.trim().strip_prefix("port ").ok_or_else(|| format!("no port: {line}"))?;
        let seconds = if quick { 1 } else { 2 };
        let mut client = self.pinned(&self.client, self.other_cpu);
        client.arg(port).args([CONNECTIONS, seconds, pid].map(|n| n.to_string()));
        let said = run(&mut client)?;
        let rate = said.split_whitespace().nth(1).and_then(|rate| rate.parse().ok());
        rate.map(Some).ok_or_else(|| format!("{client:?} said {said:?}"))
    }
}

/// A Python with gevent: a virtual environment under target/benches, made when there is
/// none (pip needs the network then).
fn gevent(dir: &Path) -> Result<PathBuf, String> {
    let venv = dir.join("gevent");
    let python = venv.join("bin/python");
    let works = |python: &Path| run(Command::new(python).args(["-c", "import gevent"])).is_ok();
    if !works(&python) {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        run(Command::new(venv.join("bin/pip")).args(["install", "-q", "gevent"]))?;
        run(Command::new(&python).args(["-c", "import gevent"]))?;
    }
    Ok(python)
}

/// The Go program, compiled (Debian: golang-go).
fn go(dir: &Path) -> Result<PathBuf, String> {
    let binary = dir.join("api_go");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&binary).arg("works.go");
    build.current_dir(here().join("benches/api/go")).env("GO111MODULE", "off");
    run(&mut build).map(|_| binary)
}

fn compile(dir: &Path, name: &str) -> Result<PathBuf, String> {
    let (source, binary) = (here().join(format!("benches/c/{name}.c")), dir.join(name));
    let mut gcc = Command::new("gcc");
    run(gcc.args(["-O2", "-pthread", "-o"]).arg(&binary).arg(source)).map(|_| binary)
}

/// The echo servers have a descriptor for each connection.
fn raise_open_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls get a valid limit.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
}
