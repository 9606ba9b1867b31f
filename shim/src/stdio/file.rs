//! glibc's `FILE`, as far as it is ABI.
//!
//! Programs compiled decades ago have `getc` expanded into them as a macro over
//! the read and write pointers, and `<bits/types/struct_FILE.h>` shows the whole
//! structure, so none of it can move: the offsets below are those of every glibc
//! for 64-bit machines since 2.2. Two things are not in a public header but as
//! old: the first words of the wide-character part, and the lock's.
//!
//! What may be done here: look; take bytes that are buffered; say that buffered
//! output has been written; set the error flag. Buffers are made, refilled and
//! switched by glibc's own exported functions.

use super::lock::Lock;
use core::cell::Cell;
use core::ffi::{c_int, c_ushort, c_void};
use libc::{wchar_t, FILE};

/// Output is not buffered.
const UNBUFFERED: c_int = 0x2;
/// The stream was not opened for reading.
const NO_READS: c_int = 0x4;
/// The stream was not opened for writing.
const NO_WRITES: c_int = 0x8;
/// The end was seen.
const EOF_SEEN: c_int = 0x10;
/// An error was seen.
const ERR_SEEN: c_int = 0x20;
/// It is in the list of open streams.
const LINKED: c_int = 0x80;
/// What is read next was pushed back by `ungetc`.
const IN_BACKUP: c_int = 0x100;
/// A newline flushes.
const LINE_BUFFERED: c_int = 0x200;
/// The buffer holds output.
const PUTTING: c_int = 0x800;
/// Written at the end of the file, wherever that is.
const APPENDING: c_int = 0x1000;

/// The beginning of the wide-character part.
#[repr(C)]
pub struct Wide {
    read_ptr: Cell<*const wchar_t>,
    read_end: Cell<*const wchar_t>,
    read_base: Cell<*const wchar_t>,
    write_base: Cell<*const wchar_t>,
    write_ptr: Cell<*const wchar_t>,
    write_end: Cell<*const wchar_t>,
    buf_base: Cell<*const wchar_t>,
    buf_end: Cell<*const wchar_t>,
    save_base: Cell<*const wchar_t>,
    backup_base: Cell<*const wchar_t>,
    save_end: Cell<*const wchar_t>,
}

/// A stream. Its fields belong to whoever has its lock.
#[repr(C)]
pub struct File {
    flags: Cell<c_int>,
    read_ptr: Cell<*mut u8>,
    read_end: Cell<*mut u8>,
    read_base: Cell<*mut u8>,
    write_base: Cell<*mut u8>,
    write_ptr: Cell<*mut u8>,
    write_end: Cell<*mut u8>,
    buf_base: Cell<*mut u8>,
    buf_end: Cell<*mut u8>,
    save_base: Cell<*mut u8>,
    backup_base: Cell<*mut u8>,
    save_end: Cell<*mut u8>,
    markers: Cell<*mut c_void>,
    chain: Cell<*const File>,
    fileno: Cell<c_int>,
    pub(super) flags2: Cell<c_int>,
    old_offset: Cell<i64>,
    column: Cell<c_ushort>,
    vtable_offset: Cell<i8>,
    short_buffer: Cell<u8>,
    pub(super) lock: Cell<*const Lock>,
    offset: Cell<i64>,
    conversion: Cell<*mut c_void>,
    wide: Cell<*const Wide>,
    rest: [Cell<usize>; 3],
    mode: Cell<c_int>,
}

const _: () = {
    assert!(core::mem::offset_of!(File, fileno) == 112);
    assert!(core::mem::offset_of!(File, lock) == 136);
    assert!(core::mem::offset_of!(File, wide) == 160);
    assert!(core::mem::offset_of!(File, mode) == 192);
};

