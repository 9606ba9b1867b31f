//! Time as the hub counts it: nanoseconds of CLOCK_MONOTONIC in a `u64`
//! (good for 584 years of up-time), [`NEVER`] for "no time-out".
//!
//! The program may see another time than the kernel: libfaketime defines
//! clock_gettime(2), too. The hub arms the kernel's timers, so it reads libc's; a
//! time that the program names is one of the program's clock.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// One second in the hub's unit.
pub const SECOND: u64 = 1_000_000_000;
/// One millisecond in the hub's unit.
pub const MILLISECOND: u64 = 1_000_000;
/// One microsecond in the hub's unit.
pub const MICROSECOND: u64 = 1_000;
/// A deadline that does not come.
pub const NEVER: u64 = u64::MAX;

type GetTime = unsafe extern "C" fn(libc::clockid_t, *mut libc::timespec) -> libc::c_int;

/// libc's clock_gettime, if the program gets somebody else's; else null.
static BENEATH: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Learn whether somebody else tells the program the time. Early, once.
pub(crate) fn init() {
    // SAFETY: look-ups by name; libc is loaded, so the handle adds nothing.
    let own = unsafe {
        let libc = libc::dlopen(c"libc.so.6".as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD);
        if libc.is_null() {
            return;
        }
        libc::dlsym(libc, c"clock_gettime".as_ptr())
    };
    if own != libc::clock_gettime as *mut c_void {
        BENEATH.store(own, Ordering::Relaxed);
    }
}

fn read(get: GetTime, clock: libc::clockid_t) -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is writable. clock_gettime reaches the vDSO and fails only
    // for unknown clocks; it is not one of our hooks.
    unsafe { get(clock, &mut now) };
    (now.tv_sec.max(0) as u64).saturating_mul(SECOND).saturating_add(now.tv_nsec as u64)
}

/// The time of the program's `clock` in nanoseconds; 0 if there is no such clock.
pub fn clock_now(clock: libc::clockid_t) -> u64 {
    read(libc::clock_gettime, clock)
}

/// The processor time of the OS thread `tid` of this process; 0 if it is gone.
pub fn processor_time(tid: u32) -> u64 {
    // clock_getcpuclockid(3): the kernel's ids of threads' clocks.
    real((!(tid as i32) << 3) | 6)
}

/// The processor time of the calling OS thread.
pub fn processor_time_here() -> u64 {
    real(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// The kernel's time of `clock`, whatever the program is told.
#[inline]
fn real(clock: libc::clockid_t) -> u64 {
    let beneath = BENEATH.load(Ordering::Relaxed);
    if beneath.is_null() {
        return read(libc::clock_gettime, clock);
    }
    // SAFETY: libc's function of this name.
    let get = unsafe { core::mem::transmute::<*mut c_void, GetTime>(beneath) };
    read(get, clock)
}

/// The present time.
#[inline]
pub fn now() -> u64 {
    real(libc::CLOCK_MONOTONIC)
}

/// A recent time, kept by those who look at the clock anyway.
static COARSE: AtomicU64 = AtomicU64::new(0);

/// A recent time: a load, and right to a few milliseconds while anybody runs. For
/// what people read.
#[inline(always)]
pub fn coarse() -> u64 {
    COARSE.load(Ordering::Relaxed)
}

/// The caller has looked at the clock.
#[inline(always)]
pub fn note(now: u64) {
    COARSE.store(now, Ordering::Relaxed);
}

/// Somebody runs again after a while: look at the clock that costs least. The time, right
/// to a few milliseconds.
pub fn refresh() -> u64 {
    let now = real(libc::CLOCK_MONOTONIC_COARSE);
    note(now);
    now
}

/// The deadline that lies `span` nanoseconds from now, or [`NEVER`].
#[inline]
pub fn after(span: u64) -> u64 {
    if span == NEVER {
        NEVER
    } else {
        now().saturating_add(span)
    }
}

/// Nanoseconds of a timespec; `None` if POSIX calls it invalid (EINVAL).
pub fn from_timespec(ts: &libc::timespec) -> Option<u64> {
    if ts.tv_sec < 0 || !(0..SECOND as i64).contains(&ts.tv_nsec) {
        return None;
    }
    Some((ts.tv_sec as u64).saturating_mul(SECOND).saturating_add(ts.tv_nsec as u64))
}

/// The timespec of a span of nanoseconds.
pub fn to_timespec(span: u64) -> libc::timespec {
    libc::timespec {
        tv_sec: (span / SECOND) as libc::time_t,
        tv_nsec: (span % SECOND) as libc::c_long,
    }
}

/// The hub's deadline for an absolute time `at` (nanoseconds) of `clock`.
/// A clock that is set while somebody waits is not followed.
pub fn deadline_on(clock: libc::clockid_t, at: u64) -> u64 {
    if clock == libc::CLOCK_MONOTONIC && BENEATH.load(Ordering::Relaxed).is_null() {
        return at;
    }
    let there = clock_now(clock);
    now().saturating_add(at.saturating_sub(there))
}

/// A [`core::time::Duration`] in the hub's unit, saturating.
pub fn from_duration(d: core::time::Duration) -> u64 {
    u64::try_from(d.as_nanos()).unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timespec_round_trip_and_bounds() {
        let ts = to_timespec(3 * SECOND + 7);
        assert_eq!((ts.tv_sec, ts.tv_nsec), (3, 7));
        assert_eq!(from_timespec(&ts), Some(3 * SECOND + 7));
        assert_eq!(from_timespec(&libc::timespec { tv_sec: -1, tv_nsec: 0 }), None);
        assert_eq!(from_timespec(&libc::timespec { tv_sec: 0, tv_nsec: 1_000_000_000 }), None);
        assert_eq!(from_timespec(&libc::timespec { tv_sec: 0, tv_nsec: -1 }), None);
    }

    #[test]
    fn a_past_time_of_any_clock_is_due_now() {
        let before = now();
        assert!(deadline_on(libc::CLOCK_REALTIME, 0) >= before);
        assert!(deadline_on(libc::CLOCK_REALTIME, 0) <= now());
    }
}
