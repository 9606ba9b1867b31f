//! Runs one program: pinned or not, preloaded or not, with a limit of time.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Error, Read};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub struct Job {
    pub program: PathBuf,
    pub args: Vec<String>,
    pub preload: Option<PathBuf>,
    pub cpu: Option<usize>,
    /// Settings of the library.
    pub env: Vec<(&'static str, &'static str)>,
    pub limit: Duration,
}

pub struct Output {
    metrics: HashMap<String, f64>,
    pub stderr: String,
    /// From the start of the process to its end.
    pub seconds: f64,
}

impl Output {
    pub fn metric(&self, name: &str) -> Result<f64, String> {
        let value = self.metrics.get(name).copied();
        value.ok_or_else(|| format!("the program printed no `{name}`"))
    }
}

/// A started program, killed (by its pid) when dropped.
pub struct Running {
    child: Child,
    stdout: ChildStdout,
    stderr: PathBuf,
    started: Instant,
    deadline: Instant,
}

/// Runs `job` to its end; every failure of the program is an `Err`.
pub fn run(job: &Job) -> Result<Output, String> {
    let mut running = Running::start(job)?;
    let text = running.read_until(|_| false)?;
    let status = running.wait()?;
    let seconds = running.started.elapsed().as_secs_f64();
    let stderr = running.stderr();
    if !status.success() {
        return Err(format!("{status}: {}", last_line(&stderr)));
    }
    Ok(Output { metrics: parse_metrics(&text), stderr, seconds })
}

impl Running {
    pub fn start(job: &Job) -> Result<Self, String> {
        let stderr = job.program.with_extension("stderr");
        let failed = |error: Error| format!("{}: {error}", job.program.display());
        let mut command = Command::new(&job.program);
        command.envs(job.env.iter().copied());
        command.args(&job.args).env_remove("LD_PRELOAD").env_remove("LD_LIBRARY_PATH");
        if let Some(library) = &job.preload {
            command.env("LD_PRELOAD", library);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(File::create(&stderr).map_err(failed)?);
        let cpu = job.cpu;
        // SAFETY: the closure only makes system calls.
        unsafe { command.pre_exec(move || prepare(cpu)) };
        let started = Instant::now();
        let mut child = command.spawn().map_err(failed)?;
        let stdout = child.stdout.take().expect("stdout is piped");
        Ok(Running { child, stdout, stderr, started, deadline: started + job.limit })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads stdout until `enough` of it is there or it ends.
    pub fn read_until(&mut self, enough: impl Fn(&str) -> bool) -> Result<String, String> {
        let mut text = String::new();
        let mut buffer = [0; 4096];
        while !enough(&text) {
            self.await_output()?;
            let got = self.stdout.read(&mut buffer).map_err(|error| error.to_string())?;
            if got == 0 {
                break;
            }
            text.push_str(&String::from_utf8_lossy(&buffer[..got]));
        }
        Ok(text)
    }

    /// Ends the program with SIGTERM; SIGKILL follows if that does not help.
    pub fn terminate(mut self) {
        // SAFETY: the pid is that of our child, which is not yet waited for.
        unsafe { libc::kill(self.child.id() as i32, libc::SIGTERM) };
        self.deadline = Instant::now() + Duration::from_secs(2);
        let _ = self.wait();
    }

    pub fn stderr(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    fn await_output(&self) -> Result<(), String> {
        let mut poll =
            libc::pollfd { fd: self.stdout.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let left = self.deadline.saturating_duration_since(Instant::now());
        // SAFETY: one valid pollfd.
        match unsafe { libc::poll(&mut poll, 1, left.as_millis() as i32) } {
            0 => Err(self.too_long()),
            _ => Ok(()),
        }
    }

    fn wait(&mut self) -> Result<ExitStatus, String> {
        loop {
            if let Some(status) = self.child.try_wait().map_err(|error| error.to_string())? {
                return Ok(status);
            }
            if Instant::now() > self.deadline {
                return Err(self.too_long());
            }
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    fn too_long(&self) -> String {
        format!("not done after {:.0} s", self.started.elapsed().as_secs_f64())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn last_line(text: &str) -> &str {
    text.trim_end().lines().last().unwrap_or("nothing on stderr")
}

/// `name value name value …`
fn parse_metrics(text: &str) -> HashMap<String, f64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let pair = |pair: &[&str]| Some((pair[0].to_string(), pair[1].parse().ok()?));
    words.chunks_exact(2).filter_map(pair).collect()
}

/// In the child, before exec: it must not outlive the runner.
fn prepare(cpu: Option<usize>) -> std::io::Result<()> {
    // SAFETY: plain system calls on local data.
    let failed = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu.unwrap_or(0), &mut set);
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0
            || cpu.is_some() && libc::sched_setaffinity(0, size_of_val(&set), &set) != 0
    };
    if failed {
        Err(Error::last_os_error())
    } else {
        Ok(())
    }
}

pub fn allowed_cpus() -> Vec<usize> {
    // SAFETY: plain system call on local data.
    let set = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of_val(&set), &mut set);
        set
    };
    // SAFETY: the index is below the size of the set.
    (0..libc::CPU_SETSIZE as usize).filter(|&cpu| unsafe { libc::CPU_ISSET(cpu, &set) }).collect()
}

/// A server of 1,000 connections needs more than the usual 1,024 descriptors.
pub fn raise_open_files() {
    // SAFETY: plain system calls on local data.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
}
