//! Where a debugger finds things in a greenlet: see [`crate::hub::debugger`].

use super::{claim, Greenlet, Phase};
use core::mem::offset_of;

pub(crate) const NEXT: usize = offset_of!(Greenlet, all_next);
pub(crate) const ID: usize = offset_of!(Greenlet, id);
pub(crate) const NAME: usize = offset_of!(Greenlet, name);
pub(crate) const WAKE: usize = offset_of!(Greenlet, wake);
pub(crate) const LINK: usize = offset_of!(Greenlet, link);
pub(crate) const HOME: usize = offset_of!(Greenlet, home);
pub(crate) const PHASE: usize = offset_of!(Greenlet, phase);
pub(crate) const SP: usize = offset_of!(Greenlet, sp);
pub(crate) const REASON: usize = offset_of!(Greenlet, reason);
pub(crate) const ENTRY: usize = offset_of!(Greenlet, entry);
pub(crate) const PARENT: usize = offset_of!(Greenlet, parent);
pub(crate) const WAITING: u32 = claim::WAITING;
pub(crate) const CLAIMED: u32 = claim::CLAIMED;
pub(crate) const ALIVE: u8 = Phase::Alive as u8;
