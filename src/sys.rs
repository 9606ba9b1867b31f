//! The few kernel calls that the hub makes for itself.
//!
//! They go to the kernel directly: a hub that called libc here would enter
//! its own hooks when it is preloaded, and would overwrite the `errno` of the
//! greenlet whose TLS block is loaded.

use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// An error number of errno(3).
pub type Errno = i32;

/// Turn the kernel's answer into a result.
#[inline(always)]
pub fn check(ret: isize) -> Result<usize, Errno> {
    if (-4095..0).contains(&ret) {
        Err(-ret as Errno)
    } else {
        Ok(ret as usize)
    }
}

/// `syscall!(name, args...)`: the raw call as `Result<usize, Errno>`.
#[macro_export]
macro_rules! syscall {
    (@fill $nr:expr, $a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr) => {
        $crate::sys::check($crate::arch::syscall($nr, $a as usize, $b as usize, $c as usize, $d as usize, $e as usize, $f as usize))
    };
    ($nr:expr) => { $crate::syscall!(@fill $nr, 0, 0, 0, 0, 0, 0) };
    ($nr:expr, $a:expr) => { $crate::syscall!(@fill $nr, $a, 0, 0, 0, 0, 0) };
    ($nr:expr, $a:expr, $b:expr) => { $crate::syscall!(@fill $nr, $a, $b, 0, 0, 0, 0) };
    ($nr:expr, $a:expr, $b:expr, $c:expr) => { $crate::syscall!(@fill $nr, $a, $b, $c, 0, 0, 0) };
    ($nr:expr, $a:expr, $b:expr, $c:expr, $d:expr) => { $crate::syscall!(@fill $nr, $a, $b, $c, $d, 0, 0) };
    ($nr:expr, $a:expr, $b:expr, $c:expr, $d:expr, $e:expr) => { $crate::syscall!(@fill $nr, $a, $b, $c, $d, $e, 0) };
    ($nr:expr, $a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr) => { $crate::syscall!(@fill $nr, $a, $b, $c, $d, $e, $f) };
}

const FUTEX_WAIT_PRIVATE: i32 = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
const FUTEX_WAIT_BITSET_PRIVATE: i32 = libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG;
const FUTEX_WAKE_PRIVATE: i32 = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;

/// Let this OS thread sleep while `*word == expected`, until `deadline`
/// ([`crate::time`]'s nanoseconds). Spurious returns are normal.
pub fn futex_wait(word: &AtomicU32, expected: u32, deadline: u64) -> Result<(), Errno> {
    let until = libc::timespec {
        tv_sec: (deadline / crate::time::SECOND) as libc::time_t,
        tv_nsec: (deadline % crate::time::SECOND) as libc::c_long,
    };
    // SAFETY: the word outlives the call; the time-out is read by the kernel.
    unsafe {
        if deadline == crate::time::NEVER {
            syscall!(libc::SYS_futex, word.as_ptr(), FUTEX_WAIT_PRIVATE, expected, 0)?;
        } else {
            // The BITSET form takes an absolute CLOCK_MONOTONIC time.
            syscall!(
                libc::SYS_futex,
                word.as_ptr(),
                FUTEX_WAIT_BITSET_PRIVATE,
                expected,
                &raw const until,
                0,
                u32::MAX
            )?;
        }
    }
    Ok(())
}

/// Wake at most `count` OS threads that sleep on the address `word`.
pub fn futex_wake(word: *const u32, count: i32) -> usize {
    // SAFETY: the kernel only compares the address.
    unsafe { syscall!(libc::SYS_futex, word, FUTEX_WAKE_PRIVATE, count).unwrap_or(0) }
}

