//! Everything that libc exports, held against the code of libc itself: whatever
//! can come to a system call that may wait, makes threads or concerns what the
//! kernel keeps per thread is hooked, or `docs/unhooked.md` has a reason.
//!
//! Two kinds of functions would be found in nearly every other one: those that
//! allocate, and those that end the process with a message. The page's table
//! *Within other functions* names them; calls to them are not followed.
//! Functions that compute may read a file (a locale, a time zone) and call
//! through pointers, but nothing else: the table *Computing*.

use crate::reach::Graph;
use crate::system_calls::Effect;
use crate::{verdict, Audit};
use libtest_mimic::Failed;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// What a function of the table *Computing* can come to.
const COMPUTING: [&str; 18] = [
    "futex",
    "open",
    "openat",
    "close",
    "read",
    "pread64",
    "stat",
    "fstat",
    "newfstatat",
    "readlink",
    "readlinkat",
    "getdents64",
    "access",
    // Since 2.37 one function empties the buffers of all kinds of printf, also
    // dprintf's.
    "write",
    // libc's way into a cancellation of one of the above.
    "fcntl",
    "rt_sigprocmask",
    "tgkill",
    "sched_getaffinity",
];

fn graph(audit: &Audit) -> &'static Graph {
    static GRAPH: OnceLock<Graph> = OnceLock::new();
    GRAPH.get_or_init(|| Graph::new(audit.paths.iter()))
}

/// Every exported function is settled.
pub fn settled(audit: &Audit) -> Result<(), Failed> {
    let graph = graph(audit);
    let within: Vec<&str> = audit.unhooked.within.iter().map(|(name, _)| name).collect();
    let mut wrong: Vec<String> = Vec::new();
    let within = graph.nodes(within.into_iter());
    let names: BTreeSet<&str> = audit.libc.iter().flatten().map(|s| s.name.as_str()).collect();
    let mut unsettled: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in names {
        if audit.hooked.contains(name) {
            continue;
        }
        let page = &audit.unhooked;
        let named = [&page.reasons, &page.waits, &page.within];
        if named.into_iter().any(|table| table.get(name).is_some()) {
            continue;
        }
        let mut effects = graph.effects(name, &within);
        if page.computing.get(name).is_some() {
            effects.retain(|effect| match effect {
                Effect::Call(name) => !COMPUTING.contains(name),
                Effect::Pointer => false,
                Effect::Unknown(_) => true,
            });
        }
        if !effects.is_empty() {
            let effects: Vec<String> = effects.iter().map(Effect::to_string).collect();
            unsettled.entry(effects.join(" ")).or_default().push(name);
        }
    }
    for (effects, names) in unsettled {
        wrong.push(format!("{}: {effects}", names.join(" ")));
    }
    verdict(
        "kinds of functions neither hooked nor in docs/unhooked.md, and what they can come to",
        wrong,
    )
}

/// The analysis itself, on functions of which everybody knows what they do.
pub fn known(audit: &Audit) -> Result<(), Failed> {
    let graph = graph(audit);
    let mut wrong = Vec::new();
    let nothing = BTreeSet::new();
    for (name, call) in [
        ("read", "read"),
        ("poll", "poll"),
        ("nanosleep", "clock_nanosleep"),
        ("sem_wait", "futex"),
        ("pthread_cond_wait", "futex"),
        ("flock", "flock"),
        ("waitpid", "wait4"),
        ("sigaltstack", "sigaltstack"),
        ("prctl", "prctl"),
        ("unshare", "unshare"),
        ("getaddrinfo", "connect"),
        ("fputs", "futex"),
        ("system", "wait4"),
        ("daemon", "setsid"),
        ("malloc", "futex"),
    ] {
        let effects = graph.effects(name, &nothing);
        let found = effects.iter().any(|effect| matches!(effect, Effect::Call(n) if *n == call));
        // What returns at once is left out.
        if !found && call != "setsid" {
            wrong.push(format!("{name} does not come to {call}"));
        }
    }
    for name in ["strlen", "getpid", "abs", "ffs", "sigemptyset", "pthread_self", "htonl", "umask"]
    {
        let effects = graph.effects(name, &nothing);
        if !effects.is_empty() {
            let effects: Vec<String> = effects.iter().map(Effect::to_string).collect();
            wrong.push(format!("{name} comes to {}", effects.join(" ")));
        }
    }
    if graph.len() < 2000 {
        wrong.push(format!("only {} functions were found", graph.len()));
    }
    verdict("wrong in what was read of libc's code", wrong)
}
