//! The signals whose default action ends a process, and that can be caught (signal(7)):
//! before it happens, files are written.

use core::ffi::c_int;

/// What is ignored by default, what stops a process or lets it go on, what cannot be caught,
/// and glibc's own two.
const OTHERS: [c_int; 11] = [
    libc::SIGCHLD,
    libc::SIGURG,
    libc::SIGWINCH,
    libc::SIGCONT,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
    libc::SIGSTOP,
    libc::SIGKILL,
    32,
    33,
];

/// Whether the default action of `signal` ends the process, and it can be caught.
pub fn is_deadly(signal: c_int) -> bool {
    (1..=64).contains(&signal) && !OTHERS.contains(&signal)
}

/// All of them.
pub fn deadly() -> impl Iterator<Item = c_int> {
    (1..=64).filter(|signal| is_deadly(*signal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscall;

    /// The kernel is asked: a child sends itself the signal.
    #[test]
    fn they_are_those_that_end_a_process() {
        let rest = [libc::SIGSTOP, libc::SIGKILL, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
        // What a stopped child would need somebody to go on; glibc's two end one, too, but
        // are glibc's to catch.
        for signal in (1..=64).filter(|s| !rest.contains(s) && !matches!(s, 32 | 33)) {
            // SAFETY: the child makes system calls only.
            let status = unsafe {
                let child = libc::fork();
                if child == 0 {
                    let none = [0usize; 4];
                    let _ = syscall!(libc::SYS_rt_sigaction, signal, none.as_ptr(), 0, 8);
                    let open = 0u64;
                    let how = libc::SIG_SETMASK;
                    let _ = syscall!(libc::SYS_rt_sigprocmask, how, &raw const open, 0, 8);
                    let core = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
                    let _ = syscall!(libc::SYS_prlimit64, 0, libc::RLIMIT_CORE, &raw const core, 0);
                    let me = syscall!(libc::SYS_getpid).unwrap_or(0);
                    let _ = syscall!(libc::SYS_kill, me, signal);
                    let _ = syscall!(libc::SYS_exit_group, 0);
                }
                let mut status = 0;
                assert_eq!(libc::waitpid(child, &mut status, 0), child);
                status
            };
            let died = libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == signal;
            assert_eq!(died, is_deadly(signal), "{signal}");
        }
    }
}
