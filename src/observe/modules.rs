//! Which file an address of code belongs to, and where in it: from
//! `/proc/self/maps`, which needs no lock of the loader's.

use super::document::{Comma, Json};
use crate::program_memory;
use crate::raw_lock::RawLock;
use crate::syscall;
use core::fmt::Write;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Files kept, at most.
const MOST: usize = 512;
const PATHS: usize = 48 * 1024;

#[derive(Clone, Copy)]
struct Module {
    from: usize,
    to: usize,
    /// What is added to the file's addresses.
    bias: usize,
    path: (u32, u32),
}

struct Modules {
    known: [Module; MOST],
    count: usize,
    paths: [u8; PATHS],
    used: usize,
}

static MODULES: RawLock<Modules> = RawLock::shared(Modules {
    known: [Module { from: 0, to: 0, bias: 0, path: (0, 0) }; MOST],
    count: 0,
    paths: [0; PATHS],
    used: 0,
});

impl Modules {
    fn clear(&mut self) {
        (self.count, self.used) = (0, 0);
    }

    /// One line of the maps: `from-to rwxp offset device inode   path`.
    fn line(&mut self, line: &[u8]) -> Option<()> {
        let mut words = line.splitn(6, |b| *b == b' ');
        let mut range = words.next()?.split(|b| *b == b'-');
        let (from, to) = (hex(range.next()?)?, hex(range.next()?)?);
        let rights = words.next()?;
        let offset = hex(words.next()?)?;
        let path = words.nth(2)?.trim_ascii_start();
        if !path.starts_with(b"/") && path != b"[vdso]" {
            return None;
        }
        let last = self.count.checked_sub(1).map(|n| self.known[n]);
        if let Some(last) = last.filter(|m| self.path(m) == path && m.to <= from && offset != 0) {
            self.known[self.count - 1] = Module { to, ..last };
            return Some(());
        }
        // A file is mapped from its beginning, in one piece or several.
        if offset != 0 || rights.first() != Some(&b'r') {
            return None;
        }
        if self.count == MOST || self.used + path.len() > PATHS {
            return None;
        }
        self.paths[self.used..self.used + path.len()].copy_from_slice(path);
        let path = (self.used as u32, (self.used + path.len()) as u32);
        self.used = path.1 as usize;
        self.known[self.count] = Module { from, to, bias: usize::MAX, path };
        self.count += 1;
        Some(())
    }

    fn path(&self, m: &Module) -> &[u8] {
        &self.paths[m.path.0 as usize..m.path.1 as usize]
    }

    fn read(&mut self) {
        self.clear();
        let path = c"/proc/self/maps";
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        // SAFETY: a terminated path; our own buffer and descriptor.
        unsafe {
            let Ok(fd) = syscall!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags) else {
                return;
            };
            let mut text = [0u8; 4096];
            let mut kept = 0;
            while let Ok(n) =
                syscall!(libc::SYS_read, fd, text[kept..].as_mut_ptr(), text.len() - kept)
            {
                if n == 0 {
                    break;
                }
                let end = kept + n;
                let mut at = 0;
                while let Some(length) = text[at..end].iter().position(|b| *b == b'\n') {
                    let _ = self.line(&text[at..at + length]);
                    at += length + 1;
                }
                if at == 0 && end == text.len() {
                    // A line longer than the buffer is nothing that we know.
                    at = end;
                }
                text.copy_within(at..end, 0);
                kept = end - at;
            }
            let _ = syscall!(libc::SYS_close, fd);
        }
    }

    fn find(&mut self, address: usize) -> Option<(usize, usize)> {
        let n = self.known[..self.count].iter().position(|m| (m.from..m.to).contains(&address))?;
        if self.known[n].bias == usize::MAX {
            self.known[n].bias = bias(self.known[n].from);
        }
        Some((n, address.wrapping_sub(self.known[n].bias)))
    }
}

fn hex(digits: &[u8]) -> Option<usize> {
    usize::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()
}

/// What is added to the addresses in the ELF file that is mapped from `base` on: nothing
/// to those of a program that is not position-independent.
fn bias(base: usize) -> usize {
    let mut header = [0u8; 18];
    let read = program_memory::copy_over(base, &mut header);
    const ET_EXEC: u8 = 2;
    let fixed = read == header.len() && header.starts_with(b"\x7fELF") && header[16] == ET_EXEC;
    if fixed {
        0
    } else {
        base
    }
}

/// Learn what is mapped now.
pub fn refresh(deadline: u64) {
    if let Some(mut modules) = MODULES.try_lock_until(deadline) {
        modules.read();
    }
}

static OWN: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

/// Learn which module this code is in.
pub fn know_yourself() {
    if let Some(mut modules) = MODULES.try_lock_until(crate::time::NEVER) {
        modules.read();
        let here = know_yourself as *const () as usize;
        if let Some((n, _)) = modules.find(here) {
            let own = modules.known[n];
            if is_the_program(modules.path(&own)) {
                return;
            }
            OWN[0].store(own.from, Ordering::Relaxed);
            OWN[1].store(own.to, Ordering::Relaxed);
        }
    }
}

/// Whether a file is the program itself: the hooks are linked into it, and its code is
/// not ours alone.
fn is_the_program(path: &[u8]) -> bool {
    let mut name = [0u8; 4096];
    // SAFETY: a terminated path, and room of the told size.
    let length = unsafe {
        let (link, room) = (c"/proc/self/exe".as_ptr(), name.as_mut_ptr());
        syscall!(libc::SYS_readlinkat, libc::AT_FDCWD, link, room, name.len())
    };
    length.is_ok_and(|n| name[..n] == *path)
}

/// Whether an address is in the module of this code.
pub fn is_own(address: usize) -> bool {
    (OWN[0].load(Ordering::Relaxed)..OWN[1].load(Ordering::Relaxed)).contains(&address)
}

/// The number of the module that holds `address`, and the address in its file.
pub fn find(address: usize, deadline: u64) -> Option<(usize, usize)> {
    MODULES.try_lock_until(deadline)?.find(address)
}

/// Write all modules as a JSON list of paths, in the order of their numbers.
pub fn list(out: &mut impl Write, deadline: u64) {
    let Some(modules) = MODULES.try_lock_until(deadline) else {
        let _ = out.write_str("[]");
        return;
    };
    let mut comma = Comma::new();
    let _ = out.write_str("[");
    for m in &modules.known[..modules.count] {
        let _ = write!(out, "{}{}", comma.next(), Json(modules.path(m)));
    }
    let _ = out.write_str("]");
}

/// Call `f` with the last part of a module's path.
pub fn file_name(number: usize, f: impl FnOnce(&[u8])) {
    if let Some(modules) = MODULES.try_lock_until(0) {
        let path = modules.path(&modules.known[number]);
        f(path.rsplit(|b| *b == b'/').next().unwrap_or(path));
    }
}

/// In the child of a fork.
pub fn after_fork() {
    MODULES.reset();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_of_ours_is_in_a_module() {
        refresh(crate::time::NEVER);
        let at = code_of_ours_is_in_a_module as *const () as usize;
        let (n, offset) = find(at, crate::time::NEVER).expect("our own code is in a file");
        let modules = MODULES.lock();
        let path = String::from_utf8_lossy(modules.path(&modules.known[n])).into_owned();
        drop(modules);
        let exe = std::env::current_exe().unwrap();
        assert_eq!(path, exe.to_str().unwrap());
        assert!(offset < std::fs::metadata(exe).unwrap().len() as usize * 2);
        assert!(find(16, crate::time::NEVER).is_none());
    }
}
