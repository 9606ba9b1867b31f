//! Where the control socket is: `geventrs/PID` in `$XDG_RUNTIME_DIR`, or
//! `/tmp/geventrs-UID/PID`.
//!
//! The directory is private to the user: made with mode 0700, and used only if it
//! is a directory of his that nobody else may enter. The same rule, in
//! `src/bin/geventrs/processes.rs`, finds the socket.

use super::descriptors::close;
use crate::sys::Errno;
use crate::syscall;
use core::ffi::CStr;
use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;

/// The control socket's path, and a descriptor that listens there.
pub struct Endpoint {
    /// Its path.
    pub path: CString,
    /// The socket.
    pub listener: i32,
}

/// The effective user.
fn user() -> u32 {
    // SAFETY: takes nothing.
    unsafe { syscall!(libc::SYS_geteuid) }.unwrap_or(u32::MAX as usize) as u32
}

/// Make the socket; any failure means that there is none.
pub fn open() -> Option<Endpoint> {
    // SAFETY: takes nothing.
    let pid = unsafe { syscall!(libc::SYS_getpid) }.ok()?;
    directories().into_iter().find_map(|directory| {
        private(&directory).then_some(())?;
        clean(&directory);
        let path = CString::new([directory.as_bytes(), b"/", pid.to_string().as_bytes()].concat());
        let path = path.ok()?;
        let listener = listen(&path).ok()?;
        Some(Endpoint { path, listener })
    })
}

/// Where it can be, best first.
fn directories() -> Vec<CString> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(OsStringExt::into_vec);
    let runtime = runtime.filter(|d| d.first() == Some(&b'/'));
    let runtime = runtime.map(|d| [&d[..], b"/geventrs"].concat());
    let shared = format!("/tmp/geventrs-{}", user()).into_bytes();
    runtime.into_iter().chain([shared]).filter_map(|d| CString::new(d).ok()).collect()
}

/// Make the directory if need be; whether it is one that only we may use.
fn private(directory: &CStr) -> bool {
    // SAFETY: a terminated path; zeroes are a valid stat.
    unsafe {
        let _ = syscall!(libc::SYS_mkdirat, libc::AT_FDCWD, directory.as_ptr(), 0o700);
        let mut about: libc::stat = core::mem::zeroed();
        let flags = libc::AT_SYMLINK_NOFOLLOW;
        let (path, about_it) = (directory.as_ptr(), &raw mut about);
        syscall!(libc::SYS_newfstatat, libc::AT_FDCWD, path, about_it, flags).is_ok()
            && about.st_mode & libc::S_IFMT == libc::S_IFDIR
            && about.st_mode & 0o077 == 0
            && about.st_uid == user()
    }
}

fn address(path: &CStr) -> Option<(libc::sockaddr_un, u32)> {
    let bytes = path.to_bytes();
    // SAFETY: zeroes are a valid address.
    let mut address: libc::sockaddr_un = unsafe { core::mem::zeroed() };
    address.sun_family = libc::AF_UNIX as u16;
    if bytes.len() >= address.sun_path.len() {
        return None;
    }
    for (to, from) in address.sun_path.iter_mut().zip(bytes) {
        *to = *from as libc::c_char;
    }
    Some((address, size_of::<libc::sockaddr_un>() as u32))
}

fn socket(kind: i32) -> Result<i32, Errno> {
    // SAFETY: takes numbers only.
    unsafe { syscall!(libc::SYS_socket, libc::AF_UNIX, kind | libc::SOCK_CLOEXEC, 0) }
        .map(|fd| fd as i32)
}

fn listen(path: &CStr) -> Result<i32, Errno> {
    let (address, length) = address(path).ok_or(libc::ENAMETOOLONG)?;
    let fd = socket(libc::SOCK_STREAM)?;
    // What was here was left by a program that had this process's id before, or by
    // this process before it executed another program.
    remove(path);
    // SAFETY: an address of the told length; the file's mode is set before
    // anybody may connect.
    let made = unsafe {
        syscall!(libc::SYS_bind, fd, &raw const address, length)
            .and_then(|_| syscall!(libc::SYS_fchmodat, libc::AT_FDCWD, path.as_ptr(), 0o600))
            .and_then(|_| syscall!(libc::SYS_listen, fd, 8))
    };
    made.map(|_| fd).inspect_err(|_| close(fd))
}

/// Remove a socket's file.
pub fn remove(path: &CStr) {
    // SAFETY: a terminated path.
    unsafe {
        let _ = syscall!(libc::SYS_unlinkat, libc::AT_FDCWD, path.as_ptr(), 0);
    }
}

