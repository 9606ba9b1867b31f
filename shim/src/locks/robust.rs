//! Robust mutexes of one process: what happens when their holder ends. Those that
//! processes share are in [`robust_shared`].
//!
//! A thread keeps a list of the robust mutexes that it holds. At its end each
//! is marked and released; the next to lock it gets EOWNERDEAD and must call
//! `pthread_mutex_consistent` (libc's own: it only writes the owner) before
//! unlocking, or the mutex is lost for good. Marks are glibc's values in the
//! owner field.

use super::mutex::Mutex;
use super::robust_shared;
use core::ffi::c_int;
use core::sync::atomic::Ordering;
use hub::greenlet::Greenlet;
use hub::tls;

/// PTHREAD_MUTEX_INCONSISTENT: held by who was told EOWNERDEAD.
pub const INCONSISTENT: u32 = i32::MAX as u32;
/// PTHREAD_MUTEX_NOTRECOVERABLE.
pub const LOST: u32 = i32::MAX as u32 - 1;
/// Ours: released by the end of its holder.
const OWNER_DIED: u32 = i32::MAX as u32 - 2;

/// Extension word: null, or the boxed list of held mutexes.
const HELD: usize = 3;

type List = Vec<*const Mutex>;

fn with_list(f: impl FnOnce(&mut List)) {
    // On an OS thread that is no greenlet, the end cannot be seen.
    let Some(g) = Greenlet::current() else { return };
    let word = &g.extension[HELD];
    if word.get() == 0 {
        word.set(Box::into_raw(Box::<List>::default()) as usize);
    }
    // SAFETY: boxed above, and only its greenlet looks at it.
    f(unsafe { &mut *(word.get() as *mut List) });
}

/// The caller holds `m` from here on, and must give it up when it ends.
pub fn hold(m: &Mutex) {
    with_list(|l| l.push(m));
}

/// The caller does not hold `m` any more.
pub fn let_go(m: &Mutex) {
    with_list(|l| l.retain(|&held| !core::ptr::eq(held, m)));
}

/// Whether `m` is in the caller's list.
pub fn holds(m: &Mutex) -> bool {
    let mut found = false;
    with_list(|l| found = l.iter().any(|&held| core::ptr::eq(held, m)));
    found
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

/// pthread_mutex_unlock(3) of a robust mutex.
pub fn unlock(m: &Mutex) -> c_int {
    let owner = m.owner.load(Ordering::Relaxed);
    if owner != INCONSISTENT {
        let refused = super::mutex::may_unlock(m);
        if refused != 0 {
            return refused;
        }
        if m.leave_level() {
            return 0;
        }
    }
    let_go(m);
    // Unlocked without having been made consistent: lost for good.
    m.clear_owner(if owner == INCONSISTENT { LOST } else { 0 });
    m.release_word();
    0
}

/// The thread has ended: give up what it still holds.
pub fn thread_ended(g: &'static Greenlet) {
    let list = g.extension[HELD].replace(0) as *mut List;
    if list.is_null() {
        return;
    }
    // SAFETY: boxed by `with_list`; the mutexes are the program's, which must
    // keep them while they are locked.
    unsafe {
        for m in *Box::from_raw(list) {
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
    }
}
