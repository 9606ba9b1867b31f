//! Taking turns: a signal makes a greenlet that computes give up its turn.
//!
//! While there are few of them, greenlets that compute get a carrier each and
//! compute in parallel. From [`most`] on they take turns: the monitor sends a
//! signal to the OS thread of the one whose time is up, and the signal's handler
//! yields to the hub. The greenlet stays suspended in the handler's frame and
//! goes on by returning from it, perhaps on another carrier.
//!
//! # What the frame must not bring along
//!
//! A return from a handler sets the OS thread's signal mask and alternate stack
//! to what they were. Both are the carrier's here, not the greenlet's: the mask
//! in the frame is replaced by the one in force, and the alternate stack by one
//! that the kernel refuses, which leaves the carrier's own.
//!
//! # Which signal
//!
//! Number 32: glibc keeps it for the cancellation of threads, offers it to no
//! program, and never sends it to a greenlet, whose cancellation is ours. (If a
//! foreign OS thread is cancelled, glibc installs its own handler, which ignores
//! a signal without a cancellation: then greenlets take no turns any more.)
//!
//! To the kernel it is a real-time signal: as many wait as were sent, and since it is
//! not blocked in its handler, all would be delivered at once, one frame upon the
//! other. An OS thread that gets no processor for a while would have its stack
//! overrun; so no second one is sent before the first has arrived
//! (`Carrier::asked`).
//!
//! Only greenlets that compute are sent it for this; one that is blocked in the
//! kernel gets a carrier however many there are, since a signal could end its
//! call. The same signal serves two more ends: to take the stack of what runs,
//! and to end the call of a greenlet that is cancelled.

mod calls;

use super::carrier::Carrier;
use super::drive::leave;
use super::park::{handler_ran, sleep_until};
use super::task::{self, is_blocked};
use super::{callbacks, carrier, section, HUB};
use crate::arch;
use crate::greenlet::Greenlet;
use crate::raw_lock::RawLock;
use crate::stack_trace::Trace;
use crate::sys;
use crate::syscall;
use crate::time::{self, MILLISECOND, SECOND};
use calls::{may_end, may_unwind, may_unwind_reading};
use core::ffi::{c_int, c_void};
use core::sync::atomic::{compiler_fence, AtomicU32, AtomicU64, Ordering};

/// The signal's number: see above.
pub const TURN_SIGNAL: c_int = 32;
const SIGNAL: usize = TURN_SIGNAL as usize;

/// Carriers at which greenlets that compute begin to take turns.
static MOST: AtomicU32 = AtomicU32::new(4);

/// Learn how many processors there are, and install the handler. With the
/// monitor.
pub(super) fn init() {
    let mut set = [0u64; 128];
    // SAFETY: the array is writable, of the size that is told.
    let bytes = unsafe { syscall!(libc::SYS_sched_getaffinity, 0, 1024, set.as_mut_ptr()) };
    let processors: u32 = set[..bytes.unwrap_or(8) / 8].iter().map(|word| word.count_ones()).sum();
    MOST.store(2 * processors.max(1) + 1, Ordering::Relaxed);
    carrier::turn::set_processors(processors);
    // The kernel's own layout: handler, flags, restorer, mask.
    let restorer = arch::signal_trampoline();
    const SA_RESTORER: usize = 0x0400_0000;
    // SIGNAL is not blocked while the handler runs: it goes on to other
    // greenlets from there.
    let flags = (libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_NODEFER) as usize;
    let flags = flags | if restorer != 0 { SA_RESTORER } else { 0 };
    let action = [handler as *const () as usize, flags, restorer, 0];
    // SAFETY: the kernel reads the action.
    unsafe {
        let _ = syscall!(libc::SYS_rt_sigaction, SIGNAL, action.as_ptr(), 0, 8);
    }
}

/// How many carriers there may be for the sake of greenlets that compute. Those that wait
/// for the hub do not count, since they compute nothing; within bounds.
pub(super) fn most() -> u32 {
    if is_off() {
        return u32::MAX;
    }
    let most = MOST.load(Ordering::Relaxed);
    (most + carrier::queueing().min(most)).min(section::ceiling())
}

/// Greenlets for whose sake nobody takes turns now.
static OFF: AtomicU32 = AtomicU32::new(0);

/// Whether nobody is to be asked for its turn.
pub(super) fn is_off() -> bool {
    OFF.load(Ordering::Relaxed) != 0
}

