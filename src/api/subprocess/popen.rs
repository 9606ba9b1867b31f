//! A child process.

use super::super::{deadline, fds, left};
use super::wait::wait_pid;
use crate::fileobject::FileObject;
use crate::wait::Reason;
use core::time::Duration;
use libc::pollfd;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};

/// How much is written into a pipe at once: so much it takes when it is ready
/// (PIPE_BUF).
const CHUNK: usize = 4096;

/// A child process. Dropped, it goes on.
///
/// gevent: `gevent.subprocess.Popen`.
///
/// ```
/// use geventrs::subprocess::Popen;
/// use std::process::{Command, Stdio};
/// let cat = Popen::new(Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()))?;
/// let output = cat.communicate(b"hello", None)?;
/// assert_eq!(output.stdout, b"hello");
/// assert!(output.status.success());
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Popen {
    child: Child,
    status: Option<ExitStatus>,
    /// The child's standard input, if it is a pipe.
    pub stdin: Option<FileObject>,
    /// The child's standard output, if it is a pipe.
    pub stdout: Option<FileObject>,
    /// The child's standard error, if it is a pipe.
    pub stderr: Option<FileObject>,
}

/// What a child has written, and how it ended.
///
/// gevent: what `Popen.communicate` returns, with the return code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to its standard output, if that was a pipe.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error, if that was a pipe.
    pub stderr: Vec<u8>,
}

impl Popen {
    /// Starts `command`.
    ///
    /// # Errors
    /// As [`Command::spawn`].
    pub fn new(command: &mut Command) -> io::Result<Popen> {
        let mut child = command.spawn()?;
        let stdin = child.stdin.take().map(FileObject::new);
        let stdout = child.stdout.take().map(FileObject::new);
        let stderr = child.stderr.take().map(FileObject::new);
        Ok(Popen { child, status: None, stdin, stdout, stderr })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    ///
    /// gevent: `Popen.poll`.
    ///
    /// # Errors
    /// waitpid(2)'s, if somebody else has reaped it.
    pub fn poll(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.child.try_wait()?;
        }
        Ok(self.status)
    }

    /// Waits until it has ended, for at most `timeout`; `None`: it has not. A
    /// child that waits for the end of its input must be given that end first:
    /// set [`stdin`](Self::stdin) to `None`.
    ///
    /// gevent: `Popen.wait`, which raises `TimeoutExpired`.
    ///
    /// # Errors
    /// waitpid(2)'s, if somebody else has reaped it.
    ///
    /// ```
    /// use geventrs::subprocess::Popen;
    /// use std::{process::Command, time::Duration};
    /// let mut sleep = Popen::new(Command::new("sleep").arg("60"))?;
    /// assert!(sleep.wait(Some(Duration::from_millis(5)))?.is_none());
    /// sleep.kill()?;
    /// assert!(!sleep.wait(None)?.unwrap().success());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() && wait_pid(self.pid(), timeout)? {
            self.status = Some(self.child.wait()?);
        }
        Ok(self.status)
    }

    /// Writes `input` to it, closes its input, reads its output and errors to
    /// their ends, as far as these are pipes, and waits until it has ended, all
    /// for at most `timeout`. A child that does not read its input is no error.
    ///
    /// gevent: `Popen.communicate`.
    ///
    /// # Errors
    /// `TimedOut`: the child goes on, and what it wrote so far is lost; the
    /// errors of its pipes.
    pub fn communicate(mut self, input: &[u8], timeout: Option<Duration>) -> io::Result<Output> {
        let deadline = deadline(timeout);
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut rest = input;
        if rest.is_empty() {
            self.stdin = None;
        }
        while self.stdin.is_some() || self.stdout.is_some() || self.stderr.is_some() {
            let [to, out, err] = self.ready(left(deadline))?;
            if to {
                feed(&mut self.stdin, &mut rest)?;
            }
            if out {
                drain(&mut self.stdout, &mut stdout)?;
            }
            if err {
                drain(&mut self.stderr, &mut stderr)?;
            }
        }
        match self.wait(left(deadline))? {
            Some(status) => Ok(Output { status, stdout, stderr }),
            None => Err(ErrorKind::TimedOut.into()),
        }
    }

    /// Wait until one of the pipes is ready, and tell which are.
    fn ready(&self, timeout: Option<Duration>) -> io::Result<[bool; 3]> {
        let pipes = [
            (&self.stdin, libc::POLLOUT),
            (&self.stdout, libc::POLLIN),
            (&self.stderr, libc::POLLIN),
        ];
        let mut polled: Vec<pollfd> = pipes
            .iter()
            .filter_map(|(pipe, events)| {
                let fd = pipe.as_ref()?.as_raw_fd();
                Some(pollfd { fd, events: *events, revents: 0 })
            })
            .collect();
        let reason = Reason::Poll(polled.len() as u32);
        if !fds::wait(&mut polled, reason, timeout)? {
            return Err(ErrorKind::TimedOut.into());
        }
        let mut polled = polled.iter();
        Ok(pipes.map(|(pipe, _)| pipe.is_some() && polled.next().is_some_and(fds::is_ready)))
    }

    /// Sends it a signal, unless it is known to have ended.
    ///
    /// gevent: `Popen.send_signal`.
    ///
    /// # Errors
    /// kill(2)'s.
    pub fn send_signal(&mut self, signal: i32) -> io::Result<()> {
        if self.poll()?.is_some() {
            return Ok(());
        }
        // SAFETY: the child is not reaped, so the id is its own.
        match unsafe { libc::kill(self.pid() as libc::pid_t, signal) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Sends SIGTERM.
    ///
    /// # Errors
    /// kill(2)'s.
    pub fn terminate(&mut self) -> io::Result<()> {
        self.send_signal(libc::SIGTERM)
    }

    /// Sends SIGKILL.
    ///
    /// # Errors
    /// kill(2)'s.
    pub fn kill(&mut self) -> io::Result<()> {
        self.send_signal(libc::SIGKILL)
    }

    /// Its exit code, or minus the signal that ended it; `None` as long as
    /// nobody has waited for it.
    ///
    /// gevent: `Popen.returncode`.
    pub fn returncode(&self) -> Option<i32> {
        self.status.map(|s| s.code().unwrap_or_else(|| -s.signal().unwrap_or(0)))
    }
}

/// Write a piece; close the pipe after the last one.
fn feed(pipe: &mut Option<FileObject>, rest: &mut &[u8]) -> io::Result<()> {
    if let Some(to) = pipe {
        match to.write(&rest[..rest.len().min(CHUNK)]) {
            Ok(n) => *rest = &rest[n..],
            Err(e) if e.kind() == ErrorKind::BrokenPipe => *rest = &[],
            Err(e) => return Err(e),
        }
    }
    if rest.is_empty() {
        *pipe = None;
    }
    Ok(())
}

/// Read a piece; close the pipe at its end.
fn drain(pipe: &mut Option<FileObject>, into: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 1 << 14];
    if let Some(from) = pipe {
        match from.read(&mut buffer)? {
            0 => *pipe = None,
            n => into.extend_from_slice(&buffer[..n]),
        }
    }
    Ok(())
}

/// A command whose three streams are pipes.
pub(super) fn piped(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped())
}
