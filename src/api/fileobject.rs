//! Pipes, terminals and other files whose calls wait without stopping the hub.
//!
//! gevent: `gevent.fileobject`.

use super::park;
use super::section::off_hub;
use crate::wait::Reason;
use crate::{wait_fd, Interest};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// What a pipe that is ready for writing takes at once (PIPE_BUF).
const CHUNK: usize = 4096;
/// Between two attempts where the kernel says "ready" to several and means one.
const RETRY: u64 = crate::time::MILLISECOND;

/// A file whose reads and writes wait for it to be ready first.
///
/// O_NONBLOCK is not touched: it belongs to the open file, which a terminal, a
/// standard stream or an inherited pipe shares with other processes. Reading is
/// tried in a form that does not block, where the kernel has one (pipes, regular
/// files; not terminals). What a regular file must fetch from a disk is fetched
/// off the hub; writes to one are ordinary ones, into the kernel's memory.
///
/// gevent: `FileObjectPosix`, which sets O_NONBLOCK, and for regular files
/// `FileObjectThread`.
///
/// ```
/// use geventrs::fileobject::FileObject;
/// use std::io::{BufRead, BufReader, Write};
/// let (reader, writer) = std::io::pipe()?;
/// let lines = geventrs::spawn(move || {
///     BufReader::new(FileObject::new(reader)).lines().collect::<Result<Vec<_>, _>>()
/// });
/// let mut writer = FileObject::new(writer);
/// writer.write_all(b"one\ntwo\n")?;
/// drop(writer);
/// assert_eq!(lines.get().unwrap()?, ["one", "two"]);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct FileObject {
    file: File,
    /// A regular file: always ready, whatever it takes.
    regular: bool,
    /// preadv2(2) with RWF_NOWAIT has not been refused.
    has_nowait: AtomicBool,
}

impl FileObject {
    /// A file of this descriptor.
    pub fn new(fd: impl Into<OwnedFd>) -> Self {
        let file = File::from(fd.into());
        let regular = file.metadata().is_ok_and(|m| m.is_file());
        FileObject { file, regular, has_nowait: AtomicBool::new(true) }
    }

    /// Another descriptor of the same open file.
    ///
    /// # Errors
    /// dup(2)'s.
    pub fn try_clone(&self) -> io::Result<FileObject> {
        Ok(Self::new(self.file.try_clone()?))
    }

    /// Waits until a read would not block, for at most `timeout`; whether it
    /// would not.
    ///
    /// # Errors
    /// As [`wait_fd`].
    pub fn wait_readable(&self, timeout: Option<Duration>) -> io::Result<bool> {
        wait_fd(self.as_raw_fd(), Interest::Read, timeout)
    }

    /// Waits until what was written to a regular file is on its disk, off the
    /// hub.
    ///
    /// # Errors
    /// fsync(2)'s.
    pub fn sync_all(&self) -> io::Result<()> {
        off_hub("a disk", || self.file.sync_all())
    }

    /// Read what is there; `WouldBlock` if nothing is, `None` if the kernel has
    /// no such call for this file.
    fn read_nowait(&self, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        if !self.has_nowait.load(Ordering::Relaxed) {
            return None;
        }
        let vector = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
        // SAFETY: one vector, of memory that the kernel may write; -1: where
        // the file stands.
        let got =
            unsafe { libc::preadv2(self.as_raw_fd(), &raw const vector, 1, -1, libc::RWF_NOWAIT) };
        if got >= 0 {
            return Some(Ok(got as usize));
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL | libc::ESPIPE) => {
                self.has_nowait.store(false, Ordering::Relaxed);
                None
            }
            _ => Some(Err(error)),
        }
    }
}

impl Read for &FileObject {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut waited = false;
        loop {
            match self.read_nowait(buffer) {
                Some(Err(e)) if e.kind() == ErrorKind::Interrupted => continue,
                Some(Err(e)) if e.kind() == ErrorKind::WouldBlock => {}
                Some(result) => return result,
                None if waited => match (&self.file).read(buffer) {
                    // The file is non-blocking, and another was faster.
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                    result => return result,
                },
                None => {}
            }
            if self.regular {
                return off_hub("a disk", || (&self.file).read(buffer));
            }
            if waited {
                // Another was faster, or "ready" did not mean us.
                park::pause(Reason::Read(self.as_raw_fd()), crate::time::after(RETRY));
            }
            self.wait_readable(None)?;
            waited = true;
        }
    }
}

impl Write for &FileObject {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.regular {
            return (&self.file).write(buffer);
        }
        loop {
            wait_fd(self.as_raw_fd(), Interest::Write, None)?;
            match (&self.file).write(&buffer[..buffer.len().min(CHUNK)]) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    park::pause(Reason::Write(self.as_raw_fd()), crate::time::after(RETRY));
                }
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for &FileObject {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        (&self.file).seek(to)
    }
}

impl Read for FileObject {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl Write for FileObject {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        (&*self).write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for FileObject {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        (&*self).seek(to)
    }
}

impl AsRawFd for FileObject {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

impl AsFd for FileObject {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl From<FileObject> for OwnedFd {
    fn from(file: FileObject) -> OwnedFd {
        file.file.into()
    }
}
