//! Colours: on a terminal only, and not where `NO_COLOR` is set (no-color.org).

use std::io::IsTerminal;

/// How text is made to stand out, or not.
#[derive(Clone, Copy)]
pub struct Colours(bool);

impl Colours {
    /// For stdout.
    pub fn of_stdout() -> Colours {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        Colours(!unwanted && !dumb && std::io::stdout().is_terminal())
    }

    /// None.
    pub fn none() -> Colours {
        Colours(false)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// A heading.
    pub fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What is of little interest.
    pub fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    /// What is wrong.
    pub fn alarm(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// A greenlet's state, by what it means.
    pub fn state(self, state: &str) -> String {
        let code = match state.trim() {
            "runs" | "computes" => "32",
            "runnable" => "36",
            "blocked" => "33",
            "ended" => "2",
            _ => return state.to_owned(),
        };
        self.with(code, state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_text_is_as_it_was() {
        assert_eq!(Colours::none().alarm("x"), "x");
        assert_eq!(Colours(true).alarm("x"), "\x1b[1;31mx\x1b[0m");
        assert_eq!(Colours(true).state("waits"), "waits");
    }
}
