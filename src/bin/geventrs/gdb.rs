//! `geventrs gdb`: gdb with the commands that know greenlets.

use crate::{Failure, FAILED, NOT_EXECUTABLE, NOT_FOUND, UNREACHABLE};
use clap::Args;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{elf, Endianness};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Error, ErrorKind, Seek, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The commands, in Python.
const SCRIPT: &str = include_str!("gdb/greenlets.py");

/// Start gdb on a process or a core file, with commands for greenlets
///
/// `info greenlets`, `greenlet ID`, `greenlet apply all bt`; they work with the release
/// build of the library. A process stands still while gdb is attached to it.
#[derive(Args)]
#[command(after_help = "Examples:\n  geventrs gdb 4711\n  geventrs gdb core\n  \
    geventrs gdb 4711 -- -batch -ex 'greenlet apply all bt'\n  \
    geventrs gdb --script > /usr/share/gdb/auto-load/usr/lib/geventrs/libgeventrs.so-gdb.py")]
pub struct Gdb {
    /// A process id, or a core file
    #[arg(required_unless_present = "script")]
    target: Option<OsString>,
    /// Print the commands' script, for gdb's auto-load directory or `source`
    #[arg(long)]
    script: bool,
    /// The program that has dumped the core (else the core says it)
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Arguments for gdb
    #[arg(last = true, value_name = "GDB-ARGS")]
    arguments: Vec<OsString>,
}

impl Gdb {
    /// Returns only when it fails, or when there was something to print.
    pub fn execute(self) -> Result<(), Failure> {
        let Some(target) = self.target.filter(|_| !self.script) else {
            return crate::print(SCRIPT);
        };
        let mut gdb = Command::new("gdb");
        let script = script().map_err(|e| Failure::new(FAILED, format!("gdb's script: {e}")))?;
        gdb.arg("-q");
        match target.to_str().and_then(|t| t.parse::<u32>().ok()) {
            Some(pid) => {
                if !Path::new("/proc").join(pid.to_string()).exists() {
                    return Err(Failure::new(UNREACHABLE, format!("{pid}: no such process")));
                }
                gdb.arg("-p").arg(pid.to_string());
            }
            None => {
                let core = Path::new(&target);
                let of_core = program_of(core)
                    .map_err(|why| Failure::new(UNREACHABLE, format!("{}: {why}", core.display())));
                let program = self.program.map_or(of_core, Ok)?;
                gdb.arg(program).arg(core);
            }
        }
        gdb.arg("-ex").arg(format!("python exec(open('{script}').read())"));
        gdb.args(self.arguments);
        let error = gdb.exec();
        let code = if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE };
        Err(Failure::new(code, format!("gdb: {error}")))
    }
}

/// A file in memory with the script, which gdb inherits: its path.
fn script() -> Result<String, Error> {
    // SAFETY: a string; the new descriptor is ours.
    let mut file = unsafe {
        let fd = libc::memfd_create(c"greenlets.py".as_ptr(), 0);
        if fd < 0 {
            return Err(Error::last_os_error());
        }
        File::from_raw_fd(fd)
    };
    file.write_all(SCRIPT.as_bytes())?;
    file.rewind()?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    // gdb reads it.
    std::mem::forget(file);
    Ok(path)
}

/// The program that a core file is of: the file that is mapped lowest (core(5),
/// NT_FILE).
fn program_of(core: &Path) -> Result<PathBuf, String> {
    let data = std::fs::read(core).map_err(|e| e.to_string())?;
    let not_core = || "not a core file".to_owned();
    let header = elf::FileHeader64::<Endianness>::parse(&*data).map_err(|_| not_core())?;
    let endian = header.endian().map_err(|_| not_core())?;
    if header.e_type(endian) != elf::ET_CORE {
        return Err(not_core());
    }
    let segments = header.program_headers(endian, &*data).map_err(|_| not_core())?;
    for segment in segments {
        let Ok(Some(mut notes)) = segment.notes(endian, &*data) else { continue };
        while let Ok(Some(note)) = notes.next() {
            if note.n_type(endian) == elf::NT_FILE {
                if let Some(path) = first_file(note.desc()) {
                    return Ok(path);
                }
            }
        }
    }
    Err("does not say of which program it is: use --program".to_owned())
}

/// NT_FILE: a count, a page size, three words each, then the names.
fn first_file(note: &[u8]) -> Option<PathBuf> {
    let word = |i: usize| Some(u64::from_le_bytes(note.get(8 * i..8 * i + 8)?.try_into().ok()?));
    let count = usize::try_from(word(0)?).ok()?;
    let names = note.get(count.checked_mul(24)?.checked_add(16)?..)?;
    let name = names.split(|&b| b == 0).next().filter(|n| !n.is_empty())?;
    Some(PathBuf::from(OsString::from_vec(OsStr::from_bytes(name).as_bytes().to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_of_a_core_is_the_program() {
        let mut note = Vec::new();
        for word in [2u64, 4096, 0x1000, 0x2000, 0, 0x3000, 0x4000, 0] {
            note.extend(word.to_le_bytes());
        }
        note.extend(b"/bin/program\0/lib/libc.so.6\0");
        assert_eq!(first_file(&note).unwrap(), Path::new("/bin/program"));
        assert_eq!(first_file(&[]), None);
        assert_eq!(first_file(&u64::MAX.to_le_bytes()), None);
    }

    #[test]
    fn other_files_are_no_cores() {
        assert!(program_of(Path::new("/bin/sh")).unwrap_err().contains("not a core"));
        assert!(program_of(Path::new("/etc/passwd")).unwrap_err().contains("not a core"));
    }
}
