//! The loaded modules, as ld.so's own list has them, without ld.so's locks.
//!
//! dl_iterate_phdr(3) keeps a lock while it calls back, and so does dlopen(3) for a
//! moment. Whoever has it may wait for the hub: a callback that parks or queues, a
//! thread that computes in one and was asked for its turn. So the hub must not wait
//! for that lock. It reads the list of link maps as it is (<link.h>), and each
//! module's program headers where the module is mapped:
//!
//! | glibc | where that is |
//! |---|---|
//! | from 2.35 | _dl_find_object(3) tells, without a lock |
//! | before | at the load bias, as of every shared object whose first segment begins at 0; the program's, where the kernel has said (AT_PHDR). Believed if the headers lead to the link map's dynamic section |
//!
//! Where neither helps, dl_iterate_phdr(3) is called after all.
//!
//! ld.so puts a module at the list's end and publishes it for _dl_find_object(3)
//! after it was relocated and before its constructors run. One that is not published
//! ends the list for now. Nobody may be inside dlclose(3).

use crate::program_memory::{readable, PAGE};
use core::ffi::{c_char, c_int, c_void};
use core::ptr;

/// A public `struct link_map`, as in <link.h>.
#[repr(C)]
pub(crate) struct LinkMap {
    addr: usize,
    name: *const c_char,
    dynamic: usize,
    pub(crate) next: *mut LinkMap,
    prev: *mut LinkMap,
}

/// `struct r_debug`, as in <link.h>.
#[repr(C)]
pub(crate) struct RDebug {
    version: c_int,
    map: *mut LinkMap,
}

/// What the program headers of a module with thread-locals say.
pub(crate) struct Segments {
    base: usize,
    loads: Vec<(usize, usize)>,
    /// The initial image of its thread-locals, the part that is not zero.
    pub(crate) image: Box<[u8]>,
    /// Their size.
    pub(crate) memory_size: usize,
    /// The module's number in the DTV.
    pub(crate) module: usize,
}

impl Segments {
    pub(crate) fn contains(&self, address: usize) -> bool {
        self.loads.iter().any(|&(start, len)| (start..start + len).contains(&address))
    }

    /// `None`: it has no thread-locals.
    ///
    /// # Safety
    /// The headers are those of a module that is mapped with the bias `base` and stays.
    unsafe fn read(base: usize, headers: &[libc::Elf64_Phdr], module: usize) -> Option<Segments> {
        let mut s =
            Segments { base, loads: Vec::new(), image: Box::default(), memory_size: 0, module };
        for header in headers {
            let start = base.wrapping_add(header.p_vaddr as usize);
            match header.p_type {
                libc::PT_LOAD => s.loads.push((start, header.p_memsz as usize)),
                libc::PT_TLS => {
                    // SAFETY: mapped and relocated when the place of the block is
                    // known, which is looked at after this; before, not used.
                    let image = unsafe {
                        core::slice::from_raw_parts(start as *const u8, header.p_filesz as usize)
                    };
                    s.image = image.into();
                    s.memory_size = header.p_memsz as usize;
                }
                _ => {}
            }
        }
        (s.memory_size != 0).then_some(s)
    }
}

/// `struct dl_find_object`, as in <dlfcn.h>, and room for what later ones add.
#[repr(C)]
struct Found {
    flags: u64,
    map_start: *const u8,
    map_end: *const u8,
    link_map: *const LinkMap,
    rest: [u64; 28],
}

type FindObject = unsafe extern "C" fn(*mut c_void, *mut Found) -> c_int;

/// How to look at ld.so's list.
pub(crate) struct Loaded {
    /// For debuggers; null: there is no list.
    debug: *const RDebug,
    /// _dl_find_object(3), since 2.35.
    find: Option<FindObject>,
    /// Where a link map has the module's number.
    module_offset: Option<usize>,
}

impl Loaded {
    /// `symbol` looks up ld.so's names.
    pub(crate) fn new(
        symbol: impl Fn(&core::ffi::CStr) -> *mut c_void,
        module_offset: Option<usize>,
    ) -> Loaded {
        let find = symbol(c"_dl_find_object");
        Loaded {
            debug: symbol(c"_r_debug").cast(),
            // SAFETY: the function of that name.
            find: (!find.is_null())
                .then(|| unsafe { core::mem::transmute::<*mut c_void, FindObject>(find) }),
            module_offset,
        }
    }

