//! `geventrs report`: where a program has waited, on whom, for how long.

use super::file::{self, Life, ReportFile, Source, Waiting};
use super::stacks::{self, Stacks};
use super::table::{time, Table};
use crate::{print, Failure, FAILED};
use clap::Args;
use serde_json::{json, Value};
use std::collections::HashMap;

/// Show where a program has waited: reads a file of GEVENTRS_REPORT, or asks a process
///
/// `geventrs report --now 4711 --for 10s` works on any process under the library, however it
/// was started.
#[derive(Args)]
pub struct Report {
    #[command(flatten)]
    source: Source,
    /// Print everything as JSON, with functions, files and lines
    #[arg(long, conflicts_with = "folded")]
    json: bool,
    /// Print stacks of waiting, a line each, as flamegraph.pl and inferno take them
    /// (in microseconds)
    #[arg(long)]
    folded: bool,
    /// Rows of each table
    #[arg(long, value_name = "ROWS", default_value_t = 15)]
    top: usize,
    /// Frames of each stack
    #[arg(long, value_name = "FRAMES", default_value_t = 4)]
    depth: usize,
}

impl Report {
    pub fn execute(self) -> Result<(), Failure> {
        let mut report = file::report(&self.source)?;
        let modules = std::mem::take(&mut report.modules);
        let mut stacks = Stacks::new(modules, &report.places);
        if self.json {
            let text = serde_json::to_string_pretty(&document(&report, &mut stacks));
            let text = text.map_err(|e| Failure::new(FAILED, e))?;
            return print(&(text + "\n"));
        }
        if self.folded {
            return print(&folded(&report, &stacks));
        }
        let text = Text { report: &report, stacks, top: self.top, depth: self.depth.max(1) };
        print(&text.all())
    }
}

/// The file's members, with named stacks in the places of addresses.
fn document(report: &ReportFile, stacks: &mut Stacks) -> Value {
    let places: Vec<Value> = report
        .places
        .iter()
        .map(|p| json!({"id": p.id, "call": p.call, "stack": stacks.place(p.id).1}))
        .collect();
    let greenlets: Vec<Value> = report
        .greenlets
        .iter()
        .map(|l| {
            let mut value = json!(l);
            value["start"] = json!(l.start.as_ref().and_then(|f| stacks.entry(f)));
            value
        })
        .collect();
    let hogs: Vec<Value> = report
        .hogs
        .iter()
        .map(|h| {
            let stack = stacks.name_all(&h.frames);
            json!({
                "greenlet": h.greenlet,
                "name": h.name,
                "span": h.span,
                "looks": h.looks,
                "blocked": h.blocked,
                "blocked_in": h.blocked_in(),
                "stack": stack,
            })
        })
        .collect();
    let outside: Vec<Value> = report
        .blocked_outside
        .iter()
        .map(
            |o| json!({"times": o.times, "stack": stacks.name_all(std::slice::from_ref(&o.frame))}),
        )
        .collect();
    json!({
        "pid": report.pid,
        "state": report.state,
        "span": report.span,
        "command": report.command,
        "run_queue": report.run_queue,
        "waits": report.waits,
        "waiting": report.waiting,
        "greenlets": greenlets,
        "locks": report.locks,
        "hogs": hogs,
        "blocked_outside": outside,
        "places": places,
    })
}

fn folded(report: &ReportFile, stacks: &Stacks) -> String {
    let mut text = String::new();
    for wait in &report.waits {
        let (call, stack) = stacks.place(wait.place);
        for frame in stack.iter().rev() {
            text += &frame.word();
            text.push(';');
        }
        if !call.is_empty() {
            text += call;
            text.push(';');
        }
        text += &format!("[{}] {}\n", wait.why.replace(' ', "_"), wait.waits.total / 1000);
    }
    text
}

