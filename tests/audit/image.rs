//! A library as the loader sees it: its code cut into functions, its dynamic
//! symbols with their versions, and what its relocated words point to.

use gimli::{BaseAddresses, CieOrFde, EhFrame, NativeEndian, UnwindSection};
use object::elf::{
    FileHeader64, PF_X, PT_LOAD, R_X86_64_64, R_X86_64_GLOB_DAT, R_X86_64_IRELATIVE,
    R_X86_64_JUMP_SLOT, R_X86_64_RELATIVE, SHN_ABS, SHN_UNDEF, SHT_DYNSYM, STT_FUNC, STT_GNU_IFUNC,
};
use object::read::elf::{FileHeader, ProgramHeader, Rela, SectionHeader, Sym};
use object::Endianness;
use std::collections::BTreeMap;
use std::path::Path;

/// What a relocated word points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// An address in the same library.
    Here(u64),
    /// A symbol, perhaps of another library.
    Named(String),
}

/// One library.
#[derive(Default)]
pub struct Image {
    /// Functions that it defines for others: a name may have several versions.
    pub symbols: Vec<(String, u64)>,
    /// Where functions begin, and end.
    pub functions: BTreeMap<u64, u64>,
    /// By the word's address.
    pub pointers: BTreeMap<u64, Pointer>,
    /// Loaded code, by address.
    pub code: Vec<(u64, Vec<u8>)>,
    /// Since 2.41 libc makes the system calls that are cancellation points in one
    /// function, which takes the number as its seventh argument, on the stack,
    /// and calls another one that does.
    pub wrappers: Vec<u64>,
    /// Where the stubs are that jump to other libraries' functions.
    pub stubs: Vec<std::ops::Range<u64>>,
}

type Header = FileHeader64<Endianness>;

impl Image {
    /// Read a library's file.
    pub fn read(path: &Path) -> Result<Image, String> {
        let data = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        Image::parse(&data).map_err(|e| format!("{}: {e}", path.display()))
    }

    fn parse(data: &[u8]) -> object::Result<Image> {
        let mut image = Image::default();
        let header = Header::parse(data)?;
        let endian = header.endian()?;
        for segment in header.program_headers(endian, data)? {
            if segment.p_type(endian) == PT_LOAD && segment.p_flags(endian) & PF_X != 0 {
                let bytes = segment.data(endian, data).unwrap_or_default();
                image.code.push((segment.p_vaddr(endian), bytes.to_vec()));
            }
        }
        let sections = header.sections(endian, data)?;
        let table = sections.symbols(endian, data, SHT_DYNSYM)?;
        let mut names = Vec::new();
        for (_, symbol) in table.enumerate() {
            let name = String::from_utf8_lossy(table.symbol_name(endian, symbol)?).into_owned();
            names.push(name.clone());
            let section = symbol.st_shndx(endian);
            if symbol.st_bind() == 0 || section == SHN_UNDEF || section == SHN_ABS {
                continue;
            }
            let is_function = matches!(symbol.st_type(), STT_FUNC | STT_GNU_IFUNC);
            let (address, size) = (symbol.st_value(endian), symbol.st_size(endian));
            if is_function {
                image.functions.insert(address, address + size);
                image.symbols.push((name, address));
            }
        }
        for section in sections.iter() {
            let name = sections.section_name(endian, section)?;
            let (from, size) = (section.sh_addr(endian), section.sh_size(endian));
            if name.starts_with(b".plt") {
                image.stubs.push(from..from + size);
            }
            if name == b".eh_frame" {
                image.read_frames(section.data(endian, data)?, from);
            }
            if name == b".relr.dyn" {
                let words = section.data(endian, data)?;
                let word = |at: u64| word(data, &sections, endian, at);
                for at in relr(words) {
                    image.pointers.insert(at, Pointer::Here(word(at)));
                }
            }
            if let Some((relocations, _)) = section.rela(endian, data)? {
                for r in relocations {
                    let at = r.r_offset(endian);
                    let symbol = names.get(r.r_sym(endian, false) as usize).cloned();
                    let addend = r.r_addend(endian) as u64;
                    let pointer = match r.r_type(endian, false) {
                        R_X86_64_RELATIVE | R_X86_64_IRELATIVE => Pointer::Here(addend),
                        R_X86_64_64 | R_X86_64_GLOB_DAT | R_X86_64_JUMP_SLOT => {
                            Pointer::Named(symbol.unwrap_or_default())
                        }
                        _ => continue,
                    };
                    image.pointers.insert(at, pointer);
                }
            }
        }
        Ok(image)
    }

    /// Every function of C has a line in the unwinding table, also those
    /// without a symbol.
    fn read_frames(&mut self, section: &[u8], address: u64) {
        let frames = EhFrame::new(section, NativeEndian);
        let bases = BaseAddresses::default().set_eh_frame(address);
        let mut entries = frames.entries(&bases);
        while let Ok(Some(entry)) = entries.next() {
            if let CieOrFde::Fde(partial) = entry {
                if let Ok(fde) = partial.parse(|_, bases, at| frames.cie_from_offset(bases, at)) {
                    self.functions.insert(fde.initial_address(), fde.end_address());
                }
            }
        }
    }

    /// The code from one address to another.
    pub fn bytes(&self, from: u64, to: u64) -> &[u8] {
        for (at, bytes) in &self.code {
            if *at <= from && to <= at + bytes.len() as u64 {
                return &bytes[(from - at) as usize..(to - at) as usize];
            }
        }
        &[]
    }

    /// The start of the function that an address lies in.
    pub fn function_at(&self, address: u64) -> Option<u64> {
        let (start, end) = self.functions.range(..=address).next_back()?;
        (address < *end || address == *start).then_some(*start)
    }
}

/// The word at an address.
fn word<'a>(
    data: &'a [u8],
    sections: &object::read::elf::SectionTable<'a, Header>,
    endian: Endianness,
    at: u64,
) -> u64 {
    for section in sections.iter() {
        let from = section.sh_addr(endian);
        if from != 0 && from <= at && at + 8 <= from + section.sh_size(endian) {
            if let Ok(bytes) = section.data(endian, data) {
                if let Some(b) = bytes.get((at - from) as usize..(at - from) as usize + 8) {
                    return u64::from_le_bytes(b.try_into().expect("eight bytes"));
                }
            }
        }
    }
    0
}

/// Addresses that SHT_RELR's words stand for.
fn relr(words: &[u8]) -> Vec<u64> {
    let mut all = Vec::new();
    let mut next = 0;
    for word in words.chunks_exact(8) {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        if word & 1 == 0 {
            all.push(word);
            next = word + 8;
        } else {
            all.extend((1..64).filter(|bit| word >> bit & 1 != 0).map(|bit| next + (bit - 1) * 8));
            next += 63 * 8;
        }
    }
    all
}
