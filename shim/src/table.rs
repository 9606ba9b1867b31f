//! The hook table: one row a hook, and everything that follows from a row.
//!
//! # How to add a hook
//!
//! 1. Find the file of its patch group (`thread/mod.rs`, `socket/mod.rs`, ...)
//!    and add a row to its [`hooks!`](crate::hooks) list: the group, a few words
//!    on how it blocks, the C name and signature, the function that does it,
//!    after `also` its other spellings (same signature, same meaning), and after
//!    `version` the symbol version of the real function where libc has several (and
//!    after `or` the one that glibc before 2.34 has, if it has several as well).
//! 2. Write that function: thin, `unsafe` at the rim. It starts with
//!    [`doorway::enter`](crate::doorway::enter) and calls `real::NAME` when
//!    that says no.
//! 3. Run the tests: the audit fails if libc has a twin that the row does not
//!    name, or if a name is none of libc's.
//!
//! From a row come: the exported symbols, the typed look-up `real::NAME`, and
//! the line that `geventrs hooks` and `docs/hooks.md` show.
//!
//! # Rules
//!
//! Hooks are `extern "C-unwind"` without `catch_unwind`: `pthread_exit` and
//! cancellation unwind through them, and run the destructors of their guards.
//! Symbols are exported without a version, or programs that ask for one would
//! not find them. Variadic functions (`fcntl`, `ioctl`, `syscall`, `open`) are
//! declared with the most arguments that they take: on x86-64 and aarch64
//! integer arguments arrive in the same registers either way. Those whose
//! variable arguments can be of any number and kind (`printf`, `syslog`) are
//! made by [`variadic`](crate::variadic).
//!
//! Functions that nothing unwinds through, with one spelling, present in every
//! libc, go into a [`plain_hooks!`](crate::plain_hooks) list instead: the
//! `redhook` crate carries them. [`redhooked`](crate::redhooked) says exactly
//! which. The others cannot be redhook's because its wrapper catches unwinding
//! (cancellation points, whatever steps into our code), because it exports one
//! name a definition (`__x`, `_chk`, `64`), looks up no symbol version (before
//! glibc 2.36 dlsym finds the oldest), or panics where libc lacks the function.

use core::ffi::{c_void, CStr};
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

/// gevent's names for what can be patched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Group {
    /// Threads, locks, thread-specific data.
    Thread = 0,
    /// Sleeping.
    Time = 1,
    /// Waiting for many descriptors.
    Select = 2,
    /// Sockets.
    Socket = 3,
    /// `read`, `write` and the like on any descriptor; making and closing them.
    Os = 4,
    /// Names and addresses.
    Dns = 5,
    /// Child processes.
    Subprocess = 6,
    /// Signals.
    Signal = 7,
    /// Regular files and locks on them.
    File = 8,
    /// The standard streams.
    Sys = 9,
}

impl Group {
    /// All groups, in the order of their numbers.
    pub const ALL: [(Group, &'static str); 10] = [
        (Group::Thread, "thread"),
        (Group::Time, "time"),
        (Group::Select, "select"),
        (Group::Socket, "socket"),
        (Group::Os, "os"),
        (Group::Dns, "dns"),
        (Group::Subprocess, "subprocess"),
        (Group::Signal, "signal"),
        (Group::File, "file"),
        (Group::Sys, "sys"),
    ];
}

/// The libc function under a hook, looked up when first needed.
pub struct Real {
    function: AtomicPtr<c_void>,
    name: &'static CStr,
    /// The symbol versions to be tried, each a C string.
    versions: &'static str,
    /// Its other spellings, for a libc that lacks the first.
    others: &'static [&'static str],
}

impl Real {
    /// The next definition of `name` (a C string) after ours; of the first symbol
    /// version among `versions` (C strings, or nothing) that libc has.
    pub const fn new(name: &'static str, versions: &'static str) -> Self {
        let Ok(name) = CStr::from_bytes_with_nul(name.as_bytes()) else {
            panic!("a symbol's name ends with its only zero")
        };
        Real { function: AtomicPtr::new(ptr::null_mut()), name, versions, others: &[] }
    }

