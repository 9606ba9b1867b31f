//! Signal handlers.

use super::support::{log, ms, Case, Log, SOON};
use geventrs::event::Event;
use geventrs::signal::SignalHandler;
use geventrs::sleep;
use std::sync::Arc;

fn raise(signal: i32) {
    // SAFETY: no memory.
    unsafe { libc::raise(signal) };
}

/// A handler that logs.
fn told(log: &Log, signal: i32, word: &'static str) -> SignalHandler {
    let log = log.clone();
    geventrs::signal::handler(signal, move || log.say(word)).unwrap()
}

pub const CASES: &[Case] = &[
    ("signals", |l| {
        let (log, told) = (l.clone(), Arc::new(Event::new()));
        let tell = told.clone();
        let handler = geventrs::signal::handler(libc::SIGUSR1, move || {
            log.say("signal");
            sleep(ms(1));
            tell.set();
        });
        // SAFETY: no memory.
        unsafe { libc::raise(libc::SIGUSR1) };
        l.say("raised");
        log!(l, "{}", (*told).wait(None));
        drop(handler.unwrap());
    }),
    ("signal_again", |l| {
        let handler = told(l, libc::SIGUSR1, "signal");
        for _ in 0..2 {
            raise(libc::SIGUSR1);
            sleep(ms(200));
        }
        drop(handler);
        l.say("end");
    }),
    ("signal_cancelled", |l| {
        drop(told(l, libc::SIGUSR1, "signal"));
        // SAFETY: to ignore it touches no memory.
        let before = unsafe { libc::signal(libc::SIGUSR1, libc::SIG_IGN) };
        raise(libc::SIGUSR1);
        sleep(ms(100));
        // SAFETY: what was there.
        unsafe { libc::signal(libc::SIGUSR1, before) };
        l.say("end");
    }),
    ("signal_does_not_end_a_sleep", |l| {
        let _handler = told(l, libc::SIGUSR1, "signal");
        geventrs::spawn_later(SOON.unwrap(), || raise(libc::SIGUSR1));
        sleep(ms(300));
        l.say("slept");
    }),
    ("signal_may_wait", |l| {
        let log = l.clone();
        let _handler = geventrs::signal::handler(libc::SIGUSR1, move || {
            log.say("begins");
            sleep(ms(100));
            log.say("ends");
        });
        raise(libc::SIGUSR1);
        sleep(ms(50));
        raise(libc::SIGUSR1);
        sleep(ms(400));
    }),
    ("signal_two", |l| {
        let _both = [told(l, libc::SIGUSR1, "one"), told(l, libc::SIGUSR2, "two")];
        raise(libc::SIGUSR2);
        sleep(ms(100));
        raise(libc::SIGUSR1);
        sleep(ms(100));
    }),
    ("signal_none", |l| {
        log!(l, "{}", geventrs::signal::handler(999, || ()).is_err());
    }),
];
