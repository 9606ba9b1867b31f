//! `sendfile`: by reading and writing, since the call itself would block on a
//! full socket or pipe and has no form that does not.
//!
//! Differences that a program could see: the file's pages are copied, and a
//! file that changes during the call may be sent in either state (as it may
//! natively).

use super::regular;
use crate::doorway::{self, returned, Shim};
use crate::fd::probe;
use crate::table::Group;
use crate::thread::cancel::NoPoint;
use core::ffi::c_int;
use hub::sys::Errno;
use libc::{off64_t, size_t, ssize_t};

crate::hooks! {
    Os "readiness" fn sendfile(to: c_int, from: c_int, offset: *mut off64_t, length: size_t) -> ssize_t = sendfile_, also [sendfile64];
}

/// What is read in one go: a pipe's default capacity.
const CHUNK: usize = 64 * 1024;

/// Whether the call can block for longer than the disk takes.
fn may_block(to: c_int, from: c_int) -> bool {
    matches!(probe::file_type(to), libc::S_IFSOCK | libc::S_IFIFO)
        && matches!(probe::file_type(from), libc::S_IFREG | libc::S_IFBLK)
        && probe::status_flags(to).is_ok_and(|f| f & (libc::O_NONBLOCK | libc::O_APPEND) == 0)
        && probe::status_flags(from).is_ok_and(|f| f & libc::O_ACCMODE != libc::O_WRONLY)
}

unsafe fn sendfile_(to: c_int, from: c_int, offset: *mut off64_t, length: size_t) -> ssize_t {
    let Some(shim) = doorway::enter(Group::Os) else {
        // SAFETY: the program's own call.
        return unsafe { real::sendfile(to, from, offset, length) };
    };
    // No cancellation point, as it is none in glibc.
    let _no_point = NoPoint::begin();
    if length == 0 || !may_block(to, from) {
        // SAFETY: the program's own call.
        return regular::on_file(&shim, || unsafe { real::sendfile(to, from, offset, length) });
    }
    // SAFETY: as above.
    returned(unsafe { copy(&shim, to, from, offset, length) })
}

unsafe fn copy(
    shim: &Shim,
    to: c_int,
    from: c_int,
    offset: *mut off64_t,
    length: usize,
) -> Result<usize, Errno> {
    // SAFETY: the program's descriptors and its offset object.
    unsafe {
        let start = match offset.as_ref() {
            Some(&at) if at < 0 => return Err(libc::EINVAL),
            Some(&at) => at as usize,
            None => hub::syscall!(libc::SYS_lseek, from, 0, libc::SEEK_CUR)?,
        };
        let length = length.min(super::read::MOST);
        let mut buffer = vec![0u8; CHUNK.min(length)];
        let mut done = 0;
        let mut result = Ok(());
        while done < length {
            let want = buffer.len().min(length - done);
            let into = buffer.as_mut_ptr();
            let read = regular::on_file(shim, || {
                hub::syscall!(libc::SYS_pread64, from, into, want, start + done)
            });
            let n = match read {
                Ok(0) => break,
                Ok(n) => n,
                Err(e) => {
                    result = Err(e);
                    break;
                }
            };
            match super::write::write_one(shim, to, buffer.as_ptr().cast(), n) {
                Ok(written) => {
                    done += written;
                    if written < n {
                        break;
                    }
                }
                Err(e) => {
                    result = Err(e);
                    break;
                }
            }
        }
        match offset.as_mut() {
            Some(at) => *at = (start + done) as off64_t,
            None => {
                hub::syscall!(libc::SYS_lseek, from, start + done, libc::SEEK_SET)?;
            }
        }
        match result {
            Err(e) if done == 0 => Err(e),
            _ => Ok(done),
        }
    }
}
