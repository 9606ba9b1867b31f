//! timer_create(2) with SIGEV_THREAD_ID: a timer whose signal is for one thread.
//!
//! The kernel gets a timer whose signal is for the process; see
//! [`directed`](super::directed). Timers on processor clocks of threads are in
//! [`processor_timer`].
//!
//! Every other kind of timer is libc's and the kernel's own.

use super::directed::{Slot, Table, FREE};
use super::processor_timer;
use crate::doorway;
use crate::settings;
use crate::table::Group;
use crate::thread::alive_by_id;
use crate::thread::processor_clock::{self, Shows};
use core::ffi::{c_int, c_void};
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use libc::{clockid_t, itimerspec, sigevent, siginfo_t, timer_t};

crate::hooks! {
    Signal "never" fn timer_create(clock: clockid_t, event: *mut sigevent, timer: *mut timer_t) -> c_int = create, version "GLIBC_2.34" or "GLIBC_2.3.3";
    Signal "never" fn timer_settime(timer: timer_t, flags: c_int, new: *const itimerspec, old: *mut itimerspec) -> c_int = set_time, version "GLIBC_2.34" or "GLIBC_2.3.3";
    Signal "never" fn timer_gettime(timer: timer_t, left: *mut itimerspec) -> c_int = get_time, version "GLIBC_2.34" or "GLIBC_2.3.3";
    Signal "never" fn timer_getoverrun(timer: timer_t) -> c_int = overruns, version "GLIBC_2.34" or "GLIBC_2.3.3";
    Signal "never" fn timer_delete(timer: timer_t) -> c_int = delete, version "GLIBC_2.34" or "GLIBC_2.3.3";
}

/// `si_code` of a timer's signal.
const SI_TIMER: c_int = -2;

static TIMERS: Table = Table::empty();

/// The timer of this kind that has sent a signal. Callable in a signal handler.
pub fn sender(info: &siginfo_t) -> Option<&'static Slot> {
    if info.si_code != SI_TIMER || TIMERS.unused() {
        return None;
    }
    // The timer's id is the first field after three ints and their padding.
    // SAFETY: within the object.
    TIMERS.find(unsafe { *core::ptr::from_ref(info).cast::<c_int>().add(4) })
}

/// Make a timer by `make`, which is told the event that the kernel shall have and
/// gives its id. An error number if there is no such thread.
///
/// # Safety
/// The program's own arguments.
unsafe fn with_target(
    event: *mut sigevent,
    make: impl FnOnce(*mut sigevent) -> Result<c_int, c_int>,
) -> Result<(), c_int> {
    // SAFETY: null or the program's object.
    let for_thread = unsafe { event.as_ref() }
        .filter(|e| e.sigev_notify == libc::SIGEV_THREAD_ID)
        .filter(|_| settings::patched(Group::Signal) && scheduler::live() != 0);
    let Some(asked) = for_thread else { return make(event).map(|_| ()) };
    let id = asked.sigev_notify_thread_id;
    let Some(g) = alive_by_id(id) else {
        // An OS thread's, or nobody's: the kernel knows.
        return make(event).map(|_| ());
    };
    let Some(slot) = TIMERS.reserve(g) else { return Err(libc::EAGAIN) };
    // SAFETY: the program's object, copied.
    let mut for_process = unsafe { core::ptr::read(event) };
    for_process.sigev_notify = libc::SIGEV_SIGNAL;
    let made = make(&mut for_process);
    slot.fill(*made.as_ref().unwrap_or(&FREE));
    made.map(|_| ())
}

/// What the kernel calls a timer that libc calls `timer`, if libc has it from there.
unsafe fn kernels(timer: timer_t) -> c_int {
    let value = timer as usize;
    if value <= c_int::MAX as usize {
        return value as c_int;
    }
    if (value as isize) < 0 {
        return FREE; // one of SIGEV_THREAD
    }
    // Before 2.34: an object of libc's, the kind of notice and the kernel's id.
    // SAFETY: by that layout.
    unsafe { *timer.cast::<c_int>().add(1) }
}

