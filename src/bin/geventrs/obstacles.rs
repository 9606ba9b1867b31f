//! Looking at a program before it is started: what the library cannot be
//! preloaded into would run without it and say nothing, so the tool says it.
//!
//! The file's head says most of it; the loader is asked for the rest
//! ([`crate::loader`]). What nobody can see beforehand is a security module that
//! makes the kernel start this program with AT_SECURE, and a program that takes
//! LD_PRELOAD out of its environment and starts itself again.

use crate::elf::{self, Head};
use crate::loader::{self, Listing};
use crate::program::beginning;
use crate::{Failure, FAILED, NOT_FOUND};
use object::elf::{ELFCLASS32, ELFMAG, EM_AARCH64, EM_X86_64};
use std::ffi::{CString, OsStr, OsString};
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The machine that this tool, and so its library, is for.
const MACHINE: u16 = if cfg!(target_arch = "aarch64") { EM_AARCH64 } else { EM_X86_64 };
/// As much of a file as holds the head of any ELF file that a linker makes.
pub const HEAD: usize = 1 << 16;

fn refuse(path: &Path, why: &str) -> Failure {
    Failure::new(FAILED, format_args!("{}: {why}", path.display()))
}

/// A binary into which the library can be preloaded, as far as its file says.
pub struct Binary {
    pub path: PathBuf,
    /// The dynamic loader that will load it. `None` if nobody can tell: we may
    /// not read the file, or it is a kind that only the kernel knows, or the
    /// loader itself.
    pub loader: Option<PathBuf>,
}

/// A binary's own obstacles. What is no ELF file may be one of the kernel's
/// other kinds (binfmt_misc): exec says.
pub fn check(path: &Path) -> Result<Binary, Failure> {
    if let Ok(metadata) = std::fs::metadata(path) {
        check_privileges(path, &metadata)?;
    }
    let mut binary = Binary { path: path.to_owned(), loader: None };
    let Some(start) = beginning(path, HEAD).filter(|b| b.starts_with(&ELFMAG)) else {
        return Ok(binary);
    };
    if start.get(4) == Some(&ELFCLASS32) {
        return Err(refuse(path, "a 32-bit program; the library is for 64-bit ones"));
    }
    let Some(head) = Head::read(&start) else {
        return Ok(binary);
    };
    if head.machine != MACHINE {
        return Err(refuse(path, "for another kind of processor than the library"));
    }
    if head.go && head.interpreter.is_some() {
        return Err(refuse(
            path,
            "a Go program: its runtime knows its threads by the kernel's ids, so the library \
             would leave it alone",
        ));
    }
    match head.interpreter {
        Some(loader) if loader.as_bytes().windows(7).any(|w| w == b"ld-musl") => Err(refuse(
            path,
            "linked with musl, which lacks what greenlets need; use a build for glibc",
        )),
        Some(loader) => {
            let loader = PathBuf::from(loader);
            if !loader.exists() {
                let what = format!("its loader {} is not found", loader.display());
                return Err(Failure::new(NOT_FOUND, format_args!("{}: {what}", path.display())));
            }
            binary.loader = Some(loader);
            Ok(binary)
        }
        // The dynamic loader itself, given a program to start.
        None if head.dynamic && is_loader(path) => Ok(binary),
        None => {
            Err(refuse(path, "statically linked, so nothing can be preloaded; link it dynamically"))
        }
    }
}

/// Whether the loader will load `library` into the binary, for which
/// LD_PRELOAD is to be `preload`. Only a clear no is a failure. Returns the name
/// of the library that insists on coming before ours, if there is one.
pub fn check_loading(
    binary: &Binary,
    library: &Path,
    preload: &OsStr,
) -> Result<Option<OsString>, Failure> {
    let Some(loader) = &binary.loader else {
        return Ok(None);
    };
    match loader::list(loader, &binary.path, preload) {
        Ok(listing) => {
            check_listing(&binary.path, &listing, library)?;
            Ok(first(&listing))
        }
        // Without a process or a descriptor to spare we do not know.
        Err(_) => Ok(None),
    }
}

/// AddressSanitizer's library ends a program in which it is not the first.
fn first(listing: &Listing) -> Option<OsString> {
    let names = listing.libraries.iter().filter_map(|(_, path)| path.file_name());
    names.into_iter().find(|n| n.as_bytes().starts_with(b"libasan.so.")).map(OsStr::to_owned)
}

