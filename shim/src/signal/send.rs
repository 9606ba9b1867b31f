//! Sending a signal to one thread: pthread_kill(3), pthread_sigqueue(3),
//! tgkill(2), raise(3).
//!
//! The kernel does not know greenlets. A signal for one that can take it only
//! later, or that has to run its handler elsewhere than where the sender is,
//! waits with the greenlet; everything else (the default actions, which are
//! the whole process's, and a handler of the sender's own) is the kernel's.

use super::action::to_bits;
use super::{bit, handled, mask, pending};
use crate::doorway;
use crate::thread::{alive_by_id, find, patched};
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, Ordering};
use hub::greenlet::{Greenlet, Phase};
use hub::hub as scheduler;
use libc::{pid_t, pthread_t, siginfo_t};

crate::hooks! {
    Thread "never" fn pthread_kill(thread: pthread_t, signal: c_int) -> c_int = kill, version "GLIBC_2.34";
    Thread "never" fn pthread_sigqueue(thread: pthread_t, signal: c_int, value: *mut c_void) -> c_int = queue;
    Thread "never" fn tgkill(process: pid_t, thread: pid_t, signal: c_int) -> c_int = tgkill_;
    Signal "never" fn abort() -> ! = abort_;
    Thread "never" fn raise(signal: c_int) -> c_int = raise_, also [gsignal];
}

pub(super) const SI_QUEUE: c_int = -1;
const SI_TKILL: c_int = -6;
/// The two signals that glibc keeps for itself.
const RESERVED: core::ops::RangeInclusive<c_int> = 32..=33;

/// Whether there is such a signal for programs.
pub(super) fn can_be_sent(signal: c_int) -> bool {
    (1..=64).contains(&signal) && !RESERVED.contains(&signal)
}

/// What a receiver is told: sent by this process, with a value if there is one.
pub fn information(signal: c_int, code: c_int, value: *mut c_void) -> siginfo_t {
    let mut info = MaybeUninit::<siginfo_t>::zeroed();
    // SAFETY: zeroes are valid; the fields lie as <signal.h> has them: three
    // ints, padding, then process, user and value.
    unsafe {
        let words = info.as_mut_ptr().cast::<c_int>();
        *words = signal;
        *words.add(2) = code;
        *words.add(4) = hub::syscall!(libc::SYS_getpid).unwrap_or(0) as c_int;
        *words.add(5) = hub::syscall!(libc::SYS_getuid).unwrap_or(0) as c_int;
        *words.add(6).cast::<*mut c_void>() = value;
        info.assume_init()
    }
}

/// The signals that descriptors of signalfd(2) have been made for.
static WATCHED: AtomicU64 = AtomicU64::new(0);

/// A descriptor tells of the signals of `set`: also of those that wait for its maker already.
pub fn watched(set: &libc::sigset_t) {
    let set = to_bits(set);
    WATCHED.fetch_or(set, Ordering::Relaxed);
    if pending::noted() {
        if let Some(shim) = doorway::enter_any() {
            let set = set & mask::carriers();
            pending::hand_over(set, send_watched, |g| core::ptr::eq(g, shim.greenlet));
        }
    }
}

/// Let descriptors know of signals of `set`, which all threads block by now, that wait here.
/// With the hub.
pub(super) fn show(set: u64) {
    let set = set & WATCHED.load(Ordering::Relaxed);
    if set != 0 && pending::noted() {
        pending::hand_over(set, send_watched, |_| true);
    }
}

/// Whether a descriptor must be told of a signal for a thread that blocks it: it
/// knows only what is pending in the kernel. If every thread blocks the signal it may
/// be pending there as one for the process.
pub(super) fn is_watched(signal: c_int) -> bool {
    WATCHED.load(Ordering::Relaxed) & mask::carriers() & bit(signal) != 0
}

/// Send a signal to the process, with information that says otherwise. False: not
/// done.
fn send_watched(signal: c_int, info: &siginfo_t) -> bool {
    // SAFETY: our own object.
    unsafe {
        let pid = hub::syscall!(libc::SYS_getpid).unwrap_or(0);
        hub::syscall!(libc::SYS_rt_sigqueueinfo, pid, signal, info as *const siginfo_t).is_ok()
    }
}

/// Send to a greenlet; an error number.
fn to(g: &'static Greenlet, signal: c_int, info: &siginfo_t) -> c_int {
    if g.phase() == Phase::Free {
        return libc::ESRCH;
    }
    if signal != 0 && !can_be_sent(signal) {
        return libc::EINVAL;
    }
    if signal == 0 || g.phase() == Phase::Ended {
        return 0;
    }
    pending::generated(signal);
    let own = Greenlet::current().is_some_and(|me| core::ptr::eq(me, g));
    let blocked = mask::of(g) & bit(signal) != 0;
    if blocked && is_watched(signal) && send_watched(signal, info) {
        return 0;
    }
    if blocked || handled(signal) && !own {
        let _shim = doorway::enter_any();
        if !pending::send_to(g, signal, info) {
            return libc::EAGAIN;
        }
        if !blocked {
            // Off the hub it may make no call for long, or be in one.
            scheduler::call_in(g);
        }
        return 0;
    }
    tell(signal, info)
}