/// A count of threads for a libc that tells none: no number that is expected.
static UNKNOWN: u32 = u32::MAX;
/// glibc's count of its threads, `__nptl_nthreads`.
static THREADS: AtomicPtr<u32> = AtomicPtr::new(&raw const UNKNOWN as *mut u32);
/// What that count is while only one OS thread does anything: 1, and those of
/// ours that wait. 0: another one may run.
static QUIET: AtomicU32 = AtomicU32::new(1);
/// The same while there is one greenlet at most; with more, 0.
static ALONE: AtomicU32 = AtomicU32::new(1);

/// Look up what libc says about the number of OS threads, and who tells the time.
/// Called once, early.
pub fn init() {
    crate::time::init();
    let count = crate::debugger_tables::find(c"__nptl_nthreads");
    if !count.is_null() && crate::tls::learn_tid() {
        THREADS.store(count.cast(), Ordering::Relaxed);
    }
}

/// Tell which of libc's counts means that one OS thread runs (0: none does),
/// and whether there is more than one greenlet.
pub(crate) fn expect_threads(count: u32, several: bool) {
    QUIET.store(count, Ordering::SeqCst);
    ALONE.store(if several { 0 } else { count }, Ordering::SeqCst);
}

/// True while one OS thread only can touch what the hub guards. Bus locks are
/// pointless then, since greenlets of one carrier never run at the same time.
///
/// Only the hub's holder may conclude anything from it: on program code the
/// hub can move away between the answer and what follows from it. Everybody
/// else asks [`alone`].
#[inline(always)]
pub fn one_os_thread() -> bool {
    // SAFETY: points to libc's count or to our constant, both always readable.
    unsafe { THREADS.load(Ordering::Relaxed).read_volatile() == QUIET.load(Ordering::Relaxed) }
}

/// [`one_os_thread`], from program code: true only if there is one greenlet, so
/// that nothing moves. (And if [`crate::tls::known_tid`] can be asked.)
#[inline(always)]
pub fn alone() -> bool {
    // SAFETY: as in `one_os_thread`.
    unsafe { THREADS.load(Ordering::Relaxed).read_volatile() == ALONE.load(Ordering::Relaxed) }
}

/// Tell the program's libraries that there are threads, as pthread_create(3)
/// does: libstdc++ takes a static initialiser that another thread runs for a
/// recursion while `__libc_single_threaded` says that there is none.
pub fn announce_threads() {
    // SAFETY: a byte that libc itself writes at its first pthread_create, here
    // at the same moment; the process has one OS thread.
    unsafe {
        let flag = libc::dlsym(libc::RTLD_DEFAULT, c"__libc_single_threaded".as_ptr());
        if !flag.is_null() {
            flag.cast::<u8>().write_volatile(0);
        }
    }
}

/// Compare-and-swap with acquire and release order; returns the previous value.
/// `local`: no other OS thread can touch the word now, and no signal's handler
/// will (none runs in our code; and none of the program's may lock anything).
#[inline(always)]
pub fn cas_u32(word: &AtomicU32, old: u32, new: u32, local: bool) -> u32 {
    if local {
        let now = word.load(Ordering::Relaxed);
        if now == old {
            word.store(new, Ordering::Relaxed);
        }
        now
    } else {
        match word.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(v) | Err(v) => v,
        }
    }
}

/// Write a message to stderr as it is, with no buffer and no lock: for reports
/// that must come out whatever state the program is in.
pub fn write_stderr(message: &[u8]) {
    let mut rest = message;
    while !rest.is_empty() {
        // SAFETY: the slice is readable.
        match unsafe { syscall!(libc::SYS_write, 2, rest.as_ptr(), rest.len()) } {
            Ok(n) => rest = &rest[n.min(rest.len())..],
            Err(libc::EINTR) => continue,
            Err(_) => return,
        }
    }
}

/// Print one line and end the process: for a broken invariant.
#[cold]
pub fn die(message: &str) -> ! {
    write_stderr(b"geventrs: ");
    write_stderr(message.as_bytes());
    write_stderr(b"\n");
    // SAFETY: abort(3) takes no argument.
    unsafe { libc::abort() }
}
