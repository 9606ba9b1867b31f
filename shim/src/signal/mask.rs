//! Signal masks: pthread_sigmask(3), sigprocmask(2), sigpending(2).
//!
//! Each greenlet has a mask of its own. The mask in the kernel of the carrier that
//! has the hub is what all greenlets block: such a signal stays pending in the
//! kernel, where sigwait and signalfd find it. Any other is taken in and given to a
//! greenlet that does not block it. A carrier that rests blocks everything; one on
//! which a greenlet blocks for real has that one's mask. So a signal that all
//! greenlets block is blocked by all OS threads. (One that computes keeps the mask
//! that was in force when the hub was taken from it. If what all block has grown
//! since, it is called in.)

use super::action::{self, from_bits, to_bits, CAUSED};
use super::{bit, deliver, first_pending, pending, send, word};
use crate::doorway;
use crate::settings;
use crate::table::Group;
use core::ffi::c_int;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use hub::greenlet::{Greenlet, Phase};
use hub::hub as scheduler;
use hub::hub::carrier::Carrier;
use libc::sigset_t;

crate::hooks! {
    Signal "never" fn pthread_sigmask(how: c_int, set: *const sigset_t, old: *mut sigset_t) -> c_int = thread_mask, version "GLIBC_2.32";
    Signal "never" fn sigprocmask(how: c_int, set: *const sigset_t, old: *mut sigset_t) -> c_int = process_mask;
    Signal "never" fn sigpending(set: *mut sigset_t) -> c_int = pending;
}

/// How many greenlets block anything at all: usually none, and then there is
/// nothing to recount.
static MASKED: AtomicU32 = AtomicU32::new(0);
/// Whether the first thread's mask was taken over from the kernel.
static KERNELS_MASK_READ: AtomicBool = AtomicBool::new(false);
/// What carriers block in the kernel.
static CARRIER: AtomicU64 = AtomicU64::new(0);
/// Counts the changes of [`CARRIER`]. A carrier's extension word says which it
/// has made; it catches up when it gets the hub.
static EPOCH: AtomicUsize = AtomicUsize::new(0);
const EPOCH_WORD: usize = 0;
/// In that word: another mask, its greenlet's own.
const OWN: usize = usize::MAX;
/// Or'ed to the epoch: the greenlet that runs there off the hub has just this mask, and
/// keeps it while others change.
const STAYS: usize = 1 << (usize::BITS - 1);
/// A mask was changed without the hub.
static STALE: AtomicBool = AtomicBool::new(false);

/// Those that nobody can block, and libc's own: one is sent for a turn, and
/// setuid(3) waits until every OS thread has taken the other.
const NEVER_BLOCKED: u64 = bit(libc::SIGKILL) | bit(libc::SIGSTOP) | 3 << 31;

/// The mask of a greenlet.
#[inline(always)]
pub fn of(g: &Greenlet) -> u64 {
    g.extension[word::MASK].get() as u64
}

/// Set a greenlet's mask.
pub fn set(g: &'static Greenlet, mask: u64) {
    let mask = mask & !NEVER_BLOCKED;
    let before = of(g);
    if before == mask {
        return;
    }
    g.extension[word::MASK].set(mask as usize);
    if mask & CAUSED != 0 {
        action::guard_caused();
    }
    match (before == 0, mask == 0) {
        (true, false) => MASKED.fetch_add(1, Ordering::Relaxed),
        (false, true) => MASKED.fetch_sub(1, Ordering::Relaxed),
        _ => 0,
    };
    // What all others block besides, nobody knows; but what all blocked before and
    // this one blocks still, all block.
    let surely = CARRIER.load(Ordering::Relaxed) & mask;
    let Some(me) = Greenlet::current() else { return recount(surely) };
    let entered = me.enter_shim();
    if entered || me.in_shim() {
        recount(surely);
    } else {
        // A handler off the hub: whoever gets the hub next counts.
        STALE.store(true, Ordering::Relaxed);
    }
    if entered {
        me.leave_shim();
    }
}

