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
//! A block is used again and again, never freed: see `images.rs`, which has what is in it.
//! What its thread is called is in `id.rs`; which blocks libc knows of, in `shown.rs`.

use crate::arch;
use crate::debugger_tables;
use crate::modules::Loaded;
use crate::sys::Errno;
use core::ffi::{c_void, CStr};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

pub use id::{known_tid, learn_tid, pthread_of, set_tid, tid, tid_of, tp_of};
pub use images::{modules_moved, recycle, refresh_modules};
pub use shown::{after_fork, show_to_libc};

use id::find_tid;

mod id;
mod images;
mod shown;

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
    /// Where `struct pthread` starts, and its size.
    control_block: (isize, usize),
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

static LAYOUT: AtomicPtr<Layout> = AtomicPtr::new(ptr::null_mut());

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
        control_block: (base, pthread_size),
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

/// The head of libc's robust list in the block at `tp` (set_robust_list(2)).
pub fn robust_head(tp: *mut u8) -> Option<*mut u8> {
    layout().robust.map(|r| tp.wrapping_offset(r.head))
}

/// Nothing is in libc's robust list of the block at `tp`.
///
/// # Safety
/// `tp` must be a block whose thread does not run, or the caller's.
pub unsafe fn empty_robust_list(tp: *mut u8) {
    let Some(r) = layout().robust else { return };
    // SAFETY: the fields lie in the block's `struct pthread`.
    unsafe {
        let head = tp.offset(r.head);
        *tp.offset(r.prev).cast::<*mut u8>() = head;
        *head.cast::<*mut u8>() = head;
        *head.cast::<usize>().add(1) = r.futex_offset;
    }
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
/// The memory must be ours for good (see `images.rs`) and `tp` aligned.
pub unsafe fn create(tp: *mut u8, tid: u32) -> Result<(), Errno> {
    let l = layout();
    // SAFETY: the memory around `tp` is ours, zeroed and large enough; offsets
    // come from this glibc's own tables.
    unsafe {
        // It allocates from the program's malloc.
        if crate::hub::as_program(|| (l.allocate)(tp.cast())).is_null() {
            return Err(libc::ENOMEM);
        }
        begin_control_block(tp, tid);
    }
    Ok(())
}

/// Make a used block as new, whatever state its thread has left it in: in the child of a
/// fork, for one that is no more. What hangs on it (malloc's cache, thread-specific data) is
/// lost, as with kernel threads. Allocates nothing.
///
/// # Safety
/// It is one of our blocks, not the loaded one, and nobody runs on it.
pub unsafe fn renew(tp: *mut u8, tid: u32) {
    let l = layout();
    // SAFETY: by the caller's contract; `struct pthread` is where `init` has found it.
    unsafe {
        let dtv = *tp.add(arch::TCB_DTV).cast::<*mut c_void>();
        ptr::write_bytes(tp.offset(l.control_block.0), 0, l.control_block.1);
        *tp.add(arch::TCB_DTV).cast::<*mut c_void>() = dtv;
        images::renew(tp);
        begin_control_block(tp, tid);
    }
}

/// Fill in the zeroed control block at `tp`, which has its DTV.
unsafe fn begin_control_block(tp: *mut u8, tid: u32) {
    let l = layout();
    // SAFETY: by the callers' contracts.
    unsafe {
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
        empty_robust_list(tp);
        if let Some(offset) = l.rseq_cpu_id {
            // RSEQ_CPU_ID_REGISTRATION_FAILED: sched_getcpu asks the kernel.
            *tp.offset(offset).cast::<i32>() = -2;
        }
        set_tid(tp, tid);
    }
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

/// Start-of-thread work on the new block itself, loaded, in our code: the rest of
/// [`recycle`], which takes malloc's locks, and the ctype tables.
pub fn enter() {
    images::free_leftovers();
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
