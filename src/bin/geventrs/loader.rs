//! Asking the dynamic loader itself what it would load.
//!
//! `ld.so --list PROGRAM` maps the program and its libraries, those of
//! LD_PRELOAD first, prints them, and exits: it relocates nothing, calls no
//! constructor and runs none of their code. So search paths, `$ORIGIN`, the
//! cache and preloading are decided by who decides them.
//!
//! It is asked before the program starts, and not by a sign of life that the
//! library would give when it has been loaded. For that somebody would have to
//! wait for the sign: the tool becomes the program, so it would be a second
//! process in the program's tree, with a descriptor and a variable that the
//! program can see; and if the sign does not come, nobody can tell a library
//! that was refused from a slow start.

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{Error, Read, Result};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Variables that make ld.so print something else, or load auditing libraries,
/// whose code it would run.
const NOT_FOR_A_LIST: [&str; 9] = [
    "LD_AUDIT",
    "LD_BIND_NOW",
    "LD_DEBUG",
    "LD_DEBUG_OUTPUT",
    "LD_PROFILE",
    "LD_SHOW_AUXV",
    "LD_TRACE_LOADED_OBJECTS",
    "LD_VERBOSE",
    "LD_WARN",
];

/// What the loader says of a program.
#[derive(Debug, Default)]
pub struct Listing {
    /// The libraries in the order of look-up: name, and file.
    pub libraries: Vec<(OsString, PathBuf)>,
    /// Libraries that are needed and not found.
    pub missing: Vec<OsString>,
    /// Its other lines: what is wrong.
    pub complaints: Vec<String>,
}

/// Ask `loader` about `program` with `preload` as LD_PRELOAD.
pub fn list(loader: &Path, program: &Path, preload: &OsStr) -> Result<Listing> {
    // `$ORIGIN` is where the file is, as the kernel will say, and not its link.
    let program = program.canonicalize()?;
    let arguments = [loader.as_os_str(), "--list".as_ref(), program.as_os_str()];
    let arguments = arguments.iter().map(|a| c_string(a)).collect::<Result<Vec<_>>>()?;
    let mut variables = vec![assignment("LD_PRELOAD".as_ref(), preload)?];
    for (name, value) in std::env::vars_os() {
        if name != "LD_PRELOAD" && !NOT_FOR_A_LIST.iter().any(|n| name == *n) {
            variables.push(assignment(&name, &value)?);
        }
    }
    Ok(parse(&output(&arguments, &variables)?))
}

fn c_string(text: &OsStr) -> Result<CString> {
    Ok(CString::new(text.as_bytes())?)
}

fn assignment(name: &OsStr, value: &OsStr) -> Result<CString> {
    Ok(CString::new([name.as_bytes(), b"=", value.as_bytes()].concat())?)
}

/// Run a program to its end; what it writes on stdout and stderr.
///
/// Not `std::process`: the program that the tool becomes has not made this
/// child, so no SIGCHLD of it may be left for it, be the signal blocked or not.
fn output(arguments: &[CString], variables: &[CString]) -> Result<Vec<u8>> {
    let list = |strings: &[CString]| {
        let ends = std::iter::once(std::ptr::null());
        strings.iter().map(|s| s.as_ptr()).chain(ends).collect::<Vec<_>>()
    };
    let (argv, envp) = (list(arguments), list(variables));
    let mut ends = [0; 2];
    // SAFETY: two descriptors are written to the array; they are ours.
    let (mut read, write) = unsafe {
        if libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) != 0 {
            return Err(Error::last_os_error());
        }
        (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1]))
    };
    let signal = ChildSignal::hold();
    // SAFETY: the tool has one thread, so the child finds everything whole. It
    // makes system calls only, with lists that were ready before.
    let child = unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::dup2(write.as_raw_fd(), libc::STDOUT_FILENO);
            libc::dup2(write.as_raw_fd(), libc::STDERR_FILENO);
            libc::sigprocmask(libc::SIG_SETMASK, &signal.mask, std::ptr::null_mut());
            libc::execve(argv[0], argv.as_ptr(), envp.as_ptr());
            libc::_exit(127);
        }
        child
    };
    if child < 0 {
        return Err(Error::last_os_error());
    }
    drop(write);
    let mut bytes = Vec::new();
    let read = read.read_to_end(&mut bytes);
    // SAFETY: our own child, not yet waited for. Where SIGCHLD is ignored this
    // fails when the child has ended.
    unsafe {
        while libc::waitpid(child, std::ptr::null_mut(), 0) < 0
            && Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
        {}
    }
    read.map(|_| bytes)
}

