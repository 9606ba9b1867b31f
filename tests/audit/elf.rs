//! Reading dynamic symbols and the section of hooks out of ELF files.

use object::elf::{FileHeader64, SHN_ABS, SHN_UNDEF, STT_FUNC, STT_GNU_IFUNC};
use object::read::elf::{FileHeader, SectionHeader, Sym};
use object::Endianness;
use std::path::{Path, PathBuf};

/// A symbol that a library defines for others.
#[derive(Clone, Debug)]
pub struct Symbol {
    pub name: String,
    /// Its version, where it has one: `GLIBC_2.2.5`.
    pub version: Option<String>,
    pub address: u64,
    pub is_function: bool,
}

impl Symbol {
    /// Whether programs may link it. (`GLIBC_PRIVATE` is among glibc's own
    /// libraries.)
    pub fn is_public(&self) -> bool {
        self.version.as_deref() != Some("GLIBC_PRIVATE")
    }
}

/// One row of the hook table.
#[derive(Clone, Debug)]
pub struct Row {
    /// The function's name and its other spellings.
    pub names: Vec<String>,
    pub group: String,
}

/// A library's file.
pub struct Library {
    pub path: PathBuf,
    pub symbols: Vec<Symbol>,
    /// The rows of its section `.geventrs.hooks`, if it has one.
    pub rows: Vec<Row>,
    /// The versions of other libraries' symbols that it asks for.
    pub wants: Vec<String>,
}

type Header = FileHeader64<Endianness>;

impl Library {
    /// Read a library; panics with its name if that cannot be done.
    pub fn read(path: &Path) -> Self {
        let data = std::fs::read(path)
            .unwrap_or_else(|e| panic!("{}: {e}; build it first", path.display()));
        let (symbols, rows, wants) =
            parse(&data).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Library { path: path.to_owned(), symbols, rows, wants }
    }
}

fn parse(data: &[u8]) -> object::Result<(Vec<Symbol>, Vec<Row>, Vec<String>)> {
    let header = Header::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let table = sections.symbols(endian, data, object::elf::SHT_DYNSYM)?;
    let versions = sections.versions(endian, data)?;

    let mut symbols = Vec::new();
    for (index, symbol) in table.enumerate() {
        let section = symbol.st_shndx(endian);
        // Names of versions are absolute symbols.
        if symbol.st_bind() == 0 || section == SHN_UNDEF || section == SHN_ABS {
            continue;
        }
        let mut version = None;
        if let Some(versions) = &versions {
            if let Some(v) = versions.version(versions.version_index(endian, index))? {
                version = Some(String::from_utf8_lossy(v.name()).into_owned());
            }
        }
        symbols.push(Symbol {
            name: String::from_utf8_lossy(table.symbol_name(endian, symbol)?).into_owned(),
            version,
            address: symbol.st_value(endian),
            is_function: matches!(symbol.st_type(), STT_FUNC | STT_GNU_IFUNC),
        });
    }

    let mut wants = Vec::new();
    if let Some((mut needed, _)) = sections.gnu_verneed(endian, data)? {
        while let Some((_, mut versions)) = needed.next()? {
            while let Some(version) = versions.next()? {
                let strings = table.strings();
                let name = version.name(endian, strings)?;
                let name = String::from_utf8_lossy(name).into_owned();
                // ld.so's and libgcc's own names are other ones.
                if name.starts_with("GLIBC_") {
                    wants.push(name);
                }
            }
        }
    }
    let rows = match sections.section_by_name(endian, b".geventrs.hooks") {
        Some((_, section)) => rows(section.data(endian, data)?),
        None => Vec::new(),
    };
    Ok((symbols, rows, wants))
}

/// The lines `name,alias,... TAB group TAB how`.
fn rows(text: &[u8]) -> Vec<Row> {
    let text = std::str::from_utf8(text).expect("the section of hooks is text");
    text.lines()
        // The linker may align the lines with zeros.
        .map(|line| line.trim_start_matches('\0'))
        .filter(|line| !line.is_empty())
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [names, group, _how] = fields[..] else {
                panic!("a row of hooks has three fields: {line:?}");
            };
            Row { names: names.split(',').map(str::to_owned).collect(), group: group.to_owned() }
        })
        .collect()
}

/// The C library: libc, ld.so, and the libraries that were part of its API
/// before glibc 2.34, or are. This machine's, or that of the system whose root
/// directory `GEVENTRS_TEST_ROOT` names.
pub fn c_library() -> Vec<Library> {
    const FILES: [&str; 9] = [
        "libc.so.6",
        "libpthread.so.0",
        "librt.so.1",
        "libanl.so.1",
        "libresolv.so.2",
        "libdl.so.2",
        "libutil.so.1",
        "ld-linux-x86-64.so.2",
        "ld-linux-aarch64.so.1",
    ];
    let maps = std::fs::read_to_string("/proc/self/maps").expect("/proc is there");
    let libc = maps
        .lines()
        .filter_map(|line| line.find('/').map(|at| Path::new(&line[at..])))
        .find(|path| {
            let file = path.file_name().and_then(|f| f.to_str()).unwrap_or("");
            file.starts_with("libc.so") || file.starts_with("libc-")
        })
        .expect("this test's process has mapped libc");
    let directory = libc.parent().expect("a file is in a directory");
    let directory = match std::env::var_os("GEVENTRS_TEST_ROOT") {
        Some(root) => Path::new(&root).join(directory.strip_prefix("/").expect("absolute")),
        None => directory.to_owned(),
    };
    let files = FILES.iter().map(|file| directory.join(file)).filter(|path| path.exists());
    let libraries: Vec<Library> = files.map(|path| Library::read(&path)).collect();
    assert!(libraries.len() > 1, "no libc in {}", directory.display());
    libraries
}
