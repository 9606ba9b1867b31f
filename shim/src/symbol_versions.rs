//! Symbol versions that every glibc from 2.31 on has, so that a library that
//! was built on a new one is loaded by an old one.
//!
//! The linker notes for each function the version that the glibc at hand gives
//! it: for those that came from libpthread and libdl to libc that is GLIBC_2.34,
//! which older ones lack. Those below are hidden symbols of ours instead, each a jump to the
//! version that the function had before, and that newer ones still have. `stat64` and
//! `fstat64`, which std and we call, are symbols since 2.33 only; those here do what the headers
//! made of them until then.
//!
//! A jump, because the directive that asks for a version (`.symver`) is good for one object
//! file, and the callers are in many: ours, and those of the standard library. (With
//! `lto = "fat"`, as in the release profile, there is one; but every profile shall make
//! a library that loads.) It leaves the return address as it is: dlsym(3) looks there for the
//! caller of RTLD_NEXT.
//!
//! The audit checks what the library asks for.

#[cfg(target_arch = "x86_64")]
macro_rules! jump {
    ($name:ident) => {
        concat!("jmp [rip + geventrs_", stringify!($name), "@GOTPCREL]")
    };
}

#[cfg(target_arch = "aarch64")]
macro_rules! jump {
    ($name:ident) => {
        concat!("b geventrs_", stringify!($name))
    };
}

/// `before!(version: names)`: the functions as that version has them.
macro_rules! before {
    ($version:literal: $($name:ident)*) => {
        $( core::arch::global_asm!(
            concat!(".symver geventrs_", stringify!($name), ", ", stringify!($name), "@", $version),
            concat!(".globl ", stringify!($name)),
            concat!(".hidden ", stringify!($name)),
            concat!(".type ", stringify!($name), ", %function"),
            concat!(stringify!($name), ":"),
            ".cfi_startproc",
            jump!($name),
            ".cfi_endproc",
            concat!(".size ", stringify!($name), ", . - ", stringify!($name)),
        ); )*
    };
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    before! { "GLIBC_2.2.5":
        dlsym dlvsym dladdr
        pthread_getspecific pthread_setspecific
        pthread_attr_getstack pthread_attr_setstack pthread_attr_getstacksize
        pthread_attr_getguardsize pthread_attr_setguardsize
        pthread_mutexattr_getpshared
    }
    before! { "GLIBC_2.3.3":
        __pthread_register_cancel __pthread_unregister_cancel __pthread_unwind_next
        pthread_condattr_setclock
    }
    // _STAT_VER_LINUX is 1.
    core::arch::global_asm!(
        ".symver __xstat64, __xstat64@GLIBC_2.2.5",
        ".symver __fxstat64, __fxstat64@GLIBC_2.2.5",
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
    before! { "GLIBC_2.17":
        dlsym dlvsym dladdr
        pthread_getspecific pthread_setspecific
        pthread_attr_getstack pthread_attr_setstack pthread_attr_getstacksize
        pthread_attr_getguardsize pthread_attr_setguardsize
        pthread_mutexattr_getpshared pthread_condattr_setclock
        __pthread_register_cancel __pthread_unregister_cancel __pthread_unwind_next
    }
    // _STAT_VER_KERNEL is 0.
    core::arch::global_asm!(
        ".symver __xstat64, __xstat64@GLIBC_2.17",
        ".symver __fxstat64, __fxstat64@GLIBC_2.17",
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
