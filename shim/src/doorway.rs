//! The doorway: every hook asks here whether it has anything to do.
//!
//! A hook acts only for program code that runs on a greenlet while there is
//! something to schedule. On an OS thread that is no greenlet, in the hub, in
//! our own code, in a group that is not patched, and while one greenlet is
//! alive, it passes straight to the real function.

use crate::settings;
use crate::table::Group;
use crate::thread::cancel;
use core::ffi::c_int;
use hub::greenlet::{Detail, Greenlet};
use hub::hub as scheduler;
use hub::hub::computes;
use hub::wait::{Reason, Section};

/// Our code runs on behalf of `greenlet` until this is dropped.
pub struct Shim {
    /// Whose hook this is.
    pub greenlet: &'static Greenlet,
}

impl Drop for Shim {
    #[inline(always)]
    fn drop(&mut self) {
        // (With something to deliver, perhaps to others, the hub is wanted once more.)
        if computes::some() && !crate::signal::pending::noted() {
            self.leave_if_it_computes();
        } else {
            self.greenlet.leave_shim();
        }
        // Signals that came while our code ran.
        if crate::signal::pending::noted() {
            crate::signal::deliver::on_the_way_out(self.greenlet);
        }
    }
}

/// Step into our code, or `None`: pass through.
#[inline(always)]
pub fn enter(group: Group) -> Option<Shim> {
    if !scheduler::active() {
        return None;
    }
    enter_slow(group)
}

fn enter_slow(group: Group) -> Option<Shim> {
    if !settings::patched(group) {
        return None;
    }
    enter_any()
}

/// [`enter`], for a call that a pending signal may end: what waits here for the only greenlet
/// that is left, the kernel does not know.
#[inline(always)]
pub fn enter_for_signals(group: Group) -> Option<Shim> {
    let alone = || crate::signal::pending::noted() && !scheduler::active();
    enter(group).or_else(|| alone().then(|| enter_slow(group)).flatten())
}

/// Step into our code even if this is the only greenlet: for objects that are
/// ours whatever the number of threads.
#[inline(always)]
pub fn enter_any() -> Option<Shim> {
    let greenlet = Greenlet::current()?;
    // Not `then_some`: a guard that is made and dropped steps out.
    greenlet.enter_shim().then(|| Shim { greenlet })
}

impl Shim {
    #[cold]
    fn leave_if_it_computes(&self) {
        let before = errno();
        computes::hook_ends(self.greenlet);
        set_errno(before);
    }

    /// Make a real call that may block inside libc or the kernel, as a blocking
    /// section: see [`scheduler::blocking`]. Keeps the call's `errno`.
    pub fn section<R>(&self, what: &'static str, section: Section, call: impl FnOnce() -> R) -> R {
        let _inside = cancel::Inside::begin(self, section);
        let mut errno_after = 0;
        let result = scheduler::blocking(self.greenlet, Reason::Section(what), section, || {
            let result = call();
            errno_after = errno();
            result
        });
        set_errno(errno_after);
        result
    }
}

impl Shim {
    /// [`Shim::section`] of a call that is about the descriptor `fd`: reports show it.
    pub fn section_of_fd<R>(
        &self,
        what: &'static str,
        fd: libc::c_int,
        section: Section,
        call: impl FnOnce() -> R,
    ) -> R {
        let detail = hub::greenlet::detail_of_fd(fd);
        let _told = self.greenlet.tell(&detail);
        self.section(what, section, call)
    }

    /// [`section`](Self::section) of a call that waits for an object of libc's at `address`.
    pub fn section_on_lock<R>(
        &self,
        what: &'static str,
        address: usize,
        call: impl FnOnce() -> R,
    ) -> R {
        let detail = hub::greenlet::detail_of_lock(address);
        let _told = self.greenlet.tell(&detail);
        self.section(what, Section::Waits, call)
    }

    /// [`Shim::section`] of a call that is about `name`: reports show it.
    ///
    /// # Safety
    /// `name` is null or a string.
    pub unsafe fn section_of<R>(
        &self,
        what: &'static str,
        name: *const libc::c_char,
        section: Section,
        call: impl FnOnce() -> R,
    ) -> R {
        let mut detail: Detail = [0; size_of::<Detail>()];
        if !name.is_null() {
            // SAFETY: by the caller's contract.
            let name = unsafe { core::ffi::CStr::from_ptr(name) }.to_bytes();
            let length = name.len().min(detail.len());
            detail[..length].copy_from_slice(&name[..length]);
        }
        let _told = (!name.is_null()).then(|| self.greenlet.tell(&detail));
        self.section(what, section, call)
    }
}

/// Do something on a word that several threads use, in a few instructions. `f`
/// is told whether no other OS thread can touch it meanwhile: then it needs no
/// bus lock. The caller is in our code while it has the guard, if there is one.
#[inline(always)]
fn quickly<R>(f: impl FnOnce(bool) -> R) -> (R, Option<Shim>) {
    if hub::sys::alone() {
        return (f(true), None);
    }
    let Some(greenlet) = Greenlet::current().filter(|g| g.enter_briefly()) else {
        return (f(false), None);
    };
    (f(hub::sys::one_os_thread()), Some(Shim { greenlet }))
}

/// [`quickly`], and no more.
#[inline(always)]
pub fn briefly<R>(f: impl FnOnce(bool) -> R) -> R {
    quickly(f).0
}

/// What [`at_once_or_inside`] has come to.
pub enum AtOnce {
    /// The attempt has succeeded.
    Done,
    /// It has not, and the caller is in our code now; `None`: it has not stepped in.
    Failed(Option<Shim>),
}

/// Try something as [`quickly`] does, and stay in our code if it fails.
#[inline(always)]
pub fn at_once_or_inside(attempt: impl FnOnce(bool) -> bool) -> AtOnce {
    match quickly(attempt) {
        (true, _) => AtOnce::Done,
        (false, shim) => AtOnce::Failed(shim),
    }
}

/// Run the program's code (a handler, a destructor, an initialiser) from
/// within a hook, as program code.
pub struct Outside<'a>(&'a Shim);

impl<'a> Outside<'a> {
    /// Step out until this is dropped.
    pub fn step(shim: &'a Shim) -> Self {
        shim.greenlet.leave_shim();
        Outside(shim)
    }
}

impl Drop for Outside<'_> {
    fn drop(&mut self) {
        self.0.greenlet.reenter_shim();
    }
}

/// Set the calling greenlet's `errno`.
#[inline(always)]
pub fn set_errno(errno: c_int) {
    // SAFETY: the address is that of the running TLS block.
    unsafe { *libc::__errno_location() = errno }
}

/// The calling greenlet's `errno`.
#[inline(always)]
pub fn errno() -> c_int {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() }
}

/// What a function in errno style returns for a kernel-style result.
#[inline(always)]
pub fn returned(result: Result<usize, c_int>) -> isize {
    match result {
        Ok(n) => n as isize,
        Err(e) => {
            set_errno(e);
            -1
        }
    }
}
