//! Patch group `time`: sleeping.
//!
//! Semantics: sleep(3), usleep(3), nanosleep(2), clock_nanosleep(2),
//! thrd_sleep(3). All are cancellation points but `thrd_sleep`. An early end
//! gives EINTR and the time that was left.

use crate::doorway::{self, set_errno};
use crate::table::Group;
use crate::thread::processor_clock::Shows;
use core::ffi::{c_int, c_uint};
use hub::time::{self as clock, MICROSECOND, SECOND};
use hub::wait::Wake;
use hub::{greenlet::Greenlet, hub as scheduler};
use libc::{clockid_t, timespec, useconds_t};

crate::hooks! {
    Time "timer" fn sleep(seconds: c_uint) -> c_uint = sleep_;
    Time "timer" fn usleep(microseconds: useconds_t) -> c_int = usleep_;
    Time "timer" fn nanosleep(span: *const timespec, left: *mut timespec) -> c_int = nanosleep_, also [__nanosleep];
    Time "timer" fn clock_nanosleep(clock: clockid_t, flags: c_int, span: *const timespec, left: *mut timespec) -> c_int = clock_nanosleep_;
    Time "timer" fn thrd_sleep(span: *const timespec, left: *mut timespec) -> c_int = thrd_sleep_;
}

/// Sleep for `span` nanoseconds; `Err` is what was left of it.
fn sleep_for(g: &'static Greenlet, span: u64) -> Result<(), u64> {
    if span == 0 {
        scheduler::yield_now(g);
        return Ok(());
    }
    let deadline = clock::after(span);
    match scheduler::sleep_until(g, deadline) {
        Wake::TimedOut => Ok(()),
        _ => Err(deadline.saturating_sub(clock::now())),
    }
}

unsafe fn sleep_(seconds: c_uint) -> c_uint {
    let Some(shim) = doorway::enter(Group::Time) else {
        // SAFETY: the program's own call.
        return unsafe { real::sleep(seconds) };
    };
    crate::thread::cancel::point(&shim);
    match sleep_for(shim.greenlet, seconds as u64 * SECOND) {
        Ok(()) => 0,
        Err(left) => {
            crate::signal::restarts(&shim, false);
            // glibc rounds up, so that a sleep cut short never seems complete.
            left.div_ceil(SECOND) as c_uint
        }
    }
}

unsafe fn usleep_(microseconds: useconds_t) -> c_int {
    let Some(shim) = doorway::enter(Group::Time) else {
        // SAFETY: the program's own call.
        return unsafe { real::usleep(microseconds) };
    };
    crate::thread::cancel::point(&shim);
    if sleep_for(shim.greenlet, microseconds as u64 * MICROSECOND).is_err() {
        crate::signal::restarts(&shim, false);
        set_errno(libc::EINTR);
        return -1;
    }
    0
}

/// Let the kernel judge a time-out, as it does natively: 0, EINVAL, or EFAULT
/// for an address that is none. A futex wait reads its time-out before it
/// looks at the word, and this word never has the expected value.
pub fn judge(span: *const timespec) -> c_int {
    let word = 0u32;
    // SAFETY: waits for nothing; the kernel checks the address.
    let answer = unsafe {
        let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
        hub::syscall!(libc::SYS_futex, &raw const word, operation, 1, span)
    };
    match answer {
        // A null time-out means "none" to futex(2), but nothing to the sleepers.
        _ if span.is_null() => libc::EFAULT,
        Err(libc::EAGAIN) | Ok(_) => 0,
        Err(e) => e,
    }
}

/// The sleep of both nanosleep functions; the result is an error number.
unsafe fn relative(g: &'static Greenlet, span: *const timespec, left: *mut timespec) -> c_int {
    // SAFETY: the callers' program passes readable and writable objects; a bad
    // address faults in the program's own call, as in libc's vDSO paths.
    unsafe {
        let refused = judge(span);
        if refused != 0 {
            return refused;
        }
        let Some(span) = clock::from_timespec(&*span) else { return libc::EINVAL };
        match sleep_for(g, span) {
            Ok(()) => 0,
            Err(rest) => {
                if let Some(left) = left.as_mut() {
                    *left = clock::to_timespec(rest);
                }
                libc::EINTR
            }
        }
    }
}

