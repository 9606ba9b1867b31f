//! Looking at the greenlets, for tests and for finding out what hangs.
//!
//! gevent: `gevent.util`.

use crate::greenlet::Phase;
use crate::{doorway, hub, sys};
use core::fmt::Write;

/// A greenlet as [`greenlets`] has found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its number, as [`Greenlet::id`](crate::Greenlet::id) has it.
    pub id: u32,
    /// The first 15 bytes of its name.
    pub name: String,
    /// What it waits for.
    pub waits_for: String,
    /// Whether it is the calling one.
    pub is_current: bool,
}

/// All greenlets that are alive, oldest first. None on an OS thread that is no
/// greenlet.
///
/// gevent: what `GreenletTree` walks over, without the tree and the stacks.
///
/// ```
/// use std::time::Duration;
/// let g = geventrs::Builder::new().name("sleeper");
/// let g = g.spawn(|| geventrs::sleep(Duration::from_secs(60))).unwrap();
/// geventrs::yield_now();
/// let all = geventrs::util::greenlets();
/// assert!(all[0].is_current);
/// assert_eq!((all[1].name.as_str(), all[1].waits_for.as_str()), ("sleeper", "sleep"));
/// # g.kill(None);
/// ```
pub fn greenlets() -> Vec<Info> {
    let mut all = Vec::new();
    let Some(inside) = doorway::enter() else {
        return all;
    };
    hub::for_each(|g| {
        if g.phase() == Phase::Alive {
            let name = g.name();
            let end = name.iter().position(|&b| b == 0).unwrap_or(name.len());
            all.push(Info {
                id: g.id(),
                name: String::from_utf8_lossy(&name[..end]).into_owned(),
                waits_for: g.reason().to_string(),
                is_current: core::ptr::eq(g, inside.greenlet),
            });
        }
    });
    drop(inside);
    all.reverse();
    all
}

/// [`greenlets`] as text, a line each.
///
/// gevent: `gevent.util.format_run_info`.
pub fn format_run_info() -> String {
    let mut text = String::new();
    for g in greenlets() {
        let waits_for = if g.is_current { "nothing, it runs" } else { &g.waits_for };
        let _ = writeln!(text, "<Greenlet \"{}\" {}> waits for {waits_for}", g.name, g.id);
    }
    text
}

/// Prints [`format_run_info`] to stderr.
///
/// gevent: `gevent.util.print_run_info`.
pub fn print_run_info() {
    sys::write_stderr(format_run_info().as_bytes());
}

/// Calls `f`, which must let others run at least once: for tests of code that
/// shall not hold up the hub.
///
/// gevent: `gevent.util.assert_switches`.
///
/// # Panics
/// If no greenlet was switched to. On an OS thread that is no greenlet it does
/// not look.
///
/// ```
/// use geventrs::util::assert_switches;
/// geventrs::spawn(|| {
///     assert_switches(geventrs::yield_now);
///     let blocks = std::panic::catch_unwind(|| assert_switches(|| ()));
///     assert!(blocks.is_err());
/// })
/// .get()
/// .unwrap();
/// ```
pub fn assert_switches<R>(f: impl FnOnce() -> R) -> R {
    let before = hub::switches();
    let result = f();
    let looks = crate::getcurrent().is_some();
    assert!(!looks || hub::switches() != before, "it did not let any greenlet run");
    result
}
