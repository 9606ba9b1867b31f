//! execve(2) and its family: the program becomes another one.
//!
//! The new program is followed ([`follow`](super::follow)): its environment is
//! looked at, and perhaps another list is passed. And the hub must not signal the
//! caller any more: a signal that is pending when the new program begins would
//! have its default action there.
//!
//! All of this may run in the child of a vfork, on a signal's stack, in a
//! handler: no allocation, and a bounded piece of the stack. None of it steps into
//! our code; there is nothing to schedule.

use super::environment::{self, List};
use super::vfork;
use crate::signal::at_exec;
use crate::variadic::VaList;
use core::ffi::{c_char, c_int};
use hub::hub as scheduler;

crate::hooks! {
    Subprocess "never" fn execve(path: *const c_char, argv: List, envp: List) -> c_int = by_path;
    Subprocess "never" fn execv(path: *const c_char, argv: List) -> c_int = by_path_own;
    Subprocess "never" fn execvp(file: *const c_char, argv: List) -> c_int = by_name_own;
    Subprocess "never" fn execvpe(file: *const c_char, argv: List, envp: List) -> c_int = by_name;
    Subprocess "never" fn fexecve(fd: c_int, argv: List, envp: List) -> c_int = by_descriptor;
    Subprocess "never" fn execveat(fd: c_int, path: *const c_char, argv: List, envp: List, flags: c_int) -> c_int = at;
}

crate::variadic!("never" execl after 2 = l);
crate::variadic!("never" execlp after 2 = lp);
crate::variadic!("never" execle after 2 = le);

/// Execute: `call` gets the environment. Returns only if that fails.
///
/// # Safety
/// `envp` is null or a list of strings.
unsafe fn execute(path: &[u8], envp: List, call: impl FnOnce(List) -> c_int) -> c_int {
    hub::observe::write_out(hub::observe::End::Exec);
    // A vfork's child is not whom the hub signals.
    let held = scheduler::active() && !vfork::borrowed();
    if held {
        scheduler::hold_for_exec();
    }
    // (The child of a vfork has its own in the kernel already.)
    let handed = if vfork::borrowed() { None } else { at_exec::hand_over() };
    // SAFETY: by the caller's contract.
    let result = unsafe { environment::with(path, envp, call) };
    if let Some(handed) = handed {
        handed.take_back();
    }
    if held {
        scheduler::exec_failed();
    }
    result
}

unsafe fn by_path(path: *const c_char, argv: List, envp: List) -> c_int {
    // SAFETY: the program's own call, here and below.
    unsafe { execute(environment::bytes(path), envp, |envp| real::execve(path, argv, envp)) }
}

unsafe fn by_path_own(path: *const c_char, argv: List) -> c_int {
    // SAFETY: as above.
    unsafe { by_path(path, argv, environment::own()) }
}

unsafe fn by_name(file: *const c_char, argv: List, envp: List) -> c_int {
    // SAFETY: as above.
    unsafe { execute(environment::bytes(file), envp, |envp| real::execvpe(file, argv, envp)) }
}

unsafe fn by_name_own(file: *const c_char, argv: List) -> c_int {
    // SAFETY: as above.
    unsafe { by_name(file, argv, environment::own()) }
}

unsafe fn by_descriptor(fd: c_int, argv: List, envp: List) -> c_int {
    environment::with_path_of(fd, |path| {
        // SAFETY: as above.
        unsafe { execute(path, envp, |envp| real::fexecve(fd, argv, envp)) }
    })
}

unsafe fn at(fd: c_int, path: *const c_char, argv: List, envp: List, flags: c_int) -> c_int {
    // SAFETY: as above.
    let call = |envp| unsafe { real::execveat(fd, path, argv, envp, flags) };
    // SAFETY: as above.
    unsafe { execute_at(fd, path, envp, call) }
}

/// [`execute`] for execveat(2), which takes an empty path for the descriptor itself.
unsafe fn execute_at(
    fd: c_int,
    path: *const c_char,
    envp: List,
    call: impl FnOnce(List) -> c_int,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        match environment::bytes(path) {
            b"" => environment::with_path_of(fd, |path| execute(path, envp, call)),
            path => execute(path, envp, call),
        }
    }
}

/// execve(2) by syscall(2); `call` makes it.
///
/// # Safety
/// As for [`execve`].
pub unsafe fn raw(path: usize, envp: usize, call: impl FnOnce(usize) -> c_int) -> c_int {
    let path = path as *const c_char;
    // SAFETY: by the caller's contract.
    unsafe { execute(environment::bytes(path), envp as List, |envp| call(envp as usize)) }
}

/// execveat(2) by syscall(2); `call` makes it.
///
/// # Safety
/// As for [`execveat`].
pub unsafe fn raw_at(
    fd: c_int,
    path: usize,
    envp: usize,
    call: impl FnOnce(usize) -> c_int,
) -> c_int {
    // SAFETY: by the caller's contract.
    unsafe { execute_at(fd, path as _, envp as List, |envp| call(envp as usize)) }
}

/// Call `f` with the arguments `first` and those of `rest`, up to the null pointer,
/// as a list, and with `rest` behind it.
unsafe fn gathered(
    first: *const c_char,
    rest: *mut VaList,
    f: impl FnOnce(List, &mut VaList) -> c_int,
) -> c_int {
    // SAFETY: the arguments end with a null pointer (POSIX); the list that the
    // entry point has made is copied, to be read twice.
    unsafe {
        let mut counting = *rest;
        let mut count = 1;
        let mut argument = first;
        while !argument.is_null() {
            argument = counting.pointer() as _;
            count += 1;
        }
        environment::with_words(count, |words| {
            if words.is_null() {
                crate::doorway::set_errno(libc::ENOMEM);
                return -1;
            }
            let list = words.cast::<*const c_char>();
            list.write(first);
            for i in 1..count {
                list.add(i).write((*rest).pointer() as _);
            }
            f(list, &mut *rest)
        })
    }
}

unsafe extern "C-unwind" fn l(
    path: *const c_char,
    first: *const c_char,
    rest: *mut VaList,
) -> c_int {
    // SAFETY: the program's own call, here and below.
    unsafe { gathered(first, rest, |argv, _| by_path(path, argv, environment::own())) }
}

unsafe extern "C-unwind" fn lp(
    file: *const c_char,
    first: *const c_char,
    rest: *mut VaList,
) -> c_int {
    // SAFETY: as above.
    unsafe { gathered(first, rest, |argv, _| by_name(file, argv, environment::own())) }
}

unsafe extern "C-unwind" fn le(
    path: *const c_char,
    first: *const c_char,
    rest: *mut VaList,
) -> c_int {
    // SAFETY: as above; the environment follows the null pointer.
    unsafe { gathered(first, rest, |argv, rest| by_path(path, argv, rest.pointer() as _)) }
}
