//! `geventrs ps`: processes under the library, and the greenlets of one.

use crate::backtrace::Reader;
use crate::colours::Colours;
use crate::columns::Table;
use crate::outside::End;
use crate::processes::{self, number, Polled, Process, Question};
use crate::words::{bytes, reason, span, system_call};
use crate::{print, Failure, NOTHING, SUCCEEDED};
use clap::Args;
use serde_json::json;

/// List greenlets: what each waits for, on whom, for how long
///
/// Without PID, list the processes that run under the library. The process is
/// asked over its control socket; it is not stopped, and notices nothing.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  geventrs ps\n  geventrs ps 4711\n  geventrs ps --json 4711\n\n\
    States: `runs` and `computes` use a processor (the latter on an OS thread of its own),\n\
    `runnable` waits for its turn, `waits` for what is told, `blocked` is in a call that only\n\
    the kernel can wait for, or that goes past the library, `ended` was not joined. CPU is sampled.\n\
    Exit codes: 0, 1 nothing to list, 2 usage, 3 the process cannot be asked."
)]
pub struct Ps {
    /// A process id
    pid: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Greenlets that are listed, at most
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    limit: usize,
}

impl Ps {
    pub fn execute(self) -> Result<u8, Failure> {
        match self.pid {
            Some(pid) => self.one(pid),
            None => self.all(),
        }
    }

    fn one(&self, pid: u32) -> Result<u8, Failure> {
        let question = Question { stacks: false, limit: Some(self.limit) };
        let process = processes::ask(pid, question)?;
        if self.json {
            print(&format!("{:#}\n", to_json(&process)))?;
        } else {
            let colours = Colours::of_stdout();
            let mut text = head(&process, colours);
            text += &lines(&process, colours).join("\n");
            text.push('\n');
            if process.left_out != 0 {
                text += &format!("and {} more (--limit)\n", process.left_out);
            }
            print(&text)?;
        }
        Ok(SUCCEEDED)
    }

    fn all(&self) -> Result<u8, Failure> {
        let found = processes::all(Question { stacks: false, limit: Some(self.limit) });
        if self.json {
            let list: Vec<_> = found.iter().map(to_json).collect();
            print(&format!("{:#}\n", json!({ "processes": list })))?;
        } else if !found.is_empty() {
            let colours = Colours::of_stdout();
            let mut table =
                Table::new(&[">PID", "PROGRAM", ">GREENLETS", ">BUSY", ">BLOCKED", ">WAIT"]);
            for p in &found {
                let count = |states: &[&str]| {
                    let some = p.greenlets.iter().filter(|g| states.contains(&g.state.as_str()));
                    some.count().to_string()
                };
                table.add(vec![
                    p.pid.to_string(),
                    p.name.clone(),
                    p.live.to_string(),
                    count(&["runs", "computes", "runnable"]),
                    count(&["blocked"]),
                    count(&["waits"]),
                ]);
            }
            let lines = table.lines(|row, _, cell| match row {
                0 => colours.strong(&cell),
                _ => cell,
            });
            print(&(lines.join("\n") + "\n"))?;
        }
        if found.is_empty() {
            if !self.json {
                eprintln!("geventrs: no process of yours runs under geventrs with several threads");
            }
            return Ok(NOTHING);
        }
        Ok(SUCCEEDED)
    }
}

/// One line about the process.
pub fn head(process: &Process, colours: Colours) -> String {
    let p = process;
    colours.strong(&format!(
        "{} {}: {} greenlets, {} switches, {} OS threads to run them",
        p.pid, p.name, p.live, p.switches, p.carriers
    )) + "\n"
}

