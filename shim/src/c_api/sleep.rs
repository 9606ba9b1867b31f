//! Sleeping and giving up one's turn.

use super::timeout::{came, limit};
use super::{fail, rim, Span};
use core::ffi::c_int;
use core::time::Duration;

#[no_mangle]
pub extern "C-unwind" fn gev_sleep(span: Span) -> c_int {
    let _rim = rim();
    let limited = limit(span);
    match limited {
        Some(span) => hub::sleep(span),
        None => loop {
            hub::sleep(Duration::MAX);
        },
    }
    if u64::try_from(span).is_ok_and(|own| limited == Some(Duration::from_nanos(own))) {
        0
    } else {
        fail(came())
    }
}

#[no_mangle]
pub extern "C-unwind" fn gev_yield() {
    let _rim = rim();
    hub::yield_now();
}

#[no_mangle]
pub extern "C-unwind" fn gev_idle() {
    let _rim = rim();
    hub::idle();
}
