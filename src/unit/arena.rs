//! Address space for units: slabs, and what is free, uncut or promised of each size.
//!
//! Only counts and places; nothing here touches a unit but to link it into a list.

use super::guard::Guards;
use super::{map, round_up, upper_part, GUARD, PAGE, SLACK};
use crate::greenlet::Greenlet;
use crate::sys::Errno;
use crate::tls;
use core::ptr;

/// Units per slab, at most; a slab is also at most [`SLAB_BYTES`] long.
pub(super) const SLAB_UNITS: usize = 256;
const SLAB_BYTES: usize = 512 << 20;

/// All units of one stack size.
pub(super) struct Class {
    /// Bytes from one unit to the next.
    pub(super) stride: usize,
    pub(super) free: *const Greenlet,
    pub(super) free_count: usize,
    /// Units that its slabs have room for and that have not been cut.
    pub(super) uncut: usize,
    /// Units that light greenlets will want.
    pub(super) promised: usize,
    /// The slab that is being cut; those before it are cut.
    pub(super) slab: usize,
}

impl Class {
    /// Units there are for those who have no promise.
    pub(super) fn spare(&self) -> usize {
        (self.free_count + self.uncut).saturating_sub(self.promised)
    }

    pub(super) fn pop(&mut self) -> Option<&'static Greenlet> {
        // SAFETY: free units stay mapped and are linked through `next`.
        let g = unsafe { self.free.as_ref() }?;
        self.free = g.next.get();
        self.free_count -= 1;
        Some(g)
    }

    pub(super) fn push(&mut self, g: &'static Greenlet) {
        g.next.set(self.free);
        self.free = g;
        self.free_count += 1;
    }
}

pub(super) struct Slab {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) stride: usize,
    /// Where the part begins that has not been cut.
    pub(super) fresh: usize,
}

/// A unit that is to be made: where it begins and its slab does, its size and its
/// guard's.
pub(super) struct Cut {
    pub(super) start: usize,
    pub(super) slab: usize,
    pub(super) stride: usize,
    pub(super) guard: usize,
}

pub(super) struct Arena {
    pub(super) classes: Vec<Class>,
    pub(super) slabs: Vec<Slab>,
    pub(super) guards: Guards,
    /// The stack size that was asked for last, and its class.
    pub(super) asked_last: Option<(usize, usize)>,
}

// SAFETY: units belong to the process, not to an OS thread.
unsafe impl Send for Arena {}

impl Arena {
    pub(super) const EMPTY: Arena =
        Arena { classes: Vec::new(), slabs: Vec::new(), guards: Guards::Region, asked_last: None };

    /// The class of units whose stack has at least `stack_size` usable bytes.
    #[inline]
    pub(super) fn class_for(&mut self, stack_size: usize) -> Result<usize, Errno> {
        match self.asked_last {
            Some((asked, class)) if asked == stack_size => Ok(class),
            _ => self.find_class_for(stack_size),
        }
    }

    #[cold]
    fn find_class_for(&mut self, stack_size: usize) -> Result<usize, Errno> {
        let space = tls::init().map_err(|_| libc::EAGAIN)?;
        let wanted = stack_size.checked_add(SLACK + GUARD).ok_or(libc::EAGAIN)?;
        if wanted > isize::MAX as usize / 2 {
            return Err(libc::EAGAIN);
        }
        let stride = round_up(wanted + upper_part(&space), PAGE);
        let known = self.classes.iter().position(|c| c.stride == stride);
        let class = known.unwrap_or_else(|| {
            self.classes.push(Class {
                stride,
                free: ptr::null(),
                free_count: 0,
                uncut: 0,
                promised: 0,
                slab: 0,
            });
            self.classes.len() - 1
        });
        self.asked_last = Some((stack_size, class));
        Ok(class)
    }

    /// Map another slab of the class.
    pub(super) fn map_slab(&mut self, class: usize) -> Result<(), Errno> {
        let class = &mut self.classes[class];
        let stride = class.stride;
        // A smaller one where address space is limited (RLIMIT_AS).
        let mut units = (SLAB_BYTES / stride).clamp(1, SLAB_UNITS);
        let start = loop {
            match map(units * stride) {
                Ok(start) => break start,
                Err(_) if units > 1 => units /= 2,
                Err(_) => return Err(libc::EAGAIN),
            }
        };
        class.uncut += units;
        self.slabs.push(Slab { start, end: start + units * stride, stride, fresh: start });
        Ok(())
    }

    /// Cut a unit that has never been used, if the class's slabs have one left.
    pub(super) fn cut(&mut self, class: usize) -> Option<Cut> {
        let class = &mut self.classes[class];
        let stride = class.stride;
        let rest = self.slabs.get_mut(class.slab..)?;
        let (skipped, slab) =
            rest.iter_mut().enumerate().find(|(_, s)| s.stride == stride && s.fresh < s.end)?;
        class.slab += skipped;
        class.uncut -= 1;
        let (start, slab_start) = (slab.fresh, slab.start);
        slab.fresh += stride;
        Some(Cut { start, slab: slab_start, stride, guard: self.guards.install(start) })
    }
}
