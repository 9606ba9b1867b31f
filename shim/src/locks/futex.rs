//! futex(2) as `syscall(SYS_futex, ...)`: the door that Rust's std, libstdc++
//! and glib use.
//!
//! Waits and wakes go to the parking lot. A wake that finds too few waiters
//! there asks the kernel as well if the process has other OS threads: code
//! with a `syscall` instruction of its own may sleep there.
//!
//! Without FUTEX_PRIVATE_FLAG another process might wake. libstdc++ leaves the
//! flag out for its own, private words, so the word's page decides
//! ([`shared_page`]): a word in shared memory is waited for in the kernel, in a
//! blocking section, and such wakes and requeues ask the kernel; any other word is
//! parked for like a private one. Where the page cannot be asked, a wait parks
//! and looks at the word again every few milliseconds. Forms that are not listed
//! here pass through.

use super::shared_page;
use crate::doorway::{self, set_errno, Shim};
use crate::fd::wait::served;
use crate::thread::cancel;
use core::ffi::c_long;
use core::sync::atomic::{AtomicI32, Ordering};
use hub::parking_lot::{self, Parked};
use hub::sys;
use hub::time::{self as clock, MILLISECOND, NEVER};
use hub::wait::{Reason, Section, Wake};
use libc::timespec;

const ANY: u32 = u32::MAX;

/// The arguments of futex(2).
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// First address.
    pub address: usize,
    /// Operation and flags.
    pub operation: i32,
    /// Value or count.
    pub value: u32,
    /// Time-out, or second count.
    pub timeout: usize,
    /// Second address.
    pub address2: usize,
    /// Mask, or expected value.
    pub value3: u32,
}

/// Answer the call; `None`: pass it through.
///
/// # Safety
/// The addresses are the program's.
pub unsafe fn call(c: Call) -> Option<c_long> {
    if !crate::thread::patched() {
        return None;
    }
    let realtime = c.operation & libc::FUTEX_CLOCK_REALTIME != 0;
    // SAFETY: by the caller's contract, for all arms.
    let result = unsafe {
        match c.operation & !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME) {
            libc::FUTEX_WAIT => wait(&c, ANY, relative(c.timeout))?,
            libc::FUTEX_WAIT_BITSET => wait(&c, c.value3, absolute(c.timeout, realtime))?,
            libc::FUTEX_WAKE => Ok(wake(&c, c.address, c.value, ANY)),
            libc::FUTEX_WAKE_BITSET if c.value3 == 0 => Err(libc::EINVAL),
            libc::FUTEX_WAKE_BITSET => Ok(wake(&c, c.address, c.value, c.value3)),
            libc::FUTEX_REQUEUE | libc::FUTEX_CMP_REQUEUE | libc::FUTEX_WAKE_OP
                if c.is_shared() == Some(true) =>
            {
                return None
            }
            libc::FUTEX_REQUEUE => requeue(&c, false),
            libc::FUTEX_CMP_REQUEUE => requeue(&c, true),
            libc::FUTEX_WAKE_OP => wake_op(&c),
            _ => return None,
        }
    };
    Some(match result {
        Ok(n) => n as c_long,
        Err(e) => {
            set_errno(e);
            -1
        }
    })
}

/// The deadline of a relative time-out (null: none).
unsafe fn relative(timeout: usize) -> Result<u64, i32> {
    // SAFETY: null or the program's timespec.
    match unsafe { (timeout as *const timespec).as_ref() } {
        None => Ok(NEVER),
        Some(span) => clock::from_timespec(span).map(clock::after).ok_or(libc::EINVAL),
    }
}

unsafe fn absolute(timeout: usize, realtime: bool) -> Result<u64, i32> {
    let id = if realtime { libc::CLOCK_REALTIME } else { libc::CLOCK_MONOTONIC };
    // SAFETY: null or the program's timespec.
    match unsafe { (timeout as *const timespec).as_ref() } {
        None => Ok(NEVER),
        Some(at) => {
            clock::from_timespec(at).map(|at| clock::deadline_on(id, at)).ok_or(libc::EINVAL)
        }
    }
}

/// `None`: the caller is the only greenlet or none at all; the kernel waits.
unsafe fn wait(c: &Call, mask: u32, deadline: Result<u64, i32>) -> Option<Result<usize, i32>> {
    let shim = doorway::enter(crate::table::Group::Thread)?;
    if !c.address.is_multiple_of(4) || mask == 0 {
        return Some(Err(libc::EINVAL));
    }
    let deadline = match deadline {
        Ok(d) => d,
        Err(e) => return Some(Err(e)),
    };
    // SAFETY: the program's word. (A bad address faults here; the kernel would
    // say EFAULT.)
    let word = unsafe { AtomicI32::from_ptr(c.address as *mut i32) };
    let unchanged = || word.load(Ordering::SeqCst) == c.value as i32;
    if !unchanged() {
        served(&shim);
        return Some(Err(libc::EAGAIN));
    }
    let shared = c.is_shared();
    if shared == Some(true) {
        return Some(wait_in_kernel(&shim, c));
    }
    let reason = Reason::Futex(c.address);
    let mut waited = false;
    let mut pause = FIRST_LOOK;
    Some(loop {
        let until = match shared {
            Some(_) => deadline,
            None => deadline.min(clock::after(pause)),
        };
        match parking_lot::park(c.address, mask, reason, until, unchanged, || ()) {
            // A changed word after a wait is what a wake would have told.
            Parked::Invalid if waited => break Ok(0),
            Parked::Invalid => break Err(libc::EAGAIN),
            Parked::Ended(Wake::Notified) => break Ok(0),
            // signal(7): restarted under SA_RESTART. The kernel does so only
            // without a time-out.
            Parked::Ended(Wake::Interrupted) => {
                if !crate::signal::restarts(&shim, deadline == NEVER) {
                    break Err(libc::EINTR);
                }
            }
            Parked::Ended(Wake::TimedOut) if until == deadline => break Err(libc::ETIMEDOUT),
            Parked::Ended(Wake::TimedOut) => {
                waited = true;
                pause = (pause * 2).min(LAST_LOOK);
            }
        }
    })
}

