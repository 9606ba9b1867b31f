//! timer_create(2) with SIGEV_THREAD_ID: a timer whose signal is for one thread.
//!
//! The kernel gets a timer whose signal is for the process; see
//! [`directed`](super::directed).
//!
//! Every other kind of timer is libc's and the kernel's own.

use super::directed::{Slot, Table, FREE};
use crate::doorway;
use crate::settings;
use crate::table::Group;
use crate::thread::alive_by_id;
use crate::thread::processor_clock::{self, Shows};
use core::ffi::{c_int, c_void};
use hub::hub as scheduler;
use libc::{clockid_t, sigevent, siginfo_t, timer_t};

crate::hooks! {
    Signal "never" fn timer_create(clock: clockid_t, event: *mut sigevent, timer: *mut timer_t) -> c_int = create, version "GLIBC_2.34" or "GLIBC_2.3.3";
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
        let id = if TIMERS.unused() { FREE } else { kernels(timer) };
        let result = real::timer_delete(timer);
        if result == 0 {
            TIMERS.forget(id);
        }
        result
    }
}

/// syscall(2) with `SYS_timer_delete` has succeeded.
pub fn deleted_raw(timer: c_int) {
    TIMERS.forget(timer);
}

/// The child of a fork has no timers.
pub fn after_fork() {
    TIMERS.clear();
}
