//! Programs of Go's that are linked with libc (cgo).
//!
//! Their runtime makes its threads with pthread_create(3) and does all else past libc: it
//! asks the kernel for the ids of its threads and sends them signals by these, with frames on
//! stacks of its own, and switches goroutines itself. A thread that is none of the
//! kernel's cannot take part. So such a program is left alone, without a word: most are
//! children of a program that has the library, and nothing is wrong with them.

use hub::modules;

/// The owner of the note that Go's linker writes, in all of its versions since 1.4.
const OWNER: &[u8] = b"Go\0\0";

/// What a note begins with: the sizes of its owner's name and of its value, and its kind.
const HEAD: usize = 12;

/// Whether one of the notes, which follow one another, is Go's.
fn has_go_note(mut notes: &[u8]) -> bool {
    while let Some((head, rest)) = notes.split_first_chunk::<HEAD>() {
        let [name, value, _] = [0, 4, 8].map(|at| {
            u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize
        });
        if name == OWNER.len() && rest.starts_with(OWNER) {
            return true;
        }
        let length = name.next_multiple_of(4) + value.next_multiple_of(4);
        notes = rest.get(length..).unwrap_or_default();
    }
    false
}

/// Whether the program is one of Go's.
fn is_go() -> bool {
    let headers = modules::program_headers();
    let Some(itself) = headers.iter().find(|h| h.p_type == libc::PT_PHDR) else { return false };
    let bias = (headers.as_ptr() as usize).wrapping_sub(itself.p_vaddr as usize);
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
