//! A thread's processor time: clock_gettime(2) of CLOCK_THREAD_CPUTIME_ID and of the clocks
//! that pthread_getcpuclockid(3) gives, clock_getres(2), clock_settime(2), getrusage(2) of
//! RUSAGE_THREAD.
//!
//! The kernel counts for OS threads; [`hub::greenlet`] keeps an account for each greenlet from
//! the first such call on. Every other clock is libc's, and so is this one before the first
//! thread is made.
//!
//! A thread's clock is a number in the kernel's way: its id, inverted, above three bits that say
//! what is counted. The ids of greenlets lose their highest bit there, which tells two
//! apart that 2²⁹ others lie between.
//!
//! Not observed (see [`crate::table`]): whoever measures time calls it often.

use super::{find, patched};
use crate::doorway::enter_any;
use crate::locks::take_turns;
use core::ffi::c_int;
use hub::greenlet::{Greenlet, Phase};
use hub::hub as scheduler;
use hub::time as clock;
use libc::{clockid_t, pthread_t, rusage, timespec, timeval};

crate::hooks! {
    Thread "never" fn clock_gettime(clock: clockid_t, at: *mut timespec) -> c_int = get;
    Thread "never" fn clock_getres(clock: clockid_t, at: *mut timespec) -> c_int = resolution;
    Thread "never" fn clock_settime(clock: clockid_t, at: *const timespec) -> c_int = set;
    Thread "never" fn getrusage(who: c_int, usage: *mut rusage) -> c_int = usage_of;
}

crate::plain_hooks! {
    Thread "never" fn pthread_getcpuclockid(thread: pthread_t, clock: *mut clockid_t) -> c_int = cpu_clock;
}

/// "Of a thread", and "what the scheduler counts".
const KIND: clockid_t = 6;
const KINDS: clockid_t = 7;
/// The bits of an id that are left.
const ID: u32 = (1 << 29) - 1;

/// The number of the clock of the thread `id`; the kernel's, of an OS thread.
pub fn clock_of(id: u32) -> clockid_t {
    (!id as clockid_t) << 3 | KIND
}

/// Whose clock that is, the kernel's clocks (0 to 15) apart: a thread's id without its
/// highest bit; 0: the caller's.
fn id_of(clock: clockid_t) -> Option<u32> {
    match clock {
        libc::CLOCK_THREAD_CPUTIME_ID => Some(0),
        0..16 => None,
        _ if clock & KINDS == KIND => Some(!(clock >> 3) as u32 & ID),
        _ => None,
    }
}