/// Entries that are looked at, at most.
const MOST_CLEANED: usize = 64;

/// Remove what processes have left that were killed. (A process id that does not
/// exist may be one of another namespace: only what nobody listens to goes.)
fn clean(directory: &CStr) {
    let Ok(text) = directory.to_str() else { return };
    for entry in names(directory).into_iter().take(MOST_CLEANED) {
        let Some(pid) = core::str::from_utf8(&entry).ok().and_then(|e| e.parse::<u32>().ok())
        else {
            continue;
        };
        // SAFETY: takes numbers only; signal 0 is none.
        if unsafe { syscall!(libc::SYS_kill, pid, 0) } != Err(libc::ESRCH) {
            continue;
        }
        if let Ok(path) = CString::new(format!("{text}/{pid}")) {
            if refused(&path) {
                remove(&path);
            }
        }
    }
}

/// Whether nobody listens at a socket's file.
fn refused(path: &CStr) -> bool {
    let (Some((address, length)), Ok(fd)) =
        (address(path), socket(libc::SOCK_STREAM | libc::SOCK_NONBLOCK))
    else {
        return false;
    };
    // SAFETY: an address of the told length.
    let answer = unsafe { syscall!(libc::SYS_connect, fd, &raw const address, length) };
    close(fd);
    answer == Err(libc::ECONNREFUSED)
}

/// getdents64(2): the names in a directory.
fn names(directory: &CStr) -> Vec<Vec<u8>> {
    const ROOM: usize = 4096;
    /// Where a record has its length, and its name.
    const LENGTH: usize = 16;
    const NAME: usize = 19;
    let mut names = Vec::new();
    let mut room = vec![0u8; ROOM];
    // SAFETY: a terminated path, our own descriptor, room of the told size.
    unsafe {
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
        let Ok(fd) = syscall!(libc::SYS_openat, libc::AT_FDCWD, directory.as_ptr(), flags) else {
            return names;
        };
        while let Ok(end) = syscall!(libc::SYS_getdents64, fd, room.as_mut_ptr(), ROOM) {
            let mut rest = &room[..end];
            if rest.is_empty() {
                break;
            }
            while rest.len() > NAME {
                let length = usize::from(u16::from_ne_bytes([rest[LENGTH], rest[LENGTH + 1]]));
                let name = rest[NAME..length.clamp(NAME, rest.len())].split(|&b| b == 0).next();
                names.extend(name.map(<[u8]>::to_vec));
                rest = &rest[length.clamp(1, rest.len())..];
            }
        }
        close(fd as i32);
    }
    names
}

/// What a peer's end of a connection says about its user: whether he may ask.
pub fn may_ask(connection: i32) -> bool {
    // SAFETY: zeroes are a valid answer; room of the told size.
    unsafe {
        let mut peer: libc::ucred = core::mem::zeroed();
        let mut length = size_of::<libc::ucred>() as u32;
        let (level, name) = (libc::SOL_SOCKET, libc::SO_PEERCRED);
        let (value, size) = (&raw mut peer, &raw mut length);
        syscall!(libc::SYS_getsockopt, connection, level, name, value, size).is_ok()
            && (peer.uid == user() || peer.uid == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_others_may_enter_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("geventrs-endpoint-{}", std::process::id()));
        let c = CString::new(path.clone().into_os_string().into_vec()).unwrap();
        assert!(private(&c), "made");
        assert!(private(&c), "there already");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        assert!(!private(&c));
        std::fs::remove_dir(&path).unwrap();
        std::os::unix::fs::symlink("/root", &path).unwrap();
        assert!(!private(&c), "a link");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn sockets_that_nobody_listens_to_are_removed() {
        let path = std::env::temp_dir().join(format!("geventrs-clean-{}", std::process::id()));
        let directory = CString::new(path.clone().into_os_string().into_vec()).unwrap();
        assert!(private(&directory));
        // No process has these ids (the kernel's limit is 2^22).
        let socket = |name: &str| CString::new(format!("{}/{name}", path.display())).unwrap();
        let (dead, alive, other) = (socket("99999999"), socket("99999998"), socket("notes"));
        close(listen(&dead).unwrap());
        let listener = listen(&alive).unwrap();
        std::fs::write(other.to_str().unwrap(), "").unwrap();
        clean(&directory);
        let mut left = names(&directory);
        left.sort();
        let left: Vec<_> = left.iter().map(|n| String::from_utf8_lossy(n)).collect();
        assert_eq!(left, [".", "..", "99999998", "notes"]);
        close(listener);
        std::fs::remove_dir_all(&path).unwrap();
    }
}
