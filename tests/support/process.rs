//! Processes of the tests: bounded in time, their output collected, ended by
//! their id with all of their group; and what to say about them when a test
//! fails.

use std::ffi::CString;
use std::fmt::Write as _;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

unsafe extern "C" {
    fn kill(pid: i32, signal: i32) -> i32;
    fn chroot(path: *const std::ffi::c_char) -> i32;
    fn chdir(path: *const std::ffi::c_char) -> i32;
}
const SIGKILL: i32 = 9;

/// Ends every process of the group that a child of ours leads.
pub fn kill_group(leader: u32) {
    // SAFETY: a plain system call on numbers.
    unsafe { kill(-(leader as i32), SIGKILL) };
}

/// Let a command's process have the root directory `root` and, in there, the
/// working directory `dir`. Needs root's rights.
pub fn change_root(command: &mut Command, root: &Path, dir: &Path) {
    let c = |path: &Path| CString::new(path.as_os_str().as_bytes()).expect("a path has no zero");
    let (root, dir) = (c(root), c(dir));
    let enter = move || {
        // SAFETY: two system calls on strings that live in this closure.
        if unsafe { chroot(root.as_ptr()) != 0 || chdir(dir.as_ptr()) != 0 } {
            return Err(std::io::Error::last_os_error());
        }
        Ok(())
    };
    // SAFETY: between fork and exec it makes two system calls and nothing else.
    unsafe { command.pre_exec(enter) };
}

/// The exit status a program is expected to end with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    Code(i32),
    Signal(i32),
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Exit::Code(n) => write!(f, "exit code {n}"),
            Exit::Signal(n) => write!(f, "signal {n}"),
        }
    }
}

impl From<ExitStatus> for Exit {
    fn from(s: ExitStatus) -> Self {
        match s.code() {
            Some(n) => Exit::Code(n),
            None => Exit::Signal(s.signal().unwrap_or(-1)),
        }
    }
}

/// The text of an output, its middle left out when it is long.
pub fn clip(bytes: &[u8]) -> String {
    const HALF: usize = 3000;
    if bytes.len() <= 2 * HALF {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    format!(
        "{}\n[... {} bytes left out ...]\n{}",
        String::from_utf8_lossy(&bytes[..HALF]),
        bytes.len() - 2 * HALF,
        String::from_utf8_lossy(&bytes[bytes.len() - HALF..])
    )
}

/// The first line in which two outputs differ.
pub fn first_difference(native: &[u8], preloaded: &[u8]) -> String {
    let a: Vec<&[u8]> = native.split(|&b| b == b'\n').collect();
    let b: Vec<&[u8]> = preloaded.split(|&b| b == b'\n').collect();
    let at = (0..).find(|&i| a.get(i) != b.get(i)).unwrap_or(0);
    let show = |l: Option<&&[u8]>| match l {
        Some(l) => format!("{:?}", String::from_utf8_lossy(l)),
        None => "(ended)".into(),
    };
    format!(
        "first difference in line {}: native {}, preloaded {}",
        at + 1,
        show(a.get(at)),
        show(b.get(at))
    )
}

/// A directory for one run, gone when the run is over.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(path: PathBuf) -> Result<Scratch, String> {
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Scratch(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Ends a child that is not waited for yet, with all of its process group.
pub fn end_group(child: &mut Child) {
    kill_group(child.id());
    let _ = child.kill();
    let _ = child.wait();
}

/// How many OS threads a process has, without those of the library: its
/// monitor, and carriers that somebody's blocking or computing has made. A new
/// thread of the library has its creator's name for a moment, on a busy machine
/// a long one: it may take up to `patience` to show whose a thread is.
pub fn threads_of(pid: u32, patience: Duration) -> usize {
    let name = |tid: u32| std::fs::read(format!("/proc/{pid}/task/{tid}/comm")).ok();
    let is_ours = |name: &Vec<u8>| name.starts_with(b"geventrs");
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return 1 };
    let mut strangers: Vec<u32> = tasks
        .flatten()
        .filter_map(|task| task.file_name().to_str()?.parse().ok())
        .filter(|tid| *tid != pid && name(*tid).is_some_and(|n| !is_ours(&n)))
        .collect();
    let mut ended = 0;
    let start = Instant::now();
    while !strangers.is_empty() && start.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(2));
        strangers.retain(|tid| match name(*tid) {
            Some(n) => !is_ours(&n),
            None => {
                ended += 1;
                false
            }
        });
    }
    // Those that went while the process went on were the program's.
    let goes_on = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z')));
    1 + strangers.len() + if goes_on { ended } else { 0 }
}

/// What every thread of a process group is doing: where a time-out struck.
pub fn tasks(leader: u32) -> String {
    let mut out = String::new();
    let read = |p: String| std::fs::read_to_string(p).unwrap_or_default();
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return out;
    };
    for pid in processes.flatten().filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok()) {
        // After the name in brackets: state, parent, process group.
        let stat = read(format!("/proc/{pid}/stat"));
        let group = stat
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.split_whitespace().nth(2)?.parse::<u32>().ok());
        if group != Some(leader) {
            continue;
        }
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
            continue;
        };
        for (i, tid) in
            tasks.flatten().map(|t| t.file_name().to_string_lossy().into_owned()).enumerate()
        {
            if i == 20 {
                let _ = writeln!(out, "  (more)");
                break;
            }
            let at = format!("/proc/{pid}/task/{tid}");
            let status = read(format!("{at}/status"));
            let state = status
                .lines()
                .find_map(|l| l.strip_prefix("State:"))
                .unwrap_or("?")
                .trim()
                .to_owned();
            let _ = writeln!(
                out,
                "  process {pid} thread {tid} ({}): {state}; syscall {}; in {}",
                read(format!("{at}/comm")).trim(),
                read(format!("{at}/syscall")).trim(),
                read(format!("{at}/wchan")).trim(),
            );
        }
    }
    out
}

/// What came through a pipe so far, read by a thread of its own.
pub struct Collected(Arc<Mutex<(Vec<u8>, bool)>>);

impl Collected {
    pub fn from(mut pipe: impl Read + Send + 'static) -> Collected {
        let shared = Arc::new(Mutex::new((vec![], false)));
        let own = shared.clone();
        std::thread::spawn(move || {
            let mut buf = [0; 65536];
            loop {
                match pipe.read(&mut buf) {
                    Ok(0) => break,
                    Ok(n) => own.lock().unwrap().0.extend_from_slice(&buf[..n]),
                    Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            own.lock().unwrap().1 = true;
        });
        Collected(shared)
    }

    pub fn at_end(&self) -> bool {
        self.0.lock().unwrap().1
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().0.clone()
    }
}