/// What those wait for on whom `first` waits, one after the other: to somebody who waits for
/// nobody in particular, or round in a circle.
fn chain(first: &Waiting, all: &[Waiting], names: &HashMap<u32, &str>) -> Option<String> {
    /// Longer chains are cut off: who is interested looks at the other rows.
    const MOST: usize = 8;
    let mut seen = vec![first.greenlet];
    let mut text = String::new();
    let mut next = first.on.greenlet;
    loop {
        if next == 0 {
            break;
        }
        let name = names.get(&next).copied().unwrap_or("?");
        if seen.contains(&next) {
            let whom = match next == first.greenlet {
                true => "this one".to_owned(),
                false => format!("{name} ({next}) again"),
            };
            let circle = seen.iter().skip_while(|id| **id != next);
            let what = match circle
                .clone()
                .all(|id| all.iter().any(|w| w.greenlet == *id && w.is_endless()))
            {
                true => "a deadlock",
                false => "a circle",
            };
            text += &format!(", which waits for {whom}: {what}");
            break;
        }
        let subject = match text.is_empty() {
            true => format!("{name} ({next})"),
            false => format!(", which waits for {name} ({next})"),
        };
        let Some(w) = all.iter().find(|w| w.greenlet == next) else {
            // It was not waiting.
            if !text.is_empty() {
                text += &subject;
            }
            break;
        };
        text += &subject;
        seen.push(next);
        if w.on.greenlet == 0 {
            text += &format!(", which waits in {}", w.example);
            break;
        }
        if seen.len() > MOST {
            text += ", and so on";
            break;
        }
        next = w.on.greenlet;
    }
    (!text.is_empty()).then(|| format!("waits for {text}"))
}

/// The report for people.
struct Text<'a> {
    report: &'a ReportFile,
    stacks: Stacks,
    top: usize,
    depth: usize,
}