/// Let the carrier block exactly what every greenlet blocks. With the hub.
/// `surely`: what all block in any case. (Where threads end that block what their
/// maker does, one look is enough.)
fn recount(surely: u64) {
    let surely = if STALE.swap(false, Ordering::Relaxed) { 0 } else { surely };
    let mut all = u64::MAX;
    if MASKED.load(Ordering::Relaxed) < scheduler::live() {
        all = 0;
    } else {
        scheduler::for_each_until(|g| {
            if g.phase() == Phase::Alive {
                all &= of(g);
            }
            all != surely
        });
    }
    let before = CARRIER.swap(all, Ordering::Relaxed);
    if before != all {
        let epoch = EPOCH.fetch_add(1, Ordering::Relaxed) + 1;
        load(all);
        if let Some(c) = scheduler::carrier() {
            c.extension[EPOCH_WORD].store(epoch, Ordering::Relaxed);
        }
        if all & !before != 0 {
            scheduler::watch::dismiss();
            call_in_others();
            send::show(all & !before);
        }
    }
}

/// What all greenlets block has grown: those that compute learn of it.
#[cold]
fn call_in_others() {
    scheduler::for_each(|g| {
        let has_other = |c: &Carrier| c.extension[EPOCH_WORD].load(Ordering::Relaxed) & STAYS == 0;
        if scheduler::home(g).is_some_and(has_other) {
            scheduler::call_in_if_computing(g);
        }
    });
}

/// Callback of the hub: `c`, the caller's carrier, is about to give the hub away,
/// and to rest or to run this greenlet.
pub fn hub_left(c: &'static Carrier, stays: Option<&'static Greenlet>) {
    let mask = stays.map_or(!NEVER_BLOCKED, of);
    if mask == carriers() {
        let word = &c.extension[EPOCH_WORD];
        word.store(word.load(Ordering::Relaxed) | STAYS, Ordering::Relaxed);
    } else if settings::patched(Group::Signal) {
        load_of_its_own(c, mask);
    }
}

fn load_of_its_own(c: &Carrier, mask: u64) {
    c.extension[EPOCH_WORD].store(OWN, Ordering::Relaxed);
    load(mask);
}

/// Load what belongs to `g`, which runs here: its own mask if it is off the hub.
fn load_for(g: &Greenlet) {
    match scheduler::home(g) {
        Some(c) => load_of_its_own(c, of(g)),
        None => load(carriers()),
    }
}

/// Callback of the hub: `c`, the caller's carrier, has got the hub. Its mask
/// may have changed meanwhile.
pub fn hub_taken(c: &Carrier) {
    let epoch = EPOCH.load(Ordering::Relaxed);
    let before = c.extension[EPOCH_WORD].swap(epoch, Ordering::Relaxed);
    if before != epoch && before != epoch | STAYS {
        load(carriers());
    }
    if STALE.load(Ordering::Relaxed) {
        recount(0);
    }
}

/// Callback of the hub: `c` sleeps since it had the hub; whether it would block the same
/// if it had it now.
pub fn may_rest(c: &Carrier) -> bool {
    c.extension[EPOCH_WORD].load(Ordering::Relaxed) == EPOCH.load(Ordering::Relaxed)
        && !STALE.load(Ordering::Relaxed)
}

/// What the carrier blocks in the kernel.
pub fn carriers() -> u64 {
    CARRIER.load(Ordering::Relaxed)
}

/// A handler begins on `g`, with `more` blocked besides. The kernel may have
/// blocked them for the whole carrier: others must get theirs while this
/// handler waits for something. Returns the mask to restore.
pub fn enter_handler(g: &'static Greenlet, more: u64) -> u64 {
    let before = of(g);
    // The only greenlet there is may be in libc's own sigsuspend(2), ppoll(2) or the like, with
    // a mask of that call's: what is in force then only the kernel knows.
    set(g, more | if scheduler::active() { before } else { in_kernel() });
    load_for(g);
    before
}

