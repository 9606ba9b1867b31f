//! prctl(2): whose the state is that each option concerns, and what is done about it.
//!
//! The table holds what linux/prctl.h has up to Linux 6.18. An option that is not in it
//! goes to the kernel as it is.

use super::{change_or_fail, death_signal, thread_id, timer_slack, What};
use crate::thread::identity;
use core::ffi::{c_int, c_ulong};

crate::hooks! {
    Thread "never" fn prctl(option: c_int, a: c_ulong, b: c_ulong, c: c_ulong, d: c_ulong) -> c_int = prctl_;
}

/// What an option does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// It asks for what the calling OS thread has, which is what the caller has.
    Asks,
    /// It concerns the process or its memory, however many threads it has.
    Process,
    /// Nothing, on this architecture or at all: the kernel says so.
    Nothing,
    /// It sets something of the calling thread's.
    Thread(What),
    /// The name of the thread, which is kept in [`identity`].
    Name,
    /// Its [`death_signal`].
    SetDeath,
    /// As above.
    GetDeath,
    /// Its [`timer_slack`].
    SetSlack,
    /// As above.
    GetSlack,
    /// PR_CAP_AMBIENT: asks or sets, as its first argument says.
    Ambient,
    /// PR_SCHED_CORE: the caller, another thread or process, or a whole one.
    Core,
}

use Act::{Ambient, Asks, Core, GetDeath, GetSlack, Name, Nothing, Process, SetDeath, SetSlack};
const SETS: Act = Act::Thread(What::Attributes);
/// What makes an OS thread unfit for code that the program has not sent there.
const CONFINES: Act = Act::Thread(What::Filter);

/// Option, its name in linux/prctl.h without PR_, and what it does.
const OPTIONS: [(c_int, &str, Act); 77] = [
    (1, "SET_PDEATHSIG", SetDeath),
    (2, "GET_PDEATHSIG", GetDeath),
    (3, "GET_DUMPABLE", Process),
    (4, "SET_DUMPABLE", Process),
    (5, "GET_UNALIGN", Asks),
    (6, "SET_UNALIGN", SETS),
    (7, "GET_KEEPCAPS", Asks),
    (8, "SET_KEEPCAPS", SETS),
    (9, "GET_FPEMU", Asks),
    (10, "SET_FPEMU", SETS),
    (11, "GET_FPEXC", Asks),
    (12, "SET_FPEXC", SETS),
    (13, "GET_TIMING", Nothing),
    (14, "SET_TIMING", Nothing),
    (15, "SET_NAME", Name),
    (16, "GET_NAME", Name),
    (19, "GET_ENDIAN", Asks),
    (20, "SET_ENDIAN", SETS),
    (21, "GET_SECCOMP", Asks),
    (22, "SET_SECCOMP", CONFINES),
    (23, "CAPBSET_READ", Asks),
    (24, "CAPBSET_DROP", SETS),
    (25, "GET_TSC", Asks),
    // Who must not read the counter must not ask for the time.
    (26, "SET_TSC", CONFINES),
    (27, "GET_SECUREBITS", Asks),
    (28, "SET_SECUREBITS", SETS),
    (29, "SET_TIMERSLACK", SetSlack),
    (30, "GET_TIMERSLACK", GetSlack),
    // Of the counters that the thread has opened, which has an OS thread of its own then
    // (perf_event_open in `numbers`).
    (31, "TASK_PERF_EVENTS_DISABLE", Asks),
    (32, "TASK_PERF_EVENTS_ENABLE", Asks),
    (33, "MCE_KILL", SETS),
    (34, "MCE_KILL_GET", Asks),
    (35, "SET_MM", Process),
    (36, "SET_CHILD_SUBREAPER", Process),
    (37, "GET_CHILD_SUBREAPER", Process),
    (38, "SET_NO_NEW_PRIVS", SETS),
    (39, "GET_NO_NEW_PRIVS", Asks),
    // Where libc has told the kernel to clear the OS thread's id: for debuggers.
    (40, "GET_TID_ADDRESS", Asks),
    (41, "SET_THP_DISABLE", Process),
    (42, "GET_THP_DISABLE", Process),
    // Gone since Linux 5.6.
    (43, "MPX_ENABLE_MANAGEMENT", Nothing),
    (44, "MPX_DISABLE_MANAGEMENT", Nothing),
    (45, "SET_FP_MODE", SETS),
    (46, "GET_FP_MODE", Asks),
    (47, "CAP_AMBIENT", Ambient),
    (50, "SVE_SET_VL", SETS),
    (51, "SVE_GET_VL", Asks),
    (52, "GET_SPECULATION_CTRL", Asks),
    (53, "SET_SPECULATION_CTRL", SETS),
    (54, "PAC_RESET_KEYS", SETS),
    (55, "SET_TAGGED_ADDR_CTRL", SETS),
    (56, "GET_TAGGED_ADDR_CTRL", Asks),
    (57, "SET_IO_FLUSHER", SETS),
    (58, "GET_IO_FLUSHER", Asks),
    // Calls outside a range of addresses become signals, ours as well.
    (59, "SET_SYSCALL_USER_DISPATCH", CONFINES),
    (60, "PAC_SET_ENABLED_KEYS", SETS),
    (61, "PAC_GET_ENABLED_KEYS", Asks),
    (62, "SCHED_CORE", Core),
    (63, "SME_SET_VL", SETS),
    (64, "SME_GET_VL", Asks),
    (65, "SET_MDWE", Process),
    (66, "GET_MDWE", Process),
    (67, "SET_MEMORY_MERGE", Process),
    (68, "GET_MEMORY_MERGE", Process),
    (69, "RISCV_V_SET_CONTROL", SETS),
    (70, "RISCV_V_GET_CONTROL", Asks),
    (71, "RISCV_SET_ICACHE_FLUSH_CTX", SETS),
    (72, "PPC_GET_DEXCR", Asks),
    (73, "PPC_SET_DEXCR", SETS),
    (74, "GET_SHADOW_STACK_STATUS", Asks),
    (75, "SET_SHADOW_STACK_STATUS", SETS),
    (76, "LOCK_SHADOW_STACK_STATUS", SETS),
    (77, "TIMER_CREATE_RESTORE_IDS", Process),
    (78, "FUTEX_HASH", Process),
    (0x53564d41, "SET_VMA", Process),
    (0x41555856, "GET_AUXV", Asks),
    // Of the Yama module.
    (0x59616d61, "SET_PTRACER", Process),
];