impl File {
    /// The stream behind the program's pointer.
    ///
    /// # Safety
    /// An open stream, which stays open while the answer is used.
    #[inline(always)]
    pub unsafe fn of(stream: *mut FILE) -> &'static File {
        // SAFETY: by the caller's contract; the layout is glibc's.
        unsafe { &*stream.cast::<File>() }
    }

    /// The pointer that libc's functions want.
    #[inline(always)]
    pub fn stream(&self) -> *mut FILE {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    /// The descriptor under the stream; negative: none (strings, cookies).
    #[inline(always)]
    pub fn fd(&self) -> c_int {
        self.fileno.get()
    }

    /// The next in the list of open streams.
    pub fn next(&self) -> *const File {
        self.chain.get()
    }

    #[inline(always)]
    pub(super) fn has(&self, flag: c_int) -> bool {
        self.flags.get() & flag != 0
    }

    // Errors and orientation.

    /// It is used for wide characters.
    #[inline(always)]
    pub fn is_wide(&self) -> bool {
        self.mode.get() > 0
    }

    /// A call on the descriptor has failed.
    pub fn failed(&self) {
        self.flags.set(self.flags.get() | ERR_SEEN);
    }

    /// The end of the file was read.
    pub fn ended(&self) {
        self.flags.set(self.flags.get() | EOF_SEEN);
    }

    /// Whether the end was seen.
    pub fn has_ended(&self) -> bool {
        self.has(EOF_SEEN)
    }

    /// Whether the error flag is set.
    pub fn has_failed(&self) -> bool {
        self.has(ERR_SEEN)
    }

    /// Clear the error flag; [`File::restore_error`] puts it back.
    pub fn take_error(&self) -> c_int {
        let flags = self.flags.get();
        self.flags.set(flags & !ERR_SEEN);
        flags & ERR_SEEN
    }

    /// Set the error flag again if it was set.
    pub fn restore_error(&self, old: c_int) {
        self.flags.set(self.flags.get() | old);
    }

    // Input.

    /// How many bytes are there to take.
    #[inline(always)]
    pub fn buffered(&self) -> usize {
        (self.read_end.get() as usize).saturating_sub(self.read_ptr.get() as usize)
    }

    /// The bytes that are there to take.
    #[inline(always)]
    pub fn available(&self) -> &[u8] {
        match self.buffered() {
            0 => &[],
            // SAFETY: the stream's own buffer.
            n => unsafe { core::slice::from_raw_parts(self.read_ptr.get(), n) },
        }
    }

    /// `n` of the available bytes have been taken.
    #[inline(always)]
    pub fn take(&self, n: usize) {
        self.read_ptr.set(self.read_ptr.get().wrapping_add(n));
    }

    /// The wide-character part of a wide stream. (Others may have none.)
    fn wide_part(&self) -> Option<&Wide> {
        // SAFETY: a wide stream's part lives as long as the stream.
        self.is_wide().then(|| unsafe { &*self.wide.get() })
    }

    /// How many wide characters are there to take.
    pub fn wide_buffered(&self) -> usize {
        self.wide_part().map_or(0, |w| {
            (w.read_end.get() as usize).saturating_sub(w.read_ptr.get() as usize)
                / size_of::<wchar_t>()
        })
    }

    /// A refill would ask the descriptor. (Not if the stream is write-only, or
    /// has seen its end, which glibc believes; nor while pushed-back characters
    /// stand before the buffer's.)
    pub fn refill_reads(&self) -> bool {
        let behind = self.has(IN_BACKUP)
            && match self.wide_part() {
                Some(w) => w.save_end.get() > w.save_base.get(),
                None => self.save_end.get() > self.save_base.get(),
            };
        !self.has(NO_READS | EOF_SEEN) && !behind
    }

    /// A refill first writes out stdout if that is line-buffered.
    pub fn refill_flushes_stdout(&self) -> bool {
        self.has(LINE_BUFFERED | UNBUFFERED) && !self.has(EOF_SEEN | NO_READS)
    }

    /// It is among the streams that such a refill flushes.
    pub fn is_flushed_by_refills(&self) -> bool {
        self.flags.get() & (LINKED | NO_WRITES | LINE_BUFFERED) == LINKED | LINE_BUFFERED
    }

    /// The length of the buffer, or 0 before there is one.
    pub fn buffer_size(&self) -> usize {
        self.buf_end.get() as usize - self.buf_base.get() as usize
    }

    /// Input may go past the buffer now: it is empty and nothing is pushed back.
    pub fn can_read_past_buffer(&self) -> bool {
        self.buffered() == 0
            && !self.has(IN_BACKUP | PUTTING | NO_READS)
            && self.markers.get().is_null()
            && !self.buf_base.get().is_null()
    }

    /// `n` bytes have been read or written past the buffer.
    pub fn moved(&self, n: usize) {
        if self.offset.get() >= 0 {
            self.offset.set(self.offset.get() + n as i64);
        }
    }

    // Output.

    /// The buffer holds output, or is ready to.
    pub fn is_putting(&self) -> bool {
        self.has(PUTTING) && !self.write_base.get().is_null()
    }

    /// It is not for writing: every attempt fails at once.
    pub fn refuses_output(&self) -> bool {
        self.has(NO_WRITES)
    }

    /// Bytes that libc has not written out yet.
    #[inline(always)]
    pub fn pending(&self) -> &[u8] {
        let (base, at) = (self.write_base.get(), self.write_ptr.get());
        if at <= base {
            return &[];
        }
        // SAFETY: the stream's own buffer.
        unsafe { core::slice::from_raw_parts(base, at as usize - base as usize) }
    }

    /// Wide characters that libc has not converted yet.
    pub fn wide_pending(&self) -> usize {
        self.wide_part().map_or(0, |w| {
            (w.write_ptr.get() as usize).saturating_sub(w.write_base.get() as usize)
                / size_of::<wchar_t>()
        })
    }

    /// Wide characters that surely cause no conversion.
    pub fn wide_room(&self) -> usize {
        self.wide_part().map_or(0, |w| {
            (w.write_end.get() as usize).saturating_sub(w.write_ptr.get() as usize)
                / size_of::<wchar_t>()
        })
    }

    /// Pending bytes may be written by anybody: libc would not first have to
    /// seek back over input that was read ahead.
    pub fn is_plain_output(&self) -> bool {
        self.has(APPENDING) || self.read_end.get() == self.write_base.get()
    }

    /// Pending bytes have been written, or given up: the buffer is empty.
    pub fn written(&self) {
        if !self.is_putting() {
            return;
        }
        let base = self.buf_base.get();
        let streams_bytes = self.mode.get() <= 0 && self.has(LINE_BUFFERED | UNBUFFERED);
        self.read_base.set(base);
        self.read_ptr.set(base);
        self.read_end.set(base);
        self.write_base.set(base);
        self.write_ptr.set(base);
        self.write_end.set(if streams_bytes { base } else { self.buf_end.get() });
    }

    /// A refill is one read into the buffer, and nothing is in the way of it.
    pub fn can_be_refilled(&self) -> bool {
        // A place for pushed-back characters goes with the buffer's contents, which
        // libc does.
        let pushed_back = !self.save_base.get().is_null();
        self.mode.get() < 0 && self.can_read_past_buffer() && !self.has(EOF_SEEN) && !pushed_back
    }

    /// As [`File::can_be_refilled`], for a wide stream: bytes that are there
    /// wait for conversion.
    pub fn can_be_refilled_wide(&self) -> bool {
        self.is_wide()
            && !self.has(IN_BACKUP | PUTTING | NO_READS | EOF_SEEN)
            && self.markers.get().is_null()
            && !self.buf_base.get().is_null()
    }

    /// Move what is available to the buffer's beginning. Returns where the rest
    /// of the buffer is, and its length.
    pub fn compacted(&self) -> (*mut u8, usize) {
        let (from, n) = (self.read_ptr.get(), self.buffered());
        let (base, size) = self.emptied();
        // SAFETY: both within the stream's own buffer.
        unsafe { core::ptr::copy(from, base, n) };
        self.filled(n);
        (base.wrapping_add(n), size - n)
    }

    /// Forget what was in the buffer, which has been used up. Returns where the
    /// buffer is, and its length.
    pub fn emptied(&self) -> (*mut u8, usize) {
        let base = self.buf_base.get();
        self.read_base.set(base);
        self.read_ptr.set(base);
        self.read_end.set(base);
        self.write_base.set(base);
        self.write_ptr.set(base);
        self.write_end.set(base);
        (base, self.buffer_size())
    }

    /// `n` bytes have been read into the buffer, behind what is available.
    pub fn filled(&self, n: usize) {
        self.read_end.set(self.read_end.get().wrapping_add(n));
    }

    /// How many bytes surely cause no write. (In a line-buffered stream libc
    /// leaves none.)
    #[inline(always)]
    pub fn room(&self) -> usize {
        (self.write_end.get() as usize).saturating_sub(self.write_ptr.get() as usize)
    }

    /// What the buffer can still hold, whatever the manner of buffering.
    pub fn space(&self) -> usize {
        (self.buf_end.get() as usize).saturating_sub(self.write_ptr.get() as usize)
    }

    /// Append bytes that the buffer has space for, whatever the manner of
    /// buffering.
    pub fn append(&self, bytes: &[u8]) {
        debug_assert!(bytes.len() <= self.space());
        let at = self.write_ptr.get();
        // SAFETY: within the stream's own buffer, by the caller's promise.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), at, bytes.len()) };
        self.write_ptr.set(at.wrapping_add(bytes.len()));
    }

    /// Every call is one write.
    pub fn is_unbuffered(&self) -> bool {
        self.has(UNBUFFERED)
    }

    /// A newline causes a write.
    pub fn is_line_buffered(&self) -> bool {
        self.has(LINE_BUFFERED)
    }
}
