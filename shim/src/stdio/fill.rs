//! Refilling a stream's buffer: the one place where input is waited for.
//!
//! A stream that has its buffer is refilled as by `read(2)`'s hook: by a read that
//! parks instead of blocking. (A wide one then has libc convert the bytes.) In
//! all other states (no buffer yet, characters pushed back, output in the buffer)
//! the greenlet parks until the descriptor is readable and then calls glibc's
//! own `__underflow`, which makes one read. That call runs as program code: if another process was
//! quicker and took the data, it waits in the kernel where it can be seen to.
//!
//! A wait that fails (EINTR without SA_RESTART, EAGAIN of O_NONBLOCK or
//! SO_RCVTIMEO, EBADF) is what a failed read is to glibc: the error flag, `errno`
//! and the end of this call.

use super::call::{Call, Guard};
use super::drain::drain;
use super::file::File;
use super::output::stdout;
use super::wide;
use crate::doorway::{errno, set_errno, Shim};
use crate::fd::probe;
use crate::fd::wait::Wait;
use crate::io::read::read_one;
use crate::thread::cancel;
use core::ffi::c_int;
use hub::reactor::READ;
use hub::sys::Errno;
use hub::wait::Reason;
use libc::FILE;

static DOALLOCBUF: crate::table::Real = crate::table::Real::new("_IO_doallocbuf\0", "");

/// Park until `fd` is readable, or a read of it would fail at once.
fn readable(shim: &Shim, fd: c_int) -> Result<Wait<'_>, Errno> {
    let mut wait = Wait::new(shim, fd, READ, Reason::Read(fd));
    let mut vain = wait.in_vain();
    loop {
        if !vain && (wait.is_unpollable() || probe::poll(fd, libc::POLLIN) != 0) {
            return Ok(wait);
        }
        vain = false;
        wait.park()?;
    }
}

/// glibc writes a line-buffered stdout out before it reads from a stream that
/// is not fully buffered: whoever is asked shall see the question.
fn flush_stdout(call: &Call) {
    // SAFETY: the program's variable; a null pointer is no stream.
    let out = unsafe {
        if stdout.is_null() {
            return;
        }
        File::of(stdout)
    };
    if core::ptr::eq(out, call.file) || !out.is_flushed_by_refills() {
        return;
    }
    let _guard = Guard::new(&call.shim, out);
    // What goes wrong is the output's concern.
    if super::pace::never_waits(out) || out.is_wide() {
        // SAFETY: an open stream, whose lock is held.
        call.outside(|| unsafe { super::output::real::fflush_unlocked(out.stream()) });
    } else {
        drain(&call.shim, out);
    }
}

/// What glibc writes before it reads, on a file that waits.
fn write_first(call: &Call) -> Result<(), Errno> {
    // Input after output on one stream.
    if !call.file.is_wide() && !drain(&call.shim, call.file) {
        return Err(errno());
    }
    if call.file.refill_flushes_stdout() {
        flush_stdout(call);
    }
    Ok(())
}

/// All that comes before libc's own refill; what is returned is to hear of it.
fn ready(call: &Call) -> Result<Option<Wait<'_>>, Errno> {
    if call.never_waits() {
        return Ok(None);
    }
    write_first(call)?;
    if !call.file.refill_reads() {
        return Ok(None);
    }
    cancel::point(&call.shim);
    readable(&call.shim, call.file.fd()).map(Some)
}

/// Tell the reactor what a read has done.
fn has_read(wait: Option<Wait<'_>>, got: usize, room: usize) {
    if let Some(wait) = wait {
        if 0 < got && got < room && wait.known.short_means_drained() {
            wait.drained();
        }
        wait.finish_moving(&Ok(got));
    }
}

impl Call {
    /// A wait has failed: what glibc does when a read fails.
    #[cold]
    fn read_failed(&self, errno: Errno) -> bool {
        self.file.failed();
        set_errno(errno);
        false
    }

