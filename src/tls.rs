//! A real TLS block for every greenlet, made by ld.so's own allocator.
//!
//! With a block of its own, a greenlet has its own `errno`, `__thread` and
//! `thread_local` variables, stdio lock identity, C++ exception state and
//! pthread-specific data, and libc's internals see a thread. Everything that
//! is particular to a glibc version is asked at run time:
//!
//! * `_dl_get_tls_static_info`: size and alignment of the static TLS area;
//! * `_dl_allocate_tls`: makes the DTV and copies the initial images;
//! * `_thread_db_*`: the tables that glibc has for debuggers give the size
//!   of `struct pthread` and where its `tid` and `list` are, and where a link
//!   map keeps its TLS offset.
//!
//! **Recycling.** A block is used again and again, never freed: malloc hangs a
//! cache on it that only libc's own thread exit can release. Between two uses
//! the variables of every module but libc and ld.so get their initial images
//! again, and dynamically allocated TLS is freed, so that the next thread
//! finds `__thread` variables fresh. libc's own variables (the malloc cache,
//! the resolver's state) carry over, as they do in glibc's stack cache;
//! `errno` and the locale are reset.

use crate::arch;
use crate::debugger_tables;
use crate::modules::{LinkMap, Loaded};
use crate::raw_lock::RawLock;
use crate::sys::Errno;
use core::ffi::{c_void, CStr};
use core::ptr;
use core::sync::atomic::{AtomicIsize, AtomicPtr, AtomicUsize, Ordering};

/// What a TLS block needs around its thread pointer, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Space {
    /// Below the thread pointer.
    pub below: usize,
    /// From the thread pointer up.
    pub above: usize,
    /// Alignment of the thread pointer.
    pub align: usize,
}

/// Where things are in this glibc, relative to the thread pointer.
struct Layout {
    space: Space,
    multiple_threads: isize,
    list: isize,
    robust: Option<Robust>,
    rseq_cpu_id: Option<isize>,
    /// `__rseq_size`: what of the area is in use.
    rseq_size: usize,
    allocate: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
    ctype_init: Option<unsafe extern "C" fn()>,
    call_tls_dtors: Option<unsafe extern "C" fn()>,
    /// Offsets in `struct link_map` of the TLS offset and module number.
    link_map_tls_offset: usize,
    /// An address in libc.
    libc: usize,
    /// ld.so's list of modules.
    loaded: Loaded,
}

/// `robust_prev` and `robust_head` of `struct pthread`: libc expects the list
/// of a new thread to be circular.
#[derive(Clone, Copy)]
struct Robust {
    prev: isize,
    head: isize,
    futex_offset: usize,
}

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
    /// The words that tell the place of thread-locals which have none yet: it is
    /// found while the module is relocated.
    undecided: Vec<*const isize>,
    /// The last link map of ld.so's list, to which new ones are added.
    last: *const LinkMap,
}

// SAFETY: the pointers address ld.so's own data, which every thread may read.
unsafe impl Send for Modules {}

static LAYOUT: AtomicPtr<Layout> = AtomicPtr::new(ptr::null_mut());
static MODULES: RawLock<Modules> =
    RawLock::new(Modules { reset: Vec::new(), undecided: Vec::new(), last: ptr::null() });
/// True (non-zero) when blocks need work between two uses.
static RESET_NEEDED: AtomicUsize = AtomicUsize::new(0);
/// The size of `struct pthread`, once [`find_tid`] knows it.
static PTHREAD_SIZE: AtomicUsize = AtomicUsize::new(0);
/// Highest module number with dynamically allocated TLS; 0: none.
static DYNAMIC: AtomicUsize = AtomicUsize::new(0);
/// Offset of `tid` in the control block.
static TID_OFFSET: AtomicIsize = AtomicIsize::new(0);

/// Bytes of a whole block: what a thread's stack must have room for besides.
pub fn block_size() -> usize {
    init().map_or(0, |space| (space.below + space.above + 4095) & !4095)
}

fn layout() -> &'static Layout {
    // SAFETY: set once by `init` to a leaked box, before any block exists.
    unsafe { &*LAYOUT.load(Ordering::Acquire) }
}

/// For [`init`] only: a look-up takes the loader's lock, which a greenlet in
/// dlopen(3) holds while its constructors wait for something.
fn symbol(name: &CStr) -> *mut c_void {
    // SAFETY: a look-up by name.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }
}

