//! `geventrs timeline`: the longest waits of a timeline, and a page to look at it.

use super::file::{self, Event, Source};
use super::page;
use super::stacks::Stacks;
use super::table::{time, Table};
use crate::{print, Failure, FAILED};
use clap::Args;
use std::collections::HashMap;
use std::path::PathBuf;

/// Show who ran and waited when: reads a file of GEVENTRS_TIMELINE, or asks a process
///
/// Without --html it prints the longest waits. The file itself can be opened in
/// ui.perfetto.dev and chrome://tracing.
#[derive(Args)]
pub struct Timeline {
    #[command(flatten)]
    source: Source,
    /// Write a page with the lanes of all greenlets, zoom and search; it needs nothing
    /// but a browser
    #[arg(long, value_name = "PAGE")]
    html: Option<PathBuf>,
    /// Rows of the table
    #[arg(long, value_name = "ROWS", default_value_t = 20)]
    top: usize,
}

/// Whether an event is a wait of a greenlet.
pub fn is_wait(e: &Event) -> bool {
    e.ph == "X" && e.pid == 1 && !["running", "runnable"].contains(&e.cat.as_str())
}

impl Timeline {
    pub fn execute(self) -> Result<(), Failure> {
        let timeline = file::timeline(&self.source)?;
        let stacks = Stacks::new(timeline.modules.clone(), &timeline.places);
        if let Some(to) = &self.html {
            let page = page::make(&timeline, &stacks);
            return std::fs::write(to, page)
                .map_err(|e| Failure::new(FAILED, format_args!("{}: {e}", to.display())));
        }
        let names: HashMap<u64, &str> = timeline
            .events
            .iter()
            .filter(|e| e.ph == "M" && e.pid == 1 && e.name == "thread_name")
            .map(|e| (e.tid, e.args.name.as_str()))
            .collect();
        let mut waits: Vec<&Event> = timeline.events.iter().filter(|e| is_wait(e)).collect();
        waits.sort_by(|a, b| b.dur.total_cmp(&a.dur));
        let mut table = Table::new(&["from", "for", "greenlet", "waited for, where"]);
        for e in waits.iter().take(self.top) {
            table.row(
                vec![
                    format!("+{:.6}", e.ts / 1e6),
                    time((e.dur * 1e3) as u64),
                    names.get(&e.tid).map_or_else(|| format!("g{}", e.tid), |n| n.to_string()),
                    e.name.clone(),
                ],
                vec![format!("at {}", stacks.line(e.args.place, 3))],
            );
        }
        let mut text = format!(
            "process {} ({}), {} waits{}; the longest:\n",
            timeline.pid,
            timeline.state,
            waits.len(),
            match timeline.turns_forgotten {
                0 => String::new(),
                n => format!(" in the newest part ({n} turns before it were not kept)"),
            }
        );
        text += &table.text();
        print(&text)
    }
}
