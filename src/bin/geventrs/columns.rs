//! Columns of text.

/// Rows of cells under a heading, each column as wide as its widest cell; the last
/// one as wide as it likes. Columns whose names begin with `>` are aligned to the right.
pub struct Table {
    heading: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(heading: &[&'static str]) -> Table {
        Table { heading: heading.to_vec(), rows: Vec::new() }
    }

    pub fn add(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|r| r[column].chars().count());
        let heading = self.heading[column].trim_start_matches('>').len();
        cells.chain([heading]).max().unwrap_or(0)
    }

    /// One line of text a row, the heading first. `paint` gets the column's number and
    /// the padded cell.
    pub fn lines(&self, paint: impl Fn(usize, usize, String) -> String) -> Vec<String> {
        let last = self.heading.len() - 1;
        let widths: Vec<_> = (0..=last).map(|c| self.width(c)).collect();
        let line = |number: usize, cells: &[String]| {
            let mut line = String::new();
            for (column, cell) in cells.iter().enumerate() {
                let space = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
                let right = self.heading[column].starts_with('>');
                let padded = match (right, column == last) {
                    (true, _) => space + cell,
                    (false, false) => cell.clone() + &space,
                    (false, true) => cell.clone(),
                };
                line += &paint(number, column, padded);
                line += if column == last { "" } else { "  " };
            }
            line.trim_end().to_owned()
        };
        let heading: Vec<_> =
            self.heading.iter().map(|h| h.trim_start_matches('>').to_owned()).collect();
        let rows = self.rows.iter().enumerate().map(|(i, r)| line(i + 1, r));
        std::iter::once(line(0, &heading)).chain(rows).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let mut t = Table::new(&[">ID", "NAME", "WHAT"]);
        t.add(vec!["7".into(), "a".into(), "something long".into()]);
        t.add(vec!["123".into(), "name".into(), String::new()]);
        let lines = t.lines(|_, _, cell| cell);
        assert_eq!(lines, [" ID  NAME  WHAT", "  7  a     something long", "123  name"]);
    }
}
