//! Who holds what somebody waits for: what the locks' own bytes say.

use super::{mutex::Mutex, rwlock};
use core::sync::atomic::Ordering;
use hub::wait::Reason;

/// The id of the thread that holds it; 0: nobody, or one that is not known. The
/// hub is at rest and somebody waits, so the object is there.
pub fn of(reason: Reason) -> u32 {
    match reason {
        // The reason's own word is what it was when the wait began.
        Reason::Mutex(_, 0) => 0,
        // SAFETY: the program's object, for which somebody waits.
        Reason::Mutex(at, _) => unsafe { &*(at as *const Mutex) }.owner.load(Ordering::Relaxed),
        // SAFETY: as above.
        Reason::RwLockRead(at) | Reason::RwLockWrite(at) => unsafe { rwlock::writer_of(at) },
        _ => 0,
    }
}
