//! JSON as Python writes it: `, ` and `: `, `1.0`, `NaN`, keys as text, optional indent and sorting; and its reader.

use std::fmt::Write as _;

use num_bigint::BigInt;

use crate::value::{Dict, Value};

/// How JSON is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Blanks per level; `None` for one line.
    pub indent: Option<usize>,
    /// Sort the keys of mappings.
    pub sort_keys: bool,
    /// Write characters beyond ASCII as `\uXXXX`.
    pub ascii: bool,
    /// `,` and `:` without blanks behind them (`separators=(',', ':')`).
    pub tight: bool,
}

/// The value as JSON text.
#[must_use]
pub fn write(value: &Value, style: Style) -> String {
    let mut out = String::new();
    put(&mut out, value, style, 0);
    out
}

/// One line, as `json.dumps(value)` writes it (ASCII only).
#[must_use]
pub fn dumps(value: &Value) -> String {
    write(value, Style { ascii: true, ..Style::default() })
}

fn put(out: &mut String, value: &Value, style: Style, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Int(number) => drop(write!(out, "{number}")),
        Value::Big(number) => drop(write!(out, "{number}")),
        Value::Float(number) => out.push_str(&float(*number)),
        Value::Str(text) | Value::Vaulted(text) => quote(out, text, style.ascii),
        Value::List(list) => {
            let items = list.iter().map(|item| (None, item));
            container(out, ('[', ']'), items, style, depth);
        }
        Value::Dict(dict) => {
            let mut entries: Vec<(String, &Value)> = dict.iter().map(|(k, v)| (key_text(k), v)).collect();
            if style.sort_keys {
                entries.sort_by(|a, b| a.0.cmp(&b.0));
            }
            container(out, ('{', '}'), entries.iter().map(|(k, v)| (Some(k.as_str()), *v)), style, depth);
        }
    }
}

fn container<'a>(
    out: &mut String,
    (open, close): (char, char),
    entries: impl ExactSizeIterator<Item = (Option<&'a str>, &'a Value)>,
    style: Style,
    depth: usize,
) {
    out.push(open);
    let some = entries.len() > 0;
    for (i, (key, value)) in entries.enumerate() {
        if i > 0 {
            out.push_str(if style.indent.is_some() || style.tight { "," } else { ", " });
        }
        newline(out, style, depth + 1);
        if let Some(key) = key {
            quote(out, key, style.ascii);
            out.push_str(if style.tight { ":" } else { ": " });
        }
        put(out, value, style, depth + 1);
    }
    if some {
        newline(out, style, depth);
    }
    out.push(close);
}

fn newline(out: &mut String, style: Style, depth: usize) {
    if let Some(width) = style.indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', width * depth));
    }
}

/// A mapping's key as JSON has it: Python turns `True` into `true`, `None` into `null`, numbers into digits.
#[must_use]
pub fn key_text(key: &Value) -> String {
    match key {
        Value::Str(text) | Value::Vaulted(text) => text.as_str().to_string(),
        other => write(other, Style::default()),
    }
}

/// A float as Python's `repr` and `json` write it, but `NaN` and `Infinity` as JSON has them.
#[must_use]
pub fn float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        // Python pads the exponent to two digits and always signs it.
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |d| ('-', d));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    let text = format!("{number}");
    if text.contains('.') { text } else { text + ".0" }
}

fn quote(out: &mut String, text: &str, ascii: bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 => drop(write!(out, "\\u{:04x}", c as u32)),
            c if ascii && !c.is_ascii() => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _written = write!(out, "\\u{unit:04x}");
                }
            }
            '\u{7f}' if ascii => out.push('\u{7f}'),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Why a text is not JSON: what was expected and where, in Python's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: line {line} column {col} (char {at})")]
pub struct JsonError {
    /// `Expecting value`, `Extra data`, ...
    pub what: &'static str,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub col: usize,
    /// Offset in characters, from 0.
    pub at: usize,
}

