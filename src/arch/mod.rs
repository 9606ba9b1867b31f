//! What depends on the processor: the thread pointer, the one thread-local
//! word of the library, raw system calls, and atomic operations that need no
//! bus lock while the process has a single OS thread.
//!
//! Nothing else in the crate contains assembly. Each architecture file
//! exports the same names; the list below is the contract:
//!
//! | name | meaning |
//! |---|---|
//! | `thread_pointer()` | the address that addresses thread-locals (FS base on x86-64, TPIDR_EL0 on aarch64) |
//! | `set_thread_pointer(tp)` | load another one |
//! | `init(hwcap2)` | choose the way to load it |
//! | `current_offset()` | distance from a thread pointer to the library's own thread-local word |
//! | `current()` / `set_current(p)` | that word, for the running TLS block |
//! | `load_u32_at_tp(offset)` | a 32-bit field relative to the thread pointer |
//! | `syscall(nr, a..f)` | the kernel directly: returns `-errno`, touches no `errno`, enters no hook |
//! | `cas_u64_local` | compare-and-swap that is atomic against signal handlers of this OS thread only |
//! | `fp_control()`, `save_fp_control(to)`, `save_fp_control_twice(to, and)`, `set_fp_control(c)` | the thread's floating-point modes and flags |
//! | `TCB_*` | what the ABI fixes about the thread control block |
//! | `end_call(context, errno, may)` | end the system call that a signal's frame is about to make |
//! | `prefetch(at)` | bring memory near that will be used soon |
//! | `copy_guarded(to, from, n)` / `recover_copy(context)` | a copy that a bad address ends |
//! | `signal_trampoline()` | where a handler that was installed past libc returns to; 0: the kernel's own code |
//! | `swap(save, to)` / `prepare(top, entry)` | leave a stack for another one, and make one to go to |
//! | `suspend_by(save, arg, away)` | leave a stack by other means, to be taken up by `swap` |
//! | `SAVED_BY_SWAP` | their names and order, for debuggers |
//! | `saved_by_swap(sp)` | the registers that a stack was left with |
//! | `thread_base(...)` | the first frame of a thread, where forced unwinding ends |

/// Where a stack that was left goes on: what an unwinder begins with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Saved {
    /// Instruction pointer.
    pub pc: usize,
    /// Stack pointer.
    pub sp: usize,
    /// Frame pointer.
    pub fp: usize,
    /// x86-64: `rbx`; else 0.
    pub bx: usize,
}

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub use x86_64::*;

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "aarch64")]
pub use aarch64::*;

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("geventrs supports x86_64 and aarch64 Linux with glibc");
