//! Which file an address of a process belongs to.
//!
//! From proc(5)'s `maps` and the program headers of the files: the address in the
//! file is what [`crate::symbols`] and the unwind tables want.

use memmap2::Mmap;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use object::{elf, Endianness};
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// One line of `maps`.
#[derive(Debug, PartialEq, Eq)]
struct Mapping {
    start: u64,
    end: u64,
    offset: u64,
    executable: bool,
    inode: u64,
    path: PathBuf,
}

impl Mapping {
    /// `start-end perms offset dev inode path`
    fn parse(line: &str) -> Option<Mapping> {
        let mut rest = line;
        let mut word = || {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            rest = after.trim_start();
            word
        };
        let hex = |text| u64::from_str_radix(text, 16).ok();
        let (start, end) = word().split_once('-')?;
        let (permissions, offset, _device, inode) = (word(), word(), word(), word());
        Some(Mapping {
            start: hex(start)?,
            end: hex(end)?,
            offset: hex(offset)?,
            executable: permissions.contains('x'),
            inode: inode.parse().ok()?,
            path: rest.into(),
        })
    }
}

/// A file that is mapped.
pub struct Module {
    /// Where it can be read.
    pub path: PathBuf,
    /// What it is called.
    pub name: String,
    /// It is the preloaded library itself.
    pub is_ours: bool,
    data: Mmap,
}

impl Module {
    fn open(pid: u32, mapping: &Mapping) -> Option<Module> {
        let path = &mapping.path;
        if !path.is_absolute() {
            return None;
        }
        // The process may see another tree than this one.
        let within = PathBuf::from(format!("/proc/{pid}/root")).join(path.strip_prefix("/").ok()?);
        let file = [within.as_path(), path].into_iter().find_map(|p| {
            let file = File::open(p).ok()?;
            // A file that was replaced since has another inode.
            let same = file.metadata().ok()?.ino() == mapping.inode;
            same.then(|| (p.to_owned(), file))
        });
        let (readable, file) = file?;
        let name = path.file_name()?.to_string_lossy().into_owned();
        // SAFETY: the mapping is only read; that nobody changes the file
        // meanwhile is what every debugger counts on.
        let data = unsafe { Mmap::map(&file) }.ok()?;
        let is_ours = name.starts_with("libgeventrs");
        Some(Module { path: readable, name, is_ours, data })
    }

    /// Its bytes, as an ELF file.
    pub fn elf(&self) -> Option<ElfFile64<'_, Endianness>> {
        ElfFile64::parse(&*self.data).ok()
    }

    /// The address that the byte at `offset` of the file has in it. The last page of
    /// a segment holds more than the file does: the beginning of its zeroes.
    fn address(&self, offset: u64) -> Option<u64> {
        let header = elf::FileHeader64::<Endianness>::parse(&*self.data).ok()?;
        let endian = header.endian().ok()?;
        let segments = header.program_headers(endian, &*self.data).ok()?;
        let find = |length: fn(&elf::ProgramHeader64<Endianness>, Endianness) -> u64| {
            segments.iter().find_map(|segment| {
                let from = segment.p_offset(endian);
                let inside = segment.p_type(endian) == elf::PT_LOAD
                    && (from..from + length(segment, endian)).contains(&offset);
                inside.then(|| segment.p_vaddr(endian) + (offset - from))
            })
        };
        find(|s, e| s.p_filesz(e)).or_else(|| find(|s, e| s.p_memsz(e)))
    }
}

/// The mappings of a process.
#[derive(Default)]
pub struct AddressSpace {
    pid: u32,
    mappings: Vec<Mapping>,
    modules: HashMap<PathBuf, Option<Rc<Module>>>,
}

/// An address in a file.
#[derive(Clone)]
pub struct Place {
    pub module: Rc<Module>,
    /// As the file counts.
    pub address: u64,
}

impl AddressSpace {
    /// From the text of `maps`.
    pub fn new(pid: u32, maps: &str) -> AddressSpace {
        let mappings = maps.lines().filter_map(Mapping::parse).collect();
        AddressSpace { pid, mappings, modules: HashMap::new() }
    }

    /// The file that `address` is mapped from.
    pub fn place(&mut self, address: u64) -> Option<Place> {
        let at = self.mappings.partition_point(|m| m.end <= address);
        let mapping = self.mappings.get(at).filter(|m| m.start <= address)?;
        let pid = self.pid;
        let module = self
            .modules
            .entry(mapping.path.clone())
            .or_insert_with(|| Module::open(pid, mapping).map(Rc::new))
            .clone();
        match module {
            Some(module) => {
                let address = module.address(mapping.offset + (address - mapping.start))?;
                Some(Place { module, address })
            }
            None => self.zeroed(at, address),
        }
    }

    /// Data without bytes in the file (.bss) has a mapping without a file, behind
    /// the module's last one.
    fn zeroed(&mut self, at: usize, address: u64) -> Option<Place> {
        let before = self.mappings.get(at.checked_sub(1)?)?;
        let follows =
            before.end == self.mappings[at].start && self.mappings[at].path == Path::new("");
        let module = self.modules.get(&before.path).cloned().flatten();
        let (start, offset, end) = (before.start, before.offset, before.end);
        let module = match module {
            Some(module) => module,
            None => {
                follows.then(|| self.place(end - 1)).flatten()?;
                self.modules.get(&self.mappings[at - 1].path).cloned().flatten()?
            }
        };
        let first = module.address(offset)?;
        follows.then(|| Place { module, address: first + (address - start) })
    }

    /// Whether code may be at `address`.
    pub fn is_code(&self, address: u64) -> bool {
        let at = self.mappings.partition_point(|m| m.end <= address);
        self.mappings.get(at).is_some_and(|m| m.start <= address && m.executable)
    }

    /// The name of the program's file.
    pub fn name_of(&self, address: u64) -> Option<String> {
        let at = self.mappings.partition_point(|m| m.end <= address);
        let mapping = self.mappings.get(at).filter(|m| m.start <= address)?;
        Some(mapping.path.file_name()?.to_string_lossy().into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_maps_are_read_with_their_spaces() {
        let line = "7f00-8000 r-xp 00001000 fe:00 42                   /lib/a b.so";
        let m = Mapping::parse(line).unwrap();
        assert_eq!((m.start, m.end, m.offset, m.inode), (0x7f00, 0x8000, 0x1000, 42));
        assert_eq!((m.executable, m.path.to_str()), (true, Some("/lib/a b.so")));
        let m = Mapping::parse("1000-2000 rw-p 00000000 00:00 0 ").unwrap();
        assert_eq!((m.executable, m.path.to_str()), (false, Some("")));
        assert_eq!(Mapping::parse("nonsense"), None);
    }

    #[test]
    fn this_program_is_found_in_itself() {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let mut space = AddressSpace::new(std::process::id(), &maps);
        let here = Mapping::parse as *const () as u64;
        let place = space.place(here).expect("code is mapped from a file");
        assert!(space.is_code(here));
        let me = std::env::current_exe().unwrap();
        assert_eq!(place.module.name, me.file_name().unwrap().to_str().unwrap());
        assert!(place.address < here);
        assert!(space.place(16).is_none());
    }
}
