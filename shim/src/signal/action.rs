//! sigaction(2) and its older forms: the program's handlers.
//!
//! The kernel gets our handler with the program's flags and mask, and the
//! program is told what it has set itself. Default actions and ignored signals
//! go to the kernel as they are, except that from the first thread on SIGSEGV
//! always has a handler of ours (see [`fault`]). Handlers of SIGSEGV and SIGBUS
//! then have SA_ONSTACK in the kernel, whether the program asks for it or not;
//! [`alt_stack`](super::alt_stack) brings them where the program wants them.

use super::{alt_stack, bit, deliver, dump, fault, pending};
use crate::ending;
use crate::process::vfork;
use crate::settings;
use crate::table::Group;
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering};
use libc::{sighandler_t, siginfo_t};

crate::hooks! {
    Signal "never" fn sigaction(signal: c_int, new: *const libc::sigaction, old: *mut libc::sigaction) -> c_int = set, also [__sigaction];
    Signal "never" fn signal(signal: c_int, handler: sighandler_t) -> sighandler_t = bsd, also [bsd_signal, ssignal];
    Signal "never" fn sysv_signal(signal: c_int, handler: sighandler_t) -> sighandler_t = sysv, also [__sysv_signal];
}

crate::plain_hooks! {
    Signal "never" fn siginterrupt(signal: c_int, interrupt: c_int) -> c_int = interrupting;
}

/// What a program's handler is called with, in either form.
pub type Handler = unsafe extern "C-unwind" fn(c_int, *mut siginfo_t, *mut c_void);

const SIGNALS: usize = 65;

/// The program's handler of one signal; 0: none of ours.
struct Slot {
    handler: AtomicUsize,
    flags: AtomicI32,
    mask: AtomicU64,
}

static SLOTS: [Slot; SIGNALS] = [const {
    Slot { handler: AtomicUsize::new(0), flags: AtomicI32::new(0), mask: AtomicU64::new(0) }
}; SIGNALS];

/// Signals whose `signal`-made handlers shall interrupt calls (siginterrupt).
static INTERRUPTING: AtomicU64 = AtomicU64::new(0);

/// A program's handler with its conditions.
#[derive(Clone, Copy)]
pub struct Action {
    /// The function.
    pub handler: Handler,
    /// `sa_flags`.
    pub flags: c_int,
    /// `sa_mask`.
    pub mask: u64,
}

impl Action {
    /// What is blocked while the handler of `signal` runs, besides what was.
    pub fn blocked(&self, signal: c_int) -> u64 {
        self.mask | if self.flags & libc::SA_NODEFER != 0 { 0 } else { bit(signal) }
    }
}

/// The program's handler of `signal`, if it has one.
pub fn of(signal: c_int) -> Option<Action> {
    let slot = SLOTS.get(usize::try_from(signal).ok()?)?;
    let handler = slot.handler.load(Ordering::Acquire);
    (handler != 0).then(|| Action {
        // SAFETY: a non-zero word is a handler of the program's.
        handler: unsafe { core::mem::transmute::<usize, Handler>(handler) },
        flags: slot.flags.load(Ordering::Relaxed),
        mask: slot.mask.load(Ordering::Relaxed),
    })
}

/// SA_RESETHAND has taken effect.
pub fn reset(signal: c_int) {
    SLOTS[signal as usize].handler.store(0, Ordering::Release);
}

/// The first word of a signal set: all signals that there are.
pub fn to_bits(set: &libc::sigset_t) -> u64 {
    // SAFETY: a sigset_t is an array of words with signal 1 in the lowest bit.
    unsafe { ptr::from_ref(set).cast::<u64>().read() }
}

/// The signal set of a mask.
pub fn from_bits(bits: u64) -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: as above; an all-zero set is valid.
    unsafe {
        set.as_mut_ptr().cast::<u64>().write(bits);
        set.assume_init()
    }
}

