//! Whether a word may be seen by other processes.

use core::ffi::CStr;

/// Bit 61 of an entry of /proc/PID/pagemap: the page is a file's, or shared
/// memory (Documentation/admin-guide/mm/pagemap.rst).
const FILE_OR_SHARED: u64 = 1 << 61;
const PAGEMAP: &CStr = c"/proc/self/pagemap";

/// Whether the page of `address`, which was read just now, belongs to a file or
/// to shared memory, and so perhaps to other processes, too; `None` if the kernel
/// does not tell (no /proc). (A private page of a file that was never written to
/// counts as shared.)
pub fn is_shared(address: usize) -> Option<bool> {
    let mut entry = 0u64;
    // SAFETY: opens and reads a file of the kernel's into our own word.
    unsafe {
        let page = libc::sysconf(libc::_SC_PAGESIZE) as usize;
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        let fd = hub::syscall!(libc::SYS_openat, libc::AT_FDCWD, PAGEMAP.as_ptr(), flags).ok()?;
        let at = address / page * 8;
        let read = hub::syscall!(libc::SYS_pread64, fd, &raw mut entry, 8, at);
        let _ = hub::syscall!(libc::SYS_close, fd);
        (read == Ok(8)).then_some(entry & FILE_OR_SHARED != 0)
    }
}
