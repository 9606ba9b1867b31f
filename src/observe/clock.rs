//! The clock of what is recorded: ticks, cheaper than nanoseconds.
//!
//! Where the kernel itself keeps time by the processor's counter (x86-64: its clock source
//! is `tsc`; aarch64 always), a tick is one of that counter's, read in a
//! few nanoseconds; elsewhere a tick is a nanosecond of CLOCK_MONOTONIC. How long a tick is
//! need not be known before something is written: by then the counter and the
//! clock have both been read twice.

use crate::time;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

static COUNTER: AtomicBool = AtomicBool::new(false);
static FIRST_TICK: AtomicU64 = AtomicU64::new(0);
static FIRST_TIME: AtomicU64 = AtomicU64::new(0);

#[cfg(target_arch = "x86_64")]
fn counter() -> u64 {
    // SAFETY: every x86-64 processor has the instruction; Linux does not forbid it
    // to programs (PR_SET_TSC does, which a program would have to ask for).
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(target_arch = "aarch64")]
fn counter() -> u64 {
    let ticks: u64;
    // SAFETY: Linux lets programs read the virtual counter.
    unsafe {
        core::arch::asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack));
    }
    ticks
}

/// Whether the kernel trusts the counter.
fn trusted() -> bool {
    if cfg!(target_arch = "aarch64") {
        return true;
    }
    let path = c"/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let mut text = [0u8; 16];
    // SAFETY: a terminated path, a buffer of the told size, our own descriptor.
    unsafe {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        let Ok(fd) = crate::syscall!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags) else {
            return false;
        };
        let _ = crate::syscall!(libc::SYS_read, fd, text.as_mut_ptr(), text.len());
        let _ = crate::syscall!(libc::SYS_close, fd);
    }
    text.starts_with(b"tsc\n")
}

/// Begin to count. Once, before the first tick.
pub fn start() {
    COUNTER.store(trusted(), Ordering::Relaxed);
    FIRST_TIME.store(time::now(), Ordering::Relaxed);
    FIRST_TICK.store(now(), Ordering::Relaxed);
}

/// Now, in ticks.
#[inline(always)]
pub fn now() -> u64 {
    if COUNTER.load(Ordering::Relaxed) {
        counter()
    } else {
        time::now()
    }
}

/// How ticks become nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    first_tick: u64,
    first_time: u64,
    /// Nanoseconds a tick, times 2³².
    factor: u64,
}

impl Scale {
    /// As known by now. The longer ago [`start`] was, the more exact.
    pub fn now() -> Self {
        let first_tick = FIRST_TICK.load(Ordering::Relaxed);
        let first_time = FIRST_TIME.load(Ordering::Relaxed);
        if !COUNTER.load(Ordering::Relaxed) {
            return Scale { first_tick, first_time, factor: 1 << 32 };
        }
        // A counter that has not run for long says little about its rate.
        const ENOUGH: u64 = 50 * time::MICROSECOND;
        while time::now() - first_time < ENOUGH {
            core::hint::spin_loop();
        }
        let (time, tick) = (time::now(), now());
        let ticks = (tick - first_tick).max(1);
        let factor = ((u128::from(time - first_time) << 32) / u128::from(ticks)) as u64;
        Scale { first_tick, first_time, factor }
    }

    /// Nanoseconds of a span of ticks.
    pub fn span(&self, ticks: u64) -> u64 {
        ((u128::from(ticks) * u128::from(self.factor)) >> 32) as u64
    }

    /// The time of a tick, in nanoseconds of CLOCK_MONOTONIC.
    pub fn time(&self, tick: u64) -> u64 {
        self.first_time + self.span(tick.saturating_sub(self.first_tick))
    }

    /// The tick of a time of CLOCK_MONOTONIC; what was before [`start`] is that.
    pub fn tick(&self, time: u64) -> u64 {
        let span = u128::from(time.saturating_sub(self.first_time)) << 32;
        self.first_tick + (span / u128::from(self.factor.max(1))) as u64
    }

    /// The time of a tick, in nanoseconds since [`start`].
    pub fn since_start(&self, tick: u64) -> u64 {
        self.span(tick.saturating_sub(self.first_tick))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_follow_the_clock() {
        start();
        let (tick, time) = (now(), time::now());
        std::thread::sleep(std::time::Duration::from_millis(20));
        let (later_tick, later_time) = (now(), time::now());
        let scale = Scale::now();
        let span = scale.span(later_tick - tick);
        let real = later_time - time;
        // Reading two clocks is not one instant, least of all on a busy machine.
        assert!(span.abs_diff(real) < real / 2, "{span} ns by ticks, {real} ns by the clock");
        assert!(scale.time(tick).abs_diff(time) < 50 * time::MILLISECOND);
        assert!(scale.time(scale.tick(time)).abs_diff(time) < 1000, "there and back");
    }
}
