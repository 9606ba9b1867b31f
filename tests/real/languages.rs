//! Scripts on the threads of a language's interpreter: their output is the native one.

use super::run::{same, Ended, PATIENCE};
use super::Case;
use std::path::Path;

/// Interpreter and script.
const ALL: &[(&str, &str)] = &[("perl", "threads.pl"), ("ruby", "threads.rb")];

pub fn cases() -> Vec<Case> {
    ALL.iter().map(|&(interpreter, script)| case(interpreter, script)).collect()
}

fn case(interpreter: &'static str, script: &str) -> Case {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = root.join("tests/real/languages").join(script);
    Case::new(format!("languages/{interpreter}"), &[interpreter], move |place| {
        same(
            place,
            PATIENCE,
            |mode| {
                let mut c = place.command(mode, interpreter);
                c.arg(&script);
                c
            },
            |ended: &Ended| match ended.stdout.ends_with(b"done\n") {
                true => Ok(()),
                false => Err("it did not come to its end".into()),
            },
        )
    })
}
