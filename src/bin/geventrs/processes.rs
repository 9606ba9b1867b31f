//! The processes that run under the library: their control sockets, and what
//! they answer. (`geventrs::control` is the other end.)

use crate::{outside, Failure, UNREACHABLE};
use serde::Deserialize;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The protocol's version.
const VERSION: u32 = 1;
/// How long a process may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// One line of an answer.
#[derive(Debug, Default, Deserialize)]
pub struct Line {
    // The first line.
    pub geventrs: Option<u32>,
    pub pid: Option<u32>,
    pub name: Option<String>,
    pub live: Option<u32>,
    pub switches: Option<u64>,
    pub carriers: Option<u32>,
    // The others.
    pub greenlet: Option<Greenlet>,
    pub maps: Option<String>,
    pub end: Option<bool>,
    pub left_out: Option<u64>,
    pub error: Option<String>,
    // The first line of a report.
    pub cycle: Option<Vec<u32>>,
    pub only: Option<bool>,
}

/// One greenlet.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Greenlet {
    pub id: u32,
    pub name: String,
    pub state: String,
    pub for_ns: Option<u64>,
    pub left_ns: Option<u64>,
    #[serde(default)]
    pub switches: u64,
    #[serde(default)]
    pub cpu_ns: u64,
    /// Of one that is blocked past the library: what it has computed in that time.
    pub computed_ns: Option<u64>,
    pub reason: Option<Reason>,
    pub creator: Option<u32>,
    #[serde(default)]
    pub made_at: Vec<String>,
    /// How long ago the lock that it waits for was taken, and where.
    pub taken_ns: Option<u64>,
    #[serde(default)]
    pub taken_at: Vec<String>,
    pub entry: Option<String>,
    pub tid: Option<u32>,
    /// Which attributes of the kernel's it has, if not those of most.
    pub standing: Option<u32>,
    pub stack_size: Option<u64>,
    pub stack_used: Option<u64>,
    pub pc: Option<String>,
    pub sp: Option<String>,
    pub fp: Option<String>,
    pub bx: Option<String>,
    pub stack: Option<String>,
    pub trace: Option<Vec<String>>,
}

/// What a greenlet waits for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Reason {
    pub kind: String,
    pub words: String,
    pub fd: Option<i32>,
    pub fds: Option<u32>,
    #[serde(default)]
    pub polled: Vec<Polled>,
    pub local: Option<String>,
    pub peer: Option<String>,
    pub file: Option<String>,
    pub address: Option<String>,
    pub owner: Option<u32>,
    pub thread: Option<u32>,
    /// The thread that holds a mutex which processes share.
    pub holder: Option<u32>,
    /// Not told by the process: the name of the process that this thread is in, if that is
    /// another one.
    #[serde(skip)]
    pub holder_name: Option<String>,
    /// The child that is waited for.
    pub pid: Option<i32>,
    pub of: Option<String>,
    /// The system call that has gone past the library; -1: a page fault.
    pub call: Option<i64>,
    /// Not told by the process: the other ends of the pipe or Unix socket.
    #[serde(skip)]
    pub ends: Vec<outside::End>,
}

/// One of several descriptors.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Polled {
    pub fd: i32,
    #[serde(default)]
    pub write: bool,
    /// In an epoll set: told of no more (EPOLLONESHOT).
    #[serde(default)]
    pub disarmed: bool,
    /// In an epoll set: the file is not that of this number any more.
    #[serde(default)]
    pub gone: bool,
    pub local: Option<String>,
    pub peer: Option<String>,
    pub file: Option<String>,
    /// Not told by the process: the other ends.
    #[serde(skip)]
    pub ends: Vec<outside::End>,
}

/// An address as the protocol writes it.
pub fn number(text: &Option<String>) -> Option<u64> {
    u64::from_str_radix(text.as_deref()?.strip_prefix("0x")?, 16).ok()
}

/// What a process has said of itself.
#[derive(Debug, Default)]
pub struct Process {
    pub pid: u32,
    pub name: String,
    pub live: u32,
    pub switches: u64,
    pub carriers: u32,
    /// Oldest first.
    pub greenlets: Vec<Greenlet>,
    /// How many more there are.
    pub left_out: u64,
    /// proc(5), `maps`.
    pub maps: String,
    /// Of a report: greenlets that wait for each other.
    pub cycle: Vec<u32>,
    /// Of a report: only those.
    pub only: bool,
}

