//! YAML 1.1's implicit types: which plain words are numbers, booleans, null, dates, and what they are worth.

use num_bigint::BigInt;
use num_traits::Num;
use rustible_protocol::Value;

use crate::{fault::Fault, tag::Tag, time};

/// The tag of a plain scalar, by its characters.
pub(crate) fn resolve(value: &str) -> Tag {
    let Some(first) = value.bytes().next() else { return Tag::Null };
    // A final line break is not looked at (it can only come from a block scalar that is tagged `!unsafe`).
    let word = value.strip_suffix('\n').unwrap_or(value);
    match first {
        b'y' | b'Y' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' if is_bool(word) => Tag::Bool,
        b'n' | b'N' if is_bool(word) => Tag::Bool,
        b'n' | b'N' if matches!(word, "null" | "Null" | "NULL") => Tag::Null,
        b'~' if word == "~" => Tag::Null,
        b'<' if word == "<<" => Tag::Merge,
        b'=' if word == "=" => Tag::Equals,
        b'!' | b'&' | b'*' if word.len() == 1 => Tag::Other("tag:yaml.org,2002:yaml".into()),
        b'-' | b'+' | b'.' | b'0'..=b'9' => {
            if is_float(word) {
                Tag::Float
            } else if first != b'.' && is_int(word) {
                Tag::Int
            } else if first.is_ascii_digit() && time::is_timestamp(word) {
                Tag::Timestamp
            } else {
                Tag::Str
            }
        }
        _ => Tag::Str,
    }
}

fn is_bool(word: &str) -> bool {
    const WORDS: [&str; 6] = ["yes", "no", "true", "false", "on", "off"];
    let case = |w: &str| {
        word == w || word == w.to_uppercase() || (word[..1] == w[..1].to_uppercase() && word[1..] == w[1..])
    };
    word.len() <= 5 && word.is_ascii() && WORDS.iter().any(|w| w.len() == word.len() && case(w))
}

/// A walk along the bytes of a number.
struct Walk<'a>(&'a [u8]);

impl<'a> Walk<'a> {
    fn sign(mut self) -> Self {
        if matches!(self.0.first(), Some(b'-' | b'+')) {
            self.0 = &self.0[1..];
        }
        self
    }
    /// Drop the bytes that are meant; how many they were.
    fn take(&mut self, meant: impl Fn(u8) -> bool) -> usize {
        let count = self.0.iter().take_while(|b| meant(**b)).count();
        self.0 = &self.0[count..];
        count
    }
    fn eat(&mut self, byte: u8) -> bool {
        let there = self.0.first() == Some(&byte);
        if there {
            self.0 = &self.0[1..];
        }
        there
    }
    /// A digit, then digits and underscores.
    fn digits(&mut self) -> bool {
        self.0.first().is_some_and(u8::is_ascii_digit) && self.take(digit) > 0
    }
    /// `:30` groups to the base of sixty, one at least.
    fn sixties(&mut self) -> bool {
        let mut groups = 0;
        while self.0.first() == Some(&b':') {
            let rest = &self.0[1..];
            let count = rest.iter().take(2).take_while(|b| b.is_ascii_digit()).count();
            if count == 0 || (count == 2 && rest[0] > b'5') {
                return false;
            }
            self.0 = &rest[count..];
            groups += 1;
        }
        groups > 0
    }
    /// `e+5`: the sign is needed.
    fn exponent(&mut self) -> bool {
        if !matches!(self.0.first(), Some(b'e' | b'E')) {
            return true;
        }
        let [_, b'-' | b'+', rest @ ..] = self.0 else { return false };
        self.0 = rest;
        self.take(|b| b.is_ascii_digit()) > 0
    }
    fn done(&self) -> bool {
        self.0.is_empty()
    }
    fn is(&self, words: [&'static [u8]; 3]) -> bool {
        words.contains(&self.0)
    }
}

fn digit(b: u8) -> bool {
    b.is_ascii_digit() || b == b'_'
}

fn is_float(word: &str) -> bool {
    let bytes = word.as_bytes();
    let mut plain = Walk(bytes).sign();
    if plain.is([b".inf", b".Inf", b".INF"]) || Walk(bytes).is([b".nan", b".NaN", b".NAN"]) {
        return true;
    }
    if bytes.first() == Some(&b'.') {
        let mut walk = Walk(&bytes[1..]);
        return walk.digits() && walk.exponent() && walk.done();
    }
    if !plain.digits() {
        return false;
    }
    let sixties = plain.0.first() == Some(&b':');
    if sixties && !plain.sixties() || !plain.eat(b'.') {
        return false;
    }
    plain.take(digit);
    (sixties || plain.exponent()) && plain.done()
}

fn is_int(word: &str) -> bool {
    let mut walk = Walk(word.as_bytes()).sign();
    match walk.0 {
        [b'0', b'b', rest @ ..] => !rest.is_empty() && rest.iter().all(|b| matches!(b, b'0' | b'1' | b'_')),
        [b'0', b'x', rest @ ..] => {
            !rest.is_empty() && rest.iter().all(|b| b.is_ascii_hexdigit() || *b == b'_')
        }
        [b'0', rest @ ..] => rest.iter().all(|b| matches!(b, b'0'..=b'7' | b'_')),
        [b'1'..=b'9', ..] => {
            walk.take(digit);
            walk.done() || walk.sixties() && walk.done()
        }
        _ => false,
    }
}

/// The worth of a boolean word.
pub(crate) fn boolean(text: &str) -> Result<Value, Fault> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "on" => Ok(Value::Bool(true)),
        "no" | "false" | "off" => Ok(Value::Bool(false)),
        other => Err(Fault::plain(format!("'{other}'"))),
    }
}

