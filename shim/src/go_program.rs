//! Programs of Go's that are linked with libc (cgo).
//!
//! Their runtime makes its threads with pthread_create(3) and does all else past libc: it
//! asks the kernel for the ids of its threads and sends them signals by these, with frames on
//! stacks of its own, and switches goroutines itself. A thread that is none of the
//! kernel's cannot take part. So such a program is left alone, without a word: most are
//! children of a program that has the library, and nothing is wrong with them.

use core::mem::size_of;
use libc::Elf64_Phdr;

/// What an ELF note begins with.
#[repr(C)]
struct NoteHead {
    name_size: u32,
    value_size: u32,
    kind: u32,
}

/// The owner of the note that Go's linker writes, in all of its versions since 1.4.
const OWNER: &[u8] = b"Go\0\0";

/// Whether one of the notes, which follow one another, is Go's.
fn has_go_note(mut notes: &[u8]) -> bool {
    let word = |at: usize, notes: &[u8]| {
        let bytes = notes.get(at..at + 4)?;
        Some(u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    };
    loop {
        let (Some(name), Some(value)) = (
            word(core::mem::offset_of!(NoteHead, name_size), notes),
            word(core::mem::offset_of!(NoteHead, value_size), notes),
        ) else {
            return false;
        };
        let head = size_of::<NoteHead>();
        if notes.get(head..).is_some_and(|rest| name == OWNER.len() && rest.starts_with(OWNER)) {
            return true;
        }
        let length = head + name.next_multiple_of(4) + value.next_multiple_of(4);
        match notes.get(length..) {
            Some(rest) => notes = rest,
            None => return false,
        }
    }
}

/// Whether the program is one of Go's.
fn is_go() -> bool {
    // SAFETY: the kernel's word for the program's headers, which stay mapped.
    let headers = unsafe {
        let (at, count) = (libc::getauxval(libc::AT_PHDR), libc::getauxval(libc::AT_PHNUM));
        match at {
            0 => return false,
            at => core::slice::from_raw_parts(at as *const Elf64_Phdr, count as usize),
        }
    };
    let itself = headers.iter().find(|h| h.p_type == libc::PT_PHDR);
    let Some(bias) = itself.map(|h| (headers.as_ptr() as usize).wrapping_sub(h.p_vaddr as usize))
    else {
        return false;
    };
    headers.iter().filter(|h| h.p_type == libc::PT_NOTE).any(|h| {
        let at = bias.wrapping_add(h.p_vaddr as usize);
        // SAFETY: notes are in a segment that the kernel has mapped.
        has_go_note(unsafe { core::slice::from_raw_parts(at as *const u8, h.p_memsz as usize) })
    })
}

/// Leave such a program alone; after the settings.
pub fn init() {
    use crate::{settings, table::Group};
    if settings::patched(Group::Thread) && is_go() {
        settings::disable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(owner: &[u8], value: &[u8]) -> Vec<u8> {
        let mut note = Vec::new();
        for word in [owner.len(), value.len(), 4] {
            note.extend((word as u32).to_ne_bytes());
        }
        for part in [owner, value] {
            note.extend(part);
            note.resize(note.len().next_multiple_of(4), 0);
        }
        note
    }

    #[test]
    fn finds_the_note_behind_others_and_reads_no_further_than_there_are_bytes() {
        let gnu = note(b"GNU\0", &[1, 2, 3, 4, 5]);
        let go = note(OWNER, b"an id");
        assert!(has_go_note(&go));
        let both = [gnu.clone(), go].concat();
        assert!(has_go_note(&both));
        assert!(!has_go_note(&gnu) && !has_go_note(&[]));
        for end in 0..gnu.len() + 15 {
            assert!(!has_go_note(&both[..end]), "{end}");
        }
        let mut wild = gnu;
        wild[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert!(!has_go_note(&wild));
    }
}
