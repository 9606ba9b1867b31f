//! Calls that wait by themselves, in the kernel: those of a greenlet with a seccomp filter or a
//! table of descriptors of its own.
//!
//! A hook waits by other system calls than the program's: it tries in a form that does not
//! block, asks poll(2), registers with epoll. A filter that the program has made for its own
//! calls need not allow these. And the numbers of descriptors that are one greenlet's alone
//! mean other files to the hub. So such a greenlet's calls are libc's own functions, made off
//! the hub ([`standing`]); only what waits for other threads (locks, joins) is done as ever.
//!
//! Entries come here on their way to be observed ([`entry`](crate::entry)), once there is such
//! a greenlet.

use hub::greenlet::Greenlet;
use hub::hub::standing::{self, Waits};
use hub::observe::call::{Hook, GROUPS};

/// Whether the calls of this hook's group are about descriptors, or wait for time to pass.
fn is_of_kernel(hook: &Hook) -> bool {
    matches!(GROUPS[hook.group_bit as usize], "Time" | "Select" | "Socket" | "Os" | "File" | "Sys")
}

/// Whether a hook notes something that others rely on.
fn is_noted(hook: &Hook) -> bool {
    matches!(
        hook.name,
        "close" | "__close" | "fcntl" | "fcntl64" | "__fcntl" | "ioctl" | "fclose" | "_IO_fclose"
    )
}

/// The caller, if its call of this hook waits by itself.
pub fn caller(hook: &Hook) -> Option<&'static Greenlet> {
    let g = Greenlet::current().filter(|g| g.waits.get() != Waits::InHub && !g.in_shim())?;
    let by_itself = match g.waits.get() {
        Waits::InHub => false,
        Waits::ByItself => hook.waits && is_of_kernel(hook) && !is_noted(hook),
        Waits::Apart => hook.waits && is_of_kernel(hook),
    };
    (by_itself || hook.waits && hook.name.starts_with("wait")).then_some(g)
}

/// Make `call`, which is that of [`caller`].
pub fn call<R>(g: &'static Greenlet, call: impl FnOnce() -> R) -> R {
    standing::wait_by_itself(g, call)
}

/// Whether a call on a stream is libc's: the caller waits by itself, and is off the hub now.
#[inline(always)]
pub fn on_stream() -> bool {
    hub::observe::looks_whose_calls() && leaves_for_stream()
}

#[cold]
fn leaves_for_stream() -> bool {
    let g = Greenlet::current().filter(|g| g.waits.get() != Waits::InHub && !g.in_shim());
    g.inspect(|g| standing::leave_the_hub(g)).is_some()
}

/// Whether the caller's descriptors are its own.
pub fn is_apart() -> bool {
    Greenlet::current().is_some_and(|g| g.waits.get() == Waits::Apart)
}
