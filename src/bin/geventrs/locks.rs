//! `geventrs locks`: who holds a lock that others wait for.

use crate::backtrace::Reader;
use crate::colours::Colours;
use crate::processes::{self, number, Greenlet, Process, Question};
use crate::words::{foreign, name, span};
use crate::{print, Failure, SUCCEEDED};
use clap::Args;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;

/// List the locks that greenlets wait for: who holds each, who waits, where
///
/// Mutexes, read-write locks, condition variables, semaphores, barriers and
/// futex words. The holder is known of mutexes, and of read-write locks that are
/// held for writing; of those that are read, and when and where a lock was taken, if the
/// program was started with --deadlock, --report, --trace or --timeline. Cycles of locks, which
/// are deadlocks, come first.
#[derive(Args)]
#[command(after_help = "Exit codes: 0, 2 usage, 3 the process cannot be asked.")]
pub struct Locks {
    /// A process id
    pid: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Waiters that are shown of each lock.
const MOST_SHOWN: usize = 10;

/// One lock.
struct Lock<'a> {
    kind: String,
    address: u64,
    variable: Option<String>,
    owner: Option<u32>,
    /// In words, who is no greenlet of the process.
    holder: Option<String>,
    /// How long ago that has taken it, and where, if it was noted.
    taken: Option<(u64, String)>,
    /// The longest-waiting first.
    waiters: Vec<&'a Greenlet>,
}

impl Locks {
    pub fn execute(self) -> Result<u8, Failure> {
        let question = Question { stacks: true, limit: None };
        let process = processes::ask(self.pid, question)?;
        let mut reader = Reader::new(&process);
        let locks = locks(&process, &mut reader);
        let cycle = cycle(&process);
        if self.json {
            print(&format!("{:#}\n", to_json(&process, &mut reader, &locks, &cycle)))?;
        } else {
            print(&text(&process, &mut reader, &locks, &cycle, Colours::of_stdout()))?;
        }
        Ok(SUCCEEDED)
    }
}

fn locks<'a>(process: &'a Process, reader: &mut Reader) -> Vec<Lock<'a>> {
    let mut by_address: BTreeMap<u64, Lock> = BTreeMap::new();
    for g in &process.greenlets {
        let Some(r) = g.reason.as_ref() else { continue };
        let Some(address) = number(&r.address) else { continue };
        let lock = by_address.entry(address).or_insert_with(|| Lock {
            kind: match r.kind.as_str() {
                "read lock" | "write lock" => "read-write lock".to_owned(),
                "condition" => "condition variable".to_owned(),
                "section" => r.words.clone(),
                kind => kind.to_owned(),
            },
            address,
            variable: reader.variable(address),
            owner: None,
            holder: r.holder.map(|holder| foreign(r, holder)),
            taken: None,
            waiters: Vec::new(),
        });
        lock.owner = lock.owner.or(r.owner);
        if let (Some(ns), None) = (g.taken_ns, &lock.taken) {
            lock.taken = Some((ns, reader.chain(&g.taken_at)));
        }
        lock.waiters.push(g);
    }
    let mut locks: Vec<_> = by_address.into_values().collect();
    for lock in &mut locks {
        lock.waiters.sort_by_key(|g| std::cmp::Reverse(g.for_ns));
    }
    // The most wanted first, and those whose holder can be blamed.
    locks.sort_by_key(|l| (l.owner.is_none(), std::cmp::Reverse(l.waiters.len())));
    locks
}

/// Greenlets that wait for each other in a ring.
fn cycle(process: &Process) -> Vec<u32> {
    let next = |id: u32| process.greenlet(id)?.reason.as_ref()?.owner;
    for g in &process.greenlets {
        let mut path = vec![g.id];
        while let Some(owner) = next(path[path.len() - 1]) {
            if let Some(from) = path.iter().position(|&id| id == owner) {
                return path.split_off(from);
            }
            path.push(owner);
        }
    }
    Vec::new()
}

