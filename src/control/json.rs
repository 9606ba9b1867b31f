//! Writing JSON, without a crate for it in the preloaded library.

use core::fmt::{Display, Write};

/// One object, written into a text as its fields come. Dropped, it is closed.
pub struct Object<'a> {
    text: &'a mut String,
    first: bool,
}

impl<'a> Object<'a> {
    /// Begin an object at the end of `text`.
    pub fn new(text: &'a mut String) -> Object<'a> {
        text.push('{');
        Object { text, first: true }
    }

    fn key(&mut self, key: &str) -> &mut String {
        if !core::mem::take(&mut self.first) {
            self.text.push(',');
        }
        let _ = write!(self.text, "\"{key}\":");
        self.text
    }

    /// A number, `true` or `false`.
    pub fn plain(&mut self, key: &str, value: impl Display) -> &mut Self {
        let _ = write!(self.key(key), "{value}");
        self
    }

    /// An address: a string of hexadecimal digits with 0x, since not every
    /// reader's numbers have 64 bits.
    pub fn address(&mut self, key: &str, value: usize) -> &mut Self {
        let _ = write!(self.key(key), "\"{value:#x}\"");
        self
    }

    /// A text.
    pub fn text(&mut self, key: &str, value: &[u8]) -> &mut Self {
        string(self.key(key), value);
        self
    }

    /// Bytes, as hexadecimal digits.
    pub fn bytes(&mut self, key: &str, value: &[u8]) -> &mut Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let text = self.key(key);
        text.reserve(2 * value.len() + 2);
        text.push('"');
        for byte in value {
            text.push(DIGITS[usize::from(byte >> 4)].into());
            text.push(DIGITS[usize::from(byte & 15)].into());
        }
        text.push('"');
        self
    }

    /// An object in the object.
    pub fn object(&mut self, key: &str) -> Object<'_> {
        Object::new(self.key(key))
    }

    /// A list of numbers or addresses that are strings already.
    pub fn list<T: Display>(&mut self, key: &str, values: impl Iterator<Item = T>) -> &mut Self {
        let text = self.key(key);
        text.push('[');
        for (i, value) in values.enumerate() {
            let _ = write!(text, "{}{value}", if i == 0 { "" } else { "," });
        }
        text.push(']');
        self
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        self.text.push('}');
    }
}

/// A string. Bytes that are no UTF-8 become U+FFFD.
fn string(text: &mut String, value: &[u8]) {
    text.push('"');
    for chunk in value.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                c if (c as u32) < 0x20 => {
                    let _ = write!(text, "\\u{:04x}", c as u32);
                }
                c => text.push(c),
            }
        }
        if !chunk.invalid().is_empty() {
            text.push('\u{fffd}');
        }
    }
    text.push('"');
}

/// The value of `key` in a flat object of one line, as it is written there: what
/// a request needs. Strings without escapes only.
pub fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("\"{key}\""))?;
    let value = rest.trim_start().strip_prefix(':')?.trim_start();
    match value.strip_prefix('"') {
        Some(text) => text.split('"').next(),
        None => value.split([',', '}']).next().map(str::trim),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_closed_and_texts_escaped() {
        let mut text = String::new();
        {
            let mut object = Object::new(&mut text);
            object.plain("n", 1).address("at", 0x10).text("name", b"a\"b\\\n\xff");
            object.object("inner").bytes("data", &[0, 0xab]);
            object.list("of", [1, 2].iter());
        }
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["at"], "0x10");
        assert_eq!(json["name"], "a\"b\\\n\u{fffd}");
        assert_eq!(json["inner"]["data"], "00ab");
        assert_eq!(json["of"][1], 2);
    }

    #[test]
    fn requests_are_flat() {
        let line = r#"{"v":1, "ask": "greenlets", "stacks":true,"limit": 7}"#;
        assert_eq!(field(line, "v"), Some("1"));
        assert_eq!(field(line, "ask"), Some("greenlets"));
        assert_eq!(field(line, "stacks"), Some("true"));
        assert_eq!(field(line, "limit"), Some("7"));
        assert_eq!(field(line, "id"), None);
        assert_eq!(field("", "v"), None);
    }
}