/// For whose clock a timer of ours is to be made, and with what: not for SIGEV_THREAD, which is
/// libc's. A null event: SIGALRM.
///
/// # Safety
/// The program's own argument.
unsafe fn of_ours(
    clock: clockid_t,
    event: *const sigevent,
) -> Option<(&'static Greenlet, Option<sigevent>)> {
    // (In the child of a fork there is nobody who looks, until it makes a thread.)
    if !settings::patched(Group::Signal) || !scheduler::active() {
        return None;
    }
    let g = match processor_clock::shows(clock)? {
        Shows::Own(g) | Shows::Other(g) => g,
    };
    if event.is_null() {
        return Some((g, None));
    }
    if !hub::program_memory::readable(event.cast(), size_of::<sigevent>()) {
        return None;
    }
    // SAFETY: it can be read.
    let event = unsafe { *event };
    // The kernel judges all but what is judged here.
    let known = match event.sigev_notify {
        libc::SIGEV_NONE => true,
        libc::SIGEV_SIGNAL => (1..=64).contains(&event.sigev_signo),
        libc::SIGEV_THREAD_ID => {
            (1..=64).contains(&event.sigev_signo)
                && alive_by_id(event.sigev_notify_thread_id).is_some()
        }
        _ => false,
    };
    known.then_some((g, Some(event)))
}

/// What it is to send, when the kernel calls it `id`.
fn to_send(event: Option<sigevent>, id: c_int) -> processor_timer::Event {
    let Some(e) = event else {
        let value = id as usize as *mut c_void;
        return processor_timer::Event { signal: libc::SIGALRM, value, to: None };
    };
    processor_timer::Event {
        signal: if e.sigev_notify == libc::SIGEV_NONE { 0 } else { e.sigev_signo },
        value: e.sigev_value.sival_ptr,
        to: (e.sigev_notify == libc::SIGEV_THREAD_ID)
            .then(|| alive_by_id(e.sigev_notify_thread_id))
            .flatten(),
    }
}

/// The event of a timer of the kernel's that is never armed.
fn silent() -> sigevent {
    // SAFETY: zeroes are valid.
    let mut event: sigevent = unsafe { core::mem::zeroed() };
    event.sigev_notify = libc::SIGEV_NONE;
    event
}

/// The timer of ours that libc calls `timer`.
unsafe fn ours(timer: timer_t) -> Option<&'static processor_timer::Timer> {
    if processor_timer::unused() {
        return None;
    }
    // SAFETY: the program's own argument.
    processor_timer::find(unsafe { kernels(timer) })
}

/// timer_settime(2) of one; an error number.
///
/// # Safety
/// The program's own arguments.
pub unsafe fn set_ours(
    t: &processor_timer::Timer,
    flags: c_int,
    new: *const itimerspec,
    old: *mut itimerspec,
) -> c_int {
    // SAFETY: what can be read is read, and what is not null the program's to be written.
    unsafe {
        if new.is_null() {
            return libc::EINVAL;
        }
        if !hub::program_memory::readable(new.cast(), size_of::<itimerspec>()) {
            return libc::EFAULT;
        }
        let before = t.left();
        let refused = t.set(flags & libc::TIMER_ABSTIME != 0, &*new);
        if let (0, Some(old)) = (refused, old.as_mut()) {
            *old = before;
        }
        refused
    }
}

unsafe fn set_time(
    timer: timer_t,
    flags: c_int,
    new: *const itimerspec,
    old: *mut itimerspec,
) -> c_int {
    // SAFETY: the program's own arguments.
    unsafe {
        match ours(timer) {
            Some(t) => crate::raw::errno_style(set_ours(t, flags, new, old)) as c_int,
            None => real::timer_settime(timer, flags, new, old),
        }
    }
}

unsafe fn get_time(timer: timer_t, left: *mut itimerspec) -> c_int {
    // SAFETY: as above.
    unsafe {
        match ours(timer) {
            // The kernel judges the address.
            Some(t) if real::timer_gettime(timer, left) == 0 => {
                *left = t.left();
                0
            }
            Some(_) => -1,
            None => real::timer_gettime(timer, left),
        }
    }
}

