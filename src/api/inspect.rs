//! Looking at the greenlets, for tests and for finding out what hangs.
//!
//! gevent: `gevent.util`.

use crate::greenlet::Phase;
use crate::{doorway, hub, sys};
use core::fmt::Write;
use std::collections::{BTreeMap, BTreeSet};

/// A greenlet as [`greenlets`] has found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its number, as [`Greenlet::id`](crate::Greenlet::id) has it.
    pub id: u32,
    /// The id of the greenlet that spawned it, which may have ended; 0 for the
    /// root.
    pub parent_id: u32,
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
/// gevent: what `GreenletTree` walks over.
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
                parent_id: g.parent(),
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

/// [`greenlets`] as text, a line each, below who has spawned it and further in.
///
/// gevent: `gevent.util.format_run_info`, without the stacks.
///
/// ```
/// use geventrs::util::format_run_info;
/// let text = geventrs::spawn(|| geventrs::spawn(format_run_info).get().unwrap()).get().unwrap();
/// let further_in: Vec<usize> =
///     text.lines().map(|line| line.len() - line.trim_start().len()).collect();
/// assert_eq!(further_in, [0, 2, 4]);
/// ```
pub fn format_run_info() -> String {
    let all = greenlets();
    let mut text = String::new();
    let alive: BTreeSet<u32> = all.iter().map(|g| g.id).collect();
    let mut children: BTreeMap<u32, Vec<&Info>> = BTreeMap::new();
    // Depth first, without recursion: there may be a million in a row.
    let mut rest: Vec<(usize, &Info)> = Vec::new();
    for g in all.iter().rev() {
        match alive.contains(&g.parent_id) {
            true => children.entry(g.parent_id).or_default().push(g),
            false => rest.push((0, g)),
        }
    }
    while let Some((depth, g)) = rest.pop() {
        let waits_for = if g.is_current { "nothing, it runs" } else { &g.waits_for };
        let (indent, id) = (2 * depth, g.id);
        let _ =
            writeln!(text, "{:indent$}<Greenlet \"{}\" {id}> waits for {waits_for}", "", g.name);
        let below = children.remove(&id).unwrap_or_default();
        rest.extend(below.into_iter().map(|c| (depth + 1, c)));
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