/// As [`check_loading`], for what the loader has said.
pub fn check_listing(path: &Path, listing: &Listing, library: &Path) -> Result<(), Failure> {
    let fail = |why: &str| {
        let what = format!("{}: the loader does not load {}", path.display(), library.display());
        Err(Failure::new(FAILED, format_args!("{what}: {why}")))
    };
    let name = library.display().to_string();
    let is_about_it = |line: &&String| line.contains(&name);
    if let Some(line) = listing.complaints.iter().find(is_about_it) {
        // Its reason is in the last brackets, or after the last colon.
        return fail(reason(line));
    }
    if !listing.missing.is_empty() || !listing.complaints.is_empty() {
        let data = std::fs::read(library).unwrap_or_default();
        let needed = elf::Binary::read(&data).map(|b| b.needed).unwrap_or_default();
        // A path that is not there ends the listing.
        let ended = |name: &str| {
            listing.complaints.iter().any(|c| c.contains(&format!("libraries: {name}: ")))
        };
        let absent = |n: &&String| listing.missing.iter().any(|m| *m == n.as_str()) || ended(n);
        if let Some(absent) = needed.iter().find(absent) {
            return fail(&format!("it needs {absent}, which is not found"));
        }
    }
    // A listing that broke off for the program's own reasons says nothing.
    let complete = !listing.libraries.is_empty() && listing.complaints.is_empty();
    if complete && !listing.libraries.iter().any(|(_, p)| p == library) {
        return fail("it is not among what is loaded");
    }
    Ok(())
}

/// What a complaint of ld.so's comes to.
fn reason(line: &str) -> &str {
    match (line.rfind("cannot be preloaded ("), line.rfind("): ignored")) {
        (Some(from), Some(to)) if from < to => &line[from + "cannot be preloaded (".len()..to],
        _ => line,
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
    if gains_nothing(path) {
        return Ok(());
    }
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

/// Whether the kernel ignores what the file promises: on a file system mounted
/// with nosuid.
fn gains_nothing(path: &Path) -> bool {
    let Ok(c) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: a terminated string, and room for the result.
    unsafe {
        let mut about: libc::statvfs = std::mem::zeroed();
        libc::statvfs(c.as_ptr(), &mut about) == 0 && about.f_flag & libc::ST_NOSUID != 0
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(listing: &Listing) -> Option<String> {
        let library = Path::new("/x/libgeventrs.so");
        check_listing(Path::new("/bin/program"), listing, library).err().map(|e| e.message)
    }

    fn listing(libraries: &[&str], complaints: &[&str]) -> Listing {
        Listing {
            libraries: libraries.iter().map(|p| (p.into(), PathBuf::from(p))).collect(),
            missing: Vec::new(),
            complaints: complaints.iter().map(|c| c.to_string()).collect(),
        }
    }

    #[test]
    fn only_a_clear_no_of_the_loaders_is_one() {
        assert_eq!(verdict(&listing(&["/x/libgeventrs.so", "/lib/libc.so.6"], &[])), None);
        assert!(verdict(&listing(&["/lib/libc.so.6"], &[])).is_some());
        assert_eq!(verdict(&listing(&[], &[])), None);
        // The program's own trouble.
        assert_eq!(verdict(&listing(&[], &["/bin/program: version not found"])), None);
    }

    #[test]
    fn address_sanitizers_library_is_to_be_the_first() {
        let with = listing(&["/x/libgeventrs.so", "/lib/libasan.so.8", "/lib/libc.so.6"], &[]);
        assert_eq!(first(&with), Some(OsString::from("libasan.so.8")));
        assert_eq!(first(&listing(&["/lib/libasan_x.so", "/lib/libc.so.6"], &[])), None);
    }

    #[test]
    fn the_loaders_reason_is_passed_on() {
        let line = "ERROR: ld.so: object '/x/libgeventrs.so' from LD_PRELOAD cannot be preloaded \
                    (file too short): ignored.";
        let said = verdict(&listing(&["/lib/libc.so.6"], &[line])).unwrap();
        assert!(said.ends_with("libgeventrs.so: file too short"), "{said}");
        let line =
            "program: libc.so.6: version `GLIBC_9' not found (required by /x/libgeventrs.so)";
        assert!(verdict(&listing(&[], &[line])).unwrap().ends_with(line));
    }
}
