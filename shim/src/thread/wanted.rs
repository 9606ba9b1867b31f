//! What a `pthread_attr_t` says of a new thread beyond its stack: scheduling parameters,
//! processors, the signal mask; and which object speaks where the program gives none.
//!
//! libc makes the thread first and fails if the kernel then refuses something. We
//! ask first, and answer with the same numbers.

use super::scheduling::{self, Mask};
use crate::table::Real;
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};
use hub::greenlet::Greenlet;
use libc::{pthread_attr_t, sched_param};

crate::plain_hooks! {
    Thread "never" fn pthread_setattr_default_np(attr: *const pthread_attr_t) -> c_int = set_default;
}

/// These have other versions in other releases of glibc, so they are looked up.
static GET_DEFAULT: Real = Real::new("pthread_getattr_default_np\0", "");
static GET_AFFINITY: Real = Real::new("pthread_attr_getaffinity_np\0", "GLIBC_2.32\0GLIBC_2.3.4\0");
static GET_MASK: Real = Real::new("pthread_attr_getsigmask_np\0", "");

type GetDefault = unsafe extern "C" fn(*mut pthread_attr_t) -> c_int;
type GetAffinity =
    unsafe extern "C" fn(*const pthread_attr_t, usize, *mut libc::cpu_set_t) -> c_int;
type GetMask = unsafe extern "C" fn(*const pthread_attr_t, *mut libc::sigset_t) -> c_int;

/// The program has set attributes for threads that are made without.
static HAS_DEFAULT: AtomicBool = AtomicBool::new(false);

unsafe fn set_default(attr: *const pthread_attr_t) -> c_int {
    // SAFETY: the program's own call.
    let answer = unsafe { plain::pthread_setattr_default_np(attr) };
    if answer == 0 {
        HAS_DEFAULT.store(true, Ordering::Relaxed);
        super::create::default_changed();
    }
    answer
}

/// A copy of the default attributes; freed when dropped.
pub struct Defaults(pthread_attr_t);

impl Defaults {
    /// Those that speak for a thread made with `attr`; `None`: `attr` does, or nothing.
    #[inline]
    pub fn instead_of(attr: *const pthread_attr_t) -> Option<Defaults> {
        if !attr.is_null() || !HAS_DEFAULT.load(Ordering::Relaxed) {
            return None;
        }
        let mut copy = MaybeUninit::uninit();
        // SAFETY: the function's own signature; it initialises the object. (A function that
        // libc has not answers -1, here and below.)
        unsafe {
            let get = core::mem::transmute::<*mut c_void, GetDefault>(GET_DEFAULT.get());
            (get(copy.as_mut_ptr()) == 0).then(|| Defaults(copy.assume_init()))
        }
    }

    /// The object.
    pub fn as_ptr(&self) -> *const pthread_attr_t {
        &self.0
    }
}

impl Drop for Defaults {
    fn drop(&mut self) {
        // SAFETY: initialised by libc, and ours.
        unsafe { libc::pthread_attr_destroy(&mut self.0) };
    }
}

/// What is to be remembered of the new thread.
#[derive(Default)]
pub struct Wanted {
    /// Policy and priority; `None`: its creator's.
    param: Option<(c_int, c_int)>,
    /// `None`: its creator's.
    processors: Option<Mask>,
    mask: Option<u64>,
}

impl Wanted {
    /// Read the attributes. An error is what pthread_create(3) returns.
    ///
    /// # Safety
    /// `attr` is null or an initialised object.
    pub unsafe fn of(attr: *const pthread_attr_t) -> Result<Wanted, c_int> {
        let mut wanted = Wanted::default();
        if attr.is_null() {
            return Ok(wanted);
        }
        // SAFETY: by the caller's contract; the results have the functions' types.
        unsafe {
            let (mut inherit, mut policy, mut param) = (0, 0, sched_param { sched_priority: 0 });
            libc::pthread_attr_getinheritsched(attr, &mut inherit);
            if inherit == libc::PTHREAD_EXPLICIT_SCHED {
                libc::pthread_attr_getschedpolicy(attr, &mut policy);
                libc::pthread_attr_getschedparam(attr, &mut param);
                let refused = scheduling::check(policy, param.sched_priority);
                if refused != 0 {
                    return Err(refused);
                }
                wanted.param = Some((policy, param.sched_priority));
            }
            // (More processors than a cpu_set_t holds: libc refuses a buffer that is too small.)
            let mut set: [u8; 1024] = [0; 1024];
            let get = core::mem::transmute::<*mut c_void, GetAffinity>(GET_AFFINITY.get());
            if get(attr, set.len(), set.as_mut_ptr().cast()) == 0
                && set.iter().any(|&byte| byte != 0xff)
            {
                wanted.processors = Some(scheduling::allowed(&set).ok_or(libc::EINVAL)?);
            }
            wanted.mask = signal_mask(attr);
        }
        Ok(wanted)
    }

    /// The thread is made, and has not run.
    pub fn give_to(self, g: &'static Greenlet) {
        if let Some((policy, priority)) = self.param {
            scheduling::begins_with(g, policy, priority);
        }
        if let Some(processors) = self.processors {
            scheduling::set_processors(g, processors);
        }
        if let Some(mask) = self.mask {
            crate::signal::mask::assign(g, mask);
        }
    }
}

/// The signal mask that the attributes name (glibc 2.32; before, none can).
unsafe fn signal_mask(attr: *const pthread_attr_t) -> Option<u64> {
    let mut set = crate::signal::action::from_bits(0);
    // SAFETY: the function's own signature; where libc has none, -1 comes
    // back, which is PTHREAD_ATTR_NO_SIGMASK_NP as well.
    let answer = unsafe {
        let get = core::mem::transmute::<*mut c_void, GetMask>(GET_MASK.get());
        get(attr, &mut set)
    };
    (answer == 0).then(|| crate::signal::action::to_bits(&set))
}
