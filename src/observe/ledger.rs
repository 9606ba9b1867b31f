//! The account of one greenlet: what it is doing, since when, and why.

use crate::greenlet::Greenlet;
use crate::wait::{Reason, Wake};

#[cold]
pub(super) fn leaving(_: &'static Greenlet) {}
#[cold]
pub(super) fn resumed(_: &'static Greenlet) {}
#[cold]
pub(super) fn woken(_: &Greenlet, _: Wake) {}
#[cold]
pub(super) fn section(_: &'static Greenlet, _: Reason) {}
#[cold]
pub(super) fn section_over(_: &'static Greenlet) {}
#[cold]
pub(super) fn queueing(_: &'static Greenlet) {}
#[cold]
pub(super) fn spawned(_: &'static Greenlet, _: &'static Greenlet) {}
#[cold]
pub(super) fn ended(_: &'static Greenlet) {}