/// SIGCHLD is blocked until this is dropped. A SIGCHLD that has come meanwhile
/// is taken, unless there was one already.
struct ChildSignal {
    /// The mask as it was.
    mask: libc::sigset_t,
    child: libc::sigset_t,
    pending_before: bool,
}

impl ChildSignal {
    fn hold() -> Self {
        // SAFETY: all sets are locals; zeros are a set.
        unsafe {
            let [mut child, mut mask, mut pending]: [libc::sigset_t; 3] = std::mem::zeroed();
            libc::sigemptyset(&mut child);
            libc::sigaddset(&mut child, libc::SIGCHLD);
            libc::sigprocmask(libc::SIG_BLOCK, &child, &mut mask);
            libc::sigpending(&mut pending);
            let pending_before = libc::sigismember(&pending, libc::SIGCHLD) == 1;
            ChildSignal { mask, child, pending_before }
        }
    }
}

impl Drop for ChildSignal {
    fn drop(&mut self) {
        let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: sets and a time that live here.
        unsafe {
            if !self.pending_before {
                libc::sigtimedwait(&self.child, std::ptr::null_mut(), &now);
            }
            libc::sigprocmask(libc::SIG_SETMASK, &self.mask, std::ptr::null_mut());
        }
    }
}

/// Lines are `TAB name => path (0xaddress)`, without the arrow where the name
/// is a path already.
fn parse(text: &[u8]) -> Listing {
    let mut listing = Listing::default();
    for line in text.split(|&b| b == b'\n').filter(|l| !l.is_empty()) {
        let Some(entry) = line.strip_prefix(b"\t") else {
            listing.complaints.push(String::from_utf8_lossy(line).into_owned());
            continue;
        };
        let place = |bytes: &[u8]| {
            let at = bytes.windows(4).rposition(|w| w == b" (0x")?;
            Some(OsString::from_vec(bytes[..at].to_vec()))
        };
        let arrow = entry.windows(4).position(|w| w == b" => ");
        let name = OsString::from_vec(entry[..arrow.unwrap_or(entry.len())].to_vec());
        match arrow.map_or(entry, |at| &entry[at + 4..]) {
            b"not found" => listing.missing.push(name),
            path => match place(path) {
                // The vDSO has no file.
                Some(path) if path.as_bytes().starts_with(b"/") => {
                    let name = if arrow.is_some() { name } else { path.clone() };
                    listing.libraries.push((name, PathBuf::from(path)));
                }
                Some(_) => {}
                None => listing.complaints.push(String::from_utf8_lossy(entry).into_owned()),
            },
        }
    }
    listing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_taken_apart() {
        let listing = parse(
            b"ERROR: ld.so: object '/x.so' from LD_PRELOAD cannot be preloaded: ignored.\n\
            \tlinux-vdso.so.1 (0x00007f0475028000)\n\
            \tlibm.so.6 => /lib/a b/libm.so.6 (0x00007f0474fc3000)\n\
            \tlibx.so => not found\n\
            \t/lib64/ld-linux-x86-64.so.2 (0x00007f047502a000)\n",
        );
        let expected = [
            ("libm.so.6", "/lib/a b/libm.so.6"),
            ("/lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"),
        ];
        let expected = expected.map(|(n, p)| (OsString::from(n), PathBuf::from(p)));
        assert_eq!(listing.libraries, expected);
        assert_eq!(listing.missing, ["libx.so"]);
        assert_eq!(listing.complaints.len(), 1);
    }
}