/// Learn this glibc's layout. Idempotent; must run on a thread that libc made.
pub fn init() -> Result<Space, &'static str> {
    if !LAYOUT.load(Ordering::Acquire).is_null() {
        return Ok(layout().space);
    }
    const NEED: &str = "this C library does not offer what greenlets need (glibc 2.31 or newer; \
        before 2.34, a libpthread that is not stripped of its symbol table)";
    let static_info = symbol(c"_dl_get_tls_static_info");
    let allocate = symbol(c"_dl_allocate_tls");
    let pthread_size = debugger_tables::word(c"_thread_db_sizeof_pthread").ok_or(NEED)? as usize;
    if static_info.is_null() || allocate.is_null() {
        return Err(NEED);
    }
    let offset = |name| debugger_tables::offset(name).ok_or(NEED);
    offset(c"_thread_db_pthread_tid")?;
    let tid = find_tid();
    let list = offset(c"_thread_db_pthread_list")?;
    let link_map_tls_offset = offset(c"_thread_db_link_map_l_tls_offset")?;
    let module_offset = debugger_tables::offset(c"_thread_db_link_map_l_tls_modid");
    let (mut size, mut align) = (0usize, 0usize);
    // SAFETY: the signatures are those of ld.so since 2.1.
    let allocate = unsafe {
        let info: unsafe extern "C" fn(*mut usize, *mut usize) = core::mem::transmute(static_info);
        info(&mut size, &mut align);
        core::mem::transmute::<*mut c_void, unsafe extern "C" fn(*mut c_void) -> *mut c_void>(
            allocate,
        )
    };
    let space = if arch::TLS_BELOW_TP {
        Space { below: size - pthread_size, above: pthread_size, align: align.max(64) }
    } else {
        Space { below: pthread_size, above: size, align: align.max(64) }
    };
    // `struct pthread` starts at the thread pointer or ends there.
    let base = if arch::TLS_BELOW_TP { 0 } else { -(pthread_size as isize) };
    let rseq_offset = symbol(c"__rseq_offset").cast::<isize>();
    let rseq_size = symbol(c"__rseq_size").cast::<u32>();
    let rseq = (!rseq_offset.is_null() && !rseq_size.is_null())
        // SAFETY: both are words of ld.so. cpu_id is the second 32-bit field.
        .then(|| unsafe { (*rseq_offset + 4, *rseq_size as usize) });
    let function = |name: &CStr| {
        let f = symbol(name);
        // SAFETY: both functions take nothing and return nothing.
        (!f.is_null())
            .then(|| unsafe { core::mem::transmute::<*mut c_void, unsafe extern "C" fn()>(f) })
    };
    let new = Box::new(Layout {
        space,
        multiple_threads: base + arch::MULTIPLE_THREADS,
        list: base + list as isize,
        robust: find_robust(tid),
        rseq_cpu_id: rseq.map(|(cpu_id, _)| cpu_id),
        rseq_size: rseq.map_or(0, |(_, size)| size),
        allocate,
        ctype_init: function(c"__ctype_init"),
        call_tls_dtors: function(c"__call_tls_dtors"),
        link_map_tls_offset,
        libc: symbol(c"gnu_get_libc_version") as usize,
        loaded: Loaded::new(symbol, module_offset),
    });
    LAYOUT.store(Box::into_raw(new), Ordering::Release);
    refresh_modules(|_| ());
    Ok(space)
}

/// The robust list follows `tid` and a 32-bit filler in every glibc from 2.31
/// on; believe it only if the running thread's list really is an empty circle.
fn find_robust(tid: isize) -> Option<Robust> {
    let prev = tid + 8;
    let head = prev + 8;
    let tp = arch::thread_pointer();
    // SAFETY: the fields lie inside the running thread's `struct pthread`.
    unsafe {
        let head_ptr = tp.offset(head);
        let first = *head_ptr.cast::<*mut u8>();
        let last = *tp.offset(prev).cast::<*mut u8>();
        let futex_offset = *head_ptr.cast::<usize>().add(1);
        (first == head_ptr && last == head_ptr).then_some(Robust { prev, head, futex_offset })
    }
}

/// The thread id in the running control block: unique among the live threads
/// of the process, and what libc-internal recursive locks compare.
#[inline(always)]
pub fn tid() -> u32 {
    let mut offset = TID_OFFSET.load(Ordering::Relaxed);
    if offset == 0 {
        offset = find_tid();
    }
    // SAFETY: every control block has the field.
    unsafe { arch::load_u32_at_tp(offset) }
}

/// [`tid`], once [`learn_tid`] has said yes.
#[inline(always)]
pub fn known_tid() -> u32 {
    // SAFETY: as in `tid`; before, the offset is that of the block's own address.
    unsafe { arch::load_u32_at_tp(TID_OFFSET.load(Ordering::Relaxed)) }
}

/// Look up where thread ids are; false if this libc does not tell.
pub fn learn_tid() -> bool {
    let told = debugger_tables::offset(c"_thread_db_pthread_tid").is_some();
    if told {
        find_tid();
    }
    told
}

