//! Finding system call instructions in a program's code. Calls that are made so
//! pass every hook by.
//!
//! This is no disassembler. On x86-64 the two bytes of `syscall` are looked for
//! at every place, and they also occur inside other instructions: the number
//! of places is an upper bound. A place is *likely* if the call's number is
//! loaded a few instructions before it as a constant, or if the result is
//! compared with the errors behind it, as compilers and assembly do it. On
//! aarch64 instructions are aligned and the pattern is exact.

use crate::elf::{Binary, Code};
use serde::Serialize;

/// How many places are described.
const SHOWN: usize = 8;

/// What was found in one file.
#[derive(Default, Serialize)]
pub struct SystemCalls {
    /// Places that hold the bytes of the instruction.
    pub possible: usize,
    /// Those that look like a call from both sides.
    pub likely: usize,
    /// The first places, the likely ones before the others.
    pub first: Vec<Place>,
}

/// One place.
#[derive(Serialize)]
pub struct Place {
    /// As the file counts addresses, in hexadecimal.
    pub address: String,
    /// The function, or the section if no symbol covers it.
    pub inside: String,
    pub likely: bool,
}

/// Look through all code of a file.
pub fn scan(binary: &Binary) -> SystemCalls {
    let mut found: Vec<(bool, u64, &Code)> = Vec::new();
    for code in &binary.code {
        for (at, likely) in instructions(code.bytes) {
            found.push((!likely, code.address + at as u64, code));
        }
    }
    found.sort_by_key(|(unlikely, address, _)| (*unlikely, *address));
    let place = |(unlikely, address, code): &(bool, u64, &Code)| Place {
        address: format!("{address:#x}"),
        inside: binary.function_at(*address).map_or(&code.name, |f| &f.name).clone(),
        likely: !unlikely,
    };
    SystemCalls {
        possible: found.len(),
        likely: found.iter().filter(|(unlikely, ..)| !unlikely).count(),
        first: found.iter().take(SHOWN).map(place).collect(),
    }
}

/// Offsets of the instruction in `code`, and whether each is likely one.
#[cfg(target_arch = "x86_64")]
fn instructions(code: &[u8]) -> Vec<(usize, bool)> {
    let places = code.windows(2).enumerate().filter(|(_, w)| *w == [0x0f, 0x05]);
    places.map(|(at, _)| (at, number_before(code, at) || errors_after(code, at + 2))).collect()
}

/// Whether a constant that can be a call's number is loaded into rax, within
/// the length of some six instructions.
#[cfg(target_arch = "x86_64")]
fn number_before(code: &[u8], at: usize) -> bool {
    const BACK: usize = 32;
    const NUMBERS: u32 = 600;
    let before = &code[at.saturating_sub(BACK)..at];
    let is_number =
        |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes")) < NUMBERS;
    // mov eax, NUMBER; mov rax, NUMBER
    before.windows(5).any(|w| w[0] == 0xb8 && is_number(&w[1..]))
        || before.windows(7).any(|w| w.starts_with(&[0x48, 0xc7, 0xc0]) && is_number(&w[3..]))
        // xor eax, eax: number 0 is read. Short, so only right before.
        || code[at.saturating_sub(8)..at].windows(2).any(|w| w == [0x31, 0xc0])
}

/// Whether rax is compared with -4095 or -4096 (the kernel's errors).
#[cfg(target_arch = "x86_64")]
fn errors_after(code: &[u8], after: usize) -> bool {
    const AHEAD: usize = 12;
    let end = code.len().min(after + AHEAD);
    code[after..end].windows(6).any(|w| {
        w.starts_with(&[0x48, 0x3d]) && w[3..] == [0xf0, 0xff, 0xff] && matches!(w[2], 0 | 1)
    })
}

/// `svc #n`.
#[cfg(target_arch = "aarch64")]
fn instructions(code: &[u8]) -> Vec<(usize, bool)> {
    let words = code.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]));
    let calls = words.enumerate().filter(|(_, w)| w & 0xffe0_001f == 0xd400_0001);
    calls.map(|(i, _)| (i * 4, true)).collect()
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_from_bytes_of_other_instructions() {
        // mov eax, 39; syscall; ret
        assert_eq!(instructions(b"\xb8\x27\0\0\0\x0f\x05\xc3"), [(5, true)]);
        // xor eax, eax; syscall
        assert_eq!(instructions(b"\x31\xc0\x0f\x05"), [(2, true)]);
        // mov rax, [rdi]; syscall; cmp rax, -4095
        let raw = b"\x48\x8b\x07\x0f\x05\x48\x3d\x01\xf0\xff\xff";
        assert_eq!(instructions(raw), [(3, true)]);
        // lea rax, [rip + 0x50f]
        assert_eq!(instructions(b"\x48\x8d\x05\x0f\x05\0\0"), [(3, false)]);
        assert_eq!(instructions(b"\x0f"), []);
    }
}
