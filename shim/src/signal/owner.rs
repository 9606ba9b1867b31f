//! fcntl(2) with F_SETOWN_EX and F_OWNER_TID: a descriptor whose signals (O_ASYNC) are for
//! one thread; see [`directed`](super::directed).
//!
//! The table goes by the descriptor's number, the kernel by the open file: who sets the
//! owner by one number and O_ASYNC by another gets the signals for the process.

use super::directed::{Slot, Table, Target, FREE};
use crate::process::vfork;
use crate::settings;
use crate::table::Group;
use crate::thread::alive_by_id;
use core::ffi::c_int;
use libc::{pid_t, siginfo_t};

/// <fcntl.h>
pub const F_SETOWN_EX: c_int = 15;
/// <fcntl.h>
pub const F_GETOWN_EX: c_int = 16;
const F_GETSIG: c_int = 11;
const F_OWNER_TID: c_int = 0;
const F_OWNER_PID: c_int = 1;

/// `struct f_owner_ex`.
#[repr(C)]
struct Owner {
    kind: c_int,
    id: pid_t,
}

static OWNED: Table = Table::empty();

/// The descriptor that has sent a signal. Callable in a signal handler.
pub fn sender(info: &siginfo_t) -> Option<&'static Slot> {
    /// `si_code` of a signal that does not tell its descriptor.
    const SI_KERNEL: c_int = 0x80;
    /// Those of one that does: POLL_IN to POLL_HUP.
    const POLL: core::ops::RangeInclusive<c_int> = 1..=6;
    /// The signals to which the same numbers mean something else.
    const OWN_CODES: [c_int; 7] = [
        libc::SIGCHLD,
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGFPE,
        libc::SIGILL,
        libc::SIGTRAP,
        libc::SIGSYS,
    ];
    if OWNED.unused() {
        return None;
    }
    if info.si_code == SI_KERNEL && info.si_signo == libc::SIGIO {
        // It is one whose signal was not chosen. If there is one only, we know whose.
        let mut plain = OWNED.used().iter().filter(|slot| slot.object().is_some_and(tells_nothing));
        let first = plain.next()?;
        return plain.next().is_none().then_some(first);
    }
    let tells = POLL.contains(&info.si_code) && !OWN_CODES.contains(&info.si_signo);
    // After three ints and their padding, a `long` and then the descriptor.
    // SAFETY: within the object.
    let fd = unsafe { *core::ptr::from_ref(info).cast::<c_int>().add(6) };
    tells.then(|| OWNED.find(fd)).flatten()
}

/// Whether a descriptor's signal is SIGIO without information, as long as nobody has said
/// F_SETSIG.
fn tells_nothing(fd: c_int) -> bool {
    // SAFETY: takes numbers.
    unsafe { hub::syscall!(libc::SYS_fcntl, fd, F_GETSIG, 0) == Ok(0) }
}

/// fcntl(2) where it sets or asks for the owner: `call` makes the call with another
/// argument. `None`: the call is to be made as it is.
///
/// # Safety
/// The program's own arguments.
pub unsafe fn control(
    fd: c_int,
    command: c_int,
    argument: usize,
    call: impl FnOnce(usize) -> c_int,
) -> Option<c_int> {
    match command {
        F_SETOWN_EX => {
            // SAFETY: null or the program's object.
            let asked = unsafe { (argument as *const Owner).as_ref() }?;
            let greenlet = (asked.kind == F_OWNER_TID && settings::patched(Group::Signal))
                .then(|| alive_by_id(asked.id))
                .flatten();
            let Some(g) = greenlet else {
                let result = call(argument);
                if result == 0 {
                    gone(fd);
                }
                return Some(result);
            };
            let Some(slot) = OWNED.reserve(g) else {
                crate::doorway::set_errno(libc::EAGAIN);
                return Some(-1);
            };
            // SAFETY: takes nothing.
            let process = Owner { kind: F_OWNER_PID, id: unsafe { libc::getpid() } };
            let result = call((&raw const process) as usize);
            if result == 0 {
                gone(fd);
            }
            slot.fill(if result == 0 { fd } else { FREE });
            Some(result)
        }
        libc::F_SETOWN => {
            let result = call(argument);
            if result == 0 {
                gone(fd);
            }
            Some(result)
        }
        libc::F_GETOWN | F_GETOWN_EX => {
            let slot = Some(&OWNED).filter(|o| !o.unused()).and_then(|o| o.find(fd))?;
            let id = match slot.target() {
                Target::Greenlet(g) => g.id() as pid_t,
                _ => 0,
            };
            let result = call(argument);
            match command {
                libc::F_GETOWN if result != -1 => return Some(id),
                // SAFETY: the kernel has just written there.
                F_GETOWN_EX if result == 0 => unsafe {
                    (argument as *mut Owner).write(Owner { kind: F_OWNER_TID, id });
                },
                _ => {}
            }
            Some(result)
        }
        _ => None,
    }
}

/// The descriptor is closed, or has another owner.
pub fn gone(fd: c_int) {
    if !OWNED.unused() && !vfork::borrowed() {
        OWNED.forget(fd);
    }
}

/// The signals of inherited descriptors go to the parent.
pub fn after_fork() {
    OWNED.clear();
}
