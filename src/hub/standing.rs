//! Standings: what the kernel keeps for each OS thread, and greenlets that have changed
//! it.
//!
//! Credentials and capabilities, no_new_privs, seccomp filters, the nice value, namespaces,
//! the personality and more belong to an OS thread. With kernel threads that is the thread
//! of the program; a new thread has its creator's. Here a greenlet may go on on another
//! carrier, and others run on the one where it was.
//!
//! So a *standing* is a number for one state of all these. Each carrier has one, and each
//! greenlet; at first they all have [`BASE`]. Three rules hold:
//!
//! 1. A greenlet's code runs on carriers of its standing only.
//! 2. A carrier has the standing of the OS thread that has made it, and a greenlet that of
//!    its creator. Both change in [`change`] only, together.
//! 3. While one of several greenlets of a standing is away, some carrier of it is not: it
//!    waits in the pool, or has the hub, or is on its way to it. So somebody can run the
//!    others. Who goes away sees to that ([`heir`](super::carrier::take_idle)).
//!
//! Among greenlets of one standing nothing is as without standings: a program whose first
//! thread drops its privileges when it has a helper thread, and makes ten thousand others
//! then, runs those on one carrier as ever, and only switches from them to the helper go
//! through the kernel.
//!
//! # States of a standing
//!
//! ```text
//!         change              spawn                all but one end
//!   FREE ───────▶ SOLE ◀──────────────────▶ SHARED
//!    ▲             │ ended, or changed again
//!    │             ▼
//!    └────────── LEFT      carriers only, which end when they have been idle for a while
//! ```
//! SOLE, SHARED and LEFT are one, several and no `members`; it is free if it has no
//! `carriers` either. A standing that is SHARED has a maker ([`maker`]), an OS thread that
//! has the standing as well and makes carriers of it when the monitor wants one. (Who
//! begins a section makes one himself.) [`BASE`] counts neither, is always taken for
//! SHARED, and is never free.
//!
//! # Changing
//!
//! Who makes such a call leaves his standing for a free one, *before* the call, and takes
//! one carrier along: the one that he is on, or if that is the process's first OS
//! thread, which the kernel shows as the process, another one. The first thread of the
//! program goes to that one, if it waits in the pool. If the others stay behind without a
//! carrier (rule 3), one is made before. If the call fails, all is as before. Where
//! no carrier can be made, nothing is changed, and the call is made where the greenlet is.
//!
//! Who is alone with its carrier already makes the call as it is.

use super::carrier::{self, Carrier};
use super::drive::pass_to;
use super::maker::{self, Maker};
use super::park::yield_now;
use super::{computes, first, live, monitor, preempt, watch, Hub, HUB};
use crate::greenlet::Greenlet;
use crate::observe;
use crate::syscall;
use crate::time::{self, MILLISECOND};
use crate::wait::Reason;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

/// The standing of the process before anybody has changed his.
pub const BASE: u32 = 0;

/// What a call changes that belongs to the caller's OS thread alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// What the kernel allows or does by itself: credentials, priorities, namespaces.
    Attributes,
    /// Which system calls it may make: from then on it waits by those that the program makes.
    Filter,
    /// Which files its descriptors are: the hub's reactor has others'.
    Files,
}

/// How a greenlet's calls wait that wait for descriptors or for time to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Waits {
    /// In the hub.
    InHub,
    /// In the kernel, by the call that the program has made.
    ByItself,
    /// Likewise; and the hub learns nothing of the greenlet's descriptors.
    Apart,
}

impl What {
    fn waits(self) -> Waits {
        match self {
            What::Attributes => Waits::InHub,
            What::Filter => Waits::ByItself,
            What::Files => Waits::Apart,
        }
    }
}

/// As many standings as there may be carriers, and a few.
const MOST: usize = 32 * 1024;

/// One standing.
struct Entry {
    /// Greenlets that have it. Changed by the hub's holder.
    members: AtomicU32,
    /// Carriers that have it. Changed under the pool's lock.
    carriers: AtomicU32,
    /// Makes carriers of it for the monitor; null: nobody does. Changed by the hub's holder.
    maker: AtomicPtr<Maker>,
    /// The hub should not wait on its carriers ([`Carrier::restricted`]).
    restricted: AtomicBool,
}