/// What the kernel shall have when a handler has returned on `g`.
pub fn after_handler(g: &'static Greenlet) -> u64 {
    match scheduler::home(g) {
        Some(c) => {
            c.extension[EPOCH_WORD].store(OWN, Ordering::Relaxed);
            of(g)
        }
        None => carriers(),
    }
}

/// Callback of the hub: the caller is a new carrier.
pub fn carrier_made(c: &Carrier) {
    if settings::patched(Group::Signal) {
        load_of_its_own(c, !NEVER_BLOCKED);
    }
}

/// Let the calling OS thread block `mask`, of a greenlet, for the moment until libc gives it
/// another one.
pub fn show_in_kernel(mask: u64) {
    if keeps() && in_kernel() != mask {
        load(mask);
    }
}

/// What the calling OS thread blocks.
fn in_kernel() -> u64 {
    let mut mask = 0u64;
    // SAFETY: writes one word.
    unsafe {
        let _ = hub::syscall!(libc::SYS_rt_sigprocmask, libc::SIG_BLOCK, 0, &raw mut mask, 8);
    }
    mask
}

fn load(mask: u64) {
    // SAFETY: sets the calling OS thread's mask from our own word.
    unsafe {
        let _ = hub::syscall!(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const mask, 0, 8);
    }
}

