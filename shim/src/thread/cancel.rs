//! Cancellation of greenlets, deferred: pthread_cancel(3) and its family.
//!
//! A request is a flag; the target acts on it at its next cancellation point
//! (a hook that [`point`] guards, `pthread_testcancel`). A target that waits
//! in one is woken. Asynchronous cancellation acts at the next hook as well.

use super::find;
use crate::doorway::Shim;
use crate::locks::condition;
use core::ffi::{c_int, c_void};
use hub::arch;
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::time::MILLISECOND;
use hub::wait::Reason;
use libc::pthread_t;

crate::hooks! {
    Thread "never" fn pthread_cancel(thread: pthread_t) -> c_int = cancel, version "GLIBC_2.34";
    Thread "never" fn pthread_testcancel() = test, version "GLIBC_2.34";
    Thread "never" fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int = set_state;
    Thread "never" fn pthread_setcanceltype(kind: c_int, old: *mut c_int) -> c_int = set_type;
}

/// The extension word of a greenlet that holds the flags below.
const WORD: usize = 0;
const REQUESTED: usize = 1;
const DISABLED: usize = 2;
const ENDING: usize = 4;
/// It is in a call that is no cancellation point, although parts of it are.
const UNCANCELLABLE: usize = 8;

const PTHREAD_CANCEL_DISABLE: c_int = 1;
const PTHREAD_CANCEL_ASYNCHRONOUS: c_int = 1;
const PTHREAD_CANCELED: *mut c_void = usize::MAX as *mut c_void;

fn change(g: &Greenlet, set: usize, clear: usize) {
    let word = &g.extension[WORD];
    word.set(word.get() & !clear | set);
}

/// A cancellation point: does not return if a request is to be acted on.
#[inline(always)]
pub fn point(shim: &Shim) {
    if shim.greenlet.extension[WORD].get() == REQUESTED {
        act(shim.greenlet);
    }
}

/// Whether [`point`] would act.
pub fn is_due(g: &Greenlet) -> bool {
    g.extension[WORD].get() == REQUESTED
}

/// Whether [`point`] would act on the caller.
pub fn is_due_here() -> bool {
    Greenlet::current().is_some_and(is_due)
}

