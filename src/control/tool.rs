//! Running the command-line tool that lies beside the library, as a child of the
//! program's that the program does not notice.
//!
//! A child that executes a program sends SIGCHLD when it ends, whatever it was
//! made with (execve(2)), and any wait(2) of the program's may get it. So there are
//! two: the *keeper* shares our memory, executes nothing and ends without a
//! signal, so that only a wait with `__WALL` finds it; the tool is the keeper's child.
//!
//! ```text
//!   the program ──clone, no signal──▶ keeper ──clone──▶ the tool
//!        ◀──────── wait with __WALL ──  ◀──── wait ────
//! ```
//! All signals are blocked on the calling thread, and stay so in both.

use super::answer::Out;
use super::descriptors::close;
use crate::sys;
use crate::time::{self, MILLISECOND, SECOND};
use crate::{syscall, unit};
use core::ffi::{c_char, c_int, c_void, CStr};
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Where the tool is, for ever; null: nowhere.
static TOOL: AtomicPtr<c_char> = AtomicPtr::new(ptr::null_mut());
/// Where it may be, as seen from the library's directory.
const PLACES: [&str; 3] = ["geventrs", "../bin/geventrs", "../../bin/geventrs"];

/// How long the tool may take to read what it gets, and to print.
const PATIENCE: u64 = 15 * SECOND;
const STACK: usize = 64 * 1024;

/// Remember where the library is: the tool is beside it. Early, before the program
/// changes its directory.
pub fn find(library: &Path) {
    let Ok(library) = std::path::absolute(library) else { return };
    let Some(directory) = library.parent() else { return };
    let tool = PLACES.iter().map(|p| directory.join(p)).find(|p| p.is_file());
    if let Some(tool) = tool.and_then(|t| CString::new(t.as_os_str().as_bytes()).ok()) {
        TOOL.store(tool.into_raw(), Ordering::Release);
    }
}

/// A program that is its own library: the tool is where the shell would find it.
pub fn find_in_path() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::split_paths(&path).filter(|d| d.is_absolute());
    let tool = all.map(|d| d.join("geventrs")).find(|p| p.is_file());
    if let Some(tool) = tool.and_then(|t| CString::new(t.as_os_str().as_bytes()).ok()) {
        TOOL.store(tool.into_raw(), Ordering::Release);
    }
}

/// What the keeper and the tool need. Lives until both have ended.
struct Orders {
    path: *const c_char,
    arguments: [*const c_char; 3],
    stdin: c_int,
    tool_stack: usize,
    tool: AtomicI32,
    status: AtomicI32,
}

extern "C" {
    fn clone(
        run: extern "C" fn(*mut c_void) -> c_int,
        stack: *mut c_void,
        flags: c_int,
        arg: *mut c_void,
        ...
    ) -> c_int;
}

/// Call the tool with one argument, `task`, and let `feed` write its stdin; its
/// stdout is our stderr. False: it did not do what it should.
pub(super) fn run(task: &'static CStr, feed: impl FnOnce(&mut Out)) -> bool {
    let path = TOOL.load(Ordering::Acquire);
    if path.is_null() {
        return false;
    }
    let (Ok(keeper_stack), Ok(tool_stack)) = (unit::map_stack(STACK), unit::map_stack(STACK))
    else {
        return false;
    };
    let mut ends = [0i32; 2];
    let patience = [(PATIENCE / SECOND) as i64, 0];
    // SAFETY: two descriptors are written; a timeval of two words.
    unsafe {
        let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
        if syscall!(libc::SYS_socketpair, libc::AF_UNIX, kind, 0, ends.as_mut_ptr()).is_err() {
            return false;
        }
        let (level, option) = (libc::SOL_SOCKET, libc::SO_SNDTIMEO);
        let _ = syscall!(libc::SYS_setsockopt, ends[0], level, option, patience.as_ptr(), 16);
    }
    let orders = Orders {
        path,
        arguments: [path, task.as_ptr(), ptr::null()],
        stdin: ends[1],
        tool_stack: tool_stack.base,
        tool: AtomicI32::new(0),
        status: AtomicI32::new(-1),
    };
    let arg = (&raw const orders).cast_mut().cast();
    // SAFETY: the stack is ours; what the keeper uses outlives it, for it is
    // waited for below.
    let keeper = unsafe { clone(keep, keeper_stack.base as *mut c_void, libc::CLONE_VM, arg) };
    close(ends[1]);
    if keeper > 0 {
        let mut out = Out::new(ends[0]);
        feed(&mut out);
        out.flush();
    }
    close(ends[0]);
    if keeper > 0 {
        wait(keeper, &orders);
    }
    for stack in [keeper_stack, tool_stack] {
        let start = stack.limit - stack.guard;
        // SAFETY: nobody runs on them any more.
        unsafe {
            let _ = syscall!(libc::SYS_munmap, start, stack.base - start);
        }
    }
    orders.status.load(Ordering::Acquire) == 0
}

/// Until the keeper has ended; a tool that takes too long is killed.
fn wait(keeper: c_int, orders: &Orders) {
    let deadline = time::after(PATIENCE);
    let never = AtomicU32::new(0);
    loop {
        let flags = libc::__WALL | libc::WNOHANG;
        // SAFETY: our own child.
        match unsafe { syscall!(libc::SYS_wait4, keeper, 0, flags, 0) } {
            Ok(0) => {}
            Err(libc::EINTR) => continue,
            _ => return,
        }
        let tool = orders.tool.load(Ordering::Acquire);
        if time::now() >= deadline && tool > 0 {
            // SAFETY: a process that the keeper has not waited for yet, or has
            // just.
            unsafe {
                let _ = syscall!(libc::SYS_kill, tool, libc::SIGKILL);
            }
        }
        let _ = sys::futex_wait(&never, 0, time::after(2 * MILLISECOND));
    }
}

/// The keeper. It shares our memory and our TLS block: system calls only.
extern "C" fn keep(orders: *mut c_void) -> c_int {
    // SAFETY: `run` waits for this process before it lets go of the orders.
    let o = unsafe { &*orders.cast::<Orders>() };
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: a stack of its own. `clone` may set errno, in the block of the
    // thread that waits in a system call of ours meanwhile and does not use it.
    unsafe {
        let tool = clone(become_tool, o.tool_stack as *mut c_void, flags, orders);
        if tool > 0 {
            o.tool.store(tool, Ordering::Release);
            let mut status = -1i32;
            while syscall!(libc::SYS_wait4, tool, &raw mut status, libc::__WALL, 0)
                == Err(libc::EINTR)
            {}
            o.tool.store(0, Ordering::Release);
            o.status.store(status, Ordering::Release);
        }
        let _ = syscall!(libc::SYS_exit, 0);
    }
    0
}

/// The tool's process, until it is the tool.
extern "C" fn become_tool(orders: *mut c_void) -> c_int {
    // SAFETY: as in `keep`; descriptors of our own table, strings in a terminated
    // list, an empty environment.
    unsafe {
        let o = &*orders.cast::<Orders>();
        let none = [ptr::null::<c_char>()];
        let _ = syscall!(libc::SYS_dup3, o.stdin, 0, 0);
        let _ = syscall!(libc::SYS_dup3, 2, 1, 0);
        let _ = syscall!(libc::SYS_execve, o.path, o.arguments.as_ptr(), none.as_ptr());
        let _ = syscall!(libc::SYS_exit, 127);
    }
    0
}
