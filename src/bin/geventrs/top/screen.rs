//! What `top` draws.

use super::{Sort, View};
use crate::backtrace::Reader;
use crate::processes::number;
use crate::words::{reason, span};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row, Table, TableState};
use ratatui::{DefaultTerminal, Frame};

/// The terminal, and how far it has been scrolled.
pub struct Screen {
    terminal: DefaultTerminal,
    table: TableState,
    colours: bool,
}

impl Screen {
    pub fn new(terminal: DefaultTerminal) -> Screen {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Screen { terminal, table: TableState::default(), colours: !unwanted }
    }

    pub fn draw(&mut self, view: &View) -> std::io::Result<()> {
        let (table, colours) = (&mut self.table, self.colours);
        self.terminal.draw(|frame| draw(frame, view, table, colours))?;
        Ok(())
    }
}

fn draw(frame: &mut Frame, view: &View, state: &mut TableState, colours: bool) {
    let stack = if view.stack { Constraint::Percentage(40) } else { Constraint::Length(0) };
    let rows = [Constraint::Length(2), Constraint::Min(3), stack, Constraint::Length(1)];
    let [head, list, below, foot] = Layout::vertical(rows).areas(frame.area());
    frame.render_widget(Paragraph::new(summary(view)), head);
    let mut reader = Reader::new(&view.process);
    greenlets(frame, list, view, state, colours, &mut reader);
    if view.stack {
        chosen_stack(frame, below, view, &mut reader);
    }
    let keys = " q quit   s sort   Enter stack   space pause   arrows choose";
    let style = Style::new().add_modifier(Modifier::REVERSED);
    frame.render_widget(
        Paragraph::new(format!("{keys:<width$}", width = foot.width as usize)).style(style),
        foot,
    );
}

/// Two lines about the process.
fn summary(view: &View) -> Vec<Line<'static>> {
    let p = &view.process;
    let strong = Style::new().add_modifier(Modifier::BOLD);
    let count =
        |states: &[&str]| p.greenlets.iter().filter(|g| states.contains(&g.state.as_str())).count();
    let mut first = vec![Span::styled(format!("{} {}", p.pid, p.name), strong)];
    first.push(Span::raw(format!(
        "   {} greenlets: {} busy, {} blocked, {} waiting",
        p.live,
        count(&["runs", "computes", "runnable"]),
        count(&["blocked"]),
        count(&["waits"])
    )));
    if let Some(why) = &view.gone {
        first.push(Span::styled(format!("   {why}"), strong));
    } else if view.paused {
        first.push(Span::styled("   paused", strong));
    }
    let cpu: f64 = view.rates.values().map(|r| r.cpu).sum();
    let sort = match view.sort {
        Sort::Cpu => "CPU",
        Sort::Switches => "switches",
        Sort::Time => "time",
        Sort::Id => "id",
    };
    let second = format!(
        "{:.0} switches/s   {:.0} % CPU   {} OS threads to run them   sorted by {sort}",
        view.switches,
        cpu * 100.0,
        p.carriers
    );
    vec![Line::from(first), Line::from(second)]
}

fn greenlets(
    frame: &mut Frame,
    area: Rect,
    view: &View,
    state: &mut TableState,
    colours: bool,
    reader: &mut Reader,
) {
    let sorted = view.sorted();
    state.select(view.chosen.and_then(|id| sorted.iter().position(|g| g.id == id)));
    let colour = |state: &str| match state {
        _ if !colours => Style::new(),
        "runs" | "computes" => Style::new().fg(Color::Green),
        "runnable" => Style::new().fg(Color::Cyan),
        "blocked" => Style::new().fg(Color::Yellow),
        _ => Style::new(),
    };
    // What is not on the screen need not be named.
    let first = state.offset().min(sorted.len());
    let last = first + 2 * area.height as usize;
    let rows = sorted.iter().enumerate().map(|(n, g)| {
        let rate = view.rates.get(&g.id).copied().unwrap_or_default();
        let (mut runs, mut why) = (String::new(), String::new());
        if (first..last).contains(&n) {
            runs = number(&g.entry).and_then(|at| reader.routine(at)).unwrap_or_default();
            why = reason(&view.process, g, &mut |at| reader.variable(at));
        }
        Row::new([
            Cell::from(format!("{:>10}", g.id)),
            Cell::from(g.name.clone()),
            Cell::from(runs),
            Cell::from(g.state.clone()).style(colour(&g.state)),
            Cell::from(format!("{:>10}", g.for_ns.map_or(String::new(), span))),
            Cell::from(format!("{:>6.1}", rate.cpu * 100.0)),
            Cell::from(format!("{:>8.0}", rate.switches)),
            Cell::from(why),
        ])
    });
    let rows: Vec<_> = rows.collect();
    let widths = [
        Constraint::Length(10),
        Constraint::Length(15),
        Constraint::Length(14),
        Constraint::Length(8),
        Constraint::Length(11),
        Constraint::Length(6),
        Constraint::Length(8),
        Constraint::Min(20),
    ];
    let heading =
        ["        ID", "NAME", "RUNS", "STATE", "       FOR", "  CPU%", "SWITCH/S", "WAITS FOR"];
    let heading = Row::new(heading).style(Style::new().add_modifier(Modifier::BOLD));
    let table = Table::new(rows, widths)
        .header(heading)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    frame.render_stateful_widget(table, area, state);
}

fn chosen_stack(frame: &mut Frame, area: Rect, view: &View, reader: &mut Reader) {
    let chosen = view.chosen.and_then(|id| view.process.greenlet(id));
    let (title, lines) = match chosen {
        Some(g) => {
            let calls = reader.stack(g);
            let lines: Vec<_> =
                calls.iter().enumerate().map(|(n, c)| Line::from(format!("#{n} {c}"))).collect();
            (format!(" {} \"{}\" ", g.id, g.name), lines)
        }
        None => (" it has ended ".to_owned(), Vec::new()),
    };
    let block = Block::new().borders(Borders::TOP).title(title);
    frame.render_widget(Paragraph::new(lines).block(block), area);
}