    /// The same, or what bears one of these names (C strings).
    pub const fn or(self, others: &'static [&'static str]) -> Self {
        Real { others, ..self }
    }

    /// The function's address, if it has been looked up; else null.
    #[inline(always)]
    pub fn known(&self) -> *mut c_void {
        self.function.load(Ordering::Relaxed)
    }

    /// The function's address.
    #[inline(always)]
    pub fn get(&self) -> *mut c_void {
        let f = self.known();
        if f.is_null() {
            return self.look_up();
        }
        f
    }

    /// A look-up that succeeds allocates nothing, so this may run before any
    /// constructor, and inside an allocator.
    #[cold]
    fn look_up(&self) -> *mut c_void {
        // The loader's lock may be another greenlet's, in a dlopen.
        let mut f = hub::hub::as_program(|| self.find());
        if f.is_null() {
            // A newer function than this libc: programs that run here can
            // have found it only by asking us by name.
            f = absent as *mut c_void;
        }
        self.function.store(f, Ordering::Relaxed);
        f
    }
}

/// What dlsym calls itself before glibc 2.34, and would go on calling.
const UNDER_DLSYM: [&CStr; 2] = [c"pthread_once", c"pthread_key_create"];

impl Real {
    fn find(&self) -> *mut c_void {
        if UNDER_DLSYM.contains(&self.name) {
            let f = hub::libpthread::function(self.name);
            if !f.is_null() {
                return f;
            }
        }
        // SAFETY: look-ups by name.
        unsafe {
            let plain = libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr());
            // Before 2.36, dlsym answers with a function's oldest version. But a
            // library between us and libc that has the function, too, gives it
            // no version as a rule, and dlvsym passes over it.
            let versions = self.versions.split_inclusive('\0');
            for version in versions.filter_map(|v| CStr::from_bytes_with_nul(v.as_bytes()).ok()) {
                let f = libc::dlvsym(libc::RTLD_NEXT, self.name.as_ptr(), version.as_ptr());
                if !f.is_null() && (f == plain || base(f) == base(plain)) {
                    return f;
                }
            }
            if !plain.is_null() {
                return plain;
            }
            let names =
                self.others.iter().filter_map(|n| CStr::from_bytes_with_nul(n.as_bytes()).ok());
            let mut found = names.map(|name| libc::dlsym(libc::RTLD_NEXT, name.as_ptr()));
            found.find(|f| !f.is_null()).unwrap_or(ptr::null_mut())
        }
    }
}

/// Where the module that has the function `f` was loaded.
unsafe fn base(f: *mut c_void) -> *mut c_void {
    let mut info = core::mem::MaybeUninit::<libc::Dl_info>::uninit();
    // SAFETY: `info` is read only if it was filled.
    unsafe {
        match libc::dladdr(f, info.as_mut_ptr()) {
            0 => ptr::null_mut(),
            _ => info.assume_init().dli_fbase,
        }
    }
}

// The linker makes these names, and would export them.
core::arch::global_asm!(".hidden __start_geventrs_early", ".hidden __stop_geventrs_early");

/// Look up all functions under hooks that have not been needed yet: at the first
/// thread, since afterwards another one may be in the loader (dlopen(3)), and
/// dlsym(3) would wait for it. The child of a fork would wait for ever.
pub fn look_up_all() {
    // SAFETY: the linker's own names for the begin and the end of the section, which
    // has one address for each `look_up_early!`.
    unsafe {
        extern "C" {
            #[link_name = "__start_geventrs_early"]
            static START: [extern "C" fn(); 0];
            #[link_name = "__stop_geventrs_early"]
            static STOP: [extern "C" fn(); 0];
        }
        type LookUp = extern "C" fn();
        let (start, stop) =
            ((&raw const START).cast::<LookUp>(), (&raw const STOP).cast::<LookUp>());
        core::slice::from_raw_parts(start, stop.offset_from(start) as usize)
            .iter()
            .for_each(|look_up| look_up());
    }
}

/// `look_up_early!(expression)`: it looks something up, and [`look_up_all`] shall
/// have it evaluated.
#[macro_export]
macro_rules! look_up_early {
    ($look_up:expr) => {
        const _: () = {
            extern "C" fn look_up() {
                let _ = $look_up;
            }
            #[link_section = "geventrs_early"]
            #[used]
            static LOOK_UP: extern "C" fn() = look_up;
        };
    };
}

