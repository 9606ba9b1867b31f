//! `geventrs symbolize`: names for the addresses on stdin. The library asks so
//! when it reports a deadlock.

use crate::symbols::Symbols;
use crate::{Failure, FAILED};
use clap::Args;
use std::io::{BufRead, Write};
use std::path::Path;

/// Name addresses: lines of `PATH ADDRESS [BUILD-ID]` on stdin
///
/// PATH is a module's file; ADDRESS is a virtual address in it (the run-time
/// address less the load bias), in hexadecimal with 0x; BUILD-ID is hexadecimal.
/// For each line, in its order, one line comes back: functions with their
/// places, inlined ones first, separated by tabs; an empty line if nothing is
/// known.
#[derive(Args)]
pub struct Symbolize {}

impl Symbolize {
    pub fn execute(self) -> Result<(), Failure> {
        let mut symbols = Symbols::new();
        let (stdin, mut stdout) = (std::io::stdin().lock(), std::io::stdout().lock());
        for line in stdin.split(b'\n') {
            let line = line.map_err(|e| Failure::new(FAILED, format_args!("stdin: {e}")))?;
            let answer = answer(&mut symbols, &String::from_utf8_lossy(&line));
            // Whoever has asked may be gone.
            if writeln!(stdout, "{answer}").and_then(|()| stdout.flush()).is_err() {
                break;
            }
        }
        Ok(())
    }
}

fn answer(symbols: &mut Symbols, line: &str) -> String {
    let Some((path, address, build_id)) = parse(line) else { return String::new() };
    let frames = symbols.frames(Path::new(path), address, build_id.as_deref());
    frames.iter().map(ToString::to_string).collect::<Vec<_>>().join("\t")
}

/// A path may hold spaces; what follows it may not.
fn parse(line: &str) -> Option<(&str, u64, Option<Vec<u8>>)> {
    let number = |word: &str| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok();
    let (before, last) = line.trim_end().rsplit_once(' ')?;
    if let Some(address) = number(last) {
        return Some((before, address, None));
    }
    let (path, address) = before.rsplit_once(' ')?;
    Some((path, number(address)?, Some(bytes(last)?)))
}

/// Hexadecimal digits as bytes.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    digits.len().is_multiple_of(2).then_some(())?;
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_path_an_address_and_perhaps_a_build_id() {
        assert_eq!(parse("/lib/a b.so 0x1f"), Some(("/lib/a b.so", 0x1f, None)));
        assert_eq!(parse("/x 0x10 0aff"), Some(("/x", 0x10, Some(vec![0x0a, 0xff]))));
        assert_eq!(parse("/x"), None);
        assert_eq!(parse("/x 16"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn nonsense_gets_an_empty_line() {
        let mut symbols = Symbols::new();
        assert_eq!(answer(&mut symbols, "what?"), "");
        assert_eq!(answer(&mut symbols, "/nowhere 0x10"), "");
    }
}
