//! What matters of an ELF file: what it asks of other files, what it defines,
//! and its code.

use object::elf::{
    FileHeader64, DF_1_INTERPOSE, DF_SYMBOLIC, DT_AUDIT, DT_DEPAUDIT, DT_FLAGS, DT_FLAGS_1,
    DT_NEEDED, DT_SYMBOLIC, PT_DYNAMIC, PT_INTERP, PT_NOTE,
};
use object::read::elf::{Dyn, ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// A file's head: enough to say whether the library can be preloaded.
pub struct Head {
    /// `e_machine`.
    pub machine: u16,
    /// The dynamic loader that the file asks for.
    pub interpreter: Option<OsString>,
    /// It has a dynamic section.
    pub dynamic: bool,
    /// Go's linker made it.
    pub go: bool,
}

impl Head {
    /// Read the beginning of a file.
    pub fn read(data: &[u8]) -> Option<Head> {
        let header = FileHeader64::<Endianness>::parse(data).ok()?;
        let endian = header.endian().ok()?;
        let mut head = Head {
            machine: header.e_machine(endian),
            interpreter: None,
            dynamic: false,
            go: false,
        };
        for segment in header.program_headers(endian, data).ok()? {
            match segment.p_type(endian) {
                PT_INTERP => {
                    // Far behind in odd files: there is one, whatever it says.
                    let name = segment.data(endian, data).unwrap_or(b"?");
                    let name = name.split(|&b| b == 0).next().unwrap_or(name);
                    head.interpreter = Some(OsString::from_vec(name.to_vec()));
                }
                PT_DYNAMIC => head.dynamic = true,
                PT_NOTE => {
                    let mut notes = segment.notes(endian, data).ok().flatten();
                    while let Some(note) = notes.as_mut().and_then(|n| n.next().ok().flatten()) {
                        head.go |= note.name() == b"Go";
                    }
                }
                _ => {}
            }
        }
        Some(head)
    }
}

/// A function that a symbol names.
pub struct Function {
    pub address: u64,
    pub size: u64,
    pub name: String,
}

/// A section of code.
pub struct Code<'a> {
    pub name: String,
    pub address: u64,
    pub bytes: &'a [u8],
}

/// A program or a library, read as a whole.
#[derive(Default)]
pub struct Binary<'a> {
    /// Functions that it asks others for.
    pub imports: BTreeSet<String>,
    /// Functions that it has under a global name. Those of a program come
    /// before all libraries'.
    pub defines: BTreeSet<String>,
    /// The libraries that it needs itself.
    pub needed: Vec<String>,
    /// `-Bsymbolic`: it prefers its own definitions.
    pub symbolic: bool,
    /// `-z interpose`.
    pub interpose: bool,
    /// It wants auditing libraries, whose code ld.so runs even for a list.
    pub audited: bool,
    pub code: Vec<Code<'a>>,
    /// Sorted by address.
    pub functions: Vec<Function>,
}

impl<'a> Binary<'a> {
    pub fn read(data: &'a [u8]) -> object::Result<Binary<'a>> {
        let file = ElfFile64::<Endianness>::parse(data)?;
        let mut binary = Binary::default();
        for symbol in file.dynamic_symbols() {
            let Ok(name) = symbol.name() else { continue };
            if symbol.is_undefined() {
                binary.imports.insert(name.to_owned());
            }
        }
        for symbol in file.symbols().chain(file.dynamic_symbols()) {
            // The kind is that of STT_GNU_IFUNC, too.
            if !symbol.is_definition() || symbol.kind() != SymbolKind::Text {
                continue;
            }
            let Ok(name) = symbol.name() else { continue };
            if symbol.is_global() {
                binary.defines.insert(name.to_owned());
            }
            let (address, size, name) = (symbol.address(), symbol.size(), name.to_owned());
            binary.functions.push(Function { address, size, name });
        }
        binary.functions.sort_by(|a, b| (a.address, &a.name).cmp(&(b.address, &b.name)));
        for section in file.sections().filter(|s| s.kind() == SectionKind::Text) {
            binary.code.push(Code {
                name: section.name().unwrap_or("?").to_owned(),
                address: section.address(),
                bytes: section.data()?,
            });
        }
        binary.read_dynamic(&file)?;
        Ok(binary)
    }

    fn read_dynamic(&mut self, file: &ElfFile64<'a, Endianness>) -> object::Result<()> {
        let (endian, data) = (file.endian(), file.data());
        let sections = file.elf_section_table();
        let Some((entries, strings)) = sections.dynamic(endian, data)? else {
            return Ok(());
        };
        let strings = sections.strings(endian, data, strings)?;
        for entry in entries {
            let value = entry.d_val(endian);
            match entry.d_tag(endian) as u32 {
                DT_NEEDED => {
                    let name = entry.string(endian, strings)?;
                    self.needed.push(String::from_utf8_lossy(name).into_owned());
                }
                DT_SYMBOLIC => self.symbolic = true,
                DT_FLAGS => self.symbolic |= value & u64::from(DF_SYMBOLIC) != 0,
                DT_FLAGS_1 => self.interpose |= value & u64::from(DF_1_INTERPOSE) != 0,
                DT_AUDIT | DT_DEPAUDIT => self.audited = true,
                _ => {}
            }
        }
        Ok(())
    }

    /// The function that an address belongs to.
    pub fn function_at(&self, address: u64) -> Option<&Function> {
        let after = self.functions.partition_point(|f| f.address <= address);
        let function = self.functions[..after].last()?;
        (address - function.address < function.size).then_some(function)
    }
}
