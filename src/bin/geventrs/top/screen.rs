//! What `top` draws.

use super::{Sort, View};
use crate::backtrace::Reader;
use crate::processes::{number, Greenlet};
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
    frame.render_widget(Paragraph::new(summary(view, head.width)), head);
    let mut reader = Reader::new(&view.process);
    greenlets(frame, list, view, state, colours, &mut reader);
    if view.stack {
        chosen_stack(frame, below, view, &mut reader);
    }
    let keys = match foot.width < NARROW {
        true => " q quit  s sort  Enter stack  arrows",
        false => " q quit   s sort   Enter stack   space pause   arrows choose",
    };
    let style = Style::new().add_modifier(Modifier::REVERSED);
    frame.render_widget(
        Paragraph::new(format!("{keys:<width$}", width = foot.width as usize)).style(style),
        foot,
    );
}

/// A terminal of fewer columns gets shorter lines.
const NARROW: u16 = 80;

/// Two lines about the process.
fn summary(view: &View, width: u16) -> Vec<Line<'static>> {
    let p = &view.process;
    let strong = Style::new().add_modifier(Modifier::BOLD);
    let count =
        |states: &[&str]| p.greenlets.iter().filter(|g| states.contains(&g.state.as_str())).count();
    let mut first = vec![Span::styled(format!("{} {}", p.pid, p.name), strong)];
    let (busy, blocked, waiting) =
        (count(&["runs", "computes", "runnable"]), count(&["blocked"]), count(&["waits"]));
    first.push(Span::raw(match (width < NARROW, p.left_out) {
        (true, _) => format!("  {}: {busy} busy {blocked} block {waiting} wait", p.live),
        (_, 0) => {
            format!("   {} greenlets: {busy} busy, {blocked} blocked, {waiting} waiting", p.live)
        }
        (_, _) => {
            let shown = p.greenlets.len();
            let most = format!("of {shown} (--limit)");
            format!(
                "   {} greenlets; {most}: {busy} busy, {blocked} blocked, {waiting} waiting",
                p.live
            )
        }
    }));
    if let Some(why) = &view.gone {
        first.push(Span::styled(format!("   {why}"), strong));
    } else if view.paused {
        first.push(Span::styled("   paused", strong));
    }
    // An empty sum is -0.
    let cpu: f64 = view.rates.values().map(|r| r.cpu).sum::<f64>() + 0.0;
    let sort = match view.sort {
        Sort::Cpu => "CPU",
        Sort::Switches => "switches",
        Sort::Time => "time",
        Sort::Id => "id",
    };
    let (switches, cpu) = (view.switches, cpu * 100.0);
    let second = match width < NARROW {
        true => format!("{switches:.0} switches/s {cpu:.0} % CPU by {sort}"),
        false => format!(
            "{switches:.0} switches/s   {cpu:.0} % CPU   {} OS threads to run them   sorted by {sort}",
            p.carriers
        ),
    };
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
    let chosen = view.chosen.and_then(|id| sorted.iter().position(|g| g.id == id));
    state.select(chosen);
    let height = usize::from(area.height).saturating_sub(1);
    let first = scrolled(state.offset(), chosen, height, sorted.len());
    *state.offset_mut() = first;
    let colour = |state: &str| match state {
        _ if !colours => Style::new(),
        "runs" | "computes" => Style::new().fg(Color::Green),
        "runnable" => Style::new().fg(Color::Cyan),
        "blocked" => Style::new().fg(Color::Yellow),
        _ => Style::new(),
    };
    let columns = Column::that_fit(area.width, &sorted);
    let rows = sorted.iter().enumerate().map(|(n, g)| {
        // What is not on the screen need not be named.
        if !(first..first + height).contains(&n) {
            return Row::default();
        }
        let rate = view.rates.get(&g.id).copied().unwrap_or_default();
        Row::new(columns.iter().map(|(column, width)| {
            let width = usize::from(*width);
            match column {
                Column::Id => Cell::from(format!("{:>width$}", g.id)),
                Column::Name => Cell::from(g.name.clone()),
                Column::Runs => {
                    let routine = number(&g.entry).and_then(|at| reader.routine(at));
                    Cell::from(routine.unwrap_or_default())
                }
                Column::State => Cell::from(g.state.clone()).style(colour(&g.state)),
                Column::For => {
                    Cell::from(format!("{:>width$}", g.for_ns.map_or(String::new(), span)))
                }
                Column::Cpu => Cell::from(format!("{:>width$.1}", rate.cpu * 100.0)),
                Column::Switches => Cell::from(format!("{:>width$.0}", rate.switches)),
                Column::WaitsFor => {
                    Cell::from(reason(&view.process, g, &mut |at| reader.variable(at)))
                }
            }
        }))
    });
    let rows: Vec<_> = rows.collect();
    let heading = columns.iter().map(|(column, width)| {
        let (title, width) = (column.title(), usize::from(*width));
        match column.is_number() {
            true => format!("{title:>width$}"),
            false => title.to_owned(),
        }
    });
    let heading = Row::new(heading).style(Style::new().add_modifier(Modifier::BOLD));
    let widths = columns.iter().map(|(_, width)| Constraint::Length(*width));
    let table = Table::new(rows, widths)
        .header(heading)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    frame.render_stateful_widget(table, area, state);
}

