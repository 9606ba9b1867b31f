//! The crate's own frames in programs that have it in their executable: they use the Rust
//! API, and no module tells what is theirs and what is ours, but source files do.

use std::ops::Range;

/// The function that every greenlet of the API begins with, and its file.
pub const ENTRY: &str = "first_frame";
const ENTRY_FILE: &str = "api/spawn.rs";
/// What has called `main`.
const BELOW_MAIN: [&str; 4] =
    ["__libc_start_call_main", "__libc_start_main_impl", "__libc_start_main", "_start"];

/// What is known of a frame: function and file.
pub type Known<'a> = (Option<&'a str>, Option<&'a str>);

/// Where the crate's sources were when the program was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crate {
    sources: String,
}

impl Crate {
    /// As the frame of a greenlet's first function tells it.
    pub fn of_entry((function, file): Known) -> Option<Crate> {
        let sources = file?.strip_suffix(ENTRY_FILE)?;
        function?.contains(ENTRY).then(|| Crate { sources: sources.to_owned() })
    }

    /// Whether a frame is the crate's.
    pub fn is_ours(&self, (function, file): Known) -> bool {
        let file = file.is_some_and(|f| f.starts_with(&self.sources));
        file || function.is_some_and(|f| f.trim_start_matches('<').starts_with("geventrs::"))
    }

    /// Which of the frames of a stack, the innermost first, are the program's, and the function of
    /// the crate that it has called.
    pub fn of_program(&self, stack: &[Known]) -> Range<usize> {
        let is_std = |f: &Known| is_std(*f);
        let is_ours = |f: &Known| self.is_ours(*f);
        let inner = stack.iter().take_while(|f| is_ours(f) || is_std(f)).count();
        let start = stack[..inner].iter().rposition(is_ours).unwrap_or(0);
        // Rust's own `main`, which std has been called by, is of no file.
        let is_start = |at: usize, f: &Known| {
            *f == (Some("main"), None) && at.checked_sub(1).is_some_and(|at| is_std(&stack[at]))
        };
        let below = |at: usize, f: &Known| f.0.is_some_and(is_below_main) || is_start(at, f);
        let mut end = stack.iter().enumerate();
        let end = end.rposition(|(at, f)| !is_ours(f) && !is_std(f) && !below(at, f));
        match end {
            Some(end) if end >= start => start..end + 1,
            _ => 0..stack.len(),
        }
    }
}

/// Whether it is a function that has called `main`.
pub fn is_below_main(function: &str) -> bool {
    BELOW_MAIN.contains(&function)
}

/// Whether it is a function of Rust's own library.
pub fn is_std((function, file): Known) -> bool {
    let in_file = file.is_some_and(|f| {
        ["std", "core", "alloc"].iter().any(|c| f.contains(&format!("/library/{c}/src/")))
    });
    let name = function.unwrap_or("").trim_start_matches(['<', '&']);
    in_file || ["std::", "core::", "alloc::"].iter().any(|c| name.starts_with(c))
}

/// What a greenlet runs whose first function is this one: the function or closure that it was
/// spawned with.
pub fn spawned(function: &str) -> Option<&str> {
    let types = &function[function.find(ENTRY)? + ENTRY.len()..];
    let types = types.strip_prefix("::").unwrap_or(types).strip_prefix('<')?;
    let mut depth = 0;
    let mut before = ' ';
    let end = types.find(|c: char| {
        match c {
            '<' | '(' | '{' | '[' => depth += 1,
            // The arrow of a function's type closes nothing.
            '>' if before == '-' => {}
            '>' | ')' | '}' | ']' => depth -= 1,
            _ => {}
        }
        before = c;
        depth == 0 && c == ','
    })?;
    Some(&types[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_greenlet_runs_is_the_first_type() {
        let closure = "first_frame<chat::main::{closure_env#1}, (u8, u8)>";
        assert_eq!(spawned(closure), Some("chat::main::{closure_env#1}"));
        let function = "geventrs::api::spawn::first_frame::<fn(u8, u8) -> u8, u8>";
        assert_eq!(spawned(function), Some("fn(u8, u8) -> u8"));
        assert_eq!(spawned("main"), None);
    }

    #[test]
    fn of_the_crate_the_function_that_was_called_is_left() {
        let entry = (Some("first_frame<x, ()>"), Some("/c/src/api/spawn.rs"));
        let ours = Crate::of_entry(entry).unwrap();
        let std = (Some("call_once<x>"), Some("/rust/library/core/src/ops/function.rs"));
        let stack = [
            (Some("leave"), Some("/c/src/hub/drive.rs")),
            (Some("wait"), Some("/c/src/api/event/flag.rs")),
            (Some("waiter"), Some("/p/src/main.rs")),
            std,
            (Some("{closure#0}"), Some("/p/src/main.rs")),
            std,
            entry,
            (Some("geventrs::arch::x86_64::thread_base"), None),
        ];
        assert_eq!(ours.of_program(&stack), 1..5);
        assert_eq!(ours.of_program(&stack[2..]), 0..3);
        let main = [stack[2], std, (Some("__libc_start_call_main"), None), (Some("_start"), None)];
        assert_eq!(ours.of_program(&main), 0..1);
        let start = (Some("main"), None);
        assert_eq!(ours.of_program(&[stack[2], std, start, main[2]]), 0..1, "Rust's own main");
        assert_eq!(ours.of_program(&[stack[2], start, main[2]]), 0..2, "a C program's");
        assert_eq!(ours.of_program(&stack[..2]), 0..2, "nothing of the program's: all of it");
    }
}
