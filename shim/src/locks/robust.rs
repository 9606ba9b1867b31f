//! Robust mutexes of one process: what happens when their holder ends. Those that
//! processes share are in [`robust_shared`].
//!
//! A thread keeps a list of the robust mutexes that it holds. At its end each
//! is marked and released; the next to lock it gets EOWNERDEAD and must call
//! `pthread_mutex_consistent` (libc's own: it only writes the owner) before
//! unlocking, or the mutex is lost for good. Marks are glibc's values in the
//! owner field.

use super::mutex::Mutex;
use super::{registered_list, robust_shared};
use core::ffi::c_int;
use core::sync::atomic::Ordering;
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::tls;

/// PTHREAD_MUTEX_INCONSISTENT: held by who was told EOWNERDEAD.
pub const INCONSISTENT: u32 = i32::MAX as u32;
/// PTHREAD_MUTEX_NOTRECOVERABLE.
pub const LOST: u32 = i32::MAX as u32 - 1;
/// Ours: released by the end of its holder.
const OWNER_DIED: u32 = i32::MAX as u32 - 2;

/// linux/futex.h, of a word that the kernel knows.
pub const FUTEX_WAITERS: u32 = 0x8000_0000;
/// Its holder has ended.
pub const FUTEX_OWNER_DIED: u32 = 0x4000_0000;
/// Its holder's id.
pub const FUTEX_ID: u32 = 0x3fff_ffff;

/// Extension word: null, or the greenlet's boxed [`Own`].
const HELD: usize = 3;

/// What a greenlet must give up when it ends.
#[derive(Default)]
pub struct Own {
    /// Those that it holds.
    held: List,
    /// The list that it has registered itself; 0: none. See [`registered_list`].
    pub registered: usize,
}

type List = Vec<*const Mutex>;

/// Look at what the caller holds, or change it.
pub fn with_own(f: impl FnOnce(&mut Own)) {
    // On an OS thread that is no greenlet, the end cannot be seen.
    let Some(g) = Greenlet::current() else { return };
    let word = &g.extension[HELD];
    if word.get() == 0 {
        word.set(Box::into_raw(Box::<Own>::default()) as usize);
    }
    // SAFETY: boxed above, and only its greenlet changes it.
    f(unsafe { &mut *(word.get() as *mut Own) });
}

fn with_list(f: impl FnOnce(&mut List)) {
    with_own(|own| f(&mut own.held));
}

/// What `g` holds, if it ever held anything. It is the caller, or does not run, or is outside
/// of our code.
fn own_of(g: &Greenlet) -> Option<&Own> {
    // SAFETY: null, or boxed by `with_own`, and not changed now.
    unsafe { (g.extension[HELD].get() as *const Own).as_ref() }
}

/// The list that `g` has registered itself.
pub fn registered(g: &Greenlet) -> Option<usize> {
    own_of(g).map(|own| own.registered).filter(|&head| head != 0)
}

/// The caller holds `m` from here on, and must give it up when it ends.
pub fn hold(m: &Mutex) {
    with_list(|l| l.push(m));
}

/// The caller does not hold `m` any more.
pub fn let_go(m: &Mutex) {
    with_list(|l| {
        if let Some(at) = place(l, m) {
            l.remove(at);
        }
    });
}

/// Where it is: what was taken last is mostly given up first.
fn place(list: &List, m: &Mutex) -> Option<usize> {
    list.iter().rposition(|&held| core::ptr::eq(held, m))
}

/// Whether `m` is in the caller's list.
pub fn holds(m: &Mutex) -> bool {
    let mut found = false;
    with_list(|l| found = place(l, m).is_some());
    found
}

/// Whether `m` is in the list of another greenlet. With the hub.
pub fn held_by_other(m: &Mutex) -> bool {
    let me = Greenlet::current();
    let mut found = false;
    scheduler::for_each(|g| {
        let is_me = me.is_some_and(|me| core::ptr::eq(me, g));
        found |= !is_me && own_of(g).is_some_and(|own| place(&own.held, m).is_some());
    });
    found
}

/// Whether the caller holds a robust mutex. The owner field does not tell: it says that the
/// mutex is inconsistent, or names whoever has said that it is not, which may be another thread.
pub fn held_by_caller(m: &Mutex) -> bool {
    match Greenlet::current() {
        Some(_) => m.lock.load(Ordering::Relaxed) != 0 && holds(m),
        None => m.held_by_caller(),
    }
}

/// Whether nobody can have the mutex any more.
pub fn is_lost(m: &Mutex) -> bool {
    m.owner.load(Ordering::Relaxed) == LOST
}

/// The mutex's word was obtained: 0, EOWNERDEAD or ENOTRECOVERABLE.
pub fn obtained(m: &Mutex) -> c_int {
    match m.owner.load(Ordering::Relaxed) {
        LOST => {
            m.release_word();
            libc::ENOTRECOVERABLE
        }
        OWNER_DIED => {
            m.set_taken();
            m.owner.store(INCONSISTENT, Ordering::Relaxed);
            hold(m);
            libc::EOWNERDEAD
        }
        _ => {
            m.set_taken();
            hold(m);
            0
        }
    }
}

/// Whether a recursive mutex that the caller holds cannot be unlocked: of those glibc looks at
/// the owner field, in which a thread that calls pthread_mutex_consistent(3) puts itself.
pub fn is_made_consistent_by_other(m: &Mutex) -> bool {
    let owner = m.owner.load(Ordering::Relaxed);
    m.is_recursive() && owner != INCONSISTENT && owner != tls::tid()
}

/// pthread_mutex_unlock(3) of a robust mutex.
pub fn unlock(m: &Mutex) -> c_int {
    if !held_by_caller(m) || is_made_consistent_by_other(m) {
        return libc::EPERM;
    }
    let owner = m.owner.load(Ordering::Relaxed);
    if m.leave_level() {
        return if owner == INCONSISTENT { libc::ENOTRECOVERABLE } else { 0 };
    }
    let_go(m);
    // Unlocked without having been made consistent: lost for good.
    m.clear_owner(if owner == INCONSISTENT { LOST } else { 0 });
    m.release_word();
    0
}

/// The thread has ended: give up what it still holds.
pub fn thread_ended(g: &'static Greenlet) {
    let own = g.extension[HELD].replace(0) as *mut Own;
    if own.is_null() {
        return registered_list::thread_ended(g, None);
    }
    // SAFETY: boxed by `with_own`; the mutexes are the program's, which must
    // keep them while they are locked.
    unsafe {
        let own = Box::from_raw(own);
        for m in own.held {
            let m = &*m;
            let owner = m.owner.load(Ordering::Relaxed);
            if owner != tls::tid() && owner != INCONSISTENT {
                continue;
            }
            if robust_shared::is_ours(m) {
                robust_shared::holder_ended(m);
            } else {
                m.clear_owner(OWNER_DIED);
                m.release_word();
            }
        }
        registered_list::thread_ended(g, Some(own.registered).filter(|&head| head != 0));
    }
}
