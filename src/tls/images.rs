//! What is in a block: the initial images of the modules' thread-locals.
//!
//! **Recycling.** A block is used again and again, never freed: malloc hangs a
//! cache on it that only libc's own thread exit can release. Between two uses
//! the variables of every module but libc and ld.so get their initial images
//! again, and dynamically allocated TLS is freed, so that the next thread
//! finds `__thread` variables fresh. libc's own variables (the malloc cache,
//! the resolver's state) carry over, as they do in glibc's stack cache;
//! `errno` and the locale are reset. In the child of a fork the blocks of the other threads
//! get those, too: they were left in the middle of anything.

use super::shown::is_shown;
use super::{layout, set_tid};
use crate::arch;
use crate::modules::LinkMap;
use crate::raw_lock::RawLock;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

/// The initial image of one module's thread-locals.
struct Image {
    /// The module's link map, which names it.
    map: usize,
    /// Distance of the module's block from the thread pointer.
    offset: isize,
    /// The part that is not zero: a copy, since another thread may be unloading the
    /// module while a block is reset.
    data: Box<[u8]>,
    memory_size: usize,
}

struct Modules {
    /// Modules whose static TLS is reset when a block is used again.
    reset: Vec<Image>,
    /// libc's and ld.so's, which are not.
    own: Vec<Image>,
    /// The words that tell the place of thread-locals which have none yet: it is
    /// found while the module is relocated.
    undecided: Vec<*const isize>,
    /// The last link map of ld.so's list, to which new ones are added.
    last: *const LinkMap,
}

// SAFETY: the pointers address ld.so's own data, which every thread may read.
unsafe impl Send for Modules {}

static MODULES: RawLock<Modules> = RawLock::new(Modules {
    reset: Vec::new(),
    own: Vec::new(),
    undecided: Vec::new(),
    last: ptr::null(),
});

/// True (non-zero) when blocks need work between two uses.
static RESET_NEEDED: AtomicUsize = AtomicUsize::new(0);

/// Highest module number with dynamically allocated TLS; 0: none.
static DYNAMIC: AtomicUsize = AtomicUsize::new(0);

/// Prepare a used block for its next thread, but for what [`super::enter`] does. It may be
/// the one that is loaded, in the hub: the library's own word, by which a signal's handler
/// knows whose block it is, stays as it is.
///
/// # Safety
/// The block's thread must have ended, and nobody runs on it.
pub unsafe fn recycle(tp: *mut u8, tid: u32) {
    // SAFETY: by the caller's contract.
    unsafe {
        set_tid(tp, tid);
        if RESET_NEEDED.load(Ordering::Relaxed) != 0 {
            for image in &MODULES.lock().reset {
                reset_image(tp, image);
            }
        }
    }
}

/// Give libc's and ld.so's own variables their initial images, too ([`recycle`] does the others).
///
/// # Safety
/// As [`super::renew`].
pub(super) unsafe fn renew(tp: *mut u8) {
    // SAFETY: by the caller's contract.
    MODULES.lock().own.iter().for_each(|image| unsafe { copy_image(tp, image) });
}

/// [`copy_image`] around the library's own word.
///
/// # Safety
/// As [`recycle`]; the image's place in every block is fixed by ld.so.
unsafe fn reset_image(tp: *mut u8, image: &Image) {
    let word = (arch::current_offset() - image.offset) as usize;
    // SAFETY: by this function's contract, both parts lie in the image's place.
    unsafe {
        if word >= image.memory_size {
            return copy_image(tp, image);
        }
        let data = &image.data;
        let behind = word + size_of::<usize>();
        let part = |from: usize, to: usize| {
            let at = tp.offset(image.offset);
            let bytes = &data[from.min(data.len())..to.min(data.len())];
            let copied = from + bytes.len();
            ptr::copy_nonoverlapping(bytes.as_ptr(), at.add(from), bytes.len());
            ptr::write_bytes(at.add(copied), 0, to - copied);
        };
        part(0, word);
        part(behind, image.memory_size);
    }
}

/// Free the thread-locals that ld.so has allocated for a module when the block's last
/// thread asked for them, in the loaded block.
#[cold]
unsafe fn free_dynamic(tp: *mut u8, dynamic: usize) {
    // The DTV: its word -2 (in entries: -1) counts the entries; an entry is a
    // pointer and the address to free, null for static TLS.
    // SAFETY: the layout is the TLS ABI's; only this thread's entries change.
    unsafe {
        let dtv = *tp.add(arch::TCB_DTV).cast::<*mut [*mut c_void; 2]>();
        let length = *dtv.sub(1).cast::<usize>();
        for i in 1..=dynamic.min(length) {
            let entry = &mut *dtv.add(i);
            if !entry[1].is_null() {
                // The program's malloc, which may wait for its locks.
                crate::hub::as_program(|| libc::free(entry[1]));
                // TLS_DTV_UNALLOCATED
                *entry = [usize::MAX as *mut c_void, ptr::null_mut()];
            }
        }
    }
}

