//! Reading the process's own memory where it may not be there any more.

use crate::program_memory;
use crate::syscall;

/// Copy what is readable of `at..at + most` to the end of `to`: an empty answer
/// if nothing is, or if the kernel refuses (a seccomp filter).
pub fn read(at: usize, most: usize, to: &mut Vec<u8>) -> usize {
    let before = to.len();
    to.reserve(most);
    let read = program_memory::copy(at, &mut to.spare_capacity_mut()[..most]);
    // SAFETY: so many bytes were written.
    unsafe { to.set_len(before + read) };
    read
}

/// A small file of /proc as a whole; empty if it cannot be read.
pub fn file(path: &core::ffi::CStr) -> Vec<u8> {
    const PIECE: usize = 16 * 1024;
    let mut bytes = Vec::new();
    // SAFETY: a path, our own descriptor, and room for a piece.
    unsafe {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        let Ok(fd) = syscall!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags) else {
            return bytes;
        };
        loop {
            bytes.reserve(PIECE);
            let end = bytes.as_mut_ptr().add(bytes.len());
            match syscall!(libc::SYS_read, fd, end, PIECE) {
                Ok(n) if n > 0 => bytes.set_len(bytes.len() + n),
                _ => break,
            }
        }
        let _ = syscall!(libc::SYS_close, fd);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_read() {
        let word = 0x1234_5678u32;
        let mut bytes = vec![1];
        assert_eq!(read(&raw const word as usize, 4, &mut bytes), 4);
        assert_eq!(bytes[1..], word.to_ne_bytes());
        assert_eq!(read(16, 100, &mut bytes), 0);
        assert_eq!(bytes.len(), 5);
    }

    #[test]
    fn files_are_read_to_their_end() {
        assert!(file(c"/proc/self/maps").ends_with(b"\n"));
        assert!(file(c"/proc/self/nothing").is_empty());
    }
}
