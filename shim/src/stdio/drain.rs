//! Writing a stream's buffer out: the one place where output is waited for.
//!
//! glibc offers no write that stops when it would block. So where a call is
//! going to write to a file that waits, its bytes are written from here, by the
//! same parking write as `write(2)`'s hook, in the pieces in which glibc would
//! write them: a full buffer, a line with what stood before it, an unbuffered
//! call's bytes in one. What stays in the buffer is put there by glibc itself.
//!
//! A write that fails sets the error flag and `errno`, and what was to be
//! written is given up, as in glibc.

use super::call::Call;
use super::file::File;
use super::output::real;
use crate::doorway::{set_errno, Shim};
use crate::fd::probe;
use crate::fd::vector;
use crate::fd::wait::Wait;
use crate::thread::cancel;
use core::ffi::c_int;
use hub::reactor::WRITE;
use hub::sys::Errno;
use hub::wait::Reason;
use libc::iovec;

/// What fits at once into a pipe, socket or terminal that polls writable, but
/// for small rests that the kernel takes a little later.
const AT_ONCE: usize = libc::PIPE_BUF;

fn part(bytes: &[u8]) -> iovec {
    iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() }
}

/// Write all of `parts` to `fd`. The error, and how much went before it.
pub fn write_all(shim: &Shim, fd: c_int, parts: &[iovec]) -> Result<usize, (usize, Errno)> {
    cancel::point(shim);
    let (at, n) = (parts.as_ptr(), parts.len());
    // SAFETY: the caller's array.
    let length = unsafe { vector::total(at, n) };
    let mut done = 0;
    while done < length {
        // SAFETY: bytes of the program's or of its streams; the kernel checks
        // their addresses.
        let wrote = unsafe {
            if done == 0 {
                crate::io::write::write_parts(shim, fd, at, n, 0, n == 1)
            } else {
                let left = vector::rest(at, n, done);
                crate::io::write::write_parts(shim, fd, left.as_ptr(), left.len(), 0, false)
            }
        };
        match wrote {
            Ok(n) => done += n,
            Err(e) => return Err((done, e)),
        }
    }
    Ok(done)
}

/// Write out what `file` holds. False if that failed: it is given up, the error
/// flag and `errno` are set.
pub fn drain(shim: &Shim, file: &File) -> bool {
    if !file.is_plain_output() {
        return true;
    }
    send(shim, file, &[]).is_ok()
}

/// Write what `file` holds and `more` after it, in one piece. Returns how much
/// of `more` was written if it failed.
fn send(shim: &Shim, file: &File, more: &[u8]) -> Result<(), usize> {
    let held = file.pending();
    let parts = [part(held), part(more)];
    let parts = match (held.len(), more.len()) {
        (0, 0) => return Ok(()),
        (0, _) => &parts[1..],
        (_, 0) => &parts[..1],
        _ => &parts[..],
    };
    let held = held.len();
    match write_all(shim, file.fd(), parts) {
        Ok(n) => {
            file.moved(n);
            file.written();
            Ok(())
        }
        Err((n, e)) => {
            file.moved(n);
            file.written();
            file.failed();
            set_errno(e);
            Err(n.saturating_sub(held))
        }
    }
}

/// Park until `fd` is writable, or a write to it would fail at once.
pub fn writable(shim: &Shim, fd: c_int) -> Result<(), Errno> {
    let mut wait = Wait::new(shim, fd, WRITE, Reason::Write(fd));
    loop {
        if wait.is_unpollable() || probe::poll(fd, libc::POLLOUT) != 0 {
            wait.finish();
            return Ok(());
        }
        wait.park()?;
    }
}

impl Call {
    /// libc's own `fwrite_unlocked`, of bytes that fit into the buffer.
    fn store(&self, bytes: &[u8]) -> usize {
        if bytes.is_empty() {
            return 0;
        }
        // SAFETY: an open stream.
        unsafe { real::fwrite_unlocked(bytes.as_ptr().cast(), 1, bytes.len(), self.file.stream()) }
    }

    /// Make the buffer ready for output. False: the stream refuses.
    fn prepare(&self) -> bool {
        if self.file.is_putting() {
            return true;
        }
        // Before its first use a stream has no buffer and does not know how it
        // is buffered. To overflow with no character does just that.
        // SAFETY: an open stream.
        self.outside(|| unsafe { real::__overflow(self.file.stream(), libc::EOF) }) != libc::EOF
    }

