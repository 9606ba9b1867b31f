//! Tables and times for people.

/// Nanoseconds with the unit that fits: `1.23 s`, `45.6 ms`, `789 µs`.
pub fn time(ns: u64) -> String {
    let (value, unit) = match ns {
        0..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => (ns as f64 / 1e3, "µs"),
        1_000_000..1_000_000_000 => (ns as f64 / 1e6, "ms"),
        _ => (ns as f64 / 1e9, "s"),
    };
    let digits = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}")
}

/// Rows of cells, each column as wide as its widest; all but the last aligned to the right.
pub struct Table {
    rows: Vec<(Vec<String>, Vec<String>)>,
}

impl Table {
    /// With its headings.
    pub fn new(headings: &[&str]) -> Self {
        Table { rows: vec![(headings.iter().map(|h| h.to_string()).collect(), Vec::new())] }
    }

    /// Add a row, and lines that stand under its last cell.
    pub fn row(&mut self, cells: Vec<String>, below: Vec<String>) {
        self.rows.push((cells, below));
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    /// The text.
    pub fn text(&self) -> String {
        let columns = self.rows[0].0.len();
        let width = |column: usize| {
            self.rows.iter().map(|(cells, _)| cells[column].chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns - 1).map(width).collect();
        let indent = widths.iter().map(|w| w + 2).sum::<usize>();
        let mut text = String::new();
        for (cells, below) in &self.rows {
            for (cell, width) in cells.iter().zip(&widths) {
                text += &format!("{cell:>width$}  ");
            }
            text += cells[columns - 1].trim_end();
            text += "\n";
            for line in below {
                text += &format!("{:indent$}  {line}\n", "");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        assert_eq!(time(12), "12 ns");
        assert_eq!(time(1_234), "1.23 µs");
        assert_eq!(time(45_678_000), "45.7 ms");
        assert_eq!(time(99_960_000), "100 ms");
        assert_eq!(time(3_000_000_000), "3.00 s");
    }

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["n", "what"]);
        table.row(vec!["100".into(), "x".into()], vec!["more".into()]);
        table.row(vec!["7".into(), "yy".into()], vec![]);
        assert_eq!(table.text(), "  n  what\n100  x\n       more\n  7  yy\n");
    }
}