/// Let those who wait for their turn go on, each on a carrier of its own, until
/// none is left. They were interrupted anywhere, also where they hold a lock of
/// libc's; `g`, which has the hub, is about to wait for such locks with it (in
/// fork(2)).
pub fn settle(g: &'static Greenlet) {
    if !HUB.behind.has_hogs() {
        return;
    }
    OFF.fetch_add(1, Ordering::Relaxed);
    while HUB.behind.has_hogs() {
        let _ = sleep_until(g, time::after(MILLISECOND));
    }
    OFF.fetch_sub(1, Ordering::Relaxed);
}

/// In the child of a fork.
pub(super) fn after_fork() {
    HELD_UNTIL.store(0, Ordering::Relaxed);
    ASKING.store(0, Ordering::Relaxed);
    OFF.store(0, Ordering::Relaxed);
    TAKING.reset();
}

/// Nobody is asked before this time, and how many are asking now. (No lock: the
/// handler may interrupt whoever is about to execute another program.)
static HELD_UNTIL: AtomicU64 = AtomicU64::new(0);
static ASKING: AtomicU32 = AtomicU32::new(0);

/// The caller is about to execute another program, in which the signal would have
/// its default action. If that fails, [`exec_failed`] is to be called; without it
/// nobody is asked for a few seconds.
pub fn hold_for_exec() {
    HELD_UNTIL.store(time::after(5 * SECOND), Ordering::SeqCst);
    while ASKING.load(Ordering::SeqCst) != 0 {
        core::hint::spin_loop();
    }
    // What was sent to this OS thread before is delivered on the way back from
    // any system call.
    // SAFETY: takes nothing.
    unsafe {
        let _ = syscall!(libc::SYS_gettid);
    }
}

/// The caller goes on after all.
pub fn exec_failed() {
    HELD_UNTIL.store(0, Ordering::SeqCst);
}

/// Ask the greenlet that computes on the OS thread `tid` for its turn. In our
/// code, or on the monitor.
pub(super) fn ask(tid: u32) {
    ASKING.fetch_add(1, Ordering::SeqCst);
    let held_until = HELD_UNTIL.load(Ordering::SeqCst);
    if held_until == 0 || time::now() >= held_until {
        send(tid);
    }
    ASKING.fetch_sub(1, Ordering::SeqCst);
}

fn send(tid: u32) {
    // Whoever has asked before has set its reason before, too.
    if carrier::of_tid(tid).is_some_and(|c| c.asked.swap(true, Ordering::SeqCst)) {
        return;
    }
    // SAFETY: takes numbers only.
    unsafe {
        if let Ok(pid) = syscall!(libc::SYS_getpid) {
            let _ = syscall!(libc::SYS_tgkill, pid, tid, SIGNAL);
        }
    }
}

/// If `g` runs without the hub, let it queue for the hub now and not at its next
/// hook, which may never come: there is something for it to do. With the hub.
pub fn call_in(g: &Greenlet) {
    if let Some(tid) = super::off_hub(g) {
        ask(tid);
    }
}

/// [`call_in`], but only if `g` computes: nothing that it is blocked in is disturbed.
pub fn call_in_if_computing(g: &Greenlet) {
    if let Some(tid) = super::off_hub(g).filter(|tid| !is_blocked(*tid)) {
        ask(tid);
    }
}

/// Nobody wants a stack; somebody waits for one; it is taken.
const NOBODY: u32 = 0;
const WANTED: u32 = 1;
const TAKEN: u32 = 2;
static STACK_WANTED: AtomicU32 = AtomicU32::new(NOBODY);
static STACK: Trace = Trace::new();

/// One at a time takes stacks.
static TAKING: RawLock<()> = RawLock::shared(());

/// The stack of what runs on the OS thread `tid`: return addresses, the innermost
/// first, without those of our own handler. `None`: it is blocked, or does not
/// answer within a tenth of a second. Not for greenlets.
pub(crate) fn sample(tid: u32) -> Option<Vec<usize>> {
    let mut addresses = Vec::new();
    with_stack(tid, &mut |stack| stack.each_of_program(|at| addresses.push(at)));
    (!addresses.is_empty()).then_some(addresses)
}

/// Print the stack of what runs on the OS thread `tid`, if it can be had within
/// a tenth of a second. Of what is blocked in the kernel only the innermost
/// frame: a signal could end its call.
pub(super) fn print_stack(tid: u32) {
    if is_blocked(tid) {
        if let Some(at) = task::blocked_instruction(tid) {
            Trace::print_one(at);
        }
        return;
    }
    with_stack(tid, &mut |stack| stack.print());
}