    /// Put `bytes` into the byte stream. Returns how many were accepted: less
    /// than all of them after an error, which flag and `errno` tell.
    pub fn put(&self, bytes: &[u8]) -> usize {
        let file = self.file;
        if bytes.is_empty() || !self.prepare() {
            return 0;
        }
        if !file.is_plain_output() {
            // libc wants to seek first, and says why it cannot.
            return self.paced(bytes.len(), "fwrite", || self.store(bytes)).unwrap_or(0);
        }
        if file.is_unbuffered() {
            return match send(&self.shim, file, bytes) {
                Ok(()) => bytes.len(),
                Err(n) => n,
            };
        }
        if file.is_line_buffered() && bytes.len() <= file.space() {
            let lines = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |last| last + 1);
            return self.put_lines(bytes, lines);
        }
        self.put_in_blocks(bytes)
    }

    /// Write the first `lines` of `bytes`; store the rest, which fits.
    fn put_lines(&self, bytes: &[u8], lines: usize) -> usize {
        let (lines, rest) = bytes.split_at(lines);
        if !lines.is_empty() {
            if let Err(n) = send(&self.shim, self.file, lines) {
                return n;
            }
        }
        lines.len() + self.store(rest)
    }

    /// [`Call::put`] of what may be more than fits into the buffer.
    fn put_in_blocks(&self, bytes: &[u8]) -> usize {
        let file = self.file;
        if bytes.len() <= file.space() {
            return self.store(bytes);
        }
        // Lines do not matter while blocks are full.
        let (first, rest) = bytes.split_at(file.space());
        file.append(first);
        if send(&self.shim, file, &[]).is_err() {
            return first.len();
        }
        // glibc writes whole blocks past the buffer.
        let block = file.buffer_size();
        let past = if block >= 128 { rest.len() - rest.len() % block } else { rest.len() };
        let (past, tail) = rest.split_at(past);
        if let Err(n) = send(&self.shim, file, past) {
            return first.len() + n;
        }
        first.len() + past.len() + self.put_tail(tail)
    }

    /// What comes after the last whole block: in a line-buffered stream glibc
    /// writes each of its lines by itself.
    fn put_tail(&self, tail: &[u8]) -> usize {
        if !self.file.is_line_buffered() {
            return self.store(tail);
        }
        let mut done = 0;
        for line in tail.split_inclusive(|&b| b == b'\n') {
            let whole = line.ends_with(b"\n");
            let n = self.put_lines(line, if whole { line.len() } else { 0 });
            done += n;
            if n < line.len() {
                break;
            }
        }
        done
    }

    /// Make libc's own call, which writes about `bytes` bytes, when the file is
    /// writable: as program code if they fit, else as a section. `None`: the
    /// wait failed; flag and `errno` are set.
    pub fn paced<R>(
        &self,
        bytes: usize,
        what: &'static str,
        call: impl FnOnce() -> R,
    ) -> Option<R> {
        cancel::point(&self.shim);
        if let Err(e) = writable(&self.shim, self.file.fd()) {
            if e != libc::EAGAIN {
                self.file.failed();
                set_errno(e);
                return None;
            }
            // O_NONBLOCK: the call itself says so.
        }
        if bytes <= AT_ONCE {
            return Some(self.outside(call));
        }
        Some(self.section(what, call))
    }

    /// Write out what the stream holds, as `fflush`.
    pub fn flush(&self) -> c_int {
        // SAFETY: an open stream.
        let real = || unsafe { real::fflush_unlocked(self.file.stream()) };
        if self.never_waits() {
            return self.outside(real);
        }
        if self.file.is_wide() {
            let bytes = self.file.pending().len() + self.file.wide_pending() * super::wide::LONGEST;
            if bytes == 0 {
                return self.outside(real);
            }
            return self.paced(bytes, "fflush", real).unwrap_or(libc::EOF);
        }
        if !drain(&self.shim, self.file) {
            return libc::EOF;
        }
        // What is left to do (nothing, or a failing seek) does not wait.
        self.outside(real)
    }
}
