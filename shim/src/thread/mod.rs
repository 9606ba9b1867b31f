//! Patch group `thread`, first part: the life of threads.
//!
//! A `pthread_t` is the address of the control block ([`tls::pthread_of`]), as in
//! glibc: `pthread_self` and `pthread_equal` need no hook, and libc's own functions that look into the
//! control block of `THREAD_SELF` are right on a greenlet.

pub mod attributes;
pub mod cancel;
pub mod create;
pub mod end;
mod first_name;
pub mod identity;
pub mod join;
pub mod keys;
pub mod lent_priority;
pub mod loader;
pub mod main_thread;
pub mod processor;
pub mod processor_clock;
pub mod scheduling;
mod wanted;

use crate::settings;
use crate::table::Group;
use hub::greenlet::{Greenlet, Phase};
use hub::{hub as scheduler, tls, unit};
use libc::pthread_t;

/// The greenlet that a `pthread_t` names; `None` if it is no greenlet's.
///
/// # Safety
/// As with libc, the value must have come from a thread that exists or has
/// not been joined.
pub unsafe fn find(thread: pthread_t) -> Option<&'static Greenlet> {
    if scheduler::live() == 0 {
        return None;
    }
    let tp = tls::tp_of(thread as usize);
    if let Some(g) = Greenlet::current().filter(|g| g.tp() == tp) {
        return Some(g);
    }
    if let Some(g) = scheduler::first().filter(|g| g.tp() == tp) {
        return Some(g);
    }
    // SAFETY: by the caller's contract; glibc reads the same field to validate
    // a `pthread_t`. Only our own blocks carry ids of our range.
    unsafe { scheduler::is_greenlet_id(tls::tid_of(tp)).then(|| unit::greenlet_of(tp)) }
}

/// The greenlet that has a thread id and is alive. `None` also where nobody can
/// tell: in our own code, and in a handler off the hub.
pub fn alive_by_id(id: libc::pid_t) -> Option<&'static Greenlet> {
    if scheduler::live() == 0 || id <= 0 {
        return None;
    }
    let mut found = None;
    let _shim = crate::doorway::enter_any()?;
    scheduler::for_each(|g| {
        if g.id() == id as u32 && g.phase() == Phase::Alive {
            found = Some(g);
        }
    });
    found
}

/// Whether thread functions act at all. Unlike other groups', they act while
/// only one greenlet is alive, too.
#[inline(always)]
pub fn patched() -> bool {
    settings::patched(Group::Thread)
}