/// Look the field up. Allocates nothing, so locks may ask before [`init`].
#[cold]
fn find_tid() -> isize {
    let Some(tid) = debugger_tables::offset(c"_thread_db_pthread_tid") else {
        crate::sys::die("this C library does not tell where thread ids are");
    };
    // `struct pthread` starts at the thread pointer or ends there.
    let size = debugger_tables::word(c"_thread_db_sizeof_pthread").unwrap_or(0) as usize;
    PTHREAD_SIZE.store(size, Ordering::Relaxed);
    let base = if arch::TLS_BELOW_TP { 0 } else { -(size as isize) };
    TID_OFFSET.store(base + tid as isize, Ordering::Relaxed);
    base + tid as isize
}

/// The thread id in the control block at `tp`.
///
/// # Safety
/// `tp` must be the thread pointer of an existing thread.
pub unsafe fn tid_of(tp: *const u8) -> u32 {
    // SAFETY: by the caller's contract.
    unsafe { tp.offset(TID_OFFSET.load(Ordering::Relaxed)).cast::<u32>().read_volatile() }
}

/// How far below the thread pointer `struct pthread` begins, whose address a
/// `pthread_t` is.
#[inline(always)]
fn pthread_below() -> usize {
    if arch::TLS_BELOW_TP {
        0
    } else {
        PTHREAD_SIZE.load(Ordering::Relaxed)
    }
}

/// The `pthread_t` of the thread with this thread pointer.
#[inline(always)]
pub fn pthread_of(tp: *const u8) -> usize {
    tp as usize - pthread_below()
}

/// The thread pointer of the thread that this `pthread_t` names.
#[inline(always)]
pub fn tp_of(pthread: usize) -> *mut u8 {
    (pthread + pthread_below()) as *mut u8
}

/// Set the library's own thread-local word in the block at `tp`.
///
/// # Safety
/// `tp` must be a complete block.
pub unsafe fn set_current_of(tp: *mut u8, value: *mut c_void) {
    // SAFETY: the word is part of the block's static area.
    unsafe { *tp.offset(arch::current_offset()).cast::<*mut c_void>() = value }
}

/// Make a complete block around `tp`, in zeroed memory of [`Space`]'s size.
/// Fails when libc has no memory for the DTV.
///
/// # Safety
/// The memory must be ours for good (see "Recycling") and `tp` aligned.
pub unsafe fn create(tp: *mut u8, tid: u32) -> Result<(), Errno> {
    let l = layout();
    // SAFETY: the memory around `tp` is ours, zeroed and large enough; offsets
    // come from this glibc's own tables.
    unsafe {
        // It allocates from the program's malloc.
        if crate::hub::as_program(|| (l.allocate)(tp.cast())).is_null() {
            return Err(libc::ENOMEM);
        }
        let creator = arch::thread_pointer();
        for &offset in arch::TCB_COPIED {
            *tp.add(offset).cast::<usize>() = *creator.add(offset).cast::<usize>();
        }
        tell_threads(tp);
        for &offset in arch::TCB_SELF {
            *tp.add(offset).cast::<*mut u8>() = tp;
        }
        // fork(2) unlinks the caller's control block from libc's lists.
        let list = tp.offset(l.list).cast::<*mut u8>();
        *list = list.cast();
        *list.add(1) = list.cast();
        if let Some(r) = l.robust {
            let head = tp.offset(r.head);
            *tp.offset(r.prev).cast::<*mut u8>() = head;
            *head.cast::<*mut u8>() = head;
            *head.cast::<usize>().add(1) = r.futex_offset;
        }
        if let Some(offset) = l.rseq_cpu_id {
            // RSEQ_CPU_ID_REGISTRATION_FAILED: sched_getcpu asks the kernel.
            *tp.offset(offset).cast::<i32>() = -2;
        }
        set_tid(tp, tid);
    }
    Ok(())
}

/// Tell libc, in the block at `tp`, that there are threads: malloc takes no
/// locks for a thread whose block denies that, and the hub's own block allocates
/// while a greenlet that is away does.
///
/// # Safety
/// `tp` must be the thread pointer of a block.
pub unsafe fn tell_threads(tp: *mut u8) {
    // SAFETY: by the caller's contract; pthread_create(3) stores the same.
    unsafe { tp.offset(layout().multiple_threads).cast::<i32>().write_volatile(1) }
}

/// Store a thread id in the block at `tp`.
///
/// # Safety
/// `tp` must be a block of ours.
pub unsafe fn set_tid(tp: *mut u8, tid: u32) {
    // SAFETY: by the caller's contract.
    unsafe { *tp.offset(TID_OFFSET.load(Ordering::Relaxed)).cast::<u32>() = tid }
}

