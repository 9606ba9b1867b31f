//! The resolver's per-thread state: `_res`.
//!
//! libc keeps one `struct __res_state` a thread: the servers, the options, open
//! sockets and the queries under way. `start_thread` points the thread-local
//! `__resp` at the one inside the thread's control block; in a TLS block that
//! ld.so has just made it points at the first thread's. Left like that all
//! greenlets would share one state, and two look-ups at once would read each
//! other's answers. So a greenlet gets a state of its own when it first enters
//! a function of the resolver; most never do.

use crate::doorway::Shim;
use crate::table::Real;
use core::ffi::{c_int, c_ulong};
use core::ptr;
use core::sync::atomic::{AtomicIsize, Ordering};
use hub::greenlet::Greenlet;
use hub::hub as scheduler;

/// The extension word of a greenlet that holds its [`Own`], or 0.
const WORD: usize = 10;

/// `struct __res_state`: its first fields, and its size, which resolv.h makes
/// part of the ABI.
#[repr(C)]
struct State {
    retransmit: c_int,
    retry: c_int,
    options: c_ulong,
    servers: c_int,
    rest: [u32; 137],
}

/// A greenlet's state, and what `__resp` was before.
struct Own {
    state: State,
    before: *mut State,
}

const _: () = assert!(size_of::<State>() == 568);

/// Where `__resp` lies, from the thread pointer: it is in libc's static TLS. 0:
/// this libc has no such variable.
static OFFSET: AtomicIsize = AtomicIsize::new(0);

/// Find [`OFFSET`]; from the library's constructor. (Later a look-up might have
/// to wait for the loader's lock.)
pub fn init() {
    // SAFETY: a look-up by name; of a thread-local variable it gives the address
    // in the calling thread's block.
    unsafe {
        let here =
            libc::dlvsym(libc::RTLD_NEXT, c"__resp".as_ptr(), c"GLIBC_PRIVATE".as_ptr()) as isize;
        if here != 0 {
            OFFSET.store(here - hub::arch::thread_pointer() as isize, Ordering::Relaxed);
        }
    }
}

/// The calling greenlet's `__resp`.
fn slot(g: &Greenlet) -> Option<*mut *mut State> {
    let offset = OFFSET.load(Ordering::Relaxed);
    (offset != 0).then(|| g.tp().wrapping_offset(offset).cast())
}

/// See to it that the resolver's state is the greenlet's own. The first thread
/// has libc's.
pub fn own(shim: &Shim) {
    let g = shim.greenlet;
    if g.extension[WORD].get() != 0 || scheduler::first().is_some_and(|f| ptr::eq(f, g)) {
        return;
    }
    let Some(slot) = slot(g) else { return };
    // SAFETY: zeroes are what a new thread's state is: not initialised. The
    // slot is the running block's.
    unsafe {
        let mut own = Box::new(Own { state: core::mem::zeroed(), before: *slot });
        *slot = &raw mut own.state;
        g.extension[WORD].set(Box::into_raw(own) as usize);
    }
}

/// The thread `g` ends, on its own TLS block: what libc does for its threads.
pub fn ended(g: &Greenlet) {
    static CLOSE: Real = Real::new("__res_nclose\0", "");
    let own = g.extension[WORD].replace(0) as *mut Own;
    if own.is_null() {
        return;
    }
    // SAFETY: the word held what `own` has made, and nobody else has it. A state
    // that was never initialised has no servers, and nothing to close.
    // Afterwards the block is as ld.so had made it, for whoever gets it next.
    unsafe {
        let mut own = Box::from_raw(own);
        if own.state.servers != 0 {
            let close: unsafe extern "C" fn(*mut State) = core::mem::transmute(CLOSE.get());
            close(&raw mut own.state);
        }
        if let Some(slot) = slot(g) {
            *slot = own.before;
        }
    }
}