impl Process {
    /// Read an answer to its end.
    pub fn read(lines: impl BufRead) -> Result<Process, String> {
        let mut process = Process::default();
        for line in lines.lines() {
            let line = line.map_err(|e| e.to_string())?;
            let line: Line =
                serde_json::from_str(&line).map_err(|e| format!("not understood: {e}"))?;
            if let Some(error) = line.error {
                return Err(error);
            }
            if let Some(version) = line.geventrs {
                if version != VERSION {
                    return Err(format!("speaks version {version} of the protocol, not {VERSION}"));
                }
                process.pid = line.pid.unwrap_or(0);
                process.name = line.name.unwrap_or_default();
                process.live = line.live.unwrap_or(0);
                process.switches = line.switches.unwrap_or(0);
                process.carriers = line.carriers.unwrap_or(0);
            }
            process.cycle.extend(line.cycle.into_iter().flatten());
            process.only |= line.only.unwrap_or(false);
            process.greenlets.extend(line.greenlet);
            process.maps.push_str(line.maps.as_deref().unwrap_or(""));
            if line.end == Some(true) {
                process.left_out = line.left_out.unwrap_or(0);
                // A thread that has ended, and that nobody waits for any more, is
                // no news.
                process.greenlets.reverse();
                return Ok(process);
            }
        }
        Err("it broke off".to_owned())
    }

    /// Whether the thread `id` of this process has ended, for sure.
    pub fn has_ended(&self, id: u32) -> bool {
        // (An OS thread that is no greenlet is none of the list.)
        let thread = PathBuf::from(format!("/proc/{}/task", self.pid));
        let all = !self.only && self.left_out == 0 && self.pid != 0;
        all && self.greenlet(id).is_none_or(|g| g.state == "ended")
            && thread.exists()
            && !thread.join(id.to_string()).exists()
    }

    /// A greenlet by its thread id.
    pub fn greenlet(&self, id: u32) -> Option<&Greenlet> {
        self.greenlets.iter().find(|g| g.id == id)
    }
}

/// What to ask a process for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question {
    /// With stacks.
    pub stacks: bool,
    /// At most so many greenlets.
    pub limit: Option<usize>,
}

/// Ask the process `pid`.
pub fn ask(pid: u32, question: Question) -> Result<Process, Failure> {
    let fail = |why: &dyn std::fmt::Display| Failure::new(UNREACHABLE, format!("{pid}: {why}"));
    let Some(stream) = sockets(pid).find_map(|path| connect(&path)) else {
        return Err(fail(&why_not(pid)));
    };
    let mut process = exchange(stream, question).map_err(|e| fail(&e))?;
    outside::complete(&mut process);
    Ok(process)
}

/// What the process `pid` has recorded: its file of the kind `kind` as it would be now.
/// With `span`, one that records nothing does so for that long first.
pub fn recorded(pid: u32, kind: &str, span: Option<Duration>) -> Result<Vec<u8>, Failure> {
    let fail = |why: &dyn std::fmt::Display| Failure::new(UNREACHABLE, format!("{pid}: {why}"));
    let Some(mut stream) = sockets(pid).find_map(|path| connect(&path)) else {
        return Err(fail(&why_not(pid)));
    };
    let record = span.map_or(String::new(), |s| format!(",\"for_ms\":{}", s.as_millis()));
    let line = format!("{{\"v\":{VERSION},\"ask\":\"{kind}\"{record}}}\n");
    let mut text = Vec::new();
    stream
        .set_read_timeout(Some(PATIENCE + span.unwrap_or_default()))
        .and_then(|()| stream.write_all(line.as_bytes()))
        .and_then(|()| stream.read_to_end(&mut text))
        .map_err(|e| fail(&e))?;
    match serde_json::from_slice::<Line>(&text) {
        Ok(Line { error: Some(why), .. }) => Err(fail(&match why.as_str() {
            "nothing is recorded" => format!(
                "records no {kind}: start it with `geventrs run --{kind}=FILE`, or say for how long it shall record now: --for 10s"
            ),
            _ => why,
        })),
        _ if text.is_empty() => Err(fail(&"does not answer")),
        _ => Ok(text),
    }
}