    /// All modules with thread-locals, and the last link map of the list that was read.
    pub(crate) fn with_thread_locals(&self) -> (Vec<(*const LinkMap, Segments)>, *const LinkMap) {
        let (mut result, mut last) = (Vec::new(), ptr::null());
        // SAFETY: ld.so's list of link maps; the caller is inside no dlclose.
        for map in unsafe { self.link_maps() } {
            // SAFETY: as above.
            match unsafe { self.look(map) } {
                Look::Segments(None) => {}
                Look::Segments(Some(s)) => result.push((ptr::from_ref(map), s)),
                Look::NotYet => break,
                Look::Unknown => return self.by_iterating(),
            }
            last = ptr::from_ref(map);
        }
        (result, last)
    }

    /// [`with_thread_locals`](Self::with_thread_locals), by dl_iterate_phdr(3).
    #[cold]
    fn by_iterating(&self) -> (Vec<(*const LinkMap, Segments)>, *const LinkMap) {
        let mut all = iterate();
        let (mut result, mut last) = (Vec::new(), ptr::null());
        // SAFETY: as there.
        for map in unsafe { self.link_maps() } {
            if let Some(at) = all.iter().position(|s| s.base == map.addr) {
                result.push((ptr::from_ref(map), all.swap_remove(at)));
            }
            last = ptr::from_ref(map);
        }
        (result, last)
    }

    /// ld.so's list, as it is.
    ///
    /// # Safety
    /// Nobody may be inside dlclose(3) until the maps have been looked at.
    unsafe fn link_maps(&self) -> impl Iterator<Item = &LinkMap> {
        // SAFETY: ld.so's; a link map stays while its module does.
        let first = unsafe { self.debug.as_ref().and_then(|d| d.map.as_ref()) };
        // SAFETY: as above.
        core::iter::successors(first, |m| unsafe { m.next.as_ref() })
    }

    /// # Safety
    /// `map` is in ld.so's list, and stays.
    unsafe fn look(&self, map: &LinkMap) -> Look {
        let Some(offset) = self.module_offset else { return Look::Unknown };
        let headers = match self.find {
            // SAFETY: by the caller's contract.
            Some(find) => match unsafe { found_headers(find, map) } {
                Some(headers) => headers,
                None => return Look::NotYet,
            },
            // SAFETY: as above.
            None => match unsafe { headers_of(map) } {
                Some(headers) => headers,
                None => return Look::Unknown,
            },
        };
        // SAFETY: ld.so's word, and the headers of a module that stays.
        unsafe {
            let number = ptr::from_ref(map).cast::<u8>().add(offset).cast::<usize>();
            Look::Segments(Segments::read(map.addr, headers, number.read_volatile()))
        }
    }
}

/// What a look at a module in the list has come to.
enum Look {
    /// It is not published.
    NotYet,
    /// Where its headers are is not known.
    Unknown,
    Segments(Option<Segments>),
}

/// The program headers of a module, where _dl_find_object(3) says that it is. `None`: it
/// knows no such module.
///
/// # Safety
/// `map` is in ld.so's list, and stays.
unsafe fn found_headers<'a>(find: FindObject, map: &LinkMap) -> Option<&'a [libc::Elf64_Phdr]> {
    let mut found = Found {
        flags: 0,
        map_start: ptr::null(),
        map_end: ptr::null(),
        link_map: ptr::null(),
        rest: [0; 28],
    };
    // SAFETY: an address in the module, and room for the answer.
    if unsafe { find(map.dynamic as *mut c_void, &mut found) } != 0 || !ptr::eq(found.link_map, map)
    {
        return None;
    }
    let length = found.map_end as usize - found.map_start as usize;
    // SAFETY: a module begins with its ELF header; what does not look like one is
    // not read further.
    Some(unsafe { headers_at(found.map_start, length) })
}

/// The program headers of a module, where they are in nearly all. `None`: not in this one.
///
/// # Safety
/// `map` is in ld.so's list, and stays.
unsafe fn headers_of<'a>(map: &LinkMap) -> Option<&'a [libc::Elf64_Phdr]> {
    let leads_to_it = |headers: &&[libc::Elf64_Phdr]| {
        headers.iter().any(|h| {
            h.p_type == libc::PT_DYNAMIC && map.addr.wrapping_add(h.p_vaddr as usize) == map.dynamic
        })
    };
    let program = program_headers();
    if leads_to_it(&program) {
        return Some(program);
    }
    let start = map.addr as *const u8;
    if !map.addr.is_multiple_of(PAGE) || !readable(start, PAGE) {
        return None;
    }
    // SAFETY: a page that can be read: the module's first, or, where a bias is no module's
    // beginning, some other of this process.
    Some(unsafe { headers_at(start, PAGE) }).filter(leads_to_it)
}

