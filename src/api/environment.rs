//! What the environment asks of a program that only uses the API.
//!
//! A preloaded library reads all settings; a program's own library reads those that
//! change nothing for the program: what is recorded, and how it can be asked. They are read
//! when the hub is started. Unlike under the preload there is no control socket unless
//! `GEVENTRS_CONTROL=on` asks for one.
//!
//! Where the hooks are in the process (preloaded, linked, by `monkey`), they have read the
//! settings, and this does nothing.

use crate::control::{self, report, tool};
use crate::hub::{self, monitor};
use crate::observe::wanted::{self, Read};
use crate::observe::{self, End, Wanted};
use crate::report::say;
use crate::settings;
use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};
use std::os::unix::ffi::OsStrExt;

/// Signals whose default action ends the process, before which files are written. (That of
/// SIGSEGV and SIGBUS is std's: it tells stack overflows.)
const DEADLY: [c_int; 14] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGFPE,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGTERM,
    libc::SIGXCPU,
    libc::SIGVTALRM,
    libc::SIGPROF,
];

/// Read the environment, once, on the OS thread that starts the hub.
pub(super) fn read() {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.swap(true, Ordering::Relaxed) || hub::has_callbacks() || is_of_another_user() {
        return;
    }
    let mut wanted = Wanted::default();
    let (mut asks, mut dumps) = (false, None);
    for (name, value) in std::env::vars_os() {
        let (name, value) = (name.as_bytes(), value.as_bytes());
        if !name.starts_with(settings::PREFIX.as_bytes()) {
            continue;
        }
        let read = match name {
            b"GEVENTRS_CONTROL" => match value {
                b"on" => {
                    asks = true;
                    Read::Understood
                }
                b"off" => Read::Understood,
                _ => Read::Wrong(value.to_vec(), "neither on nor off"),
            },
            b"GEVENTRS_DUMP_SIGNAL" => {
                dumps = core::str::from_utf8(value).ok().and_then(settings::dump_signal);
                match dumps {
                    Some(_) => Read::Understood,
                    None => Read::Wrong(value.to_vec(), "no signal that can be used for it"),
                }
            }
            _ => wanted::setting(name, value, &mut wanted),
        };
        if let Read::Wrong(word, why) = read {
            let (name, word) = (String::from_utf8_lossy(name), String::from_utf8_lossy(&word));
            say(format_args!("geventrs: {name}: \"{word}\" is {why}"));
        }
    }
    if wanted.is_nothing() && !asks && dumps.is_none() {
        return;
    }
    if is_loaded_besides() {
        say(format_args!(
            "geventrs: this program has a hub of its own beside libgeventrs.so, and is not recorded"
        ));
        return;
    }
    if let Some(span) = wanted.longest_run {
        monitor::set_longest(span);
    }
    if observe::start(&wanted) {
        // SAFETY: a function of ours, which stays.
        unsafe { libc::atexit(at_exit) };
        DEADLY.iter().for_each(|signal| write_before(*signal));
    }
    // Reports of deadlocks and dumps are made by the thread that answers.
    if asks || dumps.is_some() || wanted.sites {
        control::set_socket(asks);
        tool::find_in_path();
        control::enable();
        // SAFETY: a function of ours, which stays.
        unsafe { libc::atexit(remove_socket) };
    }
    if let Some(signal) = dumps {
        handle(signal, dump as *const () as usize, libc::SA_RESTART | libc::SA_ONSTACK);
    }
}

/// It was started by a user whose rights it does not have (getauxval(3), `AT_SECURE`): its
/// environment is that one's.
fn is_of_another_user() -> bool {
    // SAFETY: getauxval only reads.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// libgeventrs.so is in the process and has read the same settings.
fn is_loaded_besides() -> bool {
    // SAFETY: a look-up by name.
    unsafe { !libc::dlsym(libc::RTLD_DEFAULT, c"gev_version".as_ptr()).is_null() }
}

extern "C" fn at_exit() {
    observe::write_out(End::Exit("exit"));
}

extern "C" fn remove_socket() {
    if observe::output::is_me() {
        control::at_exit();
    }
}

extern "C" fn dump(_: c_int) {
    report::dump();
}

extern "C" fn dying(signal: c_int) {
    observe::write_out(End::Signal(signal));
    // The action is the default one again (SA_RESETHAND).
    // SAFETY: takes a number; the signal comes when this handler has returned.
    unsafe { libc::raise(signal) };
}

/// Write the files before the default action of `signal`, if that is what it has.
fn write_before(signal: c_int) {
    // SAFETY: zeroes are a valid action, and the kernel writes it.
    let is_default = unsafe {
        let mut now: libc::sigaction = core::mem::zeroed();
        libc::sigaction(signal, ptr::null(), &mut now) == 0 && now.sa_sigaction == libc::SIG_DFL
    };
    if is_default {
        // On the stack that it interrupts: the alternative one that std makes has 8 KB.
        handle(signal, dying as *const () as usize, libc::SA_RESETHAND);
    }
}

fn handle(signal: c_int, handler: usize, flags: c_int) {
    // SAFETY: zeroes are a valid action; the handlers make system calls only.
    unsafe {
        let mut new: libc::sigaction = core::mem::zeroed();
        new.sa_sigaction = handler;
        new.sa_flags = flags;
        libc::sigaction(signal, &new, ptr::null_mut());
    }
}
