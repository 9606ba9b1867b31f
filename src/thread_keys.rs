//! The end of pthread-specific data for a greenlet of the native API.
//!
//! libc runs the destructors of `pthread_key_create` at the end of threads of
//! its own only. The preloaded library hooks the keys and does better; here
//! nothing is hooked, and libc is asked: it exports its table of keys, and the
//! shape of an entry, for debuggers. Rust's std keeps the handle of
//! `thread::current` alive by such a key.
//!
//! Where libc does not tell, the destructors do not run: what they would have
//! freed leaks.

use crate::debugger_tables;
use core::ffi::c_void;
use std::sync::OnceLock;

/// PTHREAD_KEYS_MAX, the table's length.
const KEYS: usize = 1024;
/// PTHREAD_DESTRUCTOR_ITERATIONS: a destructor may set values again.
const ROUNDS: usize = 4;

/// libc's `struct pthread_key_struct`: a count that is odd while the key is in
/// use and zero if it never was, and the destructor.
#[repr(C)]
struct Key {
    count: usize,
    destructor: Option<unsafe extern "C-unwind" fn(*mut c_void)>,
}

/// libc's table, if it is the one that this file knows.
fn table() -> Option<*const Key> {
    static TABLE: OnceLock<usize> = OnceLock::new();
    let at = *TABLE.get_or_init(|| {
        let known = debugger_tables::word(c"_thread_db_sizeof_pthread_key_struct")
            == Some(size_of::<Key>() as u32)
            && debugger_tables::offset(c"_thread_db_pthread_key_struct_destr")
                == Some(core::mem::offset_of!(Key, destructor));
        if known {
            debugger_tables::find(c"__pthread_keys") as usize
        } else {
            0
        }
    });
    (at != 0).then_some(at as *const Key)
}

/// Run the destructors of the calling greenlet's values, in POSIX's rounds, and
/// leave every value null, so that the TLS block's next greenlet finds none.
///
/// # Safety
/// Must run on the ending greenlet's own TLS block, as program code.
pub(crate) unsafe fn run_destructors() {
    let Some(table) = table() else {
        return;
    };
    for _ in 0..ROUNDS {
        let mut again = false;
        for i in 0..KEYS {
            // SAFETY: inside libc's table, whose words are read as debuggers
            // read them.
            let key = unsafe { table.add(i).read_volatile() };
            if key.count == 0 {
                // libc gives the lowest free key: none above was ever made.
                break;
            }
            // SAFETY: any number may be asked; unused keys have null.
            let value = unsafe { libc::pthread_getspecific(i as libc::pthread_key_t) };
            if value.is_null() {
                continue;
            }
            // SAFETY: the key is in use, or its value would be null; its
            // destructor takes the value, which is no longer set.
            unsafe {
                libc::pthread_setspecific(i as libc::pthread_key_t, core::ptr::null());
                if let Some(destructor) = key.destructor {
                    destructor(value);
                    again = true;
                }
            }
        }
        if !again {
            return;
        }
    }
}
