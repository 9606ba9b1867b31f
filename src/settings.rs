//! The settings there are: one table for the preloaded library, which reads
//! them from the environment, and for the command-line tool, whose flags set
//! them and whose `settings` subcommand (and `docs/settings.md`) shows them.

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// The flag of `geventrs run`.
    pub flag: &'static str,
    /// What values it takes.
    pub values: &'static str,
    /// What holds when it is not set.
    pub default: &'static str,
    /// What it does.
    pub effect: &'static str,
}

/// All settings. Any other variable whose name starts with [`PREFIX`] is
/// reported by the library, [`TEST_PREFIX`] excepted.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "GEVENTRS_PATCH",
        flag: "--patch",
        values: "`all`, `none` or names of groups, with commas; `-` before a name removes it",
        default: "`all`; `none` for a program that has only linked the library",
        effect: "which groups of functions are made cooperative",
    },
    Setting {
        name: "GEVENTRS_DISABLE",
        flag: "--disable",
        values: "`0` or `1`",
        default: "`0`",
        effect: "with `1` the library does nothing at all",
    },
    Setting {
        name: "GEVENTRS_DEADLOCK",
        flag: "--deadlock",
        values: "`report`, `abort` or `off`",
        default: "`report`",
        effect: "what to do when every greenlet waits and nothing can wake any: say who waits for what and go on waiting, say it and exit with 97, or nothing. If it is set to one of the first two, where locks are taken is noted, for the report (each hooked call costs more then; `cargo bench --bench compare -- --only observe` says how much)",
    },
    Setting {
        name: "GEVENTRS_HANDOFF",
        flag: "--handoff",
        values: "`on` or `off`",
        default: "`on`",
        effect: "what to do about a greenlet that keeps the hub for a slice without a hooked call: let it compute on its OS thread while the others go on elsewhere, or (gevent's way: one greenlet runs at a time, always) only report it",
    },
    Setting {
        name: "GEVENTRS_SLICE",
        flag: "--slice",
        values: "milliseconds, `1` to `10000`",
        default: "`10`",
        effect: "how long a greenlet may keep the hub; where many keep it in a row, the next ones get less",
    },
    Setting {
        name: "GEVENTRS_CARRIERS",
        flag: "--carriers",
        values: "a number, at least `2`",
        default: "`64`",
        effect: "how many OS threads there may be for calls that end by themselves (name look-ups, disk writes) and for greenlets that compute; further ones wait for their turn. Calls that may wait for another thread of the program do not count",
    },
    Setting {
        name: "GEVENTRS_FILE_IO",
        flag: "--file-io",
        values: "`inline` or `section`",
        default: "`inline`",
        effect: "how regular files and block devices are read and written: in place, or on another OS thread while other greenlets run (for slow disks and network file systems; each such call is a blocking section then, and costs what that does)",
    },
    Setting {
        name: "GEVENTRS_FOLLOW",
        flag: "--follow",
        values: "`on`, `off` or programs, `-gdb,-/usr/bin/ssh`",
        default: "`on`",
        effect: "which programs that this one executes are preloaded: all, even if an environment was built for them; none; or all but those named, each by its file's name or path after a `-`",
    },
    Setting {
        name: "GEVENTRS_TRACE",
        flag: "--trace",
        values: "words with commas: `waited` or `all`, names of groups, `min=10ms`, `greenlet=NAME` or its number, and last `to=FILE`",
        default: "nothing; with any value: `waited`, all groups, `to=stderr`",
        effect: "a line for each hooked call that waited, or for each call: greenlet, time, arguments, result, how long it waited and for what. `%p` in FILE is the process id",
    },
    Setting {
        name: "GEVENTRS_REPORT",
        flag: "--report",
        values: "`stderr` or a file (`.txt`: a table, `.folded`: stacks for flame graphs, any other: JSON for `geventrs report`)",
        default: "nothing",
        effect: "when the program ends, how often and how long it has waited, by place, greenlet and lock. `%p` in the name is the process id",
    },
    Setting {
        name: "GEVENTRS_TIMELINE",
        flag: "--timeline",
        values: "a file",
        default: "nothing",
        effect: "when the program ends, who ran, queued and waited when (the last 131,072 turns), as trace events that Perfetto and `geventrs timeline` read. `%p` in the name is the process id",
    },
    Setting {
        name: "GEVENTRS_MAX_BLOCKING_TIME",
        flag: "--max-blocking-time",
        values: "seconds, such as `0.1`, or with a unit: `50ms`",
        default: "`0.1` with `GEVENTRS_HANDOFF=off`, else nothing is reported",
        effect: "a thread that runs for longer than this without a wait is reported on stderr with its stack, and again when the time has doubled",
    },
    Setting {
        name: "GEVENTRS_CONTROL",
        flag: "--control",
        values: "`on` or `off`",
        default: "`on`; `off` for a program that only uses the Rust API",
        effect: "whether a program with several threads has a control socket, in a directory that only its user may enter, over which `geventrs ps`, `stacks`, `locks` and `top` ask it",
    },
    Setting {
        name: "GEVENTRS_DUMP_SIGNAL",
        flag: "--dump-signal",
        values: "a signal: `HUP INT QUIT TRAP USR1 USR2 ALRM TERM WINCH URG IO PWR`, one of their numbers, or a real-time signal's",
        default: "none",
        effect: "on this signal, which the program does not get, all greenlets are printed on stderr with their stacks, and the files of `GEVENTRS_REPORT` and `GEVENTRS_TIMELINE` are written as they are then",
    },
    Setting {
        name: "GEVENTRS_LOCK_WAIT",
        flag: "--lock-wait",
        values: "milliseconds, `0` to `86400000`; `0`: never",
        default: "`1000`",
        effect: "how long a greenlet must have waited for a mutex before the library looks for a cycle of mutexes, that is, a deadlock of some of the threads; what it does then is for `GEVENTRS_DEADLOCK` to say",
    },
    Setting {
        name: "GEVENTRS_LIB",
        flag: "--lib",
        values: "a path",
        default: "`libgeventrs.so` beside the tool, else in `../lib` or `../lib/geventrs` from there",
        effect: "which library the tool uses",
    },
];

