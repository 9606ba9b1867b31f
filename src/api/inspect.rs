//! Looking at the greenlets, for tests and for finding out what hangs.
//!
//! gevent: `gevent.util`.

use crate::greenlet::{Greenlet as Control, Phase};
use crate::stack_trace::Trace;
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
    all().into_iter().map(|(info, _)| info).collect()
}

fn all() -> Vec<(Info, &'static Control)> {
    let mut all = Vec::new();
    let Some(inside) = doorway::enter() else {
        return all;
    };
    hub::for_each(|g| {
        if g.phase() == Phase::Alive {
            let name = g.name();
            let end = name.iter().position(|&b| b == 0).unwrap_or(name.len());
            let info = Info {
                id: g.id(),
                parent_id: g.parent(),
                name: String::from_utf8_lossy(&name[..end]).into_owned(),
                waits_for: g.reason().to_string(),
                is_current: core::ptr::eq(g, inside.greenlet),
            };
            all.push((info, g));
        }
    });
    drop(inside);
    all.reverse();
    all
}

/// The stack of a greenlet that waits or runs here, a line for each frame.
fn stack(info: &Info, g: &'static Control, indent: usize, text: &mut String) {
    /// Frames of one greenlet, at most.
    const FRAMES: usize = 24;
    let trace = Trace::new();
    if info.is_current {
        trace.capture();
        return trace.describe(text, indent, 1, FRAMES);
    }
    let taken = {
        let _inside = doorway::enter();
        // The control block may have become another greenlet's meanwhile.
        g.phase() == Phase::Alive && g.id() == info.id && trace.capture_of(g)
    };
    if taken {
        // The innermost one is the function that has looked.
        trace.describe(text, indent, 1, FRAMES);
    }
}

/// [`greenlets`] as text: each below who has spawned it and further in, and below
/// each its stack, the innermost frame first.
///
/// A frame is a function and an offset where the program's dynamic symbols name it
/// (link with `-rdynamic` for all of them), else the module and the offset in it, which
/// addr2line(1) takes. A greenlet that computes, is in a call that blocks, or has not
/// begun has no stack here.
///
/// gevent: `gevent.util.format_run_info`.
///
/// ```
/// use geventrs::util::format_run_info;
/// let text = geventrs::spawn(|| geventrs::spawn(format_run_info).get().unwrap()).get().unwrap();
/// let greenlets = text.lines().filter(|line| line.trim_start().starts_with("<Greenlet"));
/// let further_in: Vec<usize> =
///     greenlets.map(|line| line.len() - line.trim_start().len()).collect();
/// assert_eq!(further_in, [0, 2, 4]);
/// assert!(text.contains("\n  #0 "), "the root waits, and has a stack");
/// ```
pub fn format_run_info() -> String {
    format(true)
}

/// [`format_run_info`] without the stacks: a line for each greenlet.
///
/// gevent: `gevent.util.GreenletTree.current_tree().format()`.
///
/// ```
/// let tree = geventrs::spawn(geventrs::util::format_tree).get().unwrap();
/// assert_eq!(tree.lines().count(), 2);
/// ```
pub fn format_tree() -> String {
    format(false)
}

fn format(stacks: bool) -> String {
    let all = all();
    let mut text = String::new();
    let alive: BTreeSet<u32> = all.iter().map(|(info, _)| info.id).collect();
    let mut children: BTreeMap<u32, Vec<&(Info, &'static Control)>> = BTreeMap::new();
    // Depth first, without recursion: there may be a million in a row.
    let mut rest: Vec<(usize, &(Info, &'static Control))> = Vec::new();
    for one in all.iter().rev() {
        let parent = one.0.parent_id;
        match alive.contains(&parent) && parent != one.0.id {
            true => children.entry(parent).or_default().push(one),
            false => rest.push((0, one)),
        }
    }
    while let Some((depth, (info, g))) = rest.pop() {
        let waits_for = if info.is_current { "nothing, it runs" } else { &info.waits_for };
        let (indent, id, name) = (2 * depth, info.id, &info.name);
        let _ = writeln!(text, "{:indent$}<Greenlet \"{name}\" {id}> waits for {waits_for}", "");
        if stacks {
            stack(info, g, indent + 2, &mut text);
        }
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
