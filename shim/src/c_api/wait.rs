//! Waiting for whichever of several objects is ready first.

use super::object::Kind;
use super::timeout::{came, limit};
use super::{async_result, event, fail, greenlet, lock, rim, store, Span};
use core::ffi::{c_int, c_void};
use hub::Waitable;

/// What an object of whatever kind offers to wait for.
///
/// # Safety
/// A handle of the program's, which keeps it meanwhile.
unsafe fn waitable<'a>(object: *mut c_void) -> Option<&'a dyn Waitable> {
    // SAFETY: by this function's contract; every object begins with its kind, which
    // says what follows.
    unsafe {
        Some(match *object.cast::<Kind>().as_ref()? {
            Kind::Greenlet => (*object.cast::<greenlet::Handle>()).greenlet(),
            Kind::Event => &**object.cast::<event::Handle>(),
            Kind::AsyncResult => &**object.cast::<async_result::Handle>(),
            Kind::Semaphore => (*object.cast::<lock::Handle>()).semaphore(),
            Kind::Other => return None,
        })
    }
}

/// Whether an object is the calling greenlet.
///
/// # Safety
/// As of [`waitable`].
unsafe fn is_caller(object: *mut c_void) -> bool {
    // SAFETY: by this function's contract; the kind says what it is.
    unsafe {
        *object.cast::<Kind>() == Kind::Greenlet
            && greenlet::is_current(&*object.cast::<greenlet::Handle>())
    }
}

/// # Safety
/// `objects` has `n` handles, and `which`, unless it is null, room for `count` (or
/// `n`) numbers.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_wait(
    objects: *const *mut c_void,
    n: usize,
    count: usize,
    timeout: Span,
    which: *mut usize,
) -> c_int {
    let _rim = rim();
    let count = if count == 0 { n } else { count.min(n) };
    if count == 0 {
        return 0;
    }
    if objects.is_null() {
        return fail(libc::EINVAL);
    }
    // SAFETY: by this function's contract.
    let all: Option<Vec<&dyn Waitable>> = unsafe {
        core::slice::from_raw_parts(objects, n).iter().map(|&object| waitable(object)).collect()
    };
    let Some(all) = all else { return fail(libc::EINVAL) };
    // SAFETY: as above; they are handles.
    let itself = |object: &*mut c_void| unsafe { is_caller(*object) };
    // SAFETY: as above.
    let objects = unsafe { core::slice::from_raw_parts(objects, n) };
    if count > n - objects.iter().filter(|object| itself(object)).count() {
        return fail(libc::EDEADLK);
    }
    let ready = hub::wait(&all, limit(timeout), Some(count));
    for (i, &at) in ready.iter().enumerate() {
        if !which.is_null() {
            // SAFETY: by this function's contract.
            unsafe { store(which.add(i), at) };
        }
    }
    if ready.is_empty() {
        return fail(came());
    }
    ready.len() as c_int
}
