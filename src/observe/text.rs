//! Text in a buffer of fixed size; what does not fit is cut off.

use crate::time::SECOND;
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

impl Text<'_> {
    /// Add a number, in decimal digits. (The formatter of the standard library takes
    /// several times as long, which counts where each call of a program is a line.)
    pub fn decimal(&mut self, n: u64) {
        self.digits(n, 10, 1);
    }

    /// Add a number that may be negative.
    pub fn signed(&mut self, n: i64) {
        if n < 0 {
            self.bytes(b"-");
        }
        self.decimal(n.unsigned_abs());
    }

    /// Add a number in hexadecimal digits, with `0x` before them.
    pub fn hex(&mut self, n: u64) {
        self.bytes(b"0x");
        self.digits(n, 16, 1);
    }

    /// Add nanoseconds as seconds with six digits.
    pub fn seconds(&mut self, ns: u64) {
        self.decimal(ns / SECOND);
        self.bytes(b".");
        self.digits(ns % SECOND / 1000, 10, 6);
    }

    /// Add a number with at least so many digits.
    fn digits(&mut self, mut n: u64, base: u64, least: usize) {
        const MOST: usize = 20;
        let mut digits = [b'0'; MOST];
        let mut at = MOST;
        while n != 0 || MOST - at < least {
            at -= 1;
            digits[at] = b"0123456789abcdef"[(n % base) as usize];
            n /= base;
        }
        self.bytes(&digits[at..]);
    }

    /// Add a name of the kernel's form: up to its first zero, what is no ASCII as `?`.
    pub fn name(&mut self, name: &[u8; 16]) {
        let end = name.iter().position(|b| *b == 0).unwrap_or(16);
        let shown = name.map(|b| if (b' '..0x7f).contains(&b) { b } else { b'?' });
        self.bytes(&shown[..end]);
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
    fn numbers_are_as_the_formatter_has_them() {
        let shown = |f: &dyn Fn(&mut Text)| {
            let mut buffer = [0; 64];
            let mut text = Text::new(&mut buffer);
            f(&mut text);
            let length = text.length();
            String::from_utf8(buffer[..length].to_vec()).unwrap()
        };
        for n in [0, 1, 9, 10, 99, 100, 123_456_789, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(shown(&|t| t.decimal(n)), format!("{n}"));
            assert_eq!(shown(&|t| t.hex(n)), format!("{n:#x}"));
            assert_eq!(shown(&|t| t.signed(n as i64)), format!("{}", n as i64));
        }
        assert_eq!(shown(&|t| t.signed(i64::MIN)), format!("{}", i64::MIN));
        assert_eq!(shown(&|t| t.seconds(12_000_345_678)), "12.000345");
        assert_eq!(shown(&|t| t.seconds(999)), "0.000000");
        assert_eq!(shown(&|t| t.name(b"a\xffb\0rubbish-----")), "a?b");
        assert_eq!(shown(&|t| t.name(b"sixteen letters!")), "sixteen letters!");
    }

    #[test]
    fn names_end_at_their_zero() {
        let name = Name(*b"a\xffb\0rubbish-----");
        assert_eq!(name.to_string(), "a?b");
    }
}
