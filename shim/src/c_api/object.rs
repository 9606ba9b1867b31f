//! What a handle of C's points to.
//!
//! Who was woken may free the object at once, while the call that has woken it is not
//! back yet (on another OS thread, or off the hub): such calls [`Object::keep`] it.

use core::ops::Deref;
use std::sync::Arc;

/// What an object is, for functions that take several kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    Greenlet = 0x6765_7601,
    Event,
    AsyncResult,
    Semaphore,
    Other,
}

/// An object behind a handle.
#[derive(Debug)]
#[repr(C)]
pub struct Object<T> {
    pub kind: Kind,
    body: T,
}

impl<T> Object<T> {
    pub fn new(kind: Kind, body: T) -> Self {
        Object { kind, body }
    }

    /// A handle, which [`Object::free`] takes back.
    pub fn handle(kind: Kind, body: T) -> *mut Self {
        Arc::into_raw(Arc::new(Object { kind, body })).cast_mut()
    }

    /// The object behind a handle, which lives until this is dropped, whoever frees it.
    ///
    /// # Safety
    /// The handle is null or the program's.
    pub unsafe fn keep(handle: *const Self) -> Option<Arc<Self>> {
        // SAFETY: `handle` has made it of an `Arc`; the program's count is still there.
        (!handle.is_null()).then(|| unsafe {
            Arc::increment_strong_count(handle);
            Arc::from_raw(handle)
        })
    }

    /// Free what `handle` made; null is nothing.
    ///
    /// # Safety
    /// The handle is the program's, and nobody uses it any more.
    pub unsafe fn free(handle: *mut Self) {
        if !handle.is_null() {
            // SAFETY: by this function's contract.
            drop(unsafe { Arc::from_raw(handle) });
        }
    }
}

impl<T> Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.body
    }
}

/// What a handle points to, or return from the function with EINVAL.
macro_rules! get {
    ($handle:expr) => {
        get!($handle, $crate::c_api::fail(libc::EINVAL))
    };
    ($handle:expr, $otherwise:expr) => {
        // SAFETY: null or the program's own handle, which it keeps meanwhile.
        match unsafe { $handle.as_ref() } {
            Some(object) => object,
            None => return $otherwise,
        }
    };
}

/// [`get`] for a call that ends others' waits: see the head of this file.
macro_rules! kept {
    ($handle:expr) => {
        // SAFETY: null or the program's own handle.
        match unsafe { $crate::c_api::object::Object::keep($handle) } {
            Some(object) => object,
            None => return $crate::c_api::fail(libc::EINVAL),
        }
    };
}
pub(super) use {get, kept};
