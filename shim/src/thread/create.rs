//! pthread_create(3), thrd_create(3), and the scheduling points
//! sched_yield(2), thrd_yield(3).
//!
//! Threads are greenlets when a greenlet (or the program's first thread) makes
//! them. An OS thread that is no greenlet makes OS threads: nobody would drive
//! the hub for it while the first thread blocks in a real call.

use super::patched;
use super::wanted::{Defaults, Wanted};
use crate::doorway::{self, Shim};
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering};
use hub::greenlet::{Entry, Greenlet};
use hub::hub::{self as scheduler, Spawn, SpawnError, StackSource};
use hub::tls;
use libc::{pthread_attr_t, pthread_t};

/// C11's start routine; its `int` comes back in the same register as a
/// pointer, of which `thrd_join` takes the lower half.
type C11Start = unsafe extern "C-unwind" fn(*mut c_void) -> c_int;

crate::hooks! {
    Thread "never" fn pthread_create(thread: *mut pthread_t, attr: *const pthread_attr_t, start: Entry, arg: *mut c_void) -> c_int = create, version "GLIBC_2.34";
    Thread "never" fn thrd_create(thread: *mut pthread_t, start: C11Start, arg: *mut c_void) -> c_int = c11_create;
    Thread "run queue" fn sched_yield() -> c_int = yield_, also [__sched_yield, pthread_yield];
    Thread "run queue" fn thrd_yield() = c11_yield;
}

extern "C" {
    fn pthread_attr_getdetachstate(attr: *const pthread_attr_t, state: *mut c_int) -> c_int;
}

/// Stack size of threads made without attributes; 0: not asked yet.
static DEFAULT_STACK: AtomicUsize = AtomicUsize::new(0);

fn default_stack() -> usize {
    let known = DEFAULT_STACK.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    let mut attr = MaybeUninit::<pthread_attr_t>::uninit();
    let mut size = 0;
    // SAFETY: a fresh attribute object answers with the process's default.
    unsafe {
        libc::pthread_attr_init(attr.as_mut_ptr());
        libc::pthread_attr_getstacksize(attr.as_ptr(), &mut size);
        libc::pthread_attr_destroy(attr.as_mut_ptr());
    }
    DEFAULT_STACK.store(size, Ordering::Relaxed);
    size
}

/// pthread_setattr_default_np(3) was called.
pub fn default_changed() {
    DEFAULT_STACK.store(0, Ordering::Relaxed);
}

/// Callback of the hub: a greenlet is made, which has some of what its creator has.
pub fn made(creator: &'static Greenlet, new: &'static Greenlet) {
    crate::signal::thread_made(creator, new);
    crate::thread::scheduling::thread_made(creator, new);
    crate::standing::record::thread_made(creator, new);
}

/// What the attributes say about the new thread.
unsafe fn describe(
    attr: *const pthread_attr_t,
    start: Entry,
    arg: *mut c_void,
    made_at: usize,
) -> Spawn {
    let mut spawn = Spawn {
        entry: start,
        arg,
        stack: StackSource::Size(0),
        guard: 4096,
        detached: false,
        name: [0; 16],
        made_at,
    };
    if attr.is_null() {
        spawn.stack = StackSource::Size(default_stack());
        return spawn;
    }
    let (mut address, mut size, mut detach) = (core::ptr::null_mut(), 0, 0);
    // SAFETY: an initialised attribute object by pthread_create's contract.
    unsafe {
        libc::pthread_attr_getstack(attr, &mut address, &mut size);
        pthread_attr_getdetachstate(attr, &mut detach);
        libc::pthread_attr_getguardsize(attr, &mut spawn.guard);
        // The address is "end minus size"; an end of 0 means "not set".
        spawn.stack = if (address as usize).wrapping_add(size) != 0 {
            StackSource::Given { base: address as usize, size }
        } else {
            let mut size = 0;
            libc::pthread_attr_getstacksize(attr, &mut size);
            StackSource::Size(size)
        };
    }
    spawn.detached = detach == libc::PTHREAD_CREATE_DETACHED;
    spawn
}

/// What libc would refuse before it makes a thread: a guard that no size can
/// hold, and a stack that the kernel's overcommit heuristic never grants (our
/// stacks are reserved without asking it).
unsafe fn refuse(attr: *const pthread_attr_t) -> c_int {
    if attr.is_null() {
        return 0;
    }
    let (mut size, mut guard) = (0usize, 0usize);
    // SAFETY: an initialised attribute object.
    unsafe {
        libc::pthread_attr_getstacksize(attr, &mut size);
        libc::pthread_attr_getguardsize(attr, &mut guard);
    }
    if guard.checked_add(size).and_then(|n| n.checked_add(8192)).is_none() {
        return libc::EINVAL;
    }
    const SURELY_SMALL: usize = 256 << 20;
    if size > SURELY_SMALL {
        let mut info = MaybeUninit::<libc::sysinfo>::zeroed();
        // SAFETY: `info` is writable; zeroes are valid.
        let info = unsafe {
            libc::sysinfo(info.as_mut_ptr());
            info.assume_init()
        };
        let all = (info.totalram + info.totalswap).saturating_mul(info.mem_unit as u64);
        if size as u64 > all {
            return libc::EAGAIN;
        }
    }
    0
}

