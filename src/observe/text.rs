//! Text in a buffer of fixed size; what does not fit is cut off.

use core::fmt::{self, Write};

/// Text that grows in a buffer.
pub struct Text<'a> {
    buffer: &'a mut [u8],
    length: usize,
}

impl<'a> Text<'a> {
    /// Nothing yet.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        Text { buffer, length: 0 }
    }

    /// How long it is.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Add bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let room = self.buffer.len() - self.length;
        let n = bytes.len().min(room);
        self.buffer[self.length..self.length + n].copy_from_slice(&bytes[..n]);
        self.length += n;
    }
}

impl Write for Text<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.bytes(s.as_bytes());
        Ok(())
    }
}

/// A name of the kernel's form: up to its first zero, what is no ASCII as `?`.
pub struct Name(pub [u8; 16]);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(16);
        for b in &self.0[..end] {
            let c = if (b' '..0x7f).contains(b) { *b as char } else { '?' };
            f.write_char(c)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_off() {
        let mut buffer = [0; 8];
        let mut text = Text::new(&mut buffer);
        let _ = write!(text, "abc {} more", 12345);
        assert_eq!(text.length(), 8);
        assert_eq!(&buffer, b"abc 1234");
    }

    #[test]
    fn names_end_at_their_zero() {
        let name = Name(*b"a\xffb\0rubbish-----");
        assert_eq!(name.to_string(), "a?b");
    }
}