/// What the names of settings start with.
pub const PREFIX: &str = "GEVENTRS_";
/// Variables of the tests, which are no settings.
pub const TEST_PREFIX: &str = "GEVENTRS_TEST";

/// Whether an environment variable looks like a setting but is none.
pub fn is_unknown(name: &[u8]) -> bool {
    name.starts_with(PREFIX.as_bytes())
        && !name.starts_with(TEST_PREFIX.as_bytes())
        && !SETTINGS.iter().any(|s| s.name.as_bytes() == name)
}

/// The number of a signal that is written as a number or as kill(1) has it, with
/// or without SIG. Those that have no use here, or another, are none.
pub fn dump_signal(text: &str) -> Option<i32> {
    const NAMES: [(&str, i32); 12] = [
        ("HUP", libc::SIGHUP),
        ("INT", libc::SIGINT),
        ("QUIT", libc::SIGQUIT),
        ("TRAP", libc::SIGTRAP),
        ("USR1", libc::SIGUSR1),
        ("USR2", libc::SIGUSR2),
        ("ALRM", libc::SIGALRM),
        ("TERM", libc::SIGTERM),
        ("WINCH", libc::SIGWINCH),
        ("URG", libc::SIGURG),
        ("IO", libc::SIGIO),
        ("PWR", libc::SIGPWR),
    ];
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    let named = NAMES.iter().find(|(n, _)| *n == name).map(|n| n.1);
    named.or_else(|| {
        let number = text.parse::<i32>().ok()?;
        let real_time = (libc::SIGRTMIN()..=libc::SIGRTMAX()).contains(&number);
        (real_time || NAMES.iter().any(|n| n.1 == number)).then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_by_name_and_number() {
        for text in ["USR2", "SIGUSR2", "sigusr2", "12"] {
            assert_eq!(dump_signal(text), Some(libc::SIGUSR2), "{text}");
        }
        assert_eq!(dump_signal(&libc::SIGRTMIN().to_string()), Some(libc::SIGRTMIN()));
        for text in ["", "0", "KILL", "9", "SEGV", "11", "32", "65", "-1", "CHLD"] {
            assert_eq!(dump_signal(text), None, "{text}");
        }
    }

    #[test]
    fn only_misspelt_settings_are_unknown() {
        assert!(is_unknown(b"GEVENTRS_PACTH"));
        assert!(!is_unknown(b"GEVENTRS_PATCH"));
        assert!(!is_unknown(b"GEVENTRS_TEST_PRELOADED"));
        assert!(!is_unknown(b"PATH"));
    }

    #[test]
    fn names_and_flags_are_settings_own() {
        for (i, s) in SETTINGS.iter().enumerate() {
            assert!(s.name.starts_with(PREFIX) && s.flag.starts_with("--"));
            assert!(SETTINGS[..i].iter().all(|o| o.name != s.name && o.flag != s.flag));
        }
    }
}
