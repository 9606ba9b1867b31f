//! Where a handler runs.
//!
//! ```text
//!  the kernel calls `arrived`
//!    ├─ OS thread that is no greenlet, or one greenlet: run it here
//!    ├─ program code of a greenlet that does not block it: run it here
//!    └─ the hub, our own code, or blocked here: note it
//!           ├─ the greenlet leaves our code (`on_the_way_out`), or
//!           └─ the hub chooses one (`choose`): the first thread if it can,
//!              else any that does not block it; its wait is interrupted
//! ```
//! The kernel prefers a process's first thread; programs count on it (an
//! interpreter's main thread must see EINTR). So a handler that ran on another
//! greenlet interrupts the first thread's wait as well.

use super::directed::{self, Target};
use super::{action, alt_stack, bit, fault, mask, owner, queue, send, timer, word};
use crate::ending;
use crate::thread::cancel;
use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, AtomicU8, AtomicUsize, Ordering};
use hub::arch;
use hub::greenlet::{Greenlet, Phase};
use hub::hub as scheduler;
use libc::siginfo_t;

/// `si_code` of tgkill(2).
const SI_TKILL: c_int = -6;

/// Notes of process-directed signals: a bit each, as the kernel has it for the
/// standard signals, and what was told with the last of each.
static NOTED: AtomicU64 = AtomicU64::new(0);
/// In [`NOTED`], at the place of a signal that is libc's own: handlers have put
/// signals into the queue that are for one greenlet, and nobody has told it yet.
const FOR_ONE: u64 = bit(32);
/// Greenlets that have signals of their own pending, and those that are to be
/// cancelled wherever they are.
static DIRECTED: AtomicUsize = AtomicUsize::new(0);

/// A bit for each signal whose information is being written.
static WRITING: AtomicU64 = AtomicU64::new(0);

struct Infos(UnsafeCell<[MaybeUninit<siginfo_t>; 65]>);
// SAFETY: written by one signal handler at a time (see `WRITING`) before the
// bit in `NOTED` is set, read by the hub's holder after that.
unsafe impl Sync for Infos {}
static INFOS: Infos = Infos(UnsafeCell::new([const { MaybeUninit::zeroed() }; 65]));

/// Whether anything waits to be delivered.
#[inline(always)]
pub fn noted() -> bool {
    NOTED.load(Ordering::Relaxed) != 0 || DIRECTED.load(Ordering::Relaxed) != 0
}

/// The handler that the kernel knows.
pub unsafe extern "C-unwind" fn arrived(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let Some(a) = action::of(signal) else { return };
    // SAFETY: the kernel's own arguments, here and below.
    let is_fault = unsafe { fault::is_fault(signal, info) };
    // SAFETY: as above.
    if is_fault && unsafe { hub::arch::recover_copy(&mut *context.cast()) } {
        return;
    }
    // SAFETY: as above.
    let target = directed::target(unsafe { &*info });
    match target {
        Target::Greenlet(g) => {
            let here = Greenlet::current().is_some_and(|me| core::ptr::eq(me, g));
            if !here || g.in_shim() || mask::of(g) & bit(signal) != 0 {
                // SAFETY: as above.
                return note_for(g, signal, unsafe { &*info });
            }
        }
        Target::Nobody => return,
        Target::Process => {}
    }
    if scheduler::in_hub() {
        if is_fault {
            // Ours, and nobody's to handle.
            // SAFETY: as above.
            return unsafe { fault::die_of(signal, info) };
        }
        // SAFETY: as above.
        return note(signal, unsafe { &*info });
    }
    let Some(g) = Greenlet::current() else {
        // SAFETY: as above.
        return unsafe { call(signal, info, context) };
    };
    let mut several = false;
    // A fault is the greenlet's own, wherever it happens.
    if is_fault {
        if scheduler::active() && mask::of(g) & bit(signal) != 0 {
            // What the kernel does with a fault that is blocked.
            // SAFETY: as above.
            return unsafe { fault::die_of(signal, info) };
        }
    } else if scheduler::active() {
        // SAFETY: as above.
        let info = unsafe { &*info };
        // Sent to the OS thread for this greenlet's sake (see `send`), or caused by a
        // call that we make for it.
        let for_it = g.is_away() && info.si_code == SI_TKILL || is_caused(signal, info);
        if g.in_shim() && for_it {
            pend(g, signal);
            return;
        }
        if g.in_shim() || mask::of(g) & bit(signal) != 0 {
            return note(signal, info);
        }
        several = matches!(target, Target::Process);
    }
    g.count_handler(1);
    // SAFETY: as above.
    unsafe {
        if several {
            interrupt_first(g, signal, a.flags, &*info);
        }
        let overflow = fault::overflow(signal, info);
        if !alt_stack::on_ours(context) {
            return call(signal, info, context);
        }
        let target = alt_stack::place(g, a.flags, context);
        if overflow && g.stack().holds_or_guards(target) {
            // There is no stack to run the handler on: the kernel would say
            // the same.
            g.count_handler(-1);
            return fault::die_of(signal, info);
        }
        alt_stack::move_frame(target, signal, info, context, call)
    }
}

