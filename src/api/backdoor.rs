//! A door into the running program: a server on a Unix socket that answers what the
//! greenlets do.
//!
//! gevent: `gevent.backdoor`, whose server on a TCP port has no authentication and runs
//! Python. This one runs commands, and lets in the program's own user and root alone.
//!
//! ```
//! use geventrs::backdoor::BackdoorServer;
//! use geventrs::socket::UnixStream;
//! use std::io::{Read, Write};
//!
//! let directory = std::env::temp_dir().join(format!("door-{}", std::process::id()));
//! std::fs::create_dir(&directory)?;
//! let door = BackdoorServer::bind(directory.join("socket"))?
//!     .command("hello", "says hello to somebody", |who| format!("hello {who}\n"));
//! door.start();
//!
//! let mut client = UnixStream::connect(directory.join("socket"))?;
//! client.write_all(b"hello ann\nquit\n")?;
//! let mut text = String::new();
//! client.read_to_string(&mut text)?;
//! assert!(text.contains("hello ann\n"));
//! # door.stop();
//! # drop(door);
//! # std::fs::remove_dir_all(directory)?;
//! # std::io::Result::Ok(())
//! ```
//!
//! From a shell: `nc -U PATH`, or `socat - UNIX-CONNECT:PATH`.

use super::exception::{Exception, GreenletExit};
use crate::server::StreamServer;
use crate::socket::{UnixListener, UnixStream};
use crate::timeout::Expired;
use crate::{hub, util};
use core::time::Duration;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Printed before each command.
const PROMPT: &str = "geventrs> ";

type Call = Arc<dyn Fn(&str) -> String + Send + Sync>;

struct Command {
    about: &'static str,
    call: Call,
}

/// The server. Dropped, it stops and takes the socket away.
pub struct BackdoorServer {
    commands: Arc<OnceLock<Commands>>,
    /// Until it is started.
    making: Commands,
    server: StreamServer<UnixListener>,
    path: PathBuf,
}

type Commands = BTreeMap<&'static str, Command>;

fn builtin() -> Commands {
    let mut all = Commands::new();
    let mut add = |name, about, call: fn(&str) -> String| {
        all.insert(name, Command { about, call: Arc::new(call) });
    };
    add("ps", "greenlets, each below who has spawned it, and what each waits for", |_| {
        util::format_tree()
    });
    add("bt", "the same with stacks; bt ID: of one greenlet", |id| {
        let text = util::format_run_info();
        match id {
            "" => text,
            id => one(&text, id),
        }
    });
    add("stat", "how many greenlets there are, and switches so far", |_| {
        format!("greenlets {}\nswitches {}\n", hub::live(), hub::switches())
    });
    all
}

/// What a run info says of one greenlet.
fn one(text: &str, id: &str) -> String {
    let is_it = |line: &&str| line.contains(&format!(" {id}> waits for "));
    let mut lines = text.lines().skip_while(|line| !is_it(line));
    let Some(first) = lines.next() else { return format!("no greenlet {id}\n") };
    let frames = lines.take_while(|line| line.trim_start().starts_with('#'));
    std::iter::once(first).chain(frames).map(|line| format!("{}\n", line.trim())).collect()
}

impl BackdoorServer {
    /// A server at `path`, for the program's user only (mode 0600). A socket that is
    /// left there by a program that has ended is taken away first. It is not started.
    ///
    /// The directory should be one that nobody else can write to.
    ///
    /// # Errors
    /// bind(2)'s; `AddrInUse` if somebody listens there, or it is no socket.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<BackdoorServer> {
        let path = path.as_ref();
        match std::fs::symlink_metadata(path) {
            Ok(m) if m.file_type().is_socket() && UnixStream::connect(path).is_err() => {
                std::fs::remove_file(path)?;
            }
            Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
            Err(_) => {}
        }
        let listener = UnixListener::bind(path)?;
        // Until here, and in any case, `serve` looks who it is.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        let commands: Arc<OnceLock<Commands>> = Arc::default();
        let theirs = commands.clone();
        let server = StreamServer::new(listener, move |stream, _| {
            // Whoever has asked may be gone.
            let _ = theirs.get().map(|commands| serve(&stream, commands));
        });
        Ok(BackdoorServer { commands, making: builtin(), server, path: path.to_owned() })
    }

    /// Adds a command, before the server is started: `call` gets what follows its name,
    /// and its answer is sent. It may wait.
    pub fn command(
        mut self,
        name: &'static str,
        about: &'static str,
        call: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        self.making.insert(name, Command { about, call: Arc::new(call) });
        self
    }

    /// Starts answering.
    ///
    /// # Panics
    /// As [`spawn`](crate::spawn()).
    pub fn start(&self) {
        self.commands.get_or_init(|| {
            let copy = |(name, c): (&&'static str, &Command)| {
                (*name, Command { about: c.about, call: c.call.clone() })
            };
            self.making.iter().map(copy).collect()
        });
        self.server.start();
    }

    /// Stops answering, and hangs up on those who are connected.
    pub fn stop(&self) {
        self.server.stop(Some(Duration::ZERO));
    }

    /// Whether it answers.
    pub fn is_started(&self) -> bool {
        self.server.is_started()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for BackdoorServer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl core::fmt::Debug for BackdoorServer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BackdoorServer").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Whether the other end is the program's own user, or root.
fn is_own(stream: &UnixStream) -> io::Result<bool> {
    let mut peer = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut size = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the kernel writes a `ucred`; geteuid only reads.
    unsafe {
        let (fd, at) = (stream.as_raw_fd(), (&raw mut peer).cast());
        if libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_PEERCRED, at, &mut size) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(peer.uid == 0 || peer.uid == libc::geteuid())
    }
}

fn serve(stream: &UnixStream, commands: &Commands) -> io::Result<()> {
    let mut out = stream;
    if !is_own(stream)? {
        return out.write_all(b"this door is for the program's own user\n");
    }
    out.write_all(PROMPT.as_bytes())?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let (name, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let answer = match name {
            "" => String::new(),
            "quit" => break,
            "help" => help(commands),
            name => match commands.get(name) {
                Some(command) => answer(command, rest.trim()),
                None => format!("no command {name:?}; `help` lists them\n"),
            },
        };
        out.write_all(answer.as_bytes())?;
        out.write_all(PROMPT.as_bytes())?;
    }
    Ok(())
}

/// What a command says. One that panics says so, as Python does in gevent's, and the session
/// goes on; a kill, or a time-out of the program's, ends it.
fn answer(command: &Command, rest: &str) -> String {
    match catch_unwind(AssertUnwindSafe(|| (command.call)(rest))) {
        Ok(answer) => answer,
        Err(payload) if payload.is::<GreenletExit>() || payload.is::<Expired>() => {
            resume_unwind(payload)
        }
        Err(payload) => {
            let message = Exception::of(&payload).to_string();
            // Dropping a payload may panic as well.
            core::mem::forget(payload);
            format!("the command panicked: {message}\n")
        }
    }
}

fn help(commands: &Commands) -> String {
    let rest = [("help", "this list"), ("quit", "hang up")];
    let all = commands.iter().map(|(name, command)| (*name, command.about)).chain(rest);
    all.map(|(name, about)| format!("{name:8} {about}\n")).collect()
}
