//! `geventrs top`: the greenlets of a process on the whole screen, as they go.

mod screen;

use crate::processes::{self, Greenlet, Process, Question};
use crate::{Failure, FAILED, SUCCEEDED, USAGE};
use clap::{Args, ValueEnum};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use screen::Screen;
use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Watch the greenlets of a process, on the whole screen
///
/// Asks the process every second (--interval) over its control socket.
#[derive(Args)]
#[command(
    after_help = "Keys:\n  q, Esc      quit\n  Up, Down, PgUp, PgDn, Home, End   choose a greenlet\n  \
    Enter       its stack, on and off\n  s           sort by the next column\n  space       stop and go on asking\n\n\
    Exit codes: 0, 2 usage, 3 the process cannot be asked, 125 no terminal."
)]
pub struct Top {
    /// A process id
    pid: u32,
    /// Seconds between two questions
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    interval: f64,
    /// What to sort by
    #[arg(long, value_name = "COLUMN", default_value = "cpu")]
    sort: Sort,
    /// Greenlets that are asked for, at most
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    limit: usize,
}

/// The order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Processor time since the last question
    Cpu,
    /// Switches since the last question
    Switches,
    /// How long it has been in its state
    Time,
    /// Thread id
    Id,
}

impl Sort {
    fn next(self) -> Sort {
        match self {
            Sort::Cpu => Sort::Switches,
            Sort::Switches => Sort::Time,
            Sort::Time => Sort::Id,
            Sort::Id => Sort::Cpu,
        }
    }
}

/// What a greenlet has done between two questions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    /// Processor time per second, of one processor.
    pub cpu: f64,
    /// Switches per second.
    pub switches: f64,
}

/// What is shown.
pub struct View {
    pub process: Process,
    pub rates: HashMap<u32, Rate>,
    /// Of the whole process.
    pub switches: f64,
    pub sort: Sort,
    /// The chosen greenlet.
    pub chosen: Option<u32>,
    pub stack: bool,
    pub paused: bool,
    /// The process answers no more, and why.
    pub gone: Option<String>,
}

impl View {
    /// The greenlets in the order that is asked for.
    pub fn sorted(&self) -> Vec<&Greenlet> {
        let mut list: Vec<_> = self.process.greenlets.iter().collect();
        let rate = |g: &Greenlet| self.rates.get(&g.id).copied().unwrap_or_default();
        match self.sort {
            Sort::Cpu => list.sort_by(|a, b| {
                let by_rate = rate(b).cpu.total_cmp(&rate(a).cpu);
                by_rate.then(b.cpu_ns.cmp(&a.cpu_ns))
            }),
            Sort::Switches => list.sort_by(|a, b| rate(b).switches.total_cmp(&rate(a).switches)),
            Sort::Time => list.sort_by_key(|g| std::cmp::Reverse(g.for_ns)),
            Sort::Id => list.sort_by_key(|g| g.id),
        }
        list
    }

    /// A new answer has come, `seconds` after the last one.
    fn update(&mut self, process: Process, seconds: f64) {
        let per_second = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        let before: HashMap<_, _> = self.process.greenlets.iter().map(|g| (g.id, g)).collect();
        let rates = process.greenlets.iter().map(|g| {
            // A new one has begun since.
            let (cpu, switches) = before.get(&g.id).map_or((0, 0), |b| (b.cpu_ns, b.switches));
            let rate = Rate {
                cpu: per_second(g.cpu_ns, cpu) / 1e9,
                switches: per_second(g.switches, switches),
            };
            (g.id, rate)
        });
        let rates = rates.collect();
        self.switches = per_second(process.switches, self.process.switches);
        self.rates = rates;
        self.process = process;
    }

    fn choose(&mut self, step: isize) {
        let ids: Vec<u32> = self.sorted().iter().map(|g| g.id).collect();
        let at = self.chosen.and_then(|c| ids.iter().position(|&id| id == c));
        let at = match at {
            Some(at) => at.saturating_add_signed(step),
            None if step == isize::MAX => ids.len(),
            None => 0,
        };
        self.chosen = ids.get(at.min(ids.len().saturating_sub(1))).copied();
    }
}