/// Stands for a function that this libc does not have.
unsafe extern "C" fn absent() -> isize {
    crate::doorway::set_errno(libc::ENOSYS);
    -1
}

/// A list of rows; see the module's head.
#[macro_export]
macro_rules! hooks {
    ($( $(#[doc = $doc:expr])* $group:ident $how:literal
        fn $name:ident $args:tt $(-> $ret:ty)? = $body:path
        $(, also [$($alias:ident),* $(,)?])? $(, version $version:literal $(or $older:literal)?)?; )*) => {
        /// The functions under this file's hooks.
        #[allow(missing_docs, clippy::missing_safety_doc, dead_code)]
        pub mod real {
            #[allow(unused_imports)]
            use super::*;
            $( $crate::real_function! { $name $args [$($ret)?] [$($version $($older)?)?] [$($($alias)*)?] } )*
        }
        $( $crate::hook_symbols! { $group $how $name $args [$($ret)?] $body, [$($($alias)*)?] } )*
        $( $crate::hook_row! { $name stringify!($group), $how, [$($(stringify!($alias)),*)?] } )*
    };
}

/// All spellings of a hook; part of [`hooks!`](crate::hooks).
#[macro_export]
macro_rules! hook_symbols {
    ($group:ident $how:literal $name:ident $args:tt $ret:tt $body:path, [$($alias:ident)*]) => {
        $crate::hook_function! { $group $how $name ($name) $args $ret $body }
        $( $crate::hook_function! { $group $how $alias ($name) $args $ret $body } )*
    };
}

/// One typed look-up; part of [`hooks!`](crate::hooks).
#[macro_export]
macro_rules! real_function {
    ($name:ident ($($arg:ident : $ty:ty),* $(,)?) [$($ret:ty)?] [$($version:literal)*] [$($alias:ident)*]) => {
        #[inline(always)]
        pub unsafe fn $name($($arg: $ty),*) $(-> $ret)? {
            static REAL: $crate::table::Real =
                $crate::table::Real::new(concat!(stringify!($name), "\0"), concat!($($version, "\0"),*))
                    .or(&[$(concat!(stringify!($alias), "\0")),*]);
            type Libcs = unsafe extern "C-unwind" fn($($ty),*) $(-> $ret)?;
            /// The first call. (All of it apart, so that the others need no frame.)
            #[cold]
            #[inline(never)]
            unsafe extern "C-unwind" fn look_up_and_call($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: as below.
                unsafe { core::mem::transmute::<*mut core::ffi::c_void, Libcs>(REAL.get())($($arg),*) }
            }
            $crate::look_up_early!(REAL.get());
            // SAFETY: the row states libc's signature; the caller keeps the
            // function's own contract.
            unsafe {
                let known = REAL.known();
                if known.is_null() {
                    look_up_and_call($($arg),*)
                } else {
                    core::mem::transmute::<*mut core::ffi::c_void, Libcs>(known)($($arg),*)
                }
            }
        }
    };
}

/// One exported symbol: an entry (see [`entry`](crate::entry)) that goes on to the hook's
/// function, or to one that observes it; part of [`hooks!`](crate::hooks).
#[macro_export]
macro_rules! hook_function {
    // Rust's std asks for these two by weak names, which an entry in assembly in the
    // same object cannot bear without a complaint of the assembler's: they are ordinary
    // functions, and not observed.
    ($group:ident $how:literal gettid $real:tt $args:tt $ret:tt $body:path) => {
        $crate::hook_function! { @ordinary gettid $args $ret $body }
    };
    ($group:ident $how:literal getrandom $real:tt $args:tt $ret:tt $body:path) => {
        $crate::hook_function! { @ordinary getrandom $args $ret $body }
    };
    // Calls that only read a clock are not observed either: they are made by the million.
    ($group:ident $how:literal clock_gettime $real:tt $args:tt $ret:tt $body:path) => {
        $crate::hook_function! { @ordinary clock_gettime $args $ret $body }
    };
    ($group:ident $how:literal clock_getres $real:tt $args:tt $ret:tt $body:path) => {
        $crate::hook_function! { @ordinary clock_getres $args $ret $body }
    };
    (@ordinary $symbol:ident ($($arg:ident : $ty:ty),* $(,)?) [$($ret:ty)?] $body:path) => {
        #[doc = concat!("Hook of `", stringify!($symbol), "`.")]
        ///
        /// # Safety
        /// As the libc function's.
        #[no_mangle]
        pub unsafe extern "C-unwind" fn $symbol($($arg: $ty),*) $(-> $ret)? {
            // SAFETY: the program keeps the function's contract.
            unsafe { $body($($arg),*) }
        }
    };
    // These two want to know where they are called: the entry adds the return address to
    // their arguments.
    ($group:ident $how:literal pthread_create $real:tt $args:tt $ret:tt $body:path) => {
        $crate::hook_function! { @with_site pthread_create, "r8", "x4", $group $how $real $args $ret $body }
    };
    ($group:ident $how:literal thrd_create $real:tt $args:tt $ret:tt $body:path) => {
        $crate::hook_function! { @with_site thrd_create, "rcx", "x3", $group $how $real $args $ret $body }
    };
    (@with_site $symbol:ident, $amd:literal, $arm:literal, $group:ident $how:literal $real:tt
        ($($arg:ident : $ty:ty),* $(,)?) [$($ret:ty)?] $body:path) => {
        $crate::hook_function! {
            @functions $group $how $symbol $real ($($arg : $ty),*) (site: usize) [$($ret)?] $body
        }
        $crate::entry! { $symbol ($($arg : $ty),*) [$($ret)?] with
            (concat!("mov ", $amd, ", [rsp]")) (concat!("mov ", $arm, ", x30")) }
    };
    // What an entry goes to. The second list is what the entry adds to the arguments.
    (@functions $group:ident $how:literal $symbol:ident ($real:ident) ($($arg:ident : $ty:ty),*)
        ($($added:ident : $added_ty:ty)?) [$($ret:ty)?] $body:path) => {
        #[allow(non_camel_case_types)]
        mod $symbol {
            #[allow(unused_imports)]
            use super::*;
            pub(super) unsafe extern "C-unwind" fn plain($($arg: $ty,)* $($added: $added_ty)?) $(-> $ret)? {
                // SAFETY: the program keeps the function's contract, here and below.
                unsafe { $body($($arg,)* $($added)?) }
            }
            pub(super) unsafe extern "C-unwind" fn observed($($arg: $ty,)* $($added: $added_ty)?) $(-> $ret)? {
                static HOOK: hub::observe::call::Hook = hub::observe::call::Hook::new(
                    stringify!($symbol),
                    stringify!($group),
                    $how,
                    &[$((stringify!($arg), stringify!($ty))),*],
                    concat!($(stringify!($ret))?),
                );
                $crate::entry::observe(
                    &HOOK,
                    &[$(hub::observe::call::word(&$arg)),*],
                    || match $crate::by_itself::caller(&HOOK) {
                        // SAFETY: as above.
                        None => unsafe { $body($($arg,)* $($added)?) },
                        Some(g) => $crate::by_itself::call(g, || {
                            // SAFETY: as above.
                            unsafe { real::$real($($arg),*) }
                        }),
                    },
                )
            }
        }
    };
    ($group:ident $how:literal $symbol:ident $real:tt ($($arg:ident : $ty:ty),* $(,)?) [$($ret:ty)?] $body:path) => {
        $crate::hook_function! {
            @functions $group $how $symbol $real ($($arg : $ty),*) () [$($ret)?] $body
        }
        $crate::entry! { $symbol ($($arg : $ty),*) [$($ret)?] }
    };
}

/// One line of the section `.geventrs.hooks`, which the command-line tool and
/// the tests read; part of [`hooks!`](crate::hooks). The line is
/// `name,alias,... TAB group TAB how`.
#[macro_export]
macro_rules! hook_row {
    ($name:ident $group:expr, $how:literal, [$($alias:expr),*]) => {
        const _: () = {
            const TEXT: &str = concat!(stringify!($name), $(",", $alias,)* "\t", $group, "\t", $how, "\n");
            #[link_section = ".geventrs.hooks"]
            #[used]
            static LINE: [u8; TEXT.len()] = {
                let mut line = [0; TEXT.len()];
                let mut i = 0;
                while i < line.len() {
                    line[i] = TEXT.as_bytes()[i];
                    i += 1;
                }
                line
            };
        };
    };
}