/// Send to the calling OS thread; an error number.
pub(super) fn tell(signal: c_int, info: &siginfo_t) -> c_int {
    if info.si_code != SI_TKILL {
        // SAFETY: our own object.
        return unsafe { tell_as(signal, info) };
    }
    // SAFETY: takes numbers.
    unsafe {
        let pid = hub::syscall!(libc::SYS_getpid).unwrap_or(0);
        let me = hub::syscall!(libc::SYS_gettid).unwrap_or(0);
        hub::syscall!(libc::SYS_tgkill, pid, me, signal).err().unwrap_or(0)
    }
}

/// The same with information of the sender's making. (Signal 0 sends nothing.)
///
/// # Safety
/// None is owed: the kernel judges the address and what is there.
pub(super) unsafe fn tell_as(signal: c_int, info: *const siginfo_t) -> c_int {
    // SAFETY: as above.
    unsafe {
        let pid = hub::syscall!(libc::SYS_getpid).unwrap_or(0);
        let me = hub::syscall!(libc::SYS_gettid).unwrap_or(0);
        hub::syscall!(libc::SYS_rt_tgsigqueueinfo, pid, me, signal, info).err().unwrap_or(0)
    }
}

unsafe fn kill(thread: pthread_t, signal: c_int) -> c_int {
    // SAFETY: the program's own call, here and below.
    match unsafe { find(thread) } {
        Some(g) => to(g, signal, &information(signal, SI_TKILL, core::ptr::null_mut())),
        // SAFETY: as above.
        None => unsafe { real::pthread_kill(thread, signal) },
    }
}

unsafe fn queue(thread: pthread_t, signal: c_int, value: *mut c_void) -> c_int {
    // SAFETY: as above.
    match unsafe { find(thread) } {
        Some(g) => to(g, signal, &information(signal, SI_QUEUE, value)),
        // SAFETY: as above.
        None => unsafe { real::pthread_sigqueue(thread, signal, value) },
    }
}

/// Send to the greenlet with a thread id; `None`: no greenlet has it, and the
/// kernel shall answer. Also for syscall(2).
pub fn to_id(thread: pid_t, signal: c_int) -> Option<c_int> {
    let g = alive_by_id(thread).filter(|_| patched())?;
    let info = information(signal, SI_TKILL, core::ptr::null_mut());
    Some(to(g, signal, &info))
}

/// syscall(2) with `SYS_rt_tgsigqueueinfo` for this process: as [`to_id`], with the program's
/// information.
///
/// # Safety
/// The program's own arguments; the kernel judges the address.
pub unsafe fn to_id_as(thread: pid_t, signal: c_int, info: *const siginfo_t) -> Option<c_int> {
    let g = alive_by_id(thread).filter(|_| patched())?;
    // SAFETY: as above.
    let refused = unsafe { tell_as(0, info) };
    if refused != 0 {
        return Some(refused);
    }
    // SAFETY: the kernel has read it.
    let mut told = unsafe { *info };
    told.si_signo = signal;
    Some(to(g, signal, &told))
}

unsafe fn tgkill_(process: pid_t, thread: pid_t, signal: c_int) -> c_int {
    // SAFETY: no arguments.
    if process == unsafe { libc::getpid() } {
        if let Some(error) = to_id(thread, signal) {
            return crate::raw::errno_style(error) as c_int;
        }
    }
    // SAFETY: as above.
    unsafe { real::tgkill(process, thread, signal) }
}

unsafe fn raise_(signal: c_int) -> c_int {
    match Greenlet::current().filter(|_| patched()) {
        Some(g) => {
            let info = information(signal, SI_TKILL, core::ptr::null_mut());
            crate::raw::errno_style(to(g, signal, &info)) as c_int
        }
        // SAFETY: as above.
        None => unsafe { real::raise(signal) },
    }
}

/// libc unblocks SIGABRT and raises it, inside. From 2.41 on it only raises it: where
/// it is blocked the handler does not run, and the process ends.
unsafe fn abort_() -> ! {
    const ONLY_RAISES: u32 = 41;
    if hub::libpthread::glibc().is_none_or(|minor| minor < ONLY_RAISES) {
        super::mask::unblock(bit(libc::SIGABRT));
    }
    // SAFETY: the program's own call.
    unsafe { real::abort() }
}
