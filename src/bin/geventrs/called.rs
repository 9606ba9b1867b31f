//! Which imported function a call instruction calls, as the file's relocations name it: also
//! where symbols and debugging information are stripped.

use object::read::elf::ElfFile64;
use object::{
    Architecture, Endianness, Object, ObjectSegment, ObjectSymbol, ObjectSymbolTable,
    RelocationTarget,
};

/// The name of the function that the call before the address `behind` of a file calls, through
/// the linkage table (PLT) or straight through the table of addresses (GOT). `None`: it calls a
/// function of the file's own, or one whose address was computed.
pub fn function(file: &ElfFile64<Endianness>, behind: u64) -> Option<String> {
    let slot = match file.architecture() {
        Architecture::X86_64 => x86_64::slot(&|at, n| code(file, at, n), behind),
        Architecture::Aarch64 => aarch64::slot(&|at, n| code(file, at, n), behind),
        _ => None,
    }?;
    let (_, relocation) = file.dynamic_relocations()?.find(|(at, _)| *at == slot)?;
    let RelocationTarget::Symbol(symbol) = relocation.target() else { return None };
    let symbol = file.dynamic_symbol_table()?.symbol_by_index(symbol).ok()?;
    Some(symbol.name().ok()?.to_owned())
}

/// `n` bytes at an address.
fn code<'a>(file: &ElfFile64<'a, Endianness>, at: u64, n: u64) -> Option<&'a [u8]> {
    file.segments().find_map(|s| s.data_range(at, n).ok().flatten())
}

mod x86_64 {
    /// The address of the function's address.
    pub fn slot<'a>(code: &dyn Fn(u64, u64) -> Option<&'a [u8]>, behind: u64) -> Option<u64> {
        let relative = |at: u64| -> Option<u64> {
            let distance = i32::from_le_bytes(code(at, 4)?.try_into().ok()?);
            Some((at + 4).wrapping_add_signed(distance.into()))
        };
        let distance = behind.checked_sub(4)?;
        // call *distance(%rip)
        if code(behind.checked_sub(6)?, 2)? == [0xff, 0x15] {
            return relative(distance);
        }
        // call distance
        if code(behind - 5, 1)? != [0xe8] {
            return None;
        }
        let mut stub = relative(distance)?;
        // endbr64
        if code(stub, 4)? == [0xf3, 0x0f, 0x1e, 0xfa] {
            stub += 4;
        }
        // bnd
        if code(stub, 1)? == [0xf2] {
            stub += 1;
        }
        // jmp *distance(%rip)
        (code(stub, 2)? == [0xff, 0x25]).then(|| relative(stub + 2))?
    }
}

mod aarch64 {
    /// The address of the function's address.
    pub fn slot<'a>(code: &dyn Fn(u64, u64) -> Option<&'a [u8]>, behind: u64) -> Option<u64> {
        let word = |at| Some(u32::from_le_bytes(code(at, 4)?.try_into().ok()?));
        let at = behind.checked_sub(4)?;
        // bl distance
        let call = word(at)?;
        if call >> 26 != 0b100101 {
            return None;
        }
        let words = i64::from(((call << 6) as i32) >> 6);
        let mut stub = at.wrapping_add_signed(words * 4);
        // bti c
        if word(stub)? == 0xd503_245f {
            stub += 4;
        }
        // adrp x16, page; ldr x17, [x16, #offset]
        let (page, load) = (word(stub)?, word(stub + 4)?);
        if page & 0x9f00_001f != 0x9000_0010 || load & 0xffc0_03ff != 0xf940_0211 {
            return None;
        }
        let pages = (page >> 5 & 0x7_ffff) << 2 | page >> 29 & 3;
        let pages = i64::from(((pages << 11) as i32) >> 11);
        let page = (stub & !0xfff).wrapping_add_signed(pages << 12);
        Some(page + u64::from(load >> 10 & 0xfff) * 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &'static [u8], at: u64) -> impl Fn(u64, u64) -> Option<&'static [u8]> {
        move |from, n| {
            let from = usize::try_from(from.checked_sub(at)?).ok()?;
            bytes.get(from..from + n as usize)
        }
    }

    #[test]
    fn calls_of_x86_64_lead_to_their_slots() {
        // call 0x100a; (padding); endbr64; jmp *0x2fa6(%rip)
        let plt = &[
            0x90, 0xe8, 4, 0, 0, 0, 0x90, 0x90, 0x90, 0x90, 0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25,
            0xa6, 0x2f, 0, 0,
        ];
        assert_eq!(x86_64::slot(&of(plt, 0x1000), 0x1006), Some(0x1014 + 0x2fa6));
        let got = &[0xff, 0x15, 0x8e, 0x2e, 0, 0];
        assert_eq!(x86_64::slot(&of(got, 0x113c), 0x1142), Some(0x3fd0));
        // call *%rax
        assert_eq!(x86_64::slot(&of(&[0x90; 6], 0), 6), None);
        assert_eq!(x86_64::slot(&of(&[], 0), 6), None);
    }

    #[test]
    fn calls_of_aarch64_lead_to_their_slots() {
        // bl 0x610, 0x608 behind it; adrp x16, 0x20000; ldr x17, [x16, #16]
        let code = &[
            0x02, 0, 0, 0x94, 0x1f, 0x20, 0x03, 0xd5, 0x10, 0x01, 0, 0x90, 0x11, 0x0a, 0x40, 0xf9,
        ];
        assert_eq!(aarch64::slot(&of(code, 0x608), 0x60c), Some(0x20010));
        assert_eq!(aarch64::slot(&of(code, 0x608), 0x610), None);
    }
}
