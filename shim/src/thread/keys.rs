//! Thread-specific data: pthread_key_create(3), tss_create(3).
//!
//! Values live in the control block, where libc's own functions keep them, so
//! `pthread_getspecific` needs no hook. libc runs the destructors only at the
//! end of threads of its own; this table says what to run for greenlets.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicUsize, Ordering};
use libc::pthread_key_t;

type Destructor = Option<unsafe extern "C-unwind" fn(*mut c_void)>;

crate::hooks! {
    Thread "never" fn pthread_key_create(key: *mut pthread_key_t, destructor: Destructor) -> c_int = create, also [__pthread_key_create], version "GLIBC_2.34";
    Thread "never" fn tss_create(key: *mut pthread_key_t, destructor: Destructor) -> c_int = c11_create;
    Thread "never" fn tss_delete(key: pthread_key_t) = c11_delete;
}

crate::plain_hooks! {
    Thread "never" fn pthread_key_delete(key: pthread_key_t) -> c_int = delete;
}

/// PTHREAD_KEYS_MAX.
const KEYS: usize = 1024;
/// PTHREAD_DESTRUCTOR_ITERATIONS.
const ROUNDS: usize = 4;
/// A key without a destructor.
const NO_DESTRUCTOR: usize = 1;

/// 0: no such key; otherwise the destructor or [`NO_DESTRUCTOR`].
static DESTRUCTORS: [AtomicUsize; KEYS] = [const { AtomicUsize::new(0) }; KEYS];
/// One more than the highest key ever made.
static END: AtomicUsize = AtomicUsize::new(0);

fn remember(key: pthread_key_t, destructor: Destructor) {
    if let Some(slot) = DESTRUCTORS.get(key as usize) {
        slot.store(destructor.map_or(NO_DESTRUCTOR, |d| d as usize), Ordering::Release);
        END.fetch_max(key as usize + 1, Ordering::AcqRel);
    }
}

fn forget(key: pthread_key_t) {
    if let Some(slot) = DESTRUCTORS.get(key as usize) {
        slot.store(0, Ordering::Release);
    }
}

unsafe fn create(key: *mut pthread_key_t, destructor: Destructor) -> c_int {
    // SAFETY: the program's own call; on success the key is written.
    unsafe {
        let result = real::pthread_key_create(key, destructor);
        if result == 0 {
            remember(*key, destructor);
        }
        result
    }
}

unsafe fn delete(key: pthread_key_t) -> c_int {
    forget(key);
    // SAFETY: the program's own call.
    unsafe { plain::pthread_key_delete(key) }
}

unsafe fn c11_create(key: *mut pthread_key_t, destructor: Destructor) -> c_int {
    // SAFETY: as above.
    unsafe {
        let result = real::tss_create(key, destructor);
        if result == 0 {
            remember(*key, destructor);
        }
        result
    }
}

unsafe fn c11_delete(key: pthread_key_t) {
    forget(key);
    // SAFETY: as above.
    unsafe { real::tss_delete(key) }
}

/// Leave all values of the calling thread null, without destructors.
pub fn forget_values() {
    let end = END.load(Ordering::Acquire);
    for (key, slot) in DESTRUCTORS[..end].iter().enumerate() {
        // SAFETY: the key exists; null for a value that was never set changes nothing.
        unsafe {
            if slot.load(Ordering::Acquire) != 0
                && !libc::pthread_getspecific(key as pthread_key_t).is_null()
            {
                libc::pthread_setspecific(key as pthread_key_t, core::ptr::null());
            }
        }
    }
}

/// Run the destructors of the calling thread's values: POSIX's rounds, until
/// all values are null, and leave every value null.
///
/// # Safety
/// The thread is at its end.
pub unsafe fn run_destructors() {
    let end = END.load(Ordering::Acquire);
    for round in 0..=ROUNDS {
        let mut left = false;
        for (key, slot) in DESTRUCTORS[..end].iter().enumerate() {
            let destructor = slot.load(Ordering::Acquire);
            if destructor == 0 {
                continue;
            }
            let key = key as pthread_key_t;
            // SAFETY: the key exists; a stored destructor is a function.
            unsafe {
                let value = libc::pthread_getspecific(key);
                if value.is_null() {
                    continue;
                }
                libc::pthread_setspecific(key, core::ptr::null());
                if destructor != NO_DESTRUCTOR && round < ROUNDS {
                    left = true;
                    let f: unsafe extern "C-unwind" fn(*mut c_void) =
                        core::mem::transmute(destructor);
                    f(value);
                }
            }
        }
        // The extra round only clears what the destructors keep setting.
        if !left {
            break;
        }
    }
}