static ENTRIES: [Entry; MOST] = [const {
    Entry {
        members: AtomicU32::new(0),
        carriers: AtomicU32::new(0),
        maker: AtomicPtr::new(ptr::null_mut()),
        restricted: AtomicBool::new(false),
    }
}; MOST];

/// All beyond this one are free. Grows, as `members` do.
static HIGHEST: AtomicU32 = AtomicU32::new(BASE);

fn entry(standing: u32) -> &'static Entry {
    &ENTRIES[standing as usize % MOST]
}

/// Whether one greenlet alone has this standing.
pub(super) fn is_sole(standing: u32) -> bool {
    standing != BASE && entry(standing).members.load(Ordering::Relaxed) == 1
}

/// Whether carriers of it are of no more use.
pub(super) fn is_left(standing: u32) -> bool {
    standing != BASE && entry(standing).members.load(Ordering::Relaxed) == 0
}

/// Whether anybody has changed his standing since the process began, or was forked.
#[inline(always)]
pub(super) fn ever_changed() -> bool {
    HIGHEST.load(Ordering::Relaxed) != BASE
}

/// Whether the hub should not wait on its carriers.
pub(super) fn is_restricted(standing: u32) -> bool {
    entry(standing).restricted.load(Ordering::Relaxed)
}

/// How many carriers have it.
pub(super) fn carriers(standing: u32) -> u32 {
    entry(standing).carriers.load(Ordering::Relaxed)
}

/// A carrier has it from here on, and no more. Under the pool's lock.
pub(super) fn carrier_came(standing: u32) {
    entry(standing).carriers.fetch_add(1, Ordering::Relaxed);
}

/// See [`carrier_came`].
pub(super) fn carrier_went(standing: u32) {
    entry(standing).carriers.fetch_sub(1, Ordering::Relaxed);
}

/// Who makes carriers of it for the monitor.
pub(super) fn maker_of(standing: u32) -> Option<&'static Maker> {
    if standing == BASE {
        return Some(maker::base());
    }
    // SAFETY: null or a maker; they live for ever.
    unsafe { entry(standing).maker.load(Ordering::Acquire).as_ref() }
}

/// Of which standing the carriers are that can have the hub of one that goes away.
pub(super) fn heirs_of(standing: u32) -> u32 {
    if is_sole(standing) {
        BASE
    } else {
        standing
    }
}

/// There is no idle carrier for those who go away from one of this standing and compute:
/// one more is wanted, unless there are as many as can compute.
pub(super) fn want_carrier(standing: u32) {
    let (heirs, most) = (heirs_of(standing), preempt::most());
    if carriers(heirs) < most {
        if let Some(maker) = maker_of(heirs) {
            maker.ask(most);
        }
    }
}

/// `creator`, which is in our code, is about to make a greenlet of its standing. The
/// hub may have moved meanwhile, and come back.
#[cold]
pub(super) fn shares(creator: &'static Greenlet) {
    let standing = creator.standing.get();
    if entry(standing).maker.load(Ordering::Relaxed).is_null() {
        let made =
            maker::start_for(standing).map_or(ptr::null_mut(), |m| ptr::from_ref(m).cast_mut());
        entry(standing).maker.store(made, Ordering::Release);
    }
}

/// `g` has this standing from here on. With the hub.
#[inline(always)]
pub(super) fn enter(g: &Greenlet, standing: u32) {
    g.standing.set(standing);
    if standing != BASE {
        member_came(standing);
    }
}

#[cold]
fn member_came(standing: u32) {
    entry(standing).members.fetch_add(1, Ordering::Relaxed);
    HIGHEST.fetch_max(standing, Ordering::Relaxed);
}

/// `g` has its standing no more: it has ended, or changes it. With the hub.
#[inline(always)]
pub(super) fn leave(g: &Greenlet) {
    if g.standing.get() != BASE {
        member_went(g.standing.get());
    }
}

