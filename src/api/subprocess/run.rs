//! Running a command in one call.

use super::popen::{piped, Output, Popen};
use super::wait::ended;
use core::time::Duration;
use std::io::{self, ErrorKind};
use std::process::{Command, ExitStatus};

/// Runs `command` with `input`, and waits for at most `timeout` for its output
/// and end. One that takes longer is killed.
///
/// gevent: `gevent.subprocess.run(capture_output=True)`.
///
/// # Errors
/// `TimedOut`; as [`Popen::new`] and [`Popen::communicate`].
///
/// ```
/// use geventrs::subprocess::run;
/// use std::process::Command;
/// let sorted = run(&mut Command::new("sort"), b"b\na\n", None)?;
/// assert_eq!(sorted.stdout, b"a\nb\n");
/// # std::io::Result::Ok(())
/// ```
pub fn run(command: &mut Command, input: &[u8], timeout: Option<Duration>) -> io::Result<Output> {
    let mut child = Popen::new(piped(command))?;
    let unfinished = Unfinished(child.pid());
    let output = child.communicate(input, timeout)?;
    core::mem::forget(unfinished);
    Ok(output)
}

/// A child that is ended and collected if its wait fails or is unwound.
struct Unfinished(u32);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // No longer a child: somebody else has collected it, and the id may be
        // another process's.
        if ended(self.0).is_err() {
            return;
        }
        // SAFETY: the child is not reaped, so the id is its own. SIGKILL ends
        // it without delay.
        unsafe {
            libc::kill(self.0 as libc::pid_t, libc::SIGKILL);
            libc::waitpid(self.0 as libc::pid_t, core::ptr::null_mut(), 0);
        }
    }
}

/// Runs `command`, with the streams that it says, to its end, for at most
/// `timeout`. One that takes longer is killed.
///
/// gevent: `gevent.subprocess.call`.
///
/// # Errors
/// `TimedOut`; as [`Popen::new`].
///
/// ```
/// use geventrs::subprocess::call;
/// use std::process::Command;
/// assert_eq!(call(Command::new("sh").args(["-c", "exit 3"]), None)?.code(), Some(3));
/// # std::io::Result::Ok(())
/// ```
pub fn call(command: &mut Command, timeout: Option<Duration>) -> io::Result<ExitStatus> {
    let mut child = Popen::new(command)?;
    child.stdin = None;
    let unfinished = Unfinished(child.pid());
    let status = child.wait(timeout)?.ok_or(ErrorKind::TimedOut)?;
    core::mem::forget(unfinished);
    Ok(status)
}

/// A command has failed.
///
/// gevent: `CalledProcessError`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalledProcessError {
    /// What it wrote, and how it ended.
    pub output: Output,
}

impl core::fmt::Display for CalledProcessError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the command has failed: {}", self.output.status)
    }
}

impl std::error::Error for CalledProcessError {}

/// As [`call`], but the command must succeed.
///
/// gevent: `gevent.subprocess.check_call`.
///
/// # Errors
/// As [`call`]; an error that holds [`CalledProcessError`] if it ends with
/// anything but 0.
///
/// ```
/// use geventrs::subprocess::check_call;
/// use std::process::Command;
/// assert!(check_call(&mut Command::new("true"), None).is_ok());
/// assert!(check_call(&mut Command::new("false"), None).is_err());
/// ```
pub fn check_call(command: &mut Command, timeout: Option<Duration>) -> io::Result<()> {
    let status = call(command, timeout)?;
    succeeded(Output { status, stdout: vec![], stderr: vec![] }).map(drop)
}

fn succeeded(output: Output) -> io::Result<Output> {
    if output.status.success() {
        Ok(output)
    } else {
        Err(io::Error::other(CalledProcessError { output }))
    }
}

/// The standard output of `command`, which must succeed.
///
/// gevent: `gevent.subprocess.check_output`.
///
/// # Errors
/// As [`run`]; an error that holds [`CalledProcessError`] if it ends with
/// anything but 0.
///
/// ```
/// use geventrs::subprocess::{check_output, CalledProcessError};
/// use std::process::Command;
/// assert_eq!(check_output(Command::new("echo").arg("hello"), None)?, b"hello\n");
/// let error = check_output(&mut Command::new("false"), None).unwrap_err();
/// assert!(error.get_ref().unwrap().is::<CalledProcessError>());
/// # std::io::Result::Ok(())
/// ```
pub fn check_output(command: &mut Command, timeout: Option<Duration>) -> io::Result<Vec<u8>> {
    Ok(succeeded(run(command, &[], timeout)?)?.stdout)
}
