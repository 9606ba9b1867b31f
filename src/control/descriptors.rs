//! What a descriptor of the program's is: the peer of a socket, a file's path.
//!
//! The thread that asks has no descriptors of the program's in its table
//! ([`super`]); it takes a copy of the one in question with pidfd_getfd(2).

use super::json::Object;
use crate::syscall;
use core::fmt::Write;
use core::mem::MaybeUninit;

/// A copy of the program's descriptor `fd`; the caller closes it.
pub fn copy(fd: i32) -> Option<i32> {
    // SAFETY: takes numbers only; the descriptors are ours.
    unsafe {
        let pid = syscall!(libc::SYS_getpid).ok()?;
        let of_self = syscall!(libc::SYS_pidfd_open, pid, 0).ok()?;
        let copy = syscall!(libc::SYS_pidfd_getfd, of_self, fd, 0);
        close(of_self as i32);
        copy.ok().map(|fd| fd as i32)
    }
}

/// Close a descriptor of ours.
pub fn close(fd: i32) {
    // SAFETY: by the name of the function.
    unsafe {
        let _ = syscall!(libc::SYS_close, fd);
    }
}

/// Add what is known of `fd`: `local` and `peer` of a socket, `file` of others.
pub fn describe(fd: i32, object: &mut Object) {
    if let Some(copy) = copy(fd) {
        describe_own(copy, object);
        close(copy);
    }
}

/// The same if `fd` is the file with the number `inode`; else `gone`: it has been closed, and may
/// be another file by now.
pub fn describe_file(fd: i32, inode: Option<u64>, object: &mut Object) {
    let copy = copy(fd);
    match copy {
        Some(copy) if inode.is_none_or(|n| self::inode(copy) == Some(n)) => {
            describe_own(copy, object)
        }
        _ => drop(object.plain("gone", true)),
    }
    if let Some(copy) = copy {
        close(copy);
    }
}

/// stat(2), `st_ino`.
fn inode(fd: i32) -> Option<u64> {
    let mut about = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: room for the answer, which a success fills.
    unsafe {
        syscall!(libc::SYS_fstat, fd, about.as_mut_ptr()).ok()?;
        Some(about.assume_init().st_ino)
    }
}

fn describe_own(copy: i32, object: &mut Object) {
    let mut end = |key: &str, call| {
        if let Some(text) = address(copy, call) {
            object.text(key, text.as_bytes());
        }
    };
    end("local", libc::SYS_getsockname);
    end("peer", libc::SYS_getpeername);
    let name = link(copy);
    // A socket's is but a number.
    if !name.is_empty() && !name.starts_with(b"socket:") {
        object.text("file", &name);
    }
}

/// proc(5) on our own descriptor.
fn link(fd: i32) -> Vec<u8> {
    let mut path = String::new();
    let _ = write!(path, "/proc/thread-self/fd/{fd}\0");
    let mut name = vec![0u8; 256];
    // SAFETY: a terminated path, and room of the told size.
    let length = unsafe {
        let (path, room) = (path.as_ptr(), name.as_mut_ptr());
        syscall!(libc::SYS_readlinkat, libc::AT_FDCWD, path, room, name.len())
    };
    name.truncate(length.unwrap_or(0));
    name
}

/// One end of a socket, as people write it.
fn address(fd: i32, call: i64) -> Option<String> {
    let mut bytes = [0u8; 128];
    let mut length = bytes.len() as u32;
    // SAFETY: room of the told size.
    unsafe { syscall!(call, fd, bytes.as_mut_ptr(), &raw mut length) }.ok()?;
    text(&bytes[..(length as usize).min(bytes.len())])
}

/// ip(7), ipv6(7), unix(7).
fn text(bytes: &[u8]) -> Option<String> {
    let family = i32::from(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?));
    let port = || Some(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?));
    match family {
        libc::AF_INET => {
            let address: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
            Some(format!("{}:{}", core::net::Ipv4Addr::from(address), port()?))
        }
        libc::AF_INET6 => {
            let address: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
            Some(format!("[{}]:{}", core::net::Ipv6Addr::from(address), port()?))
        }
        libc::AF_UNIX => {
            let path = bytes.get(2..)?;
            Some(match path.first() {
                None => "unix".to_owned(),
                // An abstract name, written as ss(8) does.
                Some(0) => format!("unix:@{}", String::from_utf8_lossy(&path[1..])),
                Some(_) => {
                    let path = path.split(|&b| b == 0).next().unwrap_or(path);
                    format!("unix:{}", String::from_utf8_lossy(path))
                }
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        let family = |f: i32| (f as u16).to_ne_bytes().to_vec();
        let mut v4 = family(libc::AF_INET);
        v4.extend([0x15, 0x38, 127, 0, 0, 1]);
        assert_eq!(text(&v4).unwrap(), "127.0.0.1:5432");
        let mut v6 = family(libc::AF_INET6);
        v6.extend([0, 80, 0, 0, 0, 0]);
        v6.extend([0; 15]);
        v6.push(1);
        assert_eq!(text(&v6).unwrap(), "[::1]:80");
        let unix = |path: &[u8]| text(&[&family(libc::AF_UNIX)[..], path].concat()).unwrap();
        assert_eq!(unix(b"/run/x\0junk"), "unix:/run/x");
        assert_eq!(unix(b"\0name"), "unix:@name");
        assert_eq!(unix(b""), "unix");
        assert_eq!(text(&[]), None);
    }
}
