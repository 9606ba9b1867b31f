//! Finding a program, and the binary that Linux will run for it.

use crate::obstacles::{self, Binary};
use crate::{Failure, NOT_EXECUTABLE, NOT_FOUND};
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Where execvp(3) looks without a PATH.
const DEFAULT_PATH: &str = "/bin:/usr/bin";
/// What execvp(3) gives a text to that does not name its interpreter.
pub const SHELL: &str = "/bin/sh";
/// Scripts may be interpreted by scripts. Linux follows five, and env(1) starts
/// anew: who needs more than these is in a circle.
const MOST_INTERPRETERS: usize = 40;
/// As much of a script's first line as Linux reads.
const SCRIPT_LINE: usize = 256;

/// A program that exists and that we may execute.
pub struct Program {
    pub path: PathBuf,
}

impl Program {
    /// Look `name` up as execvp(3) does.
    pub fn find(name: &OsStr) -> Result<Program, Failure> {
        let mut denied = None;
        for path in candidates(name) {
            match executable(&path) {
                Ok(()) => return Ok(Program { path }),
                Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(e) => denied = denied.or(Some((path, e))),
            }
        }
        Err(match denied {
            Some((path, e)) => {
                Failure::new(NOT_EXECUTABLE, format_args!("{}: {e}", path.display()))
            }
            None => Failure::new(NOT_FOUND, format_args!("{}: not found", name.display())),
        })
    }

    /// The binary that runs in the end: the program itself, or what interprets
    /// it. A failure if the library cannot be preloaded into that.
    pub fn binary(&self) -> Result<Binary, Failure> {
        let mut path = self.path.clone();
        for _ in 0..=MOST_INTERPRETERS {
            let next = match interpreter(&path) {
                Some(next) => next,
                None if is_plain_text(&path) => OsString::from(SHELL),
                None => return obstacles::check(&path),
            };
            path = Program::find(&next).map(|p| p.path).map_err(|e| {
                let what = format!("{}: its interpreter {}", path.display(), e.message);
                Failure::new(e.code, what)
            })?;
        }
        let what = format!("{}: its interpreters are scripts without end", self.path.display());
        Err(Failure::new(NOT_EXECUTABLE, what))
    }
}

/// Where `name` may be.
fn candidates(name: &OsStr) -> Vec<PathBuf> {
    if name.as_bytes().contains(&b'/') || name.is_empty() {
        return vec![PathBuf::from(name)];
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from(DEFAULT_PATH));
    let directories = std::env::split_paths(&path);
    // An empty entry is the current directory.
    directories
        .map(|d| if d.as_os_str().is_empty() { PathBuf::from(".") } else { d })
        .map(|d| d.join(name))
        .collect()
}

/// Whether we may execute the file.
fn executable(path: &Path) -> std::io::Result<()> {
    if std::fs::metadata(path)?.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let c = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: a terminated string.
    match unsafe { libc::faccessat(libc::AT_FDCWD, c.as_ptr(), libc::X_OK, libc::AT_EACCESS) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// The beginning of a file. `None` if we may not read it; then we cannot tell.
pub fn beginning(path: &Path, most: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(most as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Whether a file is for execvp(3) to give to the shell: there is something, but
/// no binary's bytes. Binaries of other kinds may be known to the kernel
/// (binfmt_misc).
pub fn is_plain_text(path: &Path) -> bool {
    beginning(path, SCRIPT_LINE).is_some_and(|start| !start.contains(&0))
}

/// What a script's first line names; for `/usr/bin/env NAME` that is NAME.
fn interpreter(path: &Path) -> Option<OsString> {
    let start = beginning(path, SCRIPT_LINE)?;
    let line = start.strip_prefix(b"#!")?.split(|&b| b == b'\n').next()?;
    let mut words = line.split(|b| b" \t\r".contains(b)).filter(|w| !w.is_empty());
    let first = words.next()?;
    if first.ends_with(b"/env") {
        // Options and assignments come before the name.
        let name = words.find(|w| !w.starts_with(b"-") && !w.contains(&b'='));
        if let Some(name) = name {
            return Some(OsString::from_vec(name.to_vec()));
        }
    }
    Some(OsString::from_vec(first.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interpreter_of(script: &str) -> Option<OsString> {
        let path = std::env::temp_dir().join(format!("geventrs-script-{}", std::process::id()));
        std::fs::write(&path, script).unwrap();
        let found = interpreter(&path);
        std::fs::remove_file(path).unwrap();
        found
    }

    #[test]
    fn scripts_name_their_interpreters() {
        let cases = [
            ("#!/bin/sh -e\n", Some("/bin/sh")),
            ("#! /usr/bin/env python3\n", Some("python3")),
            ("#!/usr/bin/env -S A=1 python3 -u\n", Some("python3")),
            ("#!/usr/bin/env\n", Some("/usr/bin/env")),
            ("echo no first line\n", None),
            ("#!", None),
        ];
        for (script, expected) in cases {
            assert_eq!(interpreter_of(script), expected.map(OsString::from), "{script:?}");
        }
    }

    #[test]
    fn path_entries_are_searched_in_order() {
        assert_eq!(candidates(OsStr::new("./x")), [PathBuf::from("./x")]);
        assert!(Program::find(OsStr::new("sh")).is_ok_and(|p| p.path.is_absolute()));
        assert_eq!(Program::find(OsStr::new("no-such")).err().unwrap().code, NOT_FOUND);
        assert_eq!(Program::find(OsStr::new("/")).err().unwrap().code, NOT_EXECUTABLE);
    }
}
