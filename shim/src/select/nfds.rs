//! How many descriptors `select` really looks at.
//!
//! The kernel cuts `nfds` down to the size of the process's descriptor table
//! before it reads a set, and programs rely on that without knowing: they pass
//! `getdtablesize()`, which may be a million, with a `fd_set` of 1024 bits.
//! The hub's own descriptors lie high and make the table large, so the cut must
//! be made here, where the table would end without them.

use hub::hub as scheduler;

/// Bits of a `fd_set` as libc declares it: what every program's set has.
const FD_SETSIZE: i32 = 1024;

/// `nfds`, cut as the kernel would cut it if the hub had no descriptors.
/// Negative ones (EINVAL) stay as they are.
pub fn cut(nfds: i32) -> i32 {
    // Who counts exactly names a descriptor that is open.
    if nfds <= FD_SETSIZE || scheduler::live() == 0 || is_programs(nfds - 1) {
        return nfds;
    }
    match highest() {
        Some(highest) => nfds.min(table_size(highest)),
        None => nfds,
    }
}

/// The kernel's table grows by doubling.
fn table_size(highest: i32) -> i32 {
    (highest as u32 + 1).next_power_of_two().clamp(FD_SETSIZE as u32, i32::MAX as u32) as i32
}

/// Whether `fd` is open and not the hub's.
fn is_programs(fd: i32) -> bool {
    // SAFETY: asks only.
    unsafe { hub::syscall!(libc::SYS_fcntl, fd, libc::F_GETFD) }.is_ok() && !scheduler::owns_fd(fd)
}

/// The program's highest descriptor (-1: it has none); `None` where /proc is
/// not there to tell.
fn highest() -> Option<i32> {
    // Aligned as the records that the kernel writes.
    let mut buffer = [0u64; 256];
    let length = size_of_val(&buffer);
    let mut highest = -1;
    // SAFETY: a descriptor of our own; the kernel writes into the buffer.
    unsafe {
        let directory = hub::syscall!(
            libc::SYS_openat,
            libc::AT_FDCWD,
            c"/proc/self/fd".as_ptr(),
            libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC
        )
        .ok()?;
        while let Ok(n @ 1..) =
            hub::syscall!(libc::SYS_getdents64, directory, buffer.as_mut_ptr(), length)
        {
            let bytes = core::slice::from_raw_parts(buffer.as_ptr().cast::<u8>(), n);
            for fd in numbers(bytes) {
                if fd > highest && fd != directory as i32 && !scheduler::owns_fd(fd) {
                    highest = fd;
                }
            }
        }
        let _ = hub::syscall!(libc::SYS_close, directory);
    }
    Some(highest)
}

/// The names in getdents64(2)'s records that are numbers.
fn numbers(records: &[u8]) -> impl Iterator<Item = i32> + '_ {
    const LENGTH: usize = core::mem::offset_of!(libc::dirent64, d_reclen);
    const NAME: usize = core::mem::offset_of!(libc::dirent64, d_name);
    let mut rest = records;
    core::iter::from_fn(move || {
        let length = u16::from_ne_bytes(rest.get(LENGTH..LENGTH + 2)?.try_into().ok()?) as usize;
        let name = rest.get(NAME..length)?;
        rest = &rest[length..];
        Some(name)
    })
    .filter_map(|name| {
        let end = name.iter().position(|&b| b == 0)?;
        core::str::from_utf8(&name[..end]).ok()?.parse().ok()
    })
}