unsafe fn nanosleep_(span: *const timespec, left: *mut timespec) -> c_int {
    let Some(shim) = doorway::enter(Group::Time) else {
        // SAFETY: the program's own call.
        return unsafe { real::nanosleep(span, left) };
    };
    crate::thread::cancel::point(&shim);
    // SAFETY: as above.
    match unsafe { relative(shim.greenlet, span, left) } {
        0 => 0,
        e => {
            crate::signal::restarts(&shim, false);
            set_errno(e);
            -1
        }
    }
}

/// Clocks that clock_nanosleep(2) takes on every kernel that we run on, from everybody.
const EVERY_KERNEL_HAS: [clockid_t; 5] = [
    libc::CLOCK_REALTIME,
    libc::CLOCK_MONOTONIC,
    libc::CLOCK_PROCESS_CPUTIME_ID,
    libc::CLOCK_BOOTTIME,
    libc::CLOCK_TAI,
];

unsafe fn clock_nanosleep_(
    id: clockid_t,
    flags: c_int,
    span: *const timespec,
    left: *mut timespec,
) -> c_int {
    let Some(shim) = doorway::enter(Group::Time) else {
        // SAFETY: the program's own call.
        return unsafe { real::clock_nanosleep(id, flags, span, left) };
    };
    crate::thread::cancel::point(&shim);
    let absolute = flags & libc::TIMER_ABSTIME != 0;
    let shows = crate::thread::processor_clock::shows(id);
    if let Some(Shows::Own(_)) = shows {
        return libc::EINVAL;
    }
    if !EVERY_KERNEL_HAS.contains(&id) && shows.is_none() {
        // A sleep of no length lets the kernel judge the clock. It takes as long as
        // the timer slack of the OS thread, so only clocks are asked for that may be none.
        let zero = timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the kernel reads `zero`.
        let probe = unsafe { hub::syscall!(libc::SYS_clock_nanosleep, id, 0, &raw const zero, 0) };
        if let Err(e) = probe {
            return e;
        }
    }
    // SAFETY: `span` and `left` are the program's.
    unsafe {
        let result = match id {
            _ if judge(span) != 0 => judge(span),
            libc::CLOCK_REALTIME | libc::CLOCK_MONOTONIC if !absolute => {
                relative(shim.greenlet, span, left)
            }
            _ => on_clock(shim.greenlet, id, absolute, span, left),
        };
        if result == libc::EINTR {
            crate::signal::restarts(&shim, false);
        }
        result
    }
}

/// Sleep against any clock: look again until it shows the time. A processor
/// clock runs no faster than the wall's (with one carrier), so what is left on
/// it is the least time to wait.
unsafe fn on_clock(
    g: &'static Greenlet,
    id: clockid_t,
    absolute: bool,
    span: *const timespec,
    left: *mut timespec,
) -> c_int {
    // SAFETY: the caller has checked for null.
    let Some(span) = clock::from_timespec(unsafe { &*span }) else {
        return libc::EINVAL;
    };
    let end = if absolute { span } else { clock::clock_now(id).saturating_add(span) };
    if clock::clock_now(id) >= end {
        // As a sleep of no length: who polls with short sleeps lets others run.
        scheduler::yield_now(g);
    }
    loop {
        let now = clock::clock_now(id);
        if now >= end {
            return 0;
        }
        // A clock that can be set is looked at again every second.
        let wait = if id == libc::CLOCK_REALTIME { (end - now).min(SECOND) } else { end - now };
        if scheduler::sleep_until(g, clock::after(wait)) != Wake::TimedOut {
            // SAFETY: the program's object; not written for absolute sleeps.
            if let (false, Some(left)) = (absolute, unsafe { left.as_mut() }) {
                *left = clock::to_timespec(end.saturating_sub(clock::clock_now(id)));
            }
            return libc::EINTR;
        }
    }
}

unsafe fn thrd_sleep_(span: *const timespec, left: *mut timespec) -> c_int {
    let Some(shim) = doorway::enter(Group::Time) else {
        // SAFETY: the program's own call.
        return unsafe { real::thrd_sleep(span, left) };
    };
    // A cancellation point in glibc, which makes it of clock_nanosleep.
    crate::thread::cancel::point(&shim);
    // SAFETY: as above. C11: 0, -1 when a signal came, other negative values
    // for errors.
    match unsafe { relative(shim.greenlet, span, left) } {
        0 => 0,
        libc::EINTR => {
            crate::signal::restarts(&shim, false);
            -1
        }
        _ => -2,
    }
}
