//! sigaction(2) and its older forms: the program's handlers.
//!
//! The kernel gets our handler with the program's flags and mask, and the
//! program is told what it has set itself. Default actions and ignored signals
//! go to the kernel as they are.

use crate::settings;
use crate::table::Group;
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering};
use libc::{sighandler_t, siginfo_t};

crate::hooks! {
    Signal "never" fn sigaction(signal: c_int, new: *const libc::sigaction, old: *mut libc::sigaction) -> c_int = set, also [__sigaction];
    Signal "never" fn signal(signal: c_int, handler: sighandler_t) -> sighandler_t = bsd, also [bsd_signal, ssignal];
    Signal "never" fn sysv_signal(signal: c_int, handler: sighandler_t) -> sighandler_t = sysv, also [__sysv_signal];
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

unsafe fn set(signal: c_int, new: *const libc::sigaction, old: *mut libc::sigaction) -> c_int {
    let index = signal as usize;
    if !settings::patched(Group::Signal) || signal <= 0 || index >= SIGNALS {
        // SAFETY: the program's own call.
        return unsafe { real::sigaction(signal, new, old) };
    }
    let slot = &SLOTS[index];
    let before = of(signal);
    // SAFETY: the program's objects; `given` is a copy.
    unsafe {
        let mut given = new.as_ref().copied();
        let wrapped = given.filter(|g| !matches!(g.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN));
        if let (Some(w), Some(given)) = (wrapped, given.as_mut()) {
            hub::deadlock::expect_signals();
            given.sa_sigaction = super::deliver::arrived as *const () as usize;
            given.sa_flags |= libc::SA_SIGINFO;
            // Before the kernel may use them.
            slot.flags.store(w.sa_flags, Ordering::Relaxed);
            slot.mask.store(to_bits(&w.sa_mask), Ordering::Relaxed);
            slot.handler.store(w.sa_sigaction, Ordering::Release);
        }
        let mut real_old = MaybeUninit::<libc::sigaction>::zeroed();
        let given = given.as_ref().map_or(ptr::null(), ptr::from_ref);
        let result = real::sigaction(signal, given, real_old.as_mut_ptr());
        let mut real_old = real_old.assume_init();
        if result != 0 {
            if wrapped.is_some() {
                slot.handler.store(before.map_or(0, |b| b.handler as usize), Ordering::Release);
            }
            return result;
        }
        if !new.is_null() && wrapped.is_none() {
            slot.handler.store(0, Ordering::Release);
        }
        if let Some(old) = old.as_mut() {
            let ours = real_old.sa_sigaction == super::deliver::arrived as *const () as usize;
            if let (true, Some(b)) = (ours, before) {
                real_old.sa_sigaction = b.handler as usize;
                // The kernel's flags, with SA_SIGINFO as the program had it.
                real_old.sa_flags =
                    real_old.sa_flags & !libc::SA_SIGINFO | b.flags & libc::SA_SIGINFO;
            }
            *old = real_old;
        }
        result
    }
}

/// Set a plain handler; returns the former one, or SIG_ERR.
unsafe fn set_plain(signal: c_int, handler: sighandler_t, flags: c_int, mask: u64) -> sighandler_t {
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
