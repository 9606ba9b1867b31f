//! A greenlet's memory (`unit`).
//!
//! A thread of pthread_create's is the *resident* of a unit ([`crate::unit`]): it has
//! its stack and its TLS block for life, since its `pthread_t` is that block's address.
//! A greenlet of the native API is *light* ([`crate::light`]): a control block alone,
//! until its first turn.
//!
//! ```text
//!                 spawn            first turn             has ended
//!   light: Free ─────────▶ no unit ──────────▶ has a unit ─────────▶ Free
//!                            │  ▲     (tenant of its resident)
//!       none ready           ▼  │ one is
//!                     waits for a unit ([`crate::hub::units`])
//! ```
//! A resident whose unit has a tenant is `Free` meanwhile.

use super::Greenlet;
use crate::unit::{Stack, GUARD};
use core::ptr;

const PAGE: usize = 4096;
/// glibc makes stacks in such units, too.
pub(super) const STACK_UNIT: usize = 64;

impl Greenlet {
    /// The stack that it runs on ([`Stack::NONE`] for a root, and for one that has
    /// no unit yet).
    pub fn stack(&self) -> Stack {
        self.resident().map_or(Stack::NONE, |r| r.stack.get())
    }

    /// The stack of its own unit, used or not.
    pub(crate) fn unit_stack(&self) -> Stack {
        self.resident().map_or(Stack::NONE, |r| r.unit_stack.get())
    }

    /// The resident of the unit that it runs in, which may be itself.
    pub(crate) fn resident(&self) -> Option<&'static Greenlet> {
        // SAFETY: null or a unit's, which stays mapped.
        unsafe { self.unit.get().as_ref() }
    }

    /// Whether it gets its unit at its first turn.
    pub(crate) fn is_light(&self) -> bool {
        !ptr::eq(self.unit.get(), self) && !self.is_root()
    }

    /// A light greenlet is given a unit, by its resident.
    pub(crate) fn move_in(&self, resident: &'static Greenlet) {
        debug_assert!(self.is_light() && self.unit.get().is_null());
        debug_assert!(resident.tenant.get().is_null());
        resident.tenant.set(self);
        resident.stack.set(resident.unit_stack.get());
        resident.asked_guard.set((GUARD / PAGE) as u32);
        resident.asked_stack.set(0);
        self.unit.set(resident);
        self.tp.set(resident.tp.get());
    }

    /// A light greenlet that has ended gives its unit up.
    pub(crate) fn move_out(&self) -> Option<&'static Greenlet> {
        let resident = self.resident();
        if let Some(resident) = resident {
            resident.tenant.set(ptr::null());
        }
        self.unit.set(ptr::null());
        self.tp.set(ptr::null_mut());
        resident
    }

    /// The size class of its unit.
    pub(crate) fn class(&self) -> usize {
        self.class.get() as usize
    }

    /// The guard size that its creator asked for (attributes must tell it).
    pub fn asked_guard(&self) -> usize {
        self.resident().map_or(0, |r| r.asked_guard.get() as usize * PAGE)
    }

    /// What attributes are to tell of its stack: the lowest address, and the size that its
    /// creator asked for, or what there is if nobody did.
    pub fn told_stack(&self) -> (usize, usize) {
        let stack = self.stack();
        match self.resident().map_or(0, |r| r.asked_stack.get() as usize * STACK_UNIT) {
            0 => (stack.limit, stack.base - stack.limit),
            // Programs protect pages at the lower end: it lies on a page's boundary when
            // the size does. As in libc, thread-locals lie within the upper end.
            size => (stack.base.next_multiple_of(PAGE) - size, size),
        }
    }

    /// It is the resident of a new unit. (It has its place there.)
    pub(crate) fn set_unit(&mut self, tp: *mut u8, stack: Stack, class: usize) {
        self.unit.set(self);
        self.tp.set(tp);
        self.unit_stack.set(stack);
        self.class.set(class as u32);
    }

    /// Let a free resident have another stack than its unit's for its next thread.
    pub(crate) fn set_stack(&self, stack: Stack) {
        self.stack.set(stack);
    }

    /// A free light greenlet will get a unit of that size class.
    pub(crate) fn set_class(&self, class: usize) {
        self.class.set(class as u32);
    }

    /// Nobody will run on its stack any more: let corosensei forget it.
    pub(crate) fn forget_stack(&self) {
        let Some(resident) = self.resident() else { return };
        // SAFETY: the coroutine is touched at birth and at the end only, by the
        // holder of the hub.
        unsafe {
            if let Some(mut c) = (*resident.coroutine.get()).take() {
                c.force_reset();
            }
        }
    }

    pub(crate) fn set_asked_guard(&self, guard: usize) {
        self.asked_guard.set(u32::try_from(guard.div_ceil(PAGE)).unwrap_or(u32::MAX));
    }

    pub(crate) fn set_asked_stack(&self, size: usize) {
        self.asked_stack.set(u32::try_from(size / STACK_UNIT).unwrap_or(0));
    }
}
