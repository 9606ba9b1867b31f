//! Calls by number, of syscall(2), that concern what the kernel keeps for each OS thread.
//!
//! Those of which libc has a function go to its hook. libc's `setuid` and its kin set the
//! whole process; their numbers are the calling thread's alone, which is why programs
//! that serve users by threads use them.

use super::thread_id::{self, named, process_of, Named};
use super::{change_or_fail, credentials, keys, namespaces, nice, process_control};
use super::{scheduling, What};
use core::ffi::{c_int, c_long};

/// What a call changes of the calling thread's.
fn changes(number: c_long, a: &[usize; 6]) -> Option<What> {
    let changes = match number {
        libc::SYS_setuid
        | libc::SYS_setgid
        | libc::SYS_setreuid
        | libc::SYS_setregid
        | libc::SYS_setresuid
        | libc::SYS_setresgid
        | libc::SYS_setgroups
        | libc::SYS_set_mempolicy => true,
        // The calling thread's events, which the kernel counts for its OS thread.
        libc::SYS_perf_event_open => a[1] as c_int == 0,
        libc::SYS_landlock_restrict_self => a[1] & LANDLOCK_RESTRICT_SELF_TSYNC == 0,
        libc::SYS_keyctl => changes_keyrings(a),
        // A key for a keyring that the first key makes.
        libc::SYS_add_key => is_own_keyring(a[4]),
        libc::SYS_request_key => is_own_keyring(a[3]),
        libc::SYS_seccomp => return confines(a[0], a[1]).then_some(What::Filter),
        libc::SYS_pkey_alloc => true,
        libc::SYS_ptrace => keys::begins_tracing(a[0] as _),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_iopl | libc::SYS_ioperm | libc::SYS_set_thread_area => true,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_arch_prctl => super::x86::sets_register(a[0] as c_int),
        _ => false,
    };
    changes.then_some(What::Attributes)
}

/// linux/landlock.h: all threads of the process.
const LANDLOCK_RESTRICT_SELF_TSYNC: usize = 1 << 3;

/// Whether seccomp(2) puts a filter on the calling thread alone.
fn confines(operation: usize, flags: usize) -> bool {
    match operation as u32 {
        libc::SECCOMP_SET_MODE_STRICT => true,
        libc::SECCOMP_SET_MODE_FILTER => flags & libc::SECCOMP_FILTER_FLAG_TSYNC as usize == 0,
        _ => false,
    }
}

/// KEY_SPEC_THREAD_KEYRING, KEY_SPEC_PROCESS_KEYRING: the kernel makes these for a thread when
/// it first names them.
fn is_own_keyring(id: usize) -> bool {
    matches!(id as i32, -1 | -2)
}

/// Whether keyctl(2) changes which keyrings the calling thread has.
fn changes_keyrings(a: &[usize; 6]) -> bool {
    const GET_KEYRING_ID: usize = 0;
    const JOIN_SESSION_KEYRING: usize = 1;
    const CHOWN: usize = 4;
    const SET_REQKEY_KEYRING: usize = 14;
    const ASSUME_AUTHORITY: usize = 16;
    match a[0] as u32 as usize {
        JOIN_SESSION_KEYRING | ASSUME_AUTHORITY => true,
        GET_KEYRING_ID => a[2] != 0,
        SET_REQKEY_KEYRING => a[1] as i32 != -1,
        // -1 is no keyring there.
        CHOWN => is_own_keyring(a[1]),
        _ => a[1..5].iter().any(|&id| is_own_keyring(id)),
    }
}

/// The same arguments with the ids of threads that the kernel knows: where a call is about a
/// thread, 0 for the caller, and where it is about a process, the process's.
fn known_ids(number: c_long, mut a: [usize; 6]) -> [usize; 6] {
    match number {
        libc::SYS_perf_event_open => {
            if let (1.., Named::Caller) = (a[1] as c_int, named(a[1] as c_int)) {
                a[1] = 0;
            }
        }
        libc::SYS_move_pages | libc::SYS_migrate_pages => {
            a[0] = process_of(a[0] as c_int) as usize;
        }
        libc::SYS_kcmp => {
            a[0] = process_of(a[0] as c_int) as usize;
            a[1] = process_of(a[1] as c_int) as usize;
        }
        _ => {}
    }
    a
}