/// What the kernel is told when the program asks for `given`.
pub fn for_kernel(signal: c_int, given: &libc::sigaction) -> libc::sigaction {
    let mut action = *given;
    match given.sa_sigaction {
        libc::SIG_IGN => {}
        libc::SIG_DFL if signal == libc::SIGSEGV && alt_stack::installed() => {
            action.sa_sigaction = fault::default as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        }
        libc::SIG_DFL if CAUSED & bit(signal) != 0 && GUARDED.load(Ordering::Relaxed) => {
            action.sa_sigaction = deliver::caused as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        }
        libc::SIG_DFL if ending::precedes(signal) => {
            action.sa_sigaction = ending::dying as *const () as usize;
            action.sa_flags = ending::flags();
            // The stack may have room for one frame of the kernel's.
            action.sa_mask = from_bits(u64::MAX);
        }
        libc::SIG_DFL => {}
        _ => {
            action.sa_sigaction = deliver::arrived as *const () as usize;
            action.sa_flags |= libc::SA_SIGINFO;
            if alt_stack::installed() && fault::FAULTS & bit(signal) != 0 {
                action.sa_flags |= libc::SA_ONSTACK;
            }
        }
    }
    // Until our handler has put the program's in charge (which lifts this), the
    // greenlet must not give up its turn: the OS thread would go on with the
    // handler's mask, and perhaps with a frame on its alternate stack.
    action.sa_mask = from_bits(to_bits(&action.sa_mask) | bit(hub::hub::TURN_SIGNAL));
    action
}

/// Whether a handler of the kernel's is one of ours that the program knows nothing of.
fn stands_for_default(handler: usize) -> bool {
    handler == fault::default as *const () as usize
        || handler == ending::dying as *const () as usize
        || handler == deliver::caused as *const () as usize
}

/// The signals that the kernel sends to an OS thread for what a call of its has done.
pub const CAUSED: u64 = bit(libc::SIGPIPE) | bit(libc::SIGXFSZ);

/// Whether their default action goes through a handler of ours.
static GUARDED: AtomicBool = AtomicBool::new(false);

/// Some thread blocks one of [`CAUSED`]. The carrier's mask in the kernel does not,
/// as long as there is one that does not; their default action, which ends the
/// process, must not be the kernel's to take then.
pub fn guard_caused() {
    if GUARDED.swap(true, Ordering::Relaxed) {
        return;
    }
    renew([libc::SIGPIPE, libc::SIGXFSZ]);
}

/// The kernel has got our alternate stack: tell it about the handlers of faults
/// again.
pub fn renew_faults() {
    renew([libc::SIGSEGV, libc::SIGBUS]);
}

/// Tell the kernel again about the actions of these signals, for which it is to have
/// something else now. In our code.
pub fn renew(signals: impl IntoIterator<Item = c_int>) {
    for signal in signals {
        // SAFETY: our own objects; what the program has set stays in force.
        unsafe {
            let mut now: libc::sigaction = core::mem::zeroed();
            if real::sigaction(signal, ptr::null(), &mut now) == 0 {
                let slot = &SLOTS[signal as usize];
                if stands_for_default(now.sa_sigaction) {
                    now.sa_sigaction = libc::SIG_DFL;
                }
                if now.sa_sigaction == libc::SIG_DFL {
                    slot.flags.store(now.sa_flags, Ordering::Relaxed);
                    slot.mask.store(to_bits(&now.sa_mask), Ordering::Relaxed);
                }
                // A handler that has gone past us (by a system call) stays.
                if now.sa_sigaction == libc::SIG_DFL || of(signal).is_some() {
                    real::sigaction(signal, &for_kernel(signal, &now), ptr::null_mut());
                }
            }
        }
    }
}

