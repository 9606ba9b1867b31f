//! What a handle of C's points to.

use core::ops::Deref;

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
        Box::into_raw(Box::new(Object { kind, body }))
    }

    /// Free what `handle` made; null is nothing.
    ///
    /// # Safety
    /// The handle is the program's, and nobody uses it any more.
    pub unsafe fn free(handle: *mut Self) {
        if !handle.is_null() {
            // SAFETY: by this function's contract.
            drop(unsafe { Box::from_raw(handle) });
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
pub(super) use get;
