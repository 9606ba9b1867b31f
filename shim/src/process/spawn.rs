//! posix_spawn(3): starting a program.
//!
//! libc starts the child with CLONE_VFORK: the caller waits inside the kernel
//! until the child has executed its program, which has to be read from a disk
//! first. That is a blocking section; next to what a child costs, its price is
//! small. Unlike `vfork` the child has a stack of its own, so that nothing
//! speaks against other greenlets running meanwhile.
//!
//! POSIX: unless the attributes say otherwise, the child has the calling
//! thread's signal mask. The kernel knows only the carrier's, so the mask is
//! put into the attributes. The environment is looked at as for exec
//! ([`environment`]).

use super::{children, environment};
use crate::doorway::{self, Shim};
use crate::settings;
use crate::signal::{action, mask};
use crate::table::Group;
use core::ffi::{c_char, c_int, c_short};
use core::mem::MaybeUninit;
use hub::wait::Section;
use libc::{pid_t, posix_spawn_file_actions_t, posix_spawnattr_t};

crate::hooks! {
    Subprocess "section" fn posix_spawn(pid: *mut pid_t, path: *const c_char, actions: *const posix_spawn_file_actions_t, attributes: *const posix_spawnattr_t, argv: *const *mut c_char, envp: *const *mut c_char) -> c_int = by_path, version "GLIBC_2.15";
    Subprocess "section" fn posix_spawnp(pid: *mut pid_t, file: *const c_char, actions: *const posix_spawn_file_actions_t, attributes: *const posix_spawnattr_t, argv: *const *mut c_char, envp: *const *mut c_char) -> c_int = by_name, version "GLIBC_2.15";
    Subprocess "section" fn pidfd_spawn(pidfd: *mut c_int, path: *const c_char, actions: *const posix_spawn_file_actions_t, attributes: *const posix_spawnattr_t, argv: *const *mut c_char, envp: *const *mut c_char) -> c_int = descriptor_by_path;
    Subprocess "section" fn pidfd_spawnp(pidfd: *mut c_int, file: *const c_char, actions: *const posix_spawn_file_actions_t, attributes: *const posix_spawnattr_t, argv: *const *mut c_char, envp: *const *mut c_char) -> c_int = descriptor_by_name;
}

/// Attributes for a child of the calling greenlet: `given`, and its signal mask
/// if they name none. `None`: they are as they should be.
///
/// # Safety
/// `given` is null or points to initialised attributes.
unsafe fn with_mask(shim: &Shim, given: *const posix_spawnattr_t) -> Option<posix_spawnattr_t> {
    if !settings::patched(Group::Signal) {
        return None;
    }
    let set_mask = libc::POSIX_SPAWN_SETSIGMASK as c_short;
    let mut own = MaybeUninit::<posix_spawnattr_t>::uninit();
    // SAFETY: the program's attributes, or fresh ones. They are plain data:
    // glibc's posix_spawnattr_destroy does nothing, so that a copy is as good.
    unsafe {
        match given.as_ref() {
            Some(given) => own.write(*given),
            None => match libc::posix_spawnattr_init(own.as_mut_ptr()) {
                0 => own.assume_init_mut(),
                _ => return None,
            },
        };
        let mut own = own.assume_init();
        let mut flags = 0;
        libc::posix_spawnattr_getflags(&own, &mut flags);
        if flags & set_mask != 0 {
            return None;
        }
        libc::posix_spawnattr_setflags(&mut own, flags | set_mask);
        libc::posix_spawnattr_setsigmask(&mut own, &action::from_bits(mask::of(shim.greenlet)));
        Some(own)
    }
}

/// posix_spawn(3) for a greenlet in our code, with its signal mask.
///
/// # Safety
/// As the libc function's.
pub unsafe fn spawn(
    shim: &Shim,
    pid: *mut pid_t,
    path: *const c_char,
    actions: *const posix_spawn_file_actions_t,
    attributes: *const posix_spawnattr_t,
    argv: *const *mut c_char,
    envp: *const *mut c_char,
) -> c_int {
    // SAFETY: the program's own call, with attributes that differ in the mask.
    unsafe {
        let own = with_mask(shim, attributes);
        let attributes = own.as_ref().map_or(attributes, core::ptr::from_ref);
        hub::hub::carrier::makes_child();
        environment::with(environment::bytes(path), envp.cast(), |envp| {
            children::begins();
            let result = shim.section_of("posix_spawn", path, Section::Ends, || {
                real::posix_spawn(pid, path, actions, attributes, argv, envp.cast())
            });
            children::made(if result == 0 { *pid } else { 0 });
            result
        })
    }
}

/// Any of the four functions. (A `pid_t` is an `int`, as a descriptor.)
type Function = unsafe fn(
    *mut pid_t,
    *const c_char,
    *const posix_spawn_file_actions_t,
    *const posix_spawnattr_t,
    *const *mut c_char,
    *const *mut c_char,
) -> c_int;

/// The program's call of one of them.
unsafe fn call(
    (name, real): (&'static str, Function),
    made: *mut c_int,
    file: *const c_char,
    actions: *const posix_spawn_file_actions_t,
    attributes: *const posix_spawnattr_t,
    argv: *const *mut c_char,
    envp: *const *mut c_char,
) -> c_int {
    // SAFETY: the program's own call, with attributes that differ in the mask.
    unsafe {
        let shim = doorway::enter(Group::Subprocess);
        hub::hub::carrier::makes_child();
        environment::with(environment::bytes(file), envp.cast(), |envp| {
            let Some(shim) = shim else {
                return real(made, file, actions, attributes, argv, envp.cast());
            };
            let own = with_mask(&shim, attributes);
            let attributes = own.as_ref().map_or(attributes, core::ptr::from_ref);
            let mut own = 0;
            let made = if made.is_null() { &raw mut own } else { made };
            children::begins();
            let result = shim.section_of(name, file, Section::Ends, || {
                real(made, file, actions, attributes, argv, envp.cast())
            });
            // Of a descriptor the child's number is not asked for.
            let known = result == 0 && !name.starts_with("pidfd");
            children::made(if known { *made } else { 0 });
            result
        })
    }
}

/// `entry!(hook: function)`.
macro_rules! entry {
    ($($hook:ident: $name:ident)*) => { $(
        unsafe fn $hook(
            made: *mut c_int,
            file: *const c_char,
            actions: *const posix_spawn_file_actions_t,
            attributes: *const posix_spawnattr_t,
            argv: *const *mut c_char,
            envp: *const *mut c_char,
        ) -> c_int {
            let function: (_, Function) = (stringify!($name), real::$name);
            // SAFETY: the program's own call.
            unsafe { call(function, made, file, actions, attributes, argv, envp) }
        }
    )* };
}

entry! {
    by_path: posix_spawn
    by_name: posix_spawnp
    descriptor_by_path: pidfd_spawn
    descriptor_by_name: pidfd_spawnp
}
