//! Cancellation of greenlets: pthread_cancel(3) and its family.
//!
//! A request is a flag; the target acts on it at its next cancellation point
//! (a hook that [`point`] guards, `pthread_testcancel`). A target that waits
//! in one is woken.
//!
//! A target under PTHREAD_CANCEL_ASYNCHRONOUS acts wherever it is: one that waits
//! is woken, in whatever call; one that computes or blocks off the hub is called in
//! by the signal that makes greenlets take turns, and acts in its handler; one that
//! is about to run acts when it leaves our code (signals that wait are found there
//! in the same way, so the request counts as one of them).

use super::find;
use crate::doorway::Shim;
use crate::locks::condition;
use crate::signal::pending;
use core::ffi::{c_int, c_void};
use hub::arch;
use hub::greenlet::{Greenlet, Phase};
use hub::hub as scheduler;
use hub::time::MILLISECOND;
use hub::wait::{Reason, Section};
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
/// PTHREAD_CANCEL_ASYNCHRONOUS.
const ASYNC: usize = 16;
/// Its asynchronous request counts among the signals that wait.
const COUNTED: usize = 32;
/// libc has been told of the request as well: see [`cancel`].
const LIBC_TOLD: usize = 64;
/// It is in a look-up of libc's, of which a request may unwind it: see [`Inside`].
const INSIDE: usize = 128;
/// With [`INSIDE`]: it waits for a child, which it starts first.
const STARTS: usize = 256;

/// Whether a greenlet with this word acts at a cancellation point.
const fn acts(word: usize) -> bool {
    word & (REQUESTED | DISABLED | ENDING | UNCANCELLABLE) == REQUESTED || acts_anywhere(word)
}

/// Whether it acts wherever it is.
const fn acts_anywhere(word: usize) -> bool {
    word & (REQUESTED | DISABLED | ENDING | ASYNC) == REQUESTED | ASYNC
}

const PTHREAD_CANCEL_ENABLE: c_int = 0;
const PTHREAD_CANCEL_DISABLE: c_int = 1;
const PTHREAD_CANCEL_DEFERRED: c_int = 0;
const PTHREAD_CANCEL_ASYNCHRONOUS: c_int = 1;
const PTHREAD_CANCELED: *mut c_void = usize::MAX as *mut c_void;

fn change(g: &Greenlet, set: usize, clear: usize) {
    let word = &g.extension[WORD];
    word.set(word.get() & !clear | set);
}

/// A cancellation point: does not return if a request is to be acted on.
#[inline(always)]
pub fn point(shim: &Shim) {
    let word = shim.greenlet.extension[WORD].get();
    if word & REQUESTED != 0 && acts(word) {
        act(shim.greenlet);
    }
}

/// Whether `g` has an asynchronous request to act on.
pub fn is_due_anywhere(g: &Greenlet) -> bool {
    acts_anywhere(g.extension[WORD].get())
}

/// Act on an asynchronous request, if there is one: does not return then. `g` is
/// the caller, anywhere in program code or at the end of a wait.
pub fn act_anywhere(g: &'static Greenlet) {
    if is_due_anywhere(g) {
        act(g);
    }
}

/// Whether somebody has asked `g` to end, and it may yet act on it; or it does.
pub fn is_requested(g: &Greenlet) -> bool {
    g.extension[WORD].get() & (REQUESTED | ENDING) != 0
}

