//! Values of INI inventories: a Python literal when the text is one, otherwise the text.

use std::{str::FromStr, sync::Arc};

use num_bigint::BigInt;
use num_traits::Num;
use rustible_protocol::{Dict, List, Origin, Text, Value, json};

/// Deepest nesting of a literal; deeper text stays text.
const MAX_DEPTH: usize = 90;

/// The value of a text: `5` and `[1, 'a']` are data, `yes` and `0644` are text.
pub(crate) fn value(text: &str, origin: &Arc<Origin>) -> Value {
    let mut reader = Reader { rest: text.trim_start_matches([' ', '\t']), origin, depth: 0 };
    reader.whole().unwrap_or_else(|| reader.text(text))
}

struct Reader<'a> {
    rest: &'a str,
    origin: &'a Arc<Origin>,
    depth: usize,
}

/// A literal, or one of the numbers that are complex.
enum Atom {
    Value(Value),
    Imaginary(f64),
}

impl Reader<'_> {
    fn text(&self, text: &str) -> Value {
        Value::Str(Text::trusted(text, Some(self.origin.clone())))
    }

    /// A literal, or several with commas between (a tuple), up to the end or a comment.
    fn whole(&mut self) -> Option<Value> {
        let first = self.expression()?;
        self.blanks();
        let value = if self.rest.starts_with(',') { self.list(vec![first], "") } else { Some(first) }?;
        (self.rest.is_empty() || self.rest.starts_with('#')).then_some(value)
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\u{c}']);
    }

    fn eat(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.rest.strip_prefix(token);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// The rest of a sequence after its first items, up to `close` (nothing: up to the end).
    fn list(&mut self, mut items: Vec<Value>, close: &str) -> Option<Value> {
        loop {
            self.blanks();
            let at_end = if close.is_empty() {
                self.rest.is_empty() || self.rest.starts_with('#')
            } else {
                self.eat(close)
            };
            if at_end {
                return Some(Value::List(List::new(items).with_origin(Some(self.origin.clone()))));
            }
            if !items.is_empty() {
                if !self.eat(",") {
                    return None;
                }
                self.blanks();
                let at_end = if close.is_empty() {
                    self.rest.is_empty() || self.rest.starts_with('#')
                } else {
                    self.rest.starts_with(close)
                };
                if at_end {
                    continue;
                }
            }
            items.push(self.expression()?);
        }
    }

    fn expression(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let value = self.sum();
        self.depth -= 1;
        value
    }

    /// A literal; `1+2j` is the only sum that is one.
    fn sum(&mut self) -> Option<Value> {
        let left = match self.signed()? {
            // Python's minus changes the real part's zero too, which then shows.
            Atom::Imaginary(number) if number.is_sign_negative() => {
                return Some(self.text(&format!("(-0{}j)", whole_float(number))));
            }
            Atom::Imaginary(number) => return Some(self.text(&format!("{}j", whole_float(number)))),
            Atom::Value(value) => value,
        };
        self.blanks();
        if !self.rest.starts_with(['+', '-']) {
            return Some(left);
        }
        let minus = self.rest.starts_with('-');
        self.rest = &self.rest[1..];
        match (left.number_as_f64(), self.signed()?) {
            (Some(real), Atom::Imaginary(number)) if !matches!(left, Value::Bool(_)) => {
                let sign = if minus { '-' } else { '+' };
                Some(self.text(&format!("({}{sign}{}j)", whole_float(real), whole_float(number))))
            }
            _ => None,
        }
    }

    fn signed(&mut self) -> Option<Atom> {
        self.blanks();
        let minus = self.rest.starts_with('-');
        if !minus && !self.rest.starts_with('+') {
            return self.atom();
        }
        self.rest = &self.rest[1..];
        self.blanks();
        if self.rest.starts_with("...")
            || !self.rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '('))
        {
            return None;
        }
        match (minus, self.atom()?) {
            (
                false,
                atom @ (Atom::Imaginary(_) | Atom::Value(Value::Int(_) | Value::Big(_) | Value::Float(_))),
            ) => Some(atom),
            (true, Atom::Value(Value::Int(number))) => Some(Atom::Value(Value::Int(-number))),
            (true, Atom::Value(Value::Big(number))) => Some(Atom::Value(Value::big(-number.as_ref()))),
            (true, Atom::Value(Value::Float(number))) => Some(Atom::Value(Value::Float(-number))),
            (true, Atom::Imaginary(number)) => Some(Atom::Imaginary(-number)),
            (_, Atom::Value(_)) => None,
        }
    }

    fn atom(&mut self) -> Option<Atom> {
        self.blanks();
        let first = self.rest.chars().next()?;
        if first.is_ascii_digit()
            || (first == '.' && self.rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            return self.number();
        }
        let value = match first {
            '\'' | '"' => self.strings()?,
            '[' => {
                self.eat("[");
                self.list(Vec::new(), "]")?
            }
            '(' => self.parenthesis()?,
            '{' => self.braces()?,
            _ if self.eat("...") => self.text("..."),
            _ => {
                let end =
                    self.rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(self.rest.len());
                let (word, after) = self.rest.split_at(end);
                if after.starts_with(['\'', '"']) && is_prefix(word) {
                    self.strings()?
                } else {
                    self.rest = after;
                    match word {
                        "None" => Value::Null,
                        "True" => Value::Bool(true),
                        "False" => Value::Bool(false),
                        "set" if self.eat("(") && self.eat(")") => Value::list(),
                        _ => return None,
                    }
                }
            }
        };
        Some(Atom::Value(value))
    }

    fn parenthesis(&mut self) -> Option<Value> {
        self.eat("(");
        if self.eat(")") {
            return Some(Value::List(List::default().with_origin(Some(self.origin.clone()))));
        }
        let first = self.expression()?;
        if self.eat(")") { Some(first) } else { self.list(vec![first], ")") }
    }

    /// A mapping, or a set, which becomes a list.
    fn braces(&mut self) -> Option<Value> {
        self.eat("{");
        let mut dict = Dict::new().with_origin(Some(self.origin.clone()));
        if self.eat("}") {
            return Some(Value::Dict(dict));
        }
        let mut key = self.expression()?;
        if !self.eat(":") {
            let mut unique: Vec<Value> = Vec::new();
            let Value::List(items) = self.list(vec![key], "}")? else { return None };
            for item in &items {
                if matches!(item, Value::List(_) | Value::Dict(_)) {
                    return None;
                }
                if !unique.contains(item) {
                    unique.push(item.clone());
                }
            }
            return Some(Value::List(List::new(unique).with_origin(Some(self.origin.clone()))));
        }
        loop {
            if matches!(key, Value::List(_) | Value::Dict(_)) {
                return None;
            }
            dict.insert(key, self.expression()?);
            if self.eat("}") || self.eat(",") && self.eat("}") {
                return Some(Value::Dict(dict));
            }
            if !self.rest_after_comma() {
                return None;
            }
            key = self.expression()?;
            if !self.eat(":") {
                return None;
            }
        }
    }

    /// Whether the comma before the next entry is there. It may already have been read.
    fn rest_after_comma(&mut self) -> bool {
        self.blanks();
        !self.rest.is_empty() && !self.rest.starts_with([',', ':', ']', ')'])
    }

    fn number(&mut self) -> Option<Atom> {
        let token_end = |c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_');
        let mut end = self.rest.find(token_end).unwrap_or(self.rest.len());
        // The sign of an exponent belongs to the number.
        let hex = self.rest.starts_with("0x") || self.rest.starts_with("0X");
        if !hex && self.rest[..end].ends_with(['e', 'E']) && self.rest[end..].starts_with(['+', '-']) {
            let more = self.rest[end + 1..].find(token_end).unwrap_or(self.rest.len() - end - 1);
            end += 1 + more;
        }
        let (token, after) = self.rest.split_at(end);
        self.rest = after;
        if ["__", "_.", "._"].iter().any(|bad| token.contains(bad)) || token.ends_with('_') {
            return None;
        }
        let clean = token.replace('_', "").to_ascii_lowercase();
        let based = [("0x", 16), ("0o", 8), ("0b", 2)]
            .into_iter()
            .find_map(|(p, base)| Some((clean.strip_prefix(p)?, base)));
        if let Some((digits, base)) = based {
            return BigInt::from_str_radix(digits, base).ok().map(|n| Atom::Value(Value::big(n)));
        }
        if let Some(imaginary) = clean.strip_suffix('j') {
            return imaginary.parse().ok().map(Atom::Imaginary);
        }
        if clean.bytes().all(|b| b.is_ascii_digit()) {
            let leading_zero = clean.len() > 1 && clean.starts_with('0') && clean.bytes().any(|b| b != b'0');
            return (!leading_zero)
                .then(|| BigInt::from_str(&clean).ok())
                .flatten()
                .map(|n| Atom::Value(Value::big(n)));
        }
        let float_like = clean.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'+' | b'-'));
        float_like.then(|| clean.parse().ok()).flatten().map(|n| Atom::Value(Value::Float(n)))
    }

    /// One string literal or several that stand side by side.
    fn strings(&mut self) -> Option<Value> {
        let mut all = String::new();
        let mut bytes = None;
        loop {
            let end = self.rest.find(['\'', '"'])?;
            let prefix = &self.rest[..end];
            if !is_prefix(prefix) {
                return None;
            }
            let raw = prefix.contains(['r', 'R']);
            let kind = prefix.contains(['b', 'B']);
            if *bytes.get_or_insert(kind) != kind {
                return None;
            }
            self.rest = &self.rest[end..];
            self.string(raw, &mut all)?;
            self.blanks();
            let next = self.rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len());
            if !self.rest[next..].starts_with(['\'', '"']) {
                // Bytes become text that nobody vouches for.
                let Value::Str(text) = self.text(&all) else { return None };
                return Some(Value::Str(text.with_trust(!kind)));
            }
        }
    }

    fn string(&mut self, raw: bool, out: &mut String) -> Option<()> {
        let quote = &self.rest[..1];
        let triple = quote.repeat(3);
        let close = if self.rest.starts_with(&triple) { triple.as_str() } else { quote };
        self.rest = &self.rest[close.len()..];
        loop {
            if let Some(after) = self.rest.strip_prefix(close) {
                self.rest = after;
                return Some(());
            }
            let c = self.rest.chars().next()?;
            self.rest = &self.rest[c.len_utf8()..];
            if c != '\\' {
                out.push(c);
                continue;
            }
            let escaped = self.rest.chars().next()?;
            self.rest = &self.rest[escaped.len_utf8()..];
            if raw {
                out.extend(['\\', escaped]);
            } else {
                self.escape(escaped, out)?;
            }
        }
    }

    fn escape(&mut self, c: char, out: &mut String) -> Option<()> {
        let plain = match c {
            '\\' | '\'' | '"' => c,
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            'U' => self.code(8)?,
            'N' => return None,
            '0'..='7' => {
                let more = self.rest.bytes().take(2).take_while(|b| matches!(b, b'0'..=b'7')).count();
                let digits = format!("{c}{}", &self.rest[..more]);
                self.rest = &self.rest[more..];
                char::from_u32(u32::from_str_radix(&digits, 8).ok()?)?
            }
            // Python keeps the backslash of an escape that it does not know.
            other => {
                out.push('\\');
                other
            }
        };
        out.push(plain);
        Some(())
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let hex = self.rest.get(..digits).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.rest = &self.rest[digits..];
        char::from_u32(u32::from_str_radix(hex, 16).ok()?)
    }
}

fn is_prefix(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "" | "r" | "u" | "b" | "br" | "rb")
}

fn whole_float(number: f64) -> String {
    let text = json::float(number);
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}