/// The program's own call on a word in shared memory, from its attempt on.
fn wait_in_kernel(shim: &Shim, c: &Call) -> Result<usize, i32> {
    // SAFETY: the program's own call.
    let result = shim.section("futex", Section::Waits, || unsafe {
        let (address, timeout) = (c.address, c.timeout);
        let Call { operation, value, address2, value3, .. } = *c;
        hub::syscall!(libc::SYS_futex, address, operation, value, timeout, address2, value3)
    });
    if result == Err(libc::EINTR) {
        cancel::point(shim);
    }
    result
}

/// How long a wait on a word that processes may share goes on without a look
/// at the word, at first and at most.
const FIRST_LOOK: u64 = MILLISECOND;
const LAST_LOOK: u64 = 16 * MILLISECOND;

impl Call {
    fn is_private(&self) -> bool {
        self.operation & libc::FUTEX_PRIVATE_FLAG != 0
    }

    /// Whether other processes may have the word; `None`: nobody can tell.
    fn is_shared(&self) -> Option<bool> {
        if self.is_private() {
            return Some(false);
        }
        shared_page::is_shared(self.address)
    }
}

fn wake(c: &Call, address: usize, count: u32, mask: u32) -> usize {
    let _shim = doorway::enter_any();
    // A count of 0 or less wakes one, as in the kernel.
    let count = (count as i32).max(1) as usize;
    let woken = parking_lot::unpark(address, count, |tag| tag & mask != 0, |_| ());
    if woken == count || (c.is_private() && sys::one_os_thread()) {
        return woken;
    }
    let operation = libc::FUTEX_WAKE_BITSET | (c.operation & libc::FUTEX_PRIVATE_FLAG);
    // SAFETY: the kernel only compares addresses.
    let others =
        unsafe { hub::syscall!(libc::SYS_futex, address, operation, count - woken, 0, 0, mask) };
    woken + others.unwrap_or(0)
}

/// Wake one who waits for the word at `address` without FUTEX_PRIVATE_FLAG, as the kernel does
/// when the word's holder ends.
pub fn wake_one(address: usize) {
    let operation = libc::FUTEX_WAKE;
    wake(
        &Call { address, operation, value: 1, timeout: 0, address2: 0, value3: 0 },
        address,
        1,
        ANY,
    );
}

unsafe fn requeue(c: &Call, compare: bool) -> Result<usize, i32> {
    let _shim = doorway::enter_any();
    if (c.value as i32) < 0 || (c.timeout as i32) < 0 {
        return Err(libc::EINVAL);
    }
    // SAFETY: the program's word.
    let word = unsafe { AtomicI32::from_ptr(c.address as *mut i32) };
    let agree = || !compare || word.load(Ordering::SeqCst) == c.value3 as i32;
    let (wake, move_on) = (c.value as usize, c.timeout as u32 as usize);
    match parking_lot::unpark_requeue(c.address, c.address2, wake, move_on, agree) {
        None => Err(libc::EAGAIN),
        Some((woken, moved)) => Ok(woken + moved),
    }
}

/// FUTEX_WAKE_OP: change the second word, wake on the first, and if the second
/// word's old value compares, wake on it, too.
unsafe fn wake_op(c: &Call) -> Result<usize, i32> {
    // The encoding of futex(2): operation, comparison, and two 12-bit values.
    let code = c.value3;
    let sign = |v: u32| ((v << 20) as i32) >> 20;
    let mut argument = sign(code >> 12 & 0xfff);
    let compared = sign(code & 0xfff);
    let (mut operation, comparison) = (code >> 28 & 0xf, code >> 24 & 0xf);
    if operation & 8 != 0 {
        operation &= 7;
        argument = 1i32.wrapping_shl(argument as u32 & 31);
    }
    // SAFETY: the program's word.
    let word = unsafe { AtomicI32::from_ptr(c.address2 as *mut i32) };
    let old = match operation {
        0 => word.swap(argument, Ordering::SeqCst),
        1 => word.fetch_add(argument, Ordering::SeqCst),
        2 => word.fetch_or(argument, Ordering::SeqCst),
        3 => word.fetch_and(!argument, Ordering::SeqCst),
        4 => word.fetch_xor(argument, Ordering::SeqCst),
        _ => return Err(libc::ENOSYS),
    };
    let second = match comparison {
        0 => old == compared,
        1 => old != compared,
        2 => old < compared,
        3 => old <= compared,
        4 => old > compared,
        5 => old >= compared,
        _ => return Err(libc::ENOSYS),
    };
    let mut woken = wake(c, c.address, c.value, ANY);
    if second {
        woken += wake(c, c.address2, c.timeout as u32, ANY);
    }
    Ok(woken)
}
