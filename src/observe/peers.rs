//! Who is at the other end of a descriptor that is waited for: kept as text, so that a
//! report knows it when the descriptor is long closed.
//!
//! It is asked for once in a descriptor's life: a table by number remembers the answer for
//! its generation, which the reactor moves on when it is closed. Texts are in
//! a ring; a number whose text has been overwritten stands for nothing.

use super::decode;
use super::text::Text;
use super::why::Why;
use crate::control::descriptors;
use crate::{hub, syscall};
use core::cell::UnsafeCell;

/// A text's number; 0: none.
pub type Peer = u32;

/// Descriptors that are remembered: by the lower bits of their numbers.
const SLOTS: usize = 4096;
/// Texts that are kept.
const TEXTS: usize = 4096;
const LENGTH: usize = 52;

#[derive(Clone, Copy)]
struct Slot {
    fd: i32,
    generation: u32,
    peer: Peer,
}

#[derive(Clone, Copy)]
struct Entry {
    number: Peer,
    length: u32,
    text: [u8; LENGTH],
}

struct Table {
    slots: [Slot; SLOTS],
    texts: [Entry; TEXTS],
    last: Peer,
}

struct Cells(UnsafeCell<Table>);
// SAFETY: written by whoever has the hub; whoever reads a text while it is overwritten
// reads bytes that are checked to be printable.
unsafe impl Sync for Cells {}

static TABLE: Cells = Cells(UnsafeCell::new(Table {
    slots: [Slot { fd: -1, generation: 0, peer: 0 }; SLOTS],
    texts: [Entry { number: 0, length: 0, text: [0; LENGTH] }; TEXTS],
    last: 0,
}));

/// Who is at the other end of what `why` waits for. With the hub.
pub(super) fn of(why: Why, word: u64) -> Peer {
    look_up(why, word, ask)
}

/// [`of`], on the OS thread of ours whose table of descriptors is not the program's.
pub(super) fn of_elsewhere(why: Why, word: u64) -> Peer {
    look_up(why, word, |fd, own, text| {
        let Some(copy) = descriptors::copy(fd) else { return 0 };
        let length = ask(copy, own, text);
        descriptors::close(copy);
        length
    })
}

fn look_up(why: Why, word: u64, ask: impl FnOnce(i32, bool, &mut [u8]) -> usize) -> Peer {
    if !matches!(why, Why::Read | Why::Write | Why::Accept) {
        return 0;
    }
    let fd = word as i32;
    let generation = hub::with_reactor(|r, _| r.table.generation(fd));
    // SAFETY: the caller has the hub, and nothing below comes back here.
    let table = unsafe { &mut *TABLE.0.get() };
    let slot = &mut table.slots[fd as usize % SLOTS];
    if (slot.fd, slot.generation) == (fd, generation) {
        return slot.peer;
    }
    let mut text = [0; LENGTH];
    let length = ask(fd, why == Why::Accept, &mut text);
    let peer = match length {
        0 => 0,
        _ => {
            table.last = table.last.wrapping_add(1).max(1);
            let number = table.last;
            table.texts[number as usize % TEXTS] = Entry { number, length: length as u32, text };
            number
        }
    };
    *slot = Slot { fd, generation, peer };
    peer
}

fn ask(fd: i32, own: bool, text: &mut [u8]) -> usize {
    let mut bytes = [0u8; 128];
    let mut length = bytes.len() as u32;
    let call = if own { libc::SYS_getsockname } else { libc::SYS_getpeername };
    // SAFETY: room of the told size.
    let asked = unsafe { syscall!(call, fd, bytes.as_mut_ptr(), &raw mut length) };
    if asked.is_err() {
        return 0;
    }
    let mut out = Text::new(text);
    decode::socket_address(&mut out, &bytes[..(length as usize).min(bytes.len())]);
    out.length()
}

/// ` <- 127.0.0.1:5432`, if there is something to be said.
pub(super) fn write(out: &mut Text, why: Why, peer: Peer) {
    // SAFETY: see `Cells`.
    let entry =
        unsafe { (&raw const (*TABLE.0.get()).texts[peer as usize % TEXTS]).read_volatile() };
    if peer == 0 || entry.number != peer {
        return;
    }
    let text = &entry.text[..(entry.length as usize).min(LENGTH)];
    out.bytes(match why {
        Why::Accept => b", at ",
        Why::Write => b" -> ",
        _ => b" <- ",
    });
    text.iter().for_each(|b| out.bytes(&[if b.is_ascii_graphic() { *b } else { b'?' }]));
}