/// Nothing that the caller calls is a cancellation point until this is dropped.
pub struct NoPoint(&'static Greenlet);

impl NoPoint {
    /// Begin; `None` if the caller is no greenlet, or this is on already.
    pub fn begin() -> Option<Self> {
        let g = Greenlet::current().filter(|g| g.extension[WORD].get() & UNCANCELLABLE == 0)?;
        change(g, UNCANCELLABLE, 0);
        Some(NoPoint(g))
    }
}

impl Drop for NoPoint {
    fn drop(&mut self) {
        change(self.0, 0, UNCANCELLABLE);
    }
}

/// A handler begins on `g`. It may have interrupted a call that is no
/// cancellation point, which its own calls are all the same. Returns what
/// [`handler_ended`] wants; a handler that jumps needs no such end.
pub fn handler_begins(g: &Greenlet) -> usize {
    let interrupted = g.extension[WORD].get() & UNCANCELLABLE;
    change(g, 0, UNCANCELLABLE);
    interrupted
}

/// The handler has returned.
pub fn handler_ended(g: &Greenlet, interrupted: usize) {
    change(g, interrupted, 0);
}

#[cold]
fn act(g: &'static Greenlet) -> ! {
    change(g, ENDING, REQUESTED);
    g.set_value(PTHREAD_CANCELED);
    g.leave_shim();
    // SAFETY: the thread was asked to end, and allows it.
    unsafe { super::end::forced_unwind() }
}

/// From here on the thread runs its destructors, which nothing cancels.
pub fn ended(g: &Greenlet) {
    change(g, ENDING, REQUESTED);
}

unsafe fn cancel(thread: pthread_t) -> c_int {
    // SAFETY: the program's `pthread_t`, here and below.
    unsafe {
        let Some(target) = find(thread) else {
            return real::pthread_cancel(thread);
        };
        let shim = crate::doorway::enter_any();
        if target.phase() != hub::greenlet::Phase::Alive {
            return 0;
        }
        let flags = target.extension[WORD].get();
        change(target, REQUESTED, 0);
        if let (0, Some(shim)) = (flags & (DISABLED | ENDING | UNCANCELLABLE), shim) {
            if !core::ptr::eq(shim.greenlet, target) {
                interrupt(&shim, target);
                condition::wake_cancelled(target);
            }
        }
    }
    0
}

/// The API's kills are cancellations.
pub static CANCELLATION: hub::Ending = hub::Ending {
    ask,
    is_due: |g| is_due(g),
    point: point_of_program,
    catch,
    ended: PTHREAD_CANCELED,
};

/// As [`cancel`], of a greenlet that is alive, by a caller in our code; does not
/// wait. A call that is about to block in the kernel just now may be missed.
fn ask(target: &'static Greenlet) {
    let flags = target.extension[WORD].get();
    change(target, REQUESTED, 0);
    let itself = Greenlet::current().is_some_and(|me| core::ptr::eq(me, target));
    if flags & (DISABLED | ENDING) == 0 && !itself {
        let _ = scheduler::interrupt(target) || scheduler::interrupt_call(target);
        condition::wake_cancelled(target);
    }
}

/// A cancellation point in program code.
#[inline(always)]
fn point_of_program() {
    if Greenlet::current().is_some_and(is_due) {
        // SAFETY: no arguments.
        unsafe { test() };
    }
}

/// Run `f` in a first frame of its own, in which a forced unwind ends.
fn catch(mut f: &mut dyn FnMut()) -> Result<(), *mut c_void> {
    unsafe extern "C-unwind" fn call(f: *mut c_void) -> *mut c_void {
        // SAFETY: `catch` passes its own argument.
        unsafe { (*f.cast::<&mut dyn FnMut()>())() };
        core::ptr::null_mut()
    }
    static UNWOUND: u8 = 0;
    let unwound = (&raw const UNWOUND).cast_mut().cast::<c_void>();
    let mut buffer = [0usize; arch::UNWIND_BUF_WORDS];
    // SAFETY: the buffer and `f` outlive the call.
    let left = unsafe {
        arch::thread_base(call, (&raw mut f).cast(), buffer.as_mut_ptr().cast(), unwound)
    };
    if left != unwound {
        return Ok(());
    }
    Err(Greenlet::current().map_or(PTHREAD_CANCELED, Greenlet::value))
}

/// End the target's wait, in the hub or in the kernel.
fn interrupt(shim: &Shim, target: &'static Greenlet) {
    if scheduler::interrupt(target) {
        return;
    }
    // Its call may be about to begin just now: a few tries.
    for pause in 0..6 {
        if !scheduler::interrupt_call(target) {
            return;
        }
        let until = hub::time::after(MILLISECOND << pause);
        scheduler::pause_until(shim.greenlet, Reason::Retry("pthread_cancel"), until);
    }
}

unsafe fn test() {
    match crate::doorway::enter_any() {
        Some(shim) => point(&shim),
        // SAFETY: no arguments.
        None => unsafe { real::pthread_testcancel() },
    }
}

unsafe fn set_state(state: c_int, old: *mut c_int) -> c_int {
    // The real state is kept as well: libc looks at it in calls of its own.
    // SAFETY: the program's own call.
    let result = unsafe { real::pthread_setcancelstate(state, old) };
    if let (0, Some(g)) = (result, Greenlet::current()) {
        if state == PTHREAD_CANCEL_DISABLE {
            change(g, DISABLED, 0);
        } else {
            change(g, 0, DISABLED);
        }
    }
    result
}

unsafe fn set_type(kind: c_int, old: *mut c_int) -> c_int {
    // SAFETY: the program's own call.
    let result = unsafe { real::pthread_setcanceltype(kind, old) };
    if result == 0 && kind == PTHREAD_CANCEL_ASYNCHRONOUS {
        // SAFETY: no arguments. A request that is pending acts at once.
        unsafe { test() };
    }
    result
}
