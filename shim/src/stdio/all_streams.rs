//! Calls that go through all open streams: fflush(NULL), `_IO_flush_all`,
//! `_flushlbf`, `fcloseall`.
//!
//! libc holds the lock of its list of streams meanwhile, which nobody else can wait
//! for as we do. fork(3) takes it as well, after our handler, with the hub; so that
//! waits here first until nobody is inside ([`settle`]).

use super::file::File;
use super::output::is_flushed;
use super::pace;
use crate::doorway::{self, Shim};
use crate::table::Group;
use crate::thread::cancel;
use core::sync::atomic::{AtomicUsize, Ordering};
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::parking_lot;
use hub::time::NEVER;
use hub::wait::{Reason, Section};

extern "C" {
    static _IO_list_all: *const File;
}

/// How many calls are inside, of all greenlets, and (in an extension word) of one: a
/// stream of the program's own may come back here, and may fork.
static INSIDE: AtomicUsize = AtomicUsize::new(0);
const OWN: usize = 9;

fn key() -> usize {
    INSIDE.as_ptr() as usize
}

/// A call is inside. Made and dropped in our code.
struct Inside<'a>(&'a Shim);

impl<'a> Inside<'a> {
    fn begin(shim: &'a Shim) -> Self {
        let own = &shim.greenlet.extension[OWN];
        own.set(own.get() + 1);
        INSIDE.fetch_add(1, Ordering::Relaxed);
        Inside(shim)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let own = &self.0.greenlet.extension[OWN];
        own.set(own.get() - 1);
        INSIDE.fetch_sub(1, Ordering::Relaxed);
        parking_lot::unpark_all(key());
    }
}

/// A call that takes the list's lock and each stream's: a section if that or the
/// writing might wait.
pub fn every<R>(what: &'static str, call: impl FnOnce() -> R) -> R {
    if !scheduler::active() {
        return call();
    }
    let Some(shim) = doorway::enter(Group::Sys) else {
        return call();
    };
    let waits = any_might_wait();
    if waits {
        cancel::point(&shim);
    }
    let inside = Inside::begin(&shim);
    if waits {
        let result = shim.section(what, Section::Waits, call);
        // A cancellation has ended the write. (Unwinding leaves our code, in which `inside`
        // is to be dropped.)
        drop(inside);
        cancel::point(&shim);
        return result;
    }
    let _outside = doorway::Outside::step(&shim);
    call()
}

/// Wait until no other greenlet is inside; true if that took a wait. `g` is the
/// running one, in our code.
pub fn settle(g: &'static Greenlet) -> bool {
    let others = || INSIDE.load(Ordering::Relaxed) > g.extension[OWN].get();
    let mut waited = false;
    while others() {
        waited = true;
        let reason = Reason::Section("a thread in fflush(NULL)");
        parking_lot::park(key(), 0, reason, NEVER, others, || ());
    }
    waited
}

/// Whether a stream is locked, or holds output for a file that waits.
fn any_might_wait() -> bool {
    if !hub::sys::one_os_thread() {
        // The list may change while it is looked at.
        return true;
    }
    // SAFETY: glibc's list of open streams; nobody else runs.
    unsafe {
        let mut at = _IO_list_all;
        while let Some(file) = at.as_ref() {
            let waits = || (file.is_wide() || !is_flushed(file)) && !pace::never_waits(file);
            if file.is_held_by_another() || waits() {
                return true;
            }
            at = file.next();
        }
    }
    false
}

/// In the child of a fork: no other thread is left that could hold a stream.
pub fn after_fork() {
    let own = Greenlet::current().map_or(0, |g| g.extension[OWN].get());
    INSIDE.store(own, Ordering::Relaxed);
    // SAFETY: glibc's list of open streams; the child has one thread.
    unsafe {
        let mut at = _IO_list_all;
        while let Some(file) = at.as_ref() {
            if file.is_held_by_another() {
                file.reset_lock();
            }
            at = file.next();
        }
    }
    super::lock::after_fork();
}
