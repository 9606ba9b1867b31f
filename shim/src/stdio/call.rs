//! The frame of every hook on a stream.
//!
//! A call passes straight to libc, as program code, unless it might wait: its
//! stream's lock is another thread's, or its file is one that waits and the
//! buffer does not settle the matter. [`attend`] decides; what it returns is our
//! code, with the stream's lock, until it is dropped.

use super::file::File;
use super::{lock, pace};
use crate::by_itself;
use crate::doorway::{self, Outside, Shim};
use crate::table::Group;
use crate::thread::cancel;
use hub::hub as scheduler;
use hub::wait::Section;
use libc::FILE;

/// Whether a function locks its stream. (`_unlocked` ones do not.)
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// It does, unless `__fsetlocking` said that the program will.
    Lock,
    /// It does not.
    Leave,
}

/// A call on a stream that may have to wait: our code, with the lock.
pub struct Call {
    /// The caller.
    pub shim: Shim,
    /// The stream.
    pub file: &'static File,
    locked: bool,
}

/// Whether a call on `stream` cannot wait, and so passes straight to libc.
/// `settled` says whether the buffer alone serves a call on a file that does wait.
///
/// # Safety
/// An open stream.
#[inline(always)]
pub unsafe fn passes(
    stream: *mut FILE,
    locking: Locking,
    settled: impl FnOnce(&File) -> bool,
) -> bool {
    if !scheduler::active() || by_itself::on_stream() {
        return true;
    }
    // SAFETY: by the contract.
    let file = unsafe { File::of(stream) };
    let quiet = locking == Locking::Leave || file.is_quiet();
    if !quiet || !pace::surely_never_waits(file) && !settled(file) {
        return false;
    }
    // A loop over buffered characters must not keep the hub for itself.
    if scheduler::tick() {
        give_up_turn();
    }
    true
}

/// A call on `stream` begins. `None`: it passes straight to libc, for the
/// reasons of [`passes`], or because the caller is no greenlet.
///
/// # Safety
/// An open stream.
#[inline(always)]
pub unsafe fn attend(
    stream: *mut FILE,
    locking: Locking,
    settled: impl FnOnce(&File) -> bool,
) -> Option<Call> {
    // SAFETY: by the contract.
    unsafe {
        if passes(stream, locking, settled) {
            return None;
        }
        Call::begin(File::of(stream), locking)
    }
}

#[cold]
fn give_up_turn() {
    if let Some(shim) = doorway::enter(Group::Sys) {
        scheduler::yield_now(shim.greenlet);
        // libc writes a regular file in a cancellation point of its own, which knows nothing
        // of the request: a loop over such calls ends here.
        cancel::point(&shim);
    }
}

impl Call {
    #[inline(never)]
    fn begin(file: &'static File, locking: Locking) -> Option<Call> {
        let shim = doorway::enter(Group::Sys)?;
        file.need_lock();
        if !file.is_locked_by_calls() || locking == Locking::Leave {
            return Some(Call { shim, file, locked: false });
        }
        lock::take(&shim, file);
        Some(Call { shim, file, locked: true })
    }

    /// It was the lock alone: the file itself never waits.
    pub fn never_waits(&self) -> bool {
        pace::never_waits(self.file)
    }

    /// Make libc's call, as program code; it cannot wait, or hardly ever.
    pub fn outside<R>(&self, call: impl FnOnce() -> R) -> R {
        let _outside = Outside::step(&self.shim);
        call()
    }

    /// Make libc's call, which may wait for other threads, as a section.
    pub fn section<R>(&self, what: &'static str, call: impl FnOnce() -> R) -> R {
        self.shim.section(what, Section::Waits, call)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.locked {
            lock::release(&self.shim, self.file);
        }
    }
}

/// The lock of another stream than the call's own.
pub struct Guard<'a> {
    shim: &'a Shim,
    file: &'a File,
    locked: bool,
}

impl<'a> Guard<'a> {
    /// Take it, unless the program does the locking.
    pub fn new(shim: &'a Shim, file: &'a File) -> Self {
        let locked = file.is_locked_by_calls();
        if locked {
            lock::take(shim, file);
        }
        Guard { shim, file, locked }
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if self.locked {
            lock::release(self.shim, self.file);
        }
    }
}