/// Whether the kernel has sent `signal` to the calling OS thread for a call of its.
/// (It looks like a kill(2) of the process by itself.)
fn is_caused(signal: c_int, info: &siginfo_t) -> bool {
    const SI_USER: c_int = 0;
    // SAFETY: a signal of kill(2) tells the sender; getpid takes nothing.
    action::CAUSED & bit(signal) != 0
        && info.si_code == SI_USER
        && unsafe { info.si_pid() == libc::getpid() }
}

/// The default action of such a signal, on the way: it waits for the greenlet if that
/// blocks it.
pub unsafe extern "C-unwind" fn caused(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's own argument, here and below.
    let own = unsafe { is_caused(signal, &*info) };
    let blocked = |g: &&Greenlet| own && mask::of(g) & bit(signal) != 0;
    match Greenlet::current().filter(blocked) {
        Some(g) => pend(g, signal),
        // SAFETY: as above.
        None if ending::precedes(signal) => unsafe { ending::dying(signal, info, context) },
        // SAFETY: as above.
        None => unsafe { fault::die_of(signal, info) },
    }
}

/// The program's handler, where the program wants it, called as the kernel
/// would; its mask is in force. It may not return (siglongjmp, pthread_exit).
unsafe extern "C-unwind" fn call(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let Some(a) = action::of(signal) else { return };
    if a.flags & libc::SA_RESETHAND != 0 {
        action::reset(signal);
    }
    let Some(g) = Greenlet::current() else {
        // SAFETY: see above.
        return unsafe { (a.handler)(signal, info, context) };
    };
    // A fault in our own code is that of the program's argument, and the
    // handler that leaves by siglongjmp will not come back here.
    let inside = g.in_shim();
    if inside {
        g.leave_shim();
    }
    let interrupted = cancel::handler_begins(g);
    // SAFETY: see above. The first word of the context's mask is what is in
    // force when the kernel has taken the frame away.
    unsafe {
        let after = &raw mut (*context.cast::<libc::ucontext_t>()).uc_sigmask;
        *after.cast::<u64>() = mask::enter_handler(g, a.blocked(signal));
        let disarmed = alt_stack::disarm(g, &raw const a as usize);
        (a.handler)(signal, info, context);
        alt_stack::arm(g, disarmed);
        mask::set(g, *after.cast::<u64>());
        *after.cast::<u64>() = mask::after_handler(g);
        if alt_stack::installed() {
            // The frame names the alternate stack of the OS thread that took the
            // signal; the greenlet may be on another by now. What the kernel
            // refuses leaves that one's own.
            (*context.cast::<libc::ucontext_t>()).uc_stack.ss_flags = c_int::MAX;
        }
    }
    cancel::handler_ended(g, interrupted);
    if inside {
        g.reenter_shim();
    } else if noted() && !g.is_away() {
        on_the_way_out(g);
    }
    g.count_handler(-1);
    if noted() && !g.in_shim() && g.is_away() {
        let signals = pending_for(g) & !mask::of(g) != 0;
        if signals || cancel::is_due_anywhere(g) {
            scheduler::call_in_self();
        }
    }
}

fn note(signal: c_int, info: &siginfo_t) {
    if signal >= queue::FIRST_QUEUED {
        // If the queue is full, one of them still arrives.
        queue::put(queue::PROCESS, info);
    }
    if WRITING.fetch_or(bit(signal), Ordering::Acquire) & bit(signal) == 0 {
        // SAFETY: see `Infos`. A standard signal that is pending already keeps
        // its first information in the kernel, too; which one is kept is
        // unspecified.
        unsafe { (*INFOS.0.get())[signal as usize].write(*info) };
        WRITING.fetch_and(!bit(signal), Ordering::Release);
    }
    NOTED.fetch_or(bit(signal), Ordering::SeqCst);
    scheduler::signals_noted();
}