/// Call `f` with the stack of the program code that runs on the OS thread `tid`, if it can be had
/// within a tenth of a second. One at a time; not for what is blocked in the kernel.
pub(super) fn with_stack(tid: u32, f: &mut dyn FnMut(&Trace)) {
    if is_blocked(tid) {
        return;
    }
    let _one = TAKING.lock();
    STACK_WANTED.store(WANTED, Ordering::Release);
    ask(tid);
    let deadline = time::after(100 * MILLISECOND);
    while STACK_WANTED.load(Ordering::Acquire) == WANTED && time::now() < deadline {
        let _ = sys::futex_wait(&STACK_WANTED, WANTED, deadline);
    }
    if STACK_WANTED.swap(NOBODY, Ordering::Acquire) == TAKEN {
        f(&STACK);
    }
}

/// [`call_in`] for the caller itself, which runs without the hub: at once, or when
/// it leaves the handler that it is in.
pub fn call_in_self() {
    // SAFETY: takes nothing.
    if let Ok(tid) = unsafe { syscall!(libc::SYS_gettid) } {
        send(tid as u32);
    }
}

/// `g` goes on in program code, off the hub, on its carrier `home`. Whoever has
/// [called it in](call_in) since it is off has found our code: then it comes now.
pub(super) fn leave_off_hub(g: &Greenlet, home: &Carrier) {
    g.leave_shim();
    compiler_fence(Ordering::SeqCst);
    if home.missed.load(Ordering::Relaxed) {
        home.missed.store(false, Ordering::Relaxed);
        call_in_self();
    }
}

/// In program code of the greenlet that the monitor means, or, if that has
/// entered a hook or parked meanwhile, anywhere. Handlers of the program that run
/// in it may leave by pthread_exit.
unsafe extern "C-unwind" fn handler(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    handler_ran();
    // Before the reasons are looked at.
    // SAFETY: takes nothing.
    let tid = unsafe { syscall!(libc::SYS_gettid) }.unwrap_or(0) as u32;
    let here = carrier::of_tid(tid);
    if let Some(c) = here {
        c.asked.store(false, Ordering::SeqCst);
    }
    // A thread of ours that waits for jobs gets the signal as well.
    if let (WANTED, Some(g)) = (STACK_WANTED.load(Ordering::Acquire), Greenlet::current()) {
        // The unwinder may take locks, whose hooks are to pass through.
        g.count_handler(1);
        STACK.capture();
        g.count_handler(-1);
        STACK_WANTED.store(TAKEN, Ordering::Release);
        sys::futex_wake(STACK_WANTED.as_ptr(), 1);
        return;
    }
    let Some(g) = Greenlet::current() else { return };
    if g.stop.swap(false, Ordering::Acquire) {
        // SAFETY: the kernel's own frame.
        let may =
            if g.unwinds_reading.load(Ordering::Relaxed) { may_unwind_reading } else { may_unwind };
        // SAFETY: as above.
        let inside = unsafe { arch::is_in_call(&*context.cast(), may) };
        if let (true, Some(layer)) = (inside, callbacks()) {
            (layer.call_stopped)(g);
        }
        // SAFETY: as above.
        return unsafe { arch::end_call(&mut *context.cast(), libc::EINTR, may_end) };
    }
    if g.in_handler() {
        return;
    }
    if !g.enter_shim() {
        if let Some(c) = here.filter(|_| g.is_away()) {
            c.missed.store(true, Ordering::Relaxed);
        }
        return;
    }
    HUB.behind.push_hog(g);
    HUB.look.slice_used();
    leave(g);
    // Signals that were sent to it: a thread that makes no call has no other
    // place for them.
    let mut stop = false;
    if let Some(layer) = callbacks() {
        g.count_handler(1);
        stop = (layer.turn_taken)(g);
        g.count_handler(-1);
    }
    g.leave_shim();
    let mut mask = 0u64;
    // SAFETY: the kernel's own frame; the mask is its first word here.
    unsafe {
        let context = &mut *context.cast::<libc::ucontext_t>();
        context.uc_stack.ss_flags = c_int::MAX;
        if syscall!(libc::SYS_rt_sigprocmask, libc::SIG_BLOCK, 0, &raw mut mask, 8).is_ok() {
            (&raw mut context.uc_sigmask).cast::<u64>().write(mask);
        }
        if stop {
            arch::end_call(context, libc::EINTR, may_end);
        }
    }
}
