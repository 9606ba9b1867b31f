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
/// let mut cat = Popen::new(Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()))?;
/// let output = cat.communicate(b"hello", None)?;
/// assert_eq!(output.stdout, b"hello");
/// assert!(output.status.success());
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Popen {
    child: Child,
    status: Option<ExitStatus>,
    talk: Option<Talk>,
    /// The child's standard input, if it is a pipe.
    pub stdin: Option<FileObject>,
    /// The child's standard output, if it is a pipe.
    pub stdout: Option<FileObject>,
    /// The child's standard error, if it is a pipe.
    pub stderr: Option<FileObject>,
}

/// How far [`Popen::communicate`] has come.
#[derive(Debug)]
struct Talk {
    input: Vec<u8>,
    written: usize,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
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
        Ok(Popen { child, status: None, talk: None, stdin, stdout, stderr })
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
    /// If the time is up, or a kill or a [`Timeout`](crate::timeout::Timeout) unwinds it,
    /// the child goes on and nothing is lost: another call, without input, goes on where
    /// this one was.
    ///
    /// gevent: `Popen.communicate`.
    ///
    /// # Errors
    /// `TimedOut`; `InvalidInput` for input in a call that goes on; the errors of its pipes.
    pub fn communicate(&mut self, input: &[u8], timeout: Option<Duration>) -> io::Result<Output> {
        let deadline = deadline(timeout);
        if self.talk.is_some() && !input.is_empty() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "the input was given before"));
        }
        let talk = self.talk.get_or_insert_with(|| Talk {
            input: input.to_vec(),
            written: 0,
            stdout: Vec::new(),
            stderr: Vec::new(),
        });
        if talk.written == talk.input.len() {
            self.stdin = None;
        }
        while self.stdin.is_some() || self.stdout.is_some() || self.stderr.is_some() {
            let pipes = [&self.stdin, &self.stdout, &self.stderr];
            let [to, out, err] = ready(pipes, left(deadline))?;
            if to {
                feed(&mut self.stdin, &talk.input, &mut talk.written)?;
            }
            if out {
                drain(&mut self.stdout, &mut talk.stdout)?;
            }
            if err {
                drain(&mut self.stderr, &mut talk.stderr)?;
            }
        }
        match (self.wait(left(deadline))?, self.talk.take()) {
            (Some(status), Some(Talk { stdout, stderr, .. })) => {
                Ok(Output { status, stdout, stderr })
            }
            (_, talk) => {
                self.talk = talk;
                Err(ErrorKind::TimedOut.into())
            }
        }
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

/// Wait until one of a child's input, output and errors is ready, and tell which are.
fn ready(pipes: [&Option<FileObject>; 3], timeout: Option<Duration>) -> io::Result<[bool; 3]> {
    let events = [libc::POLLOUT, libc::POLLIN, libc::POLLIN];
    let mut polled: Vec<pollfd> = pipes
        .iter()
        .zip(events)
        .filter_map(|(pipe, events)| {
            let fd = pipe.as_ref()?.as_raw_fd();
            Some(pollfd { fd, events, revents: 0 })
        })
        .collect();
    let reason = Reason::Poll(polled.len() as u32);
    if !fds::wait(&mut polled, reason, timeout)? {
        return Err(ErrorKind::TimedOut.into());
    }
    let mut polled = polled.iter();
    Ok(pipes.map(|pipe| pipe.is_some() && polled.next().is_some_and(fds::is_ready)))
}

/// Write a piece; close the pipe after the last one.
fn feed(pipe: &mut Option<FileObject>, input: &[u8], written: &mut usize) -> io::Result<()> {
    let rest = &input[*written..];
    if let Some(to) = pipe {
        match to.write(&rest[..rest.len().min(CHUNK)]) {
            Ok(n) => *written += n,
            Err(e) if e.kind() == ErrorKind::BrokenPipe => *written = input.len(),
            Err(e) => return Err(e),
        }
    }
    if *written == input.len() {
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