fn exchange(mut stream: UnixStream, question: Question) -> Result<Process, String> {
    let limit = question.limit.map_or(String::new(), |n| format!(",\"limit\":{n}"));
    let stacks = question.stacks;
    let line = format!("{{\"v\":{VERSION},\"ask\":\"greenlets\",\"stacks\":{stacks}{limit}}}\n");
    let patient = stream.set_read_timeout(Some(PATIENCE));
    patient.and_then(|()| stream.write_all(line.as_bytes())).map_err(|e| e.to_string())?;
    Process::read(BufReader::new(stream)).map_err(|e| match e.as_str() {
        "it broke off" => "does not answer".to_owned(),
        _ => e,
    })
}

/// Why a process has no control socket.
fn why_not(pid: u32) -> String {
    let maps = match std::fs::read_to_string(format!("/proc/{pid}/maps")) {
        Err(e) if e.kind() == ErrorKind::NotFound => return "no such process".to_owned(),
        Err(e) => return format!("cannot be looked at: {e}"),
        Ok(maps) => maps,
    };
    if !maps.contains("libgeventrs") {
        return "does not run under geventrs".to_owned();
    }
    "runs under geventrs and cannot be asked: it has made no second thread yet, GEVENTRS_CONTROL is off, or it has changed its user or root directory".to_owned()
}

/// Where the socket of `pid` may be.
fn sockets(pid: u32) -> impl Iterator<Item = PathBuf> {
    directories().into_iter().map(move |d| d.join(pid.to_string()))
}

/// All directories with sockets that this user may use: his own, and the
/// super-user's everybody's.
fn directories() -> Vec<PathBuf> {
    // SAFETY: takes nothing.
    let user = unsafe { libc::geteuid() };
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|d| !d.is_empty());
    let mut all: Vec<PathBuf> = Vec::new();
    let mut add = |path: PathBuf, owner: Option<u32>| {
        let private = std::fs::symlink_metadata(&path).is_ok_and(|m| {
            m.is_dir() && m.mode() & 0o077 == 0 && owner.is_none_or(|owner| m.uid() == owner)
        });
        if private && !all.contains(&path) {
            all.push(path);
        }
    };
    runtime.into_iter().for_each(|d| add(Path::new(&d).join("geventrs"), Some(user)));
    add(format!("/run/user/{user}/geventrs").into(), Some(user));
    add(format!("/tmp/geventrs-{user}").into(), Some(user));
    if user == 0 {
        let entries = |d| std::fs::read_dir(d).into_iter().flatten().flatten();
        entries("/run/user").for_each(|e| add(e.path().join("geventrs"), None));
        entries("/tmp")
            .filter(|e| e.file_name().to_string_lossy().starts_with("geventrs-"))
            .for_each(|e| add(e.path(), None));
    }
    all
}

/// Connect; the file of a process that is gone is removed.
fn connect(path: &Path) -> Option<UnixStream> {
    match UnixStream::connect(path) {
        Ok(stream) => Some(stream),
        Err(e) => {
            if e.kind() == ErrorKind::ConnectionRefused {
                let _ = std::fs::remove_file(path);
            }
            None
        }
    }
}

/// All processes that answer, by process id.
pub fn all(question: Question) -> Vec<Process> {
    let mut found: Vec<Process> = directories()
        .iter()
        .filter_map(|d| std::fs::read_dir(d).ok())
        .flatten()
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().parse::<u32>().is_ok())
        .filter_map(|e| exchange(connect(&e.path())?, question).ok())
        .collect();
    found.sort_by_key(|p| p.pid);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_with_its_end() {
        let text = "{\"geventrs\":1,\"pid\":7,\"name\":\"x\",\"live\":2,\"news\":[]}\n\
            {\"greenlet\":{\"id\":9,\"name\":\"b\",\"state\":\"waits\",\"reason\":{\"kind\":\"sleep\",\"words\":\"sleep\"}}}\n\
            {\"greenlet\":{\"id\":7,\"name\":\"a\",\"state\":\"runs\"}}\n\
            {\"end\":true,\"left_out\":3}\n";
        let p = Process::read(text.as_bytes()).unwrap();
        assert_eq!((p.pid, p.live, p.left_out), (7, 2, 3));
        assert_eq!(p.greenlets.iter().map(|g| g.id).collect::<Vec<_>>(), [7, 9]);
        assert_eq!(p.greenlet(9).unwrap().reason.as_ref().unwrap().kind, "sleep");
        assert!(Process::read(&text.as_bytes()[..60]).is_err());
        assert_eq!(Process::read(&b"{\"error\":\"busy\"}\n"[..]).unwrap_err(), "busy");
        assert!(Process::read(&b"{\"geventrs\":2}\n"[..]).unwrap_err().contains("version 2"));
    }
}
