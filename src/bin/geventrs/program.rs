//! Looking at a program before it is started: what the library cannot be
//! preloaded into would run without it and say nothing, so the tool says it.

use crate::{Failure, FAILED, NOT_EXECUTABLE, NOT_FOUND};
use object::elf::{FileHeader64, ELFCLASS32, ELFMAG, EM_AARCH64, EM_X86_64, PT_DYNAMIC, PT_INTERP};
use object::read::elf::{FileHeader, ProgramHeader};
use object::Endianness;
use std::ffi::{CString, OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The machine that this tool, and so its library, is for.
const MACHINE: u16 = if cfg!(target_arch = "aarch64") { EM_AARCH64 } else { EM_X86_64 };
/// Where execvp(3) looks without a PATH.
const DEFAULT_PATH: &str = "/bin:/usr/bin";
/// Scripts may be interpreted by scripts; Linux follows so many.
const MOST_INTERPRETERS: usize = 5;
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

    /// Whether the library can be preloaded into it, or into what interprets it.
    pub fn check(&self) -> Result<(), Failure> {
        let mut path = self.path.clone();
        for _ in 0..MOST_INTERPRETERS {
            match interpreter(&path) {
                Some(next) => {
                    path = Program::find(&next).map(|p| p.path).map_err(|e| {
                        let what = format!("{}: its interpreter {}", path.display(), e.message);
                        Failure::new(e.code, what)
                    })?;
                }
                None => return check_binary(&path),
            }
        }
        // Linux will not follow further either, and says so.
        Ok(())
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
fn beginning(path: &Path, most: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(most as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
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

fn refuse(path: &Path, why: &str) -> Failure {
    Failure::new(FAILED, format_args!("{}: {why}", path.display()))
}

/// A binary's own obstacles. What is no ELF file goes to /bin/sh or fails in
/// exec; that is for the kernel and libc to say.
fn check_binary(path: &Path) -> Result<(), Failure> {
    if let Ok(metadata) = std::fs::metadata(path) {
        check_privileges(path, &metadata)?;
    }
    let Some(start) = beginning(path, 1 << 16).filter(|b| b.starts_with(&ELFMAG)) else {
        return Ok(());
    };
    if start.get(4) == Some(&ELFCLASS32) {
        return Err(refuse(path, "a 32-bit program; the library is for 64-bit ones"));
    }
    let Some(elf) = Elf::read(&start) else {
        return Ok(());
    };
    if elf.machine != MACHINE {
        return Err(refuse(path, "for another kind of processor than the library"));
    }
    match elf.interpreter {
        Some(ld) if ld.windows(7).any(|w| w == b"ld-musl") => Err(refuse(
            path,
            "linked with musl, which lacks what greenlets need; use a build for glibc",
        )),
        Some(_) => Ok(()),
        // The dynamic loader itself, given a program to start.
        None if elf.dynamic && is_loader(path) => Ok(()),
        None => {
            Err(refuse(path, "statically linked, so nothing can be preloaded; link it dynamically"))
        }
    }
}

fn is_loader(path: &Path) -> bool {
    let real = path.canonicalize();
    let name = real.as_deref().unwrap_or(path).file_name().unwrap_or_default();
    name.as_bytes().starts_with(b"ld-") || name.as_bytes().starts_with(b"ld.so")
}

/// ld.so ignores paths in LD_PRELOAD when a program gains privileges.
fn check_privileges(path: &Path, metadata: &Metadata) -> Result<(), Failure> {
    // SAFETY: both calls only read.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    let mode = metadata.mode();
    // Without execution by the group, the bit means something else.
    let setgid = libc::S_ISGID | libc::S_IXGRP;
    if mode & libc::S_ISUID != 0 && metadata.uid() != user {
        return Err(refuse(
            path,
            "setuid, so the loader ignores LD_PRELOAD; run it as its owner or without the bit",
        ));
    }
    if mode & setgid == setgid && metadata.gid() != group {
        return Err(refuse(
            path,
            "setgid, so the loader ignores LD_PRELOAD; run it in its group or without the bit",
        ));
    }
    // The super-user gains nothing by them.
    if user != 0 && has_capabilities(path) {
        return Err(refuse(
            path,
            "has file capabilities, so the loader ignores LD_PRELOAD; run a copy without them",
        ));
    }
    Ok(())
}

fn has_capabilities(path: &Path) -> bool {
    let Ok(c) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: terminated strings; with no buffer the call returns the size.
    unsafe {
        libc::getxattr(c.as_ptr(), c"security.capability".as_ptr(), std::ptr::null_mut(), 0) > 0
    }
}

/// What matters of an ELF file.
struct Elf {
    machine: u16,
    interpreter: Option<Vec<u8>>,
    dynamic: bool,
}

impl Elf {
    fn read(data: &[u8]) -> Option<Elf> {
        let header = FileHeader64::<Endianness>::parse(data).ok()?;
        let endian = header.endian().ok()?;
        let mut elf = Elf { machine: header.e_machine(endian), interpreter: None, dynamic: false };
        for segment in header.program_headers(endian, data).ok()? {
            match segment.p_type(endian) {
                PT_INTERP => {
                    // Far behind in odd files: there is one, whatever it says.
                    elf.interpreter = Some(segment.data(endian, data).unwrap_or(b"?").to_vec());
                }
                PT_DYNAMIC => elf.dynamic = true,
                _ => {}
            }
        }
        Some(elf)
    }
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