/// Whether [`point`] would act.
pub fn is_due(g: &Greenlet) -> bool {
    acts(g.extension[WORD].get())
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

/// Until this is dropped the caller is in a section of the kind [`Section::Unwinds`] or
/// [`Section::UnwindsReading`], in which libc's own cancellation points count: where it waits
/// for a peer or a child a request unwinds it, as it does natively.
pub struct Inside(&'static Greenlet);

impl Inside {
    /// Begin a section of this kind, by a caller that has the hub; `None`: not of those.
    pub fn begin(shim: &Shim, section: Section) -> Option<Self> {
        let flags = match section {
            Section::Unwinds => INSIDE,
            Section::UnwindsReading => INSIDE | STARTS,
            Section::Ends | Section::Waits => return None,
        };
        change(shim.greenlet, flags, 0);
        Some(Inside(shim.greenlet))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        change(self.0, 0, INSIDE | STARTS);
    }
}

/// Callback of the hub: `g` is in a system call, which it was asked to end; in the
/// handler of the signal that asks. What it interrupted is a wait of libc's for a peer,
/// so libc holds no lock there that it would not release in unwinding.
pub fn call_stopped(g: &'static Greenlet) {
    let inside = g.extension[WORD].get() & INSIDE != 0 || scheduler::standing::waits_by_itself(g);
    if !inside || !is_due(g) || g.in_programs_handler() {
        return;
    }
    g.reenter_shim();
    if is_due(g) {
        act(g);
    }
    g.leave_shim();
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
    if g.extension[WORD].get() & LIBC_TOLD != 0 {
        // Its own cancellation points must not act once more.
        // SAFETY: takes a number.
        unsafe { real::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, core::ptr::null_mut()) };
    }
    ended(g);
    g.forget_handlers();
    g.set_value(PTHREAD_CANCELED);
    g.leave_shim();
    // SAFETY: the thread was asked to end, and allows it.
    unsafe { super::end::forced_unwind() }
}

/// From here on nothing cancels the thread: it has been cancelled, has called
/// pthread_exit(3), or its destructors have run.
pub fn ended(g: &Greenlet) {
    if g.extension[WORD].get() & COUNTED != 0 {
        pending::count_waiting(false);
    }
    change(g, ENDING, REQUESTED | COUNTED);
}

/// The destructors have run. libc's own state and type are in the control block,
/// which the next thread will have.
pub fn forget() {
    // SAFETY: takes numbers.
    unsafe {
        real::pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, core::ptr::null_mut());
        real::pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, core::ptr::null_mut());
    }
}

/// In the child of a fork nothing waits that was counted.
pub fn after_fork(g: &Greenlet) {
    change(g, 0, COUNTED);
}

unsafe fn cancel(thread: pthread_t) -> c_int {
    // SAFETY: the program's `pthread_t`, here and below.
    unsafe {
        let Some(target) = find(thread) else {
            return real::pthread_cancel(thread);
        };
        let shim = crate::doorway::enter_any();
        if target.phase() != Phase::Alive {
            return 0;
        }
        let own = Greenlet::current().is_some_and(|g| core::ptr::eq(g, target));
        let word = target.extension[WORD].get();
        if own && !scheduler::active() && word & (ENDING | LIBC_TOLD) == 0 {
            // While there is one thread, calls go straight to libc, whose
            // cancellation points look at its own flag.
            change(target, REQUESTED | LIBC_TOLD, 0);
            drop(shim);
            return real::pthread_cancel(thread);
        }
        change(target, REQUESTED, 0);
        let Some(shim) = shim else { return 0 };
        if is_due_anywhere(target) {
            if own {
                act(target);
            }
            act_soon(&shim, target);
        } else if !own && is_due(target) {
            interrupt(&shim, target);
            condition::wake_cancelled(target);
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
    change(target, REQUESTED, 0);
    let itself = Greenlet::current().is_some_and(|me| core::ptr::eq(me, target));
    if is_due(target) && !itself {
        let _ = scheduler::interrupt(target) || scheduler::interrupt_call(target);
        condition::wake_cancelled(target);
    }
}

/// Let `target` act on its asynchronous request, wherever it is.
fn act_soon(shim: &Shim, target: &'static Greenlet) {
    if target.extension[WORD].get() & COUNTED == 0 {
        change(target, COUNTED, 0);
        pending::count_waiting(true);
    }
    if scheduler::off_hub(target).is_some() {
        scheduler::call_in(target);
    } else {
        interrupt(shim, target);
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

/// Run `f` in a first frame of its own, in which a forced unwind ends; the thread's
/// value then.
pub fn catch(mut f: &mut dyn FnMut()) -> Result<(), *mut c_void> {
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
    // Its call may be about to begin just now: a few tries. A look-up reads files first
    // (half a second). A program is started with all signals blocked, and where a machine is
    // busy that may last (a quarter of a minute).
    let tries = match target.extension[WORD].get() & (INSIDE | STARTS) {
        0 => 6,
        INSIDE => 10,
        _ => 128,
    };
    for pause in (0..tries).map(|n: u32| n.min(7)) {
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
            act_anywhere(g);
        }
    }
    result
}

unsafe fn set_type(kind: c_int, old: *mut c_int) -> c_int {
    // SAFETY: the program's own call.
    let result = unsafe { real::pthread_setcanceltype(kind, old) };
    if let (0, Some(g)) = (result, Greenlet::current()) {
        if kind == PTHREAD_CANCEL_ASYNCHRONOUS {
            change(g, ASYNC, 0);
            act_anywhere(g);
        } else {
            change(g, 0, ASYNC);
        }
    }
    result
}
