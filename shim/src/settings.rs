//! Settings: environment variables, read once when the library is loaded. The
//! table of them is [`hub::settings`].
//!
//! An unknown name or value gets one line on stderr and is otherwise ignored.

use crate::process::follow::Follow;
use crate::signal::dump;
use crate::table::Group;
use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use hub::control::lock_cycles;
use hub::hub::monitor;
use hub::observe::wanted::{self as asked, Read};
use hub::observe::Wanted;
use hub::settings::{dump_signal, is_unknown};
use hub::time::MILLISECOND;

/// Bit per group; no group before the settings have been read.
static PATCHED: AtomicU32 = AtomicU32::new(0);

/// Calls on regular files are blocking sections.
static FILE_IO_SECTIONS: AtomicBool = AtomicBool::new(false);

/// Whether calls on regular files and block devices are to be blocking sections.
#[inline(always)]
pub fn file_io_sections() -> bool {
    FILE_IO_SECTIONS.load(Ordering::Relaxed)
}

/// Whether a group's hooks are to act.
#[inline(always)]
pub fn patched(group: Group) -> bool {
    PATCHED.load(Ordering::Relaxed) & (1 << group as u32) != 0
}

fn complain(parts: &[&[u8]]) {
    let mut line: Vec<u8> = b"geventrs: ".to_vec();
    parts.iter().for_each(|p| line.extend_from_slice(p));
    line.push(b'\n');
    hub::sys::write_stderr(&line);
}

/// The groups that a value of `GEVENTRS_PATCH` chooses. Unknown words are
/// handed to `unknown`. A list that starts with a removal starts from `all`.
pub fn parse_patch(value: &[u8], mut unknown: impl FnMut(&[u8])) -> u32 {
    let all = (1u32 << Group::ALL.len()) - 1;
    let words = || {
        value.split(|&b| b == b',' || b == b' ').map(|w| w.trim_ascii()).filter(|w| !w.is_empty())
    };
    let mut groups = match words().next() {
        Some(w) if w.starts_with(b"-") => all,
        None => all,
        _ => 0,
    };
    for word in words() {
        let (add, name) = match word.strip_prefix(b"-") {
            Some(name) => (false, name),
            None => (true, word),
        };
        let bits = match Group::ALL.iter().find(|(_, n)| n.as_bytes() == name) {
            Some((group, _)) => 1 << *group as u32,
            None if name == b"all" => all,
            None if name == b"none" => 0,
            None => {
                unknown(word);
                continue;
            }
        };
        if add {
            groups |= bits;
        } else {
            groups &= !bits;
        }
    }
    groups
}

fn number(value: &[u8], range: core::ops::RangeInclusive<u64>) -> Option<u64> {
    let n = core::str::from_utf8(value).ok()?.parse().ok()?;
    range.contains(&n).then_some(n)
}

/// Patch groups from here on, bit per group, besides those that are.
pub fn patch(groups: u32) {
    PATCHED.fetch_or(groups, Ordering::AcqRel);
}

/// Every group's bit.
pub const ALL_GROUPS: u32 = (1 << Group::ALL.len()) - 1;

/// Whether the library was preloaded. One that a program has linked, or has opened by
/// dlopen(3), patches nothing unasked.
fn preloaded() -> bool {
    use std::os::unix::ffi::OsStrExt;
    let mut info = core::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `info` is writable, and zeroes are valid; the name lives as long as
    // this library.
    let own = unsafe {
        if libc::dladdr((&raw const PATCHED).cast(), info.as_mut_ptr()) == 0 {
            return true;
        }
        CStr::from_ptr(info.assume_init().dli_fname).to_bytes()
    };
    fn file_name(path: &[u8]) -> &[u8] {
        path.rsplit(|&b| b == b'/').next().unwrap_or(path)
    }
    let names = |list: &[u8]| {
        let mut paths = list.split(|b| b":; \t\n".contains(b)).filter(|p| !p.is_empty());
        paths.any(|path| file_name(path) == file_name(own))
    };
    std::env::var_os("LD_PRELOAD").is_some_and(|list| names(list.as_bytes()))
        || std::fs::read("/etc/ld.so.preload").is_ok_and(|list| names(&list))
}

/// Nothing is patched from here on: the hub cannot be used in this process.
pub fn disable() {
    PATCHED.store(0, Ordering::Release);
}

