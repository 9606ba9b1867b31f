//! Signals that the kernel sends for an object, a timer, a descriptor or a child, which
//! belongs to one thread.
//!
//! The kernel knows OS threads only. It is told that the signal is for the process,
//! and a table says for which greenlet it is; [`deliver`](super::deliver) and
//! sigwait(3) ask [`target`]. The tables are read by signal handlers: a fixed number of
//! slots, one atomic word each that says whether the rest counts.

use super::{owner, processor_timer, timer};
use crate::process::children;
use core::ffi::c_int;
use core::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering};
use hub::greenlet::{Greenlet, Phase};
use libc::siginfo_t;

/// Objects of a kind that a process can have.
const SLOTS: usize = 1024;
/// No object's number.
pub const FREE: c_int = -1;
const BUSY: c_int = -2;

/// For whom a signal is.
pub enum Target {
    /// For no thread in particular.
    Process,
    /// This greenlet's.
    Greenlet(&'static Greenlet),
    /// That of a thread which has ended: it is lost.
    Nobody,
}

/// For whom the signal is that has come to the process. Callable in a signal handler.
pub fn target(info: &siginfo_t) -> Target {
    if let Some(of_ours) = processor_timer::target(info) {
        return of_ours.unwrap_or(Target::Process);
    }
    let slot = timer::sender(info).or_else(|| owner::sender(info));
    slot.map(Slot::target).or_else(|| children::receiver(info)).unwrap_or(Target::Process)
}

/// One object, and whose it is.
pub struct Slot {
    /// The object's number, or `FREE`, or `BUSY` while it changes.
    object: AtomicI32,
    greenlet: AtomicPtr<Greenlet>,
    /// The greenlet's id: its memory is used again.
    id: AtomicU32,
}

impl Slot {
    /// The object has been made; `FREE`: it has not.
    pub fn fill(&self, object: c_int) {
        self.object.store(object, Ordering::Release);
    }

    /// The object's number.
    pub fn object(&self) -> Option<c_int> {
        Some(self.object.load(Ordering::Acquire)).filter(|n| *n >= 0)
    }

    /// Whether it is `g`'s.
    pub fn is_of(&self, g: &Greenlet) -> bool {
        core::ptr::eq(self.greenlet.load(Ordering::Acquire), g)
    }

    /// Whose it is.
    pub fn target(&self) -> Target {
        // SAFETY: null or a greenlet, which is never freed.
        match unsafe { self.greenlet.load(Ordering::Acquire).as_ref() } {
            Some(g) if g.phase() == Phase::Alive && g.id() == self.id.load(Ordering::Relaxed) => {
                Target::Greenlet(g)
            }
            _ => Target::Nobody,
        }
    }
}

/// The objects of a kind.
pub struct Table {
    slots: [Slot; SLOTS],
    /// One more than the highest slot ever used.
    end: AtomicU32,
}

impl Table {
    /// Without any object.
    pub const fn empty() -> Self {
        Table {
            slots: [const {
                Slot {
                    object: AtomicI32::new(FREE),
                    greenlet: AtomicPtr::new(core::ptr::null_mut()),
                    id: AtomicU32::new(0),
                }
            }; SLOTS],
            end: AtomicU32::new(0),
        }
    }

    /// Whether there never was an object.
    pub fn unused(&self) -> bool {
        self.end.load(Ordering::Relaxed) == 0
    }

    /// A slot for an object of `g`'s that is about to be made. `None`: there are too many.
    pub fn reserve(&self, g: &'static Greenlet) -> Option<&Slot> {
        let index = self.slots.iter().position(|slot| {
            slot.object.compare_exchange(FREE, BUSY, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        })?;
        self.end.fetch_max(index as u32 + 1, Ordering::AcqRel);
        let slot = &self.slots[index];
        slot.greenlet.store(core::ptr::from_ref(g).cast_mut(), Ordering::Relaxed);
        slot.id.store(g.id(), Ordering::Relaxed);
        Some(slot)
    }

    /// All slots that have been used.
    pub fn used(&self) -> &[Slot] {
        &self.slots[..self.end.load(Ordering::Acquire) as usize]
    }

    /// Those of objects that are about to be made.
    pub fn reserved(&self) -> impl Iterator<Item = &Slot> {
        self.used().iter().filter(|slot| slot.object.load(Ordering::Acquire) == BUSY)
    }

    /// The object's slot.
    pub fn find(&self, object: c_int) -> Option<&Slot> {
        self.used().iter().find(|slot| object >= 0 && slot.object() == Some(object))
    }

    /// The object is gone.
    pub fn forget(&self, object: c_int) {
        if let Some(slot) = self.find(object) {
            slot.fill(FREE);
        }
    }

    /// All are.
    pub fn clear(&self) {
        self.used().iter().for_each(|slot| slot.fill(FREE));
    }
}
