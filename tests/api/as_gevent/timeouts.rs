//! Time limits.

use super::support::{log, ms, Case, LONG};
use geventrs::sleep;
use geventrs::timeout::{with_timeout, Timeout};
use std::panic::catch_unwind;
use std::time::Duration;

pub const CASES: &[Case] = &[
    ("timeout_nested", |l| {
        let outer = with_timeout(LONG, || {
            log!(l, "{}", with_timeout(ms(5), || sleep(LONG)).is_err());
        });
        log!(l, "{}", outer.is_ok());
        let outer = with_timeout(ms(5), || {
            let inner = with_timeout(LONG, || sleep(LONG));
            log!(l, "not reached {}", inner.is_ok());
        });
        log!(l, "{}", outer.is_err());
    }),
    ("timeout_zero_sleep", |l| {
        let ended = with_timeout(Duration::ZERO, || {
            sleep(ms(10));
            l.say("slept");
        });
        log!(l, "{}", ended.is_err());
    }),
    ("timeout_value", |l| {
        let limit = Timeout::new(ms(3));
        log!(l, "{}", limit.run(|| sleep(LONG)).ok().is_none());
        log!(l, "{}", with_timeout(ms(3), || sleep(LONG)).map_or("v", |()| "slept"));
    }),
    ("timeout_pending", |l| {
        let running = Timeout::new(LONG).start();
        log!(l, "{}", running.is_pending());
        drop(running);
        log!(l, "{}", Timeout::never().start().is_pending());
    }),
    ("timeout_once", |l| {
        let running = Timeout::new(ms(3)).start();
        let first = catch_unwind(|| sleep(LONG));
        log!(l, "{} {}", first.is_err(), running.is_pending());
        sleep(ms(5));
        l.say("second");
    }),
];