/// Where a greenlet is, in the program.
fn place(reader: &mut Reader, g: &Greenlet) -> String {
    let calls = reader.stack(g);
    let in_program = calls.iter().find(|c| c.frame.line.is_some());
    let call = in_program.or(calls.get(1)).or(calls.first());
    call.map_or(String::new(), |c| format!(" in {c}"))
}

fn text(
    process: &Process,
    reader: &mut Reader,
    locks: &[Lock],
    cycle: &[u32],
    colours: Colours,
) -> String {
    let mut text = String::new();
    if !cycle.is_empty() {
        text += &colours.alarm(&format!("deadlock: {}", ring(process, cycle)));
        text += "\n\n";
    }
    for lock in locks {
        let variable = lock.variable.as_ref().map_or(String::new(), |v| format!(" ({v})"));
        text += &colours.strong(&format!("{} {:#x}{variable}", lock.kind, lock.address));
        text.push('\n');
        if let Some(owner) = lock.owner {
            let _ = write!(text, "  held by {}", name(process, owner));
            if process.has_ended(owner) {
                text += ", which has ended: it releases nothing any more";
            } else if let Some(g) = process.greenlet(owner) {
                let _ = write!(text, ", which {}{}", g.state, place(reader, g));
            }
            text.push('\n');
            if let Some((ns, at)) = &lock.taken {
                let _ = writeln!(text, "    taken {} ago in {at}", span(*ns));
            }
        }
        if let (None, Some(holder)) = (lock.owner, &lock.holder) {
            let _ = writeln!(text, "  held by {holder}");
        }
        for g in lock.waiters.iter().take(MOST_SHOWN) {
            let how_long = g.for_ns.map_or(String::new(), |ns| format!(" for {}", span(ns)));
            let _ = writeln!(text, "  {} waits{how_long}{}", name(process, g.id), place(reader, g));
        }
        if lock.waiters.len() > MOST_SHOWN {
            let _ = writeln!(text, "  and {} more wait", lock.waiters.len() - MOST_SHOWN);
        }
        text.push('\n');
    }
    if locks.is_empty() {
        text += "nobody waits for a lock\n";
    }
    text
}

/// `7 "a" waits for 8 "b" waits for 7 "a"`.
pub fn ring(process: &Process, cycle: &[u32]) -> String {
    let names = cycle.iter().chain(cycle.first()).map(|&id| name(process, id));
    names.collect::<Vec<_>>().join(" waits for ")
}

fn to_json(
    process: &Process,
    reader: &mut Reader,
    locks: &[Lock],
    cycle: &[u32],
) -> serde_json::Value {
    let list: Vec<_> = locks
        .iter()
        .map(|l| {
            let waiters: Vec<_> = l
                .waiters
                .iter()
                .map(|g| json!({ "id": g.id, "name": g.name, "for_ns": g.for_ns, "at": place(reader, g).trim() }))
                .collect();
            json!({
                "kind": l.kind,
                "address": format!("{:#x}", l.address),
                "variable": l.variable,
                "owner": l.owner,
                "owner_has_ended": l.owner.is_some_and(|owner| process.has_ended(owner)),
                "holder": l.holder,
                "taken_ns": l.taken.as_ref().map(|t| t.0),
                "taken_at": l.taken.as_ref().map(|t| &t.1),
                "waiters": waiters,
            })
        })
        .collect();
    json!({ "schema": 1, "pid": process.pid, "deadlock": cycle, "locks": list })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processes::Reason;

    fn waiting(id: u32, owner: Option<u32>) -> Greenlet {
        let reason = Reason { owner, address: Some("0x10".into()), ..Reason::default() };
        Greenlet { id, reason: Some(reason), ..Greenlet::default() }
    }

    #[test]
    fn rings_are_found_behind_those_who_only_wait() {
        let greenlets = vec![waiting(1, Some(2)), waiting(2, Some(3)), waiting(3, Some(2))];
        let process = Process { greenlets, ..Process::default() };
        assert_eq!(cycle(&process), [2, 3]);
        let greenlets = vec![waiting(1, Some(2)), waiting(2, None)];
        assert!(cycle(&Process { greenlets, ..Process::default() }).is_empty());
    }
}
