//! `geventrs explain`: the text of a report that the library makes on stderr. It
//! runs the tool as a child and writes an answer of the control socket's protocol
//! to its stdin.

use crate::backtrace::Reader;
use crate::colours::Colours;
use crate::locks::ring;
use crate::processes::Process;
use crate::stacks::greenlet;
use crate::{outside, print, Failure, FAILED};
use clap::Args;

/// Print the report that the library asks for (reads its data on stdin)
#[derive(Args)]
pub struct Explain {}

impl Explain {
    pub fn execute(self) -> Result<(), Failure> {
        let mut process = Process::read(std::io::stdin().lock())
            .map_err(|why| Failure::new(FAILED, format!("explain: {why}")))?;
        outside::complete(&mut process);
        print(&text(&process))
    }
}

/// Lines, each with the library's name before it, as all that it says has.
fn text(process: &Process) -> String {
    let mut reader = Reader::new(process);
    let mut text = String::new();
    if !process.cycle.is_empty() {
        text += &format!("{}\n", ring(process, &process.cycle));
    }
    // Those of the cycle first, in its order.
    let in_cycle = process.cycle.iter().filter_map(|&id| process.greenlet(id));
    let others = process.greenlets.iter().filter(|g| !process.cycle.contains(&g.id));
    for g in in_cycle.chain(others) {
        text += &greenlet(process, &mut reader, g, Colours::none());
    }
    if process.left_out != 0 && !process.only {
        text += &format!("and {} more\n", process.left_out);
    }
    text.lines().map(|line| format!("geventrs:   {line}\n")).collect()
}
