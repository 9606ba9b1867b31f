//! What is said of the greenlets.

use super::support::{log, Case, LONG, SOON};
use geventrs::event::Event;
use geventrs::queue::Queue;
use geventrs::util::{assert_switches, format_tree};
use geventrs::{sleep, spawn, yield_now, Builder};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

/// Whether `f` is found not to switch. (The message of the panic is not of interest.)
fn keeps(f: impl FnOnce()) -> bool {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let kept = catch_unwind(AssertUnwindSafe(|| assert_switches(f))).is_err();
    std::panic::set_hook(hook);
    kept
}

pub const CASES: &[Case] = &[
    ("tree_children", |l| {
        let branch = Builder::new().name("branch").spawn(|| {
            Builder::new().name("twig").spawn(|| sleep(LONG)).unwrap();
            sleep(LONG);
        });
        yield_now();
        let text = format_tree();
        log!(l, "{} {}", text.contains("branch"), text.contains("twig"));
        branch.unwrap().kill(None);
        log!(l, "{}", format_tree().contains("twig"));
    }),
    ("tree_unstarted", |l| {
        let g = Builder::new().name("unstarted").spawn(|| ()).unwrap();
        log!(l, "{}", format_tree().contains("unstarted"));
        g.join(None);
    }),
    ("assert_switches", |l| {
        log!(l, "{} {}", keeps(|| ()), keeps(yield_now));
        log!(l, "{}", keeps(|| sleep(SOON.unwrap())));
        let e = Event::new();
        e.set();
        log!(l, "{}", keeps(|| assert!(e.wait(None))));
        let q = Queue::new();
        let put = keeps(|| q.put(1).unwrap());
        log!(l, "{put} {}", keeps(|| assert_eq!(q.get(), Ok(1))));
        let joins = || assert!(spawn(|| ()).join(None));
        log!(l, "{} {}", keeps(|| drop(spawn(|| ()))), keeps(joins));
    }),
    ("assert_switches_raises", |l| {
        let raised = catch_unwind(|| assert_switches(|| -> () { resume_unwind(Box::new("key")) }));
        let payload = raised.unwrap_err();
        log!(l, "{}", payload.downcast_ref() == Some(&"key"));
    }),
    ("assert_switches_value", |l| {
        log!(l, "{}", assert_switches(|| spawn(|| 7).get().unwrap()));
    }),
];