/// Step into our code where threads are made: the first thread steps in even
/// before it is a greenlet.
fn enter() -> Option<Option<Shim>> {
    if let Some(shim) = doorway::enter_any() {
        return Some(Some(shim));
    }
    let first = Greenlet::current().is_none()
        && scheduler::live() == 0
        // SAFETY: both calls only read.
        && unsafe { hub::syscall!(libc::SYS_gettid) == hub::syscall!(libc::SYS_getpid) };
    first.then_some(None)
}

unsafe fn create(
    thread: *mut pthread_t,
    attr: *const pthread_attr_t,
    start: Entry,
    arg: *mut c_void,
    site: usize,
) -> c_int {
    // (A pool of OS threads wants those.)
    let native = hub::monkey::wants_native() || hub::libpthread::is_helper_code(start as usize);
    let entered = if patched() && !native { enter() } else { None };
    let Some(shim) = entered else {
        // SAFETY: the program's own call.
        return unsafe { real::pthread_create(thread, attr, start, arg) };
    };
    // The first of all has much to prepare.
    let errno = doorway::errno();
    // SAFETY: the program's own arguments.
    let result = unsafe { create_greenlet(shim, thread, attr, start, arg, site) };
    doorway::set_errno(errno);
    result
}

unsafe fn create_greenlet(
    shim: Option<Shim>,
    thread: *mut pthread_t,
    attr: *const pthread_attr_t,
    start: Entry,
    arg: *mut c_void,
    site: usize,
) -> c_int {
    let defaults = Defaults::instead_of(attr);
    let attr = defaults.as_ref().map_or(attr, Defaults::as_ptr);
    // SAFETY: the program's attributes.
    let refused = unsafe { refuse(attr) };
    if refused != 0 {
        return refused;
    }
    // SAFETY: as above.
    let wanted = match unsafe { Wanted::of(attr) } {
        Ok(wanted) => wanted,
        Err(refused) => return refused,
    };
    if shim.is_none() {
        crate::table::look_up_all();
    }
    // SAFETY: the program's start routine runs as it would on a thread.
    let make = || unsafe { scheduler::spawn(&describe(attr, start, arg, site)) };
    let mut made = make();
    // The first thread has become a greenlet by this call.
    let shim = shim.or_else(|| Greenlet::current().map(|greenlet| Shim { greenlet }));
    if let (Err(SpawnError::Resources), Some(shim)) = (&made, &shim) {
        // Kernel threads would end meanwhile and give back what they have; programs ask again
        // until some do.
        scheduler::yield_now(shim.greenlet);
        made = make();
    }
    match made {
        Ok(g) => {
            wanted.give_to(g);
            // SAFETY: the program's object.
            unsafe { *thread = tls::pthread_of(g.tp()) as pthread_t };
            0
        }
        Err(SpawnError::Resources) => libc::EAGAIN,
        Err(SpawnError::Foreign) => {
            // SAFETY: the program's own call.
            unsafe { real::pthread_create(thread, attr, start, arg) }
        }
        Err(SpawnError::Unsupported(why)) => {
            hub::sys::write_stderr(b"geventrs: threads stay kernel threads: ");
            hub::sys::write_stderr(why.as_bytes());
            hub::sys::write_stderr(b"\n");
            crate::settings::disable();
            // SAFETY: the program's own call.
            unsafe { real::pthread_create(thread, attr, start, arg) }
        }
    }
}

unsafe fn c11_create(
    thread: *mut pthread_t,
    start: C11Start,
    arg: *mut c_void,
    site: usize,
) -> c_int {
    const THRD_ERROR: c_int = 2;
    const THRD_NOMEM: c_int = 3;
    // SAFETY: see `C11Start`.
    match unsafe {
        create(thread, core::ptr::null(), core::mem::transmute::<C11Start, Entry>(start), arg, site)
    } {
        0 => 0,
        libc::ENOMEM | libc::EAGAIN => THRD_NOMEM,
        _ => THRD_ERROR,
    }
}

unsafe fn yield_() -> c_int {
    match doorway::enter(crate::table::Group::Thread) {
        Some(shim) => {
            scheduler::yield_now(shim.greenlet);
            0
        }
        // SAFETY: no arguments.
        None => unsafe { real::sched_yield() },
    }
}

unsafe fn c11_yield() {
    // SAFETY: no arguments.
    unsafe { yield_() };
}