unsafe fn overruns(timer: timer_t) -> c_int {
    // SAFETY: as above.
    unsafe { ours(timer).map_or_else(|| real::timer_getoverrun(timer), |t| t.overruns()) }
}

/// The kernel's clock for that of a greenlet: that of the OS thread on which it computes; the
/// caller's if it does not. (It may go on elsewhere.)
fn kernels_clock(clock: clockid_t) -> clockid_t {
    match processor_clock::shows(clock) {
        Some(Shows::Other(g)) => {
            // Whoever computes off the hub stays on its OS thread while it does.
            let home = doorway::enter_any().and_then(|_| scheduler::home(g));
            home.map_or(libc::CLOCK_THREAD_CPUTIME_ID, |c| processor_clock::clock_of(c.tid()))
        }
        Some(Shows::Own(_)) => libc::CLOCK_THREAD_CPUTIME_ID,
        None => clock,
    }
}

unsafe fn create(clock: clockid_t, event: *mut sigevent, timer: *mut timer_t) -> c_int {
    // SAFETY: the program's own arguments.
    if let Some((g, asked)) = unsafe { of_ours(clock, event) } {
        let make = || {
            // SAFETY: as above, with an event of ours.
            match unsafe { real::timer_create(libc::CLOCK_MONOTONIC, &mut silent(), timer) } {
                // SAFETY: libc has written there.
                0 => Ok(unsafe { kernels(*timer) }),
                _ => Err(doorway::errno()),
            }
        };
        if let Some(made) = processor_timer::make(g, |id| to_send(asked, id), make) {
            return doorway::returned(made.map(|()| 0)) as c_int;
        }
    }
    let clock = kernels_clock(clock);
    // SAFETY: the program's own call, perhaps with another event.
    let made = unsafe {
        with_target(event, |event| match real::timer_create(clock, event, timer) {
            0 => Ok(kernels(*timer)),
            _ => Err(doorway::errno()),
        })
    };
    doorway::returned(made.map(|_| 0)) as c_int
}

/// syscall(2) with `SYS_timer_create`: `timer` is the kernel's own id.
///
/// # Safety
/// The program's own arguments.
pub unsafe fn create_raw(clock: usize, event: *mut c_void, timer: *mut c_int) -> c_int {
    // SAFETY: as above.
    if let Some((g, asked)) = unsafe { of_ours(clock as clockid_t, event.cast()) } {
        let monotonic = libc::CLOCK_MONOTONIC;
        // SAFETY: as above, with an event of ours; the kernel has written the number.
        let make = || unsafe {
            let event = silent();
            hub::syscall!(libc::SYS_timer_create, monotonic, &raw const event, timer)
                .map(|_| *timer)
        };
        if let Some(made) = processor_timer::make(g, |id| to_send(asked, id), make) {
            return doorway::returned(made.map(|()| 0)) as c_int;
        }
    }
    let clock = kernels_clock(clock as clockid_t);
    // SAFETY: as above; the kernel checks the addresses, and this reads the event
    // only if it is not null.
    let made = unsafe {
        with_target(event.cast(), |event| {
            hub::syscall!(libc::SYS_timer_create, clock, event, timer).map(|_| *timer)
        })
    };
    doorway::returned(made.map(|_| 0)) as c_int
}

unsafe fn delete(timer: timer_t) -> c_int {
    // SAFETY: the program's own call; the id before the object is gone.
    unsafe {
        let unused = TIMERS.unused() && processor_timer::unused();
        let id = if unused { FREE } else { kernels(timer) };
        let result = real::timer_delete(timer);
        if result == 0 {
            deleted_raw(id);
        }
        result
    }
}

/// syscall(2) with `SYS_timer_delete` has succeeded.
pub fn deleted_raw(timer: c_int) {
    TIMERS.forget(timer);
    processor_timer::forget(timer);
}

/// The child of a fork has no timers.
pub fn after_fork() {
    TIMERS.clear();
}
