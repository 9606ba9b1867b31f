//! Finding system call instructions in a program's code. Calls that are made so
//! pass every hook by.
//!
//! Two numbers are found. *Possible* are all places that hold the bytes of the
//! instruction: on x86-64 they also occur inside other instructions, so this is
//! an upper bound. *Decoded* are those at which an instruction begins when the
//! code is read from its start, and anew from every function that has a symbol.
//! Data between functions can look like code; what stands close to bytes that
//! are no instruction is taken for data. Jumps into the middle of an instruction
//! are not followed. On aarch64 instructions are aligned, and
//! the numbers are the same.

use crate::elf::{Binary, Code};
use serde::Serialize;

/// How many places are described.
const SHOWN: usize = 8;
/// How many bytes from something that is no instruction are taken for data.
#[cfg(target_arch = "x86_64")]
const CLOSE: usize = 64;

/// What was found in one file.
#[derive(Default, Serialize)]
pub struct SystemCalls {
    /// Places that hold the bytes of the instruction.
    pub possible: usize,
    /// Those where an instruction begins.
    pub decoded: usize,
    /// The first places, the decoded ones before the others.
    pub first: Vec<Place>,
}

/// One place.
#[derive(Serialize)]
pub struct Place {
    /// As the file counts addresses, in hexadecimal.
    pub address: String,
    /// The function, or the section if no symbol covers it.
    pub inside: String,
    pub decoded: bool,
}

/// Look through all code of a file.
pub fn scan(binary: &Binary) -> SystemCalls {
    let mut found: Vec<(bool, u64, &Code)> = Vec::new();
    for code in &binary.code {
        let possible = possible(code.bytes);
        if possible.is_empty() {
            continue;
        }
        let starts: Vec<usize> = binary
            .functions
            .iter()
            .filter_map(|f| usize::try_from(f.address.checked_sub(code.address)?).ok())
            .filter(|at| *at < code.bytes.len())
            .collect();
        let decoded = decoded(code.bytes, &starts);
        for at in possible {
            found.push((decoded.binary_search(&at).is_err(), code.address + at as u64, code));
        }
    }
    found.sort_by_key(|(inside, address, _)| (*inside, *address));
    let place = |(inside, address, code): &(bool, u64, &Code)| Place {
        address: format!("{address:#x}"),
        inside: binary.function_at(*address).map_or(&code.name, |f| &f.name).clone(),
        decoded: !inside,
    };
    SystemCalls {
        possible: found.len(),
        decoded: found.iter().filter(|(inside, ..)| !inside).count(),
        first: found.iter().take(SHOWN).map(place).collect(),
    }
}

/// Offsets at which the bytes of the instruction stand.
#[cfg(target_arch = "x86_64")]
fn possible(code: &[u8]) -> Vec<usize> {
    let places = code.windows(2).enumerate().filter(|(_, w)| *w == [0x0f, 0x05]);
    places.map(|(at, _)| at).collect()
}

/// Offsets at which the instruction begins, in order, if functions begin at
/// `starts` (in order).
#[cfg(target_arch = "x86_64")]
fn decoded(code: &[u8], starts: &[usize]) -> Vec<usize> {
    use iced_x86::{Code, Decoder, DecoderOptions, Instruction};
    let mut found = Vec::new();
    let ends = starts.iter().copied().chain([code.len()]);
    for (start, end) in [0].into_iter().chain(starts.iter().copied()).zip(ends) {
        let mut decoder = Decoder::with_ip(64, &code[start..end], 0, DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        let mut data_until = start;
        while decoder.can_decode() {
            decoder.decode_out(&mut instruction);
            let after = start + decoder.position();
            match instruction.code() {
                Code::INVALID => {
                    data_until = after + CLOSE;
                    let data = start.max(after.saturating_sub(CLOSE));
                    found.truncate(found.partition_point(|at| *at < data));
                }
                // Prefixes stand before the two bytes.
                Code::Syscall if after >= data_until => found.push(after - 2),
                _ => {}
            }
        }
    }
    found
}

/// `svc #n`.
#[cfg(target_arch = "aarch64")]
fn possible(code: &[u8]) -> Vec<usize> {
    let words = code.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]));
    let calls = words.enumerate().filter(|(_, w)| w & 0xffe0_001f == 0xd400_0001);
    calls.map(|(i, _)| i * 4).collect()
}

/// All of them: instructions are aligned.
#[cfg(target_arch = "aarch64")]
fn decoded(code: &[u8], _starts: &[usize]) -> Vec<usize> {
    possible(code)
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_from_bytes_of_other_instructions() {
        // mov $39, %eax; syscall; ret
        let call = b"\xb8\x27\0\0\0\x0f\x05\xc3";
        assert_eq!((possible(call), decoded(call, &[0])), (vec![5], vec![5]));
        // lea 0x50f(%rip), %rax
        let operand = b"\x48\x8d\x05\x0f\x05\0\0";
        assert_eq!((possible(operand), decoded(operand, &[])), (vec![3], vec![]));
        assert!(possible(b"\x0f").is_empty());
    }

    #[test]
    fn functions_are_read_from_their_beginnings() {
        // The beginning of a call before a function that is `syscall; ret`.
        let code = b"\xe8\0\x0f\x05\xc3";
        assert!(decoded(code, &[]).is_empty());
        assert_eq!(decoded(code, &[2]), [2]);
    }

    #[test]
    fn data_is_not_taken_for_code() {
        // 0x06 is no instruction of 64-bit code.
        assert!(decoded(b"\x0f\x05\xc3\x06", &[]).is_empty());
        assert!(decoded(b"\x06\x0f\x05\xc3", &[]).is_empty());
        assert_eq!(decoded(b"\x06\x0f\x05\xc3", &[1]), [1]);
    }
}
