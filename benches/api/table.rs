//! The table that is printed.

use std::fmt::Write;

pub struct Row {
    what: String,
    unit: &'static str,
    /// geventrs, gevent, Go, the epoll loop.
    values: [Option<f64>; 4],
    bar: String,
    met: bool,
}

fn known(value: f64) -> Option<f64> {
    (value.is_finite() && value > 0.0).then_some(value)
}

impl Row {
    /// Nanoseconds, of which fewer are better.
    pub fn time(what: &str, best: [f64; 3], bar: f64) -> Row {
        let [ours, gevent, go] = best.map(known);
        Row {
            what: what.into(),
            unit: "ns",
            values: [ours, gevent, go, None],
            bar: format!("≤ {bar}"),
            met: ours.is_some_and(|ns| ns <= bar),
        }
    }

    /// Requests a second, and the ratio to the epoll loop.
    pub fn echo(best: [f64; 4], bar: f64) -> Vec<Row> {
        let values = best.map(known);
        let ratio = |i: usize| Some(values[i]? / values[3]?);
        let ratios = [ratio(0), ratio(1), ratio(2), ratio(3)];
        let what = "StreamServer echo, 1,000 connections";
        vec![
            Row { what: what.into(), unit: "req/s", values, bar: String::new(), met: true },
            Row {
                what: "of the epoll loop".into(),
                unit: "ratio",
                values: ratios,
                bar: format!("≥ {bar}"),
                met: ratios[0].is_some_and(|ratio| ratio >= bar),
            },
        ]
    }
}

fn number(value: Option<f64>, unit: &str) -> String {
    match value {
        None => "-".into(),
        Some(value) if unit == "ratio" => format!("{value:.2}"),
        Some(value) if value < 100.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.0}"),
    }
}

pub fn markdown(rows: &[Row], missing: &[String]) -> String {
    let mut text = String::from(
        "| work | unit | geventrs | gevent | Go | C epoll loop | bar | |\n\
         |---|---|---:|---:|---:|---:|---:|---|\n",
    );
    for row in rows {
        let [ours, gevent, go, epoll] = row.values.map(|value| number(value, row.unit));
        let verdict = match (row.bar.is_empty(), row.met) {
            (true, _) => "",
            (false, true) => "met",
            (false, false) => "**missed**",
        };
        let _ = writeln!(
            text,
            "| {} | {} | {ours} | {gevent} | {go} | {epoll} | {} | {verdict} |",
            row.what, row.unit, row.bar
        );
    }
    for line in missing {
        let _ = writeln!(text, "\n{line}");
    }
    text
}