fn act(option: c_int) -> Act {
    OPTIONS.iter().find(|row| row.0 == option).map_or(Act::Nothing, |row| row.2)
}

/// What a call with these first arguments sets of the calling thread's.
fn sets(option: c_int, a: c_ulong, c: c_ulong) -> Option<What> {
    const CAP_AMBIENT_IS_SET: c_ulong = 1;
    const SCHED_CORE_GET: c_ulong = 0;
    /// PR_SCHED_CORE_SCOPE_THREAD.
    const THREAD: c_ulong = 0;
    match act(option) {
        Act::Thread(what) => Some(what),
        Ambient if a != CAP_AMBIENT_IS_SET => Some(What::Attributes),
        Core if a != SCHED_CORE_GET && c == THREAD => Some(What::Attributes),
        _ => None,
    }
}

/// What reads as already set, so that setting it once more changes nothing.
fn is_set(option: c_int, a: c_ulong) -> bool {
    let asks = match option {
        libc::PR_SET_NO_NEW_PRIVS => libc::PR_GET_NO_NEW_PRIVS,
        libc::PR_SET_KEEPCAPS => libc::PR_GET_KEEPCAPS,
        libc::PR_SET_SECUREBITS => libc::PR_GET_SECUREBITS,
        _ => return false,
    };
    // SAFETY: reads.
    unsafe { hub::syscall!(libc::SYS_prctl, asks, 0, 0, 0, 0) == Ok(a as usize) }
}

unsafe fn prctl_(option: c_int, a: c_ulong, b: c_ulong, c: c_ulong, d: c_ulong) -> c_int {
    let core = act(option) == Core;
    // The id of a thread: the caller is 0 to the kernel.
    let b = match core && matches!(thread_id::named(b as c_int), thread_id::Named::Caller) {
        true => 0,
        false => b,
    };
    // SAFETY: the program's own arguments.
    let call = || unsafe { real::prctl(option, a, b, c, d) };
    match act(option) {
        // SAFETY: as above.
        Name => unsafe { identity::name_of_caller(option, a, call) },
        SetDeath => death_signal::set(a, call),
        // SAFETY: as above.
        GetDeath => unsafe { death_signal::get(a as *mut c_int, call) },
        SetSlack => timer_slack::set(a, call),
        GetSlack => timer_slack::get(call),
        _ => match sets(option, a, c) {
            // (Another's core is none of the caller's.)
            Some(what) if !(is_set(option, a) || core && b != 0) => change_or_fail(what, call),
            _ => call(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_what_asks_changes_nothing() {
        assert!(OPTIONS.windows(2).all(|w| w[0].0 < w[1].0 || w[1].0 > 1000));
        for (option, name, act) in OPTIONS {
            let asks = name.contains("GET_") || name.ends_with("_GET") || name.ends_with("READ");
            let changes = matches!(act, Act::Thread(_) | SetSlack | SetDeath);
            assert!(!(asks && changes && !name.contains("SET_")), "{name}");
            assert_eq!(
                sets(option, 2, 0).is_some(),
                matches!(act, Act::Thread(_) | Ambient | Core)
            );
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_header() {
        for (number, name) in [
            (libc::PR_SET_PDEATHSIG, "SET_PDEATHSIG"),
            (libc::PR_SET_SECCOMP, "SET_SECCOMP"),
            (libc::PR_CAPBSET_DROP, "CAPBSET_DROP"),
            (libc::PR_SET_SECUREBITS, "SET_SECUREBITS"),
            (libc::PR_SET_TIMERSLACK, "SET_TIMERSLACK"),
            (libc::PR_SET_NO_NEW_PRIVS, "SET_NO_NEW_PRIVS"),
            (libc::PR_CAP_AMBIENT, "CAP_AMBIENT"),
            (libc::PR_SET_PTRACER, "SET_PTRACER"),
            (libc::PR_SET_VMA, "SET_VMA"),
            (libc::PR_SCHED_CORE, "SCHED_CORE"),
            (libc::PR_SET_CHILD_SUBREAPER, "SET_CHILD_SUBREAPER"),
        ] {
            assert!(OPTIONS.iter().any(|row| row.0 == number && row.1 == name), "{name}");
        }
    }

    #[test]
    fn asking_for_an_ambient_capability_changes_nothing() {
        assert_eq!(sets(libc::PR_CAP_AMBIENT, 1, 0), None);
        assert_eq!(sets(libc::PR_CAP_AMBIENT, 2, 0), Some(What::Attributes));
        assert_eq!(sets(libc::PR_SCHED_CORE, 1, 1), None, "the whole process");
        assert_eq!(sets(12_345, 2, 0), None, "unknown");
    }
}