/// sigaction(2) as the program means it.
///
/// # Safety
/// As the libc function's.
pub unsafe fn set(signal: c_int, new: *const libc::sigaction, old: *mut libc::sigaction) -> c_int {
    let index = signal as usize;
    if !settings::patched(Group::Signal) || signal <= 0 || index >= SIGNALS {
        // SAFETY: the program's own call.
        return unsafe { real::sigaction(signal, new, old) };
    }
    if vfork::borrowed() {
        // SAFETY: the program's own call and objects.
        return unsafe { set_in_borrower(signal, new, old) };
    }
    let slot = &SLOTS[index];
    if dump::is(signal) {
        // SAFETY: the program's objects.
        return unsafe { note_only(slot, new, old) };
    }
    let before = (
        slot.handler.load(Ordering::Relaxed),
        slot.flags.load(Ordering::Relaxed),
        slot.mask.load(Ordering::Relaxed),
    );
    let keep = |(handler, flags, mask)| {
        // The handler last: the kernel may call it from then on.
        slot.flags.store(flags, Ordering::Relaxed);
        slot.mask.store(mask, Ordering::Relaxed);
        slot.handler.store(handler, Ordering::Release);
    };
    // SAFETY: the program's objects; both are read before `old` is written.
    unsafe {
        let asked = new.as_ref().copied();
        let is_handler = |h: usize| !matches!(h, libc::SIG_DFL | libc::SIG_IGN);
        let wanted = asked.map(|a| {
            let handler = if is_handler(a.sa_sigaction) { a.sa_sigaction } else { 0 };
            (handler, a.sa_flags, to_bits(&a.sa_mask))
        });
        // Before the kernel may use it; but a handler that goes away stays
        // until the kernel has forgotten it.
        if let Some(wanted) = wanted.filter(|w| w.0 != 0) {
            hub::deadlock::expect_signals();
            keep(wanted);
        }
        let mut real_old: libc::sigaction = core::mem::zeroed();
        let given = asked.map(|a| for_kernel(signal, &a));
        let given = given.as_ref().map_or(ptr::null(), ptr::from_ref);
        let result = real::sigaction(signal, given, &mut real_old);
        if result != 0 {
            keep(before);
            return result;
        }
        if let Some(wanted) = wanted {
            keep(wanted);
        }
        if asked.is_some_and(|a| ignores(signal, a.sa_sigaction)) {
            pending::discard(bit(signal));
        }
        if let Some(old) = old.as_mut() {
            *old = for_program(real_old, before);
        }
        result
    }
}

/// Whether the process ignores a signal by now. On any OS thread.
pub(super) fn is_ignored(signal: c_int) -> bool {
    if of(signal).is_some() {
        return false;
    }
    // SAFETY: reads into our own object.
    unsafe {
        let mut now: libc::sigaction = core::mem::zeroed();
        real::sigaction(signal, ptr::null(), &mut now) == 0 && ignores(signal, now.sa_sigaction)
    }
}

/// Whether an action ignores the signal. sigaction(3p): what is pending is discarded then,
/// blocked or not.
fn ignores(signal: c_int, action: sighandler_t) -> bool {
    const IGNORED: [c_int; 4] = [libc::SIGCHLD, libc::SIGCONT, libc::SIGURG, libc::SIGWINCH];
    action == libc::SIG_IGN || action == libc::SIG_DFL && IGNORED.contains(&signal)
}

/// What the program is told when the kernel says `action`, and the slot `before`.
fn for_program(mut action: libc::sigaction, before: (usize, c_int, u64)) -> libc::sigaction {
    if action.sa_sigaction == deliver::arrived as *const () as usize && before.0 != 0 {
        // The kernel's flags, but those that we add as the program had them.
        const ADDED: c_int = libc::SA_SIGINFO | libc::SA_ONSTACK;
        action.sa_sigaction = before.0;
        action.sa_flags = action.sa_flags & !ADDED | before.1 & ADDED;
        action.sa_mask = from_bits(before.2);
    } else if stands_for_default(action.sa_sigaction) {
        action.sa_sigaction = libc::SIG_DFL;
        action.sa_flags = before.1;
        action.sa_mask = from_bits(before.2);
    }
    action
}

