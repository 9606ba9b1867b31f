//! The rows of the result, as Markdown and as JSON.

use crate::stats::{median, Samples};
use std::fmt::Write;

/// One measured number, as shown and as measured.
#[derive(Default)]
pub struct Cell {
    pub text: String,
    pub value: Option<f64>,
    pub samples: Vec<f64>,
}

#[derive(Default)]
pub struct Columns {
    pub native: Cell,
    pub preloaded: Cell,
    pub ratio: Option<f64>,
}

#[derive(Default)]
pub struct Row {
    pub work: String,
    pub unit: String,
    pub pinned: Columns,
    pub bar: String,
    pub met: bool,
    pub unpinned: Option<Columns>,
    pub notes: Vec<String>,
}

impl Cell {
    /// The median; a failure goes to `notes`, after `label`.
    pub fn median(samples: Samples, label: &str, notes: &mut Vec<String>) -> Cell {
        let samples = samples.unwrap_or_else(|error| {
            notes.push(format!("{label}: {error}"));
            Vec::new()
        });
        let value = median(&samples);
        let text = value.map_or("failed".into(), number);
        Cell { text, value, samples }
    }
}

/// How many times `a` is `b`: the median over the pairs of neighbouring runs, which
/// met the same phase of the machine.
pub fn ratio(a: &Cell, b: &Cell) -> Option<f64> {
    let pairs = a.samples.iter().zip(&b.samples);
    let ratios: Vec<f64> = pairs.map(|(a, b)| a / b).collect();
    median(&ratios)
}

/// With about four digits.
pub fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => thousands(value),
        large if large >= 100.0 => format!("{value:.1}"),
        large if large >= 10.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

pub fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| work | unit | native | preloaded | ratio | bar | met? \
         | unpinned native | unpinned preloaded | unpinned ratio |\n\
         |---|---|---:|---:|---:|---|---|---:|---:|---:|\n",
    );
    for row in rows {
        let [native, preloaded, ratio] = row.pinned.texts();
        let unpinned = row.unpinned.as_ref().map(Columns::texts);
        let unpinned = unpinned.unwrap_or_else(|| ["–".into(), "–".into(), "–".into()]);
        let met = if row.met { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "| {} | {} | {native} | {preloaded} | {ratio} | {} | {met} | {} |",
            row.work,
            row.unit,
            row.bar,
            unpinned.join(" | ")
        );
    }
    for row in rows {
        for note in &row.notes {
            let _ = writeln!(text, "\n{}: {note}", row.work);
        }
    }
    text
}

impl Columns {
    fn texts(&self) -> [String; 3] {
        let ratio = self.ratio.map_or("–".into(), |ratio| format!("{ratio:.3}"));
        [self.native.text.clone(), self.preloaded.text.clone(), ratio]
    }

    fn json(&self) -> String {
        format!(
            "{{\"native\": {}, \"preloaded\": {}, \"ratio\": {}, \
             \"native_runs\": {:?}, \"preloaded_runs\": {:?}}}",
            json_number(self.native.value),
            json_number(self.preloaded.value),
            json_number(self.ratio),
            self.native.samples,
            self.preloaded.samples
        )
    }
}

pub fn json(rows: &[Row]) -> String {
    let rows: Vec<String> = rows.iter().map(Row::json).collect();
    format!("[\n{}\n]\n", rows.join(",\n"))
}

impl Row {
    fn json(&self) -> String {
        let notes: Vec<String> = self.notes.iter().map(|note| json_text(note)).collect();
        format!(
            "{{\"work\": {}, \"unit\": {}, \"pinned\": {}, \"bar\": {}, \"met\": {}, \
             \"unpinned\": {}, \"notes\": [{}]}}",
            json_text(&self.work),
            json_text(&self.unit),
            self.pinned.json(),
            json_text(&self.bar),
            self.met,
            self.unpinned.as_ref().map_or("null".into(), Columns::json),
            notes.join(", ")
        )
    }
}

fn json_number(value: Option<f64>) -> String {
    let finite = value.filter(|value| value.is_finite());
    finite.map_or("null".into(), |value| format!("{value:?}"))
}

fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out + "\""
}
