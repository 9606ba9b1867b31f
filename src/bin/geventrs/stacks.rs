//! `geventrs stacks`: the stack of every greenlet of a process.

use crate::backtrace::{Call, Reader};
use crate::colours::Colours;
use crate::crate_frames;
use crate::processes::{self, number, Greenlet, Process, Question};
use crate::symbols::Frame;
use crate::words::{name, reason, span};
use crate::{print, Failure, NOTHING, SUCCEEDED};
use clap::Args;
use serde_json::json;
use std::fmt::Write;

/// Print the stack of every greenlet, with functions, files and lines
///
/// Lines are there where the program has debugging information (of its own, or
/// in /usr/lib/debug). The process is not stopped.
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0, 1 no such greenlet, 2 usage, 3 the process cannot be asked."
)]
pub struct Stacks {
    /// A process id
    pid: u32,
    /// Only these greenlets: ids, or names
    #[arg(value_name = "GREENLET")]
    only: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Greenlets that are shown, at most
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    limit: usize,
}

impl Stacks {
    pub fn execute(self) -> Result<u8, Failure> {
        let question = Question { stacks: true, limit: Some(self.limit) };
        let process = processes::ask(self.pid, question)?;
        let wanted = |g: &Greenlet| {
            self.only.is_empty() || self.only.iter().any(|o| *o == g.name || *o == g.id.to_string())
        };
        let chosen: Vec<_> = process.greenlets.iter().filter(|g| wanted(g)).cloned().collect();
        if chosen.is_empty() {
            return Err(Failure::new(NOTHING, format!("{}: no such greenlet", self.pid)));
        }
        let mut reader = Reader::new(&process);
        if self.json {
            let list: Vec<_> = chosen.iter().map(|g| to_json(&process, &mut reader, g)).collect();
            let whole = json!({
                "schema": 1,
                "pid": process.pid,
                "name": process.name,
                "left_out": process.left_out,
                "greenlets": list,
            });
            print(&format!("{whole:#}\n"))?;
            return Ok(SUCCEEDED);
        }
        let colours = Colours::of_stdout();
        let mut text = String::new();
        for g in &chosen {
            text += &greenlet(&process, &mut reader, g, colours);
            text.push('\n');
        }
        if process.left_out != 0 {
            let _ = writeln!(text, "and {} more (--limit)", process.left_out);
        }
        print(&text)?;
        Ok(SUCCEEDED)
    }
}

/// A greenlet: what it does, who made it, its stack.
pub fn greenlet(process: &Process, reader: &mut Reader, g: &Greenlet, colours: Colours) -> String {
    let mut text = colours.strong(&format!("greenlet {} \"{}\"", g.id, g.name));
    let _ = write!(text, " {}", colours.state(&g.state));
    if let Some(ns) = g.for_ns {
        let _ = write!(text, " for {}", span(ns));
    }
    let why = reason(process, g, &mut |at| reader.variable(at));
    if !why.is_empty() {
        let _ = write!(text, ": {why}");
    }
    text.push('\n');
    if let Some(made) = made(process, reader, g) {
        let _ = writeln!(text, "  {}", colours.faint(&made));
    }
    let taken = reader.chain(&g.taken_at);
    if !taken.is_empty() {
        let ago = g.taken_ns.map_or(String::new(), |ns| format!(" {} ago", span(ns)));
        let _ = writeln!(text, "  {}", colours.faint(&format!("taken{ago} in {taken}")));
    }
    let calls = reader.stack(g);
    for (n, call) in calls.iter().enumerate() {
        let _ = writeln!(text, "  #{n} {call}");
    }
    if calls.is_empty() {
        let _ = writeln!(text, "  {}", colours.faint("(no stack to be had)"));
    }
    text
}

/// Where it comes from.
fn made(process: &Process, reader: &mut Reader, g: &Greenlet) -> Option<String> {
    let mut creator = name(process, g.creator?);
    let at = reader.chain(&g.made_at);
    if !at.is_empty() {
        creator += &format!(" in {at},");
    }
    let entry = number(&g.entry).and_then(|at| reader.function(at));
    Some(match entry {
        // The entry is an address, not a place in the function.
        Some(Frame { function: Some(f), .. }) if crate_frames::spawned(&f).is_some() => {
            let spawned = crate_frames::spawned(&f).unwrap_or_default();
            format!("made by {creator} to run {spawned}")
        }
        Some(f) => {
            let place = match (&f.file, f.line) {
                (Some(file), Some(line)) => format!(" at {file}:{line}"),
                _ => String::new(),
            };
            format!("made by {creator} to run {}{place}", f.function.unwrap_or_default())
        }
        None => match number(&g.entry).and_then(|at| reader.routine(at)) {
            Some(routine) => format!("made by {creator} to run {routine}"),
            None => format!("made by {}", creator.trim_end_matches(',')),
        },
    })
}

fn to_json(process: &Process, reader: &mut Reader, g: &Greenlet) -> serde_json::Value {
    let calls: Vec<_> = reader
        .stack(g)
        .iter()
        .map(|Call { address, module, behind, frame }| {
            json!({
                "address": format!("{address:#x}"),
                "module": module,
                "module_address": behind.map(|at| format!("{at:#x}")),
                "offset": frame.offset,
                "function": frame.function,
                "file": frame.file,
                "line": frame.line,
                "inlined": frame.inlined,
            })
        })
        .collect();
    json!({
        "id": g.id,
        "name": g.name,
        "state": g.state,
        "for_ns": g.for_ns,
        "creator": g.creator,
        "waits_for": g.reason.as_ref().map(|_| reason(process, g, &mut |at| reader.variable(at))),
        "stack": calls,
    })
}
