//! A file that is written from beginning to end, through one buffer.

use super::output::Sink;
use crate::raw_lock::RawLock;
use core::fmt::{self, Write};

const SIZE: usize = 64 * 1024;

struct Buffer {
    bytes: [u8; SIZE],
    length: usize,
}

/// One document is written at a time.
static BUFFER: RawLock<Buffer> = RawLock::shared(Buffer { bytes: [0; SIZE], length: 0 });

/// A document that is being written.
pub struct Document<'a> {
    sink: &'a mut Sink,
    buffer: crate::raw_lock::Held<'static, Buffer>,
    failed: bool,
}

impl<'a> Document<'a> {
    /// Begin, at the sink's position. `None`: another one is being written, and is
    /// not finished before `deadline`.
    pub fn begin(sink: &'a mut Sink, deadline: u64) -> Option<Self> {
        let mut buffer = BUFFER.try_lock_until(deadline)?;
        buffer.length = 0;
        Some(Document { sink, buffer, failed: false })
    }

    fn bytes(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = SIZE - self.buffer.length;
            let n = bytes.len().min(room);
            let at = self.buffer.length;
            self.buffer.bytes[at..at + n].copy_from_slice(&bytes[..n]);
            self.buffer.length += n;
            bytes = &bytes[n..];
            if self.buffer.length == SIZE {
                self.out();
            }
        }
    }

    fn out(&mut self) {
        if !self.failed {
            self.failed = !self.sink.write(&self.buffer.bytes[..self.buffer.length]);
        }
        self.buffer.length = 0;
    }

    /// Write the rest. False: not all could be written.
    pub fn end(mut self) -> bool {
        self.out();
        !self.failed
    }
}

/// In the child of a fork.
pub(super) fn after_fork() {
    BUFFER.reset();
}

impl Write for Document<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.bytes(s.as_bytes());
        Ok(())
    }
}

/// Bytes as a JSON string, quotes included; what is no UTF-8 as the replacement character.
pub struct Json<'a>(pub &'a [u8]);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '"' | '\\' => write!(f, "\\{c}")?,
                    '\n' => f.write_str("\\n")?,
                    c if (c as u32) < 0x20 => write!(f, "\\u{:04x}", c as u32)?,
                    c => f.write_char(c)?,
                }
            }
            if !chunk.invalid().is_empty() {
                f.write_char('\u{fffd}')?;
            }
        }
        f.write_char('"')
    }
}

/// `, ` between the members of a list.
pub struct Comma(bool);

impl Comma {
    /// Before the first member.
    pub fn new() -> Self {
        Comma(false)
    }

    /// What comes before the next one.
    pub fn next(&mut self) -> &'static str {
        if core::mem::replace(&mut self.0, true) {
            ",\n"
        } else {
            "\n"
        }
    }
}

impl Default for Comma {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_a_json_string() {
        assert_eq!(Json(b"a\"b\\c\n\x01").to_string(), r#""a\"b\\c\n\u0001""#);
        assert_eq!(Json(b"\xff\xc3\xa9").to_string(), "\"\u{fffd}é\"");
    }
}
