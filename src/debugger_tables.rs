//! What glibc tells debuggers about itself: where the fields of its structures
//! are, its count of threads, its table of keys.
//!
//! Since glibc 2.34 these are exported symbols of libc. Before, they are local
//! symbols of libpthread, which keeps its symbol table (`.symtab`) for
//! libthread_db; it is read from the file then, once, when the library is
//! initialised. A libpthread that has been stripped of it tells nothing, and
//! what needs the tables says so.

use crate::libpthread::{self, Module};
use crate::{sys, syscall};
use core::ffi::{c_char, c_void, CStr};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// All that is ever asked for.
const NAMES: [&CStr; 9] = [
    c"__nptl_nthreads",
    c"__pthread_keys",
    c"_thread_db_link_map_l_tls_modid",
    c"_thread_db_link_map_l_tls_offset",
    c"_thread_db_pthread_key_struct_destr",
    c"_thread_db_pthread_list",
    c"_thread_db_pthread_tid",
    c"_thread_db_sizeof_pthread",
    c"_thread_db_sizeof_pthread_key_struct",
];

/// Where libpthread's file says that they are.
static IN_FILE: [AtomicPtr<c_void>; NAMES.len()] =
    [const { AtomicPtr::new(ptr::null_mut()) }; NAMES.len()];
static READ: AtomicBool = AtomicBool::new(false);

/// The address of one of [`NAMES`]; null where this libc does not tell.
/// Allocates nothing. It takes the loader's lock, which a greenlet in dlopen(3)
/// holds while its constructors wait for something: ask early.
pub(crate) fn find(name: &CStr) -> *mut c_void {
    debug_assert!(NAMES.contains(&name), "older ones are not asked for {name:?}");
    // SAFETY: a look-up by name.
    let exported = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if !exported.is_null() {
        return exported;
    }
    if !READ.load(Ordering::Acquire) {
        // Twice at the same time does no harm: both store the same.
        read_libpthread();
        READ.store(true, Ordering::Release);
    }
    match NAMES.iter().position(|&n| n == name) {
        Some(i) => IN_FILE[i].load(Ordering::Relaxed),
        None => ptr::null_mut(),
    }
}

/// The value of a `_thread_db_sizeof_*`.
pub(crate) fn word(name: &CStr) -> Option<u32> {
    let at = find(name).cast::<u32>();
    // SAFETY: glibc's db_info.c defines `_thread_db_sizeof_*` as one word.
    (!at.is_null()).then(|| unsafe { *at })
}

/// The `offset` field of a `_thread_db_*` descriptor: three 32-bit words, the
/// last of which is the byte offset.
pub(crate) fn offset(name: &CStr) -> Option<usize> {
    let descriptor = find(name).cast::<u32>();
    // SAFETY: glibc's db_info.c defines the descriptor as three words.
    (!descriptor.is_null()).then(|| unsafe { *descriptor.add(2) } as usize)
}

/// A file's bytes, mapped. Unmapped when dropped.
struct Mapped {
    start: *const u8,
    len: usize,
}

impl Mapped {
    fn open(path: *const c_char) -> Result<Mapped, sys::Errno> {
        // SAFETY: plain system calls on a path of ld.so's and a descriptor of
        // our own; the mapping is new.
        unsafe {
            let flags = libc::O_RDONLY | libc::O_CLOEXEC;
            let fd = syscall!(libc::SYS_openat, libc::AT_FDCWD, path, flags)?;
            let end = syscall!(libc::SYS_lseek, fd, 0, libc::SEEK_END);
            let mapped = end.and_then(|len| {
                syscall!(libc::SYS_mmap, 0, len, libc::PROT_READ, libc::MAP_PRIVATE, fd, 0)
                    .map(|start| Mapped { start: start as *const u8, len })
            });
            let _ = syscall!(libc::SYS_close, fd);
            mapped
        }
    }

    /// `count` values at byte `at`, if the file has them, suitably aligned.
    fn slice<T>(&self, at: u64, count: usize) -> Option<&[T]> {
        let bytes = count.checked_mul(size_of::<T>())?;
        let end = usize::try_from(at).ok()?.checked_add(bytes)?;
        let first = self.start.wrapping_add(at as usize).cast::<T>();
        if end > self.len || !first.is_aligned() {
            return None;
        }
        // SAFETY: within the mapping and aligned; the callers' types are plain
        // integers, for which any bytes do.
        Some(unsafe { core::slice::from_raw_parts(first, count) })
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: our own mapping, to which nobody has a reference any more.
        unsafe {
            let _ = syscall!(libc::SYS_munmap, self.start, self.len);
        }
    }
}

#[cold]
fn read_libpthread() {
    let Some(module) = libpthread::module() else { return };
    if let Ok(file) = Mapped::open(module.path) {
        // A file that is not what it should be tells nothing.
        let _ = read_symbols(&file, &module);
    }
}

fn read_symbols(file: &Mapped, module: &Module) -> Option<()> {
    let header = &file.slice::<libc::Elf64_Ehdr>(0, 1)?[0];
    if header.e_ident[..4] != *b"\x7fELF" {
        return None;
    }
    let sections = file.slice::<libc::Elf64_Shdr>(header.e_shoff, header.e_shnum as usize)?;
    const SHT_SYMTAB: u32 = 2;
    let table = sections.iter().find(|s| s.sh_type == SHT_SYMTAB)?;
    let strings = sections.get(table.sh_link as usize)?;
    let strings = file.slice::<u8>(strings.sh_offset, strings.sh_size as usize)?;
    let count = table.sh_size as usize / size_of::<libc::Elf64_Sym>();
    let symbols = file.slice::<libc::Elf64_Sym>(table.sh_offset, count)?;
    // The file may have been replaced since ld.so mapped it.
    let at = |symbol: &libc::Elf64_Sym, size: usize| {
        let end = (symbol.st_value as usize).checked_add(size)?;
        (symbol.st_value != 0 && end <= module.size)
            .then(|| (module.base + symbol.st_value as usize) as *mut c_void)
    };
    let named = |symbol: &libc::Elf64_Sym| {
        CStr::from_bytes_until_nul(strings.get(symbol.st_name as usize..)?).ok()
    };
    let version = symbols.iter().find(|s| named(s) == Some(c"nptl_version"))?;
    // SAFETY: a null-terminated text inside libpthread if the file is the one
    // that is mapped, and at least readable memory of it if not; and libc's own.
    let same = unsafe {
        let ours = CStr::from_ptr(libc::gnu_get_libc_version()).to_bytes_with_nul();
        let theirs = at(version, ours.len())?.cast::<u8>();
        core::slice::from_raw_parts(theirs, ours.len()) == ours
    };
    if !same {
        return None;
    }
    for symbol in symbols {
        let Some(name) = named(symbol) else { continue };
        if let Some(i) = NAMES.iter().position(|&n| n == name) {
            if let Some(found) = at(symbol, symbol.st_size as usize) {
                IN_FILE[i].store(found, Ordering::Relaxed);
            }
        }
    }
    Some(())
}