/// [`set`] in the child of a vfork: its actions are its own, the slots are not. A
/// handler that it sets is the kernel's to call.
unsafe fn set_in_borrower(
    signal: c_int,
    new: *const libc::sigaction,
    old: *mut libc::sigaction,
) -> c_int {
    let slot = &SLOTS[signal as usize];
    let before = (
        slot.handler.load(Ordering::Relaxed),
        slot.flags.load(Ordering::Relaxed),
        slot.mask.load(Ordering::Relaxed),
    );
    // SAFETY: the program's objects.
    unsafe {
        let result = real::sigaction(signal, new, old);
        if let (0, Some(old)) = (result, old.as_mut()) {
            *old = for_program(*old, before);
        }
        result
    }
}

/// The program's action for the signal that is ours: remembered, and told.
unsafe fn note_only(slot: &Slot, new: *const libc::sigaction, old: *mut libc::sigaction) -> c_int {
    // SAFETY: the program's objects; zeroes are a valid action.
    unsafe {
        let asked = new.as_ref().copied();
        let mut before: libc::sigaction = core::mem::zeroed();
        before.sa_sigaction = slot.handler.load(Ordering::Relaxed);
        before.sa_flags = slot.flags.load(Ordering::Relaxed);
        before.sa_mask = from_bits(slot.mask.load(Ordering::Relaxed));
        if let Some(a) = asked {
            slot.flags.store(a.sa_flags, Ordering::Relaxed);
            slot.mask.store(to_bits(&a.sa_mask), Ordering::Relaxed);
            slot.handler.store(a.sa_sigaction, Ordering::Relaxed);
        }
        if let Some(old) = old.as_mut() {
            *old = before;
        }
    }
    0
}

/// Set a plain handler; returns the former one, or SIG_ERR.
///
/// # Safety
/// A handler of the program's, or none.
pub(super) unsafe fn set_plain(
    signal: c_int,
    handler: sighandler_t,
    flags: c_int,
    mask: u64,
) -> sighandler_t {
    // SAFETY: zeroes are a valid action.
    unsafe {
        let mut new: libc::sigaction = core::mem::zeroed();
        let mut old: libc::sigaction = core::mem::zeroed();
        new.sa_sigaction = handler;
        new.sa_flags = flags;
        new.sa_mask = from_bits(mask);
        if set(signal, &new, &mut old) != 0 {
            return libc::SIG_ERR;
        }
        old.sa_sigaction
    }
}

unsafe fn bsd(signal: c_int, handler: sighandler_t) -> sighandler_t {
    if handler == libc::SIG_ERR || !(1..SIGNALS as c_int).contains(&signal) {
        crate::doorway::set_errno(libc::EINVAL);
        return libc::SIG_ERR;
    }
    let own = super::bit(signal);
    let interrupting = INTERRUPTING.load(Ordering::Relaxed) & own != 0;
    let flags = if interrupting { 0 } else { libc::SA_RESTART };
    // SAFETY: the program's handler.
    unsafe { set_plain(signal, handler, flags, own) }
}

unsafe fn sysv(signal: c_int, handler: sighandler_t) -> sighandler_t {
    if handler == libc::SIG_ERR || !(1..SIGNALS as c_int).contains(&signal) {
        crate::doorway::set_errno(libc::EINVAL);
        return libc::SIG_ERR;
    }
    // SAFETY: the program's handler.
    unsafe { set_plain(signal, handler, libc::SA_RESETHAND | libc::SA_NODEFER, 0) }
}

unsafe fn interrupting(signal: c_int, interrupt: c_int) -> c_int {
    // SAFETY: the program's own request, carried out on its own action.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        if set(signal, ptr::null(), &mut action) != 0 {
            return -1;
        }
        if interrupt != 0 {
            INTERRUPTING.fetch_or(super::bit(signal), Ordering::Relaxed);
            action.sa_flags &= !libc::SA_RESTART;
        } else {
            INTERRUPTING.fetch_and(!super::bit(signal), Ordering::Relaxed);
            action.sa_flags |= libc::SA_RESTART;
        }
        set(signal, &action, ptr::null_mut())
    }
}
