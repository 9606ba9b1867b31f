//! The makers: make carriers for the monitor.
//!
//! `pthread_create` allocates, and malloc's locks may be held by a greenlet that
//! waits for its turn. If the monitor waited for such a lock, nobody would get
//! his turn any more. So it asks an OS thread of ours, takes what it finds at
//! one of its next looks, and goes on with turns if nothing comes.
//!
//! There is one for each standing ([`standing`](super::standing)) that several greenlets
//! have: an OS thread is like the one that has made it. That of the first standing is
//! there with the monitor; the others come with the second greenlet of theirs, which makes
//! them, and end with the last.

use super::standing::BASE;
use super::{carrier, os_thread};
use crate::time::{self, NEVER};
use crate::unit::Stack;
use crate::{sys, unit};
use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// `wanted`: no carrier is.
const NOTHING: u32 = 0;
/// `wanted`: the end of its OS thread.
const END: u32 = 1;

const STACK: usize = 64 * 1024;

/// Who makes carriers of one standing. Never freed.
pub(super) struct Maker {
    /// How many carriers there may be with the one that is wanted; or [`NOTHING`], or [`END`].
    wanted: AtomicU32,
    /// Since when.
    since: AtomicU64,
    standing: Cell<u32>,
    stack: Cell<Stack>,
    thread: Cell<libc::pthread_t>,
    next: Cell<*const Maker>,
}

// SAFETY: cells are touched by the hub's holder only, and read by the maker's OS thread,
// which is made after they are written.
unsafe impl Sync for Maker {}

static FIRST: Maker = Maker::new();

/// Those whose OS thread ends or has ended. The holder's.
static ENDED: AtomicPtr<Maker> = AtomicPtr::new(ptr::null_mut());

/// That of the first standing.
pub(super) fn base() -> &'static Maker {
    &FIRST
}

/// Make the OS thread of the first one; with the monitor.
pub(super) fn start() {
    FIRST.standing.set(BASE);
    if let Ok(stack) = unit::map_stack(STACK + crate::tls::block_size()) {
        FIRST.stack.set(stack);
        FIRST.start();
    }
}

/// One for the standing of the caller, which is in our code, and whose hub may have moved
/// meanwhile, and come back.
pub(super) fn start_for(standing: u32) -> Option<&'static Maker> {
    let last = ENDED.load(Ordering::Relaxed);
    // SAFETY: null or a maker; they live for ever.
    let m: &'static Maker = match unsafe { last.as_ref() } {
        Some(m) => {
            ENDED.store(m.next.get().cast_mut(), Ordering::Relaxed);
            m.join();
            m
        }
        None => {
            let m = Box::leak(Box::new(Maker::new()));
            m.stack.set(unit::map_stack(STACK + crate::tls::block_size()).ok()?);
            m
        }
    };
    m.wanted.store(NOTHING, Ordering::Relaxed);
    m.standing.set(standing);
    // (If it cannot be made, its stack is lost.)
    m.start().then_some(m)
}

/// Wait until the OS threads of those that were ended are gone. With the hub, which may move
/// meanwhile, and comes back.
pub(super) fn join_ended() {
    // SAFETY: null or makers, which live for ever, here and below.
    let mut left = unsafe { ENDED.swap(ptr::null_mut(), Ordering::Relaxed).as_ref() };
    while let Some(m) = left {
        // SAFETY: as above.
        left = unsafe { m.next.get().as_ref() };
        m.join();
        m.next.set(ENDED.load(Ordering::Relaxed));
        ENDED.store(ptr::from_ref(m).cast_mut(), Ordering::Relaxed);
    }
}

impl Maker {
    const fn new() -> Self {
        Maker {
            wanted: AtomicU32::new(NOTHING),
            since: AtomicU64::new(0),
            standing: Cell::new(BASE),
            stack: Cell::new(Stack::NONE),
            thread: Cell::new(0),
            next: Cell::new(ptr::null()),
        }
    }

    fn start(&'static self) -> bool {
        let this = ptr::from_ref(self).cast_mut().cast();
        let made = os_thread::create(self.stack.get(), main, this);
        self.thread.set(made.unwrap_or(0));
        if made.is_some() {
            carrier::count_thread();
        }
        made.is_some()
    }

    /// One more idle carrier is wanted, unless there are `most`. The monitor, or the
    /// hub's holder.
    pub(super) fn ask(&self, most: u32) {
        if self.wanted.load(Ordering::Acquire) == NOTHING {
            self.since.store(time::now(), Ordering::Relaxed);
            let none =
                self.wanted.compare_exchange(NOTHING, most, Ordering::Release, Ordering::Relaxed);
            if none.is_ok() {
                sys::futex_wake(self.wanted.as_ptr(), 1);
            }
        }
    }

    /// Whether what was asked for has not come for `span`.
    pub(super) fn is_late(&self, span: u64) -> bool {
        self.wanted.load(Ordering::Acquire) != NOTHING
            && time::now() - self.since.load(Ordering::Relaxed) > span
    }

    /// It is wanted no more. With the hub.
    pub(super) fn end(&'static self) {
        self.wanted.store(END, Ordering::Release);
        sys::futex_wake(self.wanted.as_ptr(), 1);
        self.next.set(ENDED.load(Ordering::Relaxed));
        ENDED.store(ptr::from_ref(self).cast_mut(), Ordering::Relaxed);
    }

    /// Wait until its OS thread is gone, if nobody has. It is at its end. The hub may move
    /// meanwhile, and comes back.
    fn join(&self) {
        let thread = self.thread.replace(0);
        if thread != 0 {
            // SAFETY: it is joined here only.
            super::as_program(|| unsafe { libc::pthread_join(thread, ptr::null_mut()) });
        }
    }

    fn make(&self) {
        loop {
            match self.wanted.load(Ordering::Acquire) {
                NOTHING => {
                    let _ = sys::futex_wait(&self.wanted, NOTHING, NEVER);
                }
                END => return,
                most => {
                    if let Some(c) = carrier::make_one(self.standing.get(), most) {
                        carrier::rest(c);
                    }
                    // (It may have been told to end.)
                    let _ = self.wanted.compare_exchange(
                        most,
                        NOTHING,
                        Ordering::Release,
                        Ordering::Relaxed,
                    );
                }
            }
        }
    }
}

/// In the child of a fork there is none.
pub(super) fn after_fork() {
    FIRST.wanted.store(NOTHING, Ordering::Relaxed);
    ENDED.store(ptr::null_mut(), Ordering::Relaxed);
}

unsafe extern "C-unwind" fn main(this: *mut c_void) -> *mut c_void {
    // SAFETY: the name is a string.
    unsafe {
        let _ = crate::syscall!(libc::SYS_prctl, libc::PR_SET_NAME, c"geventrs-make".as_ptr());
    }
    // SAFETY: `start` passes a maker.
    unsafe { &*this.cast::<Maker>() }.make();
    carrier::uncount_thread();
    ptr::null_mut()
}