/// The value of a JSON text, as Python's `json.loads` reads it (`NaN` and `Infinity` included). Texts are untrusted.
///
/// # Errors
/// With Python's wording and position.
pub fn read(text: &str) -> Result<Value, JsonError> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.blanks();
    let value = reader.value()?;
    reader.blanks();
    if reader.at < text.len() { Err(reader.error("Extra data", reader.at)) } else { Ok(value) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// Deeper nesting than any document of people; Python gives up near here as well.
const MAX_DEPTH: usize = 900;

impl Reader<'_> {
    fn error(&self, what: &'static str, at: usize) -> JsonError {
        let before = &self.text[..at];
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        JsonError {
            what,
            line: before.matches('\n').count() + 1,
            col: before[start..].chars().count() + 1,
            at: before.chars().count(),
        }
    }
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
    fn word(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        const WORDS: [(&str, Value); 6] = [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ];
        match self.peek() {
            Some(b'"') => self.string().map(Value::from),
            Some(b'{') => self.nested(Self::dict),
            Some(b'[') => self.nested(Self::list),
            _ => {
                for (word, value) in WORDS {
                    if self.word(word) {
                        return Ok(value);
                    }
                }
                self.number()
            }
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, JsonError>) -> Result<Value, JsonError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("Nested too deeply", self.at));
        }
        self.at += 1;
        self.blanks();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn dict(&mut self) -> Result<Value, JsonError> {
        let mut dict = Dict::new();
        if self.word("}") {
            return Ok(dict.into());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.error("Expecting property name enclosed in double quotes", self.at));
            }
            let key = self.string()?;
            self.blanks();
            if !self.word(":") {
                return Err(self.error("Expecting ':' delimiter", self.at));
            }
            self.blanks();
            dict.insert(key, self.value()?);
            self.blanks();
            if self.word("}") {
                return Ok(dict.into());
            }
            if !self.word(",") {
                return Err(self.error("Expecting ',' delimiter", self.at));
            }
            self.blanks();
        }
    }

    fn list(&mut self) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        if self.word("]") {
            return Ok(items.into());
        }
        loop {
            items.push(self.value()?);
            self.blanks();
            if self.word("]") {
                return Ok(items.into());
            }
            if !self.word(",") {
                return Err(self.error("Expecting ',' delimiter", self.at));
            }
            self.blanks();
        }
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
        let rest = self.rest();
        let sign = usize::from(rest.starts_with('-'));
        let whole = if rest[sign..].starts_with('0') { 1 } else { digits(&rest[sign..]) };
        if whole == 0 {
            return Err(self.error("Expecting value", self.at));
        }
        let mut end = sign + whole;
        let mut float = false;
        if rest[end..].starts_with('.') && digits(&rest[end + 1..]) > 0 {
            end += 1 + digits(&rest[end + 1..]);
            float = true;
        }
        if rest[end..].starts_with(['e', 'E']) {
            let signed = usize::from(rest[end + 1..].starts_with(['+', '-']));
            let count = digits(&rest[end + 1 + signed..]);
            if count > 0 {
                end += 1 + signed + count;
                float = true;
            }
        }
        let text = &rest[..end];
        let value = if float {
            text.parse().map(Value::Float).ok()
        } else {
            text.parse().map(Value::Int).ok().or_else(|| text.parse::<BigInt>().ok().map(Value::big))
        };
        let error = self.error("Expecting value", self.at);
        self.at += end;
        value.ok_or(error)
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let plain = self.rest().find(|c: char| c == '"' || c == '\\' || c < ' ');
            let Some(plain) = plain else {
                return Err(self.error("Unterminated string starting at", start));
            };
            out.push_str(&self.rest()[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape(start)?),
                _ => return Err(self.error("Invalid control character at", self.at)),
            }
        }
    }

    fn escape(&mut self, start: usize) -> Result<char, JsonError> {
        let backslash = self.at;
        self.at += 1;
        let Some(c) = self.peek() else {
            return Err(self.error("Unterminated string starting at", start));
        };
        let plain = match c {
            b'"' | b'\\' | b'/' => c as char,
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                self.at += 1;
                let high = self.unit(backslash)?;
                if (0xd800..0xdc00).contains(&high) && self.rest().starts_with("\\u") {
                    let mark = self.at;
                    self.at += 2;
                    let low = self.unit(mark)?;
                    if let Some(Ok(c)) = char::decode_utf16([high, low]).next() {
                        return Ok(c);
                    }
                    self.at = mark;
                }
                return Ok(char::from_u32(u32::from(high)).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            _ => return Err(self.error("Invalid \\escape", backslash)),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unit(&mut self, backslash: usize) -> Result<u16, JsonError> {
        let unit = self.rest().get(..4).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(unit) = unit.and_then(|h| u16::from_str_radix(h, 16).ok()) else {
            return Err(self.error("Invalid \\uXXXX escape", backslash));
        };
        self.at += 4;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_and_we_write_the_same_text() {
        let value = read(r#"{"b": [1, 2.0, 1e300, 1e-5, null], "a": {"ü\n": true}, "e": {}}"#).unwrap();
        assert_eq!(
            dumps(&value),
            r#"{"b": [1, 2.0, 1e+300, 1e-05, null], "a": {"\u00fc\n": true}, "e": {}}"#
        );
        let pretty = write(&value, Style { indent: Some(4), sort_keys: true, ..Style::default() });
        assert!(
            pretty.starts_with("{\n    \"a\": {\n        \"ü\\n\": true\n    },\n    \"b\": [\n        1,"),
            "{pretty}"
        );
    }

    #[test]
    fn errors_speak_as_python_does() {
        let says = |text: &str| read(text).unwrap_err().to_string();
        assert_eq!(says("{\"a\": }"), "Expecting value: line 1 column 7 (char 6)");
        assert_eq!(says("[1, 2"), "Expecting ',' delimiter: line 1 column 6 (char 5)");
        assert_eq!(says("{} x"), "Extra data: line 1 column 4 (char 3)");
        assert_eq!(says("\"a"), "Unterminated string starting at: line 1 column 1 (char 0)");
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