/// Whose processor time a clock shows, if it is a greenlet's.
pub enum Shows {
    /// The caller's.
    Own(&'static Greenlet),
    /// Another's, who is alive.
    Other(&'static Greenlet),
}

/// The greenlet whose processor time `clock` shows. `None` for every other clock, and
/// where nobody can tell: in a handler off the hub, of another thread.
#[cold]
fn shown(id: u32) -> Option<Shows> {
    let me = Greenlet::current().filter(|_| patched() && scheduler::live() != 0)?;
    if id == 0 || me.id() & ID == id {
        return Some(Shows::Own(me));
    }
    let shim = enter_any();
    if shim.is_none() && !me.in_shim() {
        return None;
    }
    let mut found = None;
    scheduler::for_each(|g| {
        if g.id() & ID == id && g.phase() == Phase::Alive {
            found = Some(Shows::Other(g));
        }
    });
    found
}

/// [`Shows`], of a clock.
pub fn shows(clock: clockid_t) -> Option<Shows> {
    id_of(clock).and_then(shown)
}

/// While this lives the caller is not asked for its turn, and stays on its OS thread: the
/// clock of that and the account belong together.
struct Stays(Option<&'static Greenlet>);

impl Stays {
    fn here() -> Self {
        let me = Greenlet::current().filter(|g| !g.in_shim());
        if let Some(g) = me {
            g.pass_for_shim();
        }
        Stays(me)
    }
}

impl Drop for Stays {
    fn drop(&mut self) {
        if let Some(g) = self.0 {
            g.leave_shim();
            // Who looks at his clock until it has got somewhere is hardly ever seen in
            // program code, where the monitor could take the hub.
            take_turns();
        }
    }
}

unsafe fn get(clock: clockid_t, at: *mut timespec) -> c_int {
    // SAFETY: the program's own arguments.
    unsafe {
        match id_of(clock) {
            Some(id) => get_of_thread(clock, id, at),
            None => real::clock_gettime(clock, at),
        }
    }
}

/// The clock of the thread `id`.
#[cold]
unsafe fn get_of_thread(clock: clockid_t, id: u32, at: *mut timespec) -> c_int {
    let Some(shown) = shown(id) else {
        // SAFETY: the program's own call.
        return unsafe { real::clock_gettime(clock, at) };
    };
    // Another one's account is looked at with the hub.
    let (_hub, _stays) = match shown {
        Shows::Own(_) => (None, Some(Stays::here())),
        Shows::Other(_) => (enter_any(), None),
    };
    // SAFETY: the kernel judges the address, and has written there if it is good.
    unsafe {
        if real::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, at) != 0 {
            return -1;
        }
        let time = match shown {
            Shows::Own(me) => me.clock(clock::from_timespec(&*at).unwrap_or(0)),
            Shows::Other(other) => other.clock_of_other(),
        };
        *at = clock::to_timespec(time);
    }
    0
}

unsafe fn resolution(clock: clockid_t, at: *mut timespec) -> c_int {
    let of_thread = id_of(clock).filter(|id| *id != 0).and_then(shown).is_some();
    let clock = if of_thread { libc::CLOCK_THREAD_CPUTIME_ID } else { clock };
    // SAFETY: the program's own call.
    unsafe { real::clock_getres(clock, at) }
}

/// Nobody can set the clock of a thread; the kernel says so of the caller's.
unsafe fn set(clock: clockid_t, at: *const timespec) -> c_int {
    let of_thread = id_of(clock).filter(|id| *id != 0).and_then(shown).is_some();
    let clock = if of_thread { clock_of(0) } else { clock };
    // SAFETY: the program's own call.
    unsafe { real::clock_settime(clock, at) }
}

unsafe fn cpu_clock(thread: pthread_t, clock: *mut clockid_t) -> c_int {
    // SAFETY: the program's own arguments.
    unsafe {
        let Some(g) = find(thread) else {
            return plain::pthread_getcpuclockid(thread, clock);
        };
        if g.phase() != Phase::Alive {
            return libc::ESRCH;
        }
        *clock = clock_of(g.id());
    }
    0
}

unsafe fn usage_of(who: c_int, usage: *mut rusage) -> c_int {
    // SAFETY: the program's own call.
    let result = unsafe { real::getrusage(who, usage) };
    if let (0, libc::RUSAGE_THREAD, Some(Shows::Own(me))) =
        (result, who, shows(libc::CLOCK_THREAD_CPUTIME_ID))
    {
        // SAFETY: the kernel has written there.
        let usage = unsafe { &mut *usage };
        let _stays = Stays::here();
        let total = me.clock(clock::processor_time_here());
        let (user, system) = (of_timeval(&usage.ru_utime), of_timeval(&usage.ru_stime));
        let system = me.in_kernel(total, system, user + system);
        usage.ru_utime = to_timeval(total.saturating_sub(system));
        usage.ru_stime = to_timeval(system);
    }
    result
}

fn of_timeval(t: &timeval) -> u64 {
    t.tv_sec as u64 * clock::SECOND + t.tv_usec as u64 * clock::MICROSECOND
}

fn to_timeval(t: u64) -> timeval {
    timeval {
        tv_sec: (t / clock::SECOND) as _,
        tv_usec: (t % clock::SECOND / clock::MICROSECOND) as _,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_names_its_thread() {
        for id in [1, 4_194_303, 0x1000_0000, 0x1fff_fff0, 0x2000_0001, 0x3fff_fff0] {
            assert_eq!(id_of(clock_of(id)), Some(id & ID));
        }
        assert_eq!(id_of(clock_of(0)), Some(0), "the kernel's: the caller");
        assert_eq!(id_of(libc::CLOCK_THREAD_CPUTIME_ID), Some(0));
        assert_eq!(id_of(libc::CLOCK_MONOTONIC), None);
        assert_eq!(id_of(libc::CLOCK_MONOTONIC_COARSE), None);
    }
}
