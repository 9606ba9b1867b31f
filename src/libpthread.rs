//! libpthread where it is a library of its own: before glibc 2.34.

use core::ffi::{c_char, c_int, c_void, CStr};
use core::ptr;

/// A loaded module.
pub(crate) struct Module {
    /// What its addresses are relative to.
    pub base: usize,
    /// The end of its last segment, from `base`.
    pub size: usize,
    /// Its file.
    pub path: *const c_char,
    /// Its dynamic section, from `base`.
    dynamic: usize,
}

/// N of the glibc 2.N that the process runs on.
pub fn glibc() -> Option<u32> {
    // SAFETY: a constant text.
    let version = unsafe { CStr::from_ptr(libc::gnu_get_libc_version()) };
    let minor = version.to_str().ok()?.strip_prefix("2.")?;
    minor.split('.').next()?.parse().ok()
}

/// Whether thread functions are in libpthread, and dlsym(3) in libdl.
fn is_separate() -> bool {
    glibc().is_some_and(|minor| minor < 34)
}

/// The loaded module that `is_it` picks by its file's name, its first and its
/// last address. Takes no lock that anybody holds while it runs the program's
/// code, and allocates nothing.
fn find<F: Fn(&[u8], usize, usize) -> bool>(is_it: F) -> Option<Module> {
    struct Search<F>(F, Option<Module>);
    unsafe extern "C" fn each<F: Fn(&[u8], usize, usize) -> bool>(
        info: *mut libc::dl_phdr_info,
        _size: usize,
        search: *mut c_void,
    ) -> c_int {
        // SAFETY: ld.so passes valid headers and a name, and we our own search.
        unsafe {
            let (info, search) = (&*info, &mut *search.cast::<Search<F>>());
            let path = CStr::from_ptr(info.dlpi_name).to_bytes();
            let file = path.rsplit(|&c| c == b'/').next().unwrap_or(path);
            let headers = core::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum as usize);
            let end = |h: &libc::Elf64_Phdr| (h.p_vaddr + h.p_memsz) as usize;
            let loads = headers.iter().filter(|h| h.p_type == libc::PT_LOAD);
            let (base, size) = (info.dlpi_addr as usize, loads.map(end).max().unwrap_or(0));
            if !(search.0)(file, base, base + size) {
                return 0;
            }
            let dynamic = headers.iter().find(|h| h.p_type == libc::PT_DYNAMIC);
            search.1 = Some(Module {
                base,
                size,
                path: info.dlpi_name,
                dynamic: dynamic.map_or(0, |h| h.p_vaddr as usize),
            });
        }
        1
    }
    let mut search = Search(is_it, None);
    // SAFETY: the callback gets the search back and does not outlive it.
    unsafe { libc::dl_iterate_phdr(Some(each::<F>), (&raw mut search).cast()) };
    search.1
}

/// libpthread, if it has anything in it.
pub(crate) fn module() -> Option<Module> {
    if !is_separate() {
        return None;
    }
    find(|file, _, _| file.starts_with(b"libpthread"))
}

/// Whether code at `address` is of librt or libanl, where those are libraries
/// of their own: they make threads by libc's public names, which newer glibcs
/// call within themselves. Such a thread waits in system calls of its own, and
/// the kernel must know it (SIGEV_THREAD_ID).
pub fn is_helper_code(address: usize) -> bool {
    const HELPERS: [&[u8]; 4] = [b"librt.", b"librt-", b"libanl.", b"libanl-"];
    is_separate()
        && find(|file, begin, end| {
            HELPERS.iter().any(|name| file.starts_with(name)) && (begin..end).contains(&address)
        })
        .is_some()
}

/// A function of libpthread's, found without dlsym(3), which before 2.34 calls
/// pthread_once(3) and pthread_key_create(3) itself. Null if there is none, or
/// no libpthread.
pub fn function(name: &CStr) -> *mut c_void {
    // SAFETY: the module stays loaded, as all that libgeventrs.so is linked to.
    module().and_then(|m| unsafe { m.look_up(name) }).unwrap_or(ptr::null_mut())
}

impl Module {
    /// Look a name up in the table that DT_GNU_HASH names, whatever its version:
    /// for names that have one.
    ///
    /// # Safety
    /// The module must be loaded.
    unsafe fn look_up(&self, name: &CStr) -> Option<*mut c_void> {
        const DT_NULL: i64 = 0;
        const DT_STRTAB: i64 = 5;
        const DT_SYMTAB: i64 = 6;
        const DT_GNU_HASH: i64 = 0x6fff_fef5;
        if self.dynamic == 0 {
            return None;
        }
        // SAFETY: the dynamic section ends with DT_NULL; ld.so has made its
        // addresses absolute; the tables have the format of the gABI and of
        // binutils' GNU hash section.
        unsafe {
            let (mut symbols, mut strings, mut hashes) =
                (ptr::null::<libc::Elf64_Sym>(), ptr::null::<c_char>(), ptr::null::<u32>());
            let mut entry = (self.base + self.dynamic) as *const [i64; 2];
            while (*entry)[0] != DT_NULL {
                let [tag, value] = *entry;
                match tag {
                    DT_SYMTAB => symbols = value as *const _,
                    DT_STRTAB => strings = value as *const _,
                    DT_GNU_HASH => hashes = value as *const _,
                    _ => {}
                }
                entry = entry.add(1);
            }
            if symbols.is_null() || strings.is_null() || hashes.is_null() {
                return None;
            }
            let [buckets, first, bloom_words] = [0, 1, 2].map(|i| *hashes.add(i) as usize);
            let bucket = hashes.add(4 + 2 * bloom_words);
            let chain = bucket.add(buckets);
            let times33 = |h: u32, &c: &u8| h.wrapping_mul(33).wrapping_add(c as u32);
            let hash = name.to_bytes().iter().fold(5381, times33);
            let mut i = *bucket.add(hash as usize % buckets) as usize;
            if i < first {
                return None;
            }
            loop {
                // The lowest bit says that it is the bucket's last.
                let link = *chain.add(i - first);
                let symbol = &*symbols.add(i);
                if link | 1 == hash | 1
                    && symbol.st_shndx != 0
                    && CStr::from_ptr(strings.add(symbol.st_name as usize)) == name
                {
                    return Some((self.base + symbol.st_value as usize) as *mut c_void);
                }
                if link & 1 != 0 {
                    return None;
                }
                i += 1;
            }
        }
    }
}
