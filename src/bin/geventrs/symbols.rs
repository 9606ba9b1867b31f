//! Names for addresses: function, file and line, with inlined functions
//! unfolded and names demangled (Rust and C++).
//!
//! An address is given as a module's path and the *virtual address in the
//! module's file*: the run-time address less the load bias that
//! dl_iterate_phdr(3) calls `dlpi_addr` (0 for a program that is not
//! position-independent). A return address points behind its call, perhaps at
//! another line or function: pass it less one.
//!
//! What is asked, in this order: the debugging information of the file, that of
//! its separate debug file ([`debug_files`]), the symbol tables of both. A file
//! that is not the one that was loaded (its build-id differs) names nothing.

use crate::{crate_frames, debug_files};
use addr2line::Loader;
use memmap2::Mmap;
use object::{Object, ObjectSymbol, SymbolKind};
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// What is known of one function that an address belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The function's name, demangled.
    pub function: Option<String>,
    /// Distance from the function's beginning; only where no line is known.
    pub offset: Option<u64>,
    /// The source file, as the compiler was told it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The compiler has put this function into the next frame's.
    pub inlined: bool,
}

impl std::fmt::Display for Frame {
    /// `function at file:line`, `function+0x12`, or `??`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.function.as_deref().unwrap_or("??"))?;
        if let Some(offset) = self.offset {
            write!(f, "+{offset:#x}")?;
        }
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, " at {file}:{line}"),
            (Some(file), None) => write!(f, " at {file}"),
            _ => Ok(()),
        }
    }
}

/// The modules that were asked for, read once each.
#[derive(Default)]
pub struct Symbols {
    modules: HashMap<(PathBuf, Option<Vec<u8>>), Module>,
}

impl Symbols {
    /// Nothing is read yet.
    pub fn new() -> Symbols {
        Symbols::default()
    }

    /// The functions that `address` of the file `path` belongs to, the innermost
    /// (inlined) one first. Empty: nothing is known. With a `build_id`, a file
    /// that has another one is not believed.
    pub fn frames(&mut self, path: &Path, address: u64, build_id: Option<&[u8]>) -> Vec<Frame> {
        self.module(path, build_id).frames(address)
    }

    /// The symbol that `address` lies in, not looking at debugging information:
    /// what the dynamic linker calls it.
    pub fn symbol(&mut self, path: &Path, address: u64, build_id: Option<&[u8]>) -> Option<String> {
        self.module(path, build_id).symbols.find(address).map(|s| s.name.clone())
    }

    /// The function that begins at `address`, as people write it, shortened to what a column has
    /// room for.
    pub fn routine(&mut self, path: &Path, address: u64) -> Option<String> {
        const LONGEST: usize = 32;
        let name = demangled(&self.symbol(path, address, None)?);
        let name = crate_frames::spawned(&name).map_or(name.clone(), str::to_owned);
        // The end says more than the beginning: `std::...::thread_start`.
        let extra = name.chars().count().saturating_sub(LONGEST);
        Some(match extra {
            0 => name,
            _ => "...".to_owned() + &name.chars().skip(extra + 3).collect::<String>(),
        })
    }

    /// The variable that `address` lies in, with the distance from its beginning.
    pub fn variable(&mut self, path: &Path, address: u64) -> Option<String> {
        let symbol = self.module(path, None).variables.find(address)?;
        let name = demangled(&symbol.name);
        Some(match address - symbol.address {
            0 => name,
            offset => format!("{name}+{offset:#x}"),
        })
    }

    fn module(&mut self, path: &Path, build_id: Option<&[u8]>) -> &Module {
        let key = (path.to_owned(), build_id.map(<[u8]>::to_vec));
        self.modules.entry(key).or_insert_with(|| Module::open(path, build_id))
    }
}

/// A file's names.
#[derive(Default)]
struct Module {
    /// Debugging information, of the file or of its debug file.
    debug: Option<Loader>,
    symbols: Table,
    variables: Table,
}

impl Module {
    /// What cannot be read names nothing.
    fn open(path: &Path, build_id: Option<&[u8]>) -> Module {
        let mut module = Module::default();
        let mut own_lines = false;
        let mut separate = debug_files::by_build_id(build_id);
        if let Some(data) = map(path) {
            if let Ok(file) = object::File::parse(&*data) {
                let found = file.build_id().ok().flatten();
                if build_id.is_none() || found == build_id {
                    own_lines = file.section_by_name(".debug_info").is_some();
                    module.add(&file);
                    if separate.is_none() {
                        separate = debug_files::of(path, &file);
                    }
                    if own_lines {
                        module.debug = debug_files::load(path);
                    }
                }
            }
        }
        if let (false, Some(path)) = (own_lines, separate) {
            if let Some(Ok(file)) = map(&path).as_deref().map(object::File::parse) {
                module.add(&file);
            }
            module.debug = debug_files::load(&path);
        }
        module.symbols.sort();
        module.variables.sort();
        module
    }

    fn add(&mut self, file: &object::File) {
        self.symbols.add(file, SymbolKind::Text);
        self.variables.add(file, SymbolKind::Data);
    }

    fn frames(&self, address: u64) -> Vec<Frame> {
        let mut frames = self.lines(address).unwrap_or_default();
        let Some(outermost) = frames.last_mut() else {
            return self.symbols.find(address).map(|s| s.frame(address)).into_iter().collect();
        };
        if outermost.function.is_none() {
            outermost.function = self.symbols.find(address).map(|s| demangled(&s.name));
        }
        frames
    }

