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
//! What waits meanwhile is in [`super::pending`]. A handler that ran on another greenlet
//! interrupts the first thread's wait as well ([`super::first_thread`]).

use super::directed::{self, Target};
use super::pending::{
    self, note, note_for, noted, pend, take_one_of, takes, tell_owners, SI_TKILL,
};
use super::{
    action, alt_stack, bit, fault, first_thread, mask, own_group, owner, processor_timer, timer,
    word,
};
use crate::ending;
use crate::process::children;
use crate::thread::cancel;
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use hub::arch;
use hub::greenlet::{Greenlet, Phase};
use hub::hub as scheduler;
use libc::siginfo_t;

/// The handler that the kernel knows.
pub unsafe extern "C-unwind" fn arrived(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    scheduler::handler_ran();
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
        // SAFETY: as above.
        Target::Process if !is_fault && own_group::is_awaited(signal, unsafe { &*info }) => {
            // SAFETY: as above.
            return note(signal, unsafe { &*info });
        }
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
            first_thread::interrupt(g, signal, a.flags, &*info);
        }
        let overflow = fault::overflow(signal, info);
        if overflow {
            fault::tell_as_asked(g, info);
        }
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
    scheduler::handler_ran();
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
    // SAFETY: the kernel's own argument.
    processor_timer::taken(unsafe { &mut *info });
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
        let signals = pending::pending_for(g) & !mask::of(g) != 0;
        if signals || cancel::is_due_anywhere(g) {
            scheduler::call_in_self();
        }
    }
}

/// Callback of the hub: somebody must take what was noted.
pub fn choose() {
    first_thread::end_its_call();
    tell_owners(scheduler::interrupt_from_hub);
    let noted = pending::of_process();
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
    pending::pending_for(g) & takes(g) != 0 || cancel::is_due(g)
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
    processor_timer::taken(&mut info);
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

/// In the child of a fork.
pub fn after_fork() {
    pending::after_fork();
    first_thread::after_fork();
    timer::after_fork();
    processor_timer::after_fork();
    owner::after_fork();
    children::after_fork();
    if let Some(g) = Greenlet::current() {
        cancel::after_fork(g);
    }
}