    /// See to it that a byte is there to take. False: the end, or an error (the
    /// flags and `errno` say which).
    pub fn fill(&self) -> bool {
        if self.file.buffered() != 0 {
            return true;
        }
        let file = self.file;
        if !self.never_waits() && file.can_be_refilled() {
            return self.fill_by_ourselves();
        }
        let wait = match ready(self) {
            Ok(wait) => wait,
            Err(e) => return self.read_failed(e),
        };
        // SAFETY: an open stream, locked as the program's own call would.
        let answer = self.outside(|| unsafe { super::input::real::__underflow(file.stream()) });
        let got = answer != libc::EOF;
        let n = if got { file.buffered() } else { 0 };
        has_read(wait, n, file.buffer_size());
        got
    }

    /// [`Call::fill`] where nothing is in the way: what `__underflow` does, with a
    /// read that parks.
    fn fill_by_ourselves(&self) -> bool {
        if let Err(e) = write_first(self) {
            return self.read_failed(e);
        }
        let (buffer, size) = self.file.emptied();
        match self.read_past_buffer(buffer, size) {
            Some(n) => {
                self.file.filled(n);
                true
            }
            None => false,
        }
    }

    /// [`Call::fill`] for wide characters. The stream is wide.
    pub fn fill_wide(&self) -> bool {
        if self.file.wide_buffered() != 0 {
            return true;
        }
        let mut wait = None;
        self.make_buffer();
        if !self.never_waits() && self.file.can_be_refilled_wide() {
            match self.read_character() {
                Ok(true) => {}
                Ok(false) => return false,
                Err(e) => return self.read_failed(e),
            }
        } else if self.file.buffered() == 0 {
            wait = match ready(self) {
                Ok(wait) => wait,
                Err(e) => return self.read_failed(e),
            };
        }
        // SAFETY: as above.
        let answer = self.outside(|| unsafe { wide::real::__wunderflow(self.file.stream()) });
        let got = answer != wide::WEOF;
        if let Some(wait) = wait {
            wait.finish();
        }
        got
    }

    /// Give the stream its buffer, if it has none yet.
    fn make_buffer(&self) {
        if self.file.buffer_size() == 0 {
            // SAFETY: glibc's declaration; an open stream. malloc may be the
            // program's own.
            self.outside(|| unsafe {
                let allocate: unsafe extern "C-unwind" fn(*mut FILE) =
                    core::mem::transmute(DOALLOCBUF.get());
                allocate(self.file.stream())
            });
        }
    }

    /// Read bytes until the first character is there in full, for libc to
    /// convert: it would read on within a character. False: the end.
    fn read_character(&self) -> Result<bool, Errno> {
        write_first(self)?;
        let file = self.file;
        while !wide::begins_with_character(file.available()) {
            let (to, room) = file.compacted();
            if room == 0 {
                break;
            }
            cancel::point(&self.shim);
            // SAFETY: the stream's own buffer.
            match unsafe { read_one(&self.shim, file.fd(), to.cast(), room) }? {
                0 if file.buffered() == 0 => {
                    file.ended();
                    return Ok(false);
                }
                // libc says what the beginning of a character is worth.
                0 => break,
                n => file.filled(n),
            }
        }
        Ok(true)
    }

    /// Read past the empty buffer into the caller's memory, as glibc does for
    /// pieces as long as its buffer. `None`: the end, or an error.
    pub fn read_past_buffer(&self, to: *mut u8, length: usize) -> Option<usize> {
        cancel::point(&self.shim);
        // SAFETY: the program's buffer; the kernel checks the address.
        let answer = unsafe { read_one(&self.shim, self.file.fd(), to.cast(), length) };
        match answer {
            Ok(0) => {
                self.file.ended();
                None
            }
            Ok(n) => {
                self.file.moved(n);
                Some(n)
            }
            Err(e) => {
                self.read_failed(e);
                None
            }
        }
    }
}
