//! OS threads of ours: how they are made.
//!
//! They are threads of libc's, so that setuid(2) and the like reach them, on stacks
//! that we made: in the child of a fork libc uses again the stacks of threads that
//! are gone, and the caller may run on a carrier's.

use crate::unit::Stack;
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering};

/// pthread_create(3).
pub type CreateThread = unsafe fn(
    *mut libc::pthread_t,
    *const libc::pthread_attr_t,
    crate::greenlet::Entry,
    *mut c_void,
) -> c_int;

static CREATE: AtomicUsize = AtomicUsize::new(0);

/// How OS threads are made: where `pthread_create` itself makes greenlets, by
/// the function under it.
pub fn set_create(create: CreateThread) {
    CREATE.store(create as usize, Ordering::Relaxed);
}

/// pthread_attr_setsigmask_np(3) of glibc 2.32; 0: there is none.
type SetMask = unsafe extern "C" fn(*mut libc::pthread_attr_t, *const libc::sigset_t) -> c_int;
static SET_MASK: AtomicUsize = AtomicUsize::new(0);

/// Look up what some libcs have. Early, once.
pub(super) fn init() {
    // SAFETY: a look-up by name.
    let set_mask =
        unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"pthread_attr_setsigmask_np".as_ptr()) };
    SET_MASK.store(set_mask as usize, Ordering::Relaxed);
}

/// Make an OS thread on `stack`. It starts with all signals blocked (before glibc
/// 2.32 with its maker's mask): they are for those who run the program, and a
/// carrier is ready for them only when it is known as one. `None`: there is none to
/// be had.
pub(crate) fn create(
    stack: Stack,
    main: crate::greenlet::Entry,
    arg: *mut c_void,
) -> Option<libc::pthread_t> {
    extern "C" {
        fn pthread_create(
            thread: *mut libc::pthread_t,
            attr: *const libc::pthread_attr_t,
            main: crate::greenlet::Entry,
            arg: *mut c_void,
        ) -> c_int;
    }
    let mut attr = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut thread = 0;
    // SAFETY: the stack is ours for ever, and no thread is on it; a stored word
    // is a function of that type.
    let made = unsafe {
        libc::pthread_attr_init(attr.as_mut_ptr());
        let (limit, size) = (stack.limit as *mut c_void, stack.base - stack.limit);
        libc::pthread_attr_setstack(attr.as_mut_ptr(), limit, size);
        // It allocates from the program's malloc.
        let made = super::as_program(|| {
            let set_mask = SET_MASK.load(Ordering::Relaxed);
            if set_mask != 0 {
                let mut all = MaybeUninit::<libc::sigset_t>::uninit();
                libc::sigfillset(all.as_mut_ptr());
                core::mem::transmute::<usize, SetMask>(set_mask)(attr.as_mut_ptr(), all.as_ptr());
            }
            match CREATE.load(Ordering::Relaxed) {
                0 => pthread_create(&mut thread, attr.as_ptr(), main, arg),
                f => core::mem::transmute::<usize, CreateThread>(f)(
                    &mut thread,
                    attr.as_ptr(),
                    main,
                    arg,
                ),
            }
        });
        super::as_program(|| libc::pthread_attr_destroy(attr.as_mut_ptr()));
        made
    };
    (made == 0).then_some(thread)
}