/// Note a signal that is for `g` alone. In a signal handler, anywhere.
fn note_for(g: &'static Greenlet, signal: c_int, info: &siginfo_t) {
    let known = signal < queue::FIRST_QUEUED && queue::holds(owner(g), signal);
    // (If the queue is full, the next one arrives: a timer's signal is no request.)
    if !known && queue::put(owner(g), info) {
        NOTED.fetch_or(FOR_ONE, Ordering::SeqCst);
        scheduler::signals_noted();
    }
}

/// Tell the greenlets what [`note_for`] has noted for them. With the hub.
fn tell_owners(interrupt: impl Fn(&'static Greenlet) -> bool) {
    if NOTED.fetch_and(!FOR_ONE, Ordering::SeqCst) & FOR_ONE == 0 {
        return;
    }
    for (owner, signal) in queue::owned() {
        // SAFETY: an owner that is not the process is a greenlet; they live for ever.
        let g: &'static Greenlet = unsafe { &*(owner as *const Greenlet) };
        let known = directed_at(g).load(Ordering::Relaxed) & bit(signal) as usize != 0;
        if g.phase() == Phase::Alive && !known {
            pend(g, signal);
            if takes(g) & bit(signal) != 0 {
                interrupt(g);
                scheduler::call_in(g);
            }
        }
    }
}

/// The handler, which is counted already, runs on `g`; natively it would have run
/// on the first thread and ended that one's wait.
fn interrupt_first(g: &'static Greenlet, signal: c_int, flags: c_int, info: &siginfo_t) {
    let Some(first) = scheduler::first() else { return };
    if core::ptr::eq(first, g)
        || info.si_code == SI_TKILL
        || first.phase() != Phase::Alive
        || mask::of(first) & bit(signal) != 0
    {
        return;
    }
    if !first.is_waiting() {
        if first.is_away() {
            // Perhaps in a call: only the hub's holder knows where.
            let how = if flags & libc::SA_RESTART == 0 { ENDS } else { RESTARTS };
            FIRST_CALL.fetch_max(how, Ordering::SeqCst);
            scheduler::signals_noted();
        }
        return;
    }
    // Off the hub, where a handler does not wait for it, waking is done as any OS
    // thread does it.
    let entered = g.enter_shim();
    note_restart(first, flags);
    scheduler::interrupt(first);
    if entered {
        g.leave_shim();
    }
}

/// The signals that wait for `g` alone. (Atomic: its own OS thread may add one in
/// [`arrived`] while it queues for the hub.)
fn directed_at(g: &Greenlet) -> &AtomicUsize {
    // SAFETY: the word lives as long as the greenlet, and is touched here only.
    unsafe { AtomicUsize::from_ptr(g.extension[word::PENDING].as_ptr()) }
}

/// Let a signal wait for `g`, which is the caller or cannot run now.
fn pend(g: &Greenlet, signal: c_int) {
    if directed_at(g).fetch_or(bit(signal) as usize, Ordering::Relaxed) == 0 {
        DIRECTED.fetch_add(1, Ordering::Relaxed);
    }
}

fn note_restart(g: &Greenlet, flags: c_int) {
    if flags & libc::SA_RESTART == 0 {
        g.extension[word::NO_RESTART].set(1);
    }
}

/// What [`interrupt_first`] wants done to the first thread's call in the kernel.
static FIRST_CALL: AtomicU8 = AtomicU8::new(NOTHING);
const NOTHING: u8 = 0;
/// A signal came with SA_RESTART: calls that restart for nobody end.
const RESTARTS: u8 = 1;
/// A signal came without: every call that a signal ends does.
const ENDS: u8 = 2;

/// Callback of the hub: somebody must take what was noted.
pub fn choose() {
    if let (how @ RESTARTS.., Some(first)) =
        (FIRST_CALL.swap(NOTHING, Ordering::SeqCst), scheduler::first())
    {
        match how {
            ENDS => drop(scheduler::interrupt_any_call(first)),
            _ => scheduler::call_in(first),
        }
    }
    tell_owners(scheduler::interrupt_from_hub);
    let noted = NOTED.load(Ordering::SeqCst) & !FOR_ONE;
    if noted == 0 {
        return;
    }
    let can = |g: &Greenlet| g.phase() == Phase::Alive && noted & !mask::of(g) != 0;
    if let Some(first) = scheduler::first().filter(|g| can(g)) {
        // If it does not wait it runs soon, and takes them on its way out.
        scheduler::interrupt_from_hub(first);
        scheduler::call_in(first);
        return;
    }
    let mut chosen = None;
    scheduler::for_each(|g| {
        if can(g) && chosen.is_none_or(Greenlet::is_away) {
            chosen = Some(g);
        }
    });
    if let Some(g) = chosen {
        scheduler::interrupt_from_hub(g);
        scheduler::call_in(g);
    }
}

/// Callback of the hub: `g`'s wait was interrupted, and it is in our code.
pub fn interrupted(g: &'static Greenlet) {
    if noted() {
        g.leave_shim();
        run_in_wait(g);
        cancel::act_anywhere(g);
        g.reenter_shim();
    }
}

/// Callback of the hub: whether there is something for `g`, which begins to wait.
pub fn interrupt_due(g: &'static Greenlet) -> bool {
    pending_for(g) & takes(g) != 0 || cancel::is_due(g)
}

/// Callback of the hub: `g` was called in from where it computes or blocks.
pub fn turn_taken(g: &'static Greenlet) -> bool {
    let stop = &g.extension[word::NO_RESTART];
    let before = stop.replace(0);
    interrupted(g);
    stop.replace(before) != 0
}

/// `g` is about to go on in program code.
#[cold]
pub fn on_the_way_out(g: &'static Greenlet) {
    let errno = crate::doorway::errno();
    run_all(g);
    crate::doorway::set_errno(errno);
}

/// Run the handlers of all signals that wait and that `g` does not block. It
/// is in program code, not within a wait.
pub fn run_all(g: &'static Greenlet) {
    cancel::act_anywhere(g);
    let before = g.extension[word::NO_RESTART].get();
    run_in_wait(g);
    g.extension[word::NO_RESTART].set(before);
}

/// The same within a wait: the first handler says whether its call goes on.
fn run_in_wait(g: &'static Greenlet) {
    let stop = &g.extension[word::NO_RESTART];
    let mut decision = None;
    while let Some((signal, info)) = next(g) {
        // What the handler waits for itself has decisions of its own.
        let before = stop.replace(0);
        let restarts = run(g, signal, info);
        stop.set(*decision.get_or_insert(before | !restarts as usize));
    }
}

/// The next signal for `g`. What waits is the hub's data; where that cannot be
/// had (off the hub, in a handler) it waits for the next hook.
fn next(g: &'static Greenlet) -> Option<(c_int, siginfo_t)> {
    let entered = g.enter_shim();
    if !entered && !g.in_shim() {
        return None;
    }
    let taken = take_one_of(g, !mask::of(g));
    if entered {
        g.leave_shim();
    }
    taken
}

/// Take a pending signal away; its information.
fn take(g: &Greenlet, signal: c_int, directed: bool) -> siginfo_t {
    if directed {
        let taken = queue::take(owner(g), signal);
        if !queue::holds(owner(g), signal) {
            let others = !(bit(signal) as usize);
            if directed_at(g).fetch_and(others, Ordering::Relaxed) & others == 0 {
                DIRECTED.fetch_sub(1, Ordering::Relaxed);
            }
        }
        return taken.unwrap_or_else(|| send::information(signal, SI_TKILL, core::ptr::null_mut()));
    }
    // SAFETY: see `Infos`.
    let info = unsafe { (*INFOS.0.get())[signal as usize].assume_init() };
    // First the bit: a handler may put another one into the queue meanwhile.
    NOTED.fetch_and(!bit(signal), Ordering::SeqCst);
    let Some(queued) = queue::take(queue::PROCESS, signal) else { return info };
    if queue::holds(queue::PROCESS, signal) {
        NOTED.fetch_or(bit(signal), Ordering::SeqCst);
    }
    queued
}

fn owner(g: &Greenlet) -> queue::Owner {
    core::ptr::from_ref(g) as usize
}

/// A signal of `set` that waits for `g` or the process, without running its
/// handler: for sigwait.
pub fn take_one_of(g: &Greenlet, set: u64) -> Option<(c_int, siginfo_t)> {
    tell_owners(scheduler::interrupt);
    let set = set & !FOR_ONE;
    let own = directed_at(g).load(Ordering::Relaxed) as u64 & set;
    let shared = NOTED.load(Ordering::SeqCst) & set;
    let (bits, directed) = if own != 0 { (own, true) } else { (shared, false) };
    if bits == 0 {
        return None;
    }
    let signal = bits.trailing_zeros() as c_int + 1;
    Some((signal, take(g, signal, directed)))
}

/// Signals that wait here, not in the kernel, for `g`.
pub fn pending_for(g: &Greenlet) -> u64 {
    (directed_at(g).load(Ordering::Relaxed) as u64 | NOTED.load(Ordering::SeqCst)) & !FOR_ONE
}

/// The signals that end a wait of `g`.
fn takes(g: &Greenlet) -> u64 {
    !mask::of(g) | g.extension[word::AWAITED].get() as u64
}

/// Let a signal wait for one greenlet, and end its wait if it can take it.
/// False: the queue is full. In our code.
pub fn send_to(g: &'static Greenlet, signal: c_int, info: &siginfo_t) -> bool {
    let pending = directed_at(g).load(Ordering::Relaxed);
    let queues = signal >= queue::FIRST_QUEUED;
    if pending & bit(signal) as usize != 0 && !queues {
        return true;
    }
    if (queues || info.si_code != SI_TKILL) && !queue::put(owner(g), info) {
        return false;
    }
    pend(g, signal);
    if takes(g) & bit(signal) != 0 {
        scheduler::interrupt(g);
    }
    true
}

/// One more, or one less, waits here for one greenlet that is no signal.
pub fn count_waiting(more: bool) {
    if more {
        DIRECTED.fetch_add(1, Ordering::Relaxed);
    } else {
        DIRECTED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The greenlet is at its end: what was sent to it alone is gone.
pub fn forget(g: &Greenlet) {
    if directed_at(g).swap(0, Ordering::Relaxed) != 0 {
        DIRECTED.fetch_sub(1, Ordering::Relaxed);
        queue::forget(owner(g));
    }
}

/// In the child of a fork nothing is pending (fork(2)).
pub fn after_fork() {
    NOTED.store(0, Ordering::SeqCst);
    FIRST_CALL.store(NOTHING, Ordering::SeqCst);
    DIRECTED.store(0, Ordering::Relaxed);
    queue::clear();
    timer::after_fork();
    owner::after_fork();
    if let Some(g) = Greenlet::current() {
        directed_at(g).store(0, Ordering::Relaxed);
        cancel::after_fork(g);
    }
}

/// Call one handler on `g`, with the mask that sigaction(2) promises. Whether the
/// handler restarts what it has interrupted.
fn run(g: &'static Greenlet, signal: c_int, mut info: siginfo_t) -> bool {
    let Some(a) = action::of(signal) else {
        // The program has gone back to the default meanwhile: let it happen.
        // SAFETY: to this very thread.
        unsafe {
            let _ = hub::syscall!(
                libc::SYS_tgkill,
                libc::getpid(),
                hub::syscall!(libc::SYS_gettid).unwrap_or(0),
                signal
            );
        }
        return true;
    };
    if a.flags & libc::SA_RESETHAND != 0 {
        action::reset(signal);
        // SAFETY: what the kernel does at delivery.
        unsafe {
            let default: libc::sigaction = core::mem::zeroed();
            action::real::sigaction(signal, &default, core::ptr::null_mut());
        }
    }
    let before = mask::of(g);
    mask::set(g, before | a.blocked(signal));
    let interrupted = cancel::handler_begins(g);
    let mut context = MaybeUninit::<libc::ucontext_t>::zeroed();
    // SAFETY: the program's handler; it gets the context of this call, which
    // is where it interrupts the program, with the mask that follows.
    unsafe {
        libc::getcontext(context.as_mut_ptr());
        let after = (&raw mut (*context.as_mut_ptr()).uc_sigmask).cast::<u64>();
        *after = before;
        super::jump::Saved::new(after).save(None);
        let context = context.as_mut_ptr().cast::<c_void>();
        match alt_stack::end_for(g, a.flags, context as usize) {
            Some(end) => {
                let disarmed = alt_stack::disarm(g, end);
                arch::call_on(end, a.handler, signal, &mut info, context);
                alt_stack::arm(g, disarmed);
            }
            None => (a.handler)(signal, &mut info, context),
        }
        mask::set(g, *after);
    }
    cancel::handler_ended(g, interrupted);
    a.flags & libc::SA_RESTART != 0
}