#[cold]
fn member_went(standing: u32) {
    let entry = entry(standing);
    if entry.members.fetch_sub(1, Ordering::Relaxed) == 1 {
        let made = entry.maker.swap(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: null or a maker; they live for ever.
        if let Some(m) = unsafe { made.as_ref() } {
            m.end();
        }
    }
}

/// One that nobody has.
fn a_free_one() -> Option<u32> {
    let free = |s: &u32| {
        let entry = entry(*s);
        entry.members.load(Ordering::Relaxed) == 0 && entry.carriers.load(Ordering::Relaxed) == 0
    };
    (BASE + 1..MOST as u32).find(free)
}

/// Whether `g` and the carrier that it is on are the only ones of their standing.
fn is_alone(g: &Greenlet) -> bool {
    let standing = g.standing.get();
    if standing == BASE {
        return live() == 1 && carrier::alive() == 1 && !monitor::is_started();
    }
    is_sole(standing) && carriers(standing) == 1
}

/// The running greenlet `g`, which is in our code, makes a call that changes what the
/// kernel keeps for its OS thread alone: `call`, once, on an OS thread that only `g` has,
/// and keeps. `changed` says from its result whether anything was changed.
///
/// Others may run before the call. Where there is no further OS thread to be had, the call
/// is made all the same, on the one that `g` shares with others.
pub fn change<R>(
    g: &'static Greenlet,
    what: What,
    call: impl FnOnce() -> R,
    changed: impl FnOnce(&R) -> bool,
) -> R {
    let (old, waits) = (g.standing.get(), g.waits.get().max(what.waits()));
    let parted = part(g);
    if waits != Waits::InHub && (parted || is_alone(g)) {
        // Afterwards it may be forbidden to wake anybody.
        restrict(g, true);
        see_to_heirs(g);
        computes::go_off(g);
    }
    let result = call();
    if changed(&result) {
        g.waits.set(waits);
        return result;
    }
    g.reenter_shim();
    if g.waits.get() == Waits::InHub {
        restrict(g, false);
    }
    if parted {
        rejoin(g, old);
    }
    result
}

/// The carrier of `g`, and those that will be made like it, are [restricted](Carrier::restricted).
fn restrict(g: &Greenlet, restricted: bool) {
    entry(g.standing.get()).restricted.store(restricted, Ordering::Relaxed);
    HUB.carrier().restricted.store(restricted, Ordering::Relaxed);
    if restricted {
        observe::look_whose_calls();
    }
}

/// See to it that somebody can have the hub of `g` at once. A carrier that is made for that is
/// of a standing that nobody has: it can drive the hub, and runs nobody.
fn see_to_heirs(g: &Greenlet) {
    let standing = g.standing.get();
    if carrier::any_heir(standing) {
        return;
    }
    if let (Some(c), Some(nobodys)) = (carrier::make_one(standing, u32::MAX), a_free_one()) {
        carrier::change_standing(c, nobodys);
        c.restricted.store(false, Ordering::Relaxed);
        HIGHEST.fetch_max(nobodys, Ordering::Relaxed);
        carrier::rest(c);
    }
}

/// The running greenlet `g` goes off the hub until it enters a hook again, if it can.
pub fn leave_the_hub(g: &'static Greenlet) {
    if !g.is_away() && g.enter_shim() {
        if !monitor::hands_off() {
            await_heir(g);
        }
        computes::go_off(g);
    }
}

/// Where nobody takes the hub off a greenlet that waits with it, there must be somebody who can
/// have it. (A carrier that `g` itself made would share its descriptors, and its filter.)
fn await_heir(g: &'static Greenlet) {
    let standing = g.standing.get();
    for _ in 0..MOST_PAUSES {
        if !super::active() || carrier::any_heir(standing) {
            return;
        }
        want_carrier(standing);
        let what = Reason::Section("an OS thread for the others");
        super::pause_until(g, what, time::after(MILLISECOND));
    }
}

/// Whether `g` is in [`wait_by_itself`], or may be.
pub fn waits_by_itself(g: &Greenlet) -> bool {
    g.waits.get() != Waits::InHub && g.interruptible.load(Ordering::Relaxed)
}

/// The running greenlet `g` makes a call that may wait, and that the hub shall have nothing to
/// do with: as program code, off the hub. It stays there until it enters a hook of another
/// kind. An interrupt ends the call as it ends that of a blocking section
/// (`Section::UnwindsReading`).
pub fn wait_by_itself<R>(g: &'static Greenlet, call: impl FnOnce() -> R) -> R {
    struct Over(&'static Greenlet);
    impl Drop for Over {
        fn drop(&mut self) {
            self.0.interruptible.store(false, Ordering::Relaxed);
            self.0.unwinds_reading.store(false, Ordering::Relaxed);
        }
    }
    leave_the_hub(g);
    g.unwinds_reading.store(true, Ordering::Relaxed);
    g.interruptible.store(true, Ordering::Relaxed);
    let _over = Over(g);
    call()
}

/// The running greenlet, which is in our code, is about to make a call that all OS threads of
/// the process shall answer alike: those that are left of threads which have ended are to be
/// gone. Others may run meanwhile.
pub fn end_those_left() {
    if !ever_changed() {
        return;
    }
    maker::join_ended();
    // (Those that can have the hub of who is restricted have nobody's standing as well.)
    let waits =
        |e: &Entry| e.restricted.load(Ordering::Relaxed) && e.members.load(Ordering::Relaxed) != 0;
    if !(BASE + 1..=HIGHEST.load(Ordering::Relaxed)).any(|s| waits(entry(s))) {
        carrier::end_left();
    }
}

/// An OS thread that has what `g` has, for who asks the kernel about `g`. The caller is in
/// our code.
pub fn os_thread_like(g: &Greenlet) -> u32 {
    let (standing, mut found) = (g.standing.get(), 0);
    // SAFETY: takes nothing.
    let process = unsafe { syscall!(libc::SYS_getpid) }.unwrap_or(0);
    carrier::any(|c| {
        // (One that has ended keeps its id. The first carrier comes last.)
        // SAFETY: no signal.
        let lives = || unsafe { syscall!(libc::SYS_tgkill, process, c.tid(), 0) }.is_ok();
        if c.standing() == standing && lives() {
            found = c.tid();
        }
        false
    });
    found
}

/// Give `g` a standing of its own, and a carrier. False: it has that, or cannot have it.
fn part(g: &'static Greenlet) -> bool {
    if is_alone(g) {
        return false;
    }
    let old = g.standing.get();
    let Some(to) = carrier_for(g, old) else { return false };
    let Some(new) = a_free_one() else {
        if !ptr::eq(to, HUB.carrier()) {
            carrier::rest(to);
        }
        return false;
    };
    let restricted = is_restricted(old);
    carrier::change_standing(to, new);
    leave(g);
    enter(g, new);
    entry(new).restricted.store(restricted, Ordering::Relaxed);
    if !ptr::eq(to, HUB.carrier()) {
        carrier::rest(to);
        yield_now(g);
    }
    true
}

/// The carrier that `g` takes along: the one that it is on, or one out of the pool. Those who
/// stay behind have one, too.
fn carrier_for(g: &'static Greenlet, old: u32) -> Option<&'static Carrier> {
    let here = HUB.carrier();
    let is_first = first().is_some_and(|f| ptr::eq(f, g));
    // A frame of the kernel's stays where it is.
    let elsewhere = if g.in_handler() || is_first == here.is_first() {
        None
    } else if is_first {
        watch::dismiss();
        carrier::take_first(old)
    } else {
        carrier::take_of(old).or_else(|| carrier::make_one(old, u32::MAX))
    };
    if elsewhere.is_some() {
        return elsewhere;
    }
    if !is_sole(old) && !carrier::any_idle(old) {
        carrier::rest(carrier::make_one(old, u32::MAX)?);
    }
    Some(here)
}

/// Nothing was changed: `g` has its `old` standing again. If nobody else has it, it may
/// have been taken meanwhile, and the new one is as good.
fn rejoin(g: &'static Greenlet, old: u32) {
    if old != BASE && is_left(old) {
        return;
    }
    carrier::change_standing(HUB.carrier(), old);
    leave(g);
    enter(g, old);
}

/// For so many milliseconds a carrier is waited for.
const MOST_PAUSES: u32 = 1000;

/// How long nobody looks again for a carrier of somebody's standing when there was none.
pub(super) const PAUSE: u64 = 10 * MILLISECOND;

impl Hub {
    /// The turn of `g` has come, whose standing the holder `from` does not have: give the hub
    /// to a carrier that has. False: there is none, and `g` waits for one.
    #[cold]
    pub(super) fn pass_on(&self, g: &'static Greenlet, from: &'static Carrier) -> bool {
        let standing = g.standing.get();
        if let Some(to) = carrier::take_of(standing) {
            self.destined.set(g);
            pass_to(to, from);
            return true;
        }
        from.load_own();
        self.destined.set(g);
        if watch::rouse_with(standing, from) {
            return true;
        }
        self.destined.set(ptr::null());
        self.stranded.push(g);
        false
    }

    /// The OS thread of the holder `from` is not one to wait on: give the hub to a carrier that
    /// can, and shall choose who runs. False: there is none.
    #[cold]
    pub(super) fn pass_to_unrestricted(&self, from: &'static Carrier) -> bool {
        if !self.destined.get().is_null() {
            return false;
        }
        if let Some(to) = carrier::take_unrestricted() {
            pass_to(to, from);
            return true;
        }
        from.load_own();
        watch::rouse_with(BASE, from)
    }

    /// Whom the caller's carrier was given the hub for, if he has not been run.
    #[inline(always)]
    pub(super) fn take_destined(&self) -> Option<&'static Greenlet> {
        // SAFETY: null or a greenlet, which is never freed.
        let g = unsafe { self.destined.get().as_ref() }?;
        self.destined.set(ptr::null());
        Some(g)
    }

    /// Whether somebody waits for a carrier of his standing.
    pub(super) fn has_stranded(&self) -> bool {
        !self.stranded.is_empty()
    }

    /// Another carrier has the hub, or some time has passed: all who wait for one try again.
    #[inline(always)]
    pub(super) fn take_in_stranded(&self) {
        while let Some(g) = self.stranded.pop() {
            self.run.push(g);
        }
    }
}

/// In the child of a fork: `me` is the only greenlet, and on the only carrier.
pub(super) fn after_fork(me: Option<&Greenlet>) {
    for standing in BASE..=HIGHEST.load(Ordering::Relaxed) {
        let entry = entry(standing);
        entry.members.store(0, Ordering::Relaxed);
        entry.carriers.store(0, Ordering::Relaxed);
        entry.maker.store(ptr::null_mut(), Ordering::Relaxed);
        entry.restricted.store(false, Ordering::Relaxed);
    }
    HIGHEST.store(BASE, Ordering::Relaxed);
    if let Some(g) = me {
        g.standing.set(BASE);
        if g.waits.get() == Waits::Apart {
            // The reactor is new, and its files are the child's.
            g.waits.set(Waits::InHub);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test: it is about the process's table.
    #[test]
    fn a_standing_is_free_when_nobody_has_it() {
        let greenlets: Vec<Greenlet> = (0..3).map(|_| Greenlet::new()).collect();
        assert!(!ever_changed() && !is_sole(BASE) && !is_left(BASE));
        let own = a_free_one().unwrap();
        carrier_came(own);
        enter(&greenlets[0], own);
        assert!(is_sole(own) && ever_changed() && heirs_of(own) == BASE);
        // What it makes is like it.
        enter(&greenlets[1], greenlets[0].standing.get());
        assert!(!is_sole(own) && heirs_of(own) == own);
        let other = a_free_one().unwrap();
        assert_ne!(own, other);
        // Changed once more.
        leave(&greenlets[1]);
        enter(&greenlets[1], other);
        assert!(is_sole(own) && is_sole(other));
        leave(&greenlets[0]);
        assert!(is_left(own));
        assert_ne!(a_free_one(), Some(own), "a carrier has it still");
        carrier_went(own);
        assert_eq!(a_free_one(), Some(own));
        // Those of the first standing are not counted.
        enter(&greenlets[2], BASE);
        leave(&greenlets[2]);
        assert!(!is_left(BASE) && heirs_of(BASE) == BASE);
        leave(&greenlets[1]);
        assert_eq!(a_free_one(), Some(own));
    }

    #[test]
    fn who_has_files_of_its_own_waits_apart_whatever_else_it_changes() {
        let waits = |all: &[What]| all.iter().map(|w| w.waits()).max();
        assert_eq!(waits(&[What::Files, What::Filter, What::Attributes]), Some(Waits::Apart));
        assert_eq!(waits(&[What::Attributes, What::Filter]), Some(Waits::ByItself));
        assert_eq!(waits(&[What::Attributes]), Some(Waits::InHub));
    }
}
