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
use crate::observe::{self, writing_stack, End, Wanted};
use crate::report::say;
use crate::settings;
use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};
use libc::siginfo_t;
use std::os::unix::ffi::OsStrExt;

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
        observe::deadly().for_each(write_before);
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

extern "C" fn dying(signal: c_int, info: *mut siginfo_t, _: *mut c_void) {
    writing_stack::call(|| {
        observe::write_out(End::Signal(signal));
        // The action is the default one again (SA_RESETHAND). A fault comes again by itself.
        let faults = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL];
        // SAFETY: the kernel's own argument; the signal comes when this handler has returned.
        unsafe {
            if (*info).si_code <= 0 || !faults.contains(&signal) {
                libc::raise(signal);
            }
        }
    });
}

/// Write the files before the default action of `signal`, if that is what it has. (That of
/// SIGSEGV and SIGBUS is std's, where std starts the program: it tells stack overflows.)
fn write_before(signal: c_int) {
    // SAFETY: zeroes are a valid action, and the kernel writes it.
    let is_default = unsafe {
        let mut now: libc::sigaction = core::mem::zeroed();
        libc::sigaction(signal, ptr::null(), &mut now) == 0 && now.sa_sigaction == libc::SIG_DFL
    };
    if is_default {
        let flags = libc::SA_SIGINFO | libc::SA_RESETHAND | libc::SA_ONSTACK;
        handle(signal, dying as *const () as usize, flags);
    }
}

fn handle(signal: c_int, handler: usize, flags: c_int) {
    // SAFETY: zeroes are a valid action; the handlers make system calls only. No other one
    // runs meanwhile, for an alternate stack may have room for one frame.
    unsafe {
        let mut new: libc::sigaction = core::mem::zeroed();
        new.sa_sigaction = handler;
        new.sa_flags = flags;
        libc::sigfillset(&mut new.sa_mask);
        libc::sigaction(signal, &new, ptr::null_mut());
    }
}
