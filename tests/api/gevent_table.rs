//! `docs/gevent.md` names everything that gevent has in public. The list is what
//! `gevent_names.py` prints.

use libtest_mimic::Trial;
use std::collections::BTreeSet;

const TABLE: &str = include_str!("../../docs/gevent.md");
const NAMES: &str = include_str!("gevent_names.txt");

/// The words of the table's first columns that are code.
fn named() -> BTreeSet<&'static str> {
    let first = TABLE.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let code = first.flat_map(|column| column.split('`').skip(1).step_by(2));
    let headings = TABLE.lines().filter_map(|line| line.strip_prefix("## "));
    let words = |text: &'static str| text.split(|c: char| !c.is_alphanumeric() && c != '_');
    code.chain(headings).flat_map(words).filter(|word| !word.is_empty()).collect()
}

pub fn trial() -> Trial {
    Trial::test("docs/every_public_name_of_gevent_is_in_the_table", || {
        let named = named();
        let missing: Vec<&str> = NAMES
            .lines()
            .filter(|line| {
                let name = line.split(' ').nth(1).expect("a place and a name");
                let plain = line.strip_prefix("events I").unwrap_or(name);
                !named.contains(name) && !named.contains(plain)
            })
            .collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(format!("docs/gevent.md says nothing of {missing:?}").into()),
        }
    })
}