/// Take the calling OS thread's restartable-sequence area away from the kernel:
/// what runs under this block will run on other OS threads, too, and must not
/// believe the processor number that the kernel keeps there. (sched_getcpu(3)
/// asks the kernel then.)
pub fn unregister_rseq() {
    const UNREGISTER: usize = 1;
    #[cfg(target_arch = "x86_64")]
    const SIGNATURE: usize = 0x5305_3053;
    #[cfg(target_arch = "aarch64")]
    const SIGNATURE: usize = 0xd428_bc00;
    /// The least that glibc registers, whatever part of it the kernel uses.
    const LEAST: usize = 32;
    if let Some(offset) = layout().rseq_cpu_id {
        let area = arch::thread_pointer().wrapping_offset(offset - 4);
        // Since 2.41 more, where the kernel knows more.
        let size = layout().rseq_size.max(LEAST);
        // SAFETY: names the area that libc has registered; a refusal (another
        // size, none registered) leaves all as it is.
        unsafe {
            let _ = crate::syscall!(libc::SYS_rseq, area, size, UNREGISTER, SIGNATURE);
        }
    }
}

/// Prepare a used block for its next thread, but for what [`enter`] does. It may be
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

/// Start-of-thread work on the new block itself, loaded, in our code: the rest of
/// [`recycle`], which takes malloc's locks, and the ctype tables.
pub fn enter() {
    let dynamic = DYNAMIC.load(Ordering::Relaxed);
    if dynamic != 0 {
        // SAFETY: the caller's block, which is ours.
        unsafe { free_dynamic(arch::thread_pointer(), dynamic) };
    }
    if let Some(f) = layout().ctype_init {
        // SAFETY: initialises this thread's pointers from its locale.
        unsafe { f() }
    }
}

/// End-of-thread work: destructors of C++ `thread_local`s, latest first.
/// They are the program's code.
///
/// # Safety
/// Must run on the ending thread's own block.
pub unsafe fn run_destructors() {
    if let Some(f) = layout().call_tls_dtors {
        // SAFETY: by the caller's contract.
        unsafe { f() }
    }
}

/// Whether any block was ever shown to libc.
static SHOWN: RawLock<bool> = RawLock::new(false);

/// # Safety
/// `tp` must be a block of ours, or of a thread that libc has made.
unsafe fn list_of(tp: *mut u8) -> *mut [*mut u8; 2] {
    // SAFETY: by the caller's contract.
    unsafe { tp.offset(layout().list).cast() }
}

/// Whether libc knows the block at `tp`.
///
/// # Safety
/// As [`list_of`].
unsafe fn is_shown(tp: *mut u8) -> bool {
    // SAFETY: by the caller's contract.
    unsafe {
        let list = list_of(tp);
        (*list)[0] != list.cast()
    }
}

/// Show the block at `tp` to libc, for good: put it into the list of threads that
/// `first`, the first OS thread's, is in. dlopen(3) gives static thread-locals
/// their initial image there, before it runs constructors that use them. (Whatever
/// else libc does to its threads, setuid(2)'s signal, does nothing here: no thread
/// has this block's id.)
///
/// # Safety
/// `tp` must be a block of ours, `first` the block of a thread that libc has made
/// with nobody's stack or a given one (the list that others are prepended to).
pub unsafe fn show_to_libc(tp: *mut u8, first: *mut u8) {
    let mut shown = SHOWN.lock();
    // SAFETY: by the caller's contract. libc adds at the list's other end, and
    // never takes away the first OS thread, so that its lock is not needed.
    unsafe {
        if is_shown(tp) {
            return;
        }
        *shown = true;
        let (list, before) = (list_of(tp), list_of(first));
        let after = (*before)[0];
        *list = [after, before.cast()];
        (*after.cast::<[*mut u8; 2]>())[1] = list.cast();
        (*before)[0] = list.cast();
    }
}

/// In the child of a fork: libc's lists are new. `me` is the caller's block, which is
/// in them.
pub fn after_fork(me: *mut u8, all: impl FnOnce(&dyn Fn(*mut u8))) {
    SHOWN.reset();
    let mut shown = SHOWN.lock();
    if core::mem::take(&mut *shown) {
        all(&|tp| {
            // SAFETY: our own blocks, and no other OS thread.
            unsafe {
                if tp != me && is_shown(tp) {
                    *list_of(tp) = [list_of(tp).cast(); 2];
                }
            }
        });
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
        if is_libc {
            continue;
        }
        let image = Image {
            map: map as usize,
            offset: if arch::TLS_BELOW_TP { -offset } else { offset },
            data: segments.image,
            memory_size: segments.memory_size,
        };
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