/// The answer to call `number`, if it is one of those; `call` makes it.
///
/// # Safety
/// The arguments are the program's own.
pub unsafe fn answer(
    number: c_long,
    a: [usize; 6],
    call: impl Fn([usize; 6]) -> c_long,
) -> Option<c_long> {
    // SAFETY: by the caller's contract; arguments have the types that the numbered call
    // gives them.
    let answer = unsafe {
        match number {
            libc::SYS_prctl => {
                process_control::prctl(a[0] as c_int, a[1] as _, a[2] as _, a[3] as _, a[4] as _)
                    as c_long
            }
            libc::SYS_setpriority => {
                nice::setpriority(a[0] as _, a[1] as _, a[2] as c_int) as c_long
            }
            libc::SYS_getpriority => nice::get_raw(a[0] as _, a[1] as _),
            libc::SYS_ioprio_get => nice::io_priority(a[0] as c_int, a[1] as c_int, |who| {
                call([a[0], who as usize, a[2], a[3], a[4], a[5]])
            }),
            libc::SYS_ioprio_set => {
                nice::set_io_priority(a[0] as c_int, a[1] as c_int, a[2] as c_int, |who| {
                    call([a[0], who as usize, a[2], a[3], a[4], a[5]])
                })
            }
            libc::SYS_setfsuid => credentials::setfsuid(a[0] as _) as c_long,
            libc::SYS_setfsgid => credentials::setfsgid(a[0] as _) as c_long,
            libc::SYS_capset => credentials::capset(a[0] as _, a[1] as _) as c_long,
            libc::SYS_capget => credentials::capget(a[0] as _, a[1] as _) as c_long,
            libc::SYS_unshare => namespaces::unshare(a[0] as c_int) as c_long,
            libc::SYS_setns => namespaces::setns(a[0] as c_int, a[1] as c_int) as c_long,
            libc::SYS_personality => namespaces::personality(a[0] as _) as c_long,
            libc::SYS_getpgid => thread_id::getpgid(a[0] as _) as c_long,
            libc::SYS_getsid => thread_id::getsid(a[0] as _) as c_long,
            libc::SYS_prlimit64 => {
                thread_id::prlimit(a[0] as _, a[1] as _, a[2] as _, a[3] as _) as c_long
            }
            libc::SYS_process_vm_readv => thread_id::process_vm_readv(
                a[0] as _, a[1] as _, a[2] as _, a[3] as _, a[4] as _, a[5] as _,
            ) as c_long,
            libc::SYS_process_vm_writev => thread_id::process_vm_writev(
                a[0] as _, a[1] as _, a[2] as _, a[3] as _, a[4] as _, a[5] as _,
            ) as c_long,
            libc::SYS_sched_setscheduler => {
                scheduling::sched_setscheduler(a[0] as _, a[1] as _, a[2] as _) as c_long
            }
            libc::SYS_sched_getscheduler => scheduling::sched_getscheduler(a[0] as _) as c_long,
            libc::SYS_sched_setparam => scheduling::sched_setparam(a[0] as _, a[1] as _) as c_long,
            libc::SYS_sched_getparam => scheduling::sched_getparam(a[0] as _, a[1] as _) as c_long,
            libc::SYS_sched_rr_get_interval => {
                scheduling::sched_rr_get_interval(a[0] as _, a[1] as _) as c_long
            }
            libc::SYS_sched_setattr => {
                scheduling::set_attributes(a[0] as _, a[1] as _, a[2] as _, |who| {
                    call([who as usize, a[1], a[2], a[3], a[4], a[5]]) as c_int
                }) as c_long
            }
            libc::SYS_sched_getattr => scheduling::get_attributes(a[0] as _, a[1] as _, |who| {
                call([who as usize, a[1], a[2], a[3], a[4], a[5]]) as c_int
            }) as c_long,
            libc::SYS_sched_setaffinity => {
                crate::thread::scheduling::sched_setaffinity(a[0] as _, a[1], a[2] as _) as c_long
            }
            libc::SYS_sched_getaffinity => {
                return crate::thread::scheduling::raw_affinity(a[0] as _, a[1], a[2] as _)
            }
            _ => {
                if number == libc::SYS_seccomp
                    && a[1] & libc::SECCOMP_FILTER_FLAG_TSYNC as usize != 0
                {
                    credentials::end_those_left();
                }
                let a = known_ids(number, a);
                return changes(number, &a).map(|what| change_or_fail(what, || call(a)));
            }
        }
    };
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: c_long, a: &[usize]) -> Option<What> {
        let mut all = [0; 6];
        all[..a.len()].copy_from_slice(a);
        changes(number, &all)
    }
    const MINUS: fn(i32) -> usize = |n| -n as isize as usize;

    #[test]
    fn a_filter_for_all_threads_is_nobodys_own() {
        assert_eq!(of(libc::SYS_seccomp, &[1, 0, 99]), Some(What::Filter));
        assert_eq!(of(libc::SYS_seccomp, &[1, 1, 99]), None, "TSYNC");
        assert_eq!(of(libc::SYS_seccomp, &[2, 0, 99]), None, "asks for an action");
        assert_eq!(of(libc::SYS_landlock_restrict_self, &[5, 0]), Some(What::Attributes));
        assert_eq!(of(libc::SYS_landlock_restrict_self, &[5, 8]), None);
    }

    #[test]
    fn keyrings() {
        let keyctl = |a: &[usize]| of(libc::SYS_keyctl, a).is_some();
        assert!(keyctl(&[1, 0]), "KEYCTL_JOIN_SESSION_KEYRING");
        assert!(!keyctl(&[0, MINUS(3), 0]) && keyctl(&[0, MINUS(1), 1]));
        assert!(!keyctl(&[14, MINUS(1)]) && keyctl(&[14, 3]));
        assert!(!keyctl(&[4, 77, MINUS(1), 5]), "a user of -1");
        assert!(keyctl(&[8, 77, MINUS(1)]), "KEYCTL_LINK to the thread's");
        assert!(!keyctl(&[11, 77]), "KEYCTL_READ");
        assert!(of(libc::SYS_add_key, &[1, 2, 3, 4, MINUS(1)]).is_some());
        assert!(of(libc::SYS_add_key, &[1, 2, 3, 4, MINUS(3)]).is_none());
    }

    #[test]
    fn counters_of_others_and_of_processors_are_not_the_callers() {
        assert!(of(libc::SYS_perf_event_open, &[1, 0, MINUS(1)]).is_some());
        assert!(of(libc::SYS_perf_event_open, &[1, MINUS(1), 0]).is_none());
        assert!(of(libc::SYS_perf_event_open, &[1, 4711, 0]).is_none());
    }

    #[test]
    fn calls_that_read_change_nothing() {
        for number in
            [libc::SYS_getuid, libc::SYS_getgroups, libc::SYS_get_mempolicy, libc::SYS_read]
        {
            assert_eq!(of(number, &[0; 6]), None);
        }
    }
}
