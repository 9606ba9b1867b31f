//! The hub receives for a reader that waits, before the reader runs.
//!
//! # Why nobody can tell
//!
//! * The call waits; it would receive these bytes, into this buffer, with these flags.
//!   The hub has claimed its wait: neither a signal nor a time limit can end it any more,
//!   as nothing can end a call in the kernel that has bytes.
//! * An error of the socket is told once (`SO_ERROR`), so it is handed on to the reader.
//! * Nobody else waits for the descriptor, neither to read nor to look.
//!
//! Only for own sockets, whose kind is certain.

use super::known::{self, Known};
use core::ffi::{c_int, c_void};
use hub::reactor::{self, Drained, Sink, Taken};
use hub::sys::Errno;

/// Where a plain read of a descriptor lets the hub put what comes, if it may.
#[inline]
pub fn sink(known: Known, buffer: *mut c_void, length: usize) -> Option<Sink> {
    let fits = known.is_own() && known.kind().is_socket() && !known::low_water();
    fits.then(|| Sink::new(buffer.cast(), length).taken_by(receive))
}

/// # Safety
/// The sink of a call that waits.
unsafe fn receive(fd: c_int, sink: Sink) -> Result<Taken, Errno> {
    let known = known::get(fd);
    // It has changed since: whoever waits knows how to go on.
    if !known.is_own() || known::low_water() {
        return Err(libc::EAGAIN);
    }
    let drained = match known.short_means_drained() {
        true => Drained::ByShortRead,
        false => Drained::InVain,
    };
    // SAFETY: as the caller's.
    unsafe { reactor::receive(fd, sink, drained) }
}