/// The worth of an integer in any of YAML's notations.
pub(crate) fn integer(text: &str) -> Result<Value, Fault> {
    let clean = text.replace('_', "");
    let negative = clean.starts_with('-');
    let digits = clean.strip_prefix(['-', '+']).unwrap_or(&clean);
    let number = if let Some(binary) = digits.strip_prefix("0b") {
        whole(binary, 2)?
    } else if let Some(hex) = digits.strip_prefix("0x") {
        whole(hex, 16)?
    } else if digits.len() > 1 && digits.starts_with('0') {
        whole(digits, 8)?
    } else if digits.contains(':') {
        let parts = digits.split(':').map(|part| whole(part, 10)).collect::<Result<Vec<_>, _>>()?;
        parts.into_iter().fold(BigInt::ZERO, |sum, part| sum * 60 + part)
    } else if digits.is_empty() {
        return Err(Fault::plain("string index out of range"));
    } else {
        whole(digits, 10)?
    };
    Ok(Value::big(if negative { -number } else { number }))
}

fn whole(digits: &str, base: u32) -> Result<BigInt, Fault> {
    let text = digits.trim();
    if let Ok(small) = i64::from_str_radix(text, base) {
        return Ok(small.into());
    }
    BigInt::from_str_radix(text, base)
        .map_err(|_| Fault::plain(format!("invalid literal for int() with base {base}: '{digits}'")))
}

/// The worth of a floating-point number.
pub(crate) fn float(text: &str) -> Result<Value, Fault> {
    let clean = text.replace('_', "").to_lowercase();
    let sign = if clean.starts_with('-') { -1.0 } else { 1.0 };
    let digits = clean.strip_prefix(['-', '+']).unwrap_or(&clean).trim();
    let one = |part: &str| {
        part.parse::<f64>().map_err(|_| Fault::plain(format!("could not convert string to float: '{part}'")))
    };
    let number = match digits {
        ".inf" => f64::INFINITY,
        ".nan" => return Ok(Value::Float(f64::NAN)),
        _ if digits.contains(':') => {
            let parts = digits.split(':').map(one).collect::<Result<Vec<_>, _>>()?;
            parts.into_iter().fold(0.0, |sum, part| sum * 60.0 + part)
        }
        _ => one(digits)?,
    };
    Ok(Value::Float(sign * number))
}
