//! The page of `geventrs timeline --html`: `page.html` with the data put in.

use super::file::{Event, TimelineFile};
use super::stacks::{self, Stacks};
use serde_json::{json, Value};
use std::collections::HashMap;

const PAGE: &str = include_str!("page.html");
/// Where the data goes.
const MARK: &str = "/*DATA*/null";

/// A track of the page: the format's process and thread.
type Track = (u32, u64);

fn group(pid: u32) -> &'static str {
    match pid {
        1 => "greenlets",
        2 => "carriers",
        _ => "locks held",
    }
}

/// Numbers for names, in the order of their first use.
#[derive(Default)]
struct Names {
    numbers: HashMap<String, usize>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> usize {
        if let Some(n) = self.numbers.get(name) {
            return *n;
        }
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }
}

/// Make the page.
pub fn make(timeline: &TimelineFile, stacks: &Stacks) -> String {
    let mut tracks: Vec<Track> = Vec::new();
    let mut labels: HashMap<Track, String> = HashMap::new();
    for e in &timeline.events {
        let track = (e.pid, e.tid);
        match e.ph.as_str() {
            "X" if !labels.contains_key(&track) => {
                labels.insert(track, track_name(e));
                tracks.push(track);
            }
            _ => {}
        }
    }
    for e in timeline.events.iter().filter(|e| e.ph == "M" && e.name == "thread_name") {
        if let Some(label) = labels.get_mut(&(e.pid, e.tid)) {
            label.clone_from(&e.args.name);
        }
    }
    // Greenlets in the order of their birth, then carriers, then locks.
    tracks.sort_unstable();
    let numbers: HashMap<Track, usize> = tracks.iter().enumerate().map(|(n, t)| (*t, n)).collect();
    let (mut names, mut classes) = (Names::default(), Names::default());
    let spans: Vec<Value> = timeline
        .events
        .iter()
        .filter(|e| e.ph == "X")
        .map(|e| {
            let track = numbers[&(e.pid, e.tid)];
            let (name, class) = (names.number(&e.name), classes.number(&e.cat));
            json!([track, e.ts, e.dur, name, class, e.args.place])
        })
        .collect();
    let mut starts: HashMap<u64, &Event> = HashMap::new();
    let mut arrows = Vec::new();
    for e in &timeline.events {
        match e.ph.as_str() {
            "s" => {
                starts.insert(e.id, e);
            }
            "f" => {
                if let Some(s) = starts.remove(&e.id) {
                    let ends = (numbers.get(&(s.pid, s.tid)), numbers.get(&(e.pid, e.tid)));
                    if let (Some(from), Some(to)) = ends {
                        arrows.push(json!([from, s.ts, to, e.ts]));
                    }
                }
            }
            _ => {}
        }
    }
    let places: HashMap<u32, Value> = timeline
        .places
        .iter()
        .map(|p| {
            let (call, stack) = stacks.place(p.id);
            let lines: Vec<String> = stack.iter().map(stacks::Named::short).collect();
            (p.id, json!([call, lines]))
        })
        .collect();
    let tracks: Vec<Value> = tracks.iter().map(|t| json!([group(t.0), labels.get(t)])).collect();
    let data = json!({
        "pid": timeline.pid,
        "state": timeline.state,
        "forgotten": timeline.turns_forgotten,
        "tracks": tracks,
        "names": names.names,
        "classes": classes.names,
        "spans": spans,
        "arrows": arrows,
        "places": places,
    });
    // In a script element, only this could end the text.
    let data = data.to_string().replace("</", "<\\/");
    PAGE.replacen(MARK, &data, 1)
}

fn track_name(e: &Event) -> String {
    match e.pid {
        1 => format!("g{}", e.tid),
        2 => format!("OS thread {}", e.tid),
        _ => format!("lock {:#x}", e.tid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_one_place_for_the_data() {
        assert_eq!(PAGE.matches(MARK).count(), 1);
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        for word in ["http:", "https:", "src=", "@import", "url("] {
            assert!(!PAGE.contains(word), "{word}");
        }
    }
}