impl Text<'_> {
    fn all(mut self) -> String {
        let mut text = self.head();
        text += &self.waiting();
        text += &self.places();
        text += &self.greenlets();
        text += &self.locks();
        text += &self.hogs();
        text += &self.outside();
        text
    }

    fn head(&self) -> String {
        let r = self.report;
        let waited: u64 = r.waits.iter().map(|w| w.waits.total).sum();
        let times: u64 = r.waits.iter().map(|w| w.waits.count).sum();
        let ran: u64 = r.greenlets.iter().map(|l| l.runs.total).sum();
        let greenlets: u64 = r.greenlets.iter().map(|l| l.greenlets).sum();
        let q = &r.run_queue;
        format!(
            "{} (process {}, {} after {})\n{} greenlets waited {} in {} waits{} and ran {}; \
             {} turns in the run queue: p50 {}, p99 {}, longest {}\n",
            r.command.join(" "),
            r.pid,
            match r.state.as_str() {
                "running" => "looked at".into(),
                state => format!("ended by {state}"),
            },
            time(r.span),
            greenlets,
            time(waited),
            times,
            match r.waiting.len() {
                0 => String::new(),
                1 => " (1 still waits)".to_owned(),
                n => format!(" ({n} still wait)"),
            },
            time(ran),
            q.count,
            time(q.p50),
            time(q.p99),
            time(q.longest),
        )
    }

    /// A table under its title, with a line on the rows that it does not show.
    fn section(&self, title: &str, table: &Table, all: usize) -> String {
        if table.is_empty() {
            return String::new();
        }
        let mut text = format!("\n{title}\n{}", table.text());
        if all > self.top {
            text += &format!("({} more: --top)\n", all - self.top);
        }
        text
    }

    /// Waits that were going on: what a program that hangs waits for.
    fn waiting(&self) -> String {
        let names = self.names();
        let mut waiting: Vec<_> = self.report.waiting.iter().collect();
        waiting.sort_by_key(|w| std::cmp::Reverse(w.span));
        let mut table = Table::new(&["since", "greenlet", "for what, where"]);
        for w in waiting.iter().take(self.top) {
            let name = names.get(&w.greenlet).copied().unwrap_or("?");
            let mut below = match self.stacks.place(w.place).1 {
                [] => Vec::new(),
                _ => vec![format!("at {}", self.stacks.line(w.place, self.depth))],
            };
            below.extend(self.holder(w, &names));
            below.extend(chain(w, &self.report.waiting, &names));
            let who = format!("{name} ({})", w.greenlet);
            table.row(vec![time(w.span), who, w.example.clone()], below);
        }
        self.section("Still waiting", &table, waiting.len())
    }

    /// Who holds what is waited for.
    fn holder(&self, w: &Waiting, names: &HashMap<u32, &str>) -> Option<String> {
        if w.on.greenlet == 0 || w.why == "join" {
            return None;
        }
        let name = names.get(&w.on.greenlet).copied().unwrap_or("?");
        let mut text = format!("held by {name} ({})", w.on.greenlet);
        if self
            .report
            .greenlets
            .iter()
            .any(|l| l.id == w.on.greenlet && l.greenlets <= 1 && l.ended)
        {
            text += ", which has ended,";
        }
        if w.held != 0 {
            text += &format!(" for {}", time(w.held));
        }
        if w.on.place != 0 {
            text += &format!(", taken at {}", self.stacks.line(w.on.place, self.depth));
        }
        Some(text)
    }

    fn names(&self) -> HashMap<u32, &str> {
        self.report.greenlets.iter().map(|l| (l.id, l.name.as_str())).collect()
    }

    fn places(&self) -> String {
        let mut waits: Vec<_> = self.report.waits.iter().collect();
        waits.sort_by_key(|w| std::cmp::Reverse(w.waits.total));
        let mut table = Table::new(&["total", "waits", "p50", "p99", "longest", "for what, where"]);
        for w in waits.iter().take(self.top) {
            let mut below = vec![format!("at {}", self.stacks.line(w.place, self.depth))];
            if w.delayed > w.waits.total / 4 && w.delayed > 1_000_000 {
                below.push(format!("then {} in the run queue, in all", time(w.delayed)));
            }
            table.row(
                vec![
                    time(w.waits.total),
                    w.waits.count.to_string(),
                    time(w.waits.p50),
                    time(w.waits.p99),
                    time(w.waits.longest),
                    w.example.clone(),
                ],
                below,
            );
        }
        self.section("Where it waited (the call is that of the longest wait)", &table, waits.len())
    }

    fn greenlets(&mut self) -> String {
        let mut lives: Vec<&Life> = self.report.greenlets.iter().collect();
        lives.sort_by_key(|l| std::cmp::Reverse(l.waits.total + l.runs.total + l.queued.total));
        let headings =
            ["waited", "waits", "longest", "ran", "longest", "queued", "longest", "greenlet"];
        let mut table = Table::new(&headings);
        for l in lives.iter().take(self.top) {
            let who = match l.greenlets {
                0 | 1 => format!("{} ({})", l.name, l.id),
                n => format!("{n} greenlets, such as {} ({})", l.name, l.id),
            };
            let mut kinds: Vec<_> = l.by_why.iter().collect();
            kinds.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.total));
            let kinds: Vec<String> = kinds
                .iter()
                .take(4)
                .map(|(why, sum)| format!("{why} {}", time(sum.total)))
                .collect();
            let mut below = vec![kinds.join(", ")];
            if let Some(start) = &l.start {
                let routine = self.stacks.entry(start).map_or_else(String::new, |f| f.routine());
                let mut origin = format!("runs {routine}");
                if l.creator.place != 0 {
                    origin += &format!(", made by {}", self.stacks.caller(l.creator.place));
                }
                below.push(origin);
            }
            below.retain(|line| !line.is_empty());
            table.row(
                vec![
                    time(l.waits.total),
                    l.waits.count.to_string(),
                    time(l.waits.longest),
                    time(l.runs.total),
                    time(l.runs.longest),
                    time(l.queued.total),
                    time(l.queued.longest),
                    who,
                ],
                below,
            );
        }
        self.section("Who waited", &table, lives.len())
    }

    fn locks(&self) -> String {
        let names = self.names();
        let mut locks: Vec<_> = self.report.locks.iter().collect();
        locks.sort_by_key(|l| std::cmp::Reverse(l.waits.total));
        let mut table = Table::new(&["total", "waits", "longest", "lock"]);
        for l in locks.iter().take(self.top) {
            let holder = match l.holder_greenlet {
                0 => "nobody that was seen taking it".to_string(),
                id => {
                    let name = names.get(&id).copied().unwrap_or("?");
                    let place = match l.holder {
                        0 => "by which call was not seen".to_string(),
                        at => format!("taken at {}", self.stacks.line(at, self.depth)),
                    };
                    format!("{name} ({id}) at the longest wait, {place}")
                }
            };
            table.row(
                vec![
                    time(l.waits.total),
                    l.waits.count.to_string(),
                    time(l.waits.longest),
                    format!("{} {:#x}", l.why, l.lock),
                ],
                vec![
                    format!("wanted at {}", self.stacks.line(l.waiter, self.depth)),
                    format!("held by {holder}"),
                ],
            );
        }
        self.section("Contended locks, by who wanted and who held them", &table, locks.len())
    }

    fn hogs(&mut self) -> String {
        let mut table = Table::new(&["time", "greenlet"]);
        for hog in self.report.hogs.iter().take(self.top) {
            let stack = self.stacks.name_all(&hog.frames);
            let stack = if stack.is_empty() {
                "(its stack could not be had)".into()
            } else {
                format!("in {}", stacks::line(&stack, self.depth))
            };
            let who = format!("{} ({})", hog.name, hog.greenlet);
            let mut below = vec![stack];
            if let Some(call) = hog.blocked_in() {
                let share = 100 * u64::from(hog.blocked) / u64::from(hog.looks);
                below.push(format!(
                    "no run: blocked in {call}, past the library, for about {share} % of it"
                ));
            }
            table.row(vec![time(hog.span), who], below);
        }
        let title = "Longest runs without a wait";
        self.section(title, &table, self.report.hogs.len())
    }

    fn outside(&mut self) -> String {
        let mut table = Table::new(&["times", "blocked in the kernel, in no hooked call"]);
        for o in self.report.blocked_outside.iter().take(self.top) {
            let stack = self.stacks.name_all(std::slice::from_ref(&o.frame));
            table.row(vec![o.times.to_string(), stacks::line(&stack, 1)], Vec::new());
        }
        let title = "Blocked where no hook is (each time for at least a slice)";
        self.section(title, &table, self.report.blocked_outside.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::file::At;

    fn waits(greenlet: u32, on: u32) -> Waiting {
        Waiting {
            greenlet,
            place: 1,
            why: "mutex".into(),
            example: format!("call {greenlet}"),
            span: 1,
            on: At { greenlet: on, place: 0 },
            held: 0,
        }
    }

    #[test]
    fn chains_of_owners_end_at_somebody_or_are_circles() {
        let names = HashMap::from([(1, "a"), (2, "b"), (3, "c"), (4, "d")]);
        let of = |first: usize, all: &[Waiting]| chain(&all[first], all, &names);
        // 1 waits for 2, which waits for 3, which waits for a descriptor.
        let all = [waits(1, 2), waits(2, 3), waits(3, 0)];
        let text = "waits for b (2), which waits for c (3), which waits in call 3";
        assert_eq!(of(0, &all).unwrap(), text);
        assert_eq!(of(2, &all), None);
        // 2 runs: the row says who it is, and there is no more.
        assert_eq!(of(0, &[waits(1, 2)]), None);
        let all = [waits(1, 2), waits(2, 3)];
        assert_eq!(of(0, &all).unwrap(), "waits for b (2), which waits for c (3)");
        // Circles, from within and from without.
        let all = [waits(1, 2), waits(2, 1), waits(4, 1)];
        assert_eq!(of(0, &all).unwrap(), "waits for b (2), which waits for this one: a deadlock");
        let text =
            "waits for a (1), which waits for b (2), which waits for a (1) again: a deadlock";
        assert_eq!(of(2, &all).unwrap(), text);
        // A time-out ends one.
        let timed = Waiting { example: "pthread_mutex_timedlock(0x1, 0x2)".into(), ..waits(2, 1) };
        let all = [waits(1, 2), timed];
        assert_eq!(of(0, &all).unwrap(), "waits for b (2), which waits for this one: a circle");
        // Long ones are cut off.
        let all: Vec<_> = (1..50).map(|n| waits(n, n + 1)).collect();
        assert!(of(0, &all).unwrap().ends_with(", and so on"));
    }
}
