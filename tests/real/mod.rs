//! The cases of `tests/real_programs.rs`.

mod bad_input;
pub mod bench;
mod clients;
mod compress;
mod compute;
mod harmless;
mod http;
mod languages;
mod neighbours;
mod own;
mod python;
mod run;
mod servers;
mod suites;
mod thread_each;

use bench::Place;

/// Cases whose expectation is written down before the library meets it, by
/// the end of their names, and what they wait for. They are listed as
/// `[pending: reason]` and run with `--include-ignored`. Whoever makes one pass
/// takes its line out.
const PENDING: &[(&str, &str)] = &[];

/// What a case does in a directory of its own; an error says what differs.
type Body = Box<dyn Fn(&Place) -> Result<(), String> + Send + Sync>;

/// One test.
pub struct Case {
    /// `module/program`.
    pub name: String,
    /// The commands that must be in the PATH.
    pub needs: Vec<String>,
    /// The test.
    pub body: Body,
}

impl Case {
    pub fn new(
        name: impl Into<String>,
        needs: &[&str],
        body: impl Fn(&Place) -> Result<(), String> + Send + Sync + 'static,
    ) -> Case {
        Case {
            name: name.into(),
            needs: needs.iter().map(|s| s.to_string()).collect(),
            body: Box::new(body),
        }
    }

    /// What the library lacks for the case to pass.
    pub fn pending(&self) -> Option<&'static str> {
        PENDING.iter().find(|(end, _)| self.name.ends_with(end)).map(|(_, why)| *why)
    }

    /// Why the case cannot run here.
    pub fn missing(&self) -> Option<String> {
        let missing: Vec<&str> = self
            .needs
            .iter()
            .filter(|n| bench::find_command(n).is_none())
            .map(String::as_str)
            .collect();
        (!missing.is_empty()).then(|| format!("no {} (see tests/setup)", missing.join(", ")))
    }
}

/// Every case, ordered by name.
pub fn cases() -> Vec<Case> {
    let mut all = [
        python::cases(),
        servers::cases(),
        thread_each::cases(),
        clients::cases(),
        compress::cases(),
        compute::cases(),
        own::cases(),
        languages::cases(),
        neighbours::cases(),
        harmless::cases(),
        bad_input::cases(),
        suites::cases(),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}