unsafe fn copy_image(tp: *mut u8, image: &Image) {
    // SAFETY: by the callers' contracts.
    unsafe {
        let to = tp.offset(image.offset);
        ptr::copy_nonoverlapping(image.data.as_ptr(), to, image.data.len());
        ptr::write_bytes(to.add(image.data.len()), 0, image.memory_size - image.data.len());
    }
}

/// [`copy_image`] into the block of a thread that runs, unless that has stored
/// something there already: the module's constructors may run on it.
unsafe fn copy_image_once(tp: *mut u8, image: &Image) {
    // SAFETY: by the callers' contracts.
    unsafe {
        let place = core::slice::from_raw_parts(tp.offset(image.offset), image.memory_size);
        if place.iter().all(|b| *b == 0) {
            copy_image(tp, image);
        }
    }
}

/// Whether a module has come, or has got the place of its thread-locals, since
/// [`refresh_modules`]. Nobody may be inside dlclose(3).
pub fn modules_moved() -> bool {
    let modules = MODULES.lock();
    // SAFETY: link maps stay valid while their module is loaded.
    unsafe {
        modules.last.as_ref().is_some_and(|last| !last.next.is_null())
            || modules.undecided.iter().any(|word| word.read_volatile() != 0)
    }
}

/// Look at the loaded modules again after a `dlopen` or `dlclose`, and call
/// `with` with a function that copies the initial images of new static TLS into
/// a block: ld.so has done that only for the threads that it knows. Runs on the hub while a
/// greenlet may be inside dlopen or dl_iterate_phdr: it may not take the loader's locks
/// ([`crate::modules`]). Nobody may be inside dlclose(3).
pub fn refresh_modules(with: impl FnOnce(&dyn Fn(*mut u8))) {
    let l = layout();
    let mut modules = MODULES.lock();
    let modules = &mut *modules;
    // From scratch: a dlclose may have taken modules away.
    let mut known = core::mem::take(&mut modules.reset);
    let mut dynamic = 0;
    modules.undecided.clear();
    modules.own.clear();
    let own = [l.libc, l.allocate as usize];
    let (found, last) = l.loaded.with_thread_locals();
    modules.last = last;
    let mut fresh = Vec::new();
    for (map, segments) in found {
        let word = (map as *const u8).wrapping_add(l.link_map_tls_offset).cast::<isize>();
        // SAFETY: link maps stay valid while their module is loaded.
        let offset = unsafe { word.read_volatile() };
        let is_libc = own.iter().any(|&a| segments.contains(a));
        // 0, -1 and -2 say "no fixed place" in the versions of glibc.
        if matches!(offset, -2..=0) {
            if offset == 0 {
                modules.undecided.push(word);
            }
            dynamic = dynamic.max(segments.module);
            continue;
        }
        let image = Image {
            map: map as usize,
            offset: if arch::TLS_BELOW_TP { -offset } else { offset },
            data: segments.image,
            memory_size: segments.memory_size,
        };
        if is_libc {
            modules.own.push(image);
            continue;
        }
        let before = known.len();
        known.retain(|k| (k.map, k.offset) != (image.map, image.offset));
        if known.len() == before {
            fresh.push(modules.reset.len());
        }
        modules.reset.push(image);
    }
    RESET_NEEDED.store(!modules.reset.is_empty() as usize, Ordering::Relaxed);
    DYNAMIC.store(dynamic, Ordering::Relaxed);
    if known.is_empty() && fresh.is_empty() {
        return;
    }
    // What those have left that are gone is nobody's.
    known.iter_mut().for_each(|gone| gone.data = Box::default());
    with(&|tp| {
        // SAFETY: `tp` is one of our blocks; the places are reserved in all.
        unsafe {
            known.iter().for_each(|gone| copy_image(tp, gone));
            // libc has done it for those that it knows.
            if !is_shown(tp) {
                fresh.iter().for_each(|&i| copy_image_once(tp, &modules.reset[i]));
            }
        }
    });
}

/// Free what the block's last thread has left in it that only its own thread can free.
/// The block is the caller's own, and loaded.
pub(super) fn free_leftovers() {
    let dynamic = DYNAMIC.load(Ordering::Relaxed);
    if dynamic != 0 {
        // SAFETY: the caller's block, which is ours.
        unsafe { free_dynamic(arch::thread_pointer(), dynamic) };
    }
}