/// The first row that is shown of `all`, if it was `before`: so that the chosen one is shown, and
/// no room is left empty.
fn scrolled(before: usize, chosen: Option<usize>, height: usize, all: usize) -> usize {
    let first = before.min(all.saturating_sub(height));
    match chosen {
        Some(at) if at < first => at,
        Some(at) if at >= first + height => at + 1 - height.max(1),
        _ => first,
    }
}

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Id,
    Name,
    Runs,
    State,
    For,
    Cpu,
    Switches,
    WaitsFor,
}

impl Column {
    const ALL: [Column; 8] = [
        Column::Id,
        Column::Name,
        Column::Runs,
        Column::State,
        Column::For,
        Column::Cpu,
        Column::Switches,
        Column::WaitsFor,
    ];
    /// Those that a narrow terminal has no room for, the first one first.
    const LEFT_OUT: [Column; 5] =
        [Column::Switches, Column::Runs, Column::Id, Column::Cpu, Column::For];
    /// What the last column should have.
    const FOR_WAITS: u16 = 18;

    fn title(self) -> &'static str {
        match self {
            Column::Id => "ID",
            Column::Name => "NAME",
            Column::Runs => "RUNS",
            Column::State => "STATE",
            Column::For => "FOR",
            Column::Cpu => "CPU%",
            Column::Switches => "SWITCH/S",
            Column::WaitsFor => "WAITS FOR",
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Column::Id | Column::For | Column::Cpu | Column::Switches)
    }

    /// The columns that `width` has room for, and the width of each.
    fn that_fit(width: u16, all: &[&Greenlet]) -> Vec<(Column, u16)> {
        let longest = |text: fn(&Greenlet) -> usize| all.iter().map(|g| text(g)).max().unwrap_or(0);
        let digits = longest(|g| g.id.to_string().len()) as u16;
        let name = longest(|g| g.name.chars().count()).clamp(4, 15) as u16;
        let of = |column: Column| match column {
            Column::Id => digits.max(2),
            Column::Name => name,
            Column::Runs => 14,
            Column::State => 8,
            Column::For => 10,
            Column::Cpu => 6,
            Column::Switches => 8,
            Column::WaitsFor => Column::FOR_WAITS,
        };
        let mut columns: Vec<_> = Column::ALL.iter().map(|&c| (c, of(c))).collect();
        let needed = |columns: &[(Column, u16)]| columns.iter().map(|(_, w)| w + 1).sum::<u16>();
        for out in Column::LEFT_OUT {
            if needed(&columns) > width + 1 {
                columns.retain(|(c, _)| *c != out);
            }
        }
        // The last one gets what is left, which may be less than it should have.
        if let Some(((_, last), others)) = columns.split_last_mut() {
            *last = width.saturating_sub(needed(others));
        }
        columns
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_has_fewer_columns_and_none_is_cut() {
        let g = Greenlet { id: 526_188_451, name: "worker".into(), ..Greenlet::default() };
        let of = |width| Column::that_fit(width, &[&g]);
        assert_eq!(of(200).len(), Column::ALL.len());
        for width in [30, 40, 60, 80, 200] {
            let columns = of(width);
            let sum: u16 = columns.iter().map(|(_, w)| w + 1).sum();
            assert!(sum <= width + 1, "{width}: {columns:?}");
            assert_eq!(columns.last().unwrap().0, Column::WaitsFor);
            let id = columns.iter().find(|(c, _)| *c == Column::Id);
            assert!(id.is_none_or(|(_, w)| *w == 9), "{width}: {columns:?}");
        }
        let narrow: Vec<_> = of(40).into_iter().map(|(c, _)| c).collect();
        assert_eq!(narrow, [Column::Name, Column::State, Column::WaitsFor]);
    }

    #[test]
    fn the_chosen_one_is_on_the_screen_and_no_room_is_empty() {
        assert_eq!(scrolled(0, None, 10, 5), 0);
        assert_eq!(scrolled(4, None, 10, 12), 2, "the screen has grown");
        assert_eq!(scrolled(4, Some(1), 10, 100), 1);
        assert_eq!(scrolled(4, Some(14), 10, 100), 5);
        assert_eq!(scrolled(4, Some(13), 10, 100), 4);
        assert_eq!(scrolled(0, Some(3), 0, 5), 3);
    }
}