    /// What the debugging information says.
    fn lines(&self, address: u64) -> Option<Vec<Frame>> {
        let mut found = self.debug.as_ref()?.find_frames(address).ok()?;
        let mut frames = Vec::new();
        while let Ok(Some(frame)) = found.next() {
            let name = frame.function.as_ref();
            let place = frame.location.as_ref();
            frames.push(Frame {
                function: name.and_then(|n| n.raw_name().ok()).map(|n| demangled(&n)),
                offset: None,
                file: place.and_then(|p| p.file).map(str::to_owned),
                line: place.and_then(|p| p.line).filter(|&l| l != 0),
                inlined: true,
            });
        }
        frames.retain(|f| f.function.is_some() || f.line.is_some());
        frames.last_mut()?.inlined = false;
        Some(frames)
    }
}

fn map(path: &Path) -> Option<Mmap> {
    let file = File::open(path).ok()?;
    // SAFETY: the mapping is only read. That nobody changes the file meanwhile is
    // what every debugger and linker counts on.
    unsafe { Mmap::map(&file) }.ok()
}

/// `name` without its mangling.
fn demangled(name: &str) -> String {
    // A symbol's version is none of its name.
    let name = name.split('@').next().unwrap_or(name);
    // glibc's names for calls of its own functions from within.
    let name = name.strip_prefix("__GI_").unwrap_or(name);
    // Others are no mangled names, though they may look like it (`a`: signed char).
    match name.starts_with("_Z") || name.starts_with("_R") {
        true => addr2line::demangle_auto(name.into(), None).into_owned(),
        false => name.to_owned(),
    }
}

/// Functions of the symbol tables.
#[derive(Default)]
struct Table {
    functions: Vec<Symbol>,
}

struct Symbol {
    address: u64,
    size: u64,
    name: String,
}

impl Symbol {
    fn frame(&self, address: u64) -> Frame {
        Frame {
            function: Some(demangled(&self.name)),
            offset: Some(address - self.address),
            ..Frame::default()
        }
    }
}

impl Table {
    fn add(&mut self, file: &object::File, kind: SymbolKind) {
        for symbol in file.symbols().chain(file.dynamic_symbols()) {
            if symbol.is_definition() && symbol.kind() == kind {
                if let Ok(name) = symbol.name() {
                    let (address, size, name) = (symbol.address(), symbol.size(), name.to_owned());
                    self.functions.push(Symbol { address, size, name });
                }
            }
        }
    }

    fn sort(&mut self) {
        // Of several names for one place the one without underscores comes first.
        let rank = |s: &Symbol| s.name.bytes().take_while(|&b| b == b'_').count();
        self.functions
            .sort_by(|a, b| (a.address, rank(a), &a.name).cmp(&(b.address, rank(b), &b.name)));
        self.functions.dedup_by_key(|s| s.address);
    }

    /// Who owns `address`. A symbol without a size (of assembly) reaches to the
    /// next one.
    fn find(&self, address: u64) -> Option<&Symbol> {
        let after = self.functions.partition_point(|s| s.address <= address);
        let symbol = self.functions[..after].last()?;
        (symbol.size == 0 || address - symbol.address < symbol.size).then_some(symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(symbols: &[(u64, u64, &str)]) -> Table {
        let symbol = |&(address, size, name): &(u64, u64, &str)| Symbol {
            address,
            size,
            name: name.to_owned(),
        };
        let mut table = Table { functions: symbols.iter().map(symbol).collect() };
        table.sort();
        table
    }

    #[test]
    fn an_address_belongs_to_the_symbol_whose_size_reaches_it() {
        let t = table(&[(0x20, 8, "b"), (0x10, 4, "a"), (0x40, 0, "assembly")]);
        let name = |at| t.find(at).map(|s| s.name.as_str());
        assert_eq!(name(0x0f), None);
        assert_eq!(name(0x10), Some("a"));
        assert_eq!(name(0x14), None, "behind its end");
        assert_eq!(name(0x27), Some("b"));
        assert_eq!(name(0x999), Some("assembly"));
    }

    #[test]
    fn the_public_name_wins() {
        let t = table(&[(0x10, 4, "__pthread_join"), (0x10, 4, "pthread_join")]);
        assert_eq!(t.find(0x11).unwrap().name, "pthread_join");
    }

    #[test]
    fn names_lose_their_mangling() {
        assert_eq!(demangled("_ZN3foo3barEi"), "foo::bar(int)");
        assert_eq!(demangled("_RNvC7mycrate3foo"), "mycrate::foo");
        assert_eq!(demangled("a"), "a");
        assert_eq!(demangled("memcpy@@GLIBC_2.14"), "memcpy");
        assert_eq!(demangled("__GI_qsort"), "qsort");
    }

    #[inline(never)]
    fn here() -> usize {
        std::hint::black_box(here as *const () as usize)
    }

    #[test]
    fn this_program_has_names_and_lines() {
        let path = std::env::current_exe().unwrap();
        // The bias: where the file's first segment is.
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let first = maps.lines().find(|l| l.ends_with(path.to_str().unwrap())).unwrap();
        let base = u64::from_str_radix(first.split('-').next().unwrap(), 16).unwrap();
        let frames = Symbols::new().frames(&path, here() as u64 - base, None);
        let last = frames.last().expect("something is known");
        assert!(last.function.as_deref().unwrap().contains("here"), "{last}");
        assert!(last.file.as_deref().is_none_or(|f| f.ends_with("symbols.rs")), "{last}");
        assert!(Symbols::new().frames(&path, here() as u64 - base, Some(&[1, 2, 3])).is_empty());
    }
}