/// A table of the greenlets.
pub fn lines(process: &Process, colours: Colours) -> Vec<String> {
    let mut table = Table::new(&[
        ">ID",
        "NAME",
        "RUNS",
        "STATE",
        ">FOR",
        ">SWITCHES",
        ">CPU",
        ">STACK",
        "WAITS FOR",
    ]);
    let mut reader = Reader::new(process);
    for g in &process.greenlets {
        table.add(vec![
            g.id.to_string(),
            g.name.clone(),
            number(&g.entry).and_then(|at| reader.routine(at)).unwrap_or_default(),
            g.state.clone(),
            g.for_ns.map_or(String::new(), span),
            g.switches.to_string(),
            if g.cpu_ns == 0 { String::new() } else { span(g.cpu_ns) },
            g.stack_used.map_or(String::new(), bytes),
            reason(process, g, &mut |at| reader.variable(at)),
        ]);
    }
    let mut lines = table.lines(|row, column, cell| match (row, column) {
        (0, _) => colours.strong(&cell),
        (_, 3) => colours.state(&cell),
        _ => cell,
    });
    lines.extend(standings(process));
    lines
}

/// Who runs on OS threads of his own kind, for what the kernel keeps of each: a line, if any do.
fn standings(process: &Process) -> Option<String> {
    let mut by_standing = std::collections::BTreeMap::<u32, Vec<String>>::new();
    for g in &process.greenlets {
        if let Some(standing) = g.standing {
            by_standing.entry(standing).or_default().push(g.id.to_string());
        }
    }
    let groups: Vec<_> = by_standing.values().map(|ids| ids.join(" ")).collect();
    (!groups.is_empty()).then(|| {
        format!(
            "with attributes of their own, on OS threads that have them: {}\n",
            groups.join(", ")
        )
    })
}

/// Who has the other ends, as `--json` has it.
fn ends(all: &[End]) -> Option<serde_json::Value> {
    let end = |e: &End| {
        json!({
            "pid": e.pid,
            "name": e.name,
            "fd": e.fd,
            "accepted": !e.pending,
            "greenlet": e.greenlet,
        })
    };
    (!all.is_empty()).then(|| all.iter().map(end).collect())
}

/// One of several descriptors, as `--json` has it.
fn polled(p: &Polled) -> serde_json::Value {
    json!({
        "fd": p.fd,
        "write": p.write,
        "disarmed": p.disarmed,
        "gone": p.gone,
        "peer": p.peer,
        "local": p.local,
        "file": p.file,
        "ends": ends(&p.ends),
    })
}

/// The process as `--json` has it.
fn to_json(process: &Process) -> serde_json::Value {
    let mut reader = Reader::new(process);
    let greenlets: Vec<_> = process
        .greenlets
        .iter()
        .map(|g| {
            let r = g.reason.as_ref();
            json!({
                "id": g.id,
                "name": g.name,
                "runs": number(&g.entry).and_then(|at| reader.routine(at)),
                "state": g.state,
                "for_ns": g.for_ns,
                "left_ns": g.left_ns,
                "switches": g.switches,
                "cpu_ns": g.cpu_ns,
                "stack_size": g.stack_size,
                "stack_used": g.stack_used,
                "creator": g.creator,
                "os_thread": g.tid,
                "standing": g.standing,
                "waits_for": r.map(|_| reason(process, g, &mut |at| reader.variable(at))),
                "kind": r.map(|r| &r.kind),
                "call": r.and_then(|r| r.call.map(system_call)),
                "computed_ns": g.computed_ns,
                "fd": r.and_then(|r| r.fd),
                "peer": r.and_then(|r| r.peer.as_ref()),
                "local": r.and_then(|r| r.local.as_ref()),
                "file": r.and_then(|r| r.file.as_ref()),
                "ends": r.and_then(|r| ends(&r.ends)),
                "fds": r.and_then(|r| r.fds),
                "polled": r.filter(|r| r.fds.is_some()).map(|r| {
                    r.polled.iter().map(polled).collect::<Vec<_>>()
                }),
                "address": r.and_then(|r| number(&r.address)).map(|a| format!("{a:#x}")),
                "owner": r.and_then(|r| r.owner.or(r.thread)),
            })
        })
        .collect();
    json!({
        "schema": 1,
        "pid": process.pid,
        "name": process.name,
        "live": process.live,
        "switches": process.switches,
        "carriers": process.carriers,
        "left_out": process.left_out,
        "greenlets": greenlets,
    })
}