/// Make a call of libc's that starts a program, which inherits the mask that the
/// kernel knows: let that be `g`'s own meanwhile. `g` is the running greenlet,
/// in program code; `call` enters no hook that parks.
pub fn with_own_in_kernel<R>(g: &'static Greenlet, call: impl FnOnce() -> R) -> R {
    /// Both are undone also when a cancellation unwinds the call.
    struct Loaded(&'static Greenlet, u64);

    impl Drop for Loaded {
        fn drop(&mut self) {
            if self.0.in_handler() {
                load_back(self.1);
            } else if keeps() {
                // A cancellation has forgotten the pin, and comes with the hub.
                load_for(self.0);
            }
            self.0.unpin();
        }
    }

    // The mask is this OS thread's: nobody may ask for the greenlet's turn meanwhile.
    g.pin();
    let _loaded = Loaded(g, load_own(g));
    call()
}

/// The first half of [`with_own_in_kernel`]: returns the mask that was in the
/// kernel, for the other half, [`load_back`].
pub fn load_own(g: &'static Greenlet) -> u64 {
    let (own, mut before) = (of(g), 0u64);
    let own = if keeps() { &raw const own } else { core::ptr::null() };
    // SAFETY: sets the calling OS thread's mask from and into our own words.
    unsafe {
        let how = libc::SIG_SETMASK;
        let _ = hub::syscall!(libc::SYS_rt_sigprocmask, how, own, &raw mut before, 8);
    }
    before
}

/// Block `signals` on the calling OS thread too, for a moment: in our code. Returns the mask
/// that was in the kernel, for [`load_back`].
pub fn block_here(signals: u64) -> u64 {
    let mut before = 0u64;
    // SAFETY: changes the calling OS thread's mask from and into our own words.
    unsafe {
        let how = libc::SIG_BLOCK;
        let _ =
            hub::syscall!(libc::SYS_rt_sigprocmask, how, &raw const signals, &raw mut before, 8);
    }
    before
}

/// See [`load_own`].
pub fn load_back(before: u64) {
    if keeps() {
        load(before);
    }
}

/// Whether masks are ours at all.
pub fn keeps() -> bool {
    settings::patched(Group::Signal) && scheduler::live() != 0
}

/// Callback of the hub: a new greenlet blocks what its creator blocks.
pub fn inherit(creator: &'static Greenlet, new: &'static Greenlet) {
    if !KERNELS_MASK_READ.load(Ordering::Relaxed) {
        KERNELS_MASK_READ.store(true, Ordering::Relaxed);
        // The creator has become a greenlet by this very call.
        let mask = in_kernel();
        CARRIER.store(mask, Ordering::Relaxed);
        if mask != 0 {
            creator.extension[word::MASK].set(mask as usize);
            MASKED.fetch_add(1, Ordering::Relaxed);
        }
        first_pending::take_over(creator, mask);
    }
    let mask = of(creator);
    if mask & CAUSED != 0 {
        action::guard_caused();
    }
    if mask != 0 {
        new.extension[word::MASK].set(mask as usize);
        MASKED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Give a new thread the mask that its attributes name.
pub fn assign(g: &'static Greenlet, mask: u64) {
    set(g, mask);
}

/// The thread has ended.
pub fn forget(g: &'static Greenlet) {
    pending::forget(g);
    if MASKED.load(Ordering::Relaxed) != 0 && scheduler::live() > 1 {
        // Whoever ends blocks everything: it takes no signal any more.
        set(g, u64::MAX);
        g.extension[word::MASK].set(0);
        MASKED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// In the child of a fork only the caller's mask counts.
pub fn after_fork(g: &'static Greenlet) {
    MASKED.store((of(g) != 0) as u32, Ordering::Relaxed);
    CARRIER.store(of(g), Ordering::Relaxed);
    load(of(g));
}

/// Let the calling greenlet take these signals, in any code.
pub fn unblock(signals: u64) {
    if let Some(g) = Greenlet::current().filter(|g| keeps() && of(g) & signals != 0) {
        set(g, of(g) & !signals);
    }
}

/// Change the calling greenlet's mask; an error number.
unsafe fn change(how: c_int, set_to: *const sigset_t, old: *mut sigset_t) -> Option<c_int> {
    if !settings::patched(Group::Signal) || scheduler::live() == 0 {
        return None;
    }
    let g = Greenlet::current()?;
    // SAFETY: null or the program's objects.
    let (given, old) = unsafe { (set_to.as_ref().map(to_bits), old.as_mut()) };
    let before = of(g);
    let after = match (given, how) {
        (None, _) => before,
        (Some(bits), libc::SIG_BLOCK) => before | bits,
        (Some(bits), libc::SIG_UNBLOCK) => before & !bits,
        (Some(bits), libc::SIG_SETMASK) => bits,
        _ => return Some(libc::EINVAL),
    };
    if let Some(old) = old {
        *old = from_bits(before);
    }
    {
        let _shim = doorway::enter_any();
        set(g, after);
    }
    // POSIX: a pending signal that this unblocks is delivered before the call
    // returns. (Leaving our code has done so, if it was entered.)
    if pending::noted() && !g.in_shim() {
        deliver::run_all(g);
    }
    Some(0)
}

unsafe fn thread_mask(how: c_int, set: *const sigset_t, old: *mut sigset_t) -> c_int {
    // SAFETY: the program's own call.
    unsafe { change(how, set, old).unwrap_or_else(|| real::pthread_sigmask(how, set, old)) }
}

unsafe fn process_mask(how: c_int, set: *const sigset_t, old: *mut sigset_t) -> c_int {
    // SAFETY: as above.
    match unsafe { change(how, set, old) } {
        Some(0) => 0,
        Some(e) => {
            doorway::set_errno(e);
            -1
        }
        // SAFETY: as above.
        None => unsafe { real::sigprocmask(how, set, old) },
    }
}

unsafe fn pending(set: *mut sigset_t) -> c_int {
    // SAFETY: the program's own call and object.
    unsafe {
        let result = real::sigpending(set);
        if let (0, Some(g)) = (result, Greenlet::current()) {
            let here = pending::pending_for(g) & of(g);
            *set = from_bits(to_bits(&*set) | here);
        }
        result
    }
}