impl Top {
    pub fn execute(self) -> Result<u8, Failure> {
        if !(0.05..=3600.0).contains(&self.interval) {
            return Err(Failure::new(USAGE, "--interval: a number of seconds from 0.05 to 3600"));
        }
        if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
            return Err(Failure::new(FAILED, "top: no terminal; try `geventrs ps`"));
        }
        // Before the screen changes: it may fail.
        let process = self.ask(false)?;
        let terminal = ratatui::try_init().map_err(|e| Failure::new(FAILED, e))?;
        let mut screen = Screen::new(terminal);
        let result = self.watch(&mut screen, process);
        ratatui::restore();
        result.map_err(|e| Failure::new(FAILED, e))?;
        Ok(SUCCEEDED)
    }

    fn ask(&self, stacks: bool) -> Result<Process, Failure> {
        processes::ask(self.pid, Question { stacks, limit: Some(self.limit) })
    }

    fn watch(&self, screen: &mut Screen, process: Process) -> std::io::Result<()> {
        let mut view = View {
            process,
            rates: HashMap::new(),
            switches: 0.0,
            sort: self.sort,
            chosen: None,
            stack: false,
            paused: false,
            gone: None,
        };
        let interval = Duration::from_secs_f64(self.interval);
        // The first rates come soon.
        let mut asked = Instant::now();
        let mut due = asked + interval.min(Duration::from_millis(250));
        loop {
            screen.draw(&view)?;
            let left = due.saturating_duration_since(Instant::now());
            if event::poll(left)? {
                match event::read()? {
                    Event::Key(key) if key.kind != KeyEventKind::Release => {
                        if !pressed(&mut view, key) {
                            return Ok(());
                        }
                        if key.code == KeyCode::Enter {
                            due = Instant::now();
                        }
                    }
                    _ => {}
                }
                continue;
            }
            if !view.paused && view.gone.is_none() {
                match self.ask(view.stack) {
                    Ok(process) => {
                        let seconds = asked.elapsed().as_secs_f64().max(1e-3);
                        asked = Instant::now();
                        view.update(process, seconds);
                    }
                    Err(why) => view.gone = Some(why.message),
                }
            }
            due = Instant::now() + interval;
        }
    }
}

/// Do what a key asks for; false: end.
fn pressed(view: &mut View, key: KeyEvent) -> bool {
    const PAGE: isize = 10;
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => return false,
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return false,
        KeyCode::Up => view.choose(-1),
        KeyCode::Down => view.choose(1),
        KeyCode::PageUp => view.choose(-PAGE),
        KeyCode::PageDown => view.choose(PAGE),
        KeyCode::Home => view.choose(isize::MIN),
        KeyCode::End => view.choose(isize::MAX),
        KeyCode::Char('s') => view.sort = view.sort.next(),
        KeyCode::Char(' ') => view.paused = !view.paused,
        KeyCode::Enter => {
            view.stack = !view.stack;
            if view.chosen.is_none() {
                view.choose(0);
            }
        }
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(greenlets: &[(u32, u64, u64)]) -> View {
        let greenlet = |&(id, cpu_ns, switches): &(u32, u64, u64)| Greenlet {
            id,
            cpu_ns,
            switches,
            ..Greenlet::default()
        };
        let greenlets = greenlets.iter().map(greenlet).collect();
        View {
            process: Process { greenlets, ..Process::default() },
            rates: HashMap::new(),
            switches: 0.0,
            sort: Sort::Cpu,
            chosen: None,
            stack: false,
            paused: false,
            gone: None,
        }
    }

    #[test]
    fn rates_are_what_has_changed() {
        let mut v = view(&[(1, 0, 10), (2, 500_000_000, 0)]);
        v.update(view(&[(1, 1_000_000_000, 30), (2, 500_000_000, 0), (3, 0, 4)]).process, 2.0);
        assert_eq!((v.rates[&1].cpu, v.rates[&1].switches), (0.5, 10.0));
        assert_eq!((v.rates[&2].cpu, v.rates[&3].switches), (0.0, 2.0));
        let order: Vec<_> = v.sorted().iter().map(|g| g.id).collect();
        assert_eq!(order, [1, 2, 3]);
        v.sort = Sort::Switches;
        assert_eq!(v.sorted()[1].id, 3);
    }

    #[test]
    fn the_choice_stays_within_the_list() {
        let mut v = view(&[(1, 3, 0), (2, 2, 0), (3, 1, 0)]);
        for (step, id) in [(1, 1), (1, 2), (10, 3), (-1, 2), (isize::MIN, 1), (isize::MAX, 3)] {
            v.choose(step);
            assert_eq!(v.chosen, Some(id));
        }
        let mut none = view(&[]);
        none.choose(1);
        assert_eq!(none.chosen, None);
    }
}
