//! One line on stderr, whatever state the program is in: no allocation, no
//! lock, no buffer of stdio, so that signal handlers may report, too.

use crate::sys;
use core::fmt::Write;

/// A line; what does not fit is cut off.
struct Line {
    bytes: [u8; 256],
    len: usize,
}

impl Write for Line {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        let room = &mut self.bytes[self.len..];
        let n = s.len().min(room.len());
        room[..n].copy_from_slice(&s.as_bytes()[..n]);
        self.len += n;
        Ok(())
    }
}

/// Print a line.
pub fn say(args: core::fmt::Arguments<'_>) {
    let mut line = Line { bytes: [0; 256], len: 0 };
    let _ = line.write_fmt(args);
    let _ = line.write_str("\n");
    sys::write_stderr(&line.bytes[..line.len]);
}
