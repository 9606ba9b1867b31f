//! system(3): a shell command, waited for.
//!
//! libc's waits inside libc. POSIX says what it does, and each step has a form
//! that parks only the caller: the child is started by posix_spawn(3) and waited
//! for through a pidfd, as by `waitpid`. So any number of threads may be in
//! `system` and no OS thread waits.
//!
//! POSIX: SIGINT and SIGQUIT are ignored while a command runs, in the whole
//! process, and SIGCHLD is blocked in the calling thread; the child has the
//! dispositions and the mask from before. When several threads are in `system`,
//! the first ignores the signals and the last restores them, as in glibc.
//! `system` is a cancellation point: the child is then killed and reaped.
//! Signal handlers do not end the wait.

use super::{environment, spawn, wait};
use crate::doorway::{self, Shim};
use crate::settings;
use crate::signal::{action, bit, mask};
use crate::table::Group;
use crate::thread::cancel;
use core::cell::UnsafeCell;
use core::ffi::{c_char, c_int};
use core::mem::MaybeUninit;
use core::ptr;
use libc::{pid_t, posix_spawnattr_t};

crate::hooks! {
    Subprocess "pidfd" fn system(command: *const c_char) -> c_int = system_;
}

extern "C" {
    static environ: *const *mut c_char;
}

/// The status of a shell that could not be executed (POSIX).
const NOT_EXECUTED: c_int = 127 << 8;

/// SIGINT and SIGQUIT while commands run.
struct Ignored {
    commands: usize,
    interrupt: libc::sigaction,
    quit: libc::sigaction,
}

struct Cell(UnsafeCell<MaybeUninit<Ignored>>);
// SAFETY: touched by the hub's holder, in our code, between two parks.
unsafe impl Sync for Cell {}
// Zeroes: no command, default actions.
static IGNORED: Cell = Cell(UnsafeCell::new(MaybeUninit::zeroed()));

/// The process's [`Ignored`]. For use up to the next park only.
#[allow(clippy::mut_from_ref)]
fn ignored(_: &Shim) -> &mut Ignored {
    // SAFETY: zeroes are a valid value; see `Cell`.
    unsafe { (*IGNORED.0.get()).assume_init_mut() }
}

/// A command runs; what holds meanwhile is undone when this is dropped.
struct Command<'a> {
    shim: &'a Shim,
    /// The thread's mask, unless masks are the kernel's business (the group
    /// `signal` is not patched): then SIGCHLD is not blocked.
    mask: Option<u64>,
    /// The child, until it has been reaped.
    child: Option<pid_t>,
}

impl<'a> Command<'a> {
    fn begin(shim: &'a Shim) -> Self {
        let all = ignored(shim);
        all.commands += 1;
        if all.commands == 1 {
            let ignore = libc::sigaction {
                sa_sigaction: libc::SIG_IGN,
                sa_mask: action::from_bits(0),
                sa_flags: 0,
                sa_restorer: None,
            };
            // SAFETY: valid actions, in and out.
            unsafe {
                action::set(libc::SIGINT, &ignore, &mut all.interrupt);
                action::set(libc::SIGQUIT, &ignore, &mut all.quit);
            }
        }
        let mask = settings::patched(Group::Signal).then(|| mask::of(shim.greenlet));
        if let Some(mask) = mask {
            mask::set(shim.greenlet, mask | bit(libc::SIGCHLD));
        }
        Command { shim, mask, child: None }
    }

    /// Start the shell; an error number.
    unsafe fn start(&mut self, command: *const c_char) -> c_int {
        let all = ignored(self.shim);
        let mut default = 0;
        for (signal, before) in [(libc::SIGINT, &all.interrupt), (libc::SIGQUIT, &all.quit)] {
            if before.sa_sigaction != libc::SIG_IGN {
                default |= bit(signal);
            }
        }
        let argv = [c"sh".as_ptr(), c"-c".as_ptr(), command, ptr::null()];
        let mut attributes = MaybeUninit::<posix_spawnattr_t>::uninit();
        let mut pid = 0;
        // SAFETY: our own objects; the command is the program's string. The
        // functions on attributes cannot fail with valid arguments.
        unsafe {
            let attributes = attributes.as_mut_ptr();
            libc::posix_spawnattr_init(attributes);
            let mut flags = libc::POSIX_SPAWN_SETSIGDEF;
            if let Some(mask) = self.mask {
                flags |= libc::POSIX_SPAWN_SETSIGMASK;
                libc::posix_spawnattr_setsigmask(attributes, &action::from_bits(mask));
            }
            libc::posix_spawnattr_setflags(attributes, flags as _);
            libc::posix_spawnattr_setsigdefault(attributes, &action::from_bits(default));
            let shell = c"/bin/sh".as_ptr();
            let argv = argv.as_ptr().cast();
            let error =
                spawn::spawn(self.shim, &mut pid, shell, ptr::null(), attributes, argv, environ);
            libc::posix_spawnattr_destroy(attributes);
            if error == 0 {
                self.child = Some(pid);
            }
            error
        }
    }

    /// Wait for the child. `Err`: somebody else has reaped it.
    fn wait(&mut self) -> Result<c_int, hub::sys::Errno> {
        let Some(pid) = self.child else { return Ok(NOT_EXECUTED) };
        let mut status = 0;
        loop {
            match wait::end_of(self.shim, pid, &mut status) {
                Err(libc::EINTR) => {}
                other => {
                    self.child = None;
                    return other.map(|_| status);
                }
            }
        }
    }
}

impl Drop for Command<'_> {
    fn drop(&mut self) {
        // A cancellation that unwinds has left our code.
        let entered = self.shim.greenlet.enter_shim();
        if let Some(pid) = self.child {
            // SAFETY: our own child, which nobody has reaped.
            let _ = unsafe { hub::syscall!(libc::SYS_kill, pid, libc::SIGKILL) };
            let _ = self.wait();
        }
        let all = ignored(self.shim);
        all.commands -= 1;
        if all.commands == 0 {
            // SAFETY: the actions that were there before.
            unsafe {
                action::set(libc::SIGINT, &all.interrupt, ptr::null_mut());
                action::set(libc::SIGQUIT, &all.quit, ptr::null_mut());
            }
        }
        if let Some(mask) = self.mask {
            mask::set(self.shim.greenlet, mask);
        }
        if entered {
            self.shim.greenlet.leave_shim();
        }
    }
}

unsafe fn system_(command: *const c_char) -> c_int {
    let Some(shim) = doorway::enter(Group::Subprocess) else {
        // SAFETY: the program's own call.
        return environment::in_own(|| unsafe { real::system(command) });
    };
    cancel::point(&shim);
    // "Is there a shell?" is asked as glibc asks it.
    let question = command.is_null();
    let command = if question { c"exit 0".as_ptr() } else { command };
    let mut running = Command::begin(&shim);
    // SAFETY: the program's string.
    let result = match unsafe { running.start(command) } {
        0 => running.wait(),
        _ => Ok(NOT_EXECUTED),
    };
    drop(running);
    match result {
        Ok(status) if question => (status == 0) as c_int,
        Ok(status) => status,
        Err(e) => {
            doorway::set_errno(e);
            -1
        }
    }
}