/// Read the environment.
pub fn init() {
    use std::os::unix::ffi::OsStrExt;
    let mut groups = if preloaded() { ALL_GROUPS } else { 0 };
    let (mut disabled, mut dumps) = (false, 0);
    let mut follow = Follow::default();
    let mut wanted = Wanted::default();
    for (name, value) in std::env::vars_os() {
        let (name, value) = (name.as_bytes(), value.as_bytes());
        match name {
            b"GEVENTRS_PATCH" => {
                groups = parse_patch(value, |word| {
                    let known = Group::ALL.map(|(_, name)| name).join(" ");
                    complain(&[
                        b"GEVENTRS_PATCH: unknown group \"",
                        word,
                        b"\" (known: all none ",
                        known.as_bytes(),
                        b")",
                    ]);
                });
            }
            b"GEVENTRS_DISABLE" => match value {
                b"1" => disabled = true,
                b"" | b"0" => {}
                _ => complain(&[b"GEVENTRS_DISABLE: \"", value, b"\" is neither 0 nor 1"]),
            },
            b"GEVENTRS_HANDOFF" => match value {
                b"on" => monitor::set_handoff(true),
                b"off" => monitor::set_handoff(false),
                _ => complain(&[b"GEVENTRS_HANDOFF: \"", value, b"\" is neither on nor off"]),
            },
            b"GEVENTRS_SLICE" => match number(value, 1..=10_000) {
                Some(ms) => monitor::set_slice(ms * MILLISECOND),
                None => complain(&[
                    b"GEVENTRS_SLICE: \"",
                    value,
                    b"\" is no number of milliseconds from 1 to 10000",
                ]),
            },
            b"GEVENTRS_CARRIERS" => match number(value, 2..=u32::MAX as u64) {
                Some(most) => hub::hub::set_ceiling(most as u32),
                None => {
                    complain(&[b"GEVENTRS_CARRIERS: \"", value, b"\" is no number from 2 on"]);
                }
            },
            b"GEVENTRS_CONTROL" => match value {
                b"on" => hub::control::set_socket(true),
                b"off" => hub::control::set_socket(false),
                _ => complain(&[b"GEVENTRS_CONTROL: \"", value, b"\" is neither on nor off"]),
            },
            b"GEVENTRS_DUMP_SIGNAL" => {
                match core::str::from_utf8(value).ok().and_then(dump_signal) {
                    Some(signal) => dumps = signal,
                    None => complain(&[
                        b"GEVENTRS_DUMP_SIGNAL: \"",
                        value,
                        b"\" is no signal that can be used for it",
                    ]),
                }
            }
            b"GEVENTRS_LOCK_WAIT" => match number(value, 0..=86_400_000) {
                Some(ms) => lock_cycles::set_patience(ms * MILLISECOND),
                None => complain(&[
                    b"GEVENTRS_LOCK_WAIT: \"",
                    value,
                    b"\" is no number of milliseconds from 0 to 86400000",
                ]),
            },
            b"GEVENTRS_FILE_IO" => match value {
                b"inline" => FILE_IO_SECTIONS.store(false, Ordering::Relaxed),
                b"section" => FILE_IO_SECTIONS.store(true, Ordering::Relaxed),
                _ => {
                    complain(&[b"GEVENTRS_FILE_IO: \"", value, b"\" is neither inline nor section"])
                }
            },
            b"GEVENTRS_FOLLOW" => match Follow::parse(value) {
                Some(parsed) => follow = parsed,
                None => complain(&[
                    b"GEVENTRS_FOLLOW: \"",
                    value,
                    b"\" is neither on, off nor names with - before each",
                ]),
            },
            _ if is_unknown(name) => {
                complain(&[b"unknown setting ", name, b" (`geventrs settings` lists them)"]);
            }
            _ => match asked::setting(name, value, &mut wanted) {
                Read::Wrong(word, why) => {
                    complain(&[name, b": \"", &word, b"\" is ", why.as_bytes()]);
                }
                // Or another program's variable, or one for the tool.
                Read::Understood | Read::Another => {}
            },
        }
    }
    crate::process::follow::init(follow);
    if let Some(span) = wanted.longest_run {
        monitor::set_longest(span);
    }
    if !disabled && hub::observe::start(&wanted) {
        crate::ending::start();
    }
    if !disabled {
        PATCHED.store(groups, Ordering::Release);
        if dumps != 0 {
            dump::install(dumps);
        }
    }
}
