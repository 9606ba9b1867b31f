//! Calls that really block, off the hub.

use crate::wait::{Reason, Section};
use crate::{doorway, hub};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

/// Make a call that blocks and ends by itself, while the other greenlets go on.
/// It is no wait point: kills and time-outs of the caller wait for its end.
pub(super) fn off_hub<R>(what: &'static str, call: impl FnOnce() -> R) -> R {
    let Some(inside) = doorway::enter() else {
        return call();
    };
    // The hub must be taken back before anything unwinds any further.
    let call = || catch_unwind(AssertUnwindSafe(call));
    let result = hub::blocking(inside.greenlet, Reason::Section(what), Section::Ends, call);
    drop(inside);
    match result {
        Ok(result) => result,
        Err(payload) => resume_unwind(payload),
    }
}