/// The program's own headers, as the kernel tells them (AT_PHDR); none: it does not.
pub fn program_headers() -> &'static [libc::Elf64_Phdr] {
    // SAFETY: getauxval only reads; the headers stay mapped.
    unsafe {
        let (at, count) = (libc::getauxval(libc::AT_PHDR), libc::getauxval(libc::AT_PHNUM));
        match at {
            0 => &[],
            at => core::slice::from_raw_parts(at as *const libc::Elf64_Phdr, count as usize),
        }
    }
}

/// The program headers of the module that is mapped there; none: it does not begin with
/// an ELF header.
///
/// # Safety
/// So many bytes of a module are mapped there, and stay.
unsafe fn headers_at<'a>(start: *const u8, length: usize) -> &'a [libc::Elf64_Phdr] {
    if length < size_of::<libc::Elf64_Ehdr>() {
        return &[];
    }
    // SAFETY: within what is mapped.
    unsafe {
        let elf = &*start.cast::<libc::Elf64_Ehdr>();
        let (at, count) = (elf.e_phoff as usize, usize::from(elf.e_phnum));
        let is_elf = elf.e_ident[..4] == *b"\x7fELF"
            && usize::from(elf.e_phentsize) == size_of::<libc::Elf64_Phdr>()
            && at.saturating_add(count * size_of::<libc::Elf64_Phdr>()) <= length;
        match is_elf {
            true => core::slice::from_raw_parts(start.add(at).cast(), count),
            false => &[],
        }
    }
}

/// The modules with thread-locals, by dl_iterate_phdr(3).
fn iterate() -> Vec<Segments> {
    unsafe extern "C" fn each(
        info: *mut libc::dl_phdr_info,
        _size: usize,
        found: *mut c_void,
    ) -> c_int {
        // SAFETY: ld.so passes valid headers and our own vector; the module stays while
        // this callback runs.
        unsafe {
            let (info, found) = (&*info, &mut *found.cast::<Vec<Segments>>());
            let headers = core::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum as usize);
            found.extend(Segments::read(info.dlpi_addr as usize, headers, info.dlpi_tls_modid));
        }
        0
    }
    let mut found: Vec<Segments> = Vec::new();
    // SAFETY: the callback gets the vector back and does not outlive it.
    unsafe { libc::dl_iterate_phdr(Some(each), (&raw mut found).cast()) };
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    std::thread_local! { static ONE: core::cell::Cell<u64> = const { core::cell::Cell::new(77) } }

    /// What dl_iterate_phdr(3) tells is the oracle.
    #[test]
    fn the_list_says_what_libc_says() {
        ONE.set(78);
        let symbol = |name: &core::ffi::CStr| {
            // SAFETY: a look-up by name.
            unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }
        };
        let offset = crate::debugger_tables::offset(c"_thread_db_link_map_l_tls_modid");
        let loaded = Loaded::new(symbol, offset);
        let (found, last) = loaded.with_thread_locals();
        // SAFETY: the last map of the list.
        assert!(!last.is_null() && unsafe { (*last).next.is_null() });
        let key = |s: &Segments| (s.module, s.base, s.memory_size, s.loads.clone());
        let mine: BTreeMap<_, _> = found.iter().map(|(_, s)| (key(s), s.image.len())).collect();
        let libcs: BTreeMap<_, _> = iterate().iter().map(|s| (key(s), s.image.len())).collect();
        assert!(!mine.is_empty());
        assert_eq!(mine, libcs);
        // As before glibc 2.35.
        // SAFETY: nobody unloads a module here.
        for map in unsafe { loaded.link_maps() } {
            // SAFETY: as above.
            let headers = unsafe { headers_of(map) }.expect("where they are in nearly all");
            // SAFETY: as above.
            let old = unsafe { Segments::read(map.addr, headers, 0) };
            let new = found.iter().find(|(m, _)| ptr::eq(*m, map));
            assert_eq!(
                old.map(|s| (s.memory_size, s.loads)),
                new.map(|(_, s)| (s.memory_size, s.loads.clone()))
            );
        }
    }
}
