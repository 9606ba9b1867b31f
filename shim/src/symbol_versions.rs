//! Symbol versions that every glibc from 2.31 on has, so that a library that
//! was built on a new one is loaded by an old one.
//!
//! The linker notes for each function the version that the glibc at hand gives
//! it: for those that came from libpthread and libdl to libc that is GLIBC_2.34,
//! which older ones lack. The directives below ask for the version that the
//! function had before, and that newer ones still have. `stat64` and `fstat64`,
//! which std and we call, are symbols since 2.33 only; those here do what the
//! headers made of them until then.
//!
//! A directive is good for one object file: with `lto = "fat"`, as in the
//! release profile, for the whole library. A debug build asks for what the
//! linker finds. The audit checks the release build.

/// `symver!(version: names)`.
macro_rules! symver {
    ($version:literal: $($name:ident)*) => {
        $( core::arch::global_asm!(concat!(
            ".symver ", stringify!($name), ", ", stringify!($name), "@", $version
        )); )*
    };
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    symver! { "GLIBC_2.2.5":
        dlsym dlvsym dladdr
        pthread_getspecific pthread_setspecific
        pthread_attr_getstack pthread_attr_setstack pthread_attr_getstacksize
        pthread_attr_getguardsize pthread_attr_setguardsize
        pthread_mutexattr_getpshared
        __xstat64 __fxstat64
    }
    symver! { "GLIBC_2.3.3":
        __pthread_register_cancel __pthread_unregister_cancel __pthread_unwind_next
        pthread_condattr_setclock
    }
    // _STAT_VER_LINUX is 1.
    core::arch::global_asm!(
        ".globl stat64, stat",
        ".hidden stat64, stat",
        ".type stat64, @function",
        ".type stat, @function",
        "stat:",
        "stat64:",
        "mov rdx, rsi",
        "mov rsi, rdi",
        "mov edi, 1",
        "jmp [rip + __xstat64@GOTPCREL]",
        ".size stat64, . - stat64",
        ".globl fstat64, fstat",
        ".hidden fstat64, fstat",
        ".type fstat64, @function",
        ".type fstat, @function",
        "fstat:",
        "fstat64:",
        "mov rdx, rsi",
        "mov esi, edi",
        "mov edi, 1",
        "jmp [rip + __fxstat64@GOTPCREL]",
        ".size fstat64, . - fstat64",
    );
}

#[cfg(target_arch = "aarch64")]
mod aarch64 {
    symver! { "GLIBC_2.17":
        dlsym dlvsym dladdr
        pthread_getspecific pthread_setspecific
        pthread_attr_getstack pthread_attr_setstack pthread_attr_getstacksize
        pthread_attr_getguardsize pthread_attr_setguardsize
        pthread_mutexattr_getpshared pthread_condattr_setclock
        __pthread_register_cancel __pthread_unregister_cancel __pthread_unwind_next
        __xstat64 __fxstat64
    }
    // _STAT_VER_KERNEL is 0.
    core::arch::global_asm!(
        ".globl stat64, stat",
        ".hidden stat64, stat",
        ".type stat64, %function",
        ".type stat, %function",
        "stat:",
        "stat64:",
        "mov x2, x1",
        "mov x1, x0",
        "mov w0, #0",
        "b __xstat64",
        ".size stat64, . - stat64",
        ".globl fstat64, fstat",
        ".hidden fstat64, fstat",
        ".type fstat64, %function",
        ".type fstat, %function",
        "fstat:",
        "fstat64:",
        "mov x2, x1",
        "mov w1, w0",
        "mov w0, #0",
        "b __fxstat64",
        ".size fstat64, . - fstat64",
    );
}
