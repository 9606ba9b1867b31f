//! `docs/gevent.md` names everything that gevent has in public, each name in its module's
//! section. The list is what `gevent_names.py` prints.

use libtest_mimic::Trial;
use std::collections::BTreeSet;

const TABLE: &str = include_str!("../../docs/gevent.md");
const NAMES: &str = include_str!("gevent_names.txt");

/// The section of modules that have none of their own: there a row names its module as well.
const REST: &str = "The rest";
/// What every object has; the section `gevent` says it once.
const EVERY_OBJECT_HAS: &str = "hub";

/// A part of the table: the modules of its heading, and the words that are code in the
/// first column of each row.
struct Section {
    modules: Vec<&'static str>,
    rows: Vec<BTreeSet<&'static str>>,
}

fn sections() -> Vec<Section> {
    let section = |text: &'static str| {
        let (heading, body) = text.split_once('\n').expect("a heading and its rows");
        let first = body.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
        let words = |column: &'static str| {
            let code = column.split('`').skip(1).step_by(2);
            let words = code.flat_map(|c| c.split(|c: char| !c.is_alphanumeric() && c != '_'));
            words.filter(|word| !word.is_empty()).collect()
        };
        Section { modules: heading.split(", ").collect(), rows: first.map(words).collect() }
    };
    TABLE.split("\n## ").skip(1).map(section).collect()
}

/// Whether the table has the name of this place, a module or a class of one, where a reader
/// looks for it.
fn has(sections: &[Section], place: &str, name: &str) -> bool {
    let (module, class) = place.split_once('.').unwrap_or((place, ""));
    // What a module takes from another is where that has it.
    let headings = match (module, class) {
        ("gevent", _) => vec!["gevent".to_string(), format!("gevent.{name}")],
        ("Greenlet", _) => vec!["gevent.Greenlet".to_string(), "gevent".to_string()],
        ("greenlet", _) => vec!["gevent".to_string()],
        ("Timeout", _) => vec!["gevent.timeout".to_string()],
        ("hub", "") => vec!["gevent".to_string()],
        // A hub is a greenlet.
        ("hub", _) => vec!["gevent.Greenlet".to_string(), "gevent".to_string()],
        _ => vec![format!("gevent.{module}")],
    };
    let of = |heading: &str| sections.iter().find(|s| s.modules.contains(&heading));
    let in_row = |row: &BTreeSet<&str>| {
        row.contains(name)
            || module == "events" && name.strip_prefix('I').is_some_and(|n| row.contains(n))
    };
    if module == "gevent" && of(&format!("gevent.{name}")).is_some() {
        return true;
    }
    if name == EVERY_OBJECT_HAS && module != "gevent" && has(sections, "gevent", name) {
        return true;
    }
    let own = headings.iter().filter_map(|h| of(h)).any(|s| s.rows.iter().any(in_row));
    // (A module that is described there is named by its row.)
    let beside = |row: &BTreeSet<&str>| in_row(row) && (module == "gevent" || row.contains(module));
    own || of(REST).is_some_and(|s| s.rows.iter().any(beside))
}

pub fn trial() -> Trial {
    Trial::test("docs/every_public_name_of_gevent_is_in_its_section", || {
        let sections = sections();
        assert!(!has(&sections, "queue.Queue", "acquire"), "it is a semaphore's");
        let place_and_name = |line: &'static str| line.split_once(' ').expect("a place and a name");
        let missing: Vec<(&str, &str)> = NAMES
            .lines()
            .map(place_and_name)
            .filter(|(place, name)| !has(&sections, place, name))
            .collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(format!("docs/gevent.md has in their sections no {missing:?}").into()),
        }
    })
}
